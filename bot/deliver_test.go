package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/store"
)

func TestBackoff(t *testing.T) {
	for attempts, want := range map[int]time.Duration{1: 10 * time.Second, 2: 20 * time.Second, 3: 40 * time.Second, 8: 1280 * time.Second, 9: 30 * time.Minute, 10: 30 * time.Minute, 1000: 30 * time.Minute} {
		lo, hi := time.Duration(1<<62), time.Duration(0)
		for range 500 {
			d := backoff(attempts)
			lo, hi = min(lo, d), max(hi, d)
		}
		if lo < want*79/100 || hi > want*121/100 || hi-lo < want/5 {
			t.Errorf("after %d attempts: %s to %s, want %s give or take a fifth", attempts, lo, hi, want)
		}
	}
}

// attempts returns when each attempt at a delivery began, in seconds since the
// first.
func (h *house) attempts(id int64) (at []int) {
	h.t.Helper()
	for _, s := range h.raw("SELECT (started - (SELECT started FROM attempt WHERE outbox = a.outbox AND no = 1)) / 1000 FROM attempt a WHERE outbox = ? ORDER BY no", id) {
		var n int
		fmt.Sscan(s, &n)
		at = append(at, n)
	}
	return at
}

func TestDeliverTriesAgain(t *testing.T) {
	within := func(t *testing.T, got, lo, hi int, what string) {
		t.Helper()
		if got < lo || got > hi {
			t.Errorf("%s after %d s, want %d to %d", what, got, lo, hi)
		}
	}
	t.Run("later each time", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			for range 4 {
				h.post.plan(channeltest.Temporary("busy"))
			}
			h.run()
			h.mail("tom@customers.example", known)
			settle(time.Hour)
			at := h.attempts(1)
			if len(at) != 5 {
				t.Fatalf("attempts at %v, want 5", at)
			}
			for i, d := range []int{10, 20, 40, 80} {
				within(t, at[i+1]-at[i], d*8/10, d*12/10+1, fmt.Sprintf("attempt %d", i+2))
			}
		})
	})
	t.Run("when the outside wishes", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.post.plan(channeltest.RateLimited(10 * time.Minute))
			h.run()
			h.mail("tom@customers.example", known)
			settle(time.Hour)
			if at := h.attempts(1); len(at) != 2 || at[1] < 600 || at[1] > 602 {
				t.Errorf("attempts at %v, want the second after 10 minutes", at)
			}
		})
	})
	t.Run("an error of no kind is temporary", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.post.plan(errors.New("whatever"), context.DeadlineExceeded)
			h.run()
			h.mail("tom@customers.example", known)
			settle(time.Hour)
			if got := h.told()[0]; got.State != store.Sent || got.Attempts != 3 {
				t.Errorf("%s after %d attempts, want sent after 3", got.State, got.Attempts)
			}
		})
	})
	t.Run("a panic counts as unknown", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			first := true
			h.post.look = func(channels.Outbound) {
				if first {
					first = false
					panic("the adapter has a bug")
				}
			}
			h.run()
			h.mail("tom@customers.example", known)
			settle(time.Minute)
			if got := h.told()[0]; got.State != store.Queued || !got.Unsure {
				t.Errorf("%s, unsure %v: want it to wait, unsure", got.State, got.Unsure)
			}
			settle(time.Hour)
			if got := h.told()[0]; got.State != store.Sent {
				t.Errorf("%s, want sent", got.State)
			}
		})
	})
	t.Run("an unknown outcome: at once where one can look, else later", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.chat.FailNext(channeltest.ErrLost, channeltest.ErrVanished)
			h.post.plan(&channels.SendError{Unknown: true, Err: errors.New("cut")})
			h.run()
			h.chat.Say("amy", "dm:amy", known)
			settle(5 * time.Second) // it got through
			h.chat.Say("bob", "dm:bob", known)
			settle(5 * time.Second) // it did not
			h.mail("tom@customers.example", known)
			settle(time.Hour)
			for i, want := range [][2]int{{8, 13}, {8, 13}, {600, 602}} {
				if at := h.attempts(int64(i + 1)); len(at) != 2 {
					t.Errorf("delivery %d: attempts at %v, want 2", i+1, at)
				} else {
					within(t, at[1], want[0], want[1], fmt.Sprintf("delivery %d, attempt 2", i+1))
				}
			}
			if got := h.chat.Twice(); len(got) > 0 || len(h.chat.Posts("dm:amy")) != 1 || len(h.chat.Posts("dm:bob")) != 1 {
				t.Errorf("%d and %d posts, %v twice", len(h.chat.Posts("dm:amy")), len(h.chat.Posts("dm:bob")), got)
			}
		})
	})
	t.Run("for four days, and then people are told", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.post.fail = map[string]error{"tom@customers.example": channeltest.Temporary("busy")}
			h.run()
			h.mail("tom@customers.example", known)
			settle(giveUp - time.Hour)
			if got := h.told()[0]; got.State != store.Queued {
				t.Errorf("%s an hour before", got.State)
			}
			h.want(1, 0)
			settle(3 * time.Hour)
			if got := h.told()[0]; got.State != store.Refused {
				t.Errorf("%s, want it given up", got.State)
			}
			if h.want(1, 1); !strings.Contains(h.staff()[0].words(), "tom@customers.example") {
				t.Errorf("staff got %s", h.staff()[0].words())
			}
			if n := len(h.attempts(1)); n < 100 || n > 300 {
				t.Errorf("%d attempts in four days", n)
			}
		})
	})
}

