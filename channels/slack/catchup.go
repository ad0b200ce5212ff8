package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"frontdesk/channels"
)

// Catching up reads again what was said while nobody told us. Slack keeps events
// for minutes only, its history for good.
//
// First come the top-level messages of the rooms of the configuration: with them we
// count as up. Then come the threads, and everything else: the places where people
// talk with us, which the handler remembers, since only it can name old threads
// (conversations.history shows a new reply below an old message nowhere); direct
// messages, such as a first one of somebody; all other channels that we are in. Each
// channel costs one call, and one for each thread with newer replies.
//
// What was found in a channel is presented oldest first, threads among the rest,
// by the same path as an event: what is known already is no second arrival. What
// has been edited is presented with its present text, and then as an edit, so that
// whichever of both is news is recorded; the edit of what is new changes nothing. What changed about older messages, a
// reaction, a message taken back: a history does not show that, and it is not seen.
//
// A channel that cannot be read holds up no other. The gap stays open for it, and it
// is tried again.

const (
	historyPage = "200"
	// talksBack is how long a thread counts as alive.
	talksBack = 14 * 24 * time.Hour
	// sweepPause lies between two times of catching up; doubling, to sickPause, while
	// channels cannot be read.
	sweepPause = 30 * time.Second
	sickPause  = 10 * time.Minute
)

// sweep is the catching up for one gap.
type sweep struct {
	*run
	gap   int
	began time.Time
	early map[string]bool  // rooms whose top-level messages were read
	read  map[string]bool  // channels that were read
	sick  map[string]error // channels, and methods, that could not be read
	tried map[string]bool  // in this pass, and it did not go
}

// errNewer says that there is a newer gap, which the rooms that matter are read for
// first.
var errNewer = errors.New("a newer gap was opened")

// catchUp closes gaps, one after the other.
func (r *run) catchUp() {
	var s *sweep
	behind := map[string]bool{} // channels whose turn comes after others': they have been read
	for {
		select {
		case <-r.again:
		case <-r.ctx.Done():
			return
		}
		for tries := 0; ; tries++ {
			gap, open := r.marks.gapNow()
			if !open || !r.untilConnected(r.ctx) {
				break
			}
			if s == nil || s.gap != gap {
				sick := map[string]error{}
				if s != nil {
					sick = s.sick
				}
				s = &sweep{run: r, gap: gap, began: time.Now(), early: map[string]bool{}, read: map[string]bool{}, sick: sick}
			}
			s.tried = map[string]bool{}
			err := s.pass(r.ctx, behind)
			switch {
			case err == errNewer:
				tries = -1
			case err != nil:
				r.log.Debug("catching up ended", "err", err)
				return // only the end of the run, or what ends it
			default:
				clear(behind)
				r.mu.Lock()
				r.looked, r.took = time.Now(), time.Since(s.began)
				r.mu.Unlock()
				if len(s.sick) == 0 && r.marks.close(gap, s.began) {
					r.log.Debug("caught up")
				}
			}
			if _, open := r.marks.gapNow(); !open {
				break
			}
			if !r.rest(min(sickPause, sweepPause<<min(max(tries, 0), 10))) {
				return
			}
		}
	}
}

// rest waits, not longer than until there is a new gap, and reports whether the run
// goes on.
func (r *run) rest(d time.Duration) bool {
	if !pause(r.ctx, sweepPause/10) {
		return false
	}
	t := time.NewTimer(d - sweepPause/10)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.again:
	case <-r.ctx.Done():
		return false
	}
	return true
}

// pass reads what was not read yet for the gap.
func (s *sweep) pass(ctx context.Context, behind map[string]bool) error {
	ours := s.rooms()
	for _, id := range ours {
		if s.early[id] {
			continue
		}
		if err := s.try(id, s.room(ctx, id, nil, true), s.early); err != nil {
			return err
		}
	}
	s.tell(ours)
	threads := map[string][]string{}
	talks, err := s.talks(ctx, threads)
	if err != nil {
		return err
	}
	all := slices.Concat(ours, talks)
	for _, kind := range []string{"im", "public_channel", "private_channel"} {
		ids, err := s.conversations(ctx, kind)
		if code(err) == "missing_scope" && kind == "private_channel" {
			continue // private channels may be left out
		}
		if err := s.try("users.conversations", err, nil); err != nil {
			return err
		}
		all = append(all, ids...)
	}
	if !slices.ContainsFunc(all, func(id string) bool { return !behind[id] }) {
		clear(behind)
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(number(behind[a]), number(behind[b])) })
	for _, id := range all {
		if s.read[id] || s.tried[id] {
			continue
		}
		if now, _ := s.marks.gapNow(); now != s.gap {
			return errNewer
		}
		if err := s.try(id, s.room(ctx, id, threads[id], false), s.read); err != nil {
			return err
		}
		behind[id] = true
	}
	maps.DeleteFunc(s.sick, func(id string, _ error) bool { return !s.tried[id] })
	s.tell(ours)
	return nil
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// tell says how far we are.
func (s *sweep) tell(ours []string) {
	var bad []string
	late := false
	for id, err := range s.sick {
		bad = append(bad, fmt.Sprintf("%s cannot be read: %v", id, err))
		late = late || slices.Contains(ours, id)
	}
	slices.Sort(bad)
	if n := len(bad); n > 3 {
		bad = append(bad[:3], fmt.Sprintf("and %d more", n-3))
	}
	now, _ := s.marks.gapNow()
	s.mu.Lock()
	s.ready, s.trouble = now == s.gap && !late, strings.Join(bad, "; ")
	s.mu.Unlock()
	if s.connected() {
		s.alive()
	}
}

