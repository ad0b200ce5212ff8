package slack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/slack/slacktest"
)

// remembering is a Recorder that knows talks.
type remembering struct {
	*channeltest.Recorder
	talks []channels.Talk
}

func (r *remembering) Talks(context.Context, string, time.Time) ([]channels.Talk, error) {
	return r.talks, nil
}

// texts lists the texts of a kind.
func texts(rec *channeltest.Recorder, kind channels.Kind) []string {
	var out []string
	for _, in := range rec.Kept() {
		if in.Kind == kind {
			out = append(out, in.Text)
		}
	}
	return out
}

func sameTexts(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// After hours without a process everything that was said is found, once: top-level
// messages, replies below old messages, a first direct message, an edit; and what we
// and other bots said is left out.
func TestCatchUpAfterDowntime(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		c := h.channel()
		rec := &remembering{Recorder: &channeltest.Recorder{}}
		r := start(t, c, nil, rec)
		if err := rec.WaitState(within(t, time.Minute), channels.Up); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		root := h.ann.Say(h.support, "old question")
		synctest.Wait()
		edited := h.ann.Say(h.support, "my number is 41")
		synctest.Wait()
		sameTexts(t, "live", texts(rec.Recorder, channels.Message), "old question", "my number is 41")
		r.end()

		h.w.SetIntake(slacktest.Intake{LoseOffline: true})
		bob := h.w.User("bob", slacktest.UserOptions{})
		h.w.Invite(h.support, bob)
		time.Sleep(5 * time.Hour)
		h.ann.Reply(h.support, root, "any news on the old one?")
		time.Sleep(time.Hour)
		bob.DM("hello, I am new")
		h.ann.Edit(h.support, edited, "my number is 42")
		second := bob.Say(h.support, "new question")
		h.ann.Reply(h.support, second, "me too")
		h.w.BotUser().Say(h.support, "we are the bot")
		time.Sleep(time.Hour)
		h.w.SetIntake(slacktest.Intake{})

		c = h.channel()
		rec.talks = []channels.Talk{{Place: threadPlace(h.support.ID, root), Newest: c.ref(h.support.ID, root)}}
		r = start(t, c, rec.Cursors(), rec)
		if err := rec.Wait(within(t, time.Minute), func(rec *channeltest.Recorder) bool { return len(texts(rec, channels.Message)) >= 6 }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		sameTexts(t, "in the channel and by direct message", texts(rec.Recorder, channels.Message), "old question", "my number is 41",
			"new question", "any news on the old one?", "me too", "hello, I am new")
		for _, in := range rec.Kept() {
			if in.Text == "any news on the old one?" && (in.Place != threadPlace(h.support.ID, root) || in.Refs[0] != c.ref(h.support.ID, root)) {
				t.Errorf("%+v", in)
			}
			if in.Text == "hello, I am new" && in.Place != "@"+h.w.TeamID()+":"+bob.ID {
				t.Errorf("%+v", in)
			}
		}
		if rec.Duplicates() > 0 {
			t.Errorf("%d duplicates", rec.Duplicates())
		}
		r.end()
	})
}

// An edit during a short gap is found, and one that was seen live is not found
// again.
func TestCatchUpFindsEdits(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		c := h.channel()
		rec := &channeltest.Recorder{}
		r := start(t, c, nil, rec)
		r.up()
		time.Sleep(time.Minute)
		one := h.ann.Say(h.support, "one")
		synctest.Wait()
		two := h.ann.Say(h.support, "two")
		time.Sleep(time.Second)
		h.ann.Edit(h.support, one, "one, seen live")
		time.Sleep(time.Minute)
		r.end()
		h.w.SetIntake(slacktest.Intake{LoseOffline: true})
		h.ann.Edit(h.support, two, "two, changed while we were away")
		r = start(t, h.channel(), rec.Cursors(), rec)
		r.up()
		time.Sleep(time.Minute)
		sameTexts(t, "edits", texts(rec, channels.Edit), "one, seen live", "two, changed while we were away")
		sameTexts(t, "messages", texts(rec, channels.Message), "one", "two")

		// The message is lost and its edit is not: the message is found.
		h.w.SetIntake(slacktest.Intake{Lose: 1})
		three := h.ann.Say(h.support, "three")
		h.ann.Edit(h.support, three, "three, changed")
		synctest.Wait()
		r.end()
		r = start(t, h.channel(), rec.Cursors(), rec)
		r.up()
		time.Sleep(time.Minute)
		sameTexts(t, "messages", texts(rec, channels.Message), "one", "two", "three, changed")
		r.end()
	})
}

