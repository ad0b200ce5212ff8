package slack

import (
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

// begun is a source's first start, so long ago.
func begun(ago time.Duration) map[string]string {
	return map[string]string{channels.Begun: time.Now().Add(-ago).UTC().Format(time.RFC3339)}
}

// has waits until a text was taken, and returns how long that took.
func (r *running) has(rec *channeltest.Recorder, text string, most time.Duration) time.Duration {
	r.t.Helper()
	began := time.Now()
	if err := rec.Wait(within(r.t, most), func(rec *channeltest.Recorder) bool { return slices.Contains(rec.Texts(), text) }); err != nil {
		r.t.Fatalf("%q did not come within %v; state %+v", text, most, rec.State())
	}
	return time.Since(began)
}

// A channel whose history cannot be read holds up no other; it is said which one,
// and it is read when that can be done again.
func TestSickChannelHoldsUpNoOther(t *testing.T) {
	for name, fault := range map[string]slacktest.Fault{
		"HTTP status 500": {Kind: slacktest.ServerError},
		"internal_error":  {Kind: slacktest.Refuse, Error: "internal_error"},
		"missing_scope":   {Kind: slacktest.Refuse, Error: "missing_scope"},
		"an answer that cannot be read: it says ": {Kind: slacktest.NotOK},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
				fault.Method, fault.Channel = "conversations.history", h.support.ID
				h.w.Fault(fault)
				h.w.SetIntake(slacktest.Intake{LoseOffline: true})
				time.Sleep(time.Minute)
				h.ann.DM("hello, anybody?")
				h.ann.Say(h.support, "a question")
				h.w.SetIntake(slacktest.Intake{})
				rec := &channeltest.Recorder{}
				r := start(t, h.channel(), begun(time.Hour), rec)
				r.has(rec, "hello, anybody?", 2*time.Minute)
				time.Sleep(3 * time.Hour)
				s := rec.State()
				if want := h.support.ID + " cannot be read: conversations.history: " + name; s.State != channels.Starting || !strings.Contains(s.Reason, want) {
					t.Errorf("state %+v, want %q", s, want)
				}
				if n := h.calls("conversations.history"); n > 500 {
					t.Errorf("%d calls of conversations.history in three hours", n)
				}
				h.w.ClearFaults()
				r.has(rec, "a question", 11*time.Minute)
				r.up()
				r.end()
			})
		})
	}
}

// A direct message that cannot be read is named, too, and does not keep the rest from
// being up.
func TestSickDirectMessage(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		h.w.Fault(slacktest.Fault{Kind: slacktest.ServerError, Method: "conversations.history", Channel: h.ann.Direct().ID})
		rec := &channeltest.Recorder{}
		r := start(t, h.channel(), nil, rec)
		r.up()
		time.Sleep(5 * time.Minute)
		if s := rec.State(); s.State != channels.Up || !strings.Contains(s.Reason, h.ann.Direct().ID) {
			t.Errorf("state %+v", s)
		}
		h.w.ClearFaults()
		time.Sleep(15 * time.Minute)
		if s := rec.State(); s.State != channels.Up || s.Reason != "" {
			t.Errorf("state %+v", s)
		}
		r.end()
	})
}

// A gap that is opened while the last one is still looked through, which takes long
// with many direct messages, is not made to wait for it; and both are closed.
func TestSecondGapIsNotMadeToWait(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		var people []*slacktest.User
		many := 1000
		if testing.Short() {
			many = 400
		}
		for i := range many {
			u := h.w.User(fmt.Sprintf("u%d", i), slacktest.UserOptions{})
			u.Direct()
			people = append(people, u)
		}
		rec := &channeltest.Recorder{}
		r := start(t, h.channel(), nil, rec)
		r.up()
		for i := range 6 { // without end one after the other
			time.Sleep(4 * time.Minute)
			h.w.SetIntake(slacktest.Intake{LoseOffline: true})
			h.w.CutSockets()
			h.ann.Say(h.support, fmt.Sprintf("missed %d", i))
			people[i*many/6].DM(fmt.Sprintf("missed by direct message %d", i))
			h.w.SetIntake(slacktest.Intake{})
			if d := r.has(rec, fmt.Sprintf("missed %d", i), 10*time.Minute); d > 30*time.Second {
				t.Errorf("found after %v", d)
			}
		}
		for i := range 6 {
			r.has(rec, fmt.Sprintf("missed by direct message %d", i), 40*time.Minute)
		}
		time.Sleep(30 * time.Minute)
		before := h.calls("conversations.history")
		time.Sleep(time.Hour)
		if n := h.calls("conversations.history") - before; n > 0 {
			t.Errorf("%d calls when all is done", n)
		}
		r.end()
	})
}

