package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/bot"
	"frontdesk/channels"
	"frontdesk/channels/mail/mailtest"
	"frontdesk/channels/slack"
	"frontdesk/store"
)

// pulses is an engine that only beats.
type pulses map[string]bot.Pulse

func (p pulses) Pulses() map[string]bot.Pulse { return p }

// watched is a monitor on a real database.
func watched(t *testing.T) (*monitor, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	db, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	m := &monitor{engine: pulses{"support": beat(channels.Up, "", time.Second)}, db: db, entries: func() int { return 3 },
		alarm: AlarmConfig{15 * time.Minute, time.Hour}, figures: newMetrics(), log: slog.New(slog.DiscardHandler)}
	m.probe.try = func() error { return db.Probe(context.Background(), time.Now()) }
	return m, file
}

// beat is a pulse whose last success was so long ago; 0: never.
func beat(s channels.State, reason string, ago time.Duration) bot.Pulse {
	p := bot.Pulse{Health: channels.Health{State: s, Reason: reason, At: time.Now()}}
	if ago > 0 {
		p.Success = time.Now().Add(-ago)
	}
	return p
}

// get asks for a page.
func (m *monitor) get(t *testing.T, path string) (int, verdict) {
	t.Helper()
	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
	var v verdict
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s: %v: %s", path, err, w.Body)
	}
	if v.OK != (w.Code == 200) || !v.OK && w.Code != 503 || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%s: status %d with %+v, %v", path, w.Code, v, w.Header())
	}
	return w.Code, v
}

