package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/channeltest/pipetest"
	"frontdesk/channels/slack/slacktest"
)

// opensPerMinute counts the attempts to connect in each minute since a time.
func (h *house) opensPerMinute(since time.Time) []int {
	var out []int
	for _, at := range h.w.Opens(since) {
		for minute := int(at.Sub(since) / time.Minute); len(out) <= minute; {
			out = append(out, 0)
		}
		out[int(at.Sub(since)/time.Minute)]++
	}
	return out
}

// A server that says hello and disconnects, for ever, is asked a handful of times a
// minute. slack-go 0.35 asks it four thousand times a second.
func TestReconnectStorm(t *testing.T) {
	for _, reason := range []string{"refresh_requested", "warning", "too_many_websockets"} {
		t.Run(reason, func(t *testing.T) {
			inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
				h.w.SetIntake(slacktest.Intake{Storm: reason})
				began := time.Now()
				r := start(t, h.channel(), nil, &channeltest.Recorder{})
				time.Sleep(time.Hour)
				counts := h.opensPerMinute(began)
				if most := slices.Max(counts); most > 7 {
					t.Errorf("attempts in each minute: %v", counts)
				}
				rest := counts[min(10, len(counts)):]
				if len(rest) > 0 && slices.Max(rest) > 5 { // one that rested has some to catch up
					t.Errorf("after ten minutes still %v", rest)
				}
				t.Logf("attempts in each minute: %v", counts[:min(12, len(counts))])
				h.w.SetIntake(slacktest.Intake{})
				if err := h.w.WaitSockets(within(t, 20*time.Minute), 1); err != nil {
					t.Error(err)
				}
				r.end()
			})
		})
	}
}

// While Slack is down we try for ever, and slowly.
func TestSlackIsDown(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		r := start(t, h.channel(), nil, &channeltest.Recorder{})
		r.up()
		h.w.Down(true)
		synctest.Wait()
		if s := r.rec.State(); s.State != channels.Down || s.Reason == "" {
			t.Errorf("state %+v", s)
		}
		time.Sleep(time.Hour)
		h.w.Down(false)
		began := time.Now()
		if err := r.rec.WaitState(within(t, 5*time.Minute), channels.Up); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d > 3*time.Minute { // two minutes, give or take a fifth, and the time to connect
			t.Errorf("up again after %v", d)
		}
		r.end()
	})
}

// A socket that stays open and says nothing is replaced within a minute, and what
// was given to it arrives all the same.
func TestHungSocket(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		r := start(t, h.channel(), nil, &channeltest.Recorder{})
		r.up()
		if err := h.w.WaitSockets(within(t, time.Minute), 2); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		h.w.HangSockets()
		began := time.Now()
		h.ann.DM("is anybody there?")
		if err := h.w.Wait(within(t, time.Minute), func() bool { return len(h.w.Opens(began)) >= 2 }); err != nil {
			t.Fatalf("no new sockets within a minute: %v", err)
		}
		if d := time.Since(began); d > time.Minute {
			t.Errorf("noticed after %v", d)
		} else {
			t.Logf("noticed after %v", d)
		}
		if in := r.kept(1)[0]; in.Text != "is anybody there?" {
			t.Errorf("kept %+v", in)
		}
		r.end()
	})
}