// With more old threads than can be read in a minute we are up at once, and the
// replies below all of them are found.
func TestManyOldThreads(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		rec := &remembering{Recorder: &channeltest.Recorder{}}
		c := h.channel()
		r := start(t, c, nil, rec)
		time.Sleep(time.Second)
		for i := range 250 {
			root := h.ann.Say(h.support, fmt.Sprintf("question %d", i))
			ref := c.ref(h.support.ID, root)
			rec.talks = append([]channels.Talk{{Place: h.support.ID + "/" + root, Root: ref, Newest: ref}}, rec.talks...)
			time.Sleep(2 * time.Second)
		}
		if err := rec.WaitKept(within(t, time.Minute), 250); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		h.w.SetIntake(slacktest.Intake{LoseOffline: true})
		h.w.Down(true)
		synctest.Wait()
		for _, talk := range rec.talks {
			_, ts, _ := splitRef(talk.Root)
			h.ann.Reply(h.support, ts, "it still fails: "+ts)
		}
		h.ann.Say(h.support, "is anybody there?")
		synctest.Wait()
		h.w.Down(false)
		h.w.SetIntake(slacktest.Intake{})
		if err := rec.WaitState(within(t, time.Minute), channels.Up); err != nil {
			t.Error(err)
		}
		r.has(rec.Recorder, "is anybody there?", time.Second)
		for _, talk := range rec.talks {
			_, ts, _ := splitRef(talk.Root)
			r.has(rec.Recorder, "it still fails: "+ts, 8*time.Minute)
		}
		time.Sleep(time.Minute)
		if _, open := c.intake.running.Load().marks.gapNow(); open {
			t.Error("the gap is open still")
		}
		r.stop()
		<-r.done
	})
}

// A first direct message is found before the talk of a busy channel is read through
// where nobody talks with us.
func TestDirectMessagesBeforeBusyChannels(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		hall := h.w.Channel("hall", slacktest.ChannelOptions{})
		h.w.Invite(hall, h.w.BotUser(), h.ann)
		h.w.SetIntake(slacktest.Intake{LoseOffline: true})
		time.Sleep(time.Hour)
		for i := range 300 {
			h.ann.Reply(hall, h.ann.Say(hall, fmt.Sprintf("chat %d", i)), "yes")
			time.Sleep(time.Minute)
		}
		h.ann.DM("hello")
		h.w.SetIntake(slacktest.Intake{})
		rec := &channeltest.Recorder{}
		r := start(t, h.channel(), begun(6*time.Hour), rec)
		r.has(rec, "hello", 30*time.Second)
		r.end()
	})
}

// A thread whose root is gone holds up nothing in its channel.
func TestThreadIsGone(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		h.w.SetIntake(slacktest.Intake{LoseOffline: true})
		h.ann.Say(h.support, "a question")
		h.w.SetIntake(slacktest.Intake{})
		rec := &remembering{Recorder: &channeltest.Recorder{}}
		c := h.channel()
		gone := c.ref(h.support.ID, "1600000000.000100")
		rec.talks = []channels.Talk{{Place: h.support.ID + "/1600000000.000100", Root: gone, Newest: gone}}
		r := start(t, c, begun(time.Hour), rec)
		r.has(rec.Recorder, "a question", time.Minute)
		time.Sleep(time.Minute)
		if s := rec.State(); s.State != channels.Up || s.Reason != "" || rec.Cursors()[h.support.ID] == "" {
			t.Errorf("state %+v, cursors %v", s, rec.Cursors())
		}
		r.stop()
		<-r.done
	})
}
