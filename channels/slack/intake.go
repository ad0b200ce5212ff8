package slack

import (
	"cmp"
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/channels"
)

// intake is what a Channel needs to take messages in.
type intake struct {
	bodies  atomic.Int64        // requests under way
	running atomic.Pointer[run] // nil while Run is not under way
	people  people
}

// run is one Run under way.
type run struct {
	*Channel
	ctx    context.Context
	stop   context.CancelCauseFunc // with a fatalError: Run returns it
	h      channels.Handler
	tracks []*track
	marks  *marks
	again  chan struct{} // a gap was opened; of size 1
	// retried says that a request came again: an earlier one had not reached us.
	retried atomic.Bool
	links   links

	small sync.WaitGroup // what is drawn, and may be lost
	slots chan struct{}  // bounds it

	mu      sync.Mutex
	health  channels.Health
	looked  time.Time     // when all was last looked through
	took    time.Duration // how long that took
	ready   bool          // the rooms that matter are caught up
	trouble string        // what cannot be caught up
	closed  bool          // no request may begin any more
}

func newRun(c *Channel, ctx context.Context, stop context.CancelCauseFunc, m *marks, h channels.Handler) *run {
	r := &run{
		Channel: c, ctx: ctx, stop: stop, h: h,
		marks: m,
		again: make(chan struct{}, 1),
		slots: make(chan struct{}, 16),
	}
	for range trackCount {
		r.tracks = append(r.tracks, &track{jobs: make(chan *job, 1)})
	}
	return r
}

// lookAround looks whether anything is missing although nothing says so, not more
// than a fifth of the time.
func (r *run) lookAround() {
	if _, open := r.marks.gapNow(); open {
		return // it is being looked already
	}
	r.mu.Lock()
	rested := time.Since(r.looked)
	rest := max(lookEvery, 4*r.took)
	if r.retried.Load() {
		rest = 4 * r.took
	}
	r.mu.Unlock()
	if rested >= rest {
		r.retried.Store(false)
		r.marks.missed()
		r.wake()
	}
}

// missed tells that something may have been said that we were not told. It is
// looked for as soon as we are connected.
func (r *run) missed(why string) {
	r.marks.missed()
	r.mu.Lock()
	r.ready = false
	r.mu.Unlock()
	r.log.Info("something may be missed, catching up", "why", why)
	r.wake()
}

func (r *run) wake() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// report tells the handler about a change, and that we are up each time anew.
func (r *run) report(state channels.State, reason string) {
	r.mu.Lock()
	same := r.health.State == state && r.health.Reason == reason
	if same && state != channels.Up {
		r.mu.Unlock()
		return
	}
	r.health = channels.Health{Channel: r.name, State: state, Reason: reason, At: time.Now()}
	h := r.health
	r.mu.Unlock()
	if !same {
		r.log.Debug("slack is "+string(state), "reason", reason)
	}
	r.h.Report(r.ctx, h)
}

// alive reports Up, or Starting while the rooms that matter are not caught up.
func (r *run) alive() {
	r.mu.Lock()
	state, reason := channels.Up, joined([]string{r.trouble, r.news()}, "; ")
	if !r.ready {
		state = channels.Starting
		reason = cmp.Or(reason, "catching up")
	}
	r.mu.Unlock()
	r.report(state, reason)
}

// after does what an event asks for beyond being recorded.
func (r *run) after(j *job) {
	switch {
	case j.meta.revoked:
		r.small.Go(func() { r.confirm(j.meta.event) })
	case j.meta.moved[1] != "":
		r.moves.add(j.meta.moved[0], j.meta.moved[1])
		r.log.Warn("the id of a channel has changed", "before", j.meta.moved[0], "now", j.meta.moved[1])
		r.missed("a channel has moved")
	case j.meta.missed:
		r.missed(j.meta.kind)
	case j.meta.event == "assistant_thread_started", j.meta.event == "app_home_opened" && j.meta.tab == "messages":
		if r.cfg.AgentView {
			r.later(func(ctx context.Context) error { return r.prompts(ctx, j) })
		}
	}
}

// enter counts a request that has begun, and reports whether it may go on; it then
// ends with r.small.Done.
func (r *run) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.small.Add(1)
	}
	return !r.closed
}

// finish waits for everything that may be lost, and for the requests under way.
func (r *run) finish() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.small.Wait()
}

// later does something that may be lost: not at all if too much of it is under
// way.
func (r *run) later(f func(ctx context.Context) error) {
	select {
	case r.slots <- struct{}{}:
	default:
		r.log.Warn("too much is being drawn, one reply is left out")
		return
	}
	r.small.Go(func() {
		defer func() { <-r.slots }()
		ctx, cancel := context.WithTimeout(r.ctx, 10*time.Second)
		defer cancel()
		defer func() {
			if p := recover(); p != nil {
				r.log.Error("drawing a reply panicked", "panic", p, "stack", string(debug.Stack()))
			}
		}()
		if err := f(ctx); err != nil && r.ctx.Err() == nil {
			r.log.Warn("reply was not drawn", "err", err)
		}
	})
}