// paced is a chat that limits how often a place may be written to.
type paced struct {
	*channeltest.Chat
	every time.Duration
	last  map[string]time.Time
}

func (p *paced) Pace(out channels.Outbound) time.Duration {
	return time.Until(p.last[out.Place].Add(p.every))
}

func (p *paced) Send(ctx context.Context, out channels.Outbound) (string, error) {
	p.last[out.Place] = time.Now()
	return p.Chat.Send(ctx, out)
}

func TestDeliverKeepsThePace(t *testing.T) {
	var pacer *paced
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		for range 3 {
			h.chat.Say("amy", "dm:amy", "在吗")
			settle(4 * time.Second)
		}
		h.chat.Say("bob", "dm:bob", "在吗")
		settle(2 * time.Minute)
		posts := h.chat.Posts("dm:amy")
		if len(posts) != 3 || len(h.chat.Posts("dm:bob")) != 1 {
			t.Fatalf("%d and %d posts, want 3 and 1", len(posts), len(h.chat.Posts("dm:bob")))
		}
		for i := 1; i < 3; i++ {
			if d := posts[i].At.Sub(posts[i-1].At); d < 30*time.Second || d > 31*time.Second {
				t.Errorf("%s between two posts, want 30 s", d)
			}
		}
		for _, d := range h.told() {
			if d.Attempts != 1 {
				t.Errorf("delivery %d took %d attempts: waiting is none", d.ID, d.Attempts)
			}
		}
		if wait := h.chat.Posts("dm:bob")[0].At.Sub(posts[0].At); wait > 20*time.Second {
			t.Errorf("another place waited %s", wait)
		}
	}, func(c *Config) {
		chat := c.Channels["chat"]
		pacer = &paced{Chat: chat.Sender.(*channeltest.Chat), every: 30 * time.Second, last: map[string]time.Time{}}
		chat.Sender, chat.Workers = pacer, 1
		c.Channels["chat"] = chat
	})
}

func TestOneSickChannelDoesNotStopAnother(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		hold := make(chan struct{})
		h.post.hold = map[string]chan struct{}{}
		for i := range 10 {
			h.post.hold[fmt.Sprintf("slow%d@customers.example", i)] = hold
		}
		h.run()
		for i := range 10 {
			h.mail(fmt.Sprintf("slow%d@customers.example", i), known)
		}
		settle(time.Second)
		h.chat.Say("amy", "dm:amy", known)
		settle(10 * time.Second)
		if n := len(h.chat.Posts("dm:amy")); n != 1 {
			t.Errorf("the chat got %d answers while mail hangs", n)
		}
		if h.post.most != 4 {
			t.Errorf("%d deliveries of mail under way at once, want the 4 workers", h.post.most)
		}
		close(hold)
		settle(10 * time.Second)
		for _, d := range h.told() {
			if d.State != store.Sent {
				t.Errorf("delivery %d is %s", d.ID, d.State)
			}
		}
	})
}

func TestOneOfAThreadManyThreads(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		hold := make(chan struct{})
		h.post.hold = map[string]chan struct{}{"tom@customers.example": hold}
		first := h.mail("tom@customers.example", unknown)
		for i := range 5 {
			h.act(1001, actReply, fmt.Sprintf("Reply %d", i))
		}
		h.mail("eve@customers.example", known)
		h.mail("jane@customers.example", known)
		h.run()
		settle(10 * time.Second)
		under := 0
		for _, d := range h.told() {
			if d.State == store.Sending {
				under++
			}
		}
		if under != 1 || h.post.twice {
			t.Errorf("%d of one thread under way, want 1", under)
		}
		if len(h.post.texts("eve@customers.example")) != 1 || len(h.post.texts("jane@customers.example")) != 1 {
			t.Error("another thread waits")
		}
		close(hold)
		settle(10 * time.Second)
		if got := len(h.post.texts("tom@customers.example")); got != 6 || h.post.twice {
			t.Errorf("%d arrived after %s, two at once: %v", got, first.Ref, h.post.twice)
		}
	})
}

