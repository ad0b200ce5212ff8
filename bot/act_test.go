package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// tryAct does something as Ana and returns the refusal.
func (h *house) tryAct(number int64, name string, fields ...string) string {
	h.t.Helper()
	a := channels.Action{Name: name, Case: number, Fields: map[string]string{}}
	for i := 0; i+1 < len(fields); i += 2 {
		a.Fields[fields[i]] = fields[i+1]
	}
	reply, err := h.engine.Act(context.Background(), who("ana@acme.example"), a)
	if err != nil {
		h.t.Fatalf("%s #%d: %v", name, number, err)
	}
	return reply.Refusal
}

func (h *house) do(number int64, name string, fields ...string) {
	h.t.Helper()
	if refusal := h.tryAct(number, name, fields...); refusal != "" {
		h.t.Fatalf("%s #%d: %s", name, number, refusal)
	}
}

func (h *house) promises(number int64) []store.Promise {
	h.t.Helper()
	return look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(number) })
}

func TestGive(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		in := h.mail("tom@customers.example", unknown)
		number := h.conversationOf(in).Case
		h.do(number, actTake)
		before := len(h.staff())
		for _, name := range []string{"", "Nobody", "tom@customers.example"} {
			if refusal := h.tryAct(number, actGive, "to", name); !strings.Contains(refusal, "Li Wei") {
				t.Errorf("to %q: %q, want a refusal that lists the staff", name, refusal)
			}
		}
		if got := len(h.staff()); got != before {
			t.Errorf("%d mails went out for what was refused", got-before)
		}
		h.do(number, actGive, "to", "li wei", "text", "she knows warp cores")
		c := h.cases()[0]
		if c.Owner != "Li Wei" || c.TakenBy != "" || !c.TakenAt.IsZero() {
			t.Errorf("%+v, want Li Wei accountable and nobody on it", c)
		}
		all := h.staff()
		last := all[len(all)-1]
		if len(all) != before+1 || len(last.out.To) != 1 || last.out.To[0].Address != "li@acme.example" || last.out.Card == nil ||
			!strings.Contains(last.out.Body.Text, "she knows warp cores") {
			t.Errorf("%d mails, the last %s, want one brief to li@ alone with the reason", len(all)-before, last.words())
		}
		if n := len(h.told()); n != 1 {
			t.Errorf("the customer got %d messages, want only the first", n)
		}
		if got := h.raw("SELECT actor || ': ' || words || ' ' || data FROM event WHERE kind = 'given'"); len(got) != 1 || got[0] != `Ana: she knows warp cores {"to":"Li Wei","was":"Ana"}` {
			t.Errorf("events %q", got)
		}
	})
}

func TestReopen(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		in := h.mail("tom@customers.example", angry)
		number := h.conversationOf(in).Case
		if refusal := h.tryAct(number, actReopen); refusal == "" {
			t.Error("an open case was reopened")
		}
		h.do(number, actReply, "text", "We are sorry.")
		for _, close := range []bool{false, true} {
			h.do(number, actResolve, "text", "It is mended.")
			if close {
				h.raw("UPDATE cases SET stage = 'closed', closed = 1 WHERE id = ?", number)
				if refusal := h.tryAct(number, actTake); refusal == "" {
					t.Error("a closed case was taken")
				}
			}
			before := len(h.staff())
			h.do(number, actReopen, "text", "he called again")
			c := h.cases()[0]
			if c.Stage != store.StageReceived || c.TakenBy != "" || !c.Resolved.IsZero() || !c.Closed.IsZero() || c.Owner == "" {
				t.Errorf("%+v, want the first stage and nobody on it", c)
			}
			if got := h.conversation(1).State; got != store.Waiting {
				t.Errorf("the conversation is with %s, want waiting", got)
			}
			all := h.staff()
			last := all[len(all)-1]
			if len(all) != before+1 || last.out.To[0].Address != "complaints@acme.example" || !strings.Contains(last.out.Body.Text, "he called again") {
				t.Errorf("%s, want one brief at the desk with the reason", last.words())
			}
		}
		if got := h.raw("SELECT data FROM event WHERE kind = 'case reopened' ORDER BY id"); len(got) != 2 || !strings.Contains(got[0], "resolved") || !strings.Contains(got[1], "closed") {
			t.Errorf("events %q", got)
		}
	})
}

// A talk has one open case at most.
func TestReopenBesideAnother(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		first := h.mail("tom@customers.example", unknown)
		number := h.conversationOf(first).Case
		h.do(number, actResolve, "text", "It can.")
		h.raw("UPDATE cases SET stage = 'closed', closed = 1 WHERE id = ?", number)
		h.mail("tom@customers.example", "I want to talk to a human", answers(first.Ref))
		if got := h.conversationOf(first).Case; got == number {
			t.Fatal("the closed case was joined")
		}
		if refusal := h.tryAct(number, actReopen); !strings.Contains(refusal, "1002") {
			t.Errorf("%q, want a refusal that names the open case", refusal)
		}
	})
}

