package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"frontdesk/bot"
	"frontdesk/faq"
	"frontdesk/store"
)

// envAs names who acts, for commands without --as.
const envAs = "FRONTDESK_AS"

// asFlag adds --as to a command that somebody must answer for.
func asFlag(cmd *cobra.Command, as *string) *cobra.Command {
	cmd.Flags().StringVar(as, "as", "", "who acts: a `name` of the staff list; default $"+envAs)
	return cmd
}

// staffMember returns who acts.
func staffMember(cfg *Config, as string) (StaffMember, error) {
	as = strings.TrimSpace(cmp.Or(as, os.Getenv(envAs)))
	var names []string
	for _, m := range cfg.Staff {
		if strings.EqualFold(m.Name, as) || strings.EqualFold(m.Mail, as) {
			return m, nil
		}
		names = append(names, m.Name)
	}
	if as == "" {
		return StaffMember{}, fmt.Errorf("say who you are: add --as NAME, or set %s; on the staff list are %s", envAs, strings.Join(names, ", "))
	}
	return StaffMember{}, fmt.Errorf("%q is not on the staff list of %s: there are %s", as, cfg.File, strings.Join(names, ", "))
}

// withEngine opens the database with an engine that runs nothing: what it puts
// into the outbox is sent by serve. It needs no password, and the FAQ only where
// messages are read.
func (a *app) withEngine(ctx context.Context, reads bool, fn func(*Config, *bot.Engine, *store.DB) error) error {
	cfg, err := a.loadWithDatabase()
	if err != nil {
		return err
	}
	c, err := engineConfig(cfg)
	if err != nil {
		return err
	}
	for _, o := range cfg.Operators {
		c.Operators = append(c.Operators, mailbox(o))
	}
	log := a.logger()
	for _, ch := range cfg.Channels {
		if ch.Slack != nil {
			c.Channels[ch.Name], err = slackChannel(ch, withoutTokens(ch.Slack), log)
		} else {
			c.Channels[ch.Name], err = mailChannel(cfg, ch, Secrets{}, log)
		}
		if err != nil {
			return err
		}
	}
	index := func() *faq.Index { return nil }
	if reads {
		x, err := a.loadFAQ(ctx, cfg, cfg.FAQ)
		if err != nil {
			return err
		}
		index = func() *faq.Index { return x }
	}
	db, err := store.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	e, err := bot.New(c, db, index, log)
	if err == nil {
		err = fn(cfg, e, db)
	}
	return errors.Join(err, db.Close())
}

// loadWithDatabase reads the configuration and looks whether its database is there.
func (a *app) loadWithDatabase() (*Config, error) {
	cfg, err := a.load()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(cfg.Database); err != nil {
		return nil, fmt.Errorf("there is no database yet (%w): run `frontdesk serve` first", err)
	}
	return cfg, nil
}

// words returns a text that stands on the command line behind the number, or else
// on stdin: where it is "-", and where it is needed but not given.
func (a *app) words(args []string, needed bool) (string, error) {
	switch {
	case len(args) > 1 && args[1] != "-":
		return args[1], nil
	case len(args) < 2 && !needed:
		return "", nil
	}
	const most = 1 << 20
	b, err := io.ReadAll(io.LimitReader(a.in, most+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read the text: %w", err)
	case len(b) > most:
		return "", errors.New("the text is longer than a megabyte")
	case strings.TrimSpace(string(b)) == "":
		return "", errors.New(`there is no text: write it in quotes behind the number, or give it on stdin`)
	}
	return string(b), nil
}

// lookBack reads how far to look back: 24h, 90m, or in days 7d.
func lookBack(s string) (time.Duration, error) {
	text := s
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days+"|", "%d|", &n); err == nil {
			text = fmt.Sprintf("%dh", 24*n)
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no span of time: write it like 90m, 24h or 7d", s)
	}
	return d, nil
}
