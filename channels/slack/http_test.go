package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/slack/slacktest"
)

// What is not signed, too old, too large or of another method is refused, and
// recorded nowhere.
func TestHTTPRefuses(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		c := h.channel(byHTTP(h))
		event := []byte(`{"type":"event_callback","event_id":"Ev1","event":{"type":"message","channel":"D1","user":"U1","text":"hi","ts":"1605853844.000800"}}`)
		request := func(change func(r *http.Request)) int {
			t.Helper()
			r := httptest.NewRequest(http.MethodPost, "/in/slack", bytes.NewReader(event))
			r.Header.Set("Content-Type", "application/json")
			maps.Copy(r.Header, h.w.Sign(event))
			if change != nil {
				change(r)
			}
			w := httptest.NewRecorder()
			c.ServeHTTP(w, r)
			return w.Code
		}
		if got := request(nil); got != http.StatusServiceUnavailable {
			t.Errorf("before Run: %d", got)
		}
		r := start(t, c, nil, &channeltest.Recorder{})
		r.up()
		aged := func(d time.Duration) func(r *http.Request) {
			return func(r *http.Request) {
				r.Header.Set("X-Slack-Request-Timestamp", strconv.FormatInt(time.Now().Add(d).Unix(), 10))
			}
		}
		old := h.w.Sign(event)
		for name, test := range map[string]struct {
			change func(r *http.Request)
			want   int
		}{
			"no signature":      {func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, 401},
			"no time":           {func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }, 401},
			"another signature": {func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("ab", 32)) }, 401},
			"another time":      {aged(-time.Minute), 401},
			"another body":      {func(r *http.Request) { r.Body = http.NoBody }, 401},
			"short signature":   {func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0=ab") }, 401},
			"GET":               {func(r *http.Request) { r.Method = http.MethodGet }, 405},
			"too large": {func(r *http.Request) {
				r.Body = http.MaxBytesReader(nil, http.NoBody, 0)
				*r = *httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("a", bodyLimit+1)))
				maps.Copy(r.Header, h.w.Sign(nil))
			}, 413},
			"good": {nil, 200},
		} {
			if got := request(test.change); got != test.want {
				t.Errorf("%s: answered %d, want %d", name, got, test.want)
			}
		}
		time.Sleep(6 * time.Minute)
		if got := request(func(r *http.Request) { maps.Copy(r.Header, old) }); got != 401 {
			t.Errorf("a signature of six minutes ago: %d", got)
		}
		if got := len(r.kept(1)); got != 1 {
			t.Errorf("%d recorded", got)
		}
		r.end()
		if got := request(nil); got != http.StatusServiceUnavailable {
			t.Errorf("after Run: %d", got)
		}
	})
}

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

// Of a request that is not signed, or long ago, the body is not read.
func TestHTTPReadsNothingUnsigned(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		c := h.channel(byHTTP(h))
		old := h.w.Sign(nil)
		time.Sleep(6 * time.Minute)
		for _, header := range []http.Header{{}, old} {
			req := httptest.NewRequest(http.MethodPost, "/in/slack", unread{t})
			maps.Copy(req.Header, header)
			w := httptest.NewRecorder()
			if c.ServeHTTP(w, req); w.Code != http.StatusUnauthorized {
				t.Errorf("answered %d", w.Code)
			}
		}
	})
}

// Slack's question when the address is entered in the app's settings.
func TestHTTPChallenge(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		c := h.channel(byHTTP(h))
		w := httptest.NewRecorder()
		c.ServeHTTP(w, signedRequest(h.w, "events_api", []byte(`{"token":"x","challenge":"abc<>","type":"url_verification"}`)))
		if w.Code != 200 || w.Body.String() != "abc<>" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("answered %d %q", w.Code, w.Body)
		}
	})
}

// Events, buttons, forms and commands by HTTP: an error of the handler is answered
// with 503 within three seconds, Slack sends again, and nothing is lost.
func TestHTTPRetries(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		c := h.channel(byHTTP(h))
		h.w.DeliverTo(c, "/in/slack")
		rec := &channeltest.Recorder{}
		r := start(t, c, nil, rec)
		r.up()
		time.Sleep(time.Minute)
		rec.FailNext(channeltest.ErrBusy, channeltest.ErrBusy)
		h.ann.DM("first")
		r.kept(1)
		slow := true
		rec.Before = func(ctx context.Context, in channels.Inbound) error {
			if slow {
				slow = false
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		began := time.Now()
		h.ann.DM("second")
		r.kept(2)
		if d := time.Since(began); d > 3*time.Second {
			t.Errorf("a handler that hangs was given up after %v", d)
		}
		time.Sleep(10 * time.Minute)
		sameTexts(t, "messages", texts(rec, channels.Message), "first", "second")
		if s := h.stats(); s.Lost > 0 {
			t.Errorf("%+v", s)
		}
		r.end()
	})
}

// An event that fails at every try is found by catching up, since its failure has
// opened a gap.
func TestHTTPGap(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		c := h.channel(byHTTP(h))
		h.w.DeliverTo(c, "/in/slack")
		rec := &channeltest.Recorder{}
		r := start(t, c, nil, rec)
		r.up()
		time.Sleep(time.Minute)
		broken := true
		rec.Before = func(_ context.Context, in channels.Inbound) error {
			if broken && strings.HasPrefix(in.Keys[0], "slack:event:") && in.Text == "unlucky" {
				return channeltest.ErrBusy
			}
			return nil
		}
		h.ann.Say(h.support, "unlucky")
		time.Sleep(2 * time.Minute)
		sameTexts(t, "messages", texts(rec, channels.Message), "unlucky")
		r.end()
	})
}

