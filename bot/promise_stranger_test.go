package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// The victim's words and number, which no stranger may see.
const (
	privately = "My card ends in PRIVATE4242 and your warp core hums."
	stranger  = "mallory@elsewhere.example"
	victim    = "tom@customers.example"
)

func TestPromise10AStrangerJoinsNobodysConversation(t *testing.T) {
	// scene is a talk between Tom, Jane in copy, and Ana, who has answered.
	scene := func(t *testing.T, h *house) (first channels.Inbound, bot, brief, byAna string) {
		h.run()
		first = h.mail(victim, privately, cc("jane@customers.example"))
		settle(time.Minute)
		h.act(h.cases()[0].ID, actReply, "Dear Tom, PRIVATE words.")
		h.act(h.cases()[0].ID, actNote, "PRIVATE note.")
		settle(time.Minute)
		told := h.told()
		return first, told[0].Ref, h.staff()[0].Ref, told[1].Ref
	}
	// apart checks that a message began a talk of its own, and that what its
	// author was told holds nothing of the victim's.
	apart := func(t *testing.T, h *house, in channels.Inbound, said int) {
		t.Helper()
		conv := h.conversationOf(in)
		if conv.ID == 1 {
			t.Errorf("%q joined the conversation of somebody else", in.Text)
		}
		if got := len(h.said(1, true)); got != said {
			t.Errorf("%d messages were added to it", got-said)
		}
		settle(time.Minute)
		for _, d := range h.told() {
			if d.Thread == h.thread(in) {
				private(t, d, in.From.Address)
			}
		}
	}

	t.Run("who names our mails, or the customer's", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			first, bot, brief, byAna := scene(t, h)
			said := len(h.said(1, true))
			for i, refs := range [][]string{{bot}, {first.Ref}, {byAna}, {brief}, {bot, first.Ref, byAna, brief}, {brief, bot}, {"unknown@x", bot}} {
				for j, text := range []string{"How is my case #1001 going?", "Please send me the whole history.", "reply: send me money", "take:", "bot:", forHuman, "#1001"} {
					in := h.mail(fmt.Sprintf("mallory%d%d@elsewhere.example", i, j), text, answers(refs...),
						func(in *channels.Inbound) { in.Subject = "Re: [#1001] A mail" })
					apart(t, h, in, said)
					if conv := h.conversationOf(in); conv.Linked != 1 && refs[0] != brief {
						t.Errorf("staff are not told to which talk it points: %+v", conv)
					}
				}
			}
			if got := h.conversation(1); got.State != store.WithPerson || got.Case != 1001 {
				t.Errorf("a stranger changed the talk: %+v", got)
			}
		})
	})
	t.Run("who got it forwarded", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			_, bot, _, _ := scene(t, h)
			said := len(h.said(1, true))
			in := h.mail(stranger, "My friend sent me this. "+forHuman, answers(bot), cc(victim, "jane@customers.example"))
			apart(t, h, in, said)
			// Afterwards too, and for those whom the stranger adds.
			for _, from := range []string{stranger, victim, "jane@customers.example"} {
				h.mail(from, "Hello?", answers(in.Ref))
			}
			settle(time.Minute)
			h.shows(t, stranger)
			for _, d := range h.told() {
				if d.Thread == h.thread(in) && d.out.To[0].Address != stranger && strings.Contains(d.words(), "elsewhere") {
					t.Errorf("%s was told of the stranger", d.out.To[0].Address)
				}
			}
		})
	})
	t.Run("whom somebody in copy adds", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			first, _, _, _ := scene(t, h)
			h.mail("jane@customers.example", "And my colleague.", answers(first.Ref), cc(stranger))
			said := len(h.said(1, true))
			apart(t, h, h.mail(stranger, "How is it going?", answers(first.Ref)), said)
			h.act(1001, actReply, "PRIVATE again.")
			settle(time.Minute)
			h.shows(t, stranger)
			if got := h.post.texts(victim); !contains(got, "PRIVATE again") {
				t.Error("the customer got nothing, so nothing was tested")
			}
		})
	})
	t.Run("who takes part sees no more than what they are sent", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			first := h.mail(victim, privately, cc("jane@customers.example"))
			in := h.mail("jane@customers.example", "How is my case going?", answers(first.Ref))
			if got := h.conversationOf(in); got.ID != 1 {
				t.Errorf("whom the customer put into copy does not take part")
			}
			h.shows(t, "jane@customers.example", "#1001")
		})
	})
	t.Run("a forged sender", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			first, bot, brief, byAna := scene(t, h)
			said := len(h.said(1, true))
			for _, refs := range [][]string{{first.Ref}, {bot}, {byAna}} {
				in := h.mail(victim, "How is my case going? Write to me here.", proof(channels.Refuted), answers(refs...),
					func(in *channels.Inbound) { in.ReplyTo = who(stranger) })
				apart(t, h, in, said)
				h.shows(t, stranger)
			}
			for _, refs := range [][]string{{brief}, {bot}, nil} { // an agent, forged
				in := h.mail("ana@acme.example", "resolve: said nobody of ours", proof(channels.Refuted), answers(refs...))
				apart(t, h, in, said)
			}
			if c := h.cases()[len(h.cases())-1]; c.ID != 1001 || c.Stage != store.StageInHand {
				t.Errorf("a forged mail changed the case: %+v", c)
			}
			h.act(1001, actReply, "PRIVATE for Tom.")
			settle(time.Minute)
			h.shows(t, stranger)
			if got := h.post.texts(victim); !contains(got, "PRIVATE for Tom") {
				t.Errorf("what Ana wrote went somewhere else: %q", got)
			}
		})
	})
	t.Run("a forged member of staff without what only staff got", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			first, bot, _, byAna := scene(t, h)
			told := len(h.told())
			for i, refs := range [][]string{nil, {"guess@acme.example"}, {first.Ref}, {bot}, {byAna}} {
				for _, text := range []string{"reply: send me money", "resolve: send me money", "send me money", "note: x", "bot: x"} {
					if refs == nil && text == "send me money" {
						continue // a colleague who writes to us as anybody may
					}
					h.mail("li@acme.example", text, answers(refs...), func(in *channels.Inbound) {
						in.Subject, in.ReplyTo = "Re: [#1001] A mail", who(stranger)
					})
					settle(time.Minute)
					if got := h.told(); len(got) != told {
						t.Errorf("%q with references %d: a customer was told %q", text, i, got[len(got)-1].out.Body.Text)
						told = len(got)
					}
				}
			}
			h.shows(t, stranger)
			if c := h.cases()[0]; c.ID != 1001 || c.TakenBy != "Ana" || !c.IsOpen() {
				t.Errorf("the case was changed: %+v", c)
			}
		})
	})
	t.Run("a brief that went astray", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			_, _, brief, _ := scene(t, h)
			told := len(h.told())
			h.mail("desk@elsewhere.example", "reply: send me money", answers(brief))
			settle(time.Minute)
			if got := h.told(); len(got) != told+1 || got[told].out.To[0].Address != "desk@elsewhere.example" {
				t.Errorf("want an answer to the stranger alone, got %d", len(got)-told)
			}
			h.shows(t, "desk@elsewhere.example")
		})
	})
	t.Run("whoever acts must be staff, and proven", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			scene(t, h)
			told := len(h.told())
			act := channels.Action{Name: actReply, Case: 1001, Fields: map[string]string{"text": "send me money"}}
			for what, in := range map[string]channels.Inbound{
				"a customer":              h.letter(victim, "", proof(channels.Proven)),
				"a stranger":              h.letter(stranger, "", proof(channels.Proven)),
				"a namesake":              h.letter("ana", "", proof(channels.Proven)),
				"an agent, unproven":      h.letter("ana@acme.example", ""),
				"an agent, refuted":       h.letter("ana@acme.example", "", proof(channels.Refuted)),
				"an agent's other medium": h.letter("ana@acme.example", "", func(in *channels.Inbound) { in.From.Kind, in.Proof = "chat", channels.Proven }),
			} {
				in.Action = &act
				reply, err := h.engine.Receive(t.Context(), in)
				if err != nil || reply.Refusal == "" {
					t.Errorf("%s: %v, not refused", what, err)
				}
			}
			for _, who := range []channels.Person{who(victim), who(stranger), {}, {Kind: "slack", Address: "ana@acme.example"}} {
				if reply, err := h.engine.Act(t.Context(), who, act); err != nil || reply.Refusal == "" {
					t.Errorf("%+v: %v, not refused", who, err)
				}
				for _, name := range []string{"home", "case", "preview"} {
					if v, err := h.engine.Show(t.Context(), channels.Query{From: who, Name: name, Case: 1001}); err != nil || len(v.Cards) != 0 || strings.Contains(v.Text+v.Title, "1001") {
						t.Errorf("%+v sees %q: %+v, %v", who, name, v, err)
					}
				}
			}
			if got := len(h.told()); got != told {
				t.Errorf("%d messages went to customers", got-told)
			}
			in := h.letter("ana@acme.example", "", proof(channels.Proven))
			in.Action = &act
			if reply, err := h.engine.Receive(t.Context(), in); err != nil || reply.Refusal != "" {
				t.Errorf("a proven agent is refused: %v %s", err, reply.Refusal)
			}
			if v, err := h.engine.Show(t.Context(), channels.Query{From: who("ana@acme.example"), Name: "case", Case: 1001}); err != nil || len(v.Cards) != 1 {
				t.Errorf("Ana sees %+v, %v", v, err)
			}
		})
	})
	t.Run("in a room where others read", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.run()
			b1 := h.chat.Say("bob", "room:help", privately)
			settle(time.Minute)
			said := len(h.said(1, true))
			for _, text := range []string{"How is my case going?", "reply: x", forHuman} {
				h.chat.Say("mallory", "room:help", text, b1)
				h.chat.Say("mallory", "room:help", text)
				h.chat.Say("mallory", "dm:mallory", text, b1, h.chat.Posts("room:help")[0].Ref)
				settle(time.Minute)
			}
			if got := len(h.said(1, true)); got != said {
				t.Errorf("%d messages of a stranger are in somebody's conversation", got-said)
			}
			for _, d := range h.told() {
				if d.out.To[0].Address == "mallory" && (strings.Contains(d.out.Body.Text, "PRIVATE") || strings.Contains(d.out.Body.Text, "#1001")) {
					t.Errorf("the stranger was told %s", d.words())
				}
			}
		})
	})
	t.Run("a forged sender in a place", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.run()
			h.chat.Say("bob", "dm:bob", privately)
			settle(time.Minute)
			said := len(h.said(1, true))
			h.receive(channels.Inbound{Channel: "chat", Kind: channels.Message, Keys: []string{"forged"}, From: channels.Person{Kind: "chat", Address: "bob"},
				Proof: channels.Refuted, Place: "dm:bob", Text: "How is my case going?", Arrived: time.Now()})
			settle(time.Minute)
			if got := len(h.said(1, true)); got != said {
				t.Errorf("a forged message is in somebody's conversation")
			}
		})
	})
}

// shows fails if anything that went to an address holds what is private to the
// victim.
func (h *house) shows(t *testing.T, address string, allowed ...string) {
	t.Helper()
	for _, d := range h.told() {
		for _, to := range d.out.To {
			if to.Address == address {
				private(t, d, append(allowed, address)...)
			}
		}
	}
}

// private fails if a delivery holds what is private to the victim, unless it is
// allowed. The subject is the reader's own.
func private(t *testing.T, d delivery, allowed ...string) {
	t.Helper()
	words := d.out.From + ": " + d.out.Body.Text + fmt.Sprint(d.out.To, d.out.Card, d.out.Choices)
	for _, s := range []string{"PRIVATE", "#1001", victim, "Ana"} {
		if strings.Contains(words, s) && !contains(allowed, s) {
			t.Errorf("%s was sent %q:\n%s", d.out.To[0].Address, s, words)
		}
	}
}

// thread returns where a message was recorded.
func (h *house) thread(in channels.Inbound) int64 {
	h.t.Helper()
	e := h.entry(in)
	return look(h, func(s *store.Snapshot) (int64, error) { m, err := s.Message(e.Message); return m.Thread, err })
}
