package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
)

// failing is the chat, some attempts at which fail.
type failing struct {
	*channeltest.Chat
	fail func(channels.Outbound) error
}

func (f failing) Send(ctx context.Context, out channels.Outbound) (string, error) {
	if err := f.fail(out); err != nil {
		return "", err
	}
	return f.Chat.Send(ctx, out)
}

func withFailing(fail func(channels.Outbound) error) func(*Config) {
	return func(c *Config) {
		ch := c.Channels["chat"]
		ch.Sender = failing{ch.Sender.(*channeltest.Chat), fail}
		c.Channels["chat"] = ch
	}
}

// What the bot could not deliver is no longer true later, so it has no button to send
// it again; what a person wrote has one.
func TestOnlyPeoplesWordsHaveARetryButton(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		retries := func() (n int) {
			for _, p := range h.chat.Posts("room:agents") {
				for _, c := range p.Choices {
					if c.Action.Name == actRetry {
						n++
					}
				}
			}
			return n
		}
		h.post.plan(channeltest.Permanent("mailbox unavailable"))
		h.mail("tom@customers.example", "Can you tune forty pianos in one week in March?")
		settle(time.Minute)
		if got := h.reads("room:agents"); retries() != 0 || !strings.Contains(got, "mailbox unavailable") {
			t.Errorf("the bot's words failed: %d buttons, the room reads %s", retries(), got)
		}
		h.post.plan(channeltest.Permanent("mailbox unavailable"))
		h.below("room:agents", "> Yes, we can.")
		settle(time.Minute)
		if retries() != 1 {
			t.Errorf("a person's words failed: %d buttons", retries())
		}
	}, withService(&service{}))
}

// Words wait two minutes for the file that goes with them, and then go without it;
// what stands behind them is not held up, and the file follows when it can be had.
func TestWordsDoNotWaitForAFileForEver(t *testing.T) {
	s := &service{files: map[string][]byte{"F1": []byte("a photo")}, down: errors.New("missing_scope")}
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		settle(time.Minute)
		card := h.card("room:agents")
		h.receive(h.spoken("bob", "dm:bob", "this is how it looks", func(in *channels.Inbound) {
			in.Files = []channels.File{{Name: "photo.jpg", Type: "image/jpeg", Ref: "F1", Data: channels.Blob{Size: 7}}}
		}))
		h.receive(h.spoken("bob", "dm:bob", "there is a smell of gas"))
		settle(time.Minute)
		if got := h.reads("room:agents"); strings.Contains(got, "how it looks") {
			t.Errorf("the words did not wait for their file: %s", got)
		}
		settle(2 * time.Minute)
		if got := h.reads("room:agents"); !strings.Contains(got, "how it looks") || !strings.Contains(got, "smell of gas") {
			t.Errorf("after three minutes staff read %s", got)
		}
		settle(5 * time.Hour)
		h.receive(h.spoken("bob", "dm:bob", "hello?"))
		settle(time.Minute)
		if got := h.newest("room:agents"); !strings.Contains(got, "hello?") {
			t.Errorf("staff read last %q", got)
		}
		s.set(func() { s.down = nil })
		settle(2 * time.Hour)
		var files []string
		for _, p := range h.chat.Posts("room:agents") {
			for _, f := range p.Out.Files {
				b, err := f.Data.ReadAll(100)
				if err != nil && p.Out.Op == channels.Post && len(b) == 0 {
					continue // the words that went without it
				}
				files = append(files, fmt.Sprintf("%s %s below %v", f.Name, b, p.Out.Root == card.Ref))
			}
		}
		if fmt.Sprint(files) != "[photo.jpg a photo below true]" {
			t.Errorf("staff have %q", files)
		}
	}, withService(s), atOnce)
}

// A desk that is not reached is told of at another's. If that is not reached either, it
// ends there.
func TestTwoDeadDesksDoNotTellOneAnother(t *testing.T) {
	for _, from := range []string{"mail", "chat"} {
		t.Run(from, func(t *testing.T) {
			var tries atomic.Int64
			bubble(t, func(t *testing.T, h *house) {
				h.post.fail = map[string]error{"escalations@acme.example": channeltest.Permanent("550 no such user")}
				h.run()
				if from == "mail" {
					h.mail("tom@customers.example", "Can you tune forty pianos in one week in March?")
				} else {
					h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
				}
				settle(time.Hour)
				n := len(h.staff())
				if n < 2 || n > 5 {
					t.Errorf("%d deliveries to staff", n)
				}
				settle(3 * time.Hour)
				if now := len(h.staff()); now != n {
					t.Errorf("%d deliveries to staff became %d", n, now)
				}
			}, atOnce, withFailing(func(out channels.Outbound) error {
				if out.Place != "room:agents" || tries.Add(1) > 50 { // so that it ends if it goes wrong
					return nil
				}
				return channeltest.Permanent("is_archived")
			}))
		})
	}
}

// A sign that cannot be put on a message holds nothing up, and is not tried for long.
func TestSignsHoldNothingUp(t *testing.T) {
	var signs atomic.Int64
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("bob", "dm:bob", "I want to talk to a human"))
		settle(time.Minute)
		h.below("room:agents", "> I am looking at it.")
		settle(10 * time.Second)
		h.receive(h.spoken("bob", "dm:bob", "there is a smell of gas"))
		settle(10 * time.Second)
		if got := h.newest("room:agents"); !strings.Contains(got, "smell of gas") {
			t.Errorf("staff read last %q", got)
		}
		settle(2 * time.Hour)
		n := signs.Load()
		settle(10 * time.Hour)
		if n == 0 || signs.Load() != n {
			t.Errorf("the sign was tried %d times in two hours and %d times after", n, signs.Load()-n)
		}
		for _, d := range h.staff() {
			if d.State == "queued" || d.State == "sending" {
				t.Errorf("%s is %s", d.words(), d.State)
			}
		}
	}, withService(&service{}), atOnce, withFailing(func(out channels.Outbound) error {
		if out.Op == channels.React {
			signs.Add(1)
			return &channels.SendError{RetryAfter: 10 * time.Minute, Err: errors.New("missing_scope")}
		}
		return nil
	}))
}
