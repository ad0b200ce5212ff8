package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"frontdesk/store"
)

// What the customer never got was not said: no promise stands, nobody was greeted.
func TestPauseTakesBackWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.mail("tom@customers.example", unknown)
		if err := h.engine.Pause(context.Background(), "Ana", "wrong prices"); err != nil {
			t.Fatal(err)
		}
		h.run()
		settle(time.Minute)
		if got := h.post.texts("tom@customers.example"); len(got) != 0 {
			t.Errorf("a paused bot said %q", got)
		}
		ps := look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(1001) })
		if len(ps) != 1 || ps[0].State != "withdrawn" {
			t.Errorf("promises %+v, want one, withdrawn", ps)
		}
		if timers := look(h, func(s *store.Snapshot) ([]store.Timer, error) { return s.Timers(10) }); len(timers) != 0 {
			t.Errorf("timers %+v of a promise that nobody was given", timers)
		}
		if staff := h.staff(); !strings.Contains(staff[len(staff)-1].words(), "暂停") {
			t.Errorf("staff read %s", staff[len(staff)-1].words())
		}
		if err := h.engine.Resume(context.Background(), "Ana"); err != nil {
			t.Fatal(err)
		}
		settle(10 * 24 * time.Hour)
		if got := h.post.texts("tom@customers.example"); len(got) != 0 {
			t.Errorf("ten days later the customer got %q", got)
		}
		h.act(1001, actBot, "")
		h.mail("tom@customers.example", known, answers(h.conversationRef(1)))
		settle(time.Minute)
		if got := h.post.texts("tom@customers.example"); len(got) != 1 || !strings.Contains(got[0], "automated assistant") {
			t.Errorf("the first words of the bot are %q", got)
		}
	})
}

// An attempt that may have got through is not taken back.
func TestPauseLetsBeWhatMayHaveGone(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.mail("tom@customers.example", known)
		err := h.db.Write(context.Background(), func(tx *store.Tx) error {
			d, err := tx.Due("support", time.Now())
			if err == nil {
				d, err = tx.Stamp(d, time.Now())
			}
			if err != nil {
				return err
			}
			return tx.Finish(d, store.Outcome{Result: "unknown", Error: "cut", Retry: time.Now(), At: time.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.engine.Pause(context.Background(), "Ana", ""); err != nil {
			t.Fatal(err)
		}
		h.run()
		settle(time.Hour)
		if got := h.told()[0].State; got != store.Sent {
			t.Errorf("it is %s, want it sent", got)
		}
	})
}

// What was promised in observe mode was told to nobody.
func TestNoPromiseIsAnnouncedInObserveMode(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.mail("tom@customers.example", unknown)
		settle(20 * 24 * time.Hour)
		if got := h.told(); len(got) != 0 {
			t.Errorf("the customer is told %s", got[0].words())
		}
		if ps := look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(1001) }); len(ps) != 0 {
			t.Errorf("promises %+v", ps)
		}
	}, func(c *Config) {
		support := c.Channels["support"]
		support.Observe = true
		c.Channels["support"] = support
	})
}

// What comes in long after it arrived is handed over, not answered.
func TestAnswerWithin(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		late := h.letter("tom@customers.example", known)
		late.Arrived = time.Now().Add(-25 * time.Hour)
		h.receive(late)
		fresh := h.letter("eve@customers.example", known)
		fresh.Arrived = time.Now().Add(-23 * time.Hour)
		h.receive(fresh)
		settle(time.Minute)
		if len(h.post.texts("tom@customers.example")) != 0 || len(h.post.texts("eve@customers.example")) != 1 || len(h.cases()) != 1 {
			t.Errorf("late: %q, fresh: %q, %d cases; want an answer to the fresh one and a case for the late one",
				h.post.texts("tom@customers.example"), h.post.texts("eve@customers.example"), len(h.cases()))
		}
	}, func(c *Config) {
		support := c.Channels["support"]
		support.Within = 24 * time.Hour
		c.Channels["support"] = support
	})
}

// A talk that has rested is closed, and with it a case that is resolved; one that a
// person has is not.
func TestQuietTalksAreClosed(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.mail("tom@customers.example", unknown)
		h.act(1001, actResolve, "Done.")
		h.mail("eve@customers.example", unknown)
		h.act(1002, actTake, "")
		settle(10 * 24 * time.Hour)
		cases := map[int64]store.Stage{}
		for _, c := range h.cases() {
			cases[c.ID] = c.Stage
		}
		if h.conversation(1).State != store.Ended || cases[1001] != store.StageClosed {
			t.Errorf("resolved: talk %s, case %s; want both closed", h.conversation(1).State, cases[1001])
		}
		if h.conversation(2).State != store.WithPerson || cases[1002] != store.StageInHand {
			t.Errorf("taken: talk %s, case %s; want neither closed", h.conversation(2).State, cases[1002])
		}
	})
}

// conversationRef is the name of a message of a conversation's customer.
func (h *house) conversationRef(conversation int64) string {
	return look(h, func(s *store.Snapshot) (string, error) {
		said, err := s.Said(conversation, false, 0)
		if err != nil {
			return "", err
		}
		return s.RefOf(said[0].ID)
	})
}

// A paused bot announces nothing; people are told that the time is about to pass.
func TestAPausedBotAnnouncesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.mail("tom@customers.example", unknown)
		settle(time.Minute)
		if err := h.engine.Pause(context.Background(), "Ana", ""); err != nil {
			t.Fatal(err)
		}
		settle(20 * 24 * time.Hour)
		if got := h.post.texts("tom@customers.example"); len(got) != 1 {
			t.Errorf("the customer got %q, want the first answer alone", got)
		}
		ps := look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(1001) })
		if len(ps) != 1 || ps[0].State != store.Broken {
			t.Errorf("promises %+v, want one, broken", ps)
		}
	})
}

// After an answer, what is promised next may be postponed once again.
func TestAnAnsweredCaseStartsAnew(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.mail("tom@customers.example", unknown)
		settle(3 * 24 * time.Hour) // the bot has postponed once
		h.act(1001, actResolve, "Done.")
		h.mail("tom@customers.example", "It still does not work.", answers(h.conversationRef(1)))
		before := len(h.post.texts("tom@customers.example"))
		settle(3 * 24 * time.Hour)
		after := h.post.texts("tom@customers.example")
		if got := strings.Join(after[before:], "\n"); !strings.Contains(got, "isn't ready") {
			t.Errorf("the second promise is not announced: %q", got)
		}
	})
}
