package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

const (
	sendLimit  = 5 * time.Minute // for one attempt
	firstRetry = 10 * time.Second
	lastRetry  = 30 * time.Minute
	giveUp     = 4 * 24 * time.Hour // RFC 5321 4.5.4.1: at least 4-5 days
	unsureWait = 10 * time.Minute   // before an attempt of unknown outcome is repeated blindly
)

// deliverer sends the outbox of one channel. It lets go of nothing: an attempt is
// stamped in the database before anything is sent, and its outcome is recorded.
type deliverer struct {
	e       *Engine
	channel string
	sender  channels.Sender
	hard    context.Context // ends when what is under way is cut off
	slots   chan struct{}   // one for each delivery under way
	wg      sync.WaitGroup
}

// runOutbox delivers until ctx ends, and then finishes what is under way, unless
// hard ends first. What an earlier process was sending when it ended may have got
// through or not.
func (e *Engine) runOutbox(ctx, hard context.Context, name string) error {
	ch := e.cfg.Channels[name]
	w := &deliverer{e: e, channel: name, sender: ch.Sender, hard: hard, slots: make(chan struct{}, ch.Workers)}
	defer w.wg.Wait()
	recovered := false
	for ctx.Err() == nil {
		var next time.Time
		var err error
		if !recovered {
			err = w.recover(ctx)
			recovered = err == nil
		}
		if err == nil {
			next, err = w.round(ctx)
		}
		if err != nil && ctx.Err() == nil {
			e.log.Error("outbox waits for the database", "channel", name, "err", err)
			next = time.Now().Add(5 * time.Second)
		}
		waitFor(ctx, e.outbox[name], next)
	}
	return ctx.Err()
}

func (w *deliverer) recover(ctx context.Context) error {
	return w.e.db.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Interrupted(w.channel, time.Now())
		if n > 0 {
			w.e.log.Warn("deliveries were interrupted", "channel", w.channel, "count", n)
		}
		return err
	})
}

// round begins deliveries until none is due or all slots are taken, and returns
// when to look again.
func (w *deliverer) round(ctx context.Context) (time.Time, error) {
	for {
		select {
		case w.slots <- struct{}{}:
		default:
			return time.Time{}, nil // whoever ends kicks
		}
		d, next, err := w.claim(ctx)
		if err != nil || d == nil {
			<-w.slots
			return next, err
		}
		w.wg.Add(1)
		go func() {
			defer w.wg.Done()
			defer wake(w.e.outbox[w.channel])
			defer func() { <-w.slots }()
			for d != nil { // the outcome of one and the stamp of the next share a commit
				d = w.finish(d, w.attempt(d), ctx.Err() == nil)
			}
		}()
	}
}

// job is a delivery whose attempt is stamped.
type job struct {
	store.Delivery
	out  channels.Outbound
	refs []string
	took time.Duration // the attempt
}

// claim stamps the next due delivery. Nothing due: it returns when something
// will be.
func (w *deliverer) claim(ctx context.Context) (*job, time.Time, error) {
	var next time.Time
	err := w.e.db.Read(ctx, func(s *store.Snapshot) (err error) {
		next, err = s.NextDue(w.channel)
		return err
	})
	if err == store.ErrNotFound {
		return nil, time.Time{}, nil
	}
	if err != nil || next.After(time.Now()) {
		return nil, next, err
	}
	var j *job
	err = w.e.db.Write(ctx, func(tx *store.Tx) (err error) {
		j, next, err = w.stamp(tx, time.Now())
		return err
	})
	return j, next, err
}

// stamp takes the next due delivery inside a transaction. A channel that limits
// its pace postpones it: waiting is no attempt.
func (w *deliverer) stamp(tx *store.Tx, now time.Time) (*job, time.Time, error) {
	pacer, paced := w.sender.(channels.Pacer)
	for {
		d, err := tx.Due(w.channel, now)
		if err == store.ErrNotFound {
			next, err := tx.NextDue(w.channel)
			if err == store.ErrNotFound {
				err = nil
			}
			return nil, next, err
		} else if err != nil {
			return nil, time.Time{}, err
		}
		if held, err := w.e.held(tx, now, d); err != nil || held {
			if err != nil {
				return nil, time.Time{}, err
			}
			continue
		}
		j := &job{}
		if err := json.Unmarshal(d.Payload, &j.out); err != nil {
			// It can never go; what stands behind it must.
			w.e.log.Error("delivery cannot be read", "channel", w.channel, "delivery", d.ID, "err", err)
			if err := tx.Drop(d.ID, now, "payload: "+err.Error()); err != nil {
				return nil, time.Time{}, err
			}
			continue
		}
		j.out.Key = d.Key // of a slot's older delivery, if this one has replaced it
		if ready, err := w.e.complete(tx, now, d, &j.out); err != nil || !ready {
			if err != nil {
				return nil, time.Time{}, err
			}
			continue
		}
		if paced {
			if wait := pacer.Pace(j.out); wait > 0 {
				if err := tx.Postpone(d.ID, now.Add(wait)); err != nil {
					return nil, time.Time{}, err
				}
				continue
			}
		}
		if j.Delivery, err = tx.Stamp(d, now); err != nil {
			return nil, time.Time{}, err
		}
		j.out.Attempt = j.Attempts
		// What it answers comes first, then what the thread has seen: both sides
		// can then join the talk by any of them.
		if j.refs, err = tx.Refs(d.Thread, 20); err != nil {
			return nil, time.Time{}, err
		}
		for _, r := range j.refs {
			if len(j.out.Refs) == 0 || r != j.out.Refs[0] {
				j.out.Refs = append(j.out.Refs, r)
			}
		}
		for _, id := range j.Files {
			a, err := tx.Attachment(id)
			if err != nil {
				return nil, time.Time{}, fmt.Errorf("delivery %d: file %d: %w", d.ID, id, err)
			}
			if a.Blob == 0 && a.Ref != "" {
				continue // it could not be fetched; people were told
			}
			j.out.Files = append(j.out.Files, channels.File{Name: a.Name, Type: a.Type, Data: w.blob(a)})
		}
		return j, time.Time{}, nil
	}
}

