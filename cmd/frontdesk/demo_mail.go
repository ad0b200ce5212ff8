package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"mime"
	"slices"
	"strings"
	"time"

	"frontdesk/bot"
	"frontdesk/channels"
	"frontdesk/channels/mail"
	"frontdesk/channels/mail/mailtest"
)

// demoMail is the mail server of the demo, and what has been shown of it.
type demoMail struct {
	*mailtest.World
	own   *MailConfig // the support mailbox
	sent  int
	shown int
	last  map[string]string // by address: the newest mail there
}

func (d *demo) openMail() (err error) {
	d.mail.last = map[string]string{}
	if d.mail.World, err = mailtest.New("acme.example", mailtest.Options{}); err != nil {
		return err
	}
	d.mail.Account("support", "demo")
	return nil
}

// mailChannel is the support mailbox on the demo's own server.
func (d *demo) mailChannel(ch ChannelConfig, log *slog.Logger) (bot.Channel, error) {
	d.mail.own = ch.Mail
	one, err := mailChannel(d.cfg, ch, Secrets{}, log)
	if err != nil {
		return one, err
	}
	reader := mail.Reader{Channel: ch.Name, Own: []string{ch.Mail.Address}}
	one.Source, err = mail.NewSource(ch.Name, mail.IMAPConfig{Host: "127.0.0.1", Port: 143, TLS: mail.TLSNone, User: "support", Password: "demo", Dial: d.mail.Dial}, reader.Read, log)
	if err != nil {
		return one, err
	}
	one.Sender, err = mail.NewSender(ch.Name, mail.SMTPConfig{Host: "127.0.0.1", Port: 25, TLS: mail.TLSNone, Address: ch.Mail.Address, Company: d.cfg.Company.Name, Dial: d.mail.Dial}, log)
	return one, err
}

// mailDay plays the scenes by mail.
func (d *demo) mailDay(ctx context.Context) error {
	desk, complaints := d.mail.own.Staff, d.mail.own.Complaints
	agent := d.cfg.Staff[len(d.cfg.Staff)-1]
	for _, scene := range []struct {
		title, from, subject, text string
		answer                     string // to the newest mail there
		wait                       []string
	}{
		{"By mail: a question in Chinese", "wang@customers.example", "上班时间", "您好，请问你们周末上班吗？\n\n王芳", "", []string{"wang@customers.example"}},
		{"By mail: a question in English", "tom@customers.example", "My order", "Hello,\n\nwhere can I see the status of my order?\n\nBest regards,\nTom", "", []string{"tom@customers.example"}},
		{"By mail: a complaint", "zhao@customers.example", "投诉", "我要投诉！你们的快递员态度很差，昨天下午把包裹扔在门口就走了。", "", []string{"zhao@customers.example", complaints}},
		{"By mail: a question that the FAQ does not answer", "tom@customers.example", "Bulk tuning", "Can you tune forty pianos in one week in March?", "", []string{"tom@customers.example", desk}},
		{agent.Name + " answers the hand-over, by mail", agent.Mail, "", "Yes, with two weeks' notice. Which week in March would suit you?\n\n-- \n" + agent.Name + ", extension 4711", desk, []string{"tom@customers.example"}},
	} {
		d.scene(scene.title)
		if err := d.write(scene.from, scene.subject, scene.text, d.mail.last[scene.answer]); err != nil {
			return err
		}
		if err := d.mailsTo(ctx, scene.wait); err != nil {
			return err
		}
	}
	return nil
}

// write puts a mail into the support mailbox; answer is the id of the one that it
// answers.
func (d *demo) write(from, subject, text, answer string) error {
	d.mail.sent++
	refs := ""
	if answer != "" {
		refs = fmt.Sprintf("In-Reply-To: <%s>\r\nReferences: <%s>\r\n", answer, answer)
	}
	fmt.Fprintf(d.out, "\n✉  %s → %s\n%s", from, d.mail.own.Address, indented(text))
	raw := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <demo-%d@customers.example>\r\nDate: %s\r\n%sContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		from, d.mail.own.Address, mime.BEncoding.Encode("utf-8", subject), d.mail.sent, time.Now().Format(time.RFC1123Z), refs, strings.ReplaceAll(text, "\n", "\r\n"))
	return d.mail.Deliver("support", []byte(raw))
}

// mailsTo waits until each of these addresses has got a mail, and shows what was
// sent, in the order of to.
func (d *demo) mailsTo(ctx context.Context, to []string) error {
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	missing, n := slices.Clone(to), d.mail.shown
	for ; len(missing) > 0; n++ {
		mails, err := d.mail.WaitMails(ctx, n+1)
		if err != nil {
			return fmt.Errorf("no mail to %s: %w", strings.Join(missing, ", "), err)
		}
		missing = slices.DeleteFunc(missing, func(a string) bool { return slices.Contains(mails[n].To, a) })
	}
	came := slices.Clone(d.mail.Mails()[d.mail.shown:n])
	d.mail.shown = n
	slices.SortStableFunc(came, func(a, b mailtest.Mail) int { return cmp.Compare(slices.Index(to, a.To[0]), slices.Index(to, b.To[0])) })
	for _, m := range came {
		d.showMail(m)
	}
	return nil
}

func (d *demo) showMail(m mailtest.Mail) {
	d.mail.last[m.To[0]] = m.MessageID
	reader := mail.Reader{Channel: "demo"}
	in := reader.Read(channels.Bytes(m.Raw))
	mark := "↩ "
	if m.To[0] == d.mail.own.Staff || m.To[0] == d.mail.own.Complaints {
		mark = "⚑ "
		agent := d.cfg.Staff[len(d.cfg.Staff)-1]
		d.newest = func(text string) error { return d.write(agent.Mail, in.Subject, text, m.MessageID) }
	}
	fmt.Fprintf(d.out, "\n%s %s → %s   %s\n%s", mark, in.From.Name, strings.Join(m.To, ", "), in.Subject, indented(cmp.Or(in.Full, in.Text)))
}
