package slack

import (
	"fmt"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/slack/slacktest"
)

// Whoever writes to us shows where we answer: nothing is asked for that.
func TestDirectMessageShowsItsChannel(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		c := h.channel()
		r := start(t, c, nil, &channeltest.Recorder{})
		r.up()
		h.ann.DM("hello")
		place := r.kept(1)[0].Place
		if _, err := c.Send(t.Context(), channels.Outbound{Key: "k", Place: place, Op: channels.Post, Audience: channels.Customer,
			Body: channels.Body{Format: channels.Plain, Text: "hello"}}); err != nil {
			t.Fatal(err)
		}
		if n := h.calls("conversations.open"); n > 0 {
			t.Errorf("%d calls of conversations.open", n)
		}
		r.end()
	})
}

// A hundred first words to people who never wrote, and as many files in channels,
// meet no limit of Slack's: each delivery is told when its turn is, and nothing is
// looked for before the first attempt.
func TestManyFirstAttempts(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		var queue []channels.Outbound
		for i := range 100 {
			direct, file := h.out("hi"), h.out("hi")
			direct.Place, direct.Audience = "@"+h.User(fmt.Sprintf("u%d", i), slacktest.UserOptions{}).Identity(), channels.Customer
			room := h.Channel(fmt.Sprintf("c%d", i), slacktest.ChannelOptions{})
			h.Invite(room, h.BotUser())
			file.Place, file.Files = room.ID, []channels.File{{Name: "a.txt", Data: channels.Bytes([]byte("abc"))}}
			queue = append(queue, direct, file)
		}
		for len(queue) > 0 {
			var rest []channels.Outbound
			next := time.Hour
			for _, out := range queue {
				if wait := h.slack.Pace(out); wait > 0 {
					rest, next = append(rest, out), min(next, wait)
					continue
				}
				h.mustSend(t, out)
			}
			if queue = rest; len(queue) > 0 {
				time.Sleep(next)
			}
		}
		if l := h.Limited(); len(l) > 0 {
			t.Errorf("%d calls were refused, such as %+v", len(l), l[0])
		}
		for _, method := range []string{"conversations.history", "conversations.replies"} {
			if n := len(h.Calls(method)); n > 0 {
				t.Errorf("%d calls of %s", n, method)
			}
		}
	})
}
