package slacktest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"frontdesk/channels/slack/slacktest"
)

// client is an app that can do the least: call methods, and acknowledge.
type client struct {
	t *testing.T
	w *slacktest.World

	mu   sync.Mutex
	got  []map[string]any // envelopes
	mute bool             // acknowledges nothing
	// answer is the payload of the acknowledgement of an envelope.
	answer func(envelope map[string]any) any
}

// bubble runs f with a fresh world and a client, in fake time.
func bubble(t *testing.T, o slacktest.Options, f func(t *testing.T, c *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, err := slacktest.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		f(t, &client{t: t, w: w})
	})
}

// call calls a method with a form, and returns the reply.
func (c *client) call(method string, args ...string) map[string]any {
	c.t.Helper()
	form := url.Values{"token": {c.w.BotToken()}}
	if method == "apps.connections.open" {
		form.Set("token", c.w.AppToken())
	}
	for i := 0; i < len(args); i += 2 {
		form.Set(args[i], args[i+1])
	}
	status, body, err := c.post(c.w.APIURL()+method, "application/x-www-form-urlencoded", form.Encode())
	if err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	var reply map[string]any
	if err := json.Unmarshal([]byte(body), &reply); err != nil {
		c.t.Fatalf("%s: %d %q: %v", method, status, body, err)
	}
	return reply
}

// ok calls a method that must work.
func (c *client) ok(method string, args ...string) map[string]any {
	c.t.Helper()
	reply := c.call(method, args...)
	if reply["ok"] != true {
		c.t.Fatalf("%s %q: %v", method, args, reply)
	}
	return reply
}

// refused calls a method that must be refused with that error.
func (c *client) refused(want, method string, args ...string) map[string]any {
	c.t.Helper()
	reply := c.call(method, args...)
	if reply["ok"] != false || reply["error"] != want {
		c.t.Errorf("%s %.200q: %v, want %s", method, args, reply, want)
	}
	return reply
}

func (c *client) post(target, kind, body string) (status int, answer string, err error) {
	resp, err := c.w.Client().Post(target, kind, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// connect opens a socket, serves it until it breaks, and waits, in a bubble, until
// the world sends to it.
func (c *client) connect() *websocket.Conn {
	conn := c.prepare(func(*websocket.Conn) {})
	settle() // the world counts a socket a moment after the handshake
	return conn
}

// prepare opens a socket, with something done to it first, and waits for nothing.
func (c *client) prepare(first func(*websocket.Conn)) *websocket.Conn {
	c.t.Helper()
	address := c.ok("apps.connections.open")["url"].(string)
	d := websocket.Dialer{NetDialContext: c.w.Dial}
	conn, _, err := d.DialContext(c.t.Context(), address, http.Header{"Origin": {"https://api.slack.com"}})
	if err != nil {
		c.t.Fatal(err)
	}
	first(conn)
	go func() {
		for {
			var e map[string]any
			if conn.ReadJSON(&e) != nil {
				conn.Close()
				return
			}
			c.take(conn, e)
		}
	}()
	return conn
}

func (c *client) take(conn *websocket.Conn, e map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, e)
	if e["envelope_id"] == nil || c.mute {
		return
	}
	ack := map[string]any{"envelope_id": e["envelope_id"]}
	if c.answer != nil {
		if a := c.answer(e); a != nil {
			ack["payload"] = a
		}
	}
	// The world may be gone by now: what is not acknowledged is counted there.
	_ = conn.WriteJSON(ack)
}

// events are the inner events so far of a type; all for "".
func (c *client) events(kind string) []map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []map[string]any
	for _, e := range c.got {
		p, _ := e["payload"].(map[string]any)
		if ev, ok := p["event"].(map[string]any); ok && (kind == "" || ev["type"] == kind) {
			out = append(out, ev)
		}
	}
	return out
}

// settle lets everything happen that happens by itself.
func settle() { synctest.Wait() }

func (c *client) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(c.t.Context(), d)
	c.t.Cleanup(cancel)
	return ctx
}

// get fetches an address with a token, or without one for "".
func (c *client) get(address, token string) string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), "GET", address, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.w.Client().Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	return string(read(c.t, resp.Body))
}
