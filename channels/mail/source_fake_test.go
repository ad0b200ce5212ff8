package mail

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/channels"
)

// fakeIMAP is a server that can be as wrong as the real ones that a well-made
// library does not imitate. It speaks line by line over net.Pipe and answers
// just what Source asks.
type fakeIMAP struct {
	t     testing.TB
	caps  string // beyond IMAP4rev1
	flags string // of EXAMINE

	// fetch answers a UID FETCH of one mail, if set and if it returns true. It
	// may write what it wants; a returned error cuts the connection.
	fetch func(w io.Writer, n int, uid int, items string) (bool, error)
	// command answers any other command, if set and if it returns true.
	command func(w io.Writer, tag, line string) (bool, error)

	mu       sync.Mutex
	validity int
	mails    map[int]string
	dials    int
	lines    []string
	serving  sync.WaitGroup
	conns    map[net.Conn]bool
	idling   string // tag of IDLE
}

func newFakeIMAP(t testing.TB, mails ...string) *fakeIMAP {
	f := &fakeIMAP{t: t, validity: 7, mails: map[int]string{}, conns: map[net.Conn]bool{}}
	for i, m := range mails {
		f.mails[i+1] = m
	}
	t.Cleanup(func() {
		f.mu.Lock()
		for c := range f.conns {
			c.Close()
		}
		f.mu.Unlock()
		f.serving.Wait()
	})
	return f
}

func (f *fakeIMAP) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dials++
	f.conns[server] = true
	f.serving.Go(func() { f.serve(server) })
	return client, nil
}

// put makes a mail arrive.
func (f *fakeIMAP) put(uid int, raw string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mails[uid] = raw
}

func (f *fakeIMAP) did(command string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.lines {
		if strings.HasPrefix(l, command) {
			n++
		}
	}
	return n
}

func (f *fakeIMAP) serve(conn net.Conn) {
	defer conn.Close()
	w := bufio.NewWriter(conn)
	say := func(format string, args ...any) { fmt.Fprintf(w, format+"\r\n", args...) }
	caps := strings.TrimSpace("IMAP4rev1 " + f.caps)
	say("* OK [CAPABILITY %s] hello", caps)
	w.Flush()
	for s := bufio.NewScanner(conn); s.Scan(); {
		tag, line, _ := strings.Cut(s.Text(), " ")
		f.mu.Lock()
		f.lines = append(f.lines, line)
		uids := slices.Sorted(maps.Keys(f.mails))
		mails, validity := maps.Clone(f.mails), f.validity
		f.mu.Unlock()
		if f.command != nil {
			if done, err := f.command(w, tag, line); err != nil {
				w.Flush()
				return
			} else if done {
				w.Flush()
				continue
			}
		}
		word := strings.Fields(strings.ToUpper(line))
		switch {
		case word[0] == "LOGIN":
			say("%s OK [CAPABILITY %s] in", tag, caps)
		case word[0] == "EXAMINE":
			say("* FLAGS (%s)\r\n* %d EXISTS\r\n* OK [UIDVALIDITY %d] ok", f.flags, len(uids), validity)
			say("%s OK [READ-ONLY] ok", tag)
		case word[0] == "UID" && word[1] == "SEARCH":
			found := []string{"* SEARCH"}
			for _, uid := range uids {
				if inSet(word[3], uid, uids) {
					found = append(found, strconv.Itoa(uid))
				}
			}
			say("%s\r\n%s OK done", strings.Join(found, " "), tag)
		case word[0] == "UID" && word[1] == "FETCH":
			for n, uid := range uids {
				if !inSet(word[2], uid, uids) {
					continue
				}
				items := strings.Join(word[3:], " ")
				if f.fetch != nil {
					if done, err := f.fetch(w, n+1, uid, items); err != nil {
						w.Flush()
						return
					} else if done {
						continue
					}
				}
				fetchAnswer(w, n+1, uid, items, mails[uid])
			}
			say("%s OK done", tag)
		default:
			say("%s OK done", tag)
		}
		if w.Flush() != nil {
			return
		}
	}
}

