package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// atOnce makes the bot decide on each message of the chat as it comes.
func atOnce(c *Config) {
	ch := c.Channels["chat"]
	ch.Gather = 0
	c.Channels["chat"] = ch
}

// reads is all that the bot has put into a place, as it reads now.
func (h *house) reads(place string) string {
	h.t.Helper()
	return strings.Join(postTexts(h.chat.Posts(place)), "\n--\n")
}

// newest is the bot's newest post in a place.
func (h *house) newest(place string) string {
	h.t.Helper()
	posts := h.chat.Posts(place)
	if len(posts) == 0 {
		h.t.Fatalf("there is nothing in %s", place)
	}
	return postText(posts[len(posts)-1])
}

// below is something that Ana says below the newest card of a room.
func (h *house) below(room, text string) channels.Inbound {
	h.t.Helper()
	return h.receive(h.spoken("ana", room, text, answers(h.card(room).Ref)))
}

// Where talk is internal, a word that begins a reply in a letter sends nothing: it is
// too easily said among colleagues. Whoever meant it is told what does.
func TestCommandWordsSendNothingInAChat(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		settle(time.Minute)
		for i, word := range []string{"reply:", "Reply：", "回复：", "答复：", "resolve:", "Resolve: ", "解决：", "/resolve "} {
			customer, staff := len(h.chat.Posts("dm:bob")), len(h.chat.Posts("room:agents"))
			h.below("room:agents", fmt.Sprintf("%ssesame %d", word, i))
			settle(time.Minute)
			if got := h.chat.Posts("dm:bob"); len(got) != customer {
				t.Errorf("%q: the customer reads %q", word, postText(got[len(got)-1]))
			}
			if n := len(h.chat.Posts("room:agents")) - staff; n != 1 || !strings.Contains(h.newest("room:agents"), "没有发出") {
				t.Errorf("%q: %d posts, the last %q; the agent is not told", word, n, h.newest("room:agents"))
			}
		}
		if c := h.cases()[0]; c.Stage != store.StageOpen || c.TakenBy != "" {
			t.Errorf("the case is %+v", c)
		}
	}, withService(&service{}), atOnce)
}

// Words for us alone still are commands in a chat.
func TestCommandsThatSendNoWordsWorkInAChat(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		settle(time.Minute)
		h.below("room:agents", "take:")
		if c := h.cases()[0]; c.TakenBy != "Ana" {
			t.Errorf("after take: %+v", c)
		}
		h.below("room:agents", "give: Li Wei she knows him")
		if c := h.cases()[0]; c.Owner != "Li Wei" || c.TakenBy != "" {
			t.Errorf("after give: %+v", c)
		}
		h.below("room:agents", "promise: 2026-11-25 15:00\nshe is on holiday until then")
		settle(time.Minute)
		if got := h.newest("dm:bob"); !strings.Contains(got, "15:00") || strings.Contains(got, "holiday") {
			t.Errorf("after promise the customer reads %q", got)
		}
		if p := h.promises(1001); len(p) == 0 || p[len(p)-1].State != "open" || p[len(p)-1].Due.In(h.cfg.Calendar.Location()).Format("01-02 15:04") != "11-25 15:00" {
			t.Errorf("promises %+v", p)
		}
	}, withService(&service{}), atOnce)
}

// A quote with a comment below it looks like a reply of several lines. Nothing of it
// goes; a prefix on every line, or a word in front of all of them, leaves no doubt.
func TestQuoteWithACommentIsNotRelayed(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		settle(time.Minute)
		for _, words := range []string{"> my order never came\nI think he is lying", "> my order never came\n\nI think he is lying", "＞ 一直没收到货\n我觉得他在骗人", "> a\n> b\nlying"} {
			before := len(h.chat.Posts("dm:bob"))
			h.below("room:agents", words)
			settle(time.Minute)
			if got := h.chat.Posts("dm:bob"); len(got) != before {
				t.Errorf("%q: the customer reads %q", words, postText(got[len(got)-1]))
			}
			if got := h.newest("room:agents"); !strings.Contains(got, "看不出哪些是给客户的") {
				t.Errorf("%q: the agent is told %q", words, got)
			}
		}
		for words, want := range map[string]string{"> one\n>\n> two": "one\n\ntwo", "/reply one\ntwo": "one\ntwo", "> one\n\n> two": "one\n\ntwo"} {
			h.below("room:agents", words)
			settle(time.Minute)
			if got := h.newest("dm:bob"); !strings.HasPrefix(got, want+"\n\n—") {
				t.Errorf("%q: the customer reads %q", words, got)
			}
		}
	}, withService(&service{}), atOnce)
}