func (w *deliverer) blob(a store.Attachment) channels.Blob {
	if a.Blob == 0 {
		return channels.Blob{}
	}
	return channels.Blob{Size: a.Size, Open: func() (io.ReadCloser, error) {
		_, r, err := w.e.db.OpenBlob(context.Background(), a.Blob)
		return r, err
	}}
}

// attempt sends once. An attempt before whose outcome is unknown is looked for
// first.
func (w *deliverer) attempt(j *job) (o store.Outcome) {
	// The process may be stopping: what is under way has a while all the same.
	ctx, cancel := context.WithTimeout(w.hard, sendLimit)
	defer cancel()
	began := time.Now()
	defer func() { j.took = time.Since(began) }()
	defer func() {
		if v := recover(); v != nil {
			w.e.log.Error("sending panicked", "channel", w.channel, "delivery", j.ID, "panic", v, "stack", string(debug.Stack()))
			o = w.outcome(j, "", &channels.SendError{Unknown: true, Err: fmt.Errorf("panic: %v", v)})
		}
	}()
	if finder, ok := w.sender.(channels.Finder); ok && j.Unsure {
		ref, found, err := finder.Find(ctx, j.out)
		if err != nil {
			return w.outcome(j, "", fmt.Errorf("looking for an earlier attempt: %w", err))
		}
		if found {
			return store.Outcome{Result: "found", Ref: ref, At: time.Now()}
		}
	}
	ref, err := w.sender.Send(ctx, j.out)
	if err == nil && ref == "" {
		err = &channels.SendError{Unknown: true, Err: errors.New("sent, but without a name")}
	}
	return w.outcome(j, ref, err)
}

// outcome judges an attempt: whatever is not known to be final is tried again.
func (w *deliverer) outcome(j *job, ref string, err error) store.Outcome {
	now := time.Now()
	if err == nil {
		return store.Outcome{Result: "sent", Ref: ref, At: now}
	}
	o := store.Outcome{Result: "temporary", Error: oneLine(err.Error(), 500), At: now}
	wait := backoff(j.Attempts)
	var e *channels.SendError
	if errors.As(err, &e) {
		switch {
		case e.Permanent:
			o.Result = "permanent"
			return o
		case e.Unknown:
			o.Result = "unknown"
			if _, ok := w.sender.(channels.Finder); !ok {
				wait = max(wait, unsureWait) // whoever can look need not wait for a late sign
			}
		}
		wait = max(wait, e.RetryAfter)
	}
	limit := giveUp
	if j.out.Op == channels.React {
		limit = signLimit
	}
	if now.Sub(j.Created) < limit {
		o.Retry = now.Add(wait)
	}
	if w.hard.Err() != nil {
		o.Retry = now // we ended it ourselves; as after a crash, the next start tries again
	}
	return o
}

// backoff doubles from firstRetry to lastRetry, give or take a fifth.
func backoff(attempts int) time.Duration {
	d := lastRetry
	if attempts < 10 {
		d = min(lastRetry, firstRetry<<(attempts-1))
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// finish records the outcome and stamps the next delivery, if there is to be
// one. It does not give up while the process lives: until the outcome stands, the
// delivery counts as under way. What is not recorded when the process stops is an
// attempt of unknown outcome to the next one.
func (w *deliverer) finish(j *job, o store.Outcome, more bool) (next *job) {
	for try := 0; ; try++ {
		err := w.e.db.Write(context.Background(), func(tx *store.Tx) error {
			if err := tx.Finish(j.Delivery, o); err != nil {
				return err
			}
			switch {
			case o.Ref == "" && o.Retry.IsZero():
				if err := w.e.undelivered(tx, j, o); err != nil {
					return err
				}
			case o.Ref != "" && j.Origin != 0:
				if err := w.e.sign(tx, o.At, j.Origin, "ok"); err != nil {
					return err
				}
			}
			if !more {
				return nil
			}
			var err error
			next, _, err = w.stamp(tx, time.Now())
			return err
		})
		switch {
		case err == nil:
			w.e.cfg.Observer.Sent(w.channel, o.Result, j.took)
			w.e.sent(w.channel)
			if o.Ref == "" {
				w.e.log.Warn("not delivered", "channel", w.channel, "delivery", j.ID, "attempt", j.Attempts, "outcome", o.Result, "err", o.Error)
			}
			return next
		case errors.Is(err, store.ErrClosed) || w.hard.Err() != nil || try >= 5 && !store.Unavailable(err):
			w.e.log.Error("outcome not recorded", "channel", w.channel, "delivery", j.ID, "outcome", o.Result, "err", err)
			return nil
		}
		w.e.log.Error("recording an outcome waits for the database", "channel", w.channel, "delivery", j.ID, "err", err)
		more, next = false, nil
		waitFor(w.hard, nil, time.Now().Add(min(time.Second<<min(try, 5), 30*time.Second)))
	}
}
