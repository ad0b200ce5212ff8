package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/channeltest/pipetest"
	"frontdesk/channels/slack/slacktest"
)

// office is a workspace with us, a customer and a channel for staff in it.
type office struct {
	*slacktest.World
	slack  *Channel
	staff  *slacktest.Channel
	ann    *slacktest.User
	serial int
	tried  map[string]int // by key
}

func newOffice(t *testing.T, o slacktest.Options) *office {
	t.Helper()
	w, err := slacktest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	h := &office{World: w, staff: w.Channel("staff", slacktest.ChannelOptions{}), ann: w.User("ann", slacktest.UserOptions{}), tried: map[string]int{}}
	w.Invite(h.staff, w.BotUser(), h.ann)
	h.slack, err = New("slack", Config{Team: w.TeamID(), BotToken: w.BotToken(), AppToken: w.AppToken(), Agents: h.staff.ID,
		APIURL: w.APIURL(), Dial: w.Dial, FileLimit: 1 << 20}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.slack.Close() })
	return h
}

// inOffice runs f in fake time; at its end we have done nothing that a correct
// client does not.
func inOffice(t *testing.T, f func(t *testing.T, h *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newOffice(t, slacktest.Options{})
		f(t, h)
		for _, v := range h.Violations() {
			t.Errorf("violation: %v", v)
		}
	})
}

// out is a delivery to staff.
func (h *office) out(text string) channels.Outbound {
	h.serial++
	return channels.Outbound{Key: fmt.Sprintf("key-%d", h.serial), Channel: "slack", Thread: "thread", Place: h.staff.ID, Op: channels.Post,
		Audience: channels.Staff, Since: time.Now(), Body: channels.Body{Format: channels.Plain, Text: text}}
}

func (h *office) send(t *testing.T, out channels.Outbound) (string, *channels.SendError) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	h.tried[out.Key]++
	out.Attempt = h.tried[out.Key]
	ref, err := h.slack.Send(ctx, out)
	if err == nil {
		if ref == "" {
			t.Error("neither ref nor error")
		}
		return ref, nil
	}
	var se *channels.SendError
	if !errors.As(err, &se) {
		se = &channels.SendError{Err: err}
	}
	return ref, se
}

func (h *office) mustSend(t *testing.T, out channels.Outbound) string {
	t.Helper()
	ref, err := h.send(t, out)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	return ref
}

// said is what we wrote into a channel, threads included.
func (h *office) said(c *slacktest.Channel) (ours []slacktest.Message) {
	for _, m := range h.Messages(c) {
		if m.Ours {
			ours = append(ours, m)
		}
	}
	return ours
}

func TestSender(t *testing.T) {
	channeltest.TestSender(t, true, func(t *testing.T) channeltest.SenderHarness {
		h := newOffice(t, slacktest.Options{})
		return channeltest.SenderHarness{
			Sender: h.slack,
			Outbound: func(text string) channels.Outbound {
				out := h.out(text)
				out.Place = "@" + h.ann.Identity()
				out.Audience = channels.Customer
				return out
			},
			Seen: func() (seen []channeltest.Seen) {
				for _, m := range h.said(h.ann.Direct()) {
					if m.Metadata == nil {
						continue // a file that belongs to the message before
					}
					seen = append(seen, channeltest.Seen{Ref: h.slack.ref(m.Channel.ID, m.TS), Text: m.Readable, Raw: m.Blocks})
				}
				return seen
			},
			Fail: func(m channeltest.Mode) bool {
				f := slacktest.Fault{Method: "chat.postMessage", Times: 1}
				switch m {
				case channeltest.FailTemporary:
					f.Kind, f.RetryAfter = slacktest.TooMany, "1"
				case channeltest.FailPermanent:
					f.Kind, f.Error = slacktest.Refuse, "is_archived"
				case channeltest.FailLost:
					f.Kind = slacktest.CutAfter
				case channeltest.FailHang:
					f.Kind = slacktest.HangBefore
				}
				h.Fault(f)
				time.Sleep(2 * time.Second) // our own pace, and the 429 of an attempt before, are not what fails
				return true
			},
		}
	})
}

