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

	timers   chan struct{}             // kicks the loop of tick.go; size 1
	outbox   map[string]chan struct{}  // kicks the loops of deliver.go, by channel; size 1
	jobs     map[jobLoop]chan struct{} // kicks the loops of jobs.go; size 1
	watchman chan struct{}             // kicks the loop of alarm.go; size 1
	sources  []string                  // names of the channels that are read

	healthM sync.Mutex
	health  map[string]channels.Health
	success map[string]time.Time // by channel: when reading it last worked
	told    map[string]bool      // incidents that the operators know of

	seenEvent int64 // the loop of alarm.go has seen the events up to here
}

// New returns an engine. index gives the FAQ as it is at the moment. The
// database stays the caller's to close, after Run has returned.
func New(cfg Config, db *store.DB, index func() *faq.Index, log *slog.Logger) (*Engine, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, db: db, index: index, log: log,
		timers: make(chan struct{}, 1), outbox: map[string]chan struct{}{}, jobs: map[jobLoop]chan struct{}{}, watchman: make(chan struct{}, 1),
		health: map[string]channels.Health{}, success: map[string]time.Time{}}
	for _, name := range cfg.channelNames() {
		e.outbox[name] = make(chan struct{}, 1)
		if cfg.Channels[name].Source != nil {
			e.sources = append(e.sources, name)
		}
		_, files := cfg.Channels[name].Source.(channels.Fetcher)
		_, people := cfg.Channels[name].Source.(channels.Directory)
		if files {
			e.jobs[jobLoop{name, true}] = make(chan struct{}, 1)
		}
		if people {
			e.jobs[jobLoop{name, false}] = make(chan struct{}, 1)
		}
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
				v = time.Now().UTC().Truncate(time.Second).Format(time.RFC3339Nano) // mail servers tell whole seconds
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
	for _, c := range e.jobs {
		wake(c)
	}
}

// Kick makes the loops of a running engine look again: another process has
// written to the database.
func (e *Engine) Kick() {
	e.kick()
	wake(e.watchman)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// token returns a name that nobody can guess.
func token() string { return strings.ToLower(rand.Text()) }
