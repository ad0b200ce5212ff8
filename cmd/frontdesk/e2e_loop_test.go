package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"frontdesk/channels/mail/mailtest"
	"frontdesk/store"
)

// TestLoop is a day on a real mailbox: customers are answered in their language,
// complaints become cases, a hard question reaches people by mail, and their
// answer reaches the customer in the same thread and in order. The operator's
// commands show all of it beside the running serve.
func TestLoop(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	d := mailtest.Dovecot(t)
	world, err := mailtest.New("acme.example", mailtest.Options{Sockets: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { world.Close() })
	host, port := world.SMTP()
	s := newSite(t, d, host, port)
	ctx := within(t, time.Minute)
	log, _ := s.serve()
	if err := log.wait(ctx, logUp, 1); err != nil {
		t.Fatal(err)
	}
	l := &loop{site: s, ctx: ctx, world: world, dovecot: d}
	s.open()
	step := func(name string, fn func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			s.t = t
			fn(t)
		})
		s.t = t
	}

	step("a Chinese question", func(t *testing.T) {
		m := l.ask("wang@customers.example", "上班时间", "您好，请问你们周末上班吗？\n\n王芳")
		if text := textOf(t, m); !strings.Contains(text, "人工服务时间") || !isHan(text) {
			t.Errorf("not a Chinese answer from the FAQ:\n%s", text)
		}
		l.answers(m, "wang-1@customers.example")
	})
	step("an English question", func(t *testing.T) {
		m := l.ask("tom@customers.example", "Opening hours", "Hello,\n\nare you open on weekends?\n\nBest regards,\nTom")
		if text := textOf(t, m); !strings.Contains(text, "Our service hours are") || hasHan(text) {
			t.Errorf("not an English answer from the FAQ:\n%s", text)
		}
		l.answers(m, "tom-1@customers.example")
	})
	for _, c := range []struct{ name, from, subject, text, apology, due string }{
		{"a Chinese complaint", "zhao@customers.example", "投诉", "我要投诉！你们的快递员态度很差，昨天下午把包裹扔在门口就走了。", "非常抱歉", `预计在\d+月\d+日.*\d\d:\d\d前答复您`},
		{"an English complaint", "ann@customers.example", "Complaint", "I want to complain. Your technician was very rude to me on Monday and left without repairing my piano.", "we're sorry", `reply by \w+ \d+ \w+, \d\d:\d\d`},
	} {
		step(c.name, func(t *testing.T) {
			m := l.ask(c.from, c.subject, c.text)
			text := textOf(t, m)
			number := regexp.MustCompile(`#(1\d\d\d)`).FindStringSubmatch(text)
			if !strings.Contains(text, c.apology) || number == nil || !regexp.MustCompile(c.due).MatchString(text) {
				t.Fatalf("no apology, case number or promised time:\n%s", text)
			}
			desk := l.next(complaints)
			if !strings.Contains(decodedSubject(desk), "#"+number[1]) || !strings.Contains(textOf(t, desk), c.from) {
				t.Errorf("the desk got %q:\n%s", decodedSubject(desk), textOf(t, desk))
			}
			shown := cliJSON[shownCase](s, "case", "show", number[1])
			if shown.Kind != "complaint" || len(shown.Promises) != 1 || shown.Promises[0].State != "open" || !slices.Contains(shown.Addresses, "mail:"+c.from) {
				t.Errorf("case show: %+v", shown)
			}
		})
	}
	step("a hard question", l.hardQuestion)

	step("the operator's windows", func(t *testing.T) {
		s.settled(ctx, l.sent)
		entries := cliJSON[[]store.Entry](s, "ledger", "list", "--limit", "0")
		if len(entries) != l.sent || slices.ContainsFunc(entries, func(e store.Entry) bool { return e.Disposition != store.Taken }) {
			t.Errorf("ledger list: %d rows for %d mails: %+v", len(entries), l.sent, entries)
		}
		mails := map[string]bool{}
		for _, m := range world.Mails() {
			mails[m.MessageID] = true
		}
		deliveries := cliJSON[[]store.Delivery](s, "outbox", "list", "--limit", "0")
		for _, o := range deliveries {
			if o.State != store.Sent || !mails[o.Ref] {
				t.Errorf("outbox list: %+v", o)
			}
		}
		if len(deliveries) != len(mails) {
			t.Errorf("outbox list shows %d deliveries, %d mails went out", len(deliveries), len(mails))
		}
		cases := cliJSON[[]store.Case](s, "case", "list")
		if len(cases) != 3 || cases[0].TakenBy != "Ana" || cases[0].Stage != store.StageInHand {
			t.Errorf("case list: %+v", cases)
		}
		for _, args := range [][]string{{"case", "list"}, {"ledger", "list"}, {"outbox", "list"}} {
			if out := s.cli(args...); strings.Count(out, "\n") < 4 {
				t.Errorf("%v:\n%s", args, out)
			}
		}
	})
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("serve logged errors:\n%s", log)
	}
}

