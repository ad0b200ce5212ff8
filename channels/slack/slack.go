package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"frontdesk/channels"
)

// Kind is the name space of the identities of Slack users.
const Kind = "slack"

// Config is a workspace and how we take part in it.
type Config struct {
	Team     string // id of our own workspace: T…
	BotToken string // xoxb-…

	// AppToken (xapp-…) makes the intake use Socket Mode; SigningSecret makes it
	// take the HTTP Events API. Exactly one of them is set.
	AppToken, SigningSecret string

	Agents     string   // id of the channel where staff read
	Complaints string   // where they read complaints; may be empty
	Support    []string // ids of channels whose every top-level message is for us
	Command    string   // the slash command; default /support
	AgentView  bool     // the app is an agent: answers stand below what was said, with suggested prompts

	FileLimit int64 // bytes of one file, in and out; default 100 MiB

	// APIURL is the Web API; default https://slack.com/api/. Dial makes connections
	// instead of the network, for tests.
	APIURL string
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

// Channel is a workspace. It is a [channels.Source], [channels.Parser],
// [channels.Fetcher], [channels.Directory], [channels.Sender], [channels.Finder],
// [channels.Pacer] and [channels.Direct], and with a signing secret an
// http.Handler. Its methods may be called concurrently, Run once at a time.
type Channel struct {
	name string
	cfg  Config
	log  *slog.Logger
	self atomic.Pointer[self] // nil until Slack has told us

	web    web
	pace   pacer
	tiers  tiers
	dms    directs
	moves  moves
	teams  sync.Map // ids of the other workspaces of our organisation
	intake intake
}

// self is who we are in the workspace, from auth.test. URL is the workspace's.
type self struct{ User, Bot, Enterprise, URL string }

// Link is the address of a message, as "Copy link" gives it.
func (c *Channel) Link(ref string) string {
	channel, ts, ok := c.splitOwn(ref)
	me := c.self.Load()
	if !ok || me == nil || me.URL == "" {
		return ""
	}
	return strings.TrimSuffix(me.URL, "/") + "/archives/" + channel + "/p" + strings.ReplaceAll(ts, ".", "")
}

// New checks cfg; it connects to nothing. name is the channel's in the
// configuration.
func New(name string, cfg Config, log *slog.Logger) (*Channel, error) {
	if cfg.Command == "" {
		cfg.Command = "/support"
	}
	if cfg.FileLimit == 0 {
		cfg.FileLimit = 100 << 20
	}
	if cfg.APIURL == "" {
		cfg.APIURL = "https://slack.com/api/"
	}
	var errs []error
	if !teamID.MatchString(cfg.Team) {
		errs = append(errs, fmt.Errorf("team %q is no id of a workspace (T0123ABCD)", cfg.Team))
	}
	if !strings.HasPrefix(cfg.BotToken, "xoxb-") {
		errs = append(errs, errors.New("the bot token does not begin with xoxb-"))
	}
	if (cfg.AppToken == "") == (cfg.SigningSecret == "") {
		errs = append(errs, errors.New("either an app token (Socket Mode) or a signing secret (HTTP) is needed, not both"))
	}
	if cfg.AppToken != "" && !strings.HasPrefix(cfg.AppToken, "xapp-") {
		errs = append(errs, errors.New("the app token does not begin with xapp-"))
	}
	for _, id := range append([]string{cfg.Agents, cfg.Complaints}, cfg.Support...) {
		if id != "" && !channelID.MatchString(id) {
			errs = append(errs, fmt.Errorf("%q is no id of a channel (C0123ABCD)", id))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("slack: %w", err)
	}
	return &Channel{name: name, cfg: cfg, log: log.With("channel", name)}, nil
}

var (
	teamID    = regexp.MustCompile(`^[TE][A-Z0-9]{2,30}$`)
	userID    = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)
	channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{2,30}$`)
)

// Identity is the address of a user.
func Identity(team, user string) string { return team + ":" + user }

// splitIdentity undoes Identity.
func splitIdentity(address string) (team, user string, ok bool) {
	team, user, ok = strings.Cut(address, ":")
	return team, user, ok && team != "" && user != ""
}

// Direct is the place where p and we talk alone.
func (c *Channel) Direct(p channels.Person) string {
	if p.Kind != Kind {
		return ""
	}
	return "@" + p.Address
}

// ref names a message.
func (c *Channel) ref(channel, ts string) string {
	return "slack:" + c.cfg.Team + "/" + c.moves.name(channel) + "/" + ts
}

// splitRef undoes ref.
func splitRef(ref string) (channel, ts string, ok bool) {
	rest, ok := strings.CutPrefix(ref, "slack:")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return "", "", false
	}
	return parts[1], parts[2], true
}

// threadPlace is the place of a thread in a channel.
func threadPlace(channel, root string) string { return channel + "/" + root }

// splitPlace undoes threadPlace; root is empty for a whole channel.
func splitPlace(place string) (channel, root string) {
	channel, root, _ = strings.Cut(place, "/")
	return channel, root
}

// button is an Action as it stands in the value of a button, and in the
// private_metadata of a modal. Slack allows 2,000 and 3,000 characters.
type button struct {
	Name    string            `json:"a"`
	Case    int64             `json:"c,omitempty"`
	Version int64             `json:"v,omitempty"`
	Fields  map[string]string `json:"f,omitempty"`
}

func encodeAction(a channels.Action) string { return string(bareJSON(button(a))) }

func decodeAction(value string) (channels.Action, error) {
	var b button
	if err := json.Unmarshal([]byte(value), &b); err != nil || b.Name == "" {
		return channels.Action{}, fmt.Errorf("a button of ours with the value %.100q", value)
	}
	return channels.Action(b), nil
}