// A server that only answers our pings is as dead as one that says nothing.
func TestSilentSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network pipetest.Network
		l, err := network.Listen("slack.test:80")
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var opens []time.Time
		mux := http.NewServeMux()
		mux.HandleFunc("/api/auth.test", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"ok":true,"team_id":"T0123","user_id":"U1","bot_id":"B1"}`)
		})
		mux.HandleFunc("/api/users.conversations", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"ok":true}`) })
		mux.HandleFunc("/api/apps.connections.open", func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			opens = append(opens, time.Now())
			mu.Unlock()
			io.WriteString(w, `{"ok":true,"url":"ws://slack.test/link"}`)
		})
		mux.HandleFunc("/link", func(w http.ResponseWriter, req *http.Request) {
			conn, err := (&websocket.Upgrader{}).Upgrade(w, req, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello"}`))
			for err == nil {
				_, _, err = conn.ReadMessage() // which answers pings
			}
		})
		server := &http.Server{Handler: mux}
		var served sync.WaitGroup
		served.Go(func() { server.Serve(l) })
		defer served.Wait()
		defer server.Close()
		c, err := New("slack", Config{Team: "T0123", BotToken: "xoxb-1", AppToken: "xapp-1", APIURL: "http://slack.test/api/", Dial: network.Dial},
			slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		r := start(t, c, nil, &channeltest.Recorder{})
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if len(opens) < 3 || opens[2].Sub(began) > time.Minute {
			t.Errorf("within a minute sockets were opened at %v", opens)
		}
		r.stop()
		<-r.done
	})
}

// On a warning the next socket is there before the old one goes: no message waits,
// and no gap is opened.
func TestOverlapOnWarning(t *testing.T) {
	inBubble(t, slacktest.Options{RefreshEvery: time.Hour}, func(t *testing.T, h *house) {
		r := start(t, h.channel(), nil, &channeltest.Recorder{})
		r.up()
		if err := h.w.WaitSockets(within(t, time.Minute), 2); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		histories := h.calls("conversations.history")
		fewest := atomic.Int64{}
		fewest.Store(100)
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Hour)
		defer cancel()
		for n := 0; ctx.Err() == nil; n++ {
			h.ann.DM(fmt.Sprintf("message %d", n))
			time.Sleep(7 * time.Second)
			fewest.Store(min(fewest.Load(), int64(h.w.Sockets())))
			if n%100 == 0 {
				if got := len(r.rec.Kept()); got != n+1 {
					t.Fatalf("%d of %d messages were taken", got, n+1)
				}
			}
		}
		if s := h.stats(); s.Unacked+s.Lost > 0 {
			t.Errorf("%+v", s)
		}
		if fewest.Load() < 2 {
			t.Errorf("there were only %d sockets at a time", fewest.Load())
		}
		if again := h.calls("conversations.history"); again != histories {
			t.Errorf("%d calls to catch up after warnings", again-histories)
		}
		if opens := len(h.w.Opens(time.Time{})); opens < 12 || opens > 20 {
			t.Errorf("%d sockets in six hours of one hour each", opens)
		}
		r.end()
	})
}

func (h *house) calls(method string) int { return len(h.w.Calls(method)) }

// What no retry mends ends Run, with a word on what to do.
func TestFatal(t *testing.T) {
	for name, test := range map[string]struct {
		change func(h *house, c *Config)
		later  func(h *house)
		want   string
	}{
		"app token":   {func(h *house, c *Config) { c.AppToken = "xapp-wrong" }, nil, "the token is not valid"},
		"bot token":   {func(h *house, c *Config) { c.BotToken = "xoxb-wrong" }, nil, "the token is not valid"},
		"team":        {func(h *house, c *Config) { c.Team = "T0WRONG" }, nil, "the token is for the workspace "},
		"uninstalled": {nil, func(h *house) { h.w.Uninstall() }, "the app was removed"},
		"scope": {func(h *house, c *Config) {
			h.w.Fault(slacktest.Fault{Kind: slacktest.Refuse, Method: "apps.connections.open", Error: "missing_scope"})
		}, nil, "lacks a scope"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
				c := h.channel(func(c *Config) {
					if test.change != nil {
						test.change(h, c)
					}
				})
				r := start(t, c, nil, &channeltest.Recorder{})
				if test.later != nil {
					r.up()
					synctest.Wait()
					test.later(h)
				}
				select {
				case err := <-r.done:
					var f *fatalError
					if !errors.As(err, &f) || !strings.Contains(err.Error(), test.want) {
						t.Errorf("Run returned %v", err)
					}
				case <-time.After(time.Minute):
					t.Fatal("Run goes on")
				}
			})
		})
	}
}

