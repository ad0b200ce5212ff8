package channeltest

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
)

func TestChatIsASource(t *testing.T) {
	TestSource(t, true, func(t *testing.T) SourceHarness {
		c := NewChat("chat")
		return SourceHarness{
			Source: c,
			Put:    func(text string) { c.Say("alice", "dm:alice", text) },
			Garble: func() { c.Garble([]byte("{")) },
		}
	})
}

func TestChatIsASender(t *testing.T) {
	TestSender(t, true, func(t *testing.T) SenderHarness {
		c := NewChat("chat")
		c.Open("room:hall")
		return SenderHarness{
			Sender: c,
			Outbound: func(text string) channels.Outbound {
				return channels.Outbound{Key: rand.Text(), Channel: "chat", Place: "room:hall", Op: channels.Post,
					Audience: channels.Customer, Body: channels.Body{Format: channels.Plain, Text: text}}
			},
			Seen: func() (out []Seen) {
				for _, p := range c.Posts("") {
					text := p.Text
					if p.Card != nil {
						text += p.Card.Title
					}
					out = append(out, Seen{Ref: p.Ref, Text: text})
				}
				return out
			},
			Fail: func(m Mode) bool {
				c.FailNext(map[Mode]error{FailTemporary: Temporary("t"), FailPermanent: Permanent("p"),
					FailLost: ErrLost, FailHang: ErrHang}[m])
				return true
			},
		}
	})
}

// A short day in the chat: what people do arrives as the contract says.
func TestChatTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewChat("chat")
		rec := &Recorder{}
		r := start(t, c, nil, rec)

		q := c.Say("alice", "room:hall", "hello")
		c.Edit(q, "hello!")
		c.Sign("bob", q, "👍")
		post := channels.Outbound{Key: rand.Text(), Channel: "chat", Place: "room:hall", Op: channels.Post, Refs: []string{q},
			Audience: channels.Customer, Body: channels.Body{Format: channels.Markdown, Text: "Which one?"},
			Choices: []channels.Choice{{Label: "First", Action: channels.Action{Name: "pick", Fields: map[string]string{"n": "1"}}}}}
		ref, err := c.Send(t.Context(), post)
		if err != nil {
			t.Fatal(err)
		}
		c.Press("alice", ref, "First")
		c.Repeat(q)
		c.Copy(q)
		c.Delete(q)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := c.Drained(ctx); err != nil {
			t.Fatal(err)
		}
		r.end()

		var kinds []string
		for _, in := range rec.Kept() {
			kinds = append(kinds, string(in.Kind))
		}
		// Repeat and Copy present the edit, which has no content key: Copy is
		// a new arrival.
		if got := strings.Join(kinds, " "); got != "message edit reaction message edit deletion" {
			t.Errorf("kinds: %s", got)
		}
		if in := rec.Kept()[3]; in.Action == nil || in.Action.Fields["n"] != "1" || in.Refs[0] != ref || !in.From.Is(Who("alice")) {
			t.Errorf("the button arrived as %+v", in)
		}
		if in := rec.Kept()[0]; !in.Public || in.Place != "room:hall" {
			t.Errorf("a room is public: %+v", in)
		}
		if rec.Again() != 1 {
			t.Errorf("again = %d, want 1", rec.Again())
		}
	})
}

func TestChatFindsAfterLostAnswer(t *testing.T) {
	c := NewChat("chat")
	c.Open("dm:bob")
	out := channels.Outbound{Key: "k", Channel: "chat", Place: "dm:bob", Op: channels.Post, Audience: channels.Customer,
		Body: channels.Body{Format: channels.Plain, Text: "hi"}}
	c.FailNext(ErrVanished, ErrLost)
	for _, want := range []bool{false, true} {
		_, err := c.Send(t.Context(), out)
		var se *channels.SendError
		if !errors.As(err, &se) || !se.Unknown {
			t.Fatalf("Send: %v", err)
		}
		if _, found, _ := c.Find(t.Context(), out); found != want {
			t.Errorf("found = %v, want %v", found, want)
		}
	}
	if _, err := c.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if got := c.Twice(); len(got) != 1 || got[0] != "k" {
		t.Errorf("Twice = %q", got)
	}
}

func TestRecorderPanicsAndReplays(t *testing.T) {
	c := NewChat("chat")
	c.Say("alice", "dm:alice", "hi")
	rec := &Recorder{}
	rec.PanicNext(1)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		c.Run(t.Context(), nil, rec)
	}()
	r := start(t, c, nil, rec)
	r.kept(1)
	r.end()
	in, err := c.Parse(t.Context(), rec.Kept()[0].Raw)
	if err != nil || in.Text != "hi" || in.Keys[0] != rec.Kept()[0].Keys[0] {
		t.Errorf("Parse = %+v, %v", in, err)
	}
}
