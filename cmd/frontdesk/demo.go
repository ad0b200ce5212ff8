package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"frontdesk/bot"
	"frontdesk/faq"
	"frontdesk/store"
)

func (a *app) demo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "See a short day of a support desk, with nothing to set up",
		Long: `demo runs the whole product in this one process: a mail server and a Slack
workspace of its own, the sample FAQ, a temporary database. It plays a short day
aloud. By mail: questions in Chinese and English, a complaint, a hard question and an
agent's answer. In Slack: a customer of another company who is not helped by the
FAQ, two agents who talk about it below the case's card, the answer, and a complaint
that goes on in private.

Where there is a terminal, you can then write as a customer, by mail or in Slack, or
as an agent; otherwise it ends.

Nothing leaves this process, and nothing is left behind.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// A terminal that is closed says so twice; nothing is left behind then either.
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP)
			defer stop()
			d := &demo{app: a}
			return d.run(ctx, d.mailDay, d.slackDay, d.records, d.afterwards)
		},
	}
}

// demo is the product beside a mail server and a Slack workspace of its own.
type demo struct {
	*app
	cfg     *Config
	house   *house
	mail    demoMail
	slack   demoSlack
	newest  func(text string) error // answers the newest hand-over; nil if there is none
	changed chan struct{}           // full when there may be something new to show
}

// demoLimit is how long one thing in the demo may take before it has failed.
const demoLimit = time.Minute

// run starts everything, does the parts, and stops everything.
func (d *demo) run(ctx context.Context, parts ...func(context.Context) error) (err error) {
	began := time.Now()
	dir, done, err := tempDir()
	if err != nil {
		return err
	}
	defer done()
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.open(ctx, dir); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.house.run(running) }()
	watched := make(chan error, 1) // it is never satisfied, so that it ends with running
	go func() { watched <- d.slack.Wait(running, func() bool { d.change(); return false }) }()
	defer func() {
		stop()
		<-watched
		err = errors.Join(err, <-ended)
	}()
	if err := d.slack.ready(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "Frontdesk is up after %v: a mailbox, a Slack workspace, the sample FAQ with %d entries, an empty database.\nStaff read Chinese here, the first language of the sample configuration.\n",
		time.Since(began).Round(time.Millisecond), len(d.house.faq.Index().Entries()))
	for _, part := range parts {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// afterwards lets people go on themselves, where there are any.
func (d *demo) afterwards(ctx context.Context) error {
	if !interactive(d.in, d.out) {
		fmt.Fprintln(d.out, "\nThat was the demo. In a terminal you could go on yourself; `frontdesk ask` and `frontdesk chat` need no set-up either.")
		return nil
	}
	return d.prompt(ctx)
}

// open sets everything up in dir.
func (d *demo) open(ctx context.Context, dir string) (err error) {
	if err := d.openMail(); err != nil {
		return err
	}
	if err := d.openSlack(); err != nil {
		return err
	}
	if d.cfg, err = sampleConfig(dir, d.slack.config()); err != nil {
		return err
	}
	level := slog.LevelError
	if d.verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(d.err, &slog.HandlerOptions{Level: level}))
	for i := range d.cfg.Staff {
		d.cfg.Staff[i].Slack = d.slack.staff[d.cfg.Staff[i].Name].Identity()
	}
	c, err := engineConfig(d.cfg)
	if err != nil {
		return err
	}
	for _, ch := range d.cfg.Channels {
		ch.Observe, ch.FromNow = false, false
		open := d.mailChannel
		if ch.Slack != nil {
			open = d.slackChannel
		}
		var one bot.Channel
		if one, err = open(ch, log); err != nil {
			return err
		}
		c.Channels[ch.Name] = one
	}
	if d.house, err = build(ctx, d.cfg, c, faq.Cache{}, log); err != nil {
		return err
	}
	d.changed = make(chan struct{}, 1)
	d.house.db.OnCommit(func(time.Duration, error) { d.change() })
	return nil
}

// change says that there may be something new to show.
func (d *demo) change() {
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// settle waits until ok holds, nothing waits to be sent and nothing is being sent.
// What is seen before is not recorded as sent yet, and the bot would not know which
// message a button or an answer belongs to.
func (d *demo) settle(ctx context.Context, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	for {
		there := ok()
		idle, err := d.idle(ctx)
		if err != nil || there && idle {
			return err
		}
		select {
		case <-d.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// idle reports whether nothing waits to be sent, and nothing is being sent.
func (d *demo) idle(ctx context.Context) (idle bool, err error) {
	err = d.house.db.Read(ctx, func(s *store.Snapshot) error {
		for _, state := range []string{store.Queued, store.Sending} {
			some, err := s.Outbox(state, 1)
			if err != nil || len(some) > 0 {
				return err
			}
		}
		idle = true
		return nil
	})
	return idle, err
}

func (d *demo) close() error {
	var errs []error
	if d.house != nil {
		errs = append(errs, d.house.db.Close())
	}
	if d.mail.World != nil {
		errs = append(errs, d.mail.Close())
	}
	if d.slack.World != nil {
		errs = append(errs, d.slack.Close())
	}
	return errors.Join(errs...)
}

func (d *demo) scene(title string) { fmt.Fprintf(d.out, "\n━━ %s ━━\n", title) }

// records shows what the database has kept of the day.
func (d *demo) records(ctx context.Context) error {
	d.scene("The records")
	return d.house.db.Read(ctx, func(s *store.Snapshot) error {
		came := map[string]int{}
		for _, ch := range d.cfg.Channels {
			all, err := s.Ledger(store.Taken, ch.Name, 0)
			if err != nil {
				return err
			}
			came[ch.Type] += len(all)
		}
		cases, err := s.Cases(true, 0)
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "%d mails and %d messages and presses of buttons in Slack came in, all in the ledger; %d cases:\n",
			came["mail"], came["slack"], len(cases))
		for _, c := range cases {
			fmt.Fprintf(d.out, "  #%d  %-9s %-9s %-13s owner %-7s %s\n", c.ID, c.Channel, c.Kind, c.Stage, c.Owner, short(c.Title, 50))
		}
		return nil
	})
}

func indented(text string) string {
	var b strings.Builder
	for _, l := range strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")), "\n") {
		b.WriteString(strings.TrimRight("   │ "+l, " ") + "\n")
	}
	return b.String()
}

func interactive(in io.Reader, out io.Writer) bool {
	i, ok := in.(*os.File)
	o, ok2 := out.(*os.File)
	return ok && ok2 && term.IsTerminal(int(i.Fd())) && term.IsTerminal(int(o.Fd()))
}
