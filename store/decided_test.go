package store

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestDecidedAfter(t *testing.T) {
	db := newDB(t)
	p := seed(t, db) // p.talk has a complaint
	write(t, db, func(tx *Tx) error {
		n := 0
		say := func(conversation, thread int64, text string) int64 {
			n++
			id, err := tx.AddMessage(Message{Thread: thread, Audience: ForCustomer, Conversation: conversation, Author: ByCustomer, Identity: p.identity.ID, Text: text, At: noon.Add(time.Duration(n) * time.Minute)})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		decided := func(conversation, message int64, data map[string]any) {
			if err := tx.AddEvent(Event{At: noon.Add(time.Duration(n) * time.Minute), Kind: "decided", Actor: "bot", Channel: "mail", Conversation: conversation, Message: message, Data: data}); err != nil {
				t.Fatal(err)
			}
		}
		decided(p.talk, say(p.talk, p.customer, "my boss shouts"), map[string]any{"rule": "unsure"})
		say(p.otherTalk, p.other, "do you")
		decided(p.otherTalk, say(p.otherTalk, p.other, "sell pianos?"), map[string]any{"rule": "choices"})
		decided(p.otherTalk, say(p.otherTalk, p.other, "1"), map[string]any{"rule": "chosen", "answered": []string{"pianos"}})
		decided(p.otherTalk, say(p.otherTalk, p.other, "I complain"), map[string]any{"rule": "human", "intents": []string{"human 0.90", "complaint 0.80"}})
		gone := say(p.otherTalk, p.other, "taken back")
		decided(p.otherTalk, gone, map[string]any{"rule": "faq"})
		decided(p.otherTalk, say(p.otherTalk, p.other, "open on Sunday?"), map[string]any{"rule": "faq", "answered": []string{"hours"}})
		return tx.DeleteMessage(gone, noon)
	})
	for n, want := range []string{"", "open on Sunday?", "open on Sunday?", "open on Sunday?", "1, open on Sunday?"} {
		var got []string
		err := db.Read(t.Context(), func(s *Snapshot) error {
			last, err := s.LastDecided(n)
			if err != nil {
				return err
			}
			all, err := s.DecidedAfter(last, 100)
			for _, d := range all {
				got = append(got, d.Text)
			}
			return err
		})
		if err != nil || strings.Join(got, ", ") != want {
			t.Errorf("the last %d: %q (%v), want %q", n, got, err, want)
		}
	}
	for _, limit := range []int{1, 2, 100} {
		var got []string
		err := db.Read(t.Context(), func(s *Snapshot) error {
			for last := int64(0); ; {
				batch, err := s.DecidedAfter(last, limit)
				if err != nil || len(batch) == 0 {
					return err
				}
				if len(batch) > limit {
					t.Errorf("%d at a time, %d asked for", len(batch), limit)
				}
				for _, d := range batch {
					last = d.Event
					got = append(got, fmt.Sprintf("%s|%s|%s|%s|%v", d.Channel, d.Text, d.Rule, d.Next, d.Answered))
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"mail|do you\nsell pianos?|choices|chosen|[]", "mail|1|chosen|human|[pianos]", "mail|open on Sunday?|faq||[hours]"}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%d at a time: got\n%s\nwant\n%s", limit, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
