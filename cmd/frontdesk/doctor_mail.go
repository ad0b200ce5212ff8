package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/channels/mail"
)

// This file checks a mailbox: its two servers, who can be reached through it, and
// whether what it sends arrives.

func (d *doctor) mailChannel(ctx context.Context, ch ChannelConfig) {
	m := ch.Mail
	tell := func(check string, took time.Duration, f finding) {
		f.Check, f.Channel, f.took = check, ch.Name, took
		d.tell(f)
	}
	in := mail.IMAPConfig{Host: m.IMAP.Host, Port: m.IMAP.Port, TLS: m.IMAP.TLS, ForcePlain: m.IMAP.Insecure,
		User: m.IMAP.User, Password: d.secrets.Of(m.IMAP.Password), Folder: m.IMAP.Folder, Timeout: d.patience}
	out := mail.SMTPConfig{Host: m.SMTP.Host, Port: m.SMTP.Port, TLS: m.SMTP.TLS, ForcePlain: m.SMTP.Insecure,
		User: m.SMTP.User, Password: d.secrets.Of(m.SMTP.Password), Address: m.Address, Company: d.cfg.Company.Name,
		Timeout: d.patience, SubmitTimeout: 6 * d.patience}
	d.imap(&in)
	d.smtp(&out)

	at := mailServer{"IMAP", "channels." + ch.Name + ".imap", m.IMAP.Host, m.IMAP.Port, m.IMAP.TLS, m.IMAP.User, m.IMAP.Password, d.patience}
	box := d.imapServer(ctx, at, in, tell)
	at = mailServer{"SMTP", "channels." + ch.Name + ".smtp", m.SMTP.Host, m.SMTP.Port, m.SMTP.TLS, m.SMTP.User, m.SMTP.Password, d.patience}
	sends := d.smtpServer(ctx, at, out, m, tell)

	switch {
	case ctx.Err() != nil:
		return
	case !d.roundTrip:
	case box == nil || !sends:
		tell("round trip", 0, skip("not tried: reading and sending must work first"))
	default:
		began := time.Now()
		f := d.trip(ctx, in, out, m)
		tell("round trip", time.Since(began), f)
	}
	tell("mode", 0, d.mode(ch, box))
}

// imapServer returns what it found out about the mailbox; nil if it could not be
// opened.
func (d *doctor) imapServer(ctx context.Context, at mailServer, cfg mail.IMAPConfig, tell func(string, time.Duration, finding)) *mail.IMAPReport {
	ctx, cancel := context.WithTimeout(ctx, 10*d.patience)
	defer cancel()
	from := d.now()
	r := mail.ProbeIMAP(ctx, cfg)
	if !d.approach(at, "imap", &r.Approach, from, tell) {
		return nil
	}
	if t := r.Trial(mail.StepLogin); t == nil {
		tell("imap login", 0, skip("not tried: the password is missing"))
		return nil
	} else if t.Err != nil {
		tell("imap login", t.Took, at.explain(t.Err))
		return nil
	} else {
		tell("imap login", t.Took, good("%s takes the password of %s", at.host, at.user))
	}
	t := r.Trial(mail.StepFolder)
	switch {
	case t.Err != nil:
		tell("imap folder", t.Took, at.explain(t.Err))
		return nil
	case r.Validity == 0:
		tell("imap folder", t.Took, warn("ask the server's keeper: without it the bot cannot know which mails it has read", "the server gives the folder %s no UIDVALIDITY", r.Folder))
		return r
	}
	told := "and new mail is told at once (IDLE)"
	if !r.Idle {
		told = "and new mail is looked for every minute, because the server has no IDLE"
	}
	server := ""
	if r.Server != "" {
		server = " on " + r.Server
	}
	tell("imap folder", t.Took, good("%s%s has %s, UIDVALIDITY %d, %s", r.Folder, server, plural(int(r.Messages), "mail"), r.Validity, told))
	return r
}

