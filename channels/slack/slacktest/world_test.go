package slacktest_test

import (
	"testing"
	"time"

	"frontdesk/channels/slack/slacktest"
)

func TestSayAndAnswer(t *testing.T) {
	bubble(t, slacktest.Options{}, func(t *testing.T, c *client) {
		w := c.w
		ann, room := w.User("ann", slacktest.UserOptions{}), w.Channel("support", slacktest.ChannelOptions{})
		c.connect()
		if err := w.WaitSockets(c.within(time.Second), 1); err != nil {
			t.Fatal(err)
		}
		w.Invite(room, ann, w.BotUser())
		ts := ann.Mention(room, "where is <my> order?")
		settle()
		mention, said := c.events("app_mention"), c.events("message")
		if len(mention) != 1 || len(said) != 1 || mention[0]["ts"] != ts || said[0]["ts"] != ts {
			t.Fatalf("one post with a mention became %v and %v", mention, said)
		}
		if want := "<@" + w.BotUser().ID + "> where is &lt;my&gt; order?"; said[0]["text"] != want {
			t.Errorf("text %q, want %q", said[0]["text"], want)
		}
		c.ok("chat.postMessage", "channel", room.ID, "thread_ts", ts, "text", "on its *way*, <@"+ann.ID+"> &amp; soon",
			"metadata", `{"event_type":"d","event_payload":{"key":"K1"}}`)
		settle()
		own := c.events("message")[1]
		if own["bot_id"] != w.BotID() || own["app_id"] != w.AppID() || own["thread_ts"] != ts {
			t.Errorf("the echo of our own post: %v", own)
		}
		m, err := w.WaitFor(c.within(time.Second), room, "on its way, @ann & soon")
		if err != nil {
			t.Fatal(err)
		}
		if m.Thread != ts || !m.Ours {
			t.Errorf("%+v", m)
		}
		d := ann.DM("hello")
		settle()
		if e := c.events("message")[2]; e["channel_type"] != "im" || e["ts"] != d {
			t.Errorf("a direct message came as %v", e)
		}
		if v := w.Violations(); len(v) > 0 {
			t.Error(v)
		}
		if s := w.Stats(); s.Unacked > 0 || s.Acked != s.Sent {
			t.Errorf("%+v", s)
		}
	})
}
