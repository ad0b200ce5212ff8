package bot

import (
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/store"
)

// pressedAgain is the same button pressed once more, which is another arrival.
func pressedAgain(in *channels.Inbound) { in.Keys = in.Keys[:1] }

// Whoever has answered already resolves without further words: the form's field may
// stay empty.
func TestSlackResolveWithoutWords(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.tom.DM("I want to talk to a human")
		w.settle(time.Minute)
		card := w.last(t, w.agents, "[#1001]")
		resolve := func() string {
			if err := w.ana.Press(w.agents, card.TS, "解决"); err != nil {
				t.Fatal(err)
			}
			w.settle(time.Second)
			sub, err := w.ana.Submit(nil)
			if err != nil {
				t.Fatal(err)
			}
			w.settle(time.Minute)
			views := w.ana.Views()
			if sub.Closed {
				return ""
			}
			defer func() {
				for range views {
					w.ana.Dismiss()
				}
			}()
			return views[len(views)-1].Readable
		}
		if got := resolve(); !strings.Contains(got, "还没有答复过客户") {
			t.Errorf("before any answer Ana is shown %q", got)
		}
		if c := w.h.cases()[0]; c.Stage != store.StageOpen {
			t.Errorf("before any answer the case is %+v", c)
		}
		w.ana.Reply(w.agents, card.TS, "> Try it now.")
		w.settle(time.Minute)
		if got := resolve(); got != "" {
			t.Errorf("after the answer Ana is shown %q", got)
		}
		if c := w.h.cases()[0]; c.Stage != store.StageResolved {
			t.Errorf("after the answer the case is %+v", c)
		}
		w.last(t, w.tom.Direct(), "is now resolved")
	})
}

// A case is resolved once and then neither resolved nor taken again by somebody whose
// card was old; a second press of Take changes nothing.
func TestResolveAndTakeOnce(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		settle(time.Minute)
		take := channels.Action{Name: actTake, Case: 1001}
		for range 3 {
			if r := h.press("ana", take, pressedAgain); r.Refusal != "" {
				t.Errorf("Ana takes it again: %q", r.Refusal)
			}
		}
		if n := h.raw("SELECT count(*) FROM event WHERE kind = 'taken'"); n[0] != "1" {
			t.Errorf("it was taken %s times", n[0])
		}
		done := func(who, text string) channels.Reply {
			return h.press(who, channels.Action{Name: actResolve, Case: 1001, Fields: map[string]string{"text": text, "sure": "yes"}})
		}
		if r := done("ana", "The first words."); r.Refusal != "" {
			t.Fatalf("Ana resolves: %q", r.Refusal)
		}
		if r := done("li", "The second words."); r.Refusal == "" {
			t.Error("Li resolves what is resolved")
		}
		for _, who := range []string{"ana", "li"} {
			if r := h.press(who, take, pressedAgain); r.Refusal == "" {
				t.Errorf("%s takes what is resolved", who)
			}
		}
		settle(time.Minute)
		got := h.reads("dm:bob")
		if strings.Count(got, "is now resolved") != 1 || !strings.Contains(got, "The first words.") || strings.Contains(got, "The second words.") {
			t.Errorf("the customer reads %q", got)
		}
		if c := h.cases()[0]; c.Stage != store.StageResolved {
			t.Errorf("the case is %+v", c)
		}
	}, withService(&service{}), atOnce)
}

// A case that its customer reopens is nobody's, and its card offers to take it.
func TestReopenedByTheCustomerIsNobodys(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		settle(time.Minute)
		h.press("ana", channels.Action{Name: actTake, Case: 1001})
		h.press("ana", channels.Action{Name: actResolve, Case: 1001, Fields: map[string]string{"text": "Done.", "sure": "yes"}})
		settle(time.Minute)
		h.receive(h.spoken("bob", "dm:bob", "It still does not work"))
		settle(time.Minute)
		if c := h.cases(); len(c) != 1 || c[0].Stage != store.StageOpen || c[0].TakenBy != "" || !c[0].TakenAt.IsZero() {
			t.Errorf("cases %+v", c)
		}
		card := h.card("room:agents")
		if len(card.Choices) != 3 || card.Choices[0].Action.Name != actTake {
			t.Errorf("the card offers %+v", card.Choices)
		}
		if r := h.press("li", channels.Action{Name: actTake, Case: 1001}, pressedAgain); r.Refusal != "" || h.cases()[0].TakenBy != "Li Wei" {
			t.Errorf("Li takes it: %q, %+v", r.Refusal, h.cases()[0])
		}
	}, withService(&service{}), atOnce)
}

