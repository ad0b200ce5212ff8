package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// Tick does everything that is due at now, each timer in a transaction of its
// own, and returns when the next one is due; zero if there is none.
func (e *Engine) Tick(ctx context.Context, now time.Time) (time.Time, error) {
	for {
		var next []store.Timer
		err := e.db.Read(ctx, func(s *store.Snapshot) (err error) {
			next, err = s.Timers(1)
			return err
		})
		if err != nil || len(next) == 0 {
			return time.Time{}, err
		}
		t := next[0]
		if t.Due.After(now) {
			return t.Due, nil
		}
		if err := e.fire(ctx, now, t); err != nil {
			if store.Unavailable(err) {
				return time.Time{}, err
			}
			// One sick timer must not hold up the others.
			e.failure("timer failed", err, "timer", t.Kind, "conv", t.Conversation, "case", t.Case)
			t.Due = now.Add(time.Minute)
			if err := e.db.Write(ctx, func(tx *store.Tx) error { return tx.SetTimer(t) }); err != nil {
				return time.Time{}, err
			}
		}
		e.kick()
	}
}

func (e *Engine) fire(ctx context.Context, now time.Time, t store.Timer) error {
	var do func(*store.Tx, time.Time, store.Timer) error
	switch t.Kind {
	case timerGather:
		return e.gathered(ctx, now, t)
	case timerQuiet:
		do = e.quiet
	case timerRemind:
		do = e.remind
	case timerWarn:
		do = e.warn
	case timerBreak:
		do = e.breaks
	default:
		return fmt.Errorf("timer %d: unknown kind %q", t.ID, t.Kind)
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if there, err := tx.EndTimer(t.ID); err != nil || !there {
			return err
		}
		return do(tx, now, t)
	})
}

// Kinds of timer.
const (
	timerGather = "gather" // a conversation: decide on what was said within a few seconds
	timerQuiet  = "quiet"  // a conversation: nobody has said anything for long
	timerRemind = "remind" // a case: its promise is at risk
	timerWarn   = "warn"   // a case: its promise is about to break
	timerBreak  = "break"  // a case: its promise breaks now
)

// quiet closes a talk with the bot in which nothing was said for long.
func (e *Engine) quiet(tx *store.Tx, now time.Time, t store.Timer) error {
	conv, err := tx.Conversation(t.Conversation)
	if err != nil {
		return err
	}
	if conv.State != store.WithBot {
		return nil
	}
	if conv.Case != 0 {
		c, err := tx.Case(conv.Case)
		if err != nil {
			return err
		}
		if c.IsOpen() { // it is looked at again later
			return tx.SetTimer(store.Timer{Kind: timerQuiet, Conversation: conv.ID, Due: now.Add(e.cfg.Quiet)})
		}
		if c.Stage == store.StageResolved {
			c.Stage, c.Closed = store.StageClosed, now
			if err := tx.UpdateCase(c); err != nil {
				return err
			}
			if err := tx.AddEvent(store.Event{At: now, Kind: "stage", Actor: "time", Conversation: conv.ID, Case: c.ID, Data: map[string]any{"stage": c.Stage}}); err != nil {
				return err
			}
		}
	}
	conv.State = store.Ended
	if err := tx.UpdateConversation(conv); err != nil {
		return err
	}
	if err := e.refresh(tx, now, conv.Case); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: "closed", Actor: "time", Channel: conv.Channel, Conversation: conv.ID})
}

// errAgain says that something changed between reading and writing.
var errAgain = errors.New("changed meanwhile")

// gathered decides on what a customer said within a few seconds. The texts are
// read outside the transaction; if another came in meanwhile, they are read again.
func (e *Engine) gathered(ctx context.Context, now time.Time, t store.Timer) error {
	for {
		var before []store.Message
		var conv store.Conversation
		if err := e.db.Read(ctx, func(s *store.Snapshot) (err error) {
			if before, err = s.Pending(t.Conversation); err == nil {
				conv, err = s.Conversation(t.Conversation)
			}
			return err
		}); err != nil {
			return err
		}
		in := &incoming{now: now, messages: before}
		text := channels.Inbound{Keys: []string{fmt.Sprintf("conversation %d", t.Conversation)}, Channel: conv.Channel, Kind: channels.Message, Text: in.text()}
		in.reading, in.problem = e.read(&text), text.Problem
		err := e.db.Write(ctx, func(tx *store.Tx) error {
			there, err := tx.EndTimer(t.ID)
			if err != nil || !there {
				return err
			}
			pending, err := tx.Pending(t.Conversation)
			if err != nil || len(pending) == 0 {
				return err
			}
			if !slices.Equal(pending, before) {
				return errAgain
			}
			if err := e.resume(tx, in, t.Conversation); err != nil {
				return err
			}
			return e.judge(tx, in)
		})
		if err != errAgain {
			return err
		}
	}
}

// resume gathers around recorded messages what Receive knew of them.
func (e *Engine) resume(tx *store.Tx, in *incoming, conversation int64) (err error) {
	last := in.messages[len(in.messages)-1]
	in.arrived, in.ledger = in.messages[0].At, last.Ledger
	if in.conv, err = tx.Conversation(conversation); err != nil {
		return err
	}
	if in.thread, err = tx.Thread(last.Thread); err != nil {
		return err
	}
	if in.identity, err = tx.Identity(last.Identity); err != nil {
		return err
	}
	in.from = channels.Person{Kind: in.identity.Kind, Address: in.identity.Address, Name: in.identity.Name}
	in.answerTo = in.from // channels that gather have no other address for answers
	if in.ref, err = tx.RefOf(last.ID); err != nil {
		return err
	}
	files, err := e.filesOf(tx, in)
	in.files = len(files)
	return err
}

// runTimers sleeps to the earliest timer until ctx ends.
func (e *Engine) runTimers(ctx context.Context) error {
	for ctx.Err() == nil {
		next, err := e.Tick(ctx, time.Now())
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			e.log.Error("timers wait for the database", "err", err)
			next = time.Now().Add(5 * time.Second)
		}
		waitFor(ctx, e.timers, next)
	}
	return ctx.Err()
}

// waitFor waits for a kick, or until a time; a zero time is never.
func waitFor(ctx context.Context, kick <-chan struct{}, until time.Time) {
	var alarm <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case <-ctx.Done():
	case <-kick:
	case <-alarm:
	}
}