// Where a message goes, and what goes along.
func TestPlaces(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		root := h.ann.Say(h.staff, "hello")
		for name, test := range map[string]struct {
			change func(*channels.Outbound)
			in     *slacktest.Channel
			thread string
		}{
			"room":            {func(o *channels.Outbound) {}, h.staff, ""},
			"thread by place": {func(o *channels.Outbound) { o.Place = threadPlace(h.staff.ID, root) }, h.staff, root},
			"thread by root":  {func(o *channels.Outbound) { o.Root = h.slack.ref(h.staff.ID, root) }, h.staff, root},
			"direct": {func(o *channels.Outbound) {
				o.Place = h.slack.Direct(channels.Person{Kind: Kind, Address: h.ann.Identity()})
			}, h.ann.Direct(), ""},
		} {
			out := h.out("said " + name)
			test.change(&out)
			ref := h.mustSend(t, out)
			channel, ts, _ := splitRef(ref)
			m, ok := h.Message(test.in, ts)
			if !ok || channel != test.in.ID || m.Thread != test.thread || strings.TrimSpace(m.Readable) != "said "+name || m.Text != "said "+name {
				t.Errorf("%s: %s is %+v", name, ref, m)
			}
			if p, _ := m.Metadata["event_payload"].(map[string]any); m.Metadata["event_type"] != deliveryEvent || p["key"] != out.Key {
				t.Errorf("%s: metadata %v", name, m.Metadata)
			}
		}
		calls := h.Calls("chat.postMessage")
		for k, want := range map[string]string{"unfurl_links": "false", "unfurl_media": "false", "link_names": "false", "parse": "none"} {
			if got := calls[0].Args[k]; got != want {
				t.Errorf("%s is %v", k, got)
			}
		}
		h.mustSend(t, func() channels.Outbound { o := h.out("again"); o.Place = "@" + h.ann.Identity(); return o }())
		if n := len(h.Calls("conversations.open")); n != 1 {
			t.Errorf("conversations.open was called %d times", n)
		}
		for name, place := range map[string]string{"unknown channel": "C0NOWHERE", "no place": "somewhere", "nobody": "@T1:"} {
			out := h.out("x")
			out.Place = place
			if _, err := h.send(t, out); err == nil || !err.Permanent {
				t.Errorf("%s: %v", name, err)
			}
		}
		out := h.out("x")
		out.Root = h.slack.ref(h.ann.Direct().ID, root)
		if _, err := h.send(t, out); err == nil || !err.Permanent {
			t.Errorf("a root elsewhere: %v", err)
		}
	})
}

