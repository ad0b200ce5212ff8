package bot

import (
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/slack/slacktest"
)

// A colleague's message that an agent forwards into the thread of a card stays
// among agents, with or without words to the customer.
func TestSlackForwardStaysInternal(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.tom.Say(w.support, "I want to talk to a human about my order, please")
		w.settle(time.Minute)
		card := w.last(t, w.agents, "[#1001]")
		for i, text := range []string{"", "&gt; We will send a new one."} {
			ts := []string{"1795399999.000100", "1795399999.000200"}[i]
			w.Emit(map[string]any{"type": "message", "user": w.li.ID, "channel": w.agents.ID, "channel_type": "group", "ts": ts, "thread_ts": card.TS, "text": text,
				"event_ts": ts, "attachments": []any{map[string]any{"is_share": true, "is_msg_unfurl": true, "author_name": "Ana", "text": "sesame", "fallback": "sesame"}}})
			w.settle(2 * time.Minute)
		}
		for _, m := range w.Messages(w.support) {
			if strings.Contains(m.Readable, "sesame") {
				t.Errorf("customers read %q", m.Readable)
			}
		}
		w.last(t, w.support, "We will send a new one.")
	})
}

// While nobody listens, an agent answers below a card and a customer below an answer
// in a direct message, hours old both: when the bot is back, each reaches the other.
func TestSlackCatchesUpBelowOldMessages(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.tom.Say(w.support, "I want to talk to a human about my order, please")
		w.amy.DM("你们的上班时间是什么时候")
		w.settle(time.Minute)
		card := w.last(t, w.agents, "[#1001]")
		ours := w.last(t, w.amy.Direct(), "我们的人工服务时间是")
		w.settle(6 * time.Hour)
		w.lossy = true
		w.h.stop()
		w.SetIntake(slacktest.Intake{LoseOffline: true})
		w.settle(20 * time.Minute)
		w.li.Reply(w.agents, card.TS, "> We will send a new one today.")
		w.amy.Reply(w.amy.Direct(), ours.TS, "没有解决我的问题，转人工")
		w.settle(20 * time.Minute)
		w.SetIntake(slacktest.Intake{})
		w.h.restart()
		w.settle(20 * time.Minute)
		w.last(t, w.support, "We will send a new one today.")
		w.last(t, w.agents, "没有解决我的问题，转人工")
	})
}

// A guest of the workspace is a customer like any other: answered in a channel and by
// direct message, and handed over.
func TestSlackGuest(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		gus := w.User("gus", slacktest.UserOptions{RealName: "Gus Guest", Guest: true})
		w.Invite(w.support, gus)
		q := gus.Say(w.support, "What are your opening hours?")
		w.settle(time.Minute)
		if a := w.last(t, w.support, "Our service hours are Mon–Fri 09:00–17:00"); a.Thread != q {
			t.Errorf("the answer stands below %q", a.Thread)
		}
		gus.DM("I want to talk to a human")
		w.settle(time.Minute)
		card := w.last(t, w.agents, "Gus Guest")
		w.ana.Reply(w.agents, card.TS, "> Here I am, Gus.")
		w.settle(time.Minute)
		w.last(t, gus.Direct(), "Here I am, Gus.")
	})
}

// The support channel is shared with another organisation and so gets another id:
// it is one still, and it is said what to change.
func TestSlackChannelChangesItsID(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		moved := w.Channel("support2", slacktest.ChannelOptions{External: true})
		w.Invite(moved, w.BotUser(), w.tom, w.li)
		w.Emit(map[string]any{"type": "channel_id_changed", "old_channel_id": w.support.ID, "new_channel_id": moved.ID, "event_ts": "1795399999.000100"})
		w.settle(time.Minute)
		q := w.tom.Say(moved, "What are your opening hours?")
		w.settle(10 * time.Minute)
		if a := w.last(t, moved, "Our service hours are Mon–Fri 09:00–17:00"); a.Thread != q {
			t.Errorf("the answer stands below %q", a.Thread)
		}
		if p := w.h.engine.Pulses()["workspace"]; p.State != channels.Up || !strings.Contains(p.Reason, moved.ID) {
			t.Errorf("the channel is %+v", p)
		}
		w.tom.Reply(moved, q, "I want to talk to a human")
		w.settle(time.Minute)
		w.ana.Reply(w.agents, w.last(t, w.agents, "[#1001]").TS, "> Here I am.")
		w.settle(time.Minute)
		if a := w.last(t, moved, "Here I am."); a.Thread != q {
			t.Errorf("the agent's answer stands below %q", a.Thread)
		}
	})
}
