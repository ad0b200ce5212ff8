package slacktest

import (
	"cmp"
	"slices"
	"strings"
)

// Team is a workspace: our own, or one that shares channels with it by Slack
// Connect.
type Team struct {
	w            *World
	ID           string
	Name, Domain string
	Enterprise   string
}

// UserOptions say what is special about a user.
type UserOptions struct {
	Team       *Team  // default: our own
	Email      string // default: the name at the team's domain
	RealName   string // default: the name
	Locale     string // default: en-US
	TZ         string // default: Asia/Shanghai
	Enterprise string // id of the organisation, default the team's
	Guest      bool   // a single-channel guest
	Bot        bool   // another app's bot
	NoEmail    bool   // the profile shows none
	Deleted    bool
}

// User is a person, or a bot, that acts in the world. Methods that act panic if
// the user cannot do what they ask for (it is not in the channel, say): then the
// test is wrong.
type User struct {
	w            *World
	ID, Name     string
	team         *Team
	opts         UserOptions
	botID, appID string
	dm           *Channel // with our bot
	stack        []*view  // the modals that are open, the last one on top
	ephemerals   []*message
}

// Team returns the team of that name; it is made if there is none.
func (w *World) Team(name string) *Team {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.teams {
		if t.Name == name {
			return t
		}
	}
	t := &Team{w: w, ID: w.id("T"), Name: name, Domain: strings.ToLower(strings.ReplaceAll(name, " ", "-"))}
	w.teams = append(w.teams, t)
	return t
}

// Home is our own team.
func (w *World) Home() *Team { return w.home }

// User returns the user of that name; it is made with o if there is none.
func (w *World) User(name string, o UserOptions) *User {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range w.users {
		if u.Name == name {
			return u
		}
	}
	o.Team = cmp.Or(o.Team, w.home)
	o.Email = cmp.Or(o.Email, name+"@"+o.Team.Domain+".example")
	o.RealName, o.Locale, o.TZ = cmp.Or(o.RealName, name), cmp.Or(o.Locale, "en-US"), cmp.Or(o.TZ, "Asia/Shanghai")
	o.Enterprise = cmp.Or(o.Enterprise, o.Team.Enterprise)
	u := &User{w: w, ID: w.id("U"), Name: name, team: o.Team, opts: o}
	if o.Bot {
		u.botID, u.appID = w.id("B"), w.id("A")
	}
	w.users = append(w.users, u)
	return u
}

// TeamID is the id of the user's home team, and Identity both ids as one name:
// "TEAM:USER".
func (u *User) TeamID() string   { return u.team.ID }
func (u *User) Identity() string { return u.team.ID + ":" + u.ID }

// external reports whether the user belongs to another team than we do.
func (u *User) external() bool { return u.team != u.w.home }

func (w *World) user(id string) *User {
	i := slices.IndexFunc(w.users, func(u *User) bool { return u.ID == id })
	if i < 0 {
		return nil
	}
	return w.users[i]
}

// knows reports whether our app may see u: it is one of us, or shares a channel
// with us.
func (w *World) knows(u *User) bool {
	return !u.external() || slices.ContainsFunc(w.channels, func(c *Channel) bool { return !c.im() && c.members[u] && c.members[w.bot] })
}

// profile is u as users.info shows it.
func (w *World) profile(u *User) object {
	profile := object{"real_name": u.opts.RealName, "display_name": u.Name, "real_name_normalized": u.opts.RealName,
		"display_name_normalized": u.Name, "team": u.team.ID, "title": "", "phone": "", "status_text": ""}
	if w.app.scopes["users:read.email"] && !u.opts.NoEmail && !u.isBot() {
		profile["email"] = u.opts.Email
	}
	if u.isBot() {
		profile["bot_id"], profile["api_app_id"] = u.botID, u.appID
	}
	o := object{"id": u.ID, "team_id": u.team.ID, "name": u.Name, "real_name": u.opts.RealName, "deleted": u.opts.Deleted,
		"tz": u.opts.TZ, "is_bot": u.isBot(), "is_app_user": false, "is_restricted": u.opts.Guest, "is_ultra_restricted": u.opts.Guest,
		"is_admin": false, "is_owner": false, "updated": 1700000000, "profile": profile}
	if u.opts.Enterprise != "" {
		o["enterprise_user"] = object{"id": u.ID, "enterprise_id": u.opts.Enterprise}
	}
	if u.external() {
		o["is_stranger"] = !w.knows(u)
		delete(o, "tz")
	}
	return o
}

func (u *User) isBot() bool { return u.botID != "" }
