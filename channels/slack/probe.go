package slack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The files probe*.go try a workspace for an operator who sets up: the calls that
// the channel lives by, one by one, each with its own failure. Nothing is repeated,
// nothing is written to Slack, and no token is part of what they return.

// Step is one thing that a probe tries.
type Step string

// The steps, in the order in which they are tried.
const (
	StepBot     Step = "bot token"      // auth.test
	StepOpen    Step = "app token"      // apps.connections.open
	StepSocket  Step = "socket"         // the connection, until Slack says hello
	StepSecret  Step = "signing secret" // its shape: Slack tells nobody whether it is right
	StepRoom    Step = "room"           // conversations.info
	StepMembers Step = "members"        // conversations.members
	StepPerson  Step = "person"         // users.info
	StepCall    Step = "call"           // a request to ourselves, signed as Slack signs
)

// Cause is why a step failed, as far as it can be told for sure.
type Cause string

// The causes. Those of the network name the host in Host.
const (
	CauseUnknown     Cause = "unknown"        // only Err says more
	CauseNoHost      Cause = "no such host"   // the name has no address
	CauseLookup      Cause = "lookup failed"  // the name service gave no answer
	CauseRefused     Cause = "refused"        // nobody listens
	CauseUnreachable Cause = "unreachable"    // there is no way to the host
	CauseSilent      Cause = "silent"         // no answer in time
	CauseClosed      Cause = "closed"         // the other side hung up
	CauseIssuer      Cause = "unknown issuer" // the certificate is signed by somebody (Names) we do not trust
	CauseCertificate Cause = "certificate"    // it is wrong in another way
	CauseNotSlack    Cause = "not Slack"      // an answer that Slack does not give: HTTP's status is Names[0]
	CauseLimited     Cause = "limited"        // too many calls
	CauseKind        Cause = "other kind"     // the secret is one of the kind Names[0]
	CauseInvalid     Cause = "invalid"        // Slack does not know the token
	CauseRevoked     Cause = "revoked"        // it did
	CauseScope       Cause = "missing scope"  // Names
	CauseNoRoom      Cause = "no such room"   // there is none, or it is private and the bot is not in it
	CauseAnswer      Cause = "refused by answer"
)

// ProbeError is what was wrong at a step. Which of its fields are set depends on
// the cause.
type ProbeError struct {
	Step  Step
	Cause Cause
	Host  string
	Names []string
	Code  string // Slack's word, such as channel_not_found
	Err   error
}