// What Slack may answer, and what that means. stands: the message is there.
func TestOutcomes(t *testing.T) {
	type outcome struct {
		permanent, unknown, stands bool
		after                      time.Duration
	}
	refusal := func(code string) slacktest.Fault { return slacktest.Fault{Kind: slacktest.Refuse, Error: code} }
	for name, test := range map[string]struct {
		fault slacktest.Fault
		want  *outcome // nil: sent
	}{
		"well":                       {slacktest.Fault{Kind: slacktest.Slow, Delay: time.Second}, nil},
		"an unknown element echoed":  {slacktest.Fault{Kind: slacktest.OddEcho}, nil},
		"429 with seconds":           {slacktest.Fault{Kind: slacktest.TooMany, RetryAfter: "17"}, &outcome{after: 17 * time.Second}},
		"429 without":                {slacktest.Fault{Kind: slacktest.TooMany}, &outcome{after: 30 * time.Second}},
		"429 with a date":            {slacktest.Fault{Kind: slacktest.TooMany, RetryAfter: "Sat, 01 Jan 2000 00:02:00 GMT"}, &outcome{after: 2 * time.Minute}},
		"200 ratelimited":            {slacktest.Fault{Kind: slacktest.RateLimited}, &outcome{after: 30 * time.Second}},
		"500":                        {slacktest.Fault{Kind: slacktest.ServerError}, &outcome{unknown: true}},
		"503, done":                  {slacktest.Fault{Kind: slacktest.ErrorAfter}, &outcome{unknown: true, stands: true}},
		"{}":                         {slacktest.Fault{Kind: slacktest.Empty}, &outcome{unknown: true, stands: true}},
		"not ok without a word":      {slacktest.Fault{Kind: slacktest.NotOK}, &outcome{unknown: true, stands: true}},
		"half an answer":             {slacktest.Fault{Kind: slacktest.Truncate}, &outcome{unknown: true, stands: true}},
		"a page of HTML":             {slacktest.Fault{Kind: slacktest.NotJSON}, &outcome{unknown: true, stands: true}},
		"cut":                        {slacktest.Fault{Kind: slacktest.CutBefore}, &outcome{unknown: true}},
		"cut, done":                  {slacktest.Fault{Kind: slacktest.CutAfter}, &outcome{unknown: true, stands: true}},
		"no answer":                  {slacktest.Fault{Kind: slacktest.HangBefore}, &outcome{unknown: true}},
		"no answer, done":            {slacktest.Fault{Kind: slacktest.HangAfter}, &outcome{unknown: true, stands: true}},
		"internal_error":             {refusal("internal_error"), &outcome{unknown: true}},
		"fatal_error":                {refusal("fatal_error"), &outcome{unknown: true}},
		"service_unavailable":        {refusal("service_unavailable"), &outcome{unknown: true}},
		"channel_not_found":          {refusal("channel_not_found"), &outcome{permanent: true}},
		"is_archived":                {refusal("is_archived"), &outcome{permanent: true}},
		"not_in_channel":             {refusal("not_in_channel"), &outcome{permanent: true}},
		"msg_too_long":               {refusal("msg_too_long"), &outcome{permanent: true}},
		"invalid_blocks":             {refusal("invalid_blocks"), &outcome{permanent: true}},
		"cannot_dm_bot":              {refusal("cannot_dm_bot"), &outcome{permanent: true}},
		"user_disabled":              {refusal("user_disabled"), &outcome{permanent: true}},
		"restricted_action":          {refusal("restricted_action"), &outcome{permanent: true}},
		"invalid_auth":               {refusal("invalid_auth"), &outcome{after: mendTime}},
		"token_revoked":              {refusal("token_revoked"), &outcome{after: mendTime}},
		"missing_scope":              {refusal("missing_scope"), &outcome{after: mendTime}},
		"an error nobody has listed": {refusal("moon_in_the_seventh_house"), &outcome{}},
	} {
		t.Run(name, func(t *testing.T) {
			inOffice(t, func(t *testing.T, h *office) {
				test.fault.Method, test.fault.Times = "chat.postMessage", 1
				h.Fault(test.fault)
				began := time.Now()
				out := h.out("words")
				_, err := h.send(t, out)
				stands := len(h.said(h.staff)) == 1
				switch want := test.want; {
				case want == nil && (err != nil || !stands):
					t.Errorf("got %v, and it stands: %v", err, stands)
				case want == nil:
				case err == nil:
					t.Error("no error")
				case err.Permanent != want.permanent || err.Unknown != want.unknown || stands != want.stands || (want.after-err.RetryAfter).Abs() > time.Second:
					t.Errorf("got %#v (%v) after %v, and it stands: %v; want %+v", err, err, time.Since(began), stands, want)
				}
				if err != nil && strings.Contains(err.Error(), h.BotToken()) {
					t.Error("the error tells the token")
				}
				// Whatever it was: looked for, and if it is not there sent again, there is one.
				h.ClearFaults()
				if err != nil && !err.Permanent {
					time.Sleep(err.RetryAfter)
					ref, found, ferr := h.slack.Find(t.Context(), out)
					if ferr != nil || found != stands {
						t.Errorf("Find = %q, %v, %v, and it stands: %v", ref, found, ferr, stands)
					}
					if !found {
						h.mustSend(t, out)
					}
				}
				if n := len(h.said(h.staff)); n != 1 && (err == nil || !err.Permanent) {
					t.Errorf("there are %d messages", n)
				}
			})
		})
	}
}