// try notes whether id was read. It returns an error only if that ends the run.
func (s *sweep) try(id string, err error, read map[string]bool) error {
	var e *apiError
	switch {
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case err == nil:
		delete(s.sick, id)
		if read != nil {
			read[id] = true
		}
		return nil
	case !errors.As(err, &e):
		return err
	}
	switch e.Code {
	case "missing_scope", "no_permission", "access_denied": // of this one method
	default:
		if f, ok := fatal(err); ok {
			s.stop(f)
			return f
		}
	}
	s.log.Warn("cannot be caught up", "method", e.Method, "room", id, "err", err)
	if e.refused() && !slices.Contains(s.rooms(), id) {
		if read != nil {
			read[id] = true // it is none of ours any more
		}
		return nil
	}
	s.sick[id], s.tried[id] = err, true
	return nil
}

// rooms lists the channels of the configuration.
func (cfg *Config) rooms() []string {
	ids := append(slices.Clone(cfg.Support), cfg.Agents, cfg.Complaints)
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
}

// talks lists the channels where people talk with us, and the roots of threads in
// them that may be older than what is read.
func (s *sweep) talks(ctx context.Context, threads map[string][]string) (ids []string, err error) {
	known, ok := s.h.(channels.Rememberer)
	if !ok {
		return nil, nil
	}
	since := s.marks.since()
	if now := time.Now(); since.After(now) {
		since = now
	}
	talks, err := known.Talks(ctx, s.name, since.Add(-talksBack))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		s.sick["old threads"], s.tried["old threads"] = err, true
		return nil, nil
	}
	for _, t := range talks {
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
		channel = s.moves.id(channel)
		ids = append(ids, channel)
		if root != "" {
			threads[channel] = append(threads[channel], root)
		}
	}
	return ids, nil
}

// room catches up one channel, with the threads below roots. Of a direct message the
// history is read from long before: people answer below any message of ours, and one
// page shows below which. Early, it is only what stands at the top, and no position is
// moved by it.
func (r *run) room(ctx context.Context, id string, roots []string, early bool) error {
	oldest, known := r.marks.from(id)
	reach := oldest
	if isDirect(id, "") {
		reach = tsOf(r.marks.since().Add(-talksBack))
	}
	all, tops := map[string]found{}, map[string]found{}
	collect := func(method string, args url.Values, seen map[string]found) error {
		args.Set("channel", id)
		args.Set("limit", historyPage)
		return r.pages(ctx, method, args, func(f found) {
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
	}
	if err := collect("conversations.history", url.Values{"oldest": {reach}}, tops); err != nil {
		return err
	}
	if early {
		tops, roots = nil, nil
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
		if err := collect("conversations.replies", url.Values{"ts": {root}, "oldest": {oldest}}, nil); code(err) == "thread_not_found" {
			r.log.Debug("a thread is gone", "room", id, "root", root)
		} else if err != nil {
			return err
		}
	}
	order := make([]string, 0, len(all))
	for ts := range all {
		order = append(order, ts)
	}
	slices.SortFunc(order, compareTS)
	for _, ts := range order {
		if err := r.offer(ctx, id, all[ts], ts == known, early); err != nil {
			return err
		}
	}
	return nil
}

// offer presents one message that was found, and its edit. known says that the
// message itself is recorded for certain.
func (r *run) offer(ctx context.Context, channel string, f found, known, early bool) error {
	if !known {
		if err := r.hand(ctx, r.asEvent(channel, f.raw, false), early); err != nil {
			return err
		}
	}
	if f.Edited.V.TS == "" {
		return nil
	}
	return r.hand(ctx, r.asEvent(channel, f.raw, true), early)
}

// hand presents what was found until it is taken. What we said ourselves, and
// what says nothing, is left out.
func (r *run) hand(ctx context.Context, raw []byte, early bool) error {
	j := &job{early: early}
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
