package bot

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
)

// In somebody else's thread people's remarks are their own; who turns to us there
// begins one talk, which then goes on without a mention.
func TestSecondPersonInAThread(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.chat.Open("room:help/1")
		h.run()
		say := func(who, text string, toward channels.Toward, refs ...string) channels.Inbound {
			in := h.receive(h.spoken(who, "room:help/1", text, answers(refs...), func(in *channels.Inbound) { in.Toward, in.Room = toward, "room:help" }))
			settle(time.Minute)
			return in
		}
		root := say("bob", "What are your opening hours?", channels.ToRoom)
		before := len(h.chat.Posts("room:help/1"))
		for _, words := range []string{"same here, I wonder too", "That did not help", "Where is my order?", "I want to talk to a human"} {
			if in := say("cat", words, channels.ToRoom, root.Ref); h.entry(in).Message != 0 {
				t.Errorf("the remark %q became a message", words)
			}
		}
		if got := h.chat.Posts("room:help/1"); len(got) != before || len(h.cases()) != 0 {
			t.Fatalf("remarks are answered %q, and there are %d cases", postTexts(got[before:]), len(h.cases()))
		}
		asked := say("cat", "I want to talk to a human", channels.ToUs, root.Ref)
		own := h.conversationOf(asked)
		if own.ID == h.conversationOf(root).ID || own.Case != 1001 {
			t.Fatalf("the mention became %+v", own)
		}
		for _, words := range []string{"my order number is 12345678", "I want to talk to a human, please"} {
			if in := say("cat", words, channels.ToRoom, root.Ref); h.conversationOf(in).ID != own.ID {
				t.Errorf("%q began another talk", words)
			}
		}
		if in := say("dan", "me too", channels.ToRoom, root.Ref); h.entry(in).Message != 0 {
			t.Error("a third person's remark became a message")
		}
		if in := say("bob", "Thank you!", channels.ToRoom, root.Ref); h.conversationOf(in).ID != h.conversationOf(root).ID {
			t.Error("whoever began the thread begins another talk")
		}
		if n := len(h.cases()); n != 1 {
			t.Errorf("there are %d cases", n)
		}
	}, withService(&service{}), atOnce)
}

// slow is a service that takes its time over each person, and refuses one for good.
type slow struct {
	*service
	takes   time.Duration
	refused string
}

func (s slow) Profile(ctx context.Context, p channels.Person) (channels.Profile, error) {
	time.Sleep(s.takes) // in fake time
	if p.Address == s.refused {
		return channels.Profile{}, &channels.SendError{Permanent: true, Err: errors.New("user_not_visible")}
	}
	return s.service.Profile(ctx, p)
}

func withSlow(s slow) func(*Config) {
	return func(c *Config) {
		ch := c.Channels["chat"]
		ch.Source = s
		c.Channels["chat"] = ch
	}
}

// Whoever leaves the room while we are still asking who is in it is no staff when we
// have been told.
func TestWhoLeavesWhileWeAskIsNoStaff(t *testing.T) {
	s := &service{profiles: map[string]channels.Profile{"dave": {Name: "Dave"}, "eve": {Name: "Eve"}}, members: map[string][]string{"room:agents": {"dave", "eve"}}}
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(5 * time.Second) // in the middle of Dave's profile
		s.set(func() { s.members["room:agents"] = []string{"eve"} })
		h.receive(h.spoken("dave", "room:agents", channels.Left, func(in *channels.Inbound) {
			in.Kind, in.Room, in.Ref, in.Keys = channels.Membership, "room:agents", "", in.Keys[:1]
		}))
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		for range 10 { // whenever it is that we are told
			settle(10 * time.Second)
			if r := h.press("dave", channels.Action{Name: actTake, Case: 1001}, pressedAgain); r.Refusal == "" {
				t.Fatal("dave has left and takes a case")
			}
		}
		if r := h.press("eve", channels.Action{Name: actTake, Case: 1001}); r.Refusal != "" {
			t.Errorf("eve, who stayed, is refused: %q", r.Refusal)
		}
	}, withService(s), withSlow(slow{service: s, takes: 10 * time.Second}), atOnce)
}

// One member of whom the service tells nothing does not keep the others out.
func TestOneUnknownMemberKeepsNobodyOut(t *testing.T) {
	s := &service{profiles: map[string]channels.Profile{"dave": {Name: "Dave"}, "zed": {Name: "Zed"}}, members: map[string][]string{"room:agents": {"ghost", "dave", "zed"}}}
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(time.Minute)
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		for _, who := range []string{"dave", "zed"} {
			if r := h.press(who, channels.Action{Name: actNote, Case: 1001}); r.Form == nil {
				t.Errorf("%s is no agent: %q", who, r.Refusal)
			}
		}
		if r := h.press("ghost", channels.Action{Name: actNote, Case: 1001}); r.Refusal == "" {
			t.Error("somebody of whom nothing is known is an agent")
		}
	}, withService(s), withSlow(slow{service: s, refused: "ghost"}), atOnce)
}

// What agents talk about in their channel beside the cases is theirs: the ledger
// counts it and keeps none of it.
func TestChatterOfAgentsIsNotKept(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		h.run()
		settle(time.Minute)
		room := func(in *channels.Inbound) {
			in.Toward, in.Room, in.Files = channels.ToRoom, "room:agents", file("sesame")
		}
		first := h.receive(h.spoken("ana", "room:agents", "sesame among colleagues", room))
		second := h.receive(h.spoken("li", "room:agents", "sesame below it", room, answers(first.Ref)))
		third := h.receive(h.spoken("li", "room:agents", "sesame changed", room, func(in *channels.Inbound) {
			in.Kind, in.Ref, in.Keys = channels.Edit, second.Ref, []string{"event:edited"}
		}))
		settle(time.Minute)
		for _, in := range []channels.Inbound{first, second, third} {
			if e := h.entry(in); e.Raw != 0 || e.Sender != "" || e.Ref != "" || e.Message != 0 {
				t.Errorf("of %q the ledger keeps %+v", in.Text, e)
			}
		}
		for _, q := range []string{"SELECT count(*) FROM blob WHERE instr(data, 'sesame') > 0", "SELECT count(*) FROM message WHERE text LIKE '%sesame%'",
			"SELECT count(*) FROM attachment", "SELECT count(*) FROM ledger WHERE reason || subject LIKE '%sesame%'"} {
			if n := h.raw(q); n[0] != "0" {
				t.Errorf("%s: %s", q, n[0])
			}
		}
		if got := h.reads("room:agents"); strings.Contains(got, "sesame") {
			t.Errorf("the room reads %q", got)
		}
		// Below a card the same is a note.
		note := h.below("room:agents", "he is a regular")
		if h.entry(note).Message == 0 {
			t.Error("a note below a card is not kept")
		}
	}, withService(&service{}), atOnce)
}
