package slack

import (
	"context"
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
// has been edited is presented with its present text, and then as an edit, so that
// whichever of both is news is recorded; the edit of what is new changes nothing. What changed about older messages, a
// reaction, a message taken back: a history does not show that, and it is not seen.

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
			began := time.Now()
			if err := r.sweep(r.ctx, number); err != nil {
				r.log.Debug("catching up ended", "err", err)
				return // only the end of the run, or what ends it
			}
			r.mu.Lock()
			r.looked, r.took = time.Now(), time.Since(began)
			r.mu.Unlock()
			if r.marks.close(number, began) {
				r.log.Debug("caught up")
				break
			}
			if !pause(r.ctx, sweepPause) {
				return
			}
		}
	}
}

// sweep reads all channels once, for the gap of that number.
func (r *run) sweep(ctx context.Context, gap int) error {
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
	now, _ := r.marks.gapNow()
	r.ready = now == gap
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

// room catches up one channel, with the threads below roots. Of a direct message the
// history is read from long before: people answer below any message of ours, and one
// page shows below which.
func (r *run) room(ctx context.Context, id string, roots []string) error {
	oldest, known := r.marks.from(id)
	reach := oldest
	if isDirect(id, "") {
		reach = tsOf(r.marks.since().Add(-talksBack))
	}
	all, tops := map[string]found{}, map[string]found{}
	collect := func(method string, args url.Values, seen map[string]found) error {
		args.Set("channel", id)
		args.Set("limit", historyPage)
		err := r.pages(ctx, method, args, func(f found) {
			ts := string(f.TS)
			if stamp(ts).IsZero() {
				return
			}
			if compareTS(ts, oldest) > 0 {
				all[ts] = f
			}
			if seen != nil {
				seen[ts] = f
			}
		})
		if err != nil {
			return r.refused(method, id, err)
		}
		return nil
	}
	if err := collect("conversations.history", url.Values{"oldest": {reach}}, tops); err != nil {
		return err
	}
	for ts, f := range tops {
		if count(f.Replies) > 0 || f.LatestReply != "" {
			roots = append(roots, ts)
		}
	}
	slices.Sort(roots)
	for _, root := range slices.Compact(roots) {
		if f, ok := tops[root]; ok && f.LatestReply != "" && compareTS(string(f.LatestReply), oldest) <= 0 {
			continue
		} else if ok && f.LatestReply == "" && count(f.Replies) == 0 {
			continue // it is in the history, and nobody answered
		}
		if err := collect("conversations.replies", url.Values{"ts": {root}, "oldest": {oldest}}, nil); err != nil {
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
	select {
	case err := <-taken:
		return err
	case <-ctx.Done(): // its track may have ended before it
		return ctx.Err()
	}
}