// What an agent changes after it went stays with the customer as it was; the agent is
// told so, and the change is an event.
func TestEditAfterItWentIsTold(t *testing.T) {
	const late = "这条消息在修改之前已经发给客户"
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		settle(time.Minute)
		changed := func(of channels.Inbound, kind channels.Kind, text string) {
			h.receive(h.spoken("ana", "room:agents", text, func(in *channels.Inbound) {
				in.Kind, in.Ref, in.Keys = kind, of.Ref, []string{fmt.Sprintf("event:%s:%s:%d", kind, of.Ref, h.mails)}
			}))
			settle(time.Minute)
		}
		told := func() int { return strings.Count(h.reads("room:agents"), late) }
		talk := h.below("room:agents", "he called on Monday")
		changed(talk, channels.Edit, "he called on Tuesday")
		if told() != 0 {
			t.Error("what stayed among staff is said to have gone")
		}
		words := h.below("room:agents", "> The price is 100")
		settle(time.Minute)
		before := len(h.chat.Posts("dm:bob"))
		changed(words, channels.Edit, "> The price is 1000")
		if told() != 1 {
			t.Errorf("after the edit the room reads %q", h.newest("room:agents"))
		}
		changed(words, channels.Deletion, "")
		if told() != 2 {
			t.Errorf("after the deletion the room reads %q", h.newest("room:agents"))
		}
		if got := h.chat.Posts("dm:bob"); len(got) != before || strings.Contains(h.reads("dm:bob"), "1000") || !strings.Contains(h.newest("dm:bob"), "The price is 100\n") {
			t.Errorf("the customer reads %q", h.reads("dm:bob"))
		}
		if got := h.raw("SELECT kind || ' ' || actor || ': ' || words FROM event WHERE kind IN ('edit', 'deletion') AND words LIKE '%price%' ORDER BY id"); len(got) != 2 ||
			got[0] != "edit Ana: > The price is 100" || got[1] != "deletion Ana: > The price is 100" {
			t.Errorf("events %q", got)
		}
	}, withService(&service{}), atOnce)
}

// Numbers of payment cards are masked wherever staff read: in the title of a card and
// of a thread, in what a customer changes, in the overview, and when time is short.
func TestCardNumbersAreMaskedForStaff(t *testing.T) {
	const number, other, third = "4111 1111 1111 1111", "5500 0000 0000 0004", "3782 822463 10005"
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		in := h.receive(h.spoken("bob", "dm:bob", "I want a refund for my card "+number+" please"))
		settle(time.Minute)
		h.receive(h.spoken("bob", "dm:bob", "I want a refund for my cards "+number+" and "+other+" please", func(i *channels.Inbound) {
			i.Kind, i.Ref, i.Keys = channels.Edit, in.Ref, []string{"event:edited"}
		}))
		h.mail("tom@customers.example", "I want a refund for my card "+number+" please", func(in *channels.Inbound) { in.Subject = "Card " + third })
		settle(time.Minute)
		if title := h.card("room:agents").Card.Title; !strings.Contains(title, "refund") {
			t.Errorf("the card is titled %q", title)
		}
		v, err := h.engine.Show(t.Context(), channels.Query{Channel: "chat", From: channels.Person{Kind: "chat", Address: "ana"}, Name: "home"})
		if err != nil || len(v.Cards) != 2 {
			t.Fatalf("the overview is %+v, %v", v, err)
		}
		settle(7 * 24 * time.Hour) // reminders, warnings, what was promised is late
		all := []string{fmt.Sprint(v)}
		for _, d := range h.staff() {
			all = append(all, d.words())
		}
		if len(all) < 8 {
			t.Fatalf("staff got only %d messages", len(all))
		}
		for _, words := range all {
			for _, n := range []string{number, other, third} {
				if strings.Contains(words, n) {
					t.Errorf("%s is shown: %s", n, words)
				}
			}
		}
	}, atOnce)
	// In observe mode a talk without a case has its thread of staff too.
	bubble(t, func(t *testing.T, h *house) {
		h.mail("tom@customers.example", "What are your opening hours?", func(in *channels.Inbound) { in.Subject = "Card " + number })
		settle(time.Minute)
		if all := h.staff(); len(all) != 1 || strings.Contains(all[0].words(), number) {
			t.Errorf("%d messages, the first is %s", len(all), all[0].words())
		}
	}, func(c *Config) {
		ch := c.Channels["support"]
		ch.Observe = true
		c.Channels["support"] = ch
	})
}

// What a customer passes on from others reaches staff with the customer's own words.
func TestForwardedWordsReachStaff(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		settle(time.Minute)
		h.receive(h.spoken("bob", "dm:bob", "see this", func(in *channels.Inbound) { in.Full = "see this\n\n> Amy: it broke on Monday" }))
		settle(time.Minute)
		posts := h.chat.Posts("room:agents")
		if got := postText(posts[len(posts)-1]); !strings.Contains(got, "see this") || !strings.Contains(got, "it broke on Monday") {
			t.Errorf("staff read %q", got)
		}
	}, withService(&service{}), atOnce)
}
