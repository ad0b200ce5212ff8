package bot

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// Internal words never reach a customer, whichever way staff say them where talk is
// internal: each word below is a secret, and none of them may stand in anything
// that was ever put into the outbox for a customer or sent to one. That the ways to
// reach a customer work at all shows that the test can fail.
func TestPromise9InternalTalkInAChat(t *testing.T) {
	s := &service{profiles: map[string]channels.Profile{}, members: map[string][]string{}}
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		mail := h.mail("tom@customers.example", "Can you tune forty pianos in one week in March?")
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		h.receive(h.spoken("zoe", "dm:zoe", "我要投诉！你们的快递员态度很差，昨天下午把包裹扔在门口就走了。"))
		settle(time.Minute)
		var cards []string
		for _, place := range []string{"room:agents", "room:complaints"} {
			for _, p := range h.chat.Posts(place) {
				if p.Card != nil && p.Card.Title != "" {
					cards = append(cards, p.Ref)
				}
			}
		}
		if len(cards) != 3 {
			t.Fatalf("%d cards", len(cards))
		}
		n, secrets := 0, []string(nil)
		secret := func() string {
			n++
			secrets = append(secrets, fmt.Sprintf("sesame%dx", n))
			return secrets[n-1]
		}
		say := func(who, place, format string, change ...func(*channels.Inbound)) {
			in := h.spoken(who, place, strings.ReplaceAll(format, "%", secret()), change...)
			if _, err := h.engine.Receive(context.Background(), in); err != nil {
				t.Fatal(err)
			}
		}
		for _, card := range cards {
			room := "room:agents"
			if strings.Contains(card, "complaints") {
				room = "room:complaints"
			}
			for _, words := range []string{
				"%", "he is lying, %", "note: %", "备注：%", "/note %", "*note:* %", "Internal note: %", "/frobnicate %", "Frobnicate: %", "take: %", "接手 %", "bot: %",
				"a > %", "quote:\n> %", "»%", "》%", "| %", "replying % /reply", "/replying %", "re: %", "答：%", "give: Nobody %", "promise: tomorrow %", "reopen: %", "reply: %", "回复：%", "答复：没有，%", "resolve: %", "解决：%", "/resolve %", "> quoted\n%", "＞ quoted\n\n%",
			} {
				for _, who := range []string{"ana", "li"} {
					say(who, room, words, answers(card))
				}
				say("ana", room, words)                                                                          // beside the cards
				say("mallory", room, words, answers(card))                                                       // a stranger
				say("mallory", room, "> "+words, answers(card))                                                  // who knows how
				say("ana", room, "> "+words, answers(card), proof(channels.Refuted))                             // somebody who says to be Ana
				say("ana", room, "> "+words)                                                                     // but not to which card
				say("ana", room, words, answers(card), func(in *channels.Inbound) { in.Files = file(secret()) }) // a file
			}
			say("bob", room, "> %", answers(card)) // a customer where staff read
		}
		// Edits and reactions of staff's talk, forms that are not sent, and notes by button.
		quiet := h.receive(h.spoken("ana", "room:agents", "internal "+secret(), answers(cards[0])))
		for _, kind := range []channels.Kind{channels.Edit, channels.Reaction, channels.Deletion} {
			say("ana", "room:agents", "> %", func(in *channels.Inbound) {
				in.Kind, in.Ref, in.Refs = kind, quiet.Ref, []string{quiet.Ref}
			})
		}
		for number := int64(1001); number <= 1003; number++ {
			for _, a := range []channels.Action{
				{Name: actReply, Fields: map[string]string{"text": secret()}},   // previewed, not sent
				{Name: actResolve, Fields: map[string]string{"text": secret()}}, // likewise
				{Name: actNote, Fields: map[string]string{"text": secret()}},
				{Name: actTake, Fields: map[string]string{"text": secret()}},
				{Name: actGive, Fields: map[string]string{"to": "Li Wei", "text": secret()}},
				{Name: actReply, Version: 99, Fields: map[string]string{"text": secret(), "sure": "yes"}},
				{Name: "frobnicate", Fields: map[string]string{"text": secret()}},
				{Name: actSay, Fields: map[string]string{"text": secret()}},
				{Name: actDetails, Fields: map[string]string{"description": secret()}},
			} {
				a.Case = number
				h.press("ana", a)
				a.Fields = map[string]string{"text": secret(), "sure": "yes"}
				h.press("mallory", a)
			}
		}
		// By mail, in the thread of a case whose staff read in the chat.
		h.mail("ana@acme.example", "note: "+secret(), answers(mail.Ref))
		h.mail("mallory@customers.example", secret(), answers(mail.Ref))
		settle(10 * time.Minute)

		reached := func(word string) bool {
			for _, d := range h.told() {
				if strings.Contains(d.words(), word) {
					return true
				}
			}
			for _, place := range []string{"dm:bob", "dm:zoe"} {
				for _, p := range h.chat.Posts(place) {
					if strings.Contains(postText(p), word) {
						return true
					}
				}
			}
			return false
		}
		for i, word := range secrets {
			if reached(word) {
				t.Errorf("secret %d (%s) reached a customer", i+1, word)
			}
		}
		if n < 300 {
			t.Errorf("only %d ways were tried", n)
		}
		// The ways that do reach a customer.
		for i, card := range cards {
			room := "room:agents"
			if strings.Contains(card, "complaints") {
				room = "room:complaints"
			}
			h.receive(h.spoken("ana", room, fmt.Sprintf("> open%d", i), answers(card)))
		}
		h.press("ana", channels.Action{Name: actReply, Case: 1001, Fields: map[string]string{"text": "openform", "sure": "yes"}})
		settle(10 * time.Minute)
		for _, word := range []string{"open0", "open1", "open2", "openform"} {
			if !reached(word) {
				t.Errorf("%q did not reach its customer", word)
			}
		}
		if notes := h.raw("SELECT count(*) FROM message WHERE audience = 'staff' AND author = 'staff'"); notes[0] == "0" {
			t.Error("staff's talk is not recorded")
		}
		if got := look(h, func(s *store.Snapshot) (int, error) { return s.CountEvents("note", "Ana", time.Time{}) }); got == 0 {
			t.Error("no note was recorded")
		}
	}, withService(s))
}

func file(name string) []channels.File {
	return []channels.File{{Name: name + ".txt", Type: "text/plain", Data: channels.Bytes([]byte(name))}}
}
