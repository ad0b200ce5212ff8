package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	slackapi "github.com/slack-go/slack"

	"frontdesk/channels"
	"frontdesk/channels/slack"
)

// office is a workspace of Slack as doctor asks for it: it answers as Slack's methods
// are documented to, each by what stands in its fields.
type office struct {
	t       *testing.T
	server  *httptest.Server
	answers map[string]any // by method, and "method/argument"
	scopes  []string
	hello   []any  // what comes over the socket
	socket  string // where it is; "": here
	status  int    // of every answer; 0: 200
}

func newOffice(t *testing.T) *office {
	o := &office{t: t, scopes: slack.Scopes(false), hello: []any{map[string]any{"type": "hello", "num_connections": 1, "connection_info": map[string]any{"app_id": "A0123ABCD"}}}}
	o.answers = map[string]any{
		"auth.test": map[string]any{"ok": true, "url": "https://northwind.slack.com/", "team": "Northwind", "user": "frontdesk", "team_id": "T0123ABCD", "user_id": "U0BOT0000", "bot_id": "B0123ABCD"},
		"bots.info": map[string]any{"ok": true, "bot": map[string]any{"id": "B0123ABCD", "app_id": "A0123ABCD"}},
	}
	o.room("C0123ABCD", "support-agents", "is_private", "is_member")
	o.room("C0456EFGH", "complaints", "is_private", "is_member")
	o.room("C0789IJKL", "ask-us", "is_member")
	o.members("U0BOT0000", "U0LIWEI00", "U0ANA0000")
	o.user("U0LIWEI00", "Li Wei (李伟)", "Li@Northwind.example")
	o.user("U0ANA0000", "Ana", "")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/{method}", o.method)
	mux.HandleFunc("GET /link", o.link)
	o.server = httptest.NewServer(mux)
	t.Cleanup(o.server.Close)
	return o
}

func (o *office) room(id, name string, is ...string) {
	c := map[string]any{"id": id, "name": name}
	for _, x := range is {
		c[x] = true
	}
	o.answers["conversations.info/"+id] = map[string]any{"ok": true, "channel": c}
}

func (o *office) members(ids ...string) {
	o.answers["conversations.members"] = map[string]any{"ok": true, "members": ids, "response_metadata": map[string]any{"next_cursor": ""}}
}

func (o *office) user(id, name, mail string, is ...string) {
	u := map[string]any{"id": id, "team_id": "T0123ABCD", "name": strings.ToLower(id), "real_name": name, "profile": map[string]any{"real_name": name, "email": mail}}
	for _, x := range is {
		u[x] = true
	}
	o.answers["users.info/"+id] = map[string]any{"ok": true, "user": u}
}

func refused(code string) map[string]any { return map[string]any{"ok": false, "error": code} }

