package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// How long a stop may take: what is being sent may end by itself, is then cut
// off, and has a moment to record that.
const (
	stopLimit  = 8 * time.Second
	stopMoment = 750 * time.Millisecond
)

// Run runs sources, deliveries, timers and alarms until ctx ends, and then stops
// in reverse order of the way of a message: sources first, so that nothing new is
// begun; then timers and deliveries, which finish what is under way. That takes at
// most nine seconds: what is being sent after eight is cut off, and its outcome is
// unknown until the next start. Senders that are io.Closers are closed at the end.
// One sick channel never stops another: a source that cannot go on is reported as
// fatal.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.settleStart(ctx); err != nil {
		return fmt.Errorf("start of channels: %w", err)
	}
	if err := e.settleAlarms(ctx); err != nil {
		return fmt.Errorf("start of alarms: %w", err)
	}
	if err := e.settleJobs(ctx); err != nil {
		return fmt.Errorf("start of jobs: %w", err)
	}
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	hard, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var out, in sync.WaitGroup
	out.Go(func() { e.over("timers", e.runTimers(inner)) })
	out.Go(func() { e.over("alarms", e.runAlarms(inner)) })
	for loop := range e.jobs {
		out.Go(func() { e.over("jobs "+loop.channel, e.runJobs(inner, loop.channel, loop.files)) })
	}
	for name, ch := range e.cfg.Channels {
		if ch.Sender != nil {
			out.Go(func() { e.over("outbox "+name, e.runOutbox(inner, hard, name)) })
		}
		if ch.Source != nil {
			in.Go(func() { e.runSource(ctx, name, ch.Source) })
		}
	}
	<-ctx.Done()
	late := time.AfterFunc(stopLimit, cut)
	defer late.Stop()
	select {
	case <-ended(&in):
	case <-hard.Done():
		e.log.Error("a source did not stop in time")
	}
	stop()
	done := ended(&out)
	select {
	case <-done:
	case <-hard.Done():
		select {
		case <-done:
		case <-time.After(stopMoment):
			e.log.Error("a delivery did not stop in time; the next start will find it")
		}
	}
	for name, ch := range e.cfg.Channels {
		if c, ok := ch.Sender.(io.Closer); ok {
			if err := c.Close(); err != nil {
				e.log.Warn("sender not closed", "channel", name, "err", err)
			}
		}
	}
	return ctx.Err()
}

// ended returns a channel that is closed when wg is done.
func ended(wg *sync.WaitGroup) <-chan struct{} {
	c := make(chan struct{})
	go func() {
		defer close(c)
		wg.Wait()
	}()
	return c
}

func (e *Engine) over(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		e.log.Error("stopped", "what", what, "err", err)
	}
}

// runSource starts a source where its messages ended. A panic in it starts it
// again: what it had not handed over, it will present again.
func (e *Engine) runSource(ctx context.Context, name string, src channels.Source) {
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, time.Minute) {
		err := e.trySource(ctx, name, src)
		if ctx.Err() != nil {
			return
		}
		var panicked *store.PanicError
		if err != nil && !errors.As(err, &panicked) && !store.Unavailable(err) {
			e.Report(ctx, channels.Health{Channel: name, State: channels.Fatal, Reason: err.Error(), At: time.Now()})
			return
		}
		e.failure("source starts again", err, "channel", name)
		waitFor(ctx, nil, time.Now().Add(wait))
	}
}

func (e *Engine) trySource(ctx context.Context, name string, src channels.Source) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = store.Recovered(v)
		}
	}()
	now := time.Now()
	var cursors map[string]string
	if err := e.db.Write(ctx, func(tx *store.Tx) (err error) {
		if cursors, err = tx.Cursors(name); err != nil || cursors[channels.Begun] != "" {
			return err
		}
		cursors[channels.Begun] = now.UTC().Format(time.RFC3339)
		return tx.SetCursor(name, channels.Begun, cursors[channels.Begun], now)
	}); err != nil {
		return err
	}
	return src.Run(ctx, cursors, e)
}
