package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"frontdesk/channels"
	"frontdesk/channels/mail"
	"frontdesk/channels/mail/mailtest"
	"frontdesk/store"
)

func (a *app) demo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "See a short day of a support desk, with nothing to set up",
		Long: `demo runs the whole product in this one process: a mail server of its own, the
sample FAQ, a temporary database. It plays a short day aloud: questions in Chinese
and English, a complaint, a hard question and an agent's answer. Where there is a
terminal, you can then write as a customer or as an agent; otherwise it ends.

Nothing leaves this process, and nothing is left behind.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &demo{app: a}
			return d.run(cmd.Context())
		},
	}
}

// demo is the product beside a mail server of its own.
type demo struct {
	*app
	world *mailtest.World
	house *house
	cfg   *Config
	shown int
	count int
	last  map[string]string // by address: the newest mail there
	agent string            // the newest hand-over
}

func (d *demo) run(ctx context.Context) (err error) {
	began := time.Now()
	dir, done, err := tempDir()
	if err != nil {
		return err
	}
	defer done()
	if err := d.open(ctx, dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.house.db.Close(), d.world.Close()) }()
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.house.run(running) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	fmt.Fprintf(d.out, "Frontdesk is up after %v: a mailbox, the sample FAQ with %d entries, an empty database.\n",
		time.Since(began).Round(time.Millisecond), len(d.house.faq.Index().Entries()))
	if err := d.day(ctx); err != nil {
		return err
	}
	if !interactive(d.in, d.out) {
		fmt.Fprintln(d.out, "\nThat was the demo. In a terminal you could go on yourself; `frontdesk ask` and `frontdesk chat` need no set-up either.")
		return nil
	}
	return d.prompt(ctx)
}

// open sets everything up in dir.
func (d *demo) open(ctx context.Context, dir string) (err error) {
	if d.cfg, err = sampleConfig(dir); err != nil {
		return err
	}
	d.last = map[string]string{}
	if d.world, err = mailtest.New("acme.example", mailtest.Options{}); err != nil {
		return err
	}
	d.world.Account("support", "demo")
	level := slog.LevelError
	if d.verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(d.err, &slog.HandlerOptions{Level: level}))
	c, err := engineConfig(d.cfg)
	if err != nil {
		return err
	}
	for _, ch := range d.cfg.Channels {
		ch.Observe, ch.FromNow = false, false
		one, err := mailChannel(d.cfg, ch, Secrets{}, log)
		if err != nil {
			return err
		}
		reader := mail.Reader{Channel: ch.Name, Own: []string{ch.Mail.Address}}
		one.Source, err = mail.NewSource(ch.Name, mail.IMAPConfig{Host: "127.0.0.1", Port: 143, TLS: mail.TLSNone, User: "support", Password: "demo", Dial: d.world.Dial}, reader.Read, log)
		if err != nil {
			return err
		}
		one.Sender, err = mail.NewSender(ch.Name, mail.SMTPConfig{Host: "127.0.0.1", Port: 25, TLS: mail.TLSNone, Address: ch.Mail.Address, Company: d.cfg.Company.Name, Dial: d.world.Dial}, log)
		if err != nil {
			return err
		}
		c.Channels[ch.Name] = one
	}
	d.house, err = build(ctx, d.cfg, c, log)
	return err
}

// day plays the scenes.
func (d *demo) day(ctx context.Context) error {
	m := d.cfg.Channels[0].Mail
	desk, complaints := m.Staff, m.Complaints
	agent := d.cfg.Staff[len(d.cfg.Staff)-1]
	for _, scene := range []struct {
		title, from, subject, text string
		answer                     string // to the newest mail there
		wait                       []string
	}{
		{"A question in Chinese", "wang@customers.example", "上班时间", "您好，请问你们周末上班吗？\n\n王芳", "", []string{"wang@customers.example"}},
		{"A question in English", "tom@customers.example", "My order", "Hello,\n\nwhere can I see the status of my order?\n\nBest regards,\nTom", "", []string{"tom@customers.example"}},
		{"A complaint", "zhao@customers.example", "投诉", "我要投诉！你们的快递员态度很差，昨天下午把包裹扔在门口就走了。", "", []string{"zhao@customers.example", complaints}},
		{"A question that the FAQ does not answer", "tom@customers.example", "Bulk tuning", "Can you tune forty pianos in one week in March?", "", []string{"tom@customers.example", desk}},
		{agent.Name + " answers the hand-over, by mail", agent.Mail, "", "Yes, with two weeks' notice. Which week in March would suit you?\n\n-- \n" + agent.Name + ", extension 4711", desk, []string{"tom@customers.example"}},
	} {
		fmt.Fprintf(d.out, "\n━━ %s ━━\n", scene.title)
		if err := d.send(scene.from, scene.subject, scene.text, scene.answer); err != nil {
			return err
		}
		if err := d.waitFor(ctx, scene.wait); err != nil {
			return err
		}
	}
	return d.house.db.Read(ctx, func(s *store.Snapshot) error {
		all, err := s.Dispositions()
		if err != nil {
			return err
		}
		cases, err := s.Cases(true, 0)
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "\n━━ The records ━━\n%d mails came in, all in the ledger; %d cases:\n", all[store.Taken], len(cases))
		for _, c := range cases {
			fmt.Fprintf(d.out, "  #%d  %-9s %-13s owner %-7s %s\n", c.ID, c.Kind, c.Stage, c.Owner, short(c.Title, 50))
		}
		return nil
	})
}

// send puts a mail into the support mailbox; answer names the address whose
// newest mail it answers.
func (d *demo) send(from, subject, text, answer string) error {
	d.count++
	refs := ""
	if id := d.last[answer]; id != "" {
		refs = fmt.Sprintf("In-Reply-To: <%s>\r\nReferences: <%s>\r\n", id, id)
	}
	fmt.Fprintf(d.out, "\n✉  %s → %s\n%s", from, d.cfg.Channels[0].Mail.Address, indented(text))
	raw := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <demo-%d@customers.example>\r\nDate: %s\r\n%sContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		from, d.cfg.Channels[0].Mail.Address, mime.BEncoding.Encode("utf-8", subject), d.count, time.Now().Format(time.RFC1123Z), refs, strings.ReplaceAll(text, "\n", "\r\n"))
	return d.world.Deliver("support", []byte(raw))
}

// waitFor shows mails as they are sent, until each of these addresses has got
// one.
func (d *demo) waitFor(ctx context.Context, to []string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for len(to) > 0 {
		mails, err := d.world.WaitMails(ctx, d.shown+1)
		if err != nil {
			return fmt.Errorf("no mail to %s: %w", strings.Join(to, ", "), err)
		}
		m := mails[d.shown]
		d.shown++
		d.show(m)
		to = slices.DeleteFunc(to, func(a string) bool { return slices.Contains(m.To, a) })
	}
	return nil
}

func (d *demo) show(m mailtest.Mail) {
	d.last[m.To[0]] = m.MessageID
	reader := mail.Reader{Channel: "demo"}
	in := reader.Read(channels.Bytes(m.Raw))
	text := in.Full
	if text == "" {
		text = in.Text
	}
	mark := "↩ "
	for _, ch := range d.cfg.Channels {
		if m.To[0] == ch.Mail.Staff || m.To[0] == ch.Mail.Complaints {
			mark, d.agent = "⚑ ", m.MessageID
		}
	}
	fmt.Fprintf(d.out, "\n%s %s → %s   %s\n%s", mark, in.From.Name, strings.Join(m.To, ", "), in.Subject, indented(text))
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

// prompt lets somebody write as a customer or as an agent.
func (d *demo) prompt(ctx context.Context) error {
	agent := d.cfg.Staff[len(d.cfg.Staff)-1]
	fmt.Fprintf(d.out, `
