package slacktest

import (
	"slices"
	"strings"
)

// place is the channel that a call writes to. A user's id means the direct
// message.
func (w *World) place(c *call) (*Channel, error) {
	id := c.str("channel")
	if u := w.user(id); u != nil && u != w.bot && w.knows(u) {
		return w.direct(u), nil
	}
	ch := w.channel(strings.TrimPrefix(id, "#"))
	switch {
	case ch == nil, ch.opts.Private && !ch.members[w.bot]:
		return nil, fail("channel_not_found")
	case !ch.members[w.bot] && !(c.method == "chat.postMessage" && w.app.scopes["chat:write.public"]):
		return nil, fail("not_in_channel")
	case ch.opts.Archived:
		return nil, fail("is_archived")
	}
	return ch, nil
}

func (w *World) chatPost(c *call) (object, error) {
	ch, err := w.place(c)
	if err != nil {
		return nil, err
	}
	m, err := w.content(c)
	if err != nil {
		return nil, err
	}
	if c.str("username") != "" || c.str("icon_url") != "" || c.str("icon_emoji") != "" {
		if !w.app.scopes["chat:write.customize"] {
			return nil, w.missing("chat:write.customize")
		}
	}
	thread, err := w.threadOf(c, ch)
	if err != nil {
		return nil, err
	}
	if c.flag("reply_broadcast") && thread == "" {
		w.violate(c.method, "reply_broadcast without thread_ts")
	}
	p := &message{c: ch, by: w.bot, text: m.text, blocks: w.named(m.blocks), metadata: m.metadata, thread: thread,
		broadcast: thread != "" && c.flag("reply_broadcast")}
	w.post(p)
	reply := object{"channel": ch.ID, "ts": p.ts, "message": p.object(true)}
	if len(m.warnings) > 0 {
		reply["warning"] = strings.Join(m.warnings, ",")
		reply["response_metadata"] = object{"warnings": m.warnings}
	}
	return reply, nil
}

// threadOf is the thread that a call writes into. Slack takes a post below a
// reply's ts, and then nobody ever sees it; so does the world, and notes it.
func (w *World) threadOf(c *call, ch *Channel) (string, error) {
	thread := c.str("thread_ts")
	if thread == "" {
		return "", nil
	}
	root := ch.find(thread)
	if root == nil {
		return "", fail("thread_not_found")
	}
	if root.thread != "" {
		w.violate(c.method, "thread_ts %s is a reply's, not its root's", thread)
	}
	return thread, nil
}

// named gives ids to blocks that have none, as Slack does.
func (w *World) named(blocks []any) []any {
	var out []any
	for _, b := range blocks {
		o := make(object)
		for k, v := range b.(object) {
			o[k] = v
		}
		if o["block_id"] == nil {
			o["block_id"] = w.id("b")
		}
		out = append(out, o)
	}
	return out
}

func (w *World) chatUpdate(c *call) (object, error) {
	ch, p, err := w.ours(c, "cant_update_message")
	if err != nil {
		return nil, err
	}
	m, err := w.content(c)
	if err != nil {
		return nil, err
	}
	if !m.hasBlocks && len(p.blocks) > 0 {
		w.violate(c.method, "a message with blocks is given a text and no word about its blocks; [] takes them off")
	}
	w.alter(p, func() {
		p.text, p.blocks = m.text, w.named(m.blocks)
		if m.hasMetadata {
			p.metadata = m.metadata
		}
	})
	return object{"channel": ch.ID, "ts": p.ts, "text": p.text, "message": p.object(true)}, nil
}

func (w *World) chatDelete(c *call) (object, error) {
	ch, p, err := w.ours(c, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	w.remove(p)
	return object{"channel": ch.ID, "ts": p.ts}, nil
}

// ours is the message that a call is about, if we wrote it.
func (w *World) ours(c *call, otherwise string) (*Channel, *message, error) {
	if w.user(c.str("channel")) != nil {
		return nil, nil, fail("channel_not_found") // here only the id of the channel will do
	}
	ch, err := w.place(c)
	if err != nil {
		return nil, nil, err
	}
	switch p := ch.find(c.str("ts")); {
	case p == nil || p.tomb:
		return nil, nil, fail("message_not_found")
	case p.by != w.bot:
		return nil, nil, fail(otherwise)
	default:
		return ch, p, nil
	}
}

func (w *World) chatEphemeral(c *call) (object, error) {
	ch, err := w.place(c)
	if err != nil {
		return nil, err
	}
	u := w.user(c.str("user"))
	if u == nil {
		return nil, fail("user_not_found")
	}
	if !ch.members[u] {
		return nil, fail("user_not_in_channel")
	}
	m, err := w.content(c)
	if err != nil {
		return nil, err
	}
	thread, err := w.threadOf(c, ch)
	if err != nil {
		return nil, err
	}
	ts := w.whisper(u, ch, thread, m)
	return object{"message_ts": ts}, nil
}

// whisper shows a message to one person alone.
func (w *World) whisper(u *User, c *Channel, thread string, m content) (ts string) {
	p := &message{c: c, by: w.bot, text: m.text, blocks: w.named(m.blocks), thread: thread, to: u, ts: w.now()}
	u.ephemerals = append(u.ephemerals, p)
	w.change()
	return p.ts
}

func (w *World) chatPermalink(c *call) (object, error) {
	ch := w.channel(c.str("channel"))
	if ch == nil {
		return nil, fail("channel_not_found")
	}
	ts := c.str("message_ts")
	if ch.find(ts) == nil {
		return nil, fail("message_not_found")
	}
	return object{"channel": ch.ID, "permalink": "https://" + w.home.Domain + ".slack.com/archives/" + ch.ID + "/p" + strings.ReplaceAll(ts, ".", "")}, nil
}

func (w *World) reactionsAdd(c *call) (object, error)    { return w.reactions(c, true) }
func (w *World) reactionsRemove(c *call) (object, error) { return w.reactions(c, false) }

// emoji are the names that the world knows; real workspaces know thousands.
var emoji = []string{"white_check_mark", "heavy_check_mark", "warning", "eyes", "x", "thumbsup", "+1", "tada", "hourglass", "question", "heart",
	"hourglass_flowing_sand", "ticket", "lock", "speech_balloon", "rotating_light", "no_entry", "raised_hands", "pray", "white_circle"}

func (w *World) reactions(c *call, on bool) (object, error) {
	c.args["ts"] = c.str("timestamp")
	ch, err := w.place(c)
	if err != nil {
		return nil, err
	}
	m := ch.find(c.str("timestamp"))
	switch name := c.str("name"); {
	case m == nil:
		return nil, fail("message_not_found")
	case !slices.Contains(emoji, name):
		return nil, fail("invalid_name")
	case w.react(m, w.bot, name, on):
		return nil, nil
	case on:
		return nil, fail("already_reacted")
	}
	return nil, fail("no_reaction")
}
