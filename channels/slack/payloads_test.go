package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/slack/slacktest"
)

// payloads are Slack's own examples, by name.
func payloads(t testing.TB) map[string][]byte {
	t.Helper()
	root := os.Getenv("FRONTDESK_TESTDATA")
	if root == "" {
		t.Skip("FRONTDESK_TESTDATA is not set: there are no payloads to read")
	}
	root = filepath.Join(root, "slack", "payloads")
	out := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, root+"/")] = b
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("no payloads in %s", root)
	}
	return out
}

// unwrapped is the payload in an envelope, and the kind of envelope that a
// payload comes in.
func unwrapped(t *testing.T, name string, b []byte) (kind string, payload map[string]any) {
	t.Helper()
	if err := json.Unmarshal(b, &payload); err != nil {
		t.Fatal(err)
	}
	if inner, ok := payload["payload"].(map[string]any); ok && payload["envelope_id"] != nil {
		return payload["type"].(string), inner
	}
	if strings.HasPrefix(name, "interactive/") {
		return "interactive", payload
	}
	return "events_api", payload
}

func signedRequest(w *slacktest.World, kind string, body []byte) *http.Request {
	contentType := "application/json"
	if kind == "interactive" {
		body = []byte(url.Values{"payload": {string(body)}}.Encode())
		contentType = "application/x-www-form-urlencoded"
	}
	req := httptest.NewRequest(http.MethodPost, "/in/slack", bytes.NewReader(body))
	maps.Copy(req.Header, w.Sign(body))
	req.Header.Set("Content-Type", contentType)
	return req
}

// Every payload that Slack documents is recorded and acknowledged, twice with one
// effect, whichever way it comes, and reads the same from its raw bytes.
func TestEveryPayloadByHTTP(t *testing.T) {
	for name, b := range payloads(t) {
		if strings.Contains(name, "/hello__") || strings.Contains(name, "url_verification") {
			continue // these are no messages
		}
		t.Run(name, func(t *testing.T) {
			inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
				kind, payload := unwrapped(t, name, b)
				c := h.channel(byHTTP(h))
				r := start(t, c, nil, &channeltest.Recorder{})
				r.up()
				c.cfg.Team = teamOf(payload, c.cfg.Team)
				body, err := json.Marshal(payload)
				if err != nil {
					t.Fatal(err)
				}
				for i := range 2 {
					w := httptest.NewRecorder()
					c.ServeHTTP(w, signedRequest(h.w, kind, body))
					if synctest.Wait(); i == 1 && len(r.done) > 0 {
						break // we may not work here any more
					}
					if w.Code != http.StatusOK {
						t.Fatalf("answered %d %s", w.Code, w.Body)
					}
				}
				checkPayload(t, c, r, payload)
			})
		})
	}
}

func TestEveryPayloadBySocket(t *testing.T) {
	for name, b := range payloads(t) {
		if strings.Contains(name, "/hello__") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
				kind, payload := unwrapped(t, name, b)
				c := h.channel()
				r := start(t, c, nil, &channeltest.Recorder{})
				r.up()
				synctest.Wait()
				c.cfg.Team = teamOf(payload, c.cfg.Team)
				for range 2 {
					h.w.SendEnvelope(kind, payload)
					synctest.Wait()
					if len(r.done) > 0 {
						break // we may not work here any more
					}
				}
				if s := h.stats(); len(r.done) == 0 && s.Acked != 2 || s.Acked == 0 || s.Late+s.Unknown+s.TooLarge > 0 {
					t.Errorf("acknowledgements: %+v", s)
				}
				if v := h.w.Violations(); len(v) > 0 {
					t.Error(v)
				}
				checkPayload(t, c, r, payload)
			})
		})
	}
}

// teamOf is the workspace that a payload was made for.
func teamOf(payload map[string]any, other string) string {
	if auths, ok := payload["authorizations"].([]any); ok && len(auths) > 0 {
		if id, ok := auths[0].(map[string]any)["team_id"].(string); ok {
			return id
		}
	}
	if id, ok := payload["team_id"].(string); ok {
		return id
	}
	if team, ok := payload["team"].(map[string]any); ok {
		if id, ok := team["id"].(string); ok {
			return id
		}
	}
	return other
}

func checkPayload(t *testing.T, c *Channel, r *running, payload map[string]any) {
	t.Helper()
	kept := r.rec.Kept()
	again := r.rec.Again()
	in := kept[len(kept)-1]
	ended := len(r.done) > 0
	if len(kept) != 1 || again != 1 && !ended {
		t.Errorf("twice the same left %d messages, %d times known", len(kept), again)
	}
	team := c.cfg.Team
	defer func() { c.cfg.Team = team }()
	if !in.Raw.Zero() {
		c.self.Store(nil) // as in a replay long after
		back, err := c.Parse(t.Context(), in.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if back.Kind != in.Kind || back.Text != in.Text || back.Place != in.Place || back.Ref != in.Ref || back.From != in.From ||
			!slices.Equal(back.Keys, in.Keys) || !slices.Equal(back.Refs, in.Refs) || back.Problem != in.Problem {
			t.Errorf("read again it is\n%+v\nnot\n%+v", back, in)
		}
	}
	event, _ := payload["event"].(map[string]any)
	if event != nil && event["ts"] != nil && in.Problem != "" {
		t.Errorf("problem: %s", in.Problem)
	}
	if in.Kind == channels.Message && in.Problem == "" && in.Action == nil && in.Text == "" && in.Toward != channels.ToUs && len(in.Files) == 0 {
		t.Errorf("a message that says nothing: %+v", in)
	}
	t.Logf("%s %q toward %q place %q from %v problem %q signals %q text %.60q", in.Kind, in.Keys, in.Toward, in.Place, in.From, in.Problem, in.Signals, in.Text)
	if !ended {
		r.end()
		return
	}
	var f *fatalError
	if err := <-r.done; !errors.As(err, &f) {
		t.Errorf("Run ended with %v", err)
	}
}