func (o *office) method(w http.ResponseWriter, r *http.Request) {
	if o.status != 0 {
		w.WriteHeader(o.status)
		fmt.Fprintln(w, "<html>Your company's proxy</html>")
		return
	}
	method := r.PathValue("method")
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	answer := o.answers[method]
	for _, arg := range []string{"channel", "user"} {
		if a, ok := o.answers[method+"/"+r.FormValue(arg)]; ok {
			answer = a
		}
	}
	switch want := map[bool]string{true: "xapp-1-right", false: "xoxb-right"}[method == "apps.connections.open"]; {
	case o.answers[method] != nil && o.answers[method+"/always"] != nil:
	case token == "":
		answer = refused("not_authed")
	case token != want:
		answer = refused("invalid_auth")
	case method == "apps.connections.open" && answer == nil:
		at := o.socket
		if at == "" {
			at = strings.Replace(o.server.URL, "http", "ws", 1) + "/link?ticket=secret-ticket"
		}
		answer = map[string]any{"ok": true, "url": at}
	case answer == nil && strings.HasPrefix(method, "conversations."):
		answer = refused("channel_not_found")
	case answer == nil && method == "users.info":
		answer = refused("user_not_found")
	case answer == nil:
		answer = refused("unknown_method")
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if method != "apps.connections.open" {
		w.Header().Set("X-OAuth-Scopes", strings.Join(o.scopes, ","))
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		o.t.Error(err)
	}
}

func (o *office) link(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
	if err != nil {
		o.t.Error(err)
		return
	}
	defer conn.Close()
	for _, m := range o.hello {
		if conn.WriteJSON(m) != nil {
			return
		}
	}
	_, _, _ = conn.ReadMessage() // until the other side has gone
}

const slackOwnConfig = `
company: {name: Northwind, timezone: Asia/Shanghai, languages: [zh, en], phone: 021-555-0100, website: https://northwind.example}
hours: {days: {mon-sat: ["08:30-18:00"]}}
promises: {complaint: {urgent: 2h, normal: 8h}, request: {urgent: 4h, normal: 16h}}
staff:
  - {name: Li Wei, mail: li@northwind.example, role: supervisor}
  - {name: Ana, mail: ana@northwind.example, slack: U0ANA0000}
channels:
  workspace:
    type: slack
    team: T0123ABCD
    bot_token_file: bot.token
    app_token_file: app.token
    agents: C0123ABCD
    complaints: C0456EFGH
    support: [C0789IJKL]
    mode: observe
`

// slackClinic is an installation whose one channel is in Slack.
type slackClinic struct {
	*clinic
	office *office
}

func newSlackClinic(t *testing.T) *slackClinic {
	t.Helper()
	c := &clinic{t: t, dir: t.TempDir(), env: map[string]string{}}
	c.doctor = newDoctor(&app{in: strings.NewReader(""), out: &c.out, err: &c.errs, config: filepath.Join(c.dir, "frontdesk.yaml")})
	c.patience = 3 * time.Second
	c.free = func(string) (uint64, error) { return 50 << 30, nil }
	if err := (&app{out: &bytes.Buffer{}}).writeStarters(c.dir); err != nil {
		t.Fatal(err)
	}
	s := &slackClinic{c, newOffice(t)}
	c.slack = func(x *slack.Config) { x.APIURL = s.office.server.URL + "/api/" }
	c.env[c.dir], c.env[s.office.server.Listener.Addr().String()] = "DIR", "SLACK"
	c.write("frontdesk.yaml", slackOwnConfig)
	c.write("faq.yaml", "entries:\n  - id: hours\n    zh:\n      questions: [上班时间]\n      answer: 九点到五点\n    en:\n      questions: [When are you open]\n      answer: From nine to five.\n")
	c.write("bot.token", "xoxb-right\n")
	c.write("app.token", "xapp-1-right\n")
	return s
}

// byHTTP makes Slack call us.
func (c *slackClinic) byHTTP(secret string) (listen string) {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	listen = l.Addr().String()
	l.Close()
	c.env[listen] = "LISTEN"
	c.edit("frontdesk.yaml", "app_token_file: app.token", "signing_secret_file: signing.secret")
	c.edit("frontdesk.yaml", "\nhours:", "\nhttp: {listen: \""+listen+"\"}\nhours:")
	c.write("signing.secret", secret)
	return listen
}

// signed is a channel that takes what is signed, as the adapter does.
type signed struct {
	secret string
	got    [][]byte
}

func (s *signed) Run(ctx context.Context, _ map[string]string, _ channels.Handler) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s *signed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v, err := slackapi.NewSecretsVerifier(r.Header, s.secret)
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(io.TeeReader(r.Body, &v))
	switch {
	case err != nil:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case v.Ensure() != nil:
		w.WriteHeader(http.StatusUnauthorized)
	default:
		s.got = append(s.got, body)
		var c struct{ Challenge string }
		_ = json.Unmarshal(body, &c) // other bodies have none
		fmt.Fprint(w, c.Challenge)
	}
}

