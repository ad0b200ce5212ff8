package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"frontdesk/channels/slack"
)

// This file checks a workspace of Slack: its tokens, how events come in, the channels
// where staff read and customers write, and who the agents are.

func (d *doctor) slackChannel(ctx context.Context, ch ChannelConfig) {
	s := ch.Slack
	tell := func(check string, took time.Duration, f finding) {
		f.Check, f.Channel, f.took = check, ch.Name, took
		d.tell(f)
	}
	cfg := slackConfig(s, d.secrets)
	d.slack(&cfg)
	ctx, cancel := context.WithTimeout(ctx, 20*d.patience)
	defer cancel()
	from := d.now()
	r := slack.Probe(ctx, cfg, d.patience)
	if !r.Date.IsZero() {
		d.times = append(d.times, foreignTime{slackClock, true, r.Date, from, d.now()})
	}
	if ctx.Err() != nil && r.Bot == nil {
		return
	}
	at := slackApp{ch: ch, bot: r.Name, app: r.App, patience: d.patience}
	at.app = cmp.Or(at.app, r.SocketApp)
	works := d.slackBot(at, r, tell)
	if s.HTTP() {
		d.slackCalls(ctx, at, cfg, r, tell)
	} else {
		d.slackSocket(at, r, tell)
	}
	for _, room := range r.Rooms {
		tell(string(room.Use), room.Took, at.room(room))
	}
	if works {
		d.slackMembers(at, r, tell)
	} else {
		tell("agents", 0, skip("not tried: the bot token must be right first"))
	}
	tell("mode", 0, d.mode(ch, nil))
}

// slackClock is whose time a foreignTime of Slack's is.
const slackClock = "Slack"

// slackApp is an app, and where the configuration names it.
type slackApp struct {
	ch       ChannelConfig
	bot, app string // as Slack calls them; empty if unknown
	patience time.Duration
}

func (p slackApp) key() string { return "channels." + p.ch.Name }

// page is where the app is changed.
func (p slackApp) page() string {
	if p.app != "" {
		return "at https://api.slack.com/apps/" + p.app + ":"
	}
	return "at https://api.slack.com/apps open the app:"
}

func (p slackApp) invite() string { return "/invite @" + cmp.Or(p.bot, "the bot") }

// slackBot reports whether the bot token is that of the right workspace.
func (d *doctor) slackBot(at slackApp, r *slack.Report, tell func(string, time.Duration, finding)) bool {
	switch {
	case r.Bot == nil:
		tell("bot token", 0, skip("not tried: the token is missing"))
		return false
	case r.Bot.Err != nil:
		tell("bot token", r.Bot.Took, at.explain(r.Bot.Err))
		return false
	case r.Team != at.ch.Slack.Team:
		tell("bot token", r.Bot.Took, fail(fmt.Sprintf("write `team: %s` in %s if that is the one; else install the app to %s (%s Install App) and copy its Bot User OAuth Token into %s",
			r.Team, at.key(), at.ch.Slack.Team, at.page(), at.ch.Slack.BotToken.where()), "the bot token is of the workspace %s (%s), and not of %s", r.TeamName, r.Team, at.ch.Slack.Team))
		return false
	}
	tell("bot token", r.Bot.Took, good("the bot is @%s in %s (%s)", r.Name, r.TeamName, strings.TrimSuffix(strings.TrimPrefix(r.Address, "https://"), "/")))
	tell("scopes", 0, at.scopes(r))
	return true
}

// scopes compares what the app may do with what it must.
func (p slackApp) scopes(r *slack.Report) finding {
	switch {
	case r.Granted == nil:
		return skip("Slack does not say what the token may do")
	case r.Missing != nil:
		f := fail(fmt.Sprintf("%s App Manifest, paste what `frontdesk manifest %s` prints, Save Changes; then Install App, Reinstall to Workspace", p.page(), p.ch.Name),
			"the app may not do all that it must: %d of %d scopes %s missing", len(r.Missing), len(slack.Scopes(p.ch.Slack.AgentView)), plural3(len(r.Missing), "is", "are"))
		f.More = r.Missing
		return f
	case r.Superfluous != nil:
		f := warn(fmt.Sprintf("%s OAuth & Permissions, remove them below Bot Token Scopes, then Install App, Reinstall to Workspace; who steals the token can do all that it may", p.page()),
			"the app may do more than it needs: %s", plural(len(r.Superfluous), "scope"))
		f.More = r.Superfluous
		return f
	}
	return good("the app may do what it must, and nothing else (%s)", plural(len(r.Granted), "scope"))
}

// slackSocket tells whether events come in by Socket Mode.
func (d *doctor) slackSocket(at slackApp, r *slack.Report, tell func(string, time.Duration, finding)) {
	const check = "socket mode"
	if r.Open == nil {
		tell(check, 0, skip("not tried: the token is missing"))
		return
	}
	took := r.Open.Took
	if r.Socket != nil {
		took += r.Socket.Took
	}
	others := r.Sockets - 1
	switch {
	case r.Open.Err != nil:
		tell(check, took, at.explain(r.Open.Err))
	case r.Socket.Err != nil:
		tell(check, took, at.explain(r.Socket.Err))
	case r.App != "" && r.SocketApp != "" && r.App != r.SocketApp:
		tell(check, took, fail(fmt.Sprintf("take both from one app: %s is at https://api.slack.com/apps/%s (Install App), %s at https://api.slack.com/apps/%s (Basic Information, App-Level Tokens)",
			at.ch.Slack.BotToken.where(), r.App, at.ch.Slack.AppToken.where(), r.SocketApp), "the tokens are of two apps: the bot token of %s, the app token of %s", r.App, r.SocketApp))
	case others > 0 && !d.running:
		tell(check, took, warn("end what else uses this app token, on other machines too, or create an app for each: Slack gives each event to one of them only", "Slack says hello, but to %s of this app too", plural(others, "other connection")))
	default:
		tell(check, took, good("Slack connects us and says hello"))
	}
}