func TestPromiseByPerson(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) { // Monday 10:00
		in := h.mail("tom@customers.example", unknown)
		number := h.conversationOf(in).Case
		const good = "2026-11-27 15:00"
		for _, tt := range []struct{ due, text, want string }{
			{"tomorrow", "why", "tomorrow"},
			{"2026-11-31 15:00", "why", "2026-11-31"},
			{"", "why", ""},
			{"2026-11-23 09:30", "why", "09:30"},            // over
			{"2026-11-24 20:00", "why", "2026-11-24 17:00"}, // the closing before is nearer
			{"2026-11-25 08:00", "why", "2026-11-25 09:00"}, // the opening is
			{"2026-11-26 11:00", "why", "2026-11-25 17:00"}, // a holiday
			{"2026-11-29 12:00", "why", "2026-11-28 17:00"}, // after a make-up workday
			{good, "", "2026-11-25 10:00"},                  // no reason for moving it
			{"2026-11-25 10:00", "why", "2026-11-25 10:00"}, // that is what it is
		} {
			if refusal := h.tryAct(number, actPromise, "due", tt.due, "text", tt.text); refusal == "" || !strings.Contains(refusal, tt.want) {
				t.Errorf("%q, %q: refused with %q, want it to name %q", tt.due, tt.text, refusal, tt.want)
			}
		}
		if got := h.promises(number); len(got) != 1 || got[0].State != "open" || len(h.told()) != 1 {
			t.Fatalf("%+v, %d messages: something was done that was refused", got, len(h.told()))
		}

		h.do(number, actPromise, "due", good, "text", "the engineer is ill")
		got := h.promises(number)
		if len(got) != 2 || got[0].State != store.Postponed || got[1].State != "open" || got[1].Due.Format(time.RFC3339) != "2026-11-27T07:00:00Z" {
			t.Errorf("%+v, want the old one postponed and the new one open", got)
		}
		told := h.told()[1]
		if !told.ByPerson || !strings.Contains(told.out.Body.Text, "We're sorry") || !strings.Contains(told.out.Body.Text, "Fri 27 Nov, 15:00") ||
			!strings.Contains(told.out.Body.Text, "Ana") || strings.Contains(told.words(), "engineer") {
			t.Errorf("the customer got %s, want an apology and the new time from Ana, and no word of the reason", told.words())
		}
		if got := h.raw("SELECT words FROM event WHERE kind = 'promised' AND actor = 'Ana'"); len(got) != 1 || got[0] != "the engineer is ill" {
			t.Errorf("events %q", got)
		}
		// It is no answer.
		if refusal := h.tryAct(number, actResolve); refusal == "" {
			t.Error("a case that nobody has answered was resolved without a word")
		}
		h.do(number, actReply, "text", "It can.")
		// The end of working hours is a good time; nothing was open, so nobody is sorry.
		h.do(number, actPromise, "due", "2026-11-27 17:00")
		if last := h.told()[3]; strings.Contains(last.out.Body.Text, "sorry") || !strings.Contains(last.out.Body.Text, "17:00") {
			t.Errorf("the customer got %s, want the time and no apology", last.words())
		}
		h.do(number, actResolve)
		if refusal := h.tryAct(number, actPromise, "due", "2026-11-27 16:00", "text", "why"); refusal == "" {
			t.Error("a time was promised on a resolved case")
		}
	})
}

// A promise of a person is kept, reminded of and broken like any other.
func TestPromiseByPersonIsWatched(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		in := h.mail("tom@customers.example", unknown)
		number := h.conversationOf(in).Case
		h.do(number, actPromise, "due", "2026-11-23 15:00", "text", "sooner")
		h.run()
		h.until("11-23 16:00")
		if got := h.promises(number); got[len(got)-1].State != store.Broken {
			t.Errorf("%+v, want the last one broken", got)
		}
		if n := len(h.told()); n != 2 {
			t.Errorf("the customer got %d messages, want 2: after a person only a person sets a time", n)
		}
	})
}

func TestCommandFields(t *testing.T) {
	for _, tt := range []struct{ text, to, due, reason string }{
		{"give: Ana", "Ana", "", ""},
		{"give: ana, she knows", "ana", "", "she knows"},
		{"转给：Li Wei，请跟进。\n客户很急。", "Li Wei", "", "请跟进。\n客户很急。"},
		{"转给：li@acme.example 请跟进", "li@acme.example", "", "请跟进"},
		{"/give Ana\nplease", "Ana", "", "please"},
		{"give: Anabel please", "Anabel please", "", ""},
		{"give:\nAna\nplease", "Ana", "", "please"},
		{"give:", "", "", ""},
		{"promise: 2026-11-30 15:00", "", "2026-11-30 15:00", ""},
		{"承诺：2026-11-30 15：00，等配件", "", "2026-11-30 15：00", "等配件"},
		{"promise: 2026-11-30T15:00 parts", "", "2026-11-30T15:00", "parts"},
		{"promise: tomorrow at 3\nparts", "", "tomorrow at 3", "parts"},
		{"reopen: he called", "", "", "he called"},
	} {
		got := commandFields(parseCommand(tt.text), []string{"Li Wei", "Ana", "li@acme.example", "ana@acme.example"})
		if got["to"] != tt.to || got["due"] != tt.due || got["text"] != tt.reason {
			t.Errorf("%q: %q, want to %q, due %q, text %q", tt.text, got, tt.to, tt.due, tt.reason)
		}
	}
}