// What is mended in Slack's settings is said to be fatal, and found out when it is
// mended; what was said meanwhile is caught up.
func TestFatalUntilMended(t *testing.T) {
	for name, trouble := range map[string]func(h *house){
		"Socket Mode ": func(h *house) {
			h.w.Fault(slacktest.Fault{Kind: slacktest.Refuse, Method: "apps.connections.open", Error: "socket_mode_disabled"})
			h.w.Disconnect("link_disabled")
		},
		"the workspace is being migrated": func(h *house) {
			h.w.Fault(slacktest.Fault{Kind: slacktest.Refuse, Error: "org_login_required"})
			h.w.CutSockets()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
				r := start(t, h.channel(), nil, &channeltest.Recorder{})
				r.up()
				time.Sleep(time.Minute)
				h.w.SetIntake(slacktest.Intake{LoseOffline: true})
				trouble(h)
				if err := r.rec.WaitState(within(t, time.Minute), channels.Fatal); err != nil {
					t.Fatal(err)
				}
				if s := r.rec.State(); !strings.Contains(s.Reason, name) {
					t.Errorf("state %+v", s)
				}
				h.ann.DM("is anybody there?")
				time.Sleep(3 * time.Hour)
				for _, s := range r.rec.Health() {
					if s.At.After(time.Now().Add(-3*time.Hour)) && s.State != channels.Fatal {
						t.Errorf("meanwhile it is said %+v", s)
					}
				}
				h.w.ClearFaults()
				h.w.SetIntake(slacktest.Intake{})
				if err := r.rec.WaitState(within(t, 11*time.Minute), channels.Up); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				sameTexts(t, "messages", r.rec.Texts(), "is anybody there?")
				r.end()
			})
		})
	}
}

// That the app was taken out of another workspace is no concern of ours.
func TestUninstalledElsewhere(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		r := start(t, h.channel(), nil, &channeltest.Recorder{})
		r.up()
		for _, event := range []string{"app_uninstalled", "tokens_revoked"} {
			h.w.SendEnvelope("events_api", map[string]any{"type": "event_callback", "team_id": "T0ELSEWHERE", "event_id": "Ev" + event,
				"event": map[string]any{"type": event, "tokens": map[string]any{"bot": []string{"U1"}}}})
		}
		time.Sleep(time.Hour)
		h.ann.DM("hello")
		time.Sleep(time.Second)
		if !slices.Contains(r.rec.Texts(), "hello") || r.rec.State().State != channels.Up {
			t.Errorf("%q, state %+v", r.rec.Texts(), r.rec.State())
		}
		r.end()
	})
}

// Nothing is acknowledged before it is recorded.
func TestAckAfterCommit(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		rec := &channeltest.Recorder{}
		let := make(chan struct{})
		rec.Before = func(ctx context.Context, in channels.Inbound) error {
			select {
			case <-let:
			case <-ctx.Done():
			}
			return ctx.Err()
		}
		r := start(t, h.channel(), nil, rec)
		r.up()
		h.ann.DM("hello")
		time.Sleep(2 * time.Second)
		if s := h.stats(); s.Acked > 0 {
			t.Errorf("acknowledged before it was recorded: %+v", s)
		}
		close(let)
		synctest.Wait()
		if s := h.stats(); s.Acked != 1 {
			t.Errorf("%+v", s)
		}
		r.end()
	})
}

// A database that fails for long loses nothing and doubles nothing, and holds up no
// pings.
func TestHandlerFailsForLong(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		rec := &channeltest.Recorder{}
		var broken atomic.Bool
		broken.Store(true)
		rec.Before = func(context.Context, channels.Inbound) error {
			if broken.Load() {
				return channeltest.ErrBusy
			}
			return nil
		}
		r := start(t, h.channel(), nil, rec)
		r.up()
		var want []string
		for n := range 30 {
			text := fmt.Sprintf("message %d", n)
			want = append(want, text)
			h.ann.Say(h.support, text)
			time.Sleep(20 * time.Second)
		}
		if got := len(rec.Kept()); got > 0 {
			t.Fatalf("%d kept", got)
		}
		broken.Store(false)
		r.kept(len(want))
		time.Sleep(10 * time.Minute)
		texts := rec.Texts()
		slices.Sort(texts)
		slices.Sort(want)
		if !slices.Equal(texts, want) {
			t.Errorf("got %q", texts)
		}
		if n := len(h.w.Opens(time.Time{})); n > 2 {
			t.Errorf("%d sockets: the stalled handler cost some", n)
		}
		r.end()
	})
}