// serving is a serve that takes the calls of these channels.
func (c *slackClinic) serving(listen string, called map[string]http.Handler) {
	c.t.Helper()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		c.t.Fatal(err)
	}
	m := &monitor{figures: newMetrics(), called: called, log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); m.run(ctx, l) }()
	db := c.openDatabase()
	unlock, err := lock(c.database())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { cancel(); <-done; unlock(); db.Close() })
}

const rightSecret = "8f742231b10e8888abcd99aaabbb85a5"

// TestDoctorSlack plays the set-ups in Slack that operators end up with. What doctor
// says about each stands in testdata/doctor.
func TestDoctorSlack(t *testing.T) {
	whole := []string{"healthy", "http"} // what works is in the golden file too
	warns := []string{"scope-too-many", "agents-public", "agents-shared", "stranger-among-agents", "another-program", "http-not-running"}
	for name, change := range map[string]func(*slackClinic){
		"healthy": func(*slackClinic) {},
		"wrong-team": func(c *slackClinic) {
			c.edit("frontdesk.yaml", "team: T0123ABCD", "team: T0999ZZZZ")
		},
		"revoked": func(c *slackClinic) {
			c.office.answers["auth.test"], c.office.answers["auth.test/always"] = refused("token_revoked"), true
		},
		"expired": func(c *slackClinic) {
			c.office.answers["auth.test"], c.office.answers["auth.test/always"] = refused("token_expired"), true
		},
		"unknown-tokens": func(c *slackClinic) {
			c.write("bot.token", "xoxb-wrong")
			c.write("app.token", "xapp-1-wrong")
		},
		"tokens-swapped": func(c *slackClinic) {
			c.write("bot.token", "xapp-1-right")
			c.write("app.token", "xoxb-right")
		},
		"tokens-of-other-kinds": func(c *slackClinic) {
			c.write("bot.token", "xoxp-right")
			c.write("app.token", rightSecret)
		},
		"token-missing": func(c *slackClinic) { os.Remove(filepath.Join(c.dir, "bot.token")) },
		"scope-missing": func(c *slackClinic) {
			c.office.scopes = slices.DeleteFunc(slack.Scopes(false), func(s string) bool { return strings.HasPrefix(s, "groups:") || s == "users:read" })
			needs := func(s string) map[string]any {
				return map[string]any{"ok": false, "error": "missing_scope", "needed": s, "provided": "chat:write"}
			}
			c.office.answers["conversations.info/C0123ABCD"] = needs("channels:read,groups:read,mpim:read,im:read")
			c.office.answers["bots.info"] = needs("users:read")
		},
		"scope-too-many": func(c *slackClinic) { c.office.scopes = append(c.office.scopes, "chat:write.public", "mpim:history") },
		"agent-view": func(c *slackClinic) {
			c.edit("frontdesk.yaml", "mode: observe", "agent_view: true\n    mode: observe")
		},
		"app-token-scope": func(c *slackClinic) {
			c.office.answers["apps.connections.open"] = map[string]any{"ok": false, "error": "missing_scope", "needed": "connections:write"}
		},
		"two-apps": func(c *slackClinic) {
			c.office.answers["bots.info"] = map[string]any{"ok": true, "bot": map[string]any{"app_id": "A0999ZZZZ"}}
		},
		"socket-refused": func(c *slackClinic) {
			c.office.socket = "ws://127.0.0.1:" + c.closedPort() + "/link?ticket=secret-ticket"
		},
		"socket-not-let-through": func(c *slackClinic) {
			c.office.socket = strings.Replace(c.office.server.URL, "http", "ws", 1) + "/elsewhere?ticket=secret-ticket"
		},
		"socket-mode-off": func(c *slackClinic) {
			c.office.hello = []any{map[string]any{"type": "disconnect", "reason": "link_disabled"}}
		},
		"socket-silent": func(c *slackClinic) { c.office.hello, c.patience = nil, 300*time.Millisecond },
		"another-program": func(c *slackClinic) {
			c.office.hello = []any{map[string]any{"type": "hello", "num_connections": 3, "connection_info": map[string]any{"app_id": "A0123ABCD"}}}
		},
		"not-in-agents": func(c *slackClinic) { c.office.answers["conversations.info/C0123ABCD"] = refused("channel_not_found") },
		"not-in-support": func(c *slackClinic) {
			c.office.room("C0789IJKL", "ask-us")
			c.office.answers["conversations.info/C0456EFGH"] = refused("channel_not_found")
		},
		"agents-public": func(c *slackClinic) { c.office.room("C0123ABCD", "general", "is_member") },
		"agents-shared": func(c *slackClinic) {
			c.office.room("C0123ABCD", "with-partners", "is_member", "is_private", "is_ext_shared")
		},
		"archived": func(c *slackClinic) {
			c.office.room("C0456EFGH", "old-complaints", "is_member", "is_private", "is_archived")
		},
		"nobody-among-agents": func(c *slackClinic) {
			c.office.members("U0BOT0000", "U0ROBOT00", "U0GONE000")
			c.office.user("U0ROBOT00", "Reminders", "", "is_bot")
			c.office.user("U0GONE000", "Bo", "bo@northwind.example", "deleted")
		},
		"stranger-among-agents": func(c *slackClinic) {
			c.office.members("U0BOT0000", "U0GUEST00", "U0TOM0000", "U0WHO0000", "U0LIWEI00")
			c.office.user("U0GUEST00", "Gina", "gina@contractors.example", "is_restricted")
			c.office.user("U0TOM0000", "Tom", "tom@partners.example")
			c.office.answers["users.info/U0TOM0000"].(map[string]any)["user"].(map[string]any)["team_id"] = "T0999ZZZZ"
			c.office.answers["users.info/U0WHO0000"] = refused("user_not_visible")
		},
		"network-down": func(c *slackClinic) {
			c.slack = func(x *slack.Config) { x.Dial = noSuchHost }
		},
		"proxy": func(c *slackClinic) { c.office.status = http.StatusForbidden },
		"http": func(c *slackClinic) {
			listen := c.byHTTP(rightSecret)
			c.serving(listen, map[string]http.Handler{"workspace": &signed{secret: rightSecret}})
		},
		"http-not-running": func(c *slackClinic) { c.byHTTP(rightSecret) },
		"http-other-secret": func(c *slackClinic) {
			listen := c.byHTTP(rightSecret)
			c.serving(listen, map[string]http.Handler{"workspace": &signed{secret: strings.Repeat("0", 32)}})
		},
		"http-older-configuration": func(c *slackClinic) {
			listen := c.byHTTP(rightSecret)
			c.serving(listen, map[string]http.Handler{"other": &signed{secret: rightSecret}})
		},
		"http-verification-token": func(c *slackClinic) { c.byHTTP("gIkuvaNzQIHg97ATvDxqgjtO") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newSlackClinic(t)
			change(c)
			err := c.run(t.Context())
			if works := slices.Contains(whole, name) || slices.Contains(warns, name); works != (err == nil) {
				t.Errorf("error %v", err)
			}
			got := c.said(!slices.Contains(whole, name))
			sameReport(t, "slack-"+name+".txt", got)
			for _, secret := range []string{"-right", "-wrong", rightSecret, "secret-ticket", "gIkuvaNzQIHg97ATvDxqgjtO"} {
				if strings.Contains(c.out.String()+c.errs.String(), secret) {
					t.Errorf("it tells the secret %q", secret)
				}
			}
			for _, f := range c.findings {
				if f.Status == statusFail && f.Do == "" && !strings.Contains(strings.Join(f.More, ""), "; ") {
					t.Errorf("nothing says what to do: %+v", f)
				}
			}
		})
	}
}
