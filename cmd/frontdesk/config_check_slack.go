package main

import (
	"fmt"
	"slices"
	"strings"

	"frontdesk/channels/slack"
)

// This file checks what only shows when the whole file has been read and Slack is
// in it: whose channel is whose, and who is who.

// workspace is a channel of type slack, and where the configuration names it.
type workspace struct {
	name  string
	slack *SlackConfig
	at    configPos
	path  string
	team  *configValue
	http  *configValue // what makes Slack call us; nil if nothing does
	rooms []placedRoom
}

// placedRoom is a channel of a workspace, and where the configuration names it.
type placedRoom struct {
	*configValue
	id, use string
}

// placedDesk is the name of a channel that a mailbox hands over to.
type placedDesk struct {
	*configValue
	name string
}

// placedPerson is a member of staff with an id in Slack.
type placedPerson struct {
	*configValue
	index int // in Config.Staff
	id    string
}

func (r *configReader) checkWorkspaces(c *Config) {
	r.checkApps()
	r.checkRooms()
	r.checkDesks(c)
	r.checkPeople(c)
	for _, w := range r.workspaces {
		if w.http != nil && c.HTTP.Listen == "" {
			w.http.problem("Slack is to call us, and nothing listens", "write `http: {listen: 127.0.0.1:8080}` at the beginning of a line, with a reverse proxy before it, or use `app_token_env` instead, which needs neither")
		}
	}
	if len(r.workspaces) > 0 && !slices.ContainsFunc(c.Channels, func(ch ChannelConfig) bool { return ch.Type != "slack" }) {
		for _, a := range r.addresses {
			if a.use == ofOperator {
				a.problem("there is no channel that could write to "+a.address, "add one of type mail, or remove the line: alarms are in the log and in /readyz too")
			}
		}
	}
}

// checkApps refuses two channels with one app: which of them an event goes to would
// be chance.
func (r *configReader) checkApps() {
	for i, w := range r.workspaces {
		for _, o := range r.workspaces[:i] {
			for _, same := range []struct {
				what string
				a, b Secret
			}{{"bot token", w.slack.BotToken, o.slack.BotToken}, {"app token", w.slack.AppToken, o.slack.AppToken}, {"signing secret", w.slack.SigningSecret, o.slack.SigningSecret}} {
				if same.a != (Secret{}) && same.a == same.b {
					r.problem(w.at, w.path, fmt.Sprintf("this channel has the %s of %s, so it is the same app", same.what, o.path), "join the two channels with `support`, or create an app for each")
					break
				}
			}
		}
	}
}

// checkRooms refuses a channel of a workspace that has two uses.
func (r *configReader) checkRooms() {
	seen := map[string]placedRoom{}
	for _, w := range r.workspaces {
		for _, room := range w.rooms {
			key := w.slack.Team + "/" + room.id
			first, twice := seen[key]
			switch {
			case !twice:
				seen[key] = room
			case room.use == "support" && first.use == "support":
				room.problem(fmt.Sprintf("%s is named already (%s)", room.id, first.where()), "remove one of the two")
			case room.use == "support" || first.use == "support":
				room.problem(fmt.Sprintf("%s is where staff read and where customers write (%s)", room.id, first.where()), "write two channels: customers must not read what staff say")
			case first.path == w.path+".agents" && room.path == w.path+".complaints":
				room.problem(fmt.Sprintf("%s is `agents` already (%s)", room.id, first.where()), "remove the line: without it complaints go there too")
			default:
				room.problem(fmt.Sprintf("%s is where staff of another channel read (%s)", room.id, first.where()), "write a channel of its own for each")
			}
		}
	}
}

// checkDesks finds the channels that mailboxes hand over to.
func (r *configReader) checkDesks(c *Config) {
	for _, d := range r.desks {
		var names []string
		isMail := false
		for _, ch := range c.Channels {
			if ch.Type == "slack" {
				names = append(names, ch.Name)
			}
			isMail = isMail || ch.Name == d.name && ch.Type == "mail"
		}
		switch {
		case slices.Contains(names, d.name):
		case isMail:
			d.problem(fmt.Sprintf("%q is a mailbox that the bot reads: it would send work to itself", d.name), "write an address that reaches people, or the name of a channel in Slack")
		case len(names) == 0:
			d.problem(fmt.Sprintf("%q is no mail address", d.name), "write it like ana@acme.example")
		default:
			d.problem(fmt.Sprintf("%q is neither a mail address nor a channel in Slack", d.name), didYouMean(d.name, names, "write an address like ana@acme.example, or "+orList(names)))
		}
	}
}

// checkPeople says which workspace each id of a person belongs to.
func (r *configReader) checkPeople(c *Config) {
	var teams []string
	for _, w := range r.workspaces {
		if w.slack.Team != "" && !slices.Contains(teams, w.slack.Team) {
			teams = append(teams, w.slack.Team)
		}
	}
	seen := map[string]*configValue{}
	for _, p := range r.people {
		if p.id == "" { // reported
			continue
		}
		team, user, whole := strings.Cut(p.id, ":")
		if !whole {
			team, user = "", p.id
		}
		switch {
		case len(r.workspaces) == 0:
			p.problem("there is no channel of type slack in this file", "remove the line, or add the channel")
			continue
		case len(teams) == 0: // reported
			continue
		case whole && !slices.Contains(teams, team):
			p.problem(fmt.Sprintf("no channel of this file is in the workspace %s", team), "write one of "+orList(teams)+" before the colon")
			continue
		case !whole && len(teams) > 1:
			p.problem("there are several workspaces in this file, and ids of people are unique in each alone", "write the workspace's before it, like "+teams[0]+":"+user)
			continue
		case !whole:
			team = teams[0]
		}
		id := slack.Identity(team, user)
		if first := seen[id]; first != nil {
			p.problem(fmt.Sprintf("%s belongs to somebody already (%s)", p.id, first.where()), "write each person's own id")
			continue
		}
		seen[id] = p.configValue
		c.Staff[p.index].Slack = id
	}
}
