package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

const rude = "I want to complain! Your courier was rude to me yesterday."

// inPrivate makes the chat take to direct messages what others are not to read.
func inPrivate(c *Config) {
	ch := c.Channels["chat"]
	ch.Personal, ch.Gather = true, 0
	c.Channels["chat"] = ch
}

// A complaint in public that the bot did not answer, for whatever reason, is
// answered by people in private all the same: their replies, what they promise, and
// that it is resolved.
func TestPeopleAnswerAPublicComplaintInPrivate(t *testing.T) {
	const moved = "I'll go on in a direct message."
	for _, c := range []struct {
		name   string
		before func(t *testing.T, h *house) (root string)
		change func(*Channel)
		left   string // in public
	}{
		{"a person has it", func(t *testing.T, h *house) string {
			q := h.receive(h.spoken("bob", "room:help", "Can you tune forty pianos in one week in March?"))
			settle(time.Minute)
			h.press("ana", channels.Action{Name: actTake, Case: 1001})
			return q.Ref
		}, func(*Channel) {}, moved},
		{"paused", func(t *testing.T, h *house) string {
			if err := h.engine.Pause(t.Context(), "li", ""); err != nil {
				t.Fatal(err)
			}
			return ""
		}, func(*Channel) {}, ""}, // the line would be the bot's
		{"budget spent", func(t *testing.T, h *house) string {
			q := h.receive(h.spoken("bob", "room:help", "What are your opening hours?"))
			settle(time.Minute)
			return q.Ref
		}, func(ch *Channel) { ch.Budget = Budget{Hour: 1, Day: 1, Talk: 1} }, moved},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				h.chat.Open("room:help")
				h.run()
				root := c.before(t, h)
				settle(time.Minute)
				before := len(h.chat.Posts("room:help"))
				h.receive(h.spoken("bob", "room:help", rude, func(in *channels.Inbound) {
					if root != "" {
						in.Refs = []string{root}
					}
				}))
				settle(time.Minute)
				h.below("room:complaints", "> sesame: Mr Wang is dismissed.")
				h.below("room:complaints", "promise: 2026-11-25 15:00\nopen sesame, Mr Wang is away")
				settle(time.Minute)
				h.press("ana", channels.Action{Name: actResolve, Case: 1001, Fields: map[string]string{"text": "sesame: we pay you 100.", "sure": "yes"}})
				settle(time.Minute)
				public := h.chat.Posts("room:help")[before:]
				if strings.Join(postTexts(public), "\n") != c.left {
					t.Errorf("in public stands %q", postTexts(public))
				}
				private := h.reads("dm:bob")
				for _, want := range []string{"Mr Wang is dismissed", "15:00", "we pay you 100"} {
					if !strings.Contains(private, want) {
						t.Errorf("in private is no %q: %s", want, private)
					}
				}
				if c := h.cases(); len(c) != 1 || c[0].Kind != kindComplaint || c[0].Stage != store.StageResolved {
					t.Errorf("cases %+v", c)
				}
			}, withService(&service{}), inPrivate, func(cfg *Config) {
				ch := cfg.Channels["chat"]
				c.change(&ch)
				cfg.Channels["chat"] = ch
			})
		})
	}
}

// What was said in a complaint, and about it, is not told to the readers of a later
// case of the same talk.
func TestClosedComplaintIsNotInALaterBrief(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		in := h.receive(h.spoken("zoe", "dm:zoe", "我要投诉！你们的快递员态度很差，昨天下午把包裹扔在门口就走了。"))
		settle(time.Minute)
		h.below("room:complaints", "he is known to us: sesame")
		h.press("ana", channels.Action{Name: actNote, Case: 1001, Fields: map[string]string{"text": "sesame by button"}})
		h.below("room:complaints", "> 王师傅已被辞退。")
		h.press("ana", channels.Action{Name: actResolve, Case: 1001, Fields: map[string]string{"text": "我们赔您一百元。", "sure": "yes"}})
		settle(80 * time.Hour)
		if c := h.cases(); c[0].Stage != store.StageClosed {
			t.Fatalf("the complaint is %+v", c[0])
		}
		h.receive(h.spoken("zoe", "dm:zoe", "你们周末上班吗", answers(in.Ref)))
		settle(time.Minute)
		later := h.receive(h.spoken("zoe", "dm:zoe", "三月份一周内能调四十架钢琴吗？", answers(in.Ref)))
		settle(time.Minute)
		h.receive(h.spoken("zoe", "dm:zoe", "最好是第二周", answers(in.Ref)))
		settle(time.Minute)
		if h.conversationOf(later).ID != h.conversationOf(in).ID || h.conversationOf(later).Case != 1002 {
			t.Fatalf("it went on in %+v", h.conversationOf(later))
		}
		read := h.reads("room:agents")
		for _, want := range []string{"#1002", "四十架钢琴", "第二周", "你们周末上班吗", "我们的人工服务时间是"} {
			if !strings.Contains(read, want) {
				t.Errorf("the brief does not say %q: %s", want, read)
			}
		}
		for _, secret := range []string{"sesame", "快递员", "辞退", "赔您", "投诉"} {
			if strings.Contains(read, secret) {
				t.Errorf("the brief says %q: %s", secret, read)
			}
		}
	}, withService(&service{}), atOnce)
}

