package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

func (a *app) serve() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run: take messages in, answer, hand over",
		Long: `serve runs until it is stopped (Ctrl-C or SIGTERM): it reads the channels of the
configuration, answers, hands over to people, and sends.

It goes on where it stopped, also after a crash: nothing is lost and nothing is
answered twice. A second serve on the same database is refused. The FAQ is read
again when its files change, and on SIGHUP; a file with a mistake changes nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			began := time.Now()
			cfg, err := a.load()
			if err != nil {
				return err
			}
			secrets, err := cfg.Secrets()
			if err != nil {
				return err
			}
			log := a.logger()
			c, err := engineConfig(cfg)
			if err != nil {
				return err
			}
			for _, ch := range cfg.Channels {
				if c.Channels[ch.Name], err = mailChannel(cfg, ch, secrets, log); err != nil {
					return err
				}
			}
			unlock, err := lock(cfg.Database)
			if err != nil {
				return err
			}
			defer unlock()
			h, err := build(cmd.Context(), cfg, c, log)
			if err != nil {
				return err
			}
			log.Info("ready", "database", cfg.Database, "entries", len(h.faq.Index().Entries()), "took", time.Since(began).Round(time.Millisecond))
			err = h.run(cmd.Context())
			log.Info("stopped")
			return errors.Join(err, h.db.Close())
		},
	}
}

// run runs the engine and keeps the FAQ fresh until ctx ends.
func (h *house) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.Run(ctx) })
	g.Go(func() error { return h.faq.Run(ctx) })
	g.Go(func() error {
		hup := make(chan os.Signal, 1)
		signal.Notify(hup, syscall.SIGHUP)
		defer signal.Stop(hup)
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-hup:
				// What went wrong is told by the callback; the old FAQ stays.
				_ = h.faq.Reload()
			}
		}
	})
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// lock makes sure that one process alone runs channels and timers on a database.
// It never locks the database file itself: SQLite's own locks live there.
func lock(database string) (unlock func(), err error) {
	name := database + ".lock"
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another frontdesk is already running on %s: stop that one first, or name another database", database)
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return func() { f.Close() }, nil
}
