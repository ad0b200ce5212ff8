package slack

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/slack/slacktest"
)

// queued is a delivery in an outbox that works as ours does: in the order of when it
// is due, postponed by what Pace says, at most one of a thread under way.
type queued struct {
	out       channels.Outbound
	due       time.Time
	postponed int
	busy      bool
}

// A thousand messages to fifty channels: each channel in order, a second apart, and
// Slack never has to say that it is too much.
func TestPaceOfManyMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newOffice(t, slacktest.Options{})
		const channelsN, each, workers = 50, 20, 16
		var rooms []*slacktest.Channel
		var queue []*queued
		for i := range channelsN {
			room := h.Channel(fmt.Sprint("room-", i), slacktest.ChannelOptions{})
			h.Invite(room, h.BotUser())
			rooms = append(rooms, room)
		}
		for n := range each {
			for _, room := range rooms {
				out := h.out(fmt.Sprint("message ", n))
				out.Place, out.Thread = room.ID, fmt.Sprint(room.ID, n)
				queue = append(queue, &queued{out: out, due: time.Now()})
			}
		}
		began := time.Now()
		var mu sync.Mutex
		next := func() (q *queued, wait time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			for {
				q = nil
				for _, c := range queue {
					if !c.busy && (q == nil || c.due.Before(q.due)) {
						q = c
					}
				}
				if q == nil {
					return nil, 0
				}
				if wait = time.Until(q.due); wait > 0 {
					return nil, wait
				}
				if wait = h.slack.Pace(q.out); wait == 0 {
					q.busy = true
					return q, 0
				}
				q.due = time.UnixMilli(time.Now().Add(wait).UnixMilli()) // as the database keeps it
				q.postponed++
			}
		}
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for {
					q, wait := next()
					if q == nil && wait == 0 {
						return
					}
					if q == nil {
						time.Sleep(wait)
						continue
					}
					if _, err := h.slack.Send(t.Context(), q.out); err != nil {
						t.Errorf("%s: %v", q.out.Key, err)
					}
				}
			})
		}
		wg.Wait()
		if l := h.Limited(); len(l) > 0 {
			t.Errorf("Slack refused %d calls: %+v", len(l), l[0])
		}
		for _, room := range rooms {
			said := h.said(room)
			if len(said) != each {
				t.Fatalf("#%s has %d messages", room.Name, len(said))
			}
			for n, m := range said {
				if want := fmt.Sprint("message ", n); m.Text != want {
					t.Errorf("#%s: message %d says %q", room.Name, n, m.Text)
				}
				if n > 0 && gap(said[n-1].TS, m.TS) < time.Second {
					t.Errorf("#%s: message %d came %v after the one before", room.Name, n, gap(said[n-1].TS, m.TS))
				}
			}
		}
		most := 0
		for _, q := range queue {
			most = max(most, q.postponed)
		}
		if most > 3 {
			t.Errorf("a message was postponed %d times", most)
		}
		t.Logf("%d messages in %v; none was postponed more than %d times", len(queue), time.Since(began), most)
	})
}

func TestPaceKeepsSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newOffice(t, slacktest.Options{})
		first, second, third := h.out("1"), h.out("2"), h.out("3")
		elsewhere := h.out("4")
		elsewhere.Place = "C0ELSEWHERE"
		for i, want := range []struct {
			out  channels.Outbound
			wait time.Duration
		}{{first, 0}, {second, time.Second}, {third, 2 * time.Second}, {second, time.Second}, {second, time.Second}, {third, 2 * time.Second}, {elsewhere, 0}} {
			if got := h.slack.Pace(want.out); got != want.wait {
				t.Errorf("%d: wait %v, want %v", i, got, want.wait)
			}
		}
		time.Sleep(time.Second)
		if got := h.slack.Pace(second); got != 0 {
			t.Errorf("due, and it is to wait %v", got)
		}
		if got := h.slack.Pace(second); got != 2*time.Second {
			t.Errorf("its slot is used up, and it is to wait %v", got)
		}
		// Late: those behind keep their distance to when it really went.
		time.Sleep(5 * time.Second)
		if got := h.slack.Pace(third); got != 0 {
			t.Errorf("late, and it is to wait %v", got)
		}
		if got := h.slack.Pace(second); got != time.Second {
			t.Errorf("behind one that went late, it is to wait %v", got)
		}
		time.Sleep(2 * forget)
		h.slack.Pace(elsewhere)
		if n := len(h.slack.pace.slots); n != 0 {
			t.Errorf("%d slots are kept that nobody asked for again", n)
		}
	})
}

// After a 429 everything that needs the method waits, in its old order; other methods
// go on.
func TestPaceAfterRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newOffice(t, slacktest.Options{})
		waiting := []channels.Outbound{h.out("a"), h.out("b"), h.out("c")}
		h.slack.Pace(waiting[0])
		for _, out := range waiting[1:] {
			h.slack.Pace(out)
		}
		h.Fault(slacktest.Fault{Kind: slacktest.TooMany, Method: "chat.postMessage", Times: 1, RetryAfter: "20"})
		if _, err := h.send(t, waiting[0]); err == nil || err.RetryAfter != 20*time.Second {
			t.Fatalf("got %v", err)
		}
		for i, out := range waiting[1:] {
			if got, want := h.slack.Pace(out), time.Duration(20+i)*time.Second; got != want {
				t.Errorf("%d waits %v, want %v", i, got, want)
			}
		}
		if got := h.slack.Pace(waiting[0]); got != 22*time.Second {
			t.Errorf("the refused one waits %v", got)
		}
		if _, err := h.send(t, waiting[0]); err == nil || err.RetryAfter != 20*time.Second {
			t.Errorf("sent without asking Pace: %v", err)
		}
		react := h.out("")
		react.Op = channels.React
		if got := h.slack.Pace(react); got != 0 {
			t.Errorf("another method waits %v", got)
		}
		if n := len(h.Calls("chat.postMessage")); n != 1 {
			t.Errorf("Slack was asked %d times", n)
		}
	})
}

// chat.update and reactions.add have fifty calls a minute for the whole workspace.
func TestPaceOfAmendments(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		ref := h.mustSend(t, h.out("card"))
		for range 120 {
			out := h.out("card, again")
			out.Op, out.Target = channels.Amend, ref
			for wait := h.slack.Pace(out); wait > 0; wait = h.slack.Pace(out) {
				time.Sleep(wait)
			}
			h.mustSend(t, out)
		}
		if l := h.Limited(); len(l) > 0 {
			t.Errorf("Slack refused %d calls", len(l))
		}
	})
}