// approach tells how a server is reached, and whether it is.
func (d *doctor) approach(at mailServer, check string, a *mail.Approach, from time.Time, tell func(string, time.Duration, finding)) bool {
	var took time.Duration
	for _, t := range a.Trials {
		switch t.Step {
		case mail.StepSettings, mail.StepConnect, mail.StepTLS, mail.StepGreeting:
			took += t.Took
			if t.Err != nil {
				tell(check, took, at.explain(t.Err))
				return false
			}
		}
	}
	if !a.Date.IsZero() {
		d.times = append(d.times, foreignTime{at.where(), true, a.Date, from, d.now()})
	}
	switch left := a.CertEnds.Sub(d.now()); {
	case a.TLS == "":
		tell(check, took, good("%s answers, without TLS", at.where()))
	case left < 14*24*time.Hour:
		tell(check, took, warn("have it renewed before then", "%s answers over %s, but its certificate ends on %s", at.where(), a.TLS, a.CertEnds.Format(time.DateOnly)))
	default:
		tell(check, took, good("%s answers over %s, its certificate is valid until %s", at.where(), a.TLS, a.CertEnds.Format(time.DateOnly)))
	}
	return true
}

// smtpServer reports whether mail can be sent.
func (d *doctor) smtpServer(ctx context.Context, at mailServer, cfg mail.SMTPConfig, m *MailConfig, tell func(string, time.Duration, finding)) bool {
	people := d.people(m)
	ctx, cancel := context.WithTimeout(ctx, time.Duration(8+len(people))*d.patience)
	defer cancel()
	from := d.now()
	r := mail.ProbeSMTP(ctx, cfg, addresses(people)...)
	if !d.approach(at, "smtp", &r.Approach, from, tell) {
		return false
	}
	if at.user != "" {
		t := r.Trial(mail.StepLogin)
		switch {
		case t == nil:
			tell("smtp login", 0, skip("not tried: the password is missing"))
			return false
		case t.Err != nil:
			tell("smtp login", t.Took, at.explain(t.Err))
			return false
		}
		tell("smtp login", t.Took, good("%s takes the password of %s", at.host, at.user))
	}
	t := r.Trial(mail.StepSender)
	if to := r.Trial(mail.StepRecipient); to != nil {
		t = to
	}
	if t.Err != nil {
		tell("sender", t.Took, at.explain(t.Err))
	} else {
		tell("sender", t.Took, good("%s takes mail from %s, and for it", at.host, m.Address))
	}
	d.recipients(people, r, tell)
	return t.Err == nil
}

// person is an address that the bot will write to, and who that is.
type person struct{ address, who string }

// people are all whom the bot writes to of itself.
func (d *doctor) people(m *MailConfig) (all []person) {
	add := func(address, who string) {
		if address != "" && !slices.ContainsFunc(all, func(p person) bool { return p.address == address }) {
			all = append(all, person{address, who})
		}
	}
	add(m.Staff, "staff")
	add(m.Complaints, "complaints")
	for _, s := range d.cfg.Staff {
		add(s.Mail, s.Name)
	}
	for _, address := range d.cfg.Operators {
		add(address, "operators")
	}
	return all
}

func addresses(people []person) (all []string) {
	for _, p := range people {
		all = append(all, p.address)
	}
	return all
}

// recipients tells whether staff can be reached. A refusal is a warning: some
// servers say more to a whole mail than to a question.
func (d *doctor) recipients(people []person, r *mail.SMTPReport, tell func(string, time.Duration, finding)) {
	if len(r.Recipients) == 0 {
		tell("staff", 0, skip("not tried: sending must work first"))
		return
	}
	var refused []string
	for i, x := range r.Recipients {
		if x.Err == nil {
			continue
		}
		why := x.Err.Said
		if x.Err.Code != 0 {
			why = fmt.Sprintf("%d %s", x.Err.Code, why)
		}
		if why == "" {
			why = string(x.Err.Cause)
		}
		refused = append(refused, fmt.Sprintf("%s (%s): %s", x.Address, people[i].who, why))
	}
	if refused == nil {
		tell("staff", 0, good("the server takes mail for %s of staff", plural2(len(people), "address", "addresses")))
		return
	}
	f := warn("correct them in the configuration, or create them: what the bot sends there reaches nobody", "the server refuses mail for %d of %s of staff", len(refused), plural2(len(people), "address", "addresses"))
	f.More = refused
	tell("staff", 0, f)
}