// When the network is gone for a while and events are lost, they are found as soon
// as a socket is back.
func TestCatchUpAfterOutage(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		rec := &channeltest.Recorder{}
		r := start(t, h.channel(), nil, rec)
		r.up()
		time.Sleep(time.Hour)
		h.w.SetIntake(slacktest.Intake{LoseOffline: true})
		h.w.Down(true)
		time.Sleep(20 * time.Minute)
		h.ann.Say(h.support, "in the dark")
		time.Sleep(20 * time.Minute)
		h.w.Down(false)
		if err := rec.Wait(within(t, 5*time.Minute), func(rec *channeltest.Recorder) bool {
			return slices.Equal(texts(rec, channels.Message), []string{"in the dark"})
		}); err != nil {
			t.Fatal(err)
		}
		r.end()
	})
}

// No position passes what is not recorded: the process may die at any moment, and
// the next one finds everything. Deliveries fail at random places, processes die,
// events get lost while none is there.
func TestNoPositionPassesAGap(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		rec := &channeltest.Recorder{}
		var want []string
		n := 0
		say := func(where *slacktest.Channel) {
			text := fmt.Sprintf("message %d", n)
			want = append(want, text)
			h.ann.Say(where, text)
			n++
		}
		r := start(t, h.channel(), nil, rec)
		r.up()
		time.Sleep(time.Minute)
		for round := range 20 {
			poison := n + 1 // one message of each life is never taken in it
			rec.Before = func(_ context.Context, in channels.Inbound) error {
				if in.Text == fmt.Sprintf("message %d", poison) {
					return channeltest.ErrBusy
				}
				return nil
			}
			for i := range 6 {
				say([]*slacktest.Channel{h.support, h.ann.Direct(), h.agents}[(round+i)%2])
				time.Sleep(time.Duration(round+1) * 41 * time.Second)
			}
			h.w.SetIntake(slacktest.Intake{LoseOffline: true})
			r.end()
			time.Sleep(15 * time.Minute)
			say(h.support)
			time.Sleep(time.Duration(round) * time.Hour)
			h.w.SetIntake(slacktest.Intake{})
			rec.Before = nil
			r = start(t, h.channel(), rec.Cursors(), rec)
			r.up()
			time.Sleep(10 * time.Minute)
			got := texts(rec, channels.Message)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("round %d:\n got %q\nwant %q\ncursors %v", round, got, want, rec.Cursors())
			}
		}
		r.end()
	})
}

// Live messages carry a position once all is caught up, and none before.
func TestPositions(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		h.w.Fault(slacktest.Fault{Kind: slacktest.ServerError, Method: "conversations.history"})
		rec := &channeltest.Recorder{}
		r := start(t, h.channel(), nil, rec)
		if err := h.w.WaitSockets(within(t, time.Minute), 2); err != nil {
			t.Fatal(err)
		}
		h.ann.Say(h.support, "in the gap")
		time.Sleep(10 * time.Second)
		if s := rec.State(); s.State == channels.Up {
			t.Errorf("state %v before anything is caught up", s)
		}
		h.w.ClearFaults()
		r.up()
		time.Sleep(10 * time.Second)
		ts := h.ann.Say(h.support, "after it")
		synctest.Wait()
		for _, in := range rec.Kept() {
			if got := in.Cursor; in.Text == "in the gap" && got.Stream != "" || in.Text == "after it" && got != (channels.Cursor{Stream: h.support.ID, Position: ts}) {
				t.Errorf("%q has %+v", in.Text, got)
			}
		}
		r.end()
	})
}

