package slacktest

import (
	"cmp"
	"slices"
	"strings"
)

// object is JSON.
type object = map[string]any

// message is one message, or an ephemeral one.
type message struct {
	c         *Channel
	ts        string
	thread    string // ts of the root, if it is a reply
	by        *User
	subtype   string
	text      string
	blocks    []any
	files     []*file
	metadata  object
	edited    string // ts of the last edit
	past      []string
	reactions []*reaction
	clientID  string
	broadcast bool
	tomb      bool  // deleted, but with replies below it
	to        *User // of an ephemeral message
}

type reaction struct {
	name  string
	users []*User
}

// find returns the message with that ts.
func (c *Channel) find(ts string) *message {
	i := slices.IndexFunc(c.messages, func(m *message) bool { return m.ts == ts })
	if i < 0 {
		return nil
	}
	return c.messages[i]
}

// replies are the messages below root, the oldest first.
func (c *Channel) replies(root string) []*message {
	var ms []*message
	for _, m := range c.messages {
		if m.thread == root {
			ms = append(ms, m)
		}
	}
	return ms
}

// object is m as Slack shows it; its metadata only if asked for.
func (m *message) object(metadata bool) object {
	if m.tomb {
		return object{"type": "message", "subtype": "tombstone", "text": "This message was deleted.", "user": "USLACKBOT",
			"hidden": true, "ts": m.ts, "thread_ts": m.ts, "reply_count": len(m.c.replies(m.ts))}
	}
	w := m.by.w
	o := object{"type": "message", "text": m.text, "user": m.by.ID, "ts": m.ts, "team": m.by.team.ID}
	if m.subtype != "" {
		o["subtype"] = m.subtype
	}
	if m.clientID != "" {
		o["client_msg_id"] = m.clientID
	}
	if len(m.blocks) > 0 {
		o["blocks"] = m.blocks
	}
	if m.by.isBot() {
		o["bot_id"], o["app_id"] = m.by.botID, m.by.appID
		o["bot_profile"] = object{"id": m.by.botID, "app_id": m.by.appID, "name": m.by.Name, "deleted": false, "updated": 1700000000,
			"team_id": m.by.team.ID, "icons": object{}}
	}
	if m.c.opts.External && m.by.external() {
		o["user_team"], o["source_team"] = m.by.team.ID, m.by.team.ID
		o["user_profile"] = object{"name": m.by.Name, "real_name": m.by.opts.RealName, "display_name": m.by.Name, "team": m.by.team.ID,
			"is_restricted": false, "is_ultra_restricted": false}
	}
	if len(m.files) > 0 {
		var fs []any
		for _, f := range m.files {
			fs = append(fs, w.inMessage(f, m.by))
		}
		o["files"], o["upload"], o["display_as_bot"] = fs, false, false
	}
	if m.edited != "" {
		o["edited"] = object{"user": cmp.Or(m.by.botID, m.by.ID), "ts": m.edited}
	}
	if metadata && m.metadata != nil {
		o["metadata"] = m.metadata
	}
	if m.thread != "" {
		o["thread_ts"] = m.thread
		if root := m.c.find(m.thread); root != nil {
			o["parent_user_id"] = root.by.ID
		}
	} else if rs := m.c.replies(m.ts); len(rs) > 0 {
		var users []string
		for _, r := range rs {
			if !slices.Contains(users, r.by.ID) {
				users = append(users, r.by.ID)
			}
		}
		o["thread_ts"], o["reply_count"], o["latest_reply"] = m.ts, len(rs), rs[len(rs)-1].ts
		o["reply_users"], o["reply_users_count"], o["is_locked"], o["subscribed"] = users, len(users), false, true
	}
	var rs []any
	for _, r := range m.reactions {
		var users []string
		for _, u := range r.users {
			users = append(users, u.ID)
		}
		rs = append(rs, object{"name": r.name, "users": users, "count": len(users)})
	}
	if len(rs) > 0 {
		o["reactions"] = rs
	}
	return o
}