Now you. A line is a mail from you@customers.example to %s. A line that begins
with "agent: " is %s's answer to the newest hand-over (try "agent: note: …" or
"agent: resolve: …"). Ctrl-D ends.
`, d.cfg.Channels[0].Mail.Address, agent.Name)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lines := make(chan string)
	go func() { // it ends with the process: a read from a terminal cannot be called off
		defer close(lines)
		for s := bufio.NewScanner(d.in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	more := make(chan struct{})
	go func() {
		defer close(more)
		for n := d.shown; ; n++ {
			if _, err := d.world.WaitMails(ctx, n+1); err != nil {
				return
			}
			select {
			case more <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		fmt.Fprint(d.out, "\n> ")
		select {
		case <-ctx.Done():
			return nil
		case <-more:
			for ; d.shown < len(d.world.Mails()); d.shown++ {
				d.show(d.world.Mails()[d.shown])
			}
		case line, ok := <-lines:
			if !ok {
				fmt.Fprintln(d.out)
				return nil
			}
			from, to := "you@customers.example", "you@customers.example"
			if text, found := strings.CutPrefix(line, "agent:"); found {
				from, line, to = agent.Mail, strings.TrimSpace(text), "hand-over"
				d.last[to] = d.agent
			}
			if strings.TrimSpace(line) == "" {
				continue
			}
			if err := d.send(from, "Hello", line, to); err != nil {
				return err
			}
		}
	}
}
