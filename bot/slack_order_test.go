package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/channels/slack/slacktest"
)

// When more is handed over than the agents' channel takes at once, the cards change
// while they wait. Each still comes before what is said below it, once.
func TestSlackCardsComeFirst(t *testing.T) {
	const cases = 20
	inSlack(t, func(t *testing.T, w *workspace) {
		for n := range cases {
			w.User(fmt.Sprintf("many%d", n), slacktest.UserOptions{}).DM("I want to talk to a human")
		}
		began := time.Now()
		w.settle(2 * time.Minute)
		cards, last := map[string]bool{}, ""
		for _, m := range w.Messages(w.agents) {
			switch {
			case !m.Ours:
			case m.Thread == "" && strings.HasPrefix(m.Readable, "[#"):
				cards[m.TS] = true
			case m.Thread == "":
				t.Errorf("at the top of the channel stands %q", m.Readable)
			case !cards[m.Thread]:
				t.Errorf("%q stands below no card", m.Readable)
			}
			last = m.TS
		}
		if len(cards) != cases {
			t.Errorf("%d cards, not %d", len(cards), cases)
		}
		// One a second: a card and what is below it. What was replaced takes no turn.
		var seconds int64
		fmt.Sscan(last, &seconds)
		if took := time.Unix(seconds, 0).Sub(began); took > (2*cases+10)*time.Second {
			t.Errorf("the last message came after %v", took)
		}
	})
}
