package bot

import (
	"strings"
	"testing"
	"time"
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