// loop is people writing to a site.
type loop struct {
	*site
	ctx     context.Context
	world   *mailtest.World
	dovecot *mailtest.DovecotServer
	sent    int
	counts  map[string]int
}

// write delivers a mail with the next id of its sender: NAME-1@DOMAIN, NAME-2@…
func (l *loop) write(from, subject, text string, head ...string) {
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[from]++
	l.sent++
	l.dovecot.Deliver("support", letterFrom(from, strings.Replace(from, "@", fmt.Sprintf("-%d@", l.counts[from]), 1), subject, text, head...))
}

func (l *loop) next(to string) mailtest.Mail {
	l.t.Helper()
	m, err := l.world.Next(l.ctx, to)
	if err != nil {
		l.t.Fatal(err)
	}
	return m
}

// ask writes and returns the answer.
func (l *loop) ask(from, subject, text string) mailtest.Mail {
	l.t.Helper()
	l.write(from, subject, text)
	return l.next(from)
}

// answers checks that m answers the mail with this id, as an answer by a program.
func (l *loop) answers(m mailtest.Mail, id string) {
	l.t.Helper()
	if got := ids(m, "In-Reply-To"); !slices.Equal(got, []string{id}) || !slices.Contains(ids(m, "References"), id) {
		l.t.Errorf("it answers %q with the references %q, not %s", got, ids(m, "References"), id)
	}
	if m.Header.Get("Auto-Submitted") != "auto-replied" {
		l.t.Errorf("Auto-Submitted: %q", m.Header.Get("Auto-Submitted"))
	}
}

// hardQuestion goes to people, whose two answers come back, in order even though
// the first is taken slowly.
func (l *loop) hardQuestion(t *testing.T) {
	const customer = "lee@customers.example"
	first := l.ask(customer, "Bulk tuning", "Can you tune forty pianos in one week in March?")
	l.answers(first, "lee-1@customers.example")
	desk := l.next(escalations)
	text := textOf(t, desk)
	if !strings.Contains(text, customer) || !strings.Contains(text, "forty pianos") {
		t.Errorf("the brief says:\n%s", text)
	}
	if before, _, _ := strings.Cut(text, "\n"); !strings.Contains(before, customer) {
		t.Errorf("the first line does not say who gets a reply: %q", before)
	}

	l.world.Fault(mailtest.Fault{Stage: mailtest.AtBody, To: customer, Times: 1, Delay: 700 * time.Millisecond})
	reply := []string{"In-Reply-To: <" + desk.MessageID + ">", "References: <" + desk.MessageID + ">"}
	quote := "\n\nOn Monday, Acme wrote:\n> Can you tune forty pianos in one week in March?\n\n-- \nAna, extension 4711\n"
	l.write(ana, "Re: whatever", "Yes, with two weeks' notice."+quote, reply...)
	l.write(ana, "Re: whatever", "Which week in March would suit you?"+quote, reply...)
	last := first
	for _, want := range []string{"Yes, with two weeks' notice.", "Which week in March would suit you?"} {
		m := l.next(customer)
		text := textOf(t, m)
		if !strings.HasPrefix(text, want) || strings.Contains(text, "4711") || strings.Contains(text, ">") {
			t.Errorf("the customer reads, and should read %q:\n%s", want, text)
		}
		if raw := string(m.Raw); strings.Contains(raw, ana) || strings.Contains(raw, escalations) {
			t.Errorf("the customer sees an address of people:\n%s", raw)
		}
		refs := ids(m, "References")
		if got := ids(m, "In-Reply-To"); len(got) != 1 || got[0] != last.MessageID || !slices.Contains(refs, "lee-1@customers.example") || !slices.Contains(refs, first.MessageID) {
			t.Errorf("it answers %q with the references %q; the talk is lee-1@customers.example, %s", got, refs, first.MessageID)
		}
		if m.Header.Get("Auto-Submitted") != "" || decodedSubject(m) != "Re: Bulk tuning" {
			t.Errorf("Auto-Submitted: %q, Subject: %q", m.Header.Get("Auto-Submitted"), decodedSubject(m))
		}
		last = m
	}
	// The customer goes on; a person has it now, so the bot is silent and people
	// read it in their thread.
	l.write(customer, "Re: Bulk tuning", "The second one.", "In-Reply-To: <"+last.MessageID+">")
	more := l.next(escalations)
	if !strings.Contains(textOf(t, more), "The second one.") || !slices.Contains(ids(more, "References"), desk.MessageID) {
		t.Errorf("people read, outside of their thread:\n%s", more.Raw)
	}
}

func isHan(text string) bool {
	han, other := 0, 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.IsLetter(r):
			other++
		}
	}
	return han > other
}

func hasHan(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
