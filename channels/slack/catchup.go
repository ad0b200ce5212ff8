package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"time"

	"frontdesk/channels"
)

// Catching up reads again what was said while nobody told us. Slack keeps events
// for minutes only, its history for good.
//
// First come the rooms that matter: those of the configuration, and those where
// people talk with us, which the handler remembers. Only it can name old threads:
// conversations.history shows a new reply below an old message nowhere. Then come
// all others that we are in, such as a first direct message of somebody. Each
// channel costs one call, and one for each thread with newer replies.
//
// What was found in a channel is presented oldest first, threads among the rest,
// by the same path as an event: what is known already is no second arrival. What
// has been edited is presented with its present text, and as an edit, so that
// whichever of both is news is recorded. Reactions, and messages that were deleted
// meanwhile, are not seen.

const (
	historyPage = "200"
	// talksBack is how long a thread counts as alive.
	talksBack = 14 * 24 * time.Hour
	talksMost = 200
	// sweepPause lies between two times of catching up.
	sweepPause = 30 * time.Second
)

// catchUp closes gaps, one after the other.
func (r *run) catchUp() {
	for {
		select {
		case <-r.again:
		case <-r.ctx.Done():
			return
		}
		for {
			number, open := r.marks.gapNow()
			if !open || !r.untilConnected(r.ctx) {
				break
			}
			if err := r.sweep(r.ctx); err != nil {
				r.log.Debug("catching up ended", "err", err)
				return // only the end of the run, or what ends it
			}
			if r.marks.close(number) {
				r.log.Debug("caught up")
				break
			}
			if !pause(r.ctx, sweepPause) {
				return
			}
		}
	}
}

// sweep reads all channels once.
func (r *run) sweep(ctx context.Context) error {
	first, threads := r.rooms(ctx)
	seen := map[string]bool{}
	for _, id := range first {
		if seen[id] {
			continue
		}
		seen[id] = true
		if err := r.room(ctx, id, threads[id]); err != nil {
			return err
		}
	}
	r.mu.Lock()
	r.ready = true
	r.mu.Unlock()
	if r.connected() {
		r.alive()
	}
	others, err := r.conversations(ctx)
	if err != nil {
		return r.refused("users.conversations", "", err)
	}
	for _, id := range others {
		if seen[id] {
			continue
		}
		seen[id] = true
		if err := r.room(ctx, id, nil); err != nil {
			return err
		}
	}
	return nil
}

// rooms lists the channels that matter, and the roots of threads in them that
// may be older than what is read.
func (r *run) rooms(ctx context.Context) (ids []string, threads map[string][]string) {
	ids = slices.DeleteFunc(append(slices.Clone(r.cfg.Support), r.cfg.Agents, r.cfg.Complaints), func(id string) bool { return id == "" })
	threads = map[string][]string{}
	known, ok := r.h.(channels.Rememberer)
	if !ok {
		return ids, threads
	}
	since := r.marks.since()
	if now := time.Now(); since.After(now) {
		since = now
	}
	talks, err := known.Talks(ctx, r.name, since.Add(-talksBack))
	if err != nil {
		r.log.Warn("talks are not told, old threads are not caught up", "err", err)
		return ids, threads
	}
	for _, t := range talks[:min(len(talks), talksMost)] {
		channel, root, ok := splitRef(t.Root)
		if !ok {
			channel, _, ok = splitRef(t.Newest)
		}
		if place, ts := splitPlace(t.Place); !ok && channelID.MatchString(place) {
			channel, root = place, ts
		} else if root == "" && place == channel {
			root = ts
		}
		if channel == "" {
			continue
		}
		ids = append(ids, channel)
		if root != "" {
			threads[channel] = append(threads[channel], root)
		}
	}
	return ids, threads
}

// conversations lists everything that we are in.
func (r *run) conversations(ctx context.Context) ([]string, error) {
	var ids []string
	args := url.Values{"types": {"im,public_channel,private_channel"}, "exclude_archived": {"true"}, "limit": {historyPage}}
	for {
		var page struct {
			Channels many[struct {
				ID str `json:"id"`
			}] `json:"channels"`
			next
		}
		err := r.ask(ctx, "users.conversations", args, &page)
		if code(err) == "missing_scope" && args.Get("types") != "im,public_channel" { // private channels may be left out
			args.Set("types", "im,public_channel")
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, c := range page.Channels {
			if c.ID != "" {
				ids = append(ids, string(c.ID))
			}
		}
		if !page.more(args) {
			return ids, nil
		}
	}
}

// next is the cursor of a page.
type next struct {
	Metadata maybe[struct {
		Cursor str `json:"next_cursor"`
	}] `json:"response_metadata"`
}

// more sets args to the next page, if there is one.
func (n *next) more(args url.Values) bool {
	c := string(n.Metadata.V.Cursor)
	if c == "" || c == args.Get("cursor") {
		return false
	}
	args.Set("cursor", c)
	return true
}

// refused decides about Slack's refusal to tell of one channel: the others are
// still caught up.
func (r *run) refused(method, channel string, err error) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	var e *apiError
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "missing_scope", "no_permission", "access_denied": // of this one method
	default:
		if f, ok := fatal(err); ok {
			r.stop(f)
			return f
		}
	}
	r.log.Warn("cannot be caught up", "method", method, "room", channel, "err", err)
	return nil
}

