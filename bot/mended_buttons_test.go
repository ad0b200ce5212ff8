package bot

import (
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
)

// A button that chooses an entry chooses that one, also when other entries have been
// offered since.
func TestChoiceMeansItsEntryWhenPressedLate(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.chat.Say("bob", "dm:bob", "order")
		settle(time.Minute)
		old := h.chat.Posts("dm:bob")[0]
		h.chat.Say("bob", "dm:bob", "pay")
		settle(time.Minute)
		now := h.chat.Posts("dm:bob")[1]
		type offered struct{ ref, label, entry string }
		entries := func(p channeltest.Post) (all []offered, none string) {
			for _, c := range p.Choices {
				switch entry := c.Action.Fields[fieldChosen]; entry {
				case "":
				case noneChosen:
					none = c.Label
				default:
					all = append(all, offered{p.Ref, c.Label, entry})
				}
			}
			return all, none
		}
		before, none := entries(old)
		after, _ := entries(now)
		if len(before) == 0 || len(after) == 0 || before[0].entry == after[0].entry || none == "" {
			t.Fatalf("offered are %+v, then %+v", old.Choices, now.Choices)
		}
		for _, c := range append(before[:1:1], after...) {
			h.chat.Press("bob", c.ref, c.label)
			settle(time.Minute)
			want, _, _ := strings.Cut(string(h.engine.answerText(c.entry, "en", time.Now())), "\n")
			if got := h.newest("dm:bob"); !strings.Contains(got, want) {
				t.Errorf("%s: %q, want the entry %s: %q", c.label, got, c.entry, want)
			}
		}
		// What stands on a button is only its label: this one is no complaint.
		h.press("bob", channels.Action{Name: actSay, Fields: map[string]string{"text": "I want to complain! Your courier was rude to me.", fieldChosen: "payment-methods"}},
			answers(now.Ref), func(in *channels.Inbound) { in.Place = "dm:bob" })
		settle(time.Minute)
		want, _, _ := strings.Cut(string(h.engine.answerText("payment-methods", "en", time.Now())), "\n")
		if got := h.newest("dm:bob"); !strings.Contains(got, want) || len(h.cases()) != 0 {
			t.Errorf("a label decides: %q, and there are %d cases", got, len(h.cases()))
		}
		// None of them, said by the oldest buttons, goes to people.
		h.chat.Press("bob", old.Ref, none)
		settle(time.Minute)
		if got := h.newest("dm:bob"); len(h.cases()) != 1 || !strings.Contains(got, "passed this to a colleague as #1001") {
			t.Errorf("%q: %q, and there are %d cases", none, got, len(h.cases()))
		}
	}, atOnce)
}

// A button counts once, however often it is pressed; but the way to a person is open
// each time.
func TestButtonPressedTwice(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		for _, c := range []struct {
			who, label string
			cases      int
		}{{"bob", "That helped", 0}, {"eve", "That didn't help", 2}} {
			place := "dm:" + c.who
			h.chat.Say(c.who, place, "What are your opening hours?")
			settle(time.Minute)
			p := h.chat.Posts(place)[0]
			for range 3 {
				h.chat.Press(c.who, p.Ref, c.label)
			}
			settle(time.Minute)
			if got := h.chat.Posts(place); len(got) != 2 || len(h.cases()) != c.cases {
				t.Errorf("%q: %d answers and %d cases: %q", c.label, len(got)-1, len(h.cases()), postTexts(got[1:]))
			}
			for n := range 2 {
				h.chat.Press(c.who, p.Ref, "Talk to a person")
				settle(time.Minute)
				if got := h.chat.Posts(place); len(got) != 3+n || len(h.cases()) == 0 {
					t.Errorf("to a person, %d: %q", n+1, postTexts(got[2:]))
				}
			}
		}
		if n := len(h.cases()); n != 2 {
			t.Errorf("there are %d cases", n)
		}
	}, atOnce)
}

// The language that somebody has set at the service decides where their words tell
// none; where they do, those decide.
func TestLocaleDecidesWhereWordsTellNothing(t *testing.T) {
	s := &service{files: map[string][]byte{"F": []byte("x")}, profiles: map[string]channels.Profile{
		"bob": {Name: "Bob", Lang: "en-US"}, "amy": {Name: "Amy", Lang: "zh-CN"}, "eva": {Name: "Eva", Lang: "de-DE"}}}
	bubble(t, func(t *testing.T, h *house) {
		h.chat.Open("room:help")
		h.run()
		const english, chinese = "Your message and its attachment have arrived", "您的消息和附件已收到"
		for who, want := range map[string]string{"bob": english, "amy": chinese, "eva": chinese} { // zh is the company's first
			h.receive(h.spoken(who, "dm:"+who, "", func(in *channels.Inbound) {
				in.Files = []channels.File{{Name: "a.jpg", Ref: "F", Data: channels.Blob{Size: 1}}}
			}))
			settle(time.Minute)
			if got := h.newest("dm:" + who); !strings.Contains(got, want) {
				t.Errorf("%s is answered %q", who, got)
			}
		}
		h.receive(h.spoken("amy", "room:help", "你们周末上班吗"))
		settle(time.Minute)
		p := h.chat.Posts("room:help")[0]
		if !strings.Contains(p.Text, "我们的人工服务时间是") {
			t.Errorf("Chinese is answered %q", p.Text)
		}
		if r := h.press("bob", p.Choices[0].Action, answers(p.Ref)); !strings.Contains(r.Refusal, "for the person who asked") {
			t.Errorf("bob, who reads English, is shown %q", r.Refusal)
		}
	}, withService(s), func(c *Config) { // long enough to be told who it is
		ch := c.Channels["chat"]
		ch.Gather = 3 * time.Second
		c.Channels["chat"] = ch
	})
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("bob", "dm:bob", "你们周末上班吗"))
		settle(time.Minute)
		if got := h.newest("dm:bob"); !strings.Contains(got, "我们的人工服务时间是") {
			t.Errorf("Chinese by somebody whose locale is English is answered %q", got)
		}
	}, withService(s))
}
