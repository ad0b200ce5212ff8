package slacktest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// seen is the channel that a call asks about; any that the app may know of.
// scope is the kind of right: "read" or "history".
func (w *World) seen(c *call, scope string) (*Channel, error) {
	ch := w.channel(c.str("channel"))
	if ch == nil || (ch.opts.Private || ch.im()) && !ch.members[w.bot] {
		return nil, fail("channel_not_found")
	}
	if need := ch.scopeKind() + ":" + scope; !w.app.scopes[need] {
		return nil, w.missing(need)
	}
	return ch, nil
}

// scopeKind is the first half of the scopes for c.
func (c *Channel) scopeKind() string {
	return map[string]string{"im": "im", "group": "groups", "channel": "channels"}[c.channelType()]
}

// page cuts a list by cursor and limit. A cursor is an offset in disguise.
func page[T any](c *call, all []T, limit, most int) (items []T, next string, err error) {
	from := 0
	if cursor := c.str("cursor"); cursor != "" {
		b, err := base64.StdEncoding.DecodeString(cursor)
		if from, err = offset(string(b), err); err != nil {
			return nil, "", fail("invalid_cursor")
		}
	}
	limit = c.number("limit", limit)
	if limit < 1 || limit > most {
		return nil, "", fail("invalid_limit")
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	if to < len(all) {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(to)))
	}
	return all[from:to], next, nil
}

func offset(cursor string, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimPrefix(cursor, "next:"))
}

// within are the messages in the time that a call names: oldest and latest
// themselves only with inclusive.
func within(c *call, ms []*message) ([]*message, error) {
	lo, hi := int64(-1), int64(1)<<62
	if s := c.str("oldest"); s != "" && s != "0" {
		if lo = micros(s); lo < 0 {
			return nil, fail("invalid_ts_oldest")
		}
	}
	if s := c.str("latest"); s != "" && s != "now" {
		if hi = micros(s); hi < 0 {
			return nil, fail("invalid_ts_latest")
		}
	}
	if c.flag("inclusive") {
		lo, hi = lo-1, hi+1
	}
	return slices.DeleteFunc(slices.Clone(ms), func(m *message) bool { t := micros(m.ts); return t <= lo || t >= hi }), nil
}

// convHistory lists what stands in the channel itself, the newest first.
func (w *World) convHistory(c *call) (object, error) {
	ch, err := w.readable(c)
	if err != nil {
		return nil, err
	}
	var top []*message
	for _, m := range slices.Backward(ch.messages) {
		if m.thread == "" || m.broadcast {
			top = append(top, m)
		}
	}
	if top, err = within(c, top); err != nil {
		return nil, err
	}
	return w.listing(c, top, 100, nil)
}

// convReplies lists a thread, the oldest first. Its root stands on top of every
// page, whatever oldest says.
func (w *World) convReplies(c *call) (object, error) {
	ch, err := w.readable(c)
	if err != nil {
		return nil, err
	}
	root := ch.find(c.str("ts"))
	if root == nil {
		return nil, fail("thread_not_found")
	}
	if root.thread != "" { // a reply's ts finds that one message
		return w.listing(c, nil, 1000, root)
	}
	ms, err := within(c, ch.replies(root.ts))
	if err != nil {
		return nil, err
	}
	return w.listing(c, ms, 1000, root)
}

func (w *World) readable(c *call) (*Channel, error) {
	ch, err := w.seen(c, "history")
	if err == nil && !ch.members[w.bot] {
		err = fail("not_in_channel")
	}
	return ch, err
}

func (w *World) listing(c *call, ms []*message, limit int, root *message) (object, error) {
	ms, next, err := page(c, ms, limit, 1000)
	if err != nil {
		return nil, err
	}
	out := []any{}
	if root != nil {
		out = append(out, root.object(c.flag("include_all_metadata")))
	}
	for _, m := range ms {
		out = append(out, m.object(c.flag("include_all_metadata")))
	}
	o := object{"messages": out, "has_more": next != ""}
	if next != "" {
		o["response_metadata"] = object{"next_cursor": next}
	}
	return o, nil
}

func (w *World) convInfo(c *call) (object, error) {
	ch, err := w.seen(c, "read")
	if err != nil {
		return nil, err
	}
	return object{"channel": w.info(ch)}, nil
}

func (w *World) convMembers(c *call) (object, error) {
	ch, err := w.seen(c, "read")
	if err != nil {
		return nil, err
	}
	us, next, err := page(c, ch.order, 100, 1000)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, u := range us {
		ids = append(ids, u.ID)
	}
	return object{"members": ids, "response_metadata": object{"next_cursor": next}}, nil
}

func (w *World) convList(c *call) (object, error) { return w.listChannels(c, false) }
func (w *World) usersConversations(c *call) (object, error) {
	return w.listChannels(c, true)
}

func (w *World) listChannels(c *call, mine bool) (object, error) {
	types := strings.Split(c.str("types"), ",")
	if types[0] == "" {
		types = []string{"public_channel"}
	}
	var all []*Channel
	for _, ch := range w.channels {
		kind := map[string]string{"im": "im", "group": "private_channel", "channel": "public_channel"}[ch.channelType()]
		if !slices.Contains(types, kind) || !ch.members[w.bot] && (mine || kind != "public_channel") || ch.opts.Archived && c.flag("exclude_archived") {
			continue
		}
		if need := ch.scopeKind() + ":read"; !w.app.scopes[need] {
			return nil, w.missing(need)
		}
		all = append(all, ch)
	}
	chs, next, err := page(c, all, 100, 1000)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, ch := range chs {
		out = append(out, w.info(ch))
	}
	return object{"channels": out, "response_metadata": object{"next_cursor": next}}, nil
}

func (w *World) convOpen(c *call) (object, error) {
	if id := c.str("channel"); id != "" {
		ch := w.channel(id)
		if ch == nil || !ch.im() {
			return nil, fail("channel_not_found")
		}
		return object{"channel": w.info(ch)}, nil
	}
	ids := strings.Split(c.str("users"), ",")
	switch u := w.user(ids[0]); {
	case ids[0] == "":
		return nil, fail("users_list_not_supplied")
	case len(ids) > 1:
		return nil, w.missing("mpim:write")
	case u == nil || !w.knows(u):
		return nil, fail("user_not_found")
	case u.opts.Deleted:
		return nil, fail("user_disabled")
	case u.isBot():
		return nil, fail("cannot_dm_bot")
	default:
		existed := u.dm != nil
		ch := w.direct(u)
		o := object{"channel": object{"id": ch.ID}, "no_op": existed, "already_open": existed}
		if c.flag("return_im") {
			o["channel"] = w.info(ch)
		}
		return o, nil
	}
}

func (w *World) convJoin(c *call) (object, error) {
	ch := w.channel(c.str("channel"))
	switch {
	case ch == nil || ch.opts.Private:
		return nil, fail("channel_not_found")
	case ch.im():
		return nil, fail("method_not_supported_for_channel_type")
	case ch.opts.Archived:
		return nil, fail("is_archived")
	}
	w.join(ch, w.bot)
	return object{"channel": w.info(ch)}, nil
}