func (e *ProbeError) Error() string {
	s := fmt.Sprintf("%s: %s", e.Step, e.Cause)
	if e.Code != "" {
		s += " (" + e.Code + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *ProbeError) Unwrap() error { return e.Err }

// Trial is a step that was taken; Err is nil if it went well.
type Trial struct {
	Step Step
	Took time.Duration
	Err  *ProbeError
}

// Report is what a probe found out about a workspace. A trial is nil if it was not
// made: something before it failed, or it needs a secret that is not there.
type Report struct {
	Bot      *Trial
	Team     string // id of the workspace that the bot token is of
	TeamName string
	Address  string // of the workspace: https://acme.slack.com/
	User     string // id of the bot's user
	Name     string // of the bot: what people write behind @
	App      string // id of the app that the bot token is of; empty if it cannot be told

	// Date is when Slack answered, by its own clock.
	Date time.Time

	Granted     []string // scopes of the token; nil if Slack does not say
	Missing     []string // needed and not granted
	Superfluous []string // granted and not needed

	Open, Socket *Trial
	SocketApp    string // id of the app that the app token is of
	Sockets      int    // of this app, ours included

	Secret *Trial

	Rooms   []Room
	Members *Trial // of the agents' channel
	Crowd   int    // how many they are, the bot left out
	People  []User // those that were asked for, at most [MaxPeople]
}

// MaxPeople is how many members of the agents' channel are looked at one by one.
const MaxPeople = 50

// Room is a channel that the configuration names.
type Room struct {
	Trial
	ID       string
	Use      Use
	Name     string
	Private  bool
	Member   bool // the bot is one
	Archived bool
	External bool // people of other organisations are in it, or invited
}

// Use is what a room is for.
type Use string

// The uses.
const (
	ForAgents     Use = "agents"
	ForComplaints Use = "complaints"
	ForSupport    Use = "support"
)

// User is somebody in the agents' channel.
type User struct {
	Trial
	ID, Team string
	Name     string // as colleagues see it
	Mail     string // lower case; empty if Slack does not tell
	Robot    bool
	Gone     bool // the account is deactivated
	Guest    bool // of our workspace, as a guest
	External bool // of another organisation
}

// Probe tries what the channel will do with cfg, whose secrets may be missing or of a
// wrong kind. patience holds for each call. With Socket Mode it opens one more
// connection, and closes it when Slack has said hello: what Slack hands to it in that
// moment is not acknowledged, so Slack hands it out again.
func Probe(ctx context.Context, cfg Config, patience time.Duration) *Report {
	r := &Report{}
	p := newProber(cfg, patience)
	defer p.close()
	if cfg.BotToken != "" {
		r.Bot = p.bot(ctx, r)
	}
	if cfg.AppToken != "" {
		p.socket(ctx, r)
	}
	if cfg.SigningSecret != "" {
		r.Secret = &Trial{Step: StepSecret, Err: kindError(StepSecret, SecretKind(cfg.SigningSecret), KindSigning)}
	}
	if r.Bot == nil || r.Bot.Err != nil || r.Team != cfg.Team {
		return r
	}
	uses := []Room{{ID: cfg.Agents, Use: ForAgents}}
	if cfg.Complaints != "" {
		uses = append(uses, Room{ID: cfg.Complaints, Use: ForComplaints})
	}
	for _, id := range cfg.Support {
		uses = append(uses, Room{ID: id, Use: ForSupport})
	}
	for _, room := range uses {
		p.room(ctx, &room)
		r.Rooms = append(r.Rooms, room)
	}
	if agents := r.Rooms[0]; agents.Err == nil && agents.Member {
		p.members(ctx, r, agents.ID)
	}
	return r
}

// bot asks who we are.
func (p *prober) bot(ctx context.Context, r *Report) *Trial {
	if err := kindError(StepBot, SecretKind(p.cfg.BotToken), KindBot); err != nil {
		return &Trial{Step: StepBot, Err: err}
	}
	var a struct {
		URL, Team, User string
		TeamID          string `json:"team_id"`
		UserID          string `json:"user_id"`
		BotID           string `json:"bot_id"`
		Grid            string `json:"enterprise_id"`
	}
	began := time.Now()
	header, err := p.call(ctx, StepBot, p.cfg.BotToken, "auth.test", nil, &a)
	t := &Trial{StepBot, time.Since(began), err}
	if err != nil {
		return t
	}
	p.grid.enterprise = a.Grid
	r.Team, r.TeamName, r.Address, r.User, r.Name = a.TeamID, a.Team, a.URL, a.UserID, a.User
	if at, err := httpDate(header); err == nil {
		r.Date = at
	}
	// Slack tells the scopes of a token with every answer.
	if granted := header.Values("X-OAuth-Scopes"); granted != nil {
		needed := Scopes(p.cfg.AgentView)
		r.Granted = []string{}
		for _, s := range strings.Split(strings.Join(granted, ","), ",") {
			if s = strings.TrimSpace(s); s != "" {
				r.Granted = append(r.Granted, s)
			}
		}
		r.Missing = without(needed, r.Granted)
		r.Superfluous = without(r.Granted, needed)
	}
	var b struct {
		Bot struct {
			AppID string `json:"app_id"`
		}
	}
	if a.BotID != "" {
		// It only serves to compare: without users:read it stays unknown.
		if _, err := p.call(ctx, StepBot, p.cfg.BotToken, "bots.info", map[string]string{"bot": a.BotID}, &b); err == nil {
			r.App = b.Bot.AppID
		}
	}
	return t
}

func without(all, these []string) (left []string) {
	for _, s := range all {
		if !slices.Contains(these, s) {
			left = append(left, s)
		}
	}
	return left
}

// room looks at a channel.
func (p *prober) room(ctx context.Context, room *Room) {
	var a struct {
		Channel struct {
			Name     string
			Private  bool `json:"is_private"`
			Member   bool `json:"is_member"`
			Archived bool `json:"is_archived"`
			External bool `json:"is_ext_shared"`
			Pending  bool `json:"is_pending_ext_shared"`
		}
	}
	began := time.Now()
	_, err := p.call(ctx, StepRoom, p.cfg.BotToken, "conversations.info", map[string]string{"channel": room.ID}, &a)
	room.Trial = Trial{StepRoom, time.Since(began), err}
	c := a.Channel
	room.Name, room.Private, room.Member, room.Archived, room.External = c.Name, c.Private, c.Member, c.Archived, c.External || c.Pending
}

// members looks at who is in the agents' channel.
func (p *prober) members(ctx context.Context, r *Report, room string) {
	began := time.Now()
	r.Members = &Trial{Step: StepMembers}
	var ids []string
	for cursor := ""; ; {
		var a struct {
			Members  []string
			Metadata struct {
				Next string `json:"next_cursor"`
			} `json:"response_metadata"`
		}
		_, err := p.call(ctx, StepMembers, p.cfg.BotToken, "conversations.members", map[string]string{"channel": room, "limit": "200", "cursor": cursor}, &a)
		if r.Members.Err = err; err != nil {
			break
		}
		ids = append(ids, a.Members...)
		if a.Metadata.Next == "" || a.Metadata.Next == cursor || len(ids) >= 10000 {
			break
		}
		cursor = a.Metadata.Next
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == r.User })
	r.Crowd = len(ids)
	for _, id := range ids[:min(len(ids), MaxPeople)] {
		r.People = append(r.People, p.person(ctx, id))
		if ctx.Err() != nil {
			break
		}
	}
	r.Members.Took = time.Since(began)
}

func (p *prober) person(ctx context.Context, id string) User {
	var a struct {
		User struct {
			TeamID     string `json:"team_id"`
			Name       string
			RealName   string `json:"real_name"`
			Deleted    bool
			IsBot      bool `json:"is_bot"`
			Restricted bool `json:"is_restricted"`
			Ultra      bool `json:"is_ultra_restricted"`
			Enterprise struct {
				ID string `json:"enterprise_id"`
			} `json:"enterprise_user"`
			Profile struct {
				Email    string
				RealName string `json:"real_name"`
			}
		}
	}
	began := time.Now()
	_, err := p.call(ctx, StepPerson, p.cfg.BotToken, "users.info", map[string]string{"user": id}, &a)
	u := a.User
	name := u.Profile.RealName
	for _, n := range []string{u.RealName, u.Name, id} {
		if name == "" {
			name = n
		}
	}
	return User{Trial: Trial{StepPerson, time.Since(began), err}, ID: id, Team: u.TeamID, Name: name, Mail: strings.ToLower(strings.TrimSpace(u.Profile.Email)),
		Robot: u.IsBot || id == "USLACKBOT", Gone: u.Deleted, Guest: u.Restricted || u.Ultra,
		External: !p.grid.has(u.TeamID, u.Enterprise.ID)}
}
