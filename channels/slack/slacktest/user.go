package slacktest

import (
	"fmt"
	"strings"
)

// Say posts what u types in c, and returns its ts. See [User.Reply] for threads.
func (u *User) Say(c *Channel, text string) string { return u.Reply(c, "", text) }

// Mention is Say with a mention of our bot in front.
func (u *User) Mention(c *Channel, text string) string {
	return u.Say(c, "@"+u.w.bot.Name+" "+text)
}

// DM posts text where u and our bot talk alone.
func (u *User) DM(text string) string { return u.Say(u.Direct(), text) }

// Reply posts text in the thread below root; with no root, in the channel
// itself. A reply's ts stands for its root, as it does for who clicks.
func (u *User) Reply(c *Channel, root, text string) string {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	return u.say(&message{c: c, thread: root}, text)
}

// Broadcast is Reply with "also send to the channel".
func (u *User) Broadcast(c *Channel, root, text string) string {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	return u.say(&message{c: c, thread: root, broadcast: true}, text)
}

// Upload posts a file, with a text that may be empty, below root or in the
// channel itself.
func (u *User) Upload(c *Channel, root, name string, data []byte, text string) string {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	f := u.w.newFile(u, name)
	f.data, f.size, f.uploaded = data, len(data), true
	return u.say(&message{c: c, thread: root, files: []*file{f}}, text)
}

// SayRaw posts a message whose text and blocks are taken as they are: markup that
// no one can type, elements that nobody knows. blocks may be nil.
func (u *User) SayRaw(c *Channel, root, text string, blocks []any) string {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	m := &message{c: c, thread: root, text: text, blocks: blocks}
	u.put(m)
	return m.ts
}

func (u *User) say(m *message, text string) string {
	m.text, m.blocks = u.w.typed(text)
	u.put(m)
	return m.ts
}

// put posts m for u, who must be able to.
func (u *User) put(m *message) {
	w := u.w
	switch root := m.c.find(m.thread); {
	case !m.c.members[u]:
		panic(fmt.Sprintf("slacktest: %s is not in #%s", u.Name, m.c.Name))
	case m.c.opts.Archived:
		panic(fmt.Sprintf("slacktest: #%s is archived", m.c.Name))
	case m.thread != "" && root == nil:
		panic(fmt.Sprintf("slacktest: there is no message %s in #%s", m.thread, m.c.Name))
	case m.thread != "" && root.thread != "":
		m.thread = root.thread
	}
	m.by = u
	if !u.isBot() {
		m.clientID = strings.ToLower(w.id("") + "-0000-4000-8000-" + w.id("0000"))
	}
	if len(m.files) > 0 {
		w.share(m)
		return
	}
	w.post(m)
}

// Edit gives u's message another text.
func (u *User) Edit(c *Channel, ts, text string) {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	m := u.own(c, ts)
	u.w.alter(m, func() { m.text, m.blocks = u.w.typed(text) })
}

// Delete takes u's message back.
func (u *User) Delete(c *Channel, ts string) {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	m := u.own(c, ts)
	for _, f := range m.files {
		f.gone = true
	}
	u.w.remove(m)
}

func (u *User) own(c *Channel, ts string) *message {
	m := c.find(ts)
	if m == nil || m.by != u {
		panic(fmt.Sprintf("slacktest: %s has no message %s in #%s", u.Name, ts, c.Name))
	}
	return m
}

// React puts a sign on anybody's message; Unreact takes it off.
func (u *User) React(c *Channel, ts, sign string) { u.sign(c, ts, sign, true) }

// Unreact takes u's sign off a message.
func (u *User) Unreact(c *Channel, ts, sign string) { u.sign(c, ts, sign, false) }

func (u *User) sign(c *Channel, ts, sign string, on bool) {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	m := c.find(ts)
	if m == nil || !c.members[u] {
		panic(fmt.Sprintf("slacktest: %s sees no message %s in #%s", u.Name, ts, c.Name))
	}
	u.w.react(m, u, sign, on)
}

// Unfurl makes Slack add a preview to a message: a message_changed in which no
// word changed.
func (w *World) Unfurl(c *Channel, ts string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := c.find(ts)
	if m == nil {
		panic(fmt.Sprintf("slacktest: there is no message %s", ts))
	}
	before, after, at := m.object(false), m.object(false), w.now()
	after["attachments"] = []any{object{"id": 1, "from_url": "https://example.com/", "title": "Example", "fallback": "Example", "service_name": "example.com"}}
	w.emit(c, m.by, object{"type": "message", "subtype": "message_changed", "hidden": true, "message": after, "previous_message": before,
		"channel": c.ID, "channel_type": c.channelType(), "ts": at, "event_ts": at})
}
