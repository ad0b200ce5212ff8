package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-message"

	"frontdesk/channels"
	"frontdesk/channels/mail/mailtest"
	"frontdesk/faq"
)

// BenchmarkServe1000 takes 1,000 mails from Dovecot to committed outbox rows,
// with the whole engine; and beside it, in turns, the same mails through a bare
// loop that fetches, parses and inserts, with a commit of its own for each. It
// prints mails per second of both and their ratio; and the rate with an SMTP
// server that takes the answers meanwhile.
//
// A CPU profile tells them apart: go tool pprof -tagfocus part=engine.
func BenchmarkServe1000(b *testing.B) {
	const n = 1000
	d := mailtest.Dovecot(b)
	var raws [][]byte
	for i := range n {
		raws = append(raws, killMail(i))
	}
	d.DeliverMany("support", raws...)
	d.Doveadm("index", "-u", "support", "INBOX")
	world, err := mailtest.New("acme.example", mailtest.Options{Sockets: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { world.Close() })
	host, port := world.SMTP()

	parts := []struct {
		name string
		run  func() time.Duration
		took time.Duration
	}{
		{name: "engine", run: func() time.Duration { return serveAll(b, newSite(b, d, host, port), n, false) }},
		{name: "bare", run: func() time.Duration { return bareLoop(b, d, n) }},
		{name: "sending", run: func() time.Duration { return serveAll(b, newSite(b, d, host, port), n, true) }},
	}
	rounds := 0
	for b.Loop() {
		rounds++
		for i := range parts {
			p := &parts[i]
			pprof.Do(context.Background(), pprof.Labels("part", p.name), func(context.Context) { p.took += p.run() })
		}
	}
	for _, p := range parts {
		b.ReportMetric(float64(n*rounds)/p.took.Seconds(), p.name+"-mails/s")
	}
	b.ReportMetric(float64(parts[1].took)/float64(parts[0].took), "engine/bare")
	b.ReportMetric(0, "ns/op")
}

// serveAll runs the engine of a new site until it has taken n mails, and returns
// how long that took.
func serveAll(b *testing.B, s *site, n int64, send bool) time.Duration {
	b.Helper()
	cfg, err := LoadConfig(s.config())
	if err != nil {
		b.Fatal(err)
	}
	secrets, err := cfg.Secrets()
	if err != nil {
		b.Fatal(err)
	}
	c, err := engineConfig(cfg)
	if err != nil {
		b.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	name := cfg.Channels[0].Name
	ch, err := mailChannel(cfg, cfg.Channels[0], secrets, quiet)
	if err != nil {
		b.Fatal(err)
	}
	counting := &countedSource{Source: ch.Source, want: n, done: make(chan struct{})}
	ch.Source = counting
	if !send {
		ch.Sender = nil
	}
	c.Channels[name] = ch
	h, err := build(b.Context(), cfg, c, faq.Cache{}, quiet)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- h.run(ctx) }()
	select {
	case <-counting.done:
	case <-time.After(time.Minute):
		b.Errorf("%d of %d mails", counting.have.Load(), n)
	}
	took := time.Since(began)
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	if err := h.db.Close(); err != nil {
		b.Fatal(err)
	}
	if rows := len(s.outbox()); rows != int(n+n/2) {
		b.Errorf("%d rows in the outbox of %d mails", rows, n)
	}
	return took
}

// countedSource counts the messages that were committed.
type countedSource struct {
	channels.Source
	have atomic.Int64
	want int64
	done chan struct{}
}

func (s *countedSource) Run(ctx context.Context, cursors map[string]string, h channels.Handler) error {
	return s.Source.Run(ctx, cursors, countingHandler{h, s})
}

type countingHandler struct {
	channels.Handler
	s *countedSource
}

func (h countingHandler) Receive(ctx context.Context, in channels.Inbound) (channels.Reply, error) {
	reply, err := h.Handler.Receive(ctx, in)
	if err == nil && h.s.have.Add(1) == h.s.want {
		close(h.s.done)
	}
	return reply, err
}

func (h countingHandler) ReceiveAll(ctx context.Context, ins []channels.Inbound) (int, error) {
	n, err := h.Handler.(channels.Batcher).ReceiveAll(ctx, ins)
	if have := h.s.have.Add(int64(n)); have >= h.s.want && have-int64(n) < h.s.want {
		close(h.s.done)
	}
	return n, err
}

// bareLoop is the least that can be done: fetch in batches, parse, insert, with a
// FULL commit for each mail.
func bareLoop(b *testing.B, d *mailtest.DovecotServer, n int) time.Duration {
	b.Helper()
	file := filepath.Join(b.TempDir(), "bare.db")
	db, err := sql.Open("sqlite3", "file:"+file+"?_synchronous=FULL&_journal_mode=WAL")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE mail (id INTEGER PRIMARY KEY, message_id TEXT UNIQUE, sender TEXT, subject TEXT, text TEXT, raw BLOB)"); err != nil {
		b.Fatal(err)
	}
	insert, err := db.Prepare("INSERT INTO mail (message_id, sender, subject, text, raw) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	conn, err := net.Dial("tcp", net.JoinHostPort(d.Host, strconv.Itoa(d.Port)))
	if err != nil {
		b.Fatal(err)
	}
	c := imapclient.New(conn, nil)
	defer c.Close()
	if err := c.Login("support", "secret").Wait(); err != nil {
		b.Fatal(err)
	}
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		b.Fatal(err)
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	have := 0
	for first := 1; first <= n; first += 100 {
		set := imap.UIDSet{}
		set.AddRange(imap.UID(first), imap.UID(first+99))
		got, err := c.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range got {
			raw := m.FindBodySection(whole)
			e, err := message.Read(bytes.NewReader(raw))
			if err != nil {
				b.Fatal(err)
			}
			subject, err := e.Header.Text("Subject")
			if err != nil {
				b.Fatal(err)
			}
			text, err := io.ReadAll(e.Body)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := insert.Exec(e.Header.Get("Message-ID"), e.Header.Get("From"), subject, string(text), raw); err != nil {
				b.Fatal(err)
			}
			have++
		}
	}
	if have != n {
		b.Errorf("the bare loop got %d mails", have)
	}
	return time.Since(began)
}

// BenchmarkStart starts the real program with the sample FAQ on an empty mailbox:
// how long until it is ready, and how much memory it holds when it waits for
// mail.
func BenchmarkStart(b *testing.B) {
	d := mailtest.Dovecot(b)
	s := newSite(b, d, "127.0.0.1", 1)
	bin := binary(b)
	var ready, up time.Duration
	var rss float64
	rounds := 0
	for b.Loop() {
		rounds++
		began := time.Now()
		p := startProcess(b, bin, s)
		ctx := within(b, 10*time.Second)
		if err := p.log.wait(ctx, logReady, 1); err != nil {
			b.Fatal(err)
		}
		ready += time.Since(began)
		if err := p.log.wait(ctx, logUp, 1); err != nil {
			b.Fatal(err)
		}
		up += time.Since(began)
		rss += residentMB(b, p.cmd.Process.Pid)
		p.stop(b)
	}
	b.ReportMetric(float64(ready.Milliseconds())/float64(rounds), "ms-to-ready")
	b.ReportMetric(float64(up.Milliseconds())/float64(rounds), "ms-to-mailbox")
	b.ReportMetric(rss/float64(rounds), "MB-idle")
	b.ReportMetric(0, "ns/op")
}

// residentMB returns how much of the machine's memory a process holds.
func residentMB(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip(err) // not on Linux
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(after + " 0")[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kb) / 1024
}