// found is a message of a history.
type found struct {
	message
	raw json.RawMessage
}

// room catches up one channel, with the threads below roots.
func (r *run) room(ctx context.Context, id string, roots []string) error {
	oldest, known := r.marks.from(id)
	all := map[string]found{}
	collect := func(method string, args url.Values) error {
		args.Set("channel", id)
		args.Set("oldest", oldest)
		args.Set("limit", historyPage)
		err := r.pages(ctx, method, args, func(f found) {
			if ts := string(f.TS); compareTS(ts, oldest) > 0 && !stamp(ts).IsZero() {
				all[ts] = f
			}
		})
		if err != nil {
			return r.refused(method, id, err)
		}
		return nil
	}
	if err := collect("conversations.history", url.Values{}); err != nil {
		return err
	}
	for ts, f := range all {
		if count(f.Replies) > 0 || f.LatestReply != "" {
			roots = append(roots, ts)
		}
	}
	slices.Sort(roots)
	for _, root := range slices.Compact(roots) {
		if f, ok := all[root]; ok && f.LatestReply != "" && compareTS(string(f.LatestReply), oldest) <= 0 {
			continue
		} else if ok && f.LatestReply == "" && count(f.Replies) == 0 {
			continue // it is in the history, and nobody answered
		}
		if err := collect("conversations.replies", url.Values{"ts": {root}}); err != nil {
			return err
		}
	}
	order := make([]string, 0, len(all))
	for ts := range all {
		order = append(order, ts)
	}
	slices.SortFunc(order, compareTS)
	for _, ts := range order {
		if err := r.offer(ctx, id, all[ts], ts == known); err != nil {
			return err
		}
	}
	return nil
}

// pages calls f for every message of a history.
func (r *run) pages(ctx context.Context, method string, args url.Values, f func(found)) error {
	for {
		var page struct {
			Messages many[json.RawMessage] `json:"messages"`
			next
		}
		if err := r.ask(ctx, method, args, &page); err != nil {
			return err
		}
		for _, raw := range page.Messages {
			var m maybe[message]
			if json.Unmarshal(raw, &m) == nil && m.OK {
				f(found{m.V, raw})
			}
		}
		if !page.more(args) {
			return nil
		}
	}
}

// offer presents one message that was found, and its edit. known says that the
// message itself is recorded for certain.
func (r *run) offer(ctx context.Context, channel string, f found, known bool) error {
	if !known {
		if err := r.hand(ctx, r.asEvent(channel, f.raw, false)); err != nil {
			return err
		}
	}
	if f.Edited.V.TS == "" {
		return nil
	}
	return r.hand(ctx, r.asEvent(channel, f.raw, true))
}

// asEvent puts a message of a history into the form of an event, which can be
// read again from the ledger. It has no event_id: its key is then its ref.
func (r *run) asEvent(channel string, raw json.RawMessage, edit bool) []byte {
	me := r.self.Load()
	type part = map[string]any
	inner := map[string]json.RawMessage{}
	if edit {
		inner["type"], inner["subtype"], inner["message"] = mustJSON("message"), mustJSON("message_changed"), raw
	} else if json.Unmarshal(raw, &inner) == nil {
		inner["type"] = mustJSON("message")
	}
	inner["channel"] = mustJSON(channel)
	return mustJSON(part{
		"type": "event_callback", "team_id": r.cfg.Team, "event": inner,
		"authorizations": []part{{"team_id": r.cfg.Team, "enterprise_id": me.Enterprise, "user_id": me.User, "is_bot": true}},
	})
}

// hand presents what was found until it is taken. What we said ourselves, and
// what says nothing, is left out.
func (r *run) hand(ctx context.Context, raw []byte) error {
	j := &job{}
	j.in, j.meta = r.read(raw)
	switch j.in.Kind {
	case channels.Message, channels.Edit, channels.Deletion:
	default:
		return nil
	}
	taken := make(chan error, 1)
	j.done = func(reply channels.Reply, err error) {
		if err == nil {
			r.draw(j, reply)
		}
		taken <- err
	}
	for {
		err := r.submit(ctx, j, time.Minute)
		if err == nil {
			break
		}
		if !errors.Is(err, errBusy) {
			return err
		}
	}
	return <-taken
}
