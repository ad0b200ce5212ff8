package bot

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"frontdesk/channels"
	"frontdesk/faq"
	"frontdesk/store"
)

// Engine is the conversation engine. Its methods may be called concurrently.
type Engine struct {
	cfg   Config
	db    *store.DB
	index func() *faq.Index
	log   *slog.Logger

	timers  chan struct{}            // kicks the loop of tick.go; size 1
	outbox  map[string]chan struct{} // kicks the loops of deliver.go, by channel; size 1
	healthM sync.Mutex
	health  map[string]channels.Health
}

// New returns an engine. index gives the FAQ as it is at the moment. The
// database stays the caller's to close, after Run has returned.
func New(cfg Config, db *store.DB, index func() *faq.Index, log *slog.Logger) (*Engine, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, db: db, index: index, log: log,
		timers: make(chan struct{}, 1), outbox: map[string]chan struct{}{}, health: map[string]channels.Health{}}
	for name := range cfg.Channels {
		e.outbox[name] = make(chan struct{}, 1)
	}
	return e, nil
}

// settleStart gives the channels that start "now" the moment when they first ran.
func (e *Engine) settleStart(ctx context.Context) error {
	return e.db.Write(ctx, func(tx *store.Tx) error {
		for name, ch := range e.cfg.Channels {
			if !ch.FromNow {
				continue
			}
			v, err := tx.Setting("start:" + name)
			if err != nil {
				return err
			}
			if v == "" {
				v = time.Now().UTC().Format(time.RFC3339Nano)
				if err := tx.SetSetting("start:"+name, v); err != nil {
					return err
				}
			}
			if ch.Start, err = time.Parse(time.RFC3339Nano, v); err != nil {
				return fmt.Errorf("setting start:%s: %w", name, err)
			}
			e.cfg.Channels[name] = ch
		}
		return nil
	})
}

// kick wakes the loops after a commit. A kick that finds one waiting is enough.
func (e *Engine) kick() {
	wake(e.timers)
	for _, c := range e.outbox {
		wake(c)
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Report takes a channel's state; a change of it is logged and becomes an event.
func (e *Engine) Report(ctx context.Context, h channels.Health) {
	e.healthM.Lock()
	before := e.health[h.Channel]
	e.health[h.Channel] = h
	e.healthM.Unlock()
	if before.State == h.State && before.Reason == h.Reason {
		return
	}
	e.log.Info("channel", "channel", h.Channel, "state", h.State, "reason", h.Reason)
	if before.State == h.State {
		return
	}
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(store.Event{At: h.At, Kind: "channel", Actor: "channel", Channel: h.Channel,
			Data: map[string]any{"state": h.State, "reason": h.Reason}})
	})
	if err != nil && ctx.Err() == nil {
		e.log.Error("channel state not recorded", "channel", h.Channel, "err", err)
	}
}

// Health returns what the channels reported last.
func (e *Engine) Health() map[string]channels.Health {
	e.healthM.Lock()
	defer e.healthM.Unlock()
	all := map[string]channels.Health{}
	for k, v := range e.health {
		all[k] = v
	}
	return all
}

// token returns a name that nobody can guess.
func token() string { return strings.ToLower(rand.Text()) }
