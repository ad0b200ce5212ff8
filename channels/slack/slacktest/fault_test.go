package slacktest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"frontdesk/channels/slack/slacktest"
)

// Each fault is what it says: to the caller, and to who reads the channel.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		fault  slacktest.Fault
		status int    // 0: no answer
		body   string // begins with
		done   bool
	}{
		{slacktest.Fault{Kind: slacktest.TooMany, RetryAfter: "30"}, 429, `{"ok":false,"error":"ratelimited"}`, false},
		{slacktest.Fault{Kind: slacktest.RateLimited}, 200, `{"ok":false,"error":"ratelimited"}`, false},
		{slacktest.Fault{Kind: slacktest.ServerError}, 500, "upstream", false},
		{slacktest.Fault{Kind: slacktest.Refuse, Error: "fatal_error"}, 200, `{"ok":false,"error":"fatal_error"}`, false},
		{slacktest.Fault{Kind: slacktest.Refuse}, 200, `{"ok":false}`, false},
		{slacktest.Fault{Kind: slacktest.HangBefore}, 0, "", false},
		{slacktest.Fault{Kind: slacktest.HangAfter}, 0, "", true},
		{slacktest.Fault{Kind: slacktest.CutBefore}, 0, "", false},
		{slacktest.Fault{Kind: slacktest.CutAfter}, 0, "", true},
		{slacktest.Fault{Kind: slacktest.ErrorAfter}, 503, "no healthy", true},
		{slacktest.Fault{Kind: slacktest.Truncate}, 0, "", true},
		{slacktest.Fault{Kind: slacktest.Empty}, 200, "{}", true},
		{slacktest.Fault{Kind: slacktest.NotOK}, 200, `{"ok":false}`, true},
		{slacktest.Fault{Kind: slacktest.OddEcho}, 200, `{"channel":`, true},
		{slacktest.Fault{Kind: slacktest.NoMetadata}, 200, `{"channel":`, true},
		{slacktest.Fault{Kind: slacktest.NotJSON}, 200, "<!DOCTYPE", true},
		{slacktest.Fault{Kind: slacktest.Slow, Delay: 20 * time.Second}, 200, `{"channel":`, true},
	} {
		t.Run(string(test.fault.Kind)+" "+test.fault.Error, func(t *testing.T) {
			bubble(t, slacktest.Options{}, func(t *testing.T, c *client) {
				_, room := c.said()
				test.fault.Method, test.fault.Times = "chat.postMessage", 1
				c.w.Fault(test.fault)
				send := func() (int, string, error) {
					return c.post(c.w.APIURL()+"chat.postMessage", "application/x-www-form-urlencoded", url.Values{"token": {c.w.BotToken()},
						"channel": {room.ID}, "text": {"x"}, "metadata": {`{"event_type":"d","event_payload":{"key":"K"}}`}}.Encode())
				}
				began := time.Now()
				status, body, err := send()
				if test.status == 0 && err == nil || test.status != 0 && (err != nil || status != test.status || !strings.HasPrefix(body, test.body)) {
					t.Errorf("answered with %d %q, %v", status, body, err)
				}
				ms := c.w.Messages(room)
				if (len(ms) == 1) != test.done {
					t.Errorf("%d messages", len(ms))
				}
				if len(ms) == 1 && (ms[0].Metadata == nil) != (test.fault.Kind == slacktest.NoMetadata) {
					t.Errorf("metadata %v", ms[0].Metadata)
				}
				if odd := strings.Contains(body, "hologram"); odd != (test.fault.Kind == slacktest.OddEcho) {
					t.Errorf("the echo: %s", body)
				}
				if d := time.Since(began); test.fault.Kind == slacktest.Slow && d != test.fault.Delay {
					t.Errorf("it took %v", d)
				}
				if status, body, err := send(); err != nil || status != 200 || !strings.Contains(body, `"ok":true`) {
					t.Errorf("afterwards: %d %q %v", status, body, err)
				}
			})
		})
	}
}

// The world's own limits: a few at once, then one a second in a channel. Coming
// back too early is noted.
func TestLimits(t *testing.T) {
	bubble(t, slacktest.Options{}, func(t *testing.T, c *client) {
		_, room := c.said()
		send := func() string {
			reply := c.call("chat.postMessage", "channel", room.ID, "text", "x")
			e, _ := reply["error"].(string)
			return e
		}
		for i := range 4 {
			if e := send(); e != "" {
				t.Errorf("message %d: %s", i, e)
			}
		}
		if e := send(); e != "ratelimited" {
			t.Errorf("the fifth at once: %q", e)
		}
		if l := c.w.Limited(); len(l) != 1 || l[0].RetryAfter != time.Second || len(c.w.Violations()) != 0 {
			t.Errorf("%+v, %v", l, c.w.Violations())
		}
		for range 10 {
			time.Sleep(time.Second)
			if e := send(); e != "" {
				t.Errorf("one a second: %s", e)
			}
		}
		if n := len(c.w.Violations()); n != 0 {
			t.Error(c.w.Violations())
		}
		send()
		send()
		if n := len(c.w.Violations()); n != 1 {
			t.Errorf("too early again: %v", c.w.Violations())
		}
		before := len(c.w.Limited())
		for range 60 {
			c.call("conversations.info", "channel", room.ID)
		}
		if n := len(c.w.Limited()) - before; n != 10 {
			t.Errorf("60 calls of a method with 50 a minute: %d refused", n)
		}
	})
}

func TestDownAndRevoked(t *testing.T) {
	bubble(t, slacktest.Options{}, func(t *testing.T, c *client) {
		c.connect()
		settle()
		c.w.Down(true)
		if _, _, err := c.post(c.w.APIURL()+"auth.test", "text/plain", ""); err == nil || c.w.Sockets() != 0 {
			t.Errorf("it is down, and answers: %v, %d sockets", err, c.w.Sockets())
		}
		c.w.Down(false)
		c.connect()
		c.w.Uninstall()
		settle()
		if len(c.events("tokens_revoked")) != 1 || len(c.events("app_uninstalled")) != 1 {
			t.Error("the app was not told")
		}
		c.refused("account_inactive", "auth.test")
		if _, err := c.w.Dial(t.Context(), "tcp", "slack.com:443"); err == nil {
			t.Error("the way into the real world is open")
		}
	})
}

// The same over a socket on loopback, for clients in other processes.
func TestLoopback(t *testing.T) {
	w, err := slacktest.New(slacktest.Options{Sockets: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c := &client{t: t, w: w}
	ann, room := c.said()
	c.prepare(func(*websocket.Conn) {})
	if err := w.WaitSockets(c.within(10*time.Second), 1); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(w.APIURL() + "auth.test?token=" + w.BotToken())
	if err != nil {
		t.Fatal(err)
	}
	if b := read(t, resp.Body); !strings.Contains(string(b), w.BotID()) {
		t.Errorf("%s", b)
	}
	resp.Body.Close()
	ann.Say(room, "hello")
	if err := w.Wait(c.within(10*time.Second), func() bool { return w.Stats().Acked > 0 && len(c.events("message")) > 0 }); err != nil {
		t.Error(err)
	}
}
