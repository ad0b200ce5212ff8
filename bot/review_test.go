package bot

import (
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

func replyTo(address string) func(*channels.Inbound) {
	return func(in *channels.Inbound) { in.ReplyTo = who(address) }
}

// What arrived before the start is recorded, whoever wrote it, and nobody is told.
func TestBeforeTheStartNobodyIsTold(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		for _, from := range []string{"tom@customers.example", "ana@acme.example", "escalations@acme.example"} {
			h.mail(from, "take: it", answers("old@acme.example"))
		}
		h.receive(h.letter("", "nobody", func(in *channels.Inbound) { in.From, in.Problem = channels.Person{}, "no sender's address" }))
		h.want(0, 0)
		if got := len(h.ledger()); got != 4 {
			t.Errorf("%d rows, want 4", got)
		}
	}, func(c *Config) {
		support := c.Channels["support"]
		support.Start = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		c.Channels["support"] = support
	})
}

// A machine at an agent's address is not talked to without end.
func TestAnAgentIsNotToldWithoutEnd(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		for range 60 {
			h.mail("ana@acme.example", "Ticket: 17 opened", answers("unknown@elsewhere.example"))
		}
		if got := len(h.staff()); got == 0 || got > 20 {
			t.Errorf("an agent's address was told %d times within an hour", got)
		}
	})
}

// From proves nothing, so a Reply-To does not send a running talk elsewhere.
func TestReplyToDoesNotTakeATalkAway(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		first := h.mail("tom@customers.example", unknown)
		h.mail("tom@customers.example", "And today?", answers(first.Ref), replyTo("zed@evil.example"))
		h.act(1001, actReply, "Your private data: 42.")
		settle(time.Minute)
		if got := h.post.texts("zed@evil.example"); contains(got, "private data") {
			t.Errorf("a stranger got %q", got)
		}
		if got := h.post.texts("tom@customers.example"); !contains(got, "private data") {
			t.Errorf("the customer got %q", got)
		}
	})
}

// The budget counts whom answers go to, not who says to have written.
func TestBudgetCountsWhoIsAnswered(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		for i := range 8 {
			h.mail("rob"+strings.Repeat("x", i)+"@bots.example", known, replyTo("rob@bots.example"))
		}
		if got := len(h.told()); got != 3 {
			t.Errorf("one address got %d answers in an hour, want 3", got)
		}
	})
}

// Resolving ends the promise, with words or without.
func TestResolveEndsThePromise(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.mail("tom@customers.example", unknown)
		h.act(1001, actReply, "We are looking.")
		due := time.Date(2026, 11, 27, 7, 0, 0, 0, time.UTC).In(h.cfg.Calendar.Location())
		h.do(1001, actPromise, "due", due.Format("2006-01-02 15:04"))
		h.act(1001, actResolve, "")
		for _, p := range h.promises(1001) {
			if p.State == "open" {
				t.Errorf("%+v is still open", p)
			}
		}
		timers := look(h, func(s *store.Snapshot) ([]store.Timer, error) { return s.Timers(10) })
		for _, x := range timers {
			if x.Case != 0 {
				t.Errorf("timer %s of a resolved case", x.Kind)
			}
		}
	})
}

// A promise that broke is apologised for when a person makes another, and wants a
// reason.
func TestAfterABrokenPromise(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.mail("tom@customers.example", unknown)
		settle(9 * 24 * time.Hour) // postponed once, and then broken
		if refusal := h.tryAct(1001, actPromise, "due", "2026-12-03 15:00"); refusal == "" {
			t.Error("a second time without a reason was taken")
		}
		h.do(1001, actPromise, "due", "2026-12-03 15:00", "text", "the workshop is closed")
		settle(time.Minute)
		got := h.post.texts("tom@customers.example")
		if last := got[len(got)-1]; !strings.Contains(last, "sorry") || strings.Contains(last, "workshop") {
			t.Errorf("the customer read %q", last)
		}
	})
}

// What is internal by mail is internal at the command line too.
func TestActRefusesWordsForUs(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.mail("tom@customers.example", unknown)
		for _, words := range []string{"note: internal", "备注：内部", "*note:* internal",
			"客户: tom\n责任人: Li Wei\nNo, sorry.", "直接回复本邮件，您写的内容会发给tom", "11月23日 Ana (备注): secret"} {
			for _, name := range []string{actReply, actResolve} {
				if refusal := h.tryAct(1001, name, "text", words); refusal == "" {
					t.Errorf("%s %q went to the customer", name, words)
				}
			}
		}
		h.want(1, 1)
	})
}

// In observe mode the customer hears nothing, so the first words later say who
// speaks, and nothing is awaited.
func TestObservingLeavesNoTraceInTheTalk(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		in := h.mail("tom@customers.example", angry)
		conv := h.conversationOf(in)
		if strings.Contains(conv.Memory, "greeted") || strings.Contains(conv.Memory, "awaiting") {
			t.Errorf("the bot remembers %s", conv.Memory)
		}
		support := h.engine.cfg.Channels["support"]
		support.Observe = false
		h.engine.cfg.Channels["support"] = support
		h.mail("tom@customers.example", known, answers(in.Ref))
		if got := h.told(); len(got) != 1 || !strings.Contains(got[0].words(), "automated assistant") {
			t.Errorf("the first words are %d: %v", len(got), got)
		}
	}, func(c *Config) {
		support := c.Channels["support"]
		support.Observe = true
		c.Channels["support"] = support
	})
}