// A form that is filled in when its complaint is done begins no case for others to
// read: whoever sends it is told.
func TestOldFormOfADoneComplaintIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("zoe", "dm:zoe", "我要投诉！你们的快递员态度很差。"))
		settle(time.Minute)
		own := func(in *channels.Inbound) { in.Place, in.Public = "dm:zoe", false }
		form := h.press("zoe", channels.Action{Name: actForm, Case: 1001}, own).Form
		if form == nil {
			t.Fatal("there is no form")
		}
		h.press("ana", channels.Action{Name: actResolve, Case: 1001, Fields: map[string]string{"text": "We are sorry.", "sure": "yes"}})
		for i, stage := range []store.Stage{store.StageResolved, store.StageClosed} {
			settle(time.Duration(i*80)*time.Hour + time.Minute)
			if c := h.cases()[0]; c.Stage != stage {
				t.Fatalf("the complaint is %+v, want it %s", c, stage)
			}
			filled := form.Action
			filled.Fields = map[string]string{formLang: "zh", "people": fmt.Sprintf("李 %d", i)}
			for _, a := range []channels.Action{filled, {Name: actForm, Case: 1001}} {
				if r := h.press("zoe", a, own); r.Form != nil || !strings.Contains(r.Refusal, "已处理完毕") {
					t.Errorf("%s, %s: shown %+v", stage, a.Name, r)
				}
			}
		}
		settle(time.Minute)
		if n := len(h.cases()); n != 1 || len(h.chat.Posts("room:agents")) != 0 || strings.Contains(h.reads("room:complaints"), "李 ") {
			t.Errorf("%d cases; agents read %q, handlers %q", n, h.reads("room:agents"), h.reads("room:complaints"))
		}
	}, withService(&service{}), atOnce)
}

// Whoever asks elsewhere how their case is going goes on in its conversation, and is
// answered where they alone read.
func TestHowIsMyCaseElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.chat.Open("room:help/1")
		h.chat.Open("room:help/2")
		h.run()
		room := func(in *channels.Inbound) { in.Toward, in.Room = channels.ToRoom, "room:help" }
		first := h.receive(h.spoken("bob", "room:help/1", "我要投诉！你们的快递员态度很差。", room))
		settle(time.Minute)
		before := len(h.chat.Posts("dm:bob"))
		again := h.receive(h.spoken("bob", "room:help/2", "我的投诉处理得怎么样了", room))
		settle(time.Minute)
		if h.conversationOf(again).ID != h.conversationOf(first).ID || len(h.cases()) != 1 {
			t.Errorf("it became %+v, and there are %d cases", h.conversationOf(again), len(h.cases()))
		}
		if got := h.chat.Posts("dm:bob"); len(got) != before+1 || !strings.Contains(postText(got[before]), "1001") {
			t.Errorf("in private is said %q", postTexts(got[before:]))
		}
		if got := h.reads("room:help/1") + h.reads("room:help/2"); strings.Contains(got, "1001") || strings.Contains(got, "投诉") {
			t.Errorf("in public is said %q", got)
		}
		if got := h.reads("room:agents"); got != "" {
			t.Errorf("all agents read %q", got)
		}
		// Somebody else who asks the same has no case.
		other := h.receive(h.spoken("eve", "room:help/2", "我的投诉处理得怎么样了", room, answers(again.Ref)))
		settle(time.Minute)
		if e := h.entry(other); e.Message != 0 {
			t.Errorf("somebody else's question became %+v", h.conversationOf(other))
		}
	}, withService(&service{}), inPrivate)
}
