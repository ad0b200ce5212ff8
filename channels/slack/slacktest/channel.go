package slacktest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ChannelOptions say what is special about a channel.
type ChannelOptions struct {
	Private  bool
	External bool // shared with another team by Slack Connect
	Archived bool
	Topic    string
}

// Channel is a place where messages stand: a channel, or a direct message.
type Channel struct {
	w        *World
	ID, Name string
	opts     ChannelOptions
	with     *User // of a direct message with our bot
	members  map[*User]bool
	order    []*User // members as they came
	messages []*message
}

// Channel returns the channel of that name; it is made with o if there is none.
// It has no members: see [World.Invite].
func (w *World) Channel(name string, o ChannelOptions) *Channel {
	w.mu.Lock()
	defer w.mu.Unlock()
	name = strings.TrimPrefix(name, "#")
	for _, c := range w.channels {
		if c.Name == name && !c.im() {
			return c
		}
	}
	c := &Channel{w: w, ID: w.id("C"), Name: name, opts: o, members: map[*User]bool{}}
	w.channels = append(w.channels, c)
	return c
}

// Direct returns the place where u and our bot talk alone.
func (u *User) Direct() *Channel {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	return u.w.direct(u)
}

func (w *World) direct(u *User) *Channel {
	if u.dm == nil {
		u.dm = &Channel{w: w, ID: w.id("D"), with: u, members: map[*User]bool{u: true, w.bot: true}, order: []*User{u, w.bot}}
		u.dm.opts.External = u.external()
		w.channels = append(w.channels, u.dm)
	}
	return u.dm
}

func (c *Channel) im() bool { return c.with != nil }

// channelType is how events call what c is.
func (c *Channel) channelType() string {
	switch {
	case c.im():
		return "im"
	case c.opts.Private:
		return "group"
	}
	return "channel"
}

func (w *World) channel(id string) *Channel {
	i := slices.IndexFunc(w.channels, func(c *Channel) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return w.channels[i]
}

// Invite brings users into c, and tells the app of it if it is there. The bot is
// [World.BotUser].
func (w *World) Invite(c *Channel, users ...*User) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range users {
		if u.external() && !c.opts.External {
			panic(fmt.Sprintf("slacktest: %s is of another team and #%s is not shared", u.Name, c.Name))
		}
		w.join(c, u)
	}
	w.change()
}

// Join brings u into c.
func (u *User) Join(c *Channel) { u.w.Invite(c, u) }

// Leave takes u out of c.
func (u *User) Leave(c *Channel) { u.w.Remove(c, u) }

// Remove takes u out of c.
func (w *World) Remove(c *Channel, u *User) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !c.members[u] || c.im() {
		return
	}
	told := c.members[w.bot]
	delete(c.members, u)
	c.order = slices.DeleteFunc(c.order, func(m *User) bool { return m == u })
	if told && u != w.bot {
		w.emit(c, u, object{"type": "member_left_channel", "user": u.ID, "channel": c.ID, "channel_type": typeLetter(c), "team": u.team.ID})
	} else if told {
		w.emit(nil, nil, object{"type": left[c.opts.Private], "channel": c.ID})
	}
	w.change()
}

var left = map[bool]string{false: "channel_left", true: "group_left"}

func (w *World) join(c *Channel, u *User) {
	if c.members[u] {
		return
	}
	c.members[u] = true
	c.order = append(c.order, u)
	if c.members[w.bot] {
		w.emit(c, u, object{"type": "member_joined_channel", "user": u.ID, "channel": c.ID, "channel_type": typeLetter(c), "team": u.team.ID})
	}
}

// Archive makes c refuse new messages.
func (w *World) Archive(c *Channel) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.opts.Archived = true
	w.change()
}

func typeLetter(c *Channel) string {
	if c.opts.Private {
		return "G"
	}
	return "C"
}

// info is c as conversations.info shows it.
func (w *World) info(c *Channel) object {
	o := object{"id": c.ID, "created": 1700000000, "is_archived": c.opts.Archived, "is_im": c.im(), "is_org_shared": false,
		"context_team_id": w.home.ID, "updated": 1700000000000}
	if c.im() {
		o["user"], o["is_open"], o["is_user_deleted"], o["priority"] = c.with.ID, true, c.with.opts.Deleted, 0
		return o
	}
	for k, v := range (object{"name": c.Name, "name_normalized": c.Name, "is_channel": !c.opts.Private, "is_group": c.opts.Private,
		"is_mpim": false, "is_private": c.opts.Private, "is_member": c.members[w.bot], "is_general": false, "is_shared": c.opts.External,
		"is_ext_shared": c.opts.External, "is_pending_ext_shared": false, "pending_shared": []any{}, "unlinked": 0, "creator": w.bot.ID,
		"shared_team_ids": c.teams(), "topic": object{"value": c.opts.Topic, "creator": "", "last_set": 0},
		"purpose": object{"value": "", "creator": "", "last_set": 0}, "num_members": len(c.members), "previous_names": []any{}}) {
		o[k] = v
	}
	return o
}

// teams are the ids of all teams that c is shared by.
func (c *Channel) teams() []string {
	ids := []string{c.w.home.ID}
	for _, u := range c.order {
		if !slices.Contains(ids, u.team.ID) {
			ids = append(ids, u.team.ID)
		}
	}
	return ids
}

// micros is a timestamp as a number; -1 if it is none.
func micros(ts string) int64 {
	sec, frac, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(sec, 10, 62)
	if err != nil || len(frac) > 6 {
		return -1
	}
	f, err := strconv.ParseInt((frac + "000000")[:6], 10, 64)
	if err != nil {
		return -1
	}
	return s*1e6 + f
}