func TestOutcomeWithoutConnection(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		h.Down(true)
		if _, err := h.send(t, h.out("x")); err == nil || err.Unknown || err.Permanent {
			t.Errorf("refused connection: %v", err)
		}
		h.Down(false)
		h.mustSend(t, h.out("y"))
	})
}

// A test must not reach a network, whatever it is told.
func TestReachesNoNetwork(t *testing.T) {
	c, err := New("slack", Config{Team: "T123", BotToken: "xoxb-1", AppToken: "xapp-1"}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Send(t.Context(), channels.Outbound{Key: "k", Audience: channels.Staff, Op: channels.Post, Place: "C123",
		Body: channels.Body{Format: channels.Plain, Text: "x"}})
	if err == nil || !strings.Contains(err.Error(), "this is a test") {
		t.Errorf("got %v", err)
	}
}

// Nor must it where the answer of an API on this machine names an address elsewhere.
func TestSocketReachesNoNetwork(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"ok":true,"url":"ws://192.0.2.1/link?ticket=secret"}`)
	}))
	defer s.Close()
	c, err := New("slack", Config{Team: "T123", BotToken: "xoxb-1", AppToken: "xapp-1", APIURL: s.URL + "/api/"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = (&run{Channel: c}).connect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "this is a test") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// The token stays where it belongs: a redirect is not followed with it.
func TestRedirectsGetNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network pipetest.Network
		var leaked []string
		for _, host := range []string{"slack.test:80", "elsewhere.test:80"} {
			l, err := network.Listen(host)
			if err != nil {
				t.Fatal(err)
			}
			s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.Host, "elsewhere") {
					leaked = append(leaked, r.Header.Get("Authorization"))
				}
				http.Redirect(w, r, "http://elsewhere.test/", http.StatusTemporaryRedirect)
			})}
			done := make(chan error, 1)
			go func() { done <- s.Serve(l) }()
			defer func() { s.Close(); <-done }()
		}
		c, err := New("slack", Config{Team: "T123", BotToken: "xoxb-1", AppToken: "xapp-1", APIURL: "http://slack.test/api/",
			Dial: func(ctx context.Context, n, a string) (net.Conn, error) { return network.Dial(ctx, n, a) }}, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = c.Send(t.Context(), channels.Outbound{Key: "k", Audience: channels.Staff, Op: channels.Post, Place: "C123",
			Body: channels.Body{Format: channels.Plain, Text: "x"}})
		var se *channels.SendError
		if !errors.As(err, &se) || se.Permanent || len(leaked) > 0 {
			t.Errorf("got %v; the other host saw %q", err, leaked)
		}
	})
}

// What is drawn is what Slack takes: every drawing goes through the fake's checks.
func TestDrawingsAreAccepted(t *testing.T) {
	files, err := filepath.Glob("testdata/draw/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no drawings: %v", err)
	}
	inOffice(t, func(t *testing.T, h *office) {
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out := h.out("")
			source, _, _ := strings.Cut(string(b), "\n==========\n")
			if strings.HasPrefix(source, "{") {
				if err := json.Unmarshal([]byte(source), &out); err != nil {
					t.Fatal(err)
				}
			} else {
				out.Body = channels.Body{Format: channels.Markdown, Text: source}
			}
			if _, err := h.send(t, out); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	})
}
