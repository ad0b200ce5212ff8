package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"frontdesk/bot"
	"frontdesk/channels"
	"frontdesk/store"
)

// monitor tells how the process is, over HTTP. It shows figures, the names of
// channels and, as a reason, what a server said about our login; nothing of a
// customer. Below /in/ it hands calls from outside to the channels that take them;
// these look themselves who is calling. A reverse proxy lets the world in there and
// nowhere else.
type monitor struct {
	engine  interface{ Pulses() map[string]bot.Pulse }
	db      *store.DB
	entries func() int // of the FAQ in use
	alarm   AlarmConfig
	figures *metrics
	called  map[string]http.Handler // by channel
	log     *slog.Logger
	probe   prober
}

func newMonitor(h *house, alarm AlarmConfig, figures *metrics, called map[string]http.Handler, log *slog.Logger) *monitor {
	return &monitor{engine: h.Engine, db: h.db, entries: func() int { return len(h.faq.Index().Entries()) }, alarm: alarm, figures: figures, called: called, log: log,
		probe: prober{try: func() error { return h.db.Probe(context.Background(), time.Now()) }}}
}

// listenHTTP takes the address, so that a start fails while somebody looks.
func listenHTTP(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("http.listen: another program listens on %s already: end it, or write another port", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("http.listen: %s is no address of this machine: write 127.0.0.1 for this machine alone, or 0.0.0.0 for all networks", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("http.listen: the system does not allow this user to listen on %s: write a port above 1023", address)
	case err != nil:
		return nil, fmt.Errorf("http.listen: %w", err)
	}
	return l, nil
}

// run serves until ctx ends. Its failure stops nothing else.
func (m *monitor) run(ctx context.Context, l net.Listener) {
	srv := &http.Server{Handler: m.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelDebug)}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if srv.Shutdown(late) != nil {
			_ = srv.Close() // it says again what Shutdown said
		}
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		m.log.Error("the server for monitoring ended", "err", err)
	}
	<-stopped
}

func (m *monitor) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { m.answer(w, m.health(r.Context())) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { m.answer(w, m.ready(r.Context(), time.Now())) })
	mux.Handle("GET /metrics", m.metricsHandler())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "Frontdesk. Pages: /healthz /readyz /metrics")
	})
	for name, h := range m.called {
		mux.Handle("POST /in/"+name, m.call(name, h))
	}
	return mux
}

// What a call from outside may take. Slack's largest payloads have a message of
// 40,000 characters in them, several times over, and its servers are not slow; but
// what is in between may be.
const (
	callSize = 4 << 20
	callTime = 30 * time.Second
)

// call hands a call on to its channel.
func (m *monitor) call(name string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, until := http.NewResponseController(w), time.Now().Add(callTime)
		if err := errors.Join(c.SetReadDeadline(until), c.SetWriteDeadline(until.Add(callTime))); err != nil && !errors.Is(err, http.ErrNotSupported) {
			m.log.Debug("no more time for a call", "channel", name, "err", err)
		}
		r.Body = http.MaxBytesReader(w, r.Body, callSize)
		h.ServeHTTP(w, r)
	})
}

// verdict is what a page says.
type verdict struct {
	OK     bool    `json:"ok"`
	Checks []check `json:"checks"`
}

// check is one thing that was looked at.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"` // what is wrong
}

func (m *monitor) answer(w http.ResponseWriter, checks []check) {
	v := verdict{!slices.ContainsFunc(checks, func(c check) bool { return !c.OK }), checks}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !v.OK {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		m.log.Debug("answer not written", "err", err)
	}
}

func (m *monitor) health(ctx context.Context) []check {
	if err := m.probe.check(ctx); err != nil {
		return []check{{"database", false, "it takes no write: " + err.Error()}}
	}
	return []check{{Name: "database", OK: true}}
}

// ready says whether customers are being served: beyond health, whether every
// channel is being read, things get out, and there is an FAQ.
func (m *monitor) ready(ctx context.Context, now time.Time) []check {
	checks := m.health(ctx)
	pulses, names := m.pulses()
	for _, name := range names {
		checks = append(checks, fresh(name, pulses[name], m.alarm.Silence, now))
	}
	var backlogs []store.Backlog
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	if err := m.db.Read(ctx, func(s *store.Snapshot) (err error) {
		backlogs, err = s.Backlogs()
		return err
	}); err != nil {
		checks = append(checks, check{"outbox", false, "it cannot be read: " + err.Error()})
	} else {
		checks = append(checks, flows(backlogs, m.alarm.Outbox, now))
	}
	faq := check{Name: "faq", OK: m.entries() > 0}
	if !faq.OK {
		faq.Reason = "there are no entries"
	}
	return append(checks, faq)
}

func (m *monitor) pulses() (map[string]bot.Pulse, []string) {
	all := m.engine.Pulses()
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return all, names
}

// fresh judges a channel by its last success, not by what it thinks of itself: a
// source that hangs still thinks that it is up.
func fresh(name string, p bot.Pulse, limit time.Duration, now time.Time) check {
	c := check{Name: "channel " + name, OK: true}
	state := string(p.State)
	if p.Reason != "" {
		state += ": " + p.Reason
	}
	switch {
	case p.State == channels.Fatal:
		c.OK, c.Reason = false, "it has given up: "+p.Reason
	case p.Success.IsZero():
		c.OK, c.Reason = false, "not read yet since the start ("+cmp.Or(state, "not connected")+")"
	case now.Sub(p.Success) > limit:
		c.OK, c.Reason = false, fmt.Sprintf("not read for %v (%s)", now.Sub(p.Success).Round(time.Second), state)
	}
	return c
}

// flows judges the outbox. One message that is refused for now again and again is
// that recipient's trouble; it is ours if nothing else got through since either.
func flows(backlogs []store.Backlog, limit time.Duration, now time.Time) check {
	c := check{Name: "outbox", OK: true}
	for _, b := range backlogs {
		if now.Sub(b.Oldest) > limit && now.Sub(b.Sent) > limit {
			c.OK = false
			c.Reason = fmt.Sprintf("%d wait on channel %s, the oldest for %v, and nothing got through in the last %v", b.Count, b.Channel, now.Sub(b.Oldest).Round(time.Second), limit)
			break
		}
	}
	return c
}

// How long an answer of the database is waited for, and how long it counts.
const (
	probeLimit = 3 * time.Second
	probeKept  = 4 * time.Second
)

// prober asks the database, for many callers at once and not too often.
type prober struct {
	try func() error

	mu     sync.Mutex
	asking chan struct{} // closed when the question under way is answered
	at     time.Time
	err    error
}

func (p *prober) check(ctx context.Context) error {
	p.mu.Lock()
	if p.asking == nil && !p.at.IsZero() && time.Since(p.at) < probeKept {
		defer p.mu.Unlock()
		return p.err
	}
	if p.asking == nil {
		p.asking = make(chan struct{})
		go func() { // it may outlast who asked: the next one waits for the same answer
			err := p.try()
			p.mu.Lock()
			defer p.mu.Unlock()
			p.at, p.err = time.Now(), err
			close(p.asking)
			p.asking = nil
		}()
	}
	asking := p.asking
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	select {
	case <-asking:
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.err
	case <-ctx.Done():
		return fmt.Errorf("no answer within %v", probeLimit)
	}
}
