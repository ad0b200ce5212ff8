package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"frontdesk/store"

	"frontdesk/bot"
)

func (a *app) serve() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run: take messages in, answer, hand over",
		Long: `serve runs until it is stopped (Ctrl-C or SIGTERM): it reads the channels of the
configuration, answers, hands over to people, and sends.

It goes on where it stopped, also after a crash: nothing is lost and nothing is
answered twice. A second serve on the same database is refused. The FAQ is read
again when its files change, and on SIGHUP; a file with a mistake changes nothing. What
was learnt of a large FAQ is kept in DATABASE.faq, so that the next start is quicker;
that file may be deleted. Once there are 200 questions of customers, at the start and
then once a day, the probability from which answers go out is tuned to how well the FAQ
does on its own examples, and to how many of those questions have an answer in it.

It stops within ten seconds: what is being sent may end by itself for eight, is then
cut off, and is sent again at the next start under the same Message-ID.

With http: in the configuration it tells how it is: /healthz (it lives and the
database takes writes), /readyz (and every channel is being read, mail gets out,
there is an FAQ) and /metrics for Prometheus; and takes what comes in by HTTP, such as
the calls of Slack, at /in/CHANNEL. Let the world reach /in/ alone, by a reverse proxy
with a certificate. With operators: it tells them by mail
when something is wrong, and when it is over.`,
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
			figures := newMetrics()
			c.Observer, c.Alarm = figures, bot.Alarm(cfg.Alarm)
			for _, o := range cfg.Operators {
				c.Operators = append(c.Operators, mailbox(o))
			}
			for _, ch := range cfg.Channels {
				if ch.Slack != nil {
					c.Channels[ch.Name], err = slackChannel(ch, slackConfig(ch.Slack, secrets), log)
				} else {
					c.Channels[ch.Name], err = mailChannel(cfg, ch, secrets, log)
				}
				if err != nil {
					return err
				}
			}
			unlock, err := lock(cfg.Database)
			if err != nil {
				return err
			}
			defer unlock()
			cache := weights(cfg, log)
			cache.ReadOnly = false // no other serve can be here now
			h, err := build(cmd.Context(), cfg, c, cache, log)
			if err != nil {
				return err
			}
			h.db.OnCommit(figures.wrote)
			if cfg.HTTP.Listen != "" {
				l, err := listenHTTP(cfg.HTTP.Listen)
				if err != nil {
					return errors.Join(err, h.db.Close())
				}
				log.Info("monitoring", "listen", l.Addr())
				h.beside = append(h.beside, func(ctx context.Context) { newMonitor(h, cfg.Alarm, figures, handlers(cfg, c), log).run(ctx, l) })
			}
			h.faq.Use(a.served(cmd.Context(), cfg))
			h.beside = append(h.beside, h.tune)
			log.Info("ready", "database", cfg.Database, "entries", len(h.faq.Index().Entries()), "answers_from", h.answersFrom(), "took", time.Since(began).Round(time.Millisecond))
			debug.FreeOSMemory() // what reading the FAQ took is not needed again
			err = h.run(cmd.Context())
			log.Info("stopped")
			return errors.Join(err, h.close())
		},
	}
}

// closeLimit keeps the whole stop below ten seconds: what is written is safe
// whether or not the file is closed.
const closeLimit = time.Second

// close closes the database, unless another program's lock keeps that waiting.
func (h *house) close() error {
	closed := make(chan error, 1)
	go func() { closed <- h.db.Close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(closeLimit):
		return errors.New("another program holds the database, so it was not closed; nothing is lost")
	}
}

// run runs the engine and keeps the FAQ fresh until ctx ends.
func (h *house) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, f := range h.beside {
		g.Go(func() error { f(ctx); return nil })
	}
	g.Go(func() error { return h.Run(ctx) })
	g.Go(func() error { return h.faq.Run(ctx) })
	g.Go(func() error { return h.db.Watch(ctx, time.Second, h.Kick) }) // what other commands write
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
				_ = h.faq.Reload(ctx)
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
	if err := store.GiveTo(name, database); err != nil { // serve may run as somebody else
		f.Close()
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