// Up is said while auth.test works, and Down when it does not.
func TestHTTPHealth(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		rec := &channeltest.Recorder{}
		r := start(t, h.channel(byHTTP(h)), nil, rec)
		r.up()
		time.Sleep(30 * time.Minute)
		if s := rec.State(); s.State != channels.Up || time.Since(s.At) > 2*time.Minute {
			t.Errorf("%+v", s)
		}
		h.w.Down(true)
		if err := rec.WaitState(within(t, 6*time.Minute), channels.Down); err != nil {
			t.Error(err)
		}
		h.w.Down(false)
		if err := rec.WaitState(within(t, 3*time.Minute), channels.Up); err != nil {
			t.Error(err)
		}
		r.end()
	})
}

// The same form fields and the same JSON are the same command.
func TestSlashEitherWay(t *testing.T) {
	c := testChannel(t)
	fields := map[string]string{"command": "/support", "text": "where is &lt;it&gt;?", "user_id": "U2", "user_name": "ann", "team_id": "T0123",
		"channel_id": "C1", "trigger_id": "1.2.3", "response_url": "https://hooks.slack.com/commands/1"}
	form := httptest.NewRequest(http.MethodPost, "/", nil).URL.Query()
	for k, v := range fields {
		form.Set(k, v)
	}
	inner, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	byForm, bySocket := canonicalForm(form), canonicalEnvelope(slashType, inner)
	if !bytes.Equal(byForm, bySocket) {
		t.Errorf("%s\n%s", byForm, bySocket)
	}
	in, m := c.read(byForm)
	if in.Problem != "" || in.Action == nil || in.Action.Name != "ask" || in.Action.Fields["text"] != "where is <it>?" ||
		in.Place != "@T0123:U2" || in.Keys[0] != "slack:trigger:1.2.3" || in.From.Name != "ann" || m.respond == "" {
		t.Errorf("%+v %+v", in, m)
	}
}

// An outage on the way in, of which we are told nothing, loses nothing: not when the
// proxy before us is down and works again, nor when there is no network at all; and
// not when the process ends right after it.
func TestHTTPOutageOnTheWayIn(t *testing.T) {
	for name, test := range map[string]struct {
		begin, end func(h *house)
		then       string // what is said at the end of the outage; empty: nothing
	}{
		"proxy":       {func(h *house) {}, func(h *house) {}, "here I am"},
		"proxy, calm": {func(h *house) {}, func(h *house) {}, ""},
		"network":     {func(h *house) { h.w.Down(true) }, func(h *house) { h.w.Down(false) }, "here I am"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
				c := h.channel(byHTTP(h))
				h.w.DeliverTo(c, "/in/slack")
				rec := &channeltest.Recorder{}
				r := start(t, c, nil, rec)
				r.up()
				time.Sleep(20 * time.Minute)
				test.begin(h)
				h.w.SetIntake(slacktest.Intake{Lose: 1})
				h.ann.Say(h.support, "lost?")
				synctest.Wait()
				time.Sleep(2 * time.Hour)
				test.end(h)
				want := []string{"lost?"}
				if test.then != "" {
					h.ann.Say(h.support, test.then)
					want = append(want, test.then)
				}
				slices.Sort(want)
				if name == "proxy" { // the process ends at once
					synctest.Wait()
					r.end()
					r = start(t, h.channel(byHTTP(h)), rec.Cursors(), rec)
					r.up()
				}
				time.Sleep(12 * time.Minute)
				got := texts(rec, channels.Message)
				slices.Sort(got)
				sameTexts(t, "messages", got, want...)
				if s := rec.State(); s.State != channels.Up {
					t.Errorf("state %+v", s)
				}
				r.end()
			})
		})
	}
}

// A request that Slack repeats says that an earlier one did not reach us: within a
// minute or so we look what else did not. To look now and then changes no state.
func TestHTTPRetryMakesUsLook(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		c := h.channel(byHTTP(h))
		h.w.DeliverTo(c, "/in/slack")
		rec := &channeltest.Recorder{}
		r := start(t, c, nil, rec)
		r.up()
		time.Sleep(31*time.Minute + 30*time.Second) // it was looked just now
		h.w.SetIntake(slacktest.Intake{Lose: 1})
		h.ann.Say(h.support, "lost?")
		synctest.Wait()
		looks := h.calls("conversations.history")
		body := []byte(`{"type":"event_callback","event_id":"Ev9","event":{"type":"team_rename","name":"x"}}`)
		req := signedRequest(h.w, "events_api", body)
		req.Header.Set("X-Slack-Retry-Num", "1")
		req.Header.Set("X-Slack-Retry-Reason", "connection_failed")
		c.ServeHTTP(httptest.NewRecorder(), req)
		time.Sleep(90 * time.Second)
		sameTexts(t, "messages", texts(rec, channels.Message), "lost?")
		if h.calls("conversations.history") == looks {
			t.Error("nothing was looked at")
		}
		time.Sleep(time.Hour)
		for _, s := range rec.Health() {
			if s.At.After(time.Now().Add(-70*time.Minute)) && s.State != channels.Up {
				t.Errorf("%+v", s)
			}
		}
		if n := h.calls("conversations.history"); n > 200 {
			t.Errorf("%d calls of conversations.history", n)
		}
		r.end()
	})
}