// queue puts a message into the outbox that has waited so long, and one that was
// sent so long ago (0: none).
func queue(t *testing.T, db *store.DB, waits, sent time.Duration) {
	t.Helper()
	if err := db.Write(t.Context(), func(tx *store.Tx) error {
		now := time.Now()
		th, err := tx.AddThread(store.Thread{Audience: store.ForStaff, Channel: "support", Token: strings.Repeat("t", 30), Created: now})
		if err != nil {
			return err
		}
		for key, ago := range map[string]time.Duration{"waits": waits, "sent": sent} {
			if ago == 0 {
				continue
			}
			at := now.Add(-ago)
			id, err := tx.Enqueue(store.Delivery{Key: strings.Repeat("k", 20) + key, Channel: "support", Thread: th, Audience: store.ForStaff, Payload: []byte("{}"), Next: at, Created: at})
			if err != nil || key == "waits" {
				if err != nil {
					return err
				}
				continue
			}
			d, err := tx.Delivery(id)
			if err == nil {
				d, err = tx.Stamp(d, at)
			}
			if err == nil {
				err = tx.Finish(d, store.Outcome{Result: "sent", Ref: "x", At: at})
			}
			if err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// What each page says when one thing is wrong.
func TestHealthTruth(t *testing.T) {
	for _, test := range []struct {
		name          string
		change        func(t *testing.T, m *monitor)
		healthy       int
		ready         int
		check, reason string // of /readyz
	}{
		{"all is well", func(*testing.T, *monitor) {}, 200, 200, "", ""},
		{"disk full", func(_ *testing.T, m *monitor) {
			m.probe.try = func() error { return errors.New("database or disk is full") }
		}, 503, 503, "database", "disk is full"},
		{"not read since the start", func(_ *testing.T, m *monitor) {
			m.engine = pulses{"support": beat(channels.Down, "connection refused", 0)}
		}, 200, 503, "channel support", "since the start (down: connection refused)"},
		{"nothing known of a channel", func(_ *testing.T, m *monitor) { m.engine = pulses{"support": {}} }, 200, 503, "channel support", "not connected"},
		{"down, but not for long", func(_ *testing.T, m *monitor) {
			m.engine = pulses{"support": beat(channels.Down, "connection refused", 14*time.Minute)}
		}, 200, 200, "", ""},
		{"down for long", func(_ *testing.T, m *monitor) {
			m.engine = pulses{"support": beat(channels.Down, "connection refused", 16*time.Minute)}
		}, 200, 503, "channel support", "not read for 16m0s (down: connection refused)"},
		{"it says that it is up and does nothing", func(_ *testing.T, m *monitor) {
			m.engine = pulses{"support": beat(channels.Up, "", 16*time.Minute)}
		}, 200, 503, "channel support", "not read for 16m0s (up)"},
		{"given up", func(_ *testing.T, m *monitor) {
			m.engine = pulses{"support": beat(channels.Fatal, "no such folder", time.Second)}
		}, 200, 503, "channel support", "given up: no such folder"},
		{"one of two channels", func(_ *testing.T, m *monitor) {
			m.engine = pulses{"support": beat(channels.Up, "", time.Second), "sales": beat(channels.Down, "x", time.Hour)}
		}, 200, 503, "channel sales", "not read for 1h"},
		{"something waits, not for long", func(t *testing.T, m *monitor) { queue(t, m.db, 59*time.Minute, 0) }, 200, 200, "", ""},
		{"something waits for long", func(t *testing.T, m *monitor) { queue(t, m.db, 61*time.Minute, 0) }, 200, 503, "outbox", "1 wait on channel support, the oldest for 1h1m0s"},
		{"and nothing else got through", func(t *testing.T, m *monitor) { queue(t, m.db, 61*time.Minute, 62*time.Minute) }, 200, 503, "outbox", "nothing got through"},
		{"but others get through", func(t *testing.T, m *monitor) { queue(t, m.db, 61*time.Minute, time.Minute) }, 200, 200, "", ""},
		{"no FAQ", func(_ *testing.T, m *monitor) { m.entries = func() int { return 0 } }, 200, 503, "faq", "no entries"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, _ := watched(t)
			test.change(t, m)
			if code, v := m.get(t, "/healthz"); code != test.healthy {
				t.Errorf("/healthz: %d, want %d: %+v", code, test.healthy, v)
			}
			code, v := m.get(t, "/readyz")
			if code != test.ready {
				t.Errorf("/readyz: %d, want %d: %+v", code, test.ready, v)
			}
			for _, c := range v.Checks {
				if c.OK != (c.Name != test.check) || !strings.Contains(c.Reason, test.reason) && c.Name == test.check {
					t.Errorf("/readyz says %+v, want only %q to fail with %q", c, test.check, test.reason)
				}
			}
		})
	}
}

// Another process holds the lock: the page answers in time, and says so.
func TestHealthOfALockedDatabase(t *testing.T) {
	t.Parallel()
	m, file := watched(t)
	other, err := sql.Open("sqlite3", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	c, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var wg sync.WaitGroup
	for range 5 { // all are answered by one probe
		wg.Go(func() {
			if code, v := m.get(t, "/healthz"); code != 503 || !strings.Contains(v.Checks[0].Reason, "no answer") {
				t.Errorf("%d %+v", code, v)
			}
		})
	}
	wg.Wait()
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("the answer took %v", took)
	}
	if _, err := c.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if code, v := m.get(t, "/healthz"); code != 200 {
		t.Errorf("after the lock: %d %+v", code, v)
	}
}

// However many ask, the database is asked once in a few seconds, and an old
// answer is never given for a new one.
func TestProbeIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		p := prober{try: func() error { asked.Add(1); time.Sleep(time.Second); return nil }}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := p.check(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := asked.Load(); n != 1 {
			t.Errorf("100 at once were %d probes", n)
		}
		p.try = func() error { asked.Add(1); return errors.New("full") }
		if err := p.check(t.Context()); err != nil || asked.Load() != 1 {
			t.Errorf("within seconds: %v, %d probes", err, asked.Load())
		}
		time.Sleep(5 * time.Second)
		if err := p.check(t.Context()); err == nil {
			t.Error("after five seconds the old answer was given")
		}
	})
}

func TestMetrics(t *testing.T) {
	m, _ := watched(t)
	m.engine = pulses{"support": beat(channels.Up, "", 90*time.Second), "sales": beat(channels.Down, "x", 0)}
	queue(t, m.db, 90*time.Minute, time.Minute)
	m.db.OnCommit(m.figures.wrote)
	if err := m.db.Write(t.Context(), func(tx *store.Tx) error {
		who, err := tx.Identify("mail", "tom@customers.example", "Tom", time.Now())
		if err != nil {
			return err
		}
		c, err := tx.AddCase(store.Case{Customer: who.Customer, Channel: "support", Kind: `odd "kind"\`, Stage: store.StageOpen, Priority: store.Normal, Title: "The secret of Tom", Owner: "Ana", Opened: time.Now()})
		if err != nil {
			return err
		}
		if err := tx.SetTimer(store.Timer{Kind: "remind", Case: c, Due: time.Now()}); err != nil {
			return err
		}
		if err := tx.SetSetting("incident:silent:sales", `{"since":"2026-11-23T10:00:00Z"}`); err != nil {
			return err
		}
		return tx.AddPromise(store.Promise{Case: c, Kind: store.PromiseAnswer, Due: time.Now().Add(-time.Minute), Made: time.Now()})
	}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			m.figures.Received("support", "taken", 3*time.Millisecond)
			m.figures.Decided("answer")
			m.figures.Sent("support", "sent", 2*time.Second)
		})
	}
	wg.Wait()
	m.figures.Received("support", "duplicate", 20*time.Second)

	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	text := w.Body.String()
	values := parseMetrics(t, text)
	for line, want := range map[string]float64{
		`frontdesk_received_total{channel="support",disposition="taken"}`:     50,
		`frontdesk_received_total{channel="support",disposition="duplicate"}`: 1,
		`frontdesk_decisions_total{rule="answer"}`:                            50,
		`frontdesk_deliveries_total{channel="support",outcome="sent"}`:        50,
		`frontdesk_receive_seconds_bucket{channel="support",le="0.0025"}`:     0,
		`frontdesk_receive_seconds_bucket{channel="support",le="0.005"}`:      50,
		`frontdesk_receive_seconds_bucket{channel="support",le="5"}`:          50,
		`frontdesk_receive_seconds_bucket{channel="support",le="+Inf"}`:       51,
		`frontdesk_receive_seconds_count{channel="support"}`:                  51,
		`frontdesk_send_seconds_bucket{channel="support",le="1"}`:             0,
		`frontdesk_send_seconds_bucket{channel="support",le="2.5"}`:           50,
		`frontdesk_send_seconds_sum{channel="support"}`:                       100,
		`frontdesk_store_write_seconds_count`:                                 1,
		`frontdesk_store_write_errors_total`:                                  0,
		`frontdesk_outbox_waiting{channel="support"}`:                         1,
		`frontdesk_outbox_waiting{channel="sales"}`:                           0,
		`frontdesk_cases_open{kind="odd \"kind\"\\"}`:                         1,
		`frontdesk_promises{kind="answer",state="overdue"}`:                   1,
		`frontdesk_timers{kind="remind"}`:                                     1,
		`frontdesk_channel_up{channel="support"}`:                             1,
		`frontdesk_channel_up{channel="sales"}`:                               0,
		`frontdesk_incidents{channel="sales",what="silent"}`:                  1,
		`frontdesk_faq_entries`:                                               3,
		`frontdesk_store_readable`:                                            1,
	} {
		if got, ok := values[line]; !ok || got != want {
			t.Errorf("%s: %v (there: %v), want %v", line, got, ok, want)
		}
	}
	for line, about := range map[string]float64{`frontdesk_outbox_oldest_seconds{channel="support"}`: 5400, `frontdesk_channel_last_success_seconds{channel="support"}`: 90} {
		if got := values[line]; got < about || got > about+30 {
			t.Errorf("%s: %v, want about %v", line, got, about)
		}
	}
	if !strings.Contains(text, `frontdesk_channel_last_success_seconds{channel="sales"} +Inf`) || !strings.Contains(text, `frontdesk_build_info{goversion="`) {
		t.Errorf("missing in:\n%s", text)
	}
	for _, private := range []string{"tom@", "Tom", "secret", "Ana", "@"} {
		if strings.Contains(text, private) {
			t.Errorf("the metrics mention %q", private)
		}
	}
	if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("media type %q", got)
	}

	// Without the database, what this process knows is told all the same.
	if err := m.db.Close(); err != nil {
		t.Fatal(err)
	}
	w = httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	values = parseMetrics(t, w.Body.String())
	if values["frontdesk_store_readable"] != 0 || values[`frontdesk_decisions_total{rule="answer"}`] != 50 {
		t.Errorf("without the database:\n%s", w.Body)
	}
}

// parseMetrics reads the text format as strictly as a scraper, and returns the
// values by line.
func parseMetrics(t *testing.T, text string) map[string]float64 {
	t.Helper()
	values, kinds, last := map[string]float64{}, map[string]string{}, ""
	for line := range strings.Lines(text) {
		line, ended := strings.CutSuffix(line, "\n")
		if !ended {
			t.Errorf("the last line has no end: %q", line)
		}
		if f := strings.SplitN(line, " ", 4); f[0] == "#" {
			if f[1] == "TYPE" {
				if kinds[f[2]] != "" {
					t.Errorf("%s comes twice", f[2])
				}
				kinds[f[2]], last = f[3], f[2]
			}
			continue
		}
		i := strings.LastIndex(line, " ")
		name, _, _ := strings.Cut(line[:i], "{")
		of := name
		if kinds[last] == "histogram" {
			for _, end := range []string{"_bucket", "_sum", "_count"} {
				of = strings.TrimSuffix(of, end)
			}
		}
		if of != last || !strings.HasPrefix(name, "frontdesk_") {
			t.Errorf("%q stands under %s", line, last)
		}
		v, err := strconv.ParseFloat(line[i+1:], 64)
		if _, twice := values[line[:i]]; err != nil || twice {
			t.Errorf("%q: %v, twice %v", line, err, twice)
		}
		values[line[:i]] = v
	}
	return values
}

// freePort returns an address of this machine where nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// served is a site on mail servers in this process, with monitoring and operators.
func served(t *testing.T) (*site, *mailtest.World, string) {
	t.Helper()
	world, err := mailtest.New("acme.example", mailtest.Options{Sockets: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { world.Close() })
	world.Account("support", "secret")
	imapHost, imapPort := world.IMAP()
	smtpHost, smtpPort := world.SMTP()
	s := newSite(t, &mailtest.DovecotServer{Host: imapHost, Port: imapPort}, smtpHost, smtpPort)
	listen := freePort(t)
	text, err := os.ReadFile(s.config())
	if err != nil {
		t.Fatal(err)
	}
	s.write("frontdesk.yaml", string(text)+"\nhttp: {listen: \""+listen+"\"}\noperators: [ops@acme.example]\n")
	return s, world, "http://" + listen
}

func fetch(t *testing.T, method, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServeIsWatched(t *testing.T) {
	t.Parallel()
	s, world, url := served(t)
	log, end := s.serve()
	ctx := within(t, 30*time.Second)
	if err := log.wait(ctx, "state=up", 1); err != nil {
		t.Fatal(err)
	}
	if err := world.Deliver("support", letterFrom("tom@customers.example", "a@customers.example", "Hours", "What are your opening hours?")); err != nil {
		t.Fatal(err)
	}
	if _, err := world.WaitMails(ctx, 1); err != nil {
		t.Fatal(err)
	}
	s.settled(ctx, 1)
	if code, body := fetch(t, "GET", url+"/healthz"); code != 200 {
		t.Errorf("/healthz: %d %s", code, body)
	}
	if code, body := fetch(t, "GET", url+"/readyz"); code != 200 || !strings.Contains(body, `"channel support"`) {
		t.Errorf("/readyz: %d %s", code, body)
	}
	_, text := fetch(t, "GET", url+"/metrics")
	values := parseMetrics(t, text)
	for line, want := range map[string]float64{`frontdesk_received_total{channel="support",disposition="taken"}`: 1, `frontdesk_deliveries_total{channel="support",outcome="sent"}`: 1,
		`frontdesk_channel_up{channel="support"}`: 1, `frontdesk_outbox_waiting{channel="support"}`: 0} {
		if values[line] != want {
			t.Errorf("%s is %v, want %v", line, values[line], want)
		}
	}
	if values["frontdesk_store_write_seconds_count"] < 3 || strings.Contains(text, "customers.example") {
		t.Errorf("metrics:\n%s", text)
	}
	for _, wrong := range [][2]string{{"POST", "/healthz"}, {"DELETE", "/metrics"}, {"GET", "/nothing"}} {
		if code, _ := fetch(t, wrong[0], url+wrong[1]); code != 405 && code != 404 {
			t.Errorf("%s %s: %d", wrong[0], wrong[1], code)
		}
	}
	// Another one on the same port says what is wrong, and leaves no database open.
	other, _, _ := served(t)
	config, err := os.ReadFile(other.config())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(config), "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "http:") })
	lines[i] = "http: {listen: \"" + strings.TrimPrefix(url, "http://") + "\"}"
	other.write("frontdesk.yaml", strings.Join(lines, "\n"))
	var said strings.Builder
	if code := run(ctx, []string{"serve", "--config", other.config()}, strings.NewReader(""), io.Discard, &said); code != 1 || !strings.Contains(said.String(), "another program listens") {
		t.Errorf("serve on a port that is taken: exit %d, %s", code, &said)
	}
	began := time.Now()
	end()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the stop took %v", took)
	}
	if code, _ := fetch(t, "GET", url+"/healthz"); code != 0 {
		t.Errorf("after the stop /healthz answers %d", code)
	}
}

// serve with a mail server that hangs after the mail: it ends in time, and the
// next one sends the mail under the same Message-ID.
func TestServeStopsWhileSending(t *testing.T) {
	t.Parallel()
	s, world, _ := served(t)
	ctx := within(t, 60*time.Second)
	world.Fault(mailtest.Fault{Stage: mailtest.AtAccepted, Hang: true})
	_, end := s.serve()
	if err := world.Deliver("support", letterFrom("tom@customers.example", "a@customers.example", "Hours", "What are your opening hours?")); err != nil {
		t.Fatal(err)
	}
	if _, err := world.WaitMails(ctx, 1); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	end()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the stop took %v", took)
	}
	world.ClearFaults()
	_, end = s.serve()
	defer end()
	mails, err := world.WaitMails(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	if mails[0].MessageID == "" || mails[0].MessageID != mails[1].MessageID {
		t.Errorf("sent as %q, and again as %q", mails[0].MessageID, mails[1].MessageID)
	}
	s.settled(ctx, 1)
}

// A channel that is called from outside is at /in/NAME of the same server; nothing
// else is below /in/, and what is signed by somebody else is not taken.
func TestMonitorCalls(t *testing.T) {
	m, _ := watched(t)
	workspace := &signed{secret: rightSecret}
	m.called = map[string]http.Handler{"workspace": workspace}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); m.run(ctx, l) }()
	defer func() { cancel(); <-done }()
	base := "http://" + l.Addr().String()

	if trial := slack.ProbeCall(t.Context(), base+"/in/workspace", rightSecret, 5*time.Second); trial.Err != nil {
		t.Error(trial.Err)
	}
	for path, status := range map[string]string{"/in/workspace": "401", "/in/other": "404", "/in/": "404"} {
		trial := slack.ProbeCall(t.Context(), base+path, strings.Repeat("0", 32), 5*time.Second)
		if trial.Err == nil || len(trial.Err.Names) != 1 || trial.Err.Names[0] != status {
			t.Errorf("%s: %v, want status %s", path, trial.Err, status)
		}
	}
	if len(workspace.got) != 1 {
		t.Errorf("%d calls were taken, want 1", len(workspace.got))
	}
	for _, x := range []struct {
		method string
		size   int
		status int
	}{{"GET", 0, http.StatusMethodNotAllowed}, {"POST", callSize - 1, http.StatusUnauthorized}, {"POST", callSize + 1, http.StatusRequestEntityTooLarge}} {
		req, err := http.NewRequestWithContext(t.Context(), x.method, base+"/in/workspace", strings.NewReader(strings.Repeat("a", x.size)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Slack-Request-Timestamp", strconv.FormatInt(time.Now().Unix(), 10))
		req.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("0", 64))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != x.status {
			t.Errorf("%s of %d bytes: status %d, want %d", x.method, x.size, resp.StatusCode, x.status)
		}
	}
	resp, err := http.Get(base + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("/healthz beside it: status %d", resp.StatusCode)
	}
}