// A complaint is its handlers': an agent who only reads where it was a question before
// does nothing about it there any more. A supervisor and a handler do.
func TestOldThreadOfAComplaintIsClosedToOthers(t *testing.T) {
	s := &service{profiles: map[string]channels.Profile{"dave": {Name: "Dave"}, "fay": {Name: "Fay"}},
		members: map[string][]string{"room:agents": {"dave", "fay"}, "room:complaints": {"fay"}}}
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(time.Minute)
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		settle(time.Minute)
		old := h.card("room:agents").Ref
		h.receive(h.spoken("bob", "dm:bob", rude))
		settle(time.Minute)
		if c := h.cases(); len(c) != 1 || c[0].Kind != kindComplaint {
			t.Fatalf("cases %+v", c)
		}
		before := len(h.chat.Posts("dm:bob"))
		for _, words := range []string{"> words of Dave", "take:", "promise: 2026-11-25 15:00", "reopen:"} {
			h.receive(h.spoken("dave", "room:agents", words, answers(old)))
			settle(time.Minute)
			if got := h.newest("room:agents"); !strings.Contains(got, "已转到别处处理") {
				t.Errorf("%q: Dave is told %q", words, got)
			}
		}
		if got := h.chat.Posts("dm:bob"); len(got) != before || h.cases()[0].TakenBy != "" {
			t.Errorf("the customer reads %q, the case is %+v", postTexts(got[before:]), h.cases()[0])
		}
		for _, a := range []channels.Action{{Name: actTake}, {Name: actReply}, {Name: actNote}, {Name: actReply, Fields: map[string]string{"text": "by Dave's form", "sure": "yes", fieldForm: "yes"}}} {
			a.Case = 1001
			r := h.press("dave", a)
			if r.Form != nil {
				r.Refusal += r.Form.Text
			}
			if !strings.Contains(r.Refusal, "已转到别处处理") {
				t.Errorf("%s with %v: Dave is shown %+v", a.Name, a.Fields, r)
			}
			if r := h.press("fay", a, pressedAgain); a.Fields == nil && strings.Contains(r.Refusal, "已转到别处处理") {
				t.Errorf("%s: Fay is refused: %q", a.Name, r.Refusal)
			}
		}
		settle(time.Minute)
		if got := h.chat.Posts("dm:bob")[before:]; len(got) != 1 || h.cases()[0].TakenBy != "Fay" { // the form is Fay's too
			t.Errorf("the customer reads %q, the case is %+v", postTexts(got), h.cases()[0])
		}
		for _, who := range []string{"li", "fay"} {
			h.receive(h.spoken(who, "room:agents", "> words of "+who, answers(old)))
			settle(time.Minute)
			if got := h.newest("dm:bob"); !strings.Contains(got, "words of "+who) {
				t.Errorf("after %s wrote the customer reads %q", who, got)
			}
		}
	}, withService(s), atOnce)
}

// A case whose staff read elsewhere from now on begins there with its card, and talk
// stands below that.
func TestDeskThatMovedBeginsWithTheCard(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		in := h.mail("tom@customers.example", "Can you tune forty pianos in one week in March?")
		settle(time.Minute)
		h.stop()
		support := h.cfg.Channels["support"]
		support.Staff, support.Complaints = h.cfg.Channels["chat"].Staff, h.cfg.Channels["chat"].Complaints
		h.cfg.Channels["support"] = support
		h.restart()
		h.mail("tom@customers.example", "The second week in March", answers(in.Ref))
		settle(time.Minute)
		posts := h.chat.Posts("room:agents")
		if len(posts) != 2 || posts[0].Card == nil || !strings.Contains(posts[0].Card.Title, "#1001") || len(posts[0].Choices) != 3 {
			t.Fatalf("in the room stands %q", postTexts(posts))
		}
		if posts[1].Out.Root != posts[0].Ref || !strings.Contains(postText(posts[1]), "The second week in March") {
			t.Errorf("what was added stands below %q: %s", posts[1].Out.Root, postText(posts[1]))
		}
		h.press("ana", channels.Action{Name: actTake, Case: 1001})
		settle(time.Minute)
		if now := h.card("room:agents"); now.Ref != posts[0].Ref || !strings.Contains(now.Card.Fields[0].Value, "Ana") {
			t.Errorf("the card is %s", postText(now))
		}
	})
}

// After somebody deleted a card, what is said stands below the new one.
func TestTalkStandsBelowTheNewCard(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		in := h.mail("tom@customers.example", "Can you tune forty pianos in one week in March?")
		settle(time.Minute)
		old := h.card("room:agents")
		h.chat.FailNext(channeltest.Permanent("message_not_found"))
		h.press("ana", channels.Action{Name: actTake, Case: 1001})
		settle(time.Minute)
		card := h.card("room:agents")
		if card.Ref == old.Ref {
			t.Fatal("there is no new card")
		}
		h.mail("tom@customers.example", "The second week in March", answers(in.Ref))
		settle(time.Minute)
		posts := h.chat.Posts("room:agents")
		if last := posts[len(posts)-1]; last.Out.Root != card.Ref || !strings.Contains(postText(last), "The second week") {
			t.Errorf("below %q and not %q stands %s", last.Out.Root, card.Ref, postText(last))
		}
		// Both are the case's: an agent may answer below either.
		for _, ref := range []string{old.Ref, card.Ref} {
			h.receive(h.spoken("ana", "room:agents", "> below "+ref, answers(ref)))
			settle(time.Minute)
			if got := h.post.texts("tom@customers.example"); !strings.Contains(got[len(got)-1], "below "+ref) {
				t.Errorf("the customer got %q", got[len(got)-1])
			}
		}
	}, withService(&service{}))
}