// plural3 is for words that change without their number.
func plural3(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// slackCalls tells whether serve takes what Slack would send to it.
func (d *doctor) slackCalls(ctx context.Context, at slackApp, cfg slack.Config, r *slack.Report, tell func(string, time.Duration, finding)) {
	const check = "calls"
	path := "/in/" + at.ch.Name
	switch {
	case r.Secret == nil:
		tell(check, 0, skip("not tried: the signing secret is missing"))
		return
	case r.Secret.Err != nil:
		tell(check, 0, at.explain(r.Secret.Err))
		return
	case !d.running:
		tell(check, 0, skip("not tried: serve must be running; Slack then calls https://YOUR.HOST%s", path))
		return
	}
	address := "http://" + here(d.cfg.HTTP.Listen) + path
	t := slack.ProbeCall(ctx, address, cfg.SigningSecret, d.patience)
	switch {
	case t.Err == nil:
		tell(check, t.Took, good("serve takes a signed request at %s; whether Slack's arrive there, Slack says: Event Subscriptions, Request URL", address))
	case t.Err.Cause == slack.CauseAnswer && t.Err.Names[0] == "404":
		tell(check, t.Took, fail("start serve again: it runs with an older configuration", "serve knows nothing of %s", path))
	case t.Err.Cause == slack.CauseAnswer:
		tell(check, t.Took, fail("start serve again: it runs with another signing secret than "+at.ch.Slack.SigningSecret.where()+" has now", "serve does not take a request at %s that is signed with this secret: HTTP status %s", address, t.Err.Names[0]))
	default:
		tell(check, t.Took, fail("start serve again with `http:` as it is now in the configuration", "serve does not answer at %s: %s", address, t.Err.Cause))
	}
}

// here is an address to connect to, for one to listen on.
func here(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return listen
}

// slackMembers tells who the agents are.
func (d *doctor) slackMembers(at slackApp, r *slack.Report, tell func(string, time.Duration, finding)) {
	const check = "members"
	switch {
	case r.Members == nil:
		tell(check, 0, skip("not tried: the bot must be in the agents' channel first"))
		return
	case r.Members.Err != nil:
		tell(check, r.Members.Took, at.explain(r.Members.Err))
		return
	}
	room := "#" + r.Rooms[0].Name
	agents, unlisted, foreign, unknown := 0, 0, 0, 0
	var more []string
	there := map[string]bool{}
	for _, u := range r.People {
		who := fmt.Sprintf("%s (%s)", u.Name, u.ID)
		switch {
		case u.Err != nil:
			unknown++
			more = append(more, fmt.Sprintf("%s: Slack does not say who that is (%s)", u.ID, cmp.Or(u.Err.Code, string(u.Err.Cause))))
			continue
		case u.Robot:
			continue
		case u.Gone:
			more = append(more, who+" has left the workspace")
			continue
		case u.External:
			foreign++
			who += ", of another organisation,"
		case u.Guest:
			foreign++
			who += ", a guest of the workspace,"
		}
		agents++
		if name, how := d.member(u); name != "" {
			there[name] = true
			more = append(more, fmt.Sprintf("%s is %s, by %s", who, name, how))
		} else {
			unlisted++
			more = append(more, who+" is on no staff list: an agent by being there")
		}
	}
	for _, s := range d.cfg.Staff {
		if !there[s.Name] {
			more = append(more, s.Name+" of the staff list is not among them")
		}
	}
	if left := r.Crowd - len(r.People); left > 0 {
		more = append(more, fmt.Sprintf("%d more were not looked at", left))
	}
	var f finding
	switch {
	case agents == 0 && unknown == 0:
		f = fail(fmt.Sprintf("in %s write /invite and the names of those who are to answer customers", room), "nobody but the bot is in %s: what it hands over reaches nobody", room)
	case foreign > 0:
		f = warn("remove them from "+room+" if they are not to read what customers write, and answer them", "%s from outside in %s and can answer customers", plural2(foreign, "person is", "people are"), room)
	default:
		listed := "all on the staff list"
		if unlisted > 0 {
			listed = fmt.Sprintf("%d of them on no staff list", unlisted)
		}
		f = good("%s in %s, %s", plural2(agents, "agent is", "agents are"), room, listed)
	}
	f.More = more
	tell(check, r.Members.Took, f)
}

// member finds out which member of staff somebody is.
func (d *doctor) member(u slack.User) (name, how string) {
	for _, s := range d.cfg.Staff {
		if s.Slack != "" && s.Slack == slack.Identity(u.Team, u.ID) {
			return s.Name, "the id"
		}
	}
	for _, s := range d.cfg.Staff {
		if u.Mail != "" && u.Mail == s.Mail && !u.External {
			return s.Name, "the address of the profile"
		}
	}
	return "", ""
}
