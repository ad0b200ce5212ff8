package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// Run runs sources, deliveries and timers until ctx ends, and then stops in
// reverse order of the way of a message: sources first, so that nothing new is
// begun; then timers and deliveries, which finish what is under way. One sick
// channel never stops another: a source that cannot go on is reported as fatal.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.settleStart(ctx); err != nil {
		return fmt.Errorf("start of channels: %w", err)
	}
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var out, in sync.WaitGroup
	out.Go(func() { e.ended("timers", e.runTimers(inner)) })
	for name, ch := range e.cfg.Channels {
		if ch.Sender != nil {
			out.Go(func() { e.ended("outbox "+name, e.runOutbox(inner, name)) })
		}
		if ch.Source != nil {
			in.Go(func() { e.runSource(ctx, name, ch.Source) })
		}
	}
	in.Wait()
	<-ctx.Done()
	stop()
	out.Wait()
	return ctx.Err()
}

func (e *Engine) ended(what string, err error) {
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
	var cursors map[string]string
	if err := e.db.Read(ctx, func(s *store.Snapshot) (err error) {
		cursors, err = s.Cursors(name)
		return err
	}); err != nil {
		return err
	}
	return src.Run(ctx, cursors, e)
}
