package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message"

	"frontdesk/channels/mail/mailtest"
	"frontdesk/store"
)

// site is one installation: a folder with a configuration, the sample FAQ and a
// database, beside a Dovecot and an SMTP server.
type site struct {
	t   testing.TB
	dir string
	db  *store.DB
}

// Addresses of the site.
const (
	support     = "support@acme.example"
	escalations = "escalations@acme.example"
	complaints  = "complaints@acme.example"
	ana         = "ana@acme.example"
)

func newSite(t testing.TB, d *mailtest.DovecotServer, smtpHost string, smtpPort int) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	faq, err := samples.ReadFile("init/faq.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s.write("faq.yaml", string(faq))
	s.write("imap.password", "secret")
	s.write("frontdesk.yaml", fmt.Sprintf(`
company: {name: Acme, timezone: Asia/Shanghai, languages: [zh, en], phone: 123-456-7890, website: https://acme.example}
database: frontdesk.db
faq: [faq.yaml]
hours: {days: {mon-fri: ["09:00-17:00"]}}
promises: {complaint: {urgent: 4h, normal: 8h}, request: {urgent: 8h, normal: 16h}}
staff:
  - {name: Li Wei, mail: li@acme.example, role: supervisor}
  - {name: Ana, mail: %s}
channels:
  support:
    type: mail
    address: %s
    imap: {host: %s, port: %d, tls: none, user: support, password_file: imap.password}
    smtp: {host: %s, port: %d, tls: none}
    staff: %s
    complaints: %s
    mode: answer
    start: all
`, ana, support, d.Host, d.Port, smtpHost, smtpPort, escalations, complaints))
	return s
}

func (s *site) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) config() string { return filepath.Join(s.dir, "frontdesk.yaml") }

// serve runs `frontdesk serve` in this process. end stops it, and is due in any
// case.
func (s *site) serve() (log *lines, end func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log = &lines{}
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"serve", "--config", s.config()}, strings.NewReader(""), io.Discard, log)
	}()
	end = sync.OnceFunc(func() {
		cancel()
		if c := <-code; c != 0 {
			s.t.Errorf("serve ended with %d", c)
		}
		if s.t.Failed() {
			s.t.Logf("log of serve:\n%.8000s", log)
		}
	})
	s.t.Cleanup(end)
	return log, end
}

// cli runs a command in this process and returns what it printed.
func (s *site) cli(args ...string) string {
	s.t.Helper()
	var out, errs bytes.Buffer
	if code := run(context.Background(), append(args, "--config", s.config()), strings.NewReader(""), &out, &errs); code != 0 {
		s.t.Fatalf("frontdesk %s: exit %d\n%s", strings.Join(args, " "), code, &errs)
	}
	return out.String()
}

// cliJSON runs a command with --json and reads what it printed.
func cliJSON[T any](s *site, args ...string) (v T) {
	s.t.Helper()
	out := s.cli(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		s.t.Fatalf("frontdesk %s --json: %v\n%s", strings.Join(args, " "), err, out)
	}
	return v
}

// open opens the site's database for the rest of the test.
func (s *site) open() {
	s.t.Helper()
	if s.db != nil {
		return
	}
	db, err := store.Open(context.Background(), filepath.Join(s.dir, "frontdesk.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.db = db
	s.t.Cleanup(func() { db.Close() })
}

// read reads the site's database.
func (s *site) read(fn func(*store.Snapshot) error) {
	s.t.Helper()
	s.open()
	if err := s.db.Read(context.Background(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// settled waits until the ledger has n rows and nothing is left to be sent.
func (s *site) settled(ctx context.Context, n int) {
	s.t.Helper()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		rows, open := 0, 0
		s.read(func(snap *store.Snapshot) error {
			counts, err := snap.Dispositions()
			if err != nil {
				return err
			}
			for _, c := range counts {
				rows += c
			}
			for _, state := range []string{store.Queued, store.Sending} {
				ds, err := snap.Outbox(state, 0)
				if err != nil {
					return err
				}
				open += len(ds)
			}
			return nil
		})
		if rows >= n && open == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("the ledger has %d rows of %d, %d deliveries are not done: %v", rows, n, open, context.Cause(ctx))
		}
	}
}

// outbox returns every delivery, oldest first.
func (s *site) outbox() (all []store.Delivery) {
	s.t.Helper()
	s.read(func(snap *store.Snapshot) error {
		ds, err := snap.Outbox("", 0)
		for i := len(ds) - 1; i >= 0; i-- {
			all = append(all, ds[i])
		}
		return err
	})
	return all
}

// ledger returns every row, oldest first.
func (s *site) ledger() (all []store.Entry) {
	s.t.Helper()
	s.read(func(snap *store.Snapshot) error {
		es, err := snap.Ledger("", "", 0)
		for i := len(es) - 1; i >= 0; i-- {
			all = append(all, es[i])
		}
		return err
	})
	return all
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// lines is a log that can be waited for.
type lines struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	changed chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// wait waits until text was written n times.
func (l *lines) wait(ctx context.Context, text string, n int) error {
	for {
		l.mu.Lock()
		have := bytes.Count(l.buf.Bytes(), []byte(text))
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%q was logged %d times, not %d: %w\n%s", text, have, n, context.Cause(ctx), l)
		}
	}
}

// What the log says when the configuration is read and the database open, and
// when everything that was in the mailbox is recorded.
const (
	logReady = "msg=ready"
	logUp    = "state=up"
)

// letterFrom writes a plain mail to the support address.
func letterFrom(from, id, subject, text string, head ...string) []byte {
	return fmt.Appendf(nil, "From: %s\nTo: %s\nSubject: %s\nMessage-ID: <%s>\nDate: %s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n%s\n%s\n",
		from, support, mime.BEncoding.Encode("utf-8", subject), id, time.Now().Format(time.RFC1123Z), strings.Join(append(head, ""), "\n"), text)
}

// textOf returns the text part of a mail that Frontdesk sent.
func textOf(t testing.TB, m mailtest.Mail) string {
	t.Helper()
	msg, err := message.Read(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	err = msg.Walk(func(_ []int, part *message.Entity, err error) error {
		if media, _, _ := part.Header.ContentType(); err != nil || media != "text/plain" || text != "" {
			return err
		}
		b, err := io.ReadAll(part.Body)
		text = strings.ReplaceAll(string(b), "\r\n", "\n")
		return err
	})
	if err != nil || text == "" {
		t.Fatalf("no text in a mail: %v\n%s", err, m.Raw)
	}
	return text
}

// ids returns the message ids of a header field, without <>.
func ids(m mailtest.Mail, field string) []string {
	return strings.Fields(strings.NewReplacer("<", " ", ">", " ").Replace(m.Header.Get(field)))
}

func decodedSubject(m mailtest.Mail) string {
	s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return err.Error()
	}
	return s
}