// fetchAnswer is what a good server says.
func fetchAnswer(w io.Writer, n, uid int, items, raw string) {
	fmt.Fprintf(w, "* %d FETCH (UID %d", n, uid)
	if strings.Contains(items, "RFC822.SIZE") {
		fmt.Fprintf(w, " RFC822.SIZE %d", len(raw))
	}
	if strings.Contains(items, "INTERNALDATE") {
		fmt.Fprintf(w, ` INTERNALDATE "02-Nov-2026 10:00:00 +0800"`)
	}
	switch _, partial, _ := strings.Cut(items, "BODY.PEEK[]<"); {
	case partial != "":
		var off, n int
		fmt.Sscanf(partial, "%d.%d>", &off, &n)
		part := raw[min(off, len(raw)):min(off+n, len(raw))]
		fmt.Fprintf(w, " BODY[]<%d> {%d}\r\n%s", off, len(part), part)
	case strings.Contains(items, "BODY.PEEK[HEADER]"):
		head := raw[:strings.Index(raw, "\r\n\r\n")+4]
		fmt.Fprintf(w, " BODY[HEADER] {%d}\r\n%s", len(head), head)
	case strings.Contains(items, "BODY.PEEK[]"):
		fmt.Fprintf(w, " BODY[] {%d}\r\n%s", len(raw), raw)
	}
	fmt.Fprintf(w, ")\r\n")
}

// inSet is RFC 3501's sequence-set, with its surprise: n:* always holds the
// last message.
func inSet(set string, uid int, all []int) bool {
	last := 0
	if len(all) > 0 {
		last = all[len(all)-1]
	}
	num := func(s string) int {
		if s == "*" {
			return last
		}
		n, _ := strconv.Atoi(s)
		return n
	}
	for part := range strings.SplitSeq(set, ",") {
		a, b, isRange := strings.Cut(part, ":")
		lo, hi := num(a), num(a)
		if isRange {
			hi = num(b)
		}
		if uid >= min(lo, hi) && uid <= max(lo, hi) {
			return true
		}
	}
	return false
}

// testMail is a small mail.
func testMail(text string) string {
	return fmt.Sprintf("From: li@cust.example\r\nTo: support@acme.example\r\nSubject: hi\r\nMessage-ID: <%x@cust.example>\r\n\r\n%s\r\n", sha256.Sum256([]byte(text)), text)
}

// testParse is the least that a parser must do.
func testParse(raw channels.Blob) channels.Inbound {
	in := channels.Inbound{Kind: channels.Message, Raw: raw}
	p, err := raw.ReadAll(1 << 30)
	if err != nil {
		in.Problem = err.Error()
	}
	head, body, ok := bytes.Cut(p, []byte("\r\n\r\n"))
	if !ok || !bytes.Contains(head, []byte("From: ")) {
		in.Problem = "no mail"
	}
	in.Keys = []string{fmt.Sprintf("sha256:%x", sha256.Sum256(p))}
	in.From = channels.Person{Kind: "mail", Address: "li@cust.example"}
	in.Text = strings.TrimSpace(string(body))
	return in
}

func (f *fakeIMAP) source(change ...func(*IMAPConfig)) *Source {
	return testSource(f.t, IMAPConfig{Host: "127.0.0.1", TLS: TLSNone, User: "support", Password: "secret", Dial: f.dial}, change...)
}

func testSource(t testing.TB, cfg IMAPConfig, change ...func(*IMAPConfig)) *Source {
	t.Helper()
	for _, c := range change {
		c(&cfg)
	}
	s, err := NewSource("support", cfg, testParse, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// running is a source under way.
type running struct {
	t    testing.TB
	stop context.CancelFunc
	done chan error
}

func run1(t testing.TB, s *Source, cursors map[string]string, h channels.Handler) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t, cancel, make(chan error, 1)}
	go func() { r.done <- s.Run(ctx, cursors, h) }()
	t.Cleanup(r.end)
	return r
}

func (r *running) end() {
	r.stop()
	select {
	case err, ok := <-r.done:
		if ok && err != context.Canceled {
			r.t.Errorf("Run: %v", err)
		}
		if ok {
			close(r.done)
		}
	case <-time.After(20 * time.Second):
		r.t.Error("Run did not end")
	}
}

// within is a context for a step of a test.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
