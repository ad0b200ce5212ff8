package slack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"frontdesk/channels"
)

// Slack's limits (https://docs.slack.dev/apis/web-api/rate-limits): about one message
// a second in a channel, "several hundred" a minute in a workspace, and of a Tier 3
// method fifty calls a minute or more.
const (
	postGap  = time.Second
	tierGap  = 1200 * time.Millisecond
	allGap   = 250 * time.Millisecond // in the workspace: 240 a minute
	allBurst = 60                     // that may go at once after a quiet time
	slotSlip = 5 * time.Millisecond   // a wait that is not worth a postponement
	forget   = time.Minute            // what nobody asked for that long is forgotten
)

// pacer hands out the times at which we may write. Its zero value is ready.
//
// A lane is a Slack channel that is posted to, or a method that has a limit of its
// own. A delivery that has to wait gets a slot in its lane for good: asking again
// does not put it back behind those that asked later, so that n waiting deliveries
// cost n postponements and not n²/2.
type pacer struct {
	mu      sync.Mutex
	lanes   map[string]*lane
	slots   map[string]*slot     // by the key of the delivery
	blocked map[string]time.Time // by method: Slack's own wish
	posts   time.Time            // when the workspace has room for allBurst posts again
	swept   time.Time
}

type lane struct {
	gap   time.Duration
	last  time.Time // when the last one was let through, or will be
	went  time.Time // when the last call was made, or will be; see pass
	queue []*slot   // in order of at, gap apart
}

type slot struct {
	key, method, lane string
	at                time.Time
}

// Pace says how long to wait before out may be sent. The answer is the time to a
// slot that is reserved for out.Key; asked at that time, Pace answers 0, and the
// slot is used up.
func (c *Channel) Pace(out channels.Outbound) time.Duration {
	method, name, gap := c.laneOf(out)
	return c.pace.reserve(out.Key, method, name, gap, time.Now())
}

// laneOf is the method that out will need, and what limits it.
func (c *Channel) laneOf(out channels.Outbound) (method, name string, gap time.Duration) {
	switch out.Op {
	case channels.Amend:
		return "chat.update", "chat.update", tierGap
	case channels.React:
		return "reactions.add", "reactions.add", tierGap
	}
	if _, user, ok := splitIdentity(strings.TrimPrefix(out.Place, "@")); ok && c.dms.channel(user) == "" {
		return "conversations.open", "conversations.open", tierGap
	}
	channel, _ := splitPlace(out.Place)
	return "chat.postMessage", channel, postGap
}

func (p *pacer) reserve(key, method, name string, gap time.Duration, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	l := p.lane(name, gap)
	s := p.slots[key]
	if s == nil {
		s = &slot{key: key, method: method, lane: name, at: l.free(now)}
		if room := p.room(method, now); s.at.Before(room) {
			s.at = fullMilli(room)
		}
		if until := p.blocked[method]; s.at.Before(until) {
			s.at = fullMilli(until)
		}
		l.queue = append(l.queue, s)
		p.slots[key] = s
	}
	if wait := s.at.Sub(now); wait > slotSlip {
		return wait
	}
	p.drop(s)
	l.let(now)
	return 0
}

// pass waits until a call may be made in a lane, and counts it. Pace has given every
// delivery a time of its own; this keeps the calls apart that come of it, which are
// late by what the database took. A call that Pace has not given a time to, such as
// that for the second part of a long message, is an extra one: it takes the lane's next
// turn, and those that wait for theirs wait longer.
func (p *pacer) pass(ctx context.Context, method, name string, gap time.Duration, extra bool) error {
	p.mu.Lock()
	now := time.Now()
	if until := p.blocked[method]; until.After(now) {
		p.mu.Unlock()
		return resting(method, until.Sub(now))
	}
	l := p.lane(name, gap)
	at := now
	if next := l.went.Add(gap); next.After(at) {
		at = next
	}
	l.went = at
	if extra {
		p.room(method, now)
	}
	if extra || at.Sub(now) > slotSlip {
		l.let(at)
	}
	p.mu.Unlock()
	if ctx.Err() != nil || at.After(now) && !pause(ctx, at.Sub(now)) {
		return &channels.SendError{Err: fmt.Errorf("%s: while waiting for its turn: %w", method, context.Cause(ctx))}
	}
	return nil
}

// block keeps a method from being called for a while, as Slack has asked. What had a
// slot in that time gets one after it, in the old order.
func (p *pacer) block(method string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blocked == nil {
		p.blocked = map[string]time.Time{}
	}
	if !until.After(p.blocked[method]) {
		return
	}
	p.blocked[method] = until
	for _, l := range p.lanes {
		if len(l.queue) > 0 && l.queue[0].method == method {
			l.push(until)
		}
	}
}

func (p *pacer) lane(name string, gap time.Duration) *lane {
	l := p.lanes[name]
	if l == nil {
		if p.lanes == nil {
			p.lanes, p.slots = map[string]*lane{}, map[string]*slot{}
		}
		l = &lane{gap: gap}
		p.lanes[name] = l
	}
	return l
}

// room counts a post against the limit of the workspace and returns when it may go.
func (p *pacer) room(method string, now time.Time) time.Time {
	if method != "chat.postMessage" {
		return now
	}
	if p.posts.Before(now) {
		p.posts = now
	}
	p.posts = p.posts.Add(allGap)
	return p.posts.Add(-allBurst * allGap)
}

// free is the next time in the lane that nobody has.
func (l *lane) free(now time.Time) time.Time {
	last := l.last
	if n := len(l.queue); n > 0 && l.queue[n-1].at.After(last) {
		last = l.queue[n-1].at
	}
	if at := last.Add(l.gap); at.After(now) {
		return fullMilli(at)
	}
	return now
}

// let notes that something goes at a time; those that wait keep their distance.
func (l *lane) let(at time.Time) {
	if at.After(l.last) {
		l.last = at
		l.push(at.Add(l.gap))
	}
}

// push moves the slots so that none is before earliest.
func (l *lane) push(earliest time.Time) {
	for _, s := range l.queue {
		if !s.at.Before(earliest) {
			return
		}
		s.at = fullMilli(earliest)
		earliest = s.at.Add(l.gap)
	}
}

func (p *pacer) drop(s *slot) {
	delete(p.slots, s.key)
	if l := p.lanes[s.lane]; l != nil {
		if i := slices.Index(l.queue, s); i >= 0 {
			l.queue = slices.Delete(l.queue, i, i+1)
		}
	}
}

// sweep forgets, now and then: slots of deliveries that were taken back, and lanes
// where nothing happens.
func (p *pacer) sweep(now time.Time) {
	if now.Sub(p.swept) < forget {
		return
	}
	p.swept = now
	for _, s := range p.slots {
		if now.Sub(s.at) > forget {
			p.drop(s)
		}
	}
	for name, l := range p.lanes {
		if len(l.queue) == 0 && now.Sub(l.last) > forget && now.Sub(l.went) > forget {
			delete(p.lanes, name)
		}
	}
	for method, until := range p.blocked {
		if now.After(until) {
			delete(p.blocked, method)
		}
	}
}

// fullMilli rounds up: the outbox keeps times in milliseconds, and one that is asked
// for a fraction too early is postponed for nothing.
func fullMilli(t time.Time) time.Time {
	if r := t.Truncate(time.Millisecond); r.Before(t) {
		return r.Add(time.Millisecond)
	}
	return t
}

// rest is how long Slack wants a method to rest.
func (p *pacer) rest(method string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.blocked[method])
}
