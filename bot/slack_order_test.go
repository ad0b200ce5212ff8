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

// An agent who answers a card before we know that it stands there, because Slack's
// answer to us was lost, is not lost.
func TestSlackAnsweredBeforeKnown(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.Fault(slacktest.Fault{Kind: slacktest.CutAfter, Method: "chat.postMessage", Channel: w.agents.ID, Times: 1})
		w.tom.DM("I want to talk to a human")
		w.settle(5 * time.Second)
		card := w.last(t, w.agents, "[#1001]")
		ts := w.ana.Reply(w.agents, card.TS, "> Here I am.")
		w.settle(time.Minute)
		w.last(t, w.tom.Direct(), "Here I am.")
		if m, _ := w.Message(w.agents, ts); len(m.Reactions["white_check_mark"]) != 1 {
			t.Errorf("the agent sees %v", m.Reactions)
		}
		if got := w.ana.SeesEphemeral(); len(got) > 0 {
			t.Errorf("the agent is shown %+v", got)
		}
		// What answers nobody's card does not wait.
		root := w.ana.Say(w.agents, "lunch?")
		w.li.Reply(w.agents, root, "yes")
		w.settle(time.Second)
		if got := w.h.raw("SELECT count(*) FROM ledger WHERE reason = 'said near us, not to us'"); got[0] != "2" {
			t.Errorf("%s rows of talk among staff", got[0])
		}
	})
}