// Long histories are paged, within Slack's limits, and a limit that Slack tells of
// is kept.
func TestCatchUpPagesWithinLimits(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		rec := &channeltest.Recorder{}
		r := start(t, h.channel(), nil, rec)
		r.up()
		time.Sleep(time.Minute)
		h.ann.Say(h.support, "first")
		synctest.Wait()
		r.end()
		h.w.SetIntake(slacktest.Intake{LoseOffline: true})
		time.Sleep(time.Hour)
		var people []*slacktest.User
		for n := range 120 {
			u := h.w.User(fmt.Sprintf("user%d", n), slacktest.UserOptions{})
			people = append(people, u)
			u.DM("hello from " + u.Name)
		}
		for n := range 700 {
			h.ann.Say(h.support, fmt.Sprintf("message %d", n))
		}
		h.w.SetIntake(slacktest.Intake{})
		h.w.Fault(slacktest.Fault{Kind: slacktest.TooMany, Method: "conversations.history", Times: 1, Skip: 3, RetryAfter: "30"})
		h.w.Fault(slacktest.Fault{Kind: slacktest.CutAfter, Method: "conversations.history", Times: 1, Skip: 30})
		began := time.Now()
		r = start(t, h.channel(), rec.Cursors(), rec)
		want := 1 + 700 + len(people)
		if err := rec.Wait(within(t, time.Hour), func(rec *channeltest.Recorder) bool { return len(texts(rec, channels.Message)) >= want }); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d calls in %v", len(h.w.Calls("")), time.Since(began))
		if got := h.w.Limited(); len(got) > 0 {
			t.Errorf("limits were passed: %v", got)
		}
		if v := h.w.Violations(); len(v) > 0 {
			t.Error(v)
		}
		if got := texts(rec, channels.Message); got[1] != "message 0" || got[700] != "message 699" || !strings.HasPrefix(got[701], "hello from") {
			t.Errorf("order: %q … %q, %q", got[1], got[700], got[701])
		}
		r.end()
	})
}

// In a direct message people answer below any message, old ones too, and nobody
// remembers which: all are found, with few calls.
func TestCatchUpFindsThreadsInDirectMessages(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		rec := &channeltest.Recorder{}
		r := start(t, h.channel(), nil, rec)
		r.up()
		time.Sleep(time.Minute)
		own := h.ann.DM("are you open?")
		ours := h.w.BotUser().Say(h.ann.Direct(), "we are")
		time.Sleep(5 * 24 * time.Hour)
		for i := range 20 {
			h.w.BotUser().Say(h.ann.Direct(), fmt.Sprintf("news %d", i))
			time.Sleep(time.Hour)
		}
		h.ann.DM("thanks")
		synctest.Wait()
		r.end()
		h.w.SetIntake(slacktest.Intake{LoseOffline: true})
		time.Sleep(time.Hour)
		h.ann.Reply(h.ann.Direct(), ours, "on Sundays too?")
		h.ann.Reply(h.ann.Direct(), own, "and at night?")
		h.w.SetIntake(slacktest.Intake{})
		before := h.calls("conversations.replies")
		r = start(t, h.channel(), rec.Cursors(), rec)
		r.up()
		time.Sleep(time.Minute)
		sameTexts(t, "messages", texts(rec, channels.Message), "are you open?", "thanks", "on Sundays too?", "and at night?")
		if n := h.calls("conversations.replies") - before; n != 2 {
			t.Errorf("%d calls of conversations.replies", n)
		}
		r.end()
	})
}
