package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"frontdesk/channels/mail"
	"frontdesk/channels/slack"
)

func (a *app) doctor() *cobra.Command {
	var noRoundTrip bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Try everything for real, and say what to do about what fails",
		Long: `doctor tries everything that serve needs, for real: it reads the configuration, the
passwords, the FAQ and the texts, writes to the disk and to the database (and undoes
it), connects to the mail servers, logs in, opens the folder, asks the server whether
it takes mail for your staff, and sends a mail from the support address to itself and
waits until it arrives (--no-roundtrip leaves that out). In Slack it looks whether the
tokens are right and allow what is needed, connects, and looks who reads in the
channels of your staff; it writes nothing there.

Each line says what was tried and how long it took:

    ok     it works
    warn   it works, but somebody should look at it
    fail   it does not work; the next line says what to do
    skip   it could not be tried, because something above failed

It changes nothing in the mailbox except for that one mail, which the bot knows as its
own and never answers. It may run beside serve. The exit code is 1 if anything failed,
else 0.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := newDoctor(a)
			d.roundTrip = !noRoundTrip
			return d.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&noRoundTrip, "no-roundtrip", false, "send no mail")
	return a.jsonFlag(cmd)
}

// What a check can come to.
const (
	statusOK   = "ok"
	statusWarn = "warn"
	statusFail = "fail"
	statusSkip = "skip"
)

// finding is what one check came to, in an operator's words.
type finding struct {
	Check   string   `json:"check"`
	Channel string   `json:"channel,omitempty"`
	Status  string   `json:"status"`
	Found   string   `json:"found"`
	More    []string `json:"more,omitempty"` // each thing that was found, where there are several
	Do      string   `json:"do,omitempty"`
	Millis  int64    `json:"ms"`
	took    time.Duration
}

func good(format string, args ...any) finding {
	return finding{Status: statusOK, Found: fmt.Sprintf(format, args...)}
}

func warn(do, format string, args ...any) finding {
	return finding{Status: statusWarn, Do: do, Found: fmt.Sprintf(format, args...)}
}

func fail(do, format string, args ...any) finding {
	return finding{Status: statusFail, Do: do, Found: fmt.Sprintf(format, args...)}
}

func skip(format string, args ...any) finding {
	return finding{Status: statusSkip, Found: fmt.Sprintf(format, args...)}
}

// doctor is one examination. What a check finds out and a later one needs is in
// its fields; nothing is there that could not be tried.
type doctor struct {
	*app
	roundTrip bool
	patience  time.Duration // for each step of talking to a server; some let one wait after wrong passwords
	arrival   time.Duration // for the marked mail
	now       func() time.Time
	free      func(dir string) (bytes uint64, err error)
	imap      func(*mail.IMAPConfig) // last changes to how a server is reached
	smtp      func(*mail.SMTPConfig)
	slack     func(*slack.Config)

	cfg      *Config
	secrets  Secrets
	fresh    bool // there is no database yet
	running  bool // a serve is using it
	times    []foreignTime
	findings []finding
	stuck    bool // a check did not end
}

func newDoctor(a *app) *doctor {
	return &doctor{app: a, roundTrip: true, patience: 20 * time.Second, arrival: time.Minute, now: time.Now, free: freeSpace,
		imap: func(*mail.IMAPConfig) {}, smtp: func(*mail.SMTPConfig) {}, slack: func(*slack.Config) {}}
}

func freeSpace(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// run makes all checks. Its error says how many failed.
func (d *doctor) run(ctx context.Context) error {
	began := time.Now()
	wall := d.now().Round(0) // without the monotonic reading
	if d.check(ctx, "configuration", d.configuration); !d.stuck && d.cfg != nil {
		d.check(ctx, "passwords", d.passwords)
		d.check(ctx, "faq", d.faq)
		d.check(ctx, "texts", d.texts)
		d.check(ctx, "disk", d.disk)
		d.check(ctx, "database", d.database)
		d.check(ctx, "serve", d.serving)
		if d.cfg.HTTP.Listen != "" {
			d.check(ctx, "monitoring", d.monitoring)
		}
		for _, ch := range d.cfg.Channels {
			if ch.Mail != nil && !d.stuck {
				d.mailChannel(ctx, ch)
			}
			if ch.Slack != nil && !d.stuck {
				d.slackChannel(ctx, ch)
			}
		}
		d.check(ctx, "sample values", d.samples)
	} else {
		d.tell(finding{Check: "everything else", Status: statusSkip, Found: "not tried: it stands in the configuration"})
	}
	d.check(ctx, "clock", func(context.Context) finding { return d.clock(wall, time.Since(began)) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return d.end()
}

// end prints what is left to be printed.
func (d *doctor) end() error {
	count := map[string]int{}
	for _, f := range d.findings {
		count[f.Status]++
	}
	if d.json {
		err := d.printJSON(struct {
			OK       bool      `json:"ok"`
			Findings []finding `json:"checks"`
		}{count[statusFail] == 0, d.findings})
		if err != nil {
			return err
		}
	}
	switch {
	case count[statusFail] > 0:
		return fmt.Errorf("%s failed", plural(count[statusFail], "check"))
	case d.json:
	case count[statusWarn] > 0:
		fmt.Fprintf(d.out, "\nEverything works; please look at %s.\n", plural(count[statusWarn], "warning"))
	default:
		fmt.Fprintln(d.out, "\nEverything works.")
	}
	return nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// checkTime is how long a check on this machine may take; those that talk to
// servers have limits of their own.
const checkTime = 30 * time.Second

// check makes one check and tells what it found. One that does not end is given
// up, not waited for, and the examination ends: a file system that hangs holds for
// ever whoever asks it.
func (d *doctor) check(ctx context.Context, name string, do func(context.Context) finding) {
	if ctx.Err() != nil || d.stuck {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	began := time.Now()
	result := make(chan finding, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				result <- fail("please report this", "the check itself broke: %v", v)
			}
		}()
		result <- do(ctx)
	}()
	var f finding
	select {
	case f = <-result:
	case <-time.After(checkTime + 5*time.Second):
		d.stuck = true // and may still write to what later checks read
		f = fail("see whether the disk or network share that it needs still answers", "no result after %v", checkTime+5*time.Second)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return // called off: it may have found nothing but that
	}
	f.Check, f.took = name, time.Since(began)
	d.tell(f)
}

// tell notes a finding and prints it.
func (d *doctor) tell(f finding) {
	f.Millis = f.took.Milliseconds()
	f.Found = printable(f.Found)
	for i, m := range f.More {
		f.More[i] = printable(m)
	}
	f.Do = printable(f.Do)
	d.findings = append(d.findings, f)
	if d.json {
		return
	}
	name := f.Check
	if f.Channel != "" {
		name = f.Channel + ": " + name
	}
	took := ""
	if f.Status != statusSkip {
		took = fmt.Sprintf("  (%v)", rough(f.took))
	}
	const indent = "       "
	fmt.Fprintf(d.out, "%-5s  %-22s  %s%s\n", f.Status, name, f.Found, took)
	for _, m := range f.More {
		fmt.Fprintln(d.out, indent+"- "+m)
	}
	if f.Do != "" {
		fmt.Fprintln(d.out, indent+"→ "+f.Do)
	}
}

// printable takes out what would steer a terminal: names and words of servers come
// from outside.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, s)
}

// rough is a duration as people say it.
func rough(t time.Duration) time.Duration {
	if t >= 10*time.Second {
		return t.Round(time.Second)
	}
	if t >= time.Second {
		return t.Round(100 * time.Millisecond)
	}
	return t.Round(time.Millisecond)
}

// problems makes a finding of an error that may have many lines.
func problems(err error, one, many string) finding {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	if e, isConfig := errors.AsType[*ConfigError](err); isConfig {
		lines = lines[:0]
		for _, p := range e.Problems {
			lines = append(lines, p.String())
		}
	}
	f := finding{Status: statusFail, Found: fmt.Sprintf(many, len(lines)), More: lines}
	if len(lines) == 1 {
		f.Found = cmp.Or(one, f.Found)
	}
	return f
}