// post puts m into its channel and tells the app.
func (w *World) post(m *message) {
	m.ts = w.now()
	m.c.messages = append(m.c.messages, m)
	if m.by == w.bot {
		delete(w.statuses, m.c.ID+"/"+m.thread) // an answer ends "is thinking…"
	}
	event := m.object(false)
	delete(event, "reply_count")
	event["channel"], event["channel_type"], event["event_ts"] = m.c.ID, m.c.channelType(), m.ts
	if m.broadcast {
		event["subtype"], event["root"] = "thread_broadcast", m.c.find(m.thread).object(false)
	}
	w.emit(m.c, m.by, event)
	w.mention(m, event)
	w.change()
}

// mention sends the app_mention that goes beside the message event.
func (w *World) mention(m *message, event object) {
	if m.by == w.bot || m.c.im() || !strings.Contains(m.text, "<@"+w.bot.ID) {
		return
	}
	e := object{"type": "app_mention"}
	for _, k := range []string{"client_msg_id", "text", "user", "ts", "team", "blocks", "channel", "event_ts", "thread_ts", "parent_user_id",
		"user_team", "source_team", "user_profile", "files", "edited", "bot_id", "app_id", "upload", "display_as_bot"} {
		if v, ok := event[k]; ok {
			e[k] = v
		}
	}
	w.emit(m.c, m.by, e)
}

// alter gives m another text and tells the app.
func (w *World) alter(m *message, change func()) {
	before := m.object(false)
	mentioned := strings.Contains(m.text, "<@"+w.bot.ID)
	m.past = append(m.past, m.text)
	change()
	ts := w.now()
	m.edited = ts
	after := m.object(false)
	w.emit(m.c, m.by, object{"type": "message", "subtype": "message_changed", "hidden": true, "message": after,
		"previous_message": before, "channel": m.c.ID, "channel_type": m.c.channelType(), "ts": ts, "event_ts": ts})
	if !mentioned {
		after["channel"], after["event_ts"] = m.c.ID, ts
		w.mention(m, after)
	}
	w.change()
}

// remove deletes m: with replies below it a tombstone stays.
func (w *World) remove(m *message) {
	before, ts := m.object(false), w.now()
	event := object{"type": "message", "hidden": true, "channel": m.c.ID, "channel_type": m.c.channelType(), "ts": ts, "event_ts": ts,
		"previous_message": before}
	if len(m.c.replies(m.ts)) > 0 {
		m.tomb = true
		event["subtype"], event["message"] = "message_changed", m.object(false)
	} else {
		m.c.messages = slices.DeleteFunc(m.c.messages, func(o *message) bool { return o == m })
		event["subtype"], event["deleted_ts"] = "message_deleted", m.ts
	}
	w.emit(m.c, m.by, event)
	w.change()
}

// react puts u's sign on m, or takes it off; false if that changes nothing.
func (w *World) react(m *message, u *User, sign string, on bool) bool {
	i := slices.IndexFunc(m.reactions, func(r *reaction) bool { return r.name == sign })
	if on == (i >= 0 && slices.Contains(m.reactions[i].users, u)) {
		return false
	}
	kind := "reaction_added"
	switch {
	case !on:
		kind = "reaction_removed"
		r := m.reactions[i]
		if r.users = slices.DeleteFunc(r.users, func(o *User) bool { return o == u }); len(r.users) == 0 {
			m.reactions = slices.Delete(m.reactions, i, i+1)
		}
	case i < 0:
		m.reactions = append(m.reactions, &reaction{sign, []*User{u}})
	default:
		m.reactions[i].users = append(m.reactions[i].users, u)
	}
	w.emit(m.c, u, object{"type": kind, "user": u.ID, "reaction": sign, "item_user": m.by.ID, "event_ts": w.now(),
		"item": object{"type": "message", "channel": m.c.ID, "ts": m.ts}})
	w.change()
	return true
}
