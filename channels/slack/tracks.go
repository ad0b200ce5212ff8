package slack

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime/debug"
	"sync/atomic"
	"time"

	"frontdesk/channels"
)

// Messages of one place are handed over one after the other, in the order in
// which they came; those of different places at the same time. Each of a few tracks
// takes the places that its number falls to. A track holds one message that it
// works on and one that waits: what cannot be recorded stays with Slack, which
// has the better memory.

const (
	trackCount = 8
	// patience is how long a reader of a socket waits for room in a track. It
	// answers no ping meanwhile.
	patience = 3 * time.Second
)

// job is one Inbound on its way to the handler.
type job struct {
	in   channels.Inbound
	meta meta
	live bool // it came as an event; else catching up found it
	// early says that it was found before what is older was: it moves no position.
	early bool
	// done is told the outcome, once, and draws and acknowledges. It must not
	// block for long.
	done func(channels.Reply, error)
	// once, if set, bounds the only attempt; else the job is presented until it
	// is taken.
	once   context.Context
	cursor channels.Cursor // of the last attempt
}

type track struct {
	jobs chan *job
	// stuck says that the job in hand was refused at least once. New ones are
	// then not waited for.
	stuck atomic.Bool
}

var (
	errBusy     = errors.New("earlier messages are not recorded yet")
	errStopping = errors.New("the program is stopping")
)

// track is the one that a message belongs to.
func (r *run) track(in *channels.Inbound) *track {
	h := fnv.New32a()
	switch {
	case in.Place != "":
		h.Write([]byte(in.Place))
	default:
		h.Write([]byte(in.Room + in.From.Address))
	}
	return r.tracks[h.Sum32()%uint32(len(r.tracks))]
}

// submit puts j into its track, or returns why there is no room for it within
// wait. j.done is called if and only if the error is nil.
func (r *run) submit(ctx context.Context, j *job, wait time.Duration) error {
	l := r.track(&j.in)
	r.marks.begin(j)
	select {
	case l.jobs <- j:
		return nil
	default:
	}
	if j.live && l.stuck.Load() {
		wait = min(wait, patience/10)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	var err error
	select {
	case l.jobs <- j:
		return nil
	case <-t.C:
		err = errBusy
	case <-ctx.Done():
		err = ctx.Err()
	case <-r.ctx.Done():
		err = errStopping
	}
	r.marks.end(j, false)
	return err
}

// work presents the jobs of one track until the run ends.
func (r *run) work(l *track) {
	for {
		select {
		case j := <-l.jobs:
			r.present(l, j)
		case <-r.ctx.Done():
			select {
			case j := <-l.jobs: // nobody must wait for it
				r.marks.end(j, false)
				j.done(channels.Reply{}, errStopping)
			default:
				return
			}
		}
	}
}

// present hands one job to the handler, again and again with pauses. Slack may
// send the same envelope once more meanwhile; its keys make that harmless.
func (r *run) present(l *track, j *job) {
	ctx := r.ctx
	if j.once != nil {
		ctx = j.once
	}
	for tries := 0; ; tries++ {
		reply, err := r.receive(ctx, j)
		if err == nil {
			l.stuck.Store(false)
			r.marks.end(j, true)
			j.done(reply, nil)
			return
		}
		if j.once != nil || ctx.Err() != nil {
			r.marks.end(j, false)
			j.done(channels.Reply{}, err)
			return
		}
		l.stuck.Store(true)
		if tries&(tries-1) == 0 { // 1st, 2nd, 3rd, 5th, 9th … time
			r.log.Warn("message is not taken, presenting it again", "key", j.in.Keys[0], "tries", tries+1, "err", err)
		}
		if !pause(ctx, min(30*time.Second, 50*time.Millisecond<<min(tries, 20))) {
			r.marks.end(j, false)
			j.done(channels.Reply{}, ctx.Err())
			return
		}
	}
}

// receive is one attempt. A handler that panics has recorded nothing.
func (r *run) receive(ctx context.Context, j *job) (reply channels.Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("handler panicked", "key", j.in.Keys[0], "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("the handler panicked: %v", p)
		}
	}()
	j.cursor = r.marks.cursor(j)
	in := j.in
	in.Cursor = j.cursor
	return r.h.Receive(ctx, in)
}