func plural2(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// trip sends a marked mail to ourselves.
func (d *doctor) trip(ctx context.Context, in mail.IMAPConfig, out mail.SMTPConfig, m *MailConfig) finding {
	ctx, cancel := context.WithTimeout(ctx, d.arrival+10*d.patience)
	defer cancel()
	token := rand.Text()
	if !d.app.json && interactive(d.in, d.out) {
		fmt.Fprintf(d.err, "(sending a mail from %s to itself, and waiting for it up to %v)\n", m.Address, d.arrival)
	}
	from := d.now()
	trip, err := mail.ProbeRoundTrip(ctx, in, out, mail.Marked{Token: token, Subject: "Test of Frontdesk, please ignore (" + token + ")",
		Text: "`frontdesk doctor` sent this mail to see whether what this mailbox sends arrives in it.\nIt did. Nobody needs to do anything, and the mail may be deleted."}, d.arrival)
	if err == nil {
		for _, t := range []time.Time{trip.Arrived, trip.Received} {
			if !t.IsZero() {
				d.times = append(d.times, foreignTime{"the mail server", true, t, from, d.now()})
			}
		}
		return good("a mail from %s to itself was in %s %v after it was sent", m.Address, in.Folder, rough(trip.Arriving))
	}
	e, isProbe := errors.AsType[*mail.ProbeError](err)
	switch {
	case isProbe && e.Cause == mail.CauseElsewhere:
		return fail("tell the mailbox's filter that mail from its own address is wanted, or name that folder with `folder:`; customers' mail may end there too",
			"a mail from %s to itself arrived in the folder %s, not in %s", m.Address, strings.Join(e.Names, ", "), in.Folder)
	case isProbe && e.Step == mail.StepArrival && e.Cause == mail.CauseSilent:
		return fail("see in the mailbox whether it came later, was put aside as spam, or came back as undeliverable; check that `address` is an address of this mailbox",
			"a mail from %s to itself was sent, but was not in %s after %v", m.Address, in.Folder, d.arrival)
	case isProbe && e.Step == mail.StepSend && e.Said != "":
		return fail("ask the mail provider what these words mean", "the server took no mail from %s to itself: %d %s", m.Address, e.Code, e.Said)
	}
	return fail("try again; if it stays, ask the mail provider", "a mail from %s to itself: %v", m.Address, err)
}

// mode says what customers will notice.
func (d *doctor) mode(ch ChannelConfig, box *mail.IMAPReport) finding {
	all := !ch.FromNow && ch.Start.IsZero()
	switch {
	case ch.Observe:
		return good("observe: customers get nothing from the bot; staff see what it would have answered")
	case all && d.fresh && box != nil && box.Messages > 0:
		return warn("write `start: now`, unless that is what you want", "answer, with `start: all`: the bot will answer what is in the mailbox already (%s)", plural(int(box.Messages), "mail"))
	case ch.FromNow && d.fresh:
		return good("answer: the bot answers customers who write after its first start")
	}
	return good("answer: the bot answers customers")
}

// mailServer is one as the configuration names it.
type mailServer struct {
	protocol string
	key      string // in the configuration
	host     string
	port     int
	tls      string
	user     string
	password Secret
	patience time.Duration
}

func (p mailServer) where() string { return net.JoinHostPort(p.host, strconv.Itoa(p.port)) }
