package slacktest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"

	"frontdesk/channels/slack/slacktest"
)

// said makes a room with ann and the bot in it, and waits for a socket.
func (c *client) said() (ann *slacktest.User, room *slacktest.Channel) {
	ann, room = c.w.User("ann", slacktest.UserOptions{}), c.w.Channel("room", slacktest.ChannelOptions{})
	c.w.Invite(room, ann, c.w.BotUser())
	return ann, room
}

func (c *client) mutes(mute bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mute = mute
}

// What is not acknowledged comes again: at once, after one minute, after five.
// Then it is lost.
func TestRetries(t *testing.T) {
	bubble(t, slacktest.Options{Events: []string{"message.channels"}}, func(t *testing.T, c *client) {
		ann, room := c.said()
		c.connect()
		c.mutes(true)
		ann.Say(room, "unheard")
		for _, step := range []struct {
			wait time.Duration
			seen int
		}{{time.Second, 1}, {3 * time.Second, 2}, {time.Minute, 2}, {3 * time.Second, 3}, {5 * time.Minute, 3}, {3 * time.Second, 4}, {time.Hour, 4}} {
			time.Sleep(step.wait)
			settle()
			if n := len(c.events("message")); n != step.seen {
				t.Fatalf("after %v more: %d deliveries, want %d", step.wait, n, step.seen)
			}
		}
		if s := c.w.Stats(); s.Lost != 1 || s.Unacked != 4 || s.Retried != 3 {
			t.Errorf("%+v", s)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		var first, last map[string]any
		for _, e := range c.got {
			if e["type"] == "events_api" && first == nil {
				first = e
			} else if e["type"] == "events_api" {
				last = e
			}
		}
		id := func(e map[string]any) any { return e["payload"].(map[string]any)["event_id"] }
		if last["retry_attempt"] != 3.0 || last["retry_reason"] != "timeout" || id(first) != id(last) || first["envelope_id"] == last["envelope_id"] {
			t.Errorf("first %v, last %v", first, last)
		}
	})
}

func TestHostileIntake(t *testing.T) {
	texts := func(c *client) string {
		var out []string
		for _, e := range c.events("message") {
			out = append(out, e["text"].(string))
		}
		return strings.Join(out, " ")
	}
	for name, test := range map[string]struct {
		intake slacktest.Intake
		want   string // of "a" and "b", after two seconds
	}{
		"a good day": {slacktest.Intake{}, "a b"},
		"duplicate":  {slacktest.Intake{Duplicate: 1}, "a a b"},
		"lose":       {slacktest.Intake{Lose: 1}, "b"},
		"delay":      {slacktest.Intake{Delay: time.Minute}, ""},
		"reorder":    {slacktest.Intake{Reorder: true}, "b a"},
		"cut":        {slacktest.Intake{CutEvery: 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, slacktest.Options{Events: []string{"message.channels"}}, func(t *testing.T, c *client) {
				ann, room := c.said()
				c.connect()
				c.w.SetIntake(test.intake)
				ann.Say(room, "a")
				ann.Say(room, "b")
				time.Sleep(2 * time.Second)
				settle()
				if got := texts(c); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestSockets(t *testing.T) {
	bubble(t, slacktest.Options{Events: []string{"message.channels"}}, func(t *testing.T, c *client) {
		ann, room := c.said()
		w := c.w
		began := time.Now()
		for range 11 {
			c.connect()
		}
		settle()
		if n := w.Sockets(); n != 10 {
			t.Errorf("%d sockets are open, want 10: the eleventh is one too many", n)
		}
		if n := len(w.Opens(began)); n != 11 {
			t.Errorf("%d calls of apps.connections.open", n)
		}
		for range 20 {
			ann.Say(room, "to any one of them")
		}
		settle()
		if n := len(c.events("message")); n != 20 {
			t.Errorf("20 messages came as %d envelopes", n)
		}
		w.Disconnect("warning")
		settle()
		if n := w.Sockets(); n != 10 {
			t.Errorf("a warning closed %d sockets at once", 10-n)
		}
		time.Sleep(11 * time.Second)
		settle()
		if n := w.Sockets(); n != 0 {
			t.Errorf("%d sockets outlive their warning", n)
		}
		w.SetIntake(slacktest.Intake{Storm: "link_disabled"})
		c.connect()
		settle()
		c.mu.Lock()
		last := c.got[len(c.got)-1]
		c.mu.Unlock()
		if last["type"] != "disconnect" || last["reason"] != "link_disabled" || w.Sockets() != 0 {
			t.Errorf("%v with %d sockets", last, w.Sockets())
		}
		w.SetIntake(slacktest.Intake{Hang: true, LoseOffline: true})
		got := len(c.got)
		c.connect()
		ann.Say(room, "into a socket that hangs")
		time.Sleep(time.Hour)
		settle()
		if len(c.got) != got || w.Sockets() != 1 {
			t.Errorf("a hanging socket sent %v", c.got[got:])
		}
		w.CutSockets()
		w.SetIntake(slacktest.Intake{LoseOffline: true})
		conn := c.connect()
		settle()
		w.HangSockets()
		got = len(c.got)
		ann.Say(room, "into a socket that fell silent")
		time.Sleep(time.Hour)
		settle()
		if len(c.got) != got || w.Sockets() != 1 {
			t.Errorf("a silent socket sent %v, %d are open", c.got[got:], w.Sockets())
		}
		conn.Close()
		settle()
		before := w.Stats().Lost
		ann.Say(room, "while nobody listens")
		settle()
		if s := w.Stats(); s.Lost != before+1 {
			t.Errorf("%+v", s)
		}
	})
}

// A client that reads hears pings, and one that does not answer them is cut.
func TestPings(t *testing.T) {
	bubble(t, slacktest.Options{RefreshEvery: time.Hour}, func(t *testing.T, c *client) {
		var heard atomic.Int64
		c.prepare(func(conn *websocket.Conn) {
			conn.SetPingHandler(func(string) error { heard.Add(1); return nil })
		})
		time.Sleep(29 * time.Second)
		settle()
		if heard.Load() != 5 || c.w.Sockets() != 1 {
			t.Errorf("%d pings in 29 s, %d sockets", heard.Load(), c.w.Sockets())
		}
		time.Sleep(2 * time.Second)
		settle()
		if c.w.Sockets() != 0 {
			t.Error("a client that answers no ping is still connected")
		}
		c.connect()
		time.Sleep(59*time.Minute + 55*time.Second)
		settle()
		if c.w.Sockets() != 1 {
			t.Error("the warning closed the socket")
		}
		time.Sleep(10 * time.Second)
		settle()
		if c.w.Sockets() != 0 {
			t.Error("the socket outlived its hour")
		}
	})
}

func TestAcknowledgements(t *testing.T) {
	bubble(t, slacktest.Options{Events: []string{"message.channels"}}, func(t *testing.T, c *client) {
		ann, room := c.said()
		conn := c.connect()
		c.mutes(true)
		ann.Say(room, "late")
		time.Sleep(4 * time.Second)
		c.mu.Lock()
		first, second := c.got[1]["envelope_id"], c.got[2]["envelope_id"]
		c.mu.Unlock()
		for _, ack := range []any{
			map[string]any{"envelope_id": first},
			map[string]any{"envelope_id": second, "payload": strings.Repeat("x", 20_000)},
			map[string]any{"envelope_id": "never was"},
			map[string]any{"envelope_id": second},
			map[string]any{"envelope_id": second},
		} {
			if err := conn.WriteJSON(ack); err != nil {
				t.Fatal(err)
			}
		}
		settle()
		s := c.w.Stats()
		if s.Late != 2 || s.TooLarge != 1 || s.Unknown != 1 || s.Acked != 1 {
			t.Errorf("%+v", s)
		}
		if v := c.w.Violations(); len(v) != 2 {
			t.Error(v)
		}
		if c.w.SendEnvelope("novelty", map[string]any{"x": 1}) == "" || !c.w.SendRaw([]byte("{")) {
			t.Error("nothing was sent")
		}
	})
}

// By HTTP every request is signed, and told which attempt it is.
func TestHTTP(t *testing.T) {
	bubble(t, slacktest.Options{}, func(t *testing.T, c *client) {
		ann, room := c.w.User("ann", slacktest.UserOptions{}), c.w.Channel("room", slacktest.ChannelOptions{})
		var mu sync.Mutex
		var got []*http.Request
		status := http.StatusOK
		c.w.DeliverTo(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, r)
			v, err := slack.NewSecretsVerifier(r.Header, c.w.SigningSecret())
			if err != nil {
				t.Error(err)
				return
			}
			body := read(t, r.Body)
			if _, err := v.Write(body); err != nil {
				t.Error(err)
			}
			if err := v.Ensure(); err != nil {
				t.Errorf("signature: %v", err)
			}
			var e struct{ Challenge string }
			if json.Unmarshal(body, &e) == nil && e.Challenge != "" {
				rw.Write([]byte(e.Challenge))
				return
			}
			if strings.HasPrefix(string(body), "api_app_id=") {
				rw.Write([]byte(`{"text":"got it"}`))
				return
			}
			rw.WriteHeader(status)
		}), "/in/slack")
		if err := c.w.VerifyURL(c.within(time.Second)); err != nil {
			t.Error(err)
		}
		c.w.Invite(room, ann, c.w.BotUser())
		settle()
		mu.Lock()
		status = http.StatusInternalServerError
		mu.Unlock()
		ann.Say(room, "fails")
		time.Sleep(2 * time.Minute)
		settle()
		mu.Lock()
		last := got[len(got)-1]
		if len(got) != 5 || last.Header.Get("X-Slack-Retry-Num") != "2" || last.Header.Get("X-Slack-Retry-Reason") != "http_error" {
			t.Errorf("%d requests, the last with %v", len(got), last.Header)
		}
		mu.Unlock()
		if err := ann.Slash(room, "/support", "help me"); err != nil {
			t.Error(err)
		}
		if e := ann.SeesEphemeral(); len(e) != 1 || e[0].Readable != "got it" {
			t.Errorf("%+v", e)
		}
	})
}