// Every way in which events go astray leaves each message once, and nothing out.
func TestEventsGoAstray(t *testing.T) {
	for name, in := range map[string]slacktest.Intake{
		"twice":     {Duplicate: 1000},
		"reordered": {Reorder: true},
		"late":      {Delay: 4 * time.Minute},
		"cut":       {CutEvery: 3},
		"all":       {Duplicate: 1000, Reorder: true, CutEvery: 7},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
				r := start(t, h.channel(), nil, &channeltest.Recorder{})
				r.up()
				if err := h.w.WaitSockets(within(t, time.Minute), 2); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				h.w.SetIntake(in)
				var want []string
				for n := range 40 {
					text := fmt.Sprintf("message %d", n)
					want = append(want, text)
					h.ann.Say(h.support, text)
					time.Sleep(5 * time.Second)
				}
				time.Sleep(10 * time.Minute)
				h.w.SetIntake(slacktest.Intake{})
				time.Sleep(10 * time.Minute)
				texts := r.rec.Texts()
				slices.Sort(texts)
				slices.Sort(want)
				if !slices.Equal(texts, want) {
					t.Errorf("got %d of %d: %q", len(texts), len(want), texts)
				}
				t.Logf("%d again, %d duplicates, %d sockets", r.rec.Again(), r.rec.Duplicates(), len(h.w.Opens(time.Time{})))
				r.end()
			})
		})
	}
}

// What cannot be read is recorded, and acknowledged if it can be.
func TestOddFrames(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		r := start(t, h.channel(), nil, &channeltest.Recorder{})
		r.up()
		for _, raw := range []string{`{"envelope_id":"x`, `[]`, `"hi"`, `{}`, `null`, "\x00\xff", `{"type":"weather"}`, ``} {
			h.w.SendRaw([]byte(raw))
			synctest.Wait()
		}
		h.w.SendEnvelope("holograms", map[string]any{"a": 1})
		h.w.SendEnvelope("events_api", map[string]any{"type": "event_callback"})
		synctest.Wait()
		if s := h.stats(); s.Acked != 2 || s.Sent != 2 {
			t.Errorf("%+v", s)
		}
		for _, in := range r.rec.Kept() {
			if in.Problem == "" && in.Kind != channels.Service || in.Raw.Zero() {
				t.Errorf("%+v", in)
			}
		}
		h.ann.DM("hello")
		if all := r.kept(1); len(all) != 11 || all[10].Text != "hello" {
			synctest.Wait()
			if all = r.rec.Kept(); len(all) != 11 {
				t.Errorf("%d kept: %v", len(all), r.rec.Texts())
			}
		}
		if n := len(h.w.Opens(time.Time{})); n != 2 {
			t.Errorf("%d sockets", n)
		}
		r.end()
	})
}

// When Slack says of both sockets that there are too many, one stays away, and the
// other is back at once.
func TestTooManySockets(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		r := start(t, h.channel(), nil, &channeltest.Recorder{})
		r.up()
		if err := h.w.WaitSockets(within(t, time.Minute), 2); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		h.w.Disconnect("too_many_websockets")
		time.Sleep(3 * time.Second)
		began := time.Now()
		for time.Since(began) < 9*time.Minute {
			if h.w.Sockets() == 0 {
				t.Fatalf("no socket after %v", time.Since(began))
			}
			time.Sleep(time.Second)
		}
		if n := len(h.w.Opens(began)); n > 0 {
			t.Errorf("%d attempts to have more", n)
		}
		if err := h.w.WaitSockets(within(t, 10*time.Minute), 2); err != nil {
			t.Error(err)
		}
		r.end()
	})
}