func TestWhatIsRefusedForGoodIsTold(t *testing.T) {
	elsewhere := func(c *Config) { // the chat's staff read mail
		chat := c.Channels["chat"]
		chat.Staff = Desk{Channel: "support", To: who("escalations@acme.example")}
		chat.Complaints = chat.Staff
		c.Channels["chat"] = chat
	}
	oneByOne := func(c *Config) { // so that the refusal meets the first delivery
		support := c.Channels["support"]
		support.Workers = 1
		c.Channels["support"] = support
	}
	t.Run("to a customer: staff of the case", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.post.fail = map[string]error{"tom@customers.example": channeltest.Permanent("no such user")}
			h.run()
			h.mail("tom@customers.example", unknown)
			settle(time.Minute)
			staff := h.staff()
			if len(staff) != 2 || !strings.Contains(staff[1].words(), "no such user") || staff[1].Thread != staff[0].Thread {
				t.Errorf("%d messages to staff, the last %s", len(staff), staff[len(staff)-1].words())
			}
			if got := h.told()[0]; got.State != store.Refused || got.Attempts != 1 {
				t.Errorf("%s after %d attempts, want it refused after 1", got.State, got.Attempts)
			}
		})
	})
	t.Run("what comes after it in the thread goes on", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.post.plan(channeltest.Permanent("a word that it does not like"))
			h.mail("tom@customers.example", unknown)
			h.act(1001, actReply, "Another word.")
			h.run()
			settle(time.Minute)
			if got := h.post.texts("tom@customers.example"); len(got) != 1 || !strings.Contains(got[0], "Another") {
				t.Errorf("the customer got %q", got)
			}
		}, oneByOne)
	})
	t.Run("to staff: another channel's staff", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.post.fail = map[string]error{"escalations@acme.example": channeltest.Permanent("mailbox gone")}
			h.run()
			h.mail("tom@customers.example", unknown)
			settle(time.Minute)
			if got := postTexts(h.chat.Posts("room:agents")); len(got) != 1 || !strings.Contains(got[0], "mailbox gone") {
				t.Errorf("the other staff read %q", got)
			}
		})
	})
	t.Run("to staff who read in one place only: no notice begets another", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.post.fail = map[string]error{"escalations@acme.example": channeltest.Permanent("mailbox gone")}
			h.run()
			h.mail("tom@customers.example", unknown)
			settle(24 * time.Hour)
			if n := len(h.staff()); n > 3 {
				t.Errorf("%d messages to staff whom nothing reaches", n)
			}
			if !strings.Contains(h.log.String(), "staff were not reached") {
				t.Error("the log says nothing")
			}
		}, elsewhere, farAway)
	})
}

func TestGracefulStop(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		hold := make(chan struct{})
		h.post.hold = map[string]chan struct{}{"tom@customers.example": hold}
		h.run()
		h.mail("tom@customers.example", known)
		settle(time.Second)
		stopped := make(chan struct{})
		go func() { h.stop(); close(stopped) }()
		settle(time.Second)
		select {
		case <-stopped:
			t.Fatal("it stopped with a delivery under way")
		default:
		}
		// What comes while it stops is recorded and left for the next time.
		h.mail("eve@customers.example", known)
		settle(time.Second)
		if len(h.post.texts("eve@customers.example")) != 0 {
			t.Error("it began a delivery although it is stopping")
		}
		close(hold)
		<-stopped
		got := h.told()
		if got[0].State != store.Sent || got[1].State != store.Queued {
			t.Errorf("%s and %s, want the first sent and the second queued", got[0].State, got[1].State)
		}
		if open := h.raw("SELECT outbox FROM attempt WHERE ended IS NULL"); len(open) != 0 {
			t.Errorf("attempts without an outcome: %v", open)
		}
		h.restart()
		settle(time.Second)
		if len(h.post.texts("eve@customers.example")) != 1 || len(h.post.texts("tom@customers.example")) != 1 {
			t.Error("after the restart: want each to have one mail")
		}
		synctest.Wait()
	})
}

func BenchmarkReceive(b *testing.B) {
	h := newHouse(b, func(c *Config) {
		support := c.Channels["support"]
		support.Budget = Budget{Hour: 1 << 30, Day: 1 << 30, Talk: 1 << 30}
		c.Channels["support"] = support
	})
	body := "Hello,\n\nI bought a kettle in your shop last week and would like to drop in.\n" + known + "\n\nBest regards,\nTom"
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		in := h.letter(fmt.Sprintf("tom%d@customers.example", n), body)
		in.Raw = channels.Bytes([]byte(strings.Repeat("X-Header: of a usual mail\r\n", 100) + body))
		if _, err := h.engine.Receive(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if got := len(h.told()); got != n {
		b.Fatalf("%d mails, %d answers", n, got)
	}
}
