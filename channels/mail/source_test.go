package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/mail/mailtest"
)

func worldSource(t testing.TB, w *mailtest.World, change ...func(*IMAPConfig)) *Source {
	t.Helper()
	host, port := w.IMAP()
	return testSource(t, IMAPConfig{Host: host, Port: port, TLS: TLSNone, User: "support", Password: "secret", Dial: w.Dial}, change...)
}

func deliver(t testing.TB, w *mailtest.World, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := w.Deliver("support", []byte(testMail(text))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSourceConforms(t *testing.T) {
	channeltest.TestSource(t, true, func(t *testing.T) channeltest.SourceHarness {
		w := newWorld(t, mailtest.Options{})
		w.Account("support", "secret")
		source := func() channels.Source {
			s := worldSource(t, w)
			s.parse = Reader{Channel: "support"}.Read
			return s
		}
		return channeltest.SourceHarness{
			Source:  source(),
			Restart: source,
			Put:     func(text string) { deliver(t, w, text) },
			Garble:  func() { w.Deliver("support", []byte("\x00\xff not a mail")) },
		}
	})
}

// What Sender writes, Source and Reader understand, files and all.
func TestThereAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, mailtest.Options{})
		w.Account("li", "secret")
		s := newSender(t, smtpConfig(w))
		out := delivery("Your order **42** is on its way.\n\n你好 <b>")
		out.To[0].Address = "li@acme.example"
		out.Refs = []string{"q2@cust.example", "q1@cust.example"}
		out.Files = []channels.File{{Name: "报价单.pdf", Type: "application/pdf", Data: channels.Bytes([]byte("%PDF"))}}
		ref, err := s.Send(t.Context(), out)
		if err != nil {
			t.Fatal(err)
		}
		source := worldSource(t, w, func(c *IMAPConfig) { c.User = "li" })
		source.parse = Reader{Channel: "li"}.Read
		rec := &channeltest.Recorder{}
		r := run1(t, source, nil, rec)
		if err := rec.WaitKept(within(t, time.Minute), 1); err != nil {
			t.Fatal(err)
		}
		r.end()
		in := rec.Kept()[0]
		if in.Ref != ref || len(in.Refs) != 2 || in.Refs[0] != "q2@cust.example" || in.Subject != "Re: 订单 42" || in.Problem != "" ||
			in.Kind != channels.AutoReply || in.From.Address != "support@acme.example" || in.From.Name != "Acme 公司" ||
			strings.TrimSpace(in.Text) != out.Body.Text || len(in.Files) != 1 || in.Files[0].Name != "报价单.pdf" {
			t.Errorf("came back as %+v", in)
		}
	})
}

// New mail wakes an idling source at once; without IDLE, and when IDLE is
// silent, it comes with the next poll.
func TestSourceSeesNewMail(t *testing.T) {
	for name, test := range map[string]struct {
		caps string
		idle func(w io.Writer, f *fakeIMAP) // what happens when IDLE begins
		want time.Duration
	}{
		"idle":        {"IDLE", func(w io.Writer, f *fakeIMAP) { f.put(2, testMail("text 2")); fmt.Fprint(w, "* 2 EXISTS\r\n") }, 0},
		"silent idle": {"IDLE", func(w io.Writer, f *fakeIMAP) { f.put(2, testMail("text 2")) }, time.Minute},
		"no idle":     {"", nil, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeIMAP(t, testMail("text 1"))
				f.caps = test.caps
				f.command = func(w io.Writer, tag, line string) (bool, error) {
					switch {
					case line == "IDLE":
						f.idling = tag
						fmt.Fprint(w, "+ idling\r\n")
						test.idle(w, f)
						return true, nil
					case tag == "DONE":
						fmt.Fprintf(w, "%s OK\r\n", f.idling)
						return true, nil
					}
					return false, nil
				}
				rec := &channeltest.Recorder{}
				r := run1(t, f.source(), nil, rec)
				ctx := within(t, time.Hour)
				if err := rec.WaitState(ctx, channels.Up); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if test.idle == nil {
					f.put(2, testMail("text 2"))
				}
				if err := rec.WaitKept(ctx, 2); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(began); d != test.want {
					t.Errorf("came after %v, want %v", d, test.want)
				}
				r.end()
				if f.dials != 1 {
					t.Errorf("%d connections", f.dials)
				}
			})
		})
	}
}

// The folder is only looked at: nothing that could change it is ever said.
func TestSourceReadsOnly(t *testing.T) {
	inBubble(t, mails(120), func(f *fakeIMAP) {}, 120, func(t *testing.T, f *fakeIMAP, rec *channeltest.Recorder) {
		wantTexts(t, rec, texts(120))
		for _, line := range f.lines {
			upper := strings.ToUpper(line)
			for _, bad := range []string{"STORE", "MOVE", "COPY", "EXPUNGE", "DELETE", "APPEND", "CLOSE", "SELECT", "BODY["} {
				if strings.Contains(upper, bad) {
					t.Errorf("said %q", line)
				}
			}
		}
		if n := f.did("UID FETCH"); n != 3 { // sizes, 100 bodies, 20 bodies
			t.Errorf("%d FETCHes for 120 small mails", n)
		}
	})
}

// While the handler works on one batch, the next is fetched.
func TestSourceFetchesAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeIMAP(t, mails(400)...)
		f.fetch = func(w io.Writer, n, uid int, items string) (bool, error) {
			if uid%100 == 1 && strings.Contains(items, "BODY") {
				time.Sleep(time.Second) // the server's slowness, in fake time
			}
			return false, nil
		}
		rec := &channeltest.Recorder{Before: func(context.Context, channels.Inbound) error {
			time.Sleep(10 * time.Millisecond)
			return nil
		}}
		began := time.Now()
		r := run1(t, f.source(), nil, rec)
		if err := rec.WaitKept(within(t, time.Hour), 400); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d > 5100*time.Millisecond {
			t.Errorf("took %v; one second for the first batch and one for each of four to record makes 5 s", d)
		}
		r.end()
		wantTexts(t, rec, texts(400))
	})
}

func TestSourceSaysID(t *testing.T) {
	for name, answer := range map[string]string{
		"good": `* ID ("name" "Coremail Imap" "TransID" "x")`, "nil": "* ID NIL", "odd": `* ID ("name" NIL)`, "broken": "* ID ((",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, mails(1), func(f *fakeIMAP) {
				f.caps = "ID"
				f.command = func(w io.Writer, tag, line string) (bool, error) {
					if strings.HasPrefix(line, "ID ") {
						fmt.Fprintf(w, "%s\r\n", answer)
					}
					return false, nil
				}
			}, 1, func(t *testing.T, f *fakeIMAP, _ *channeltest.Recorder) {
				login := slices.IndexFunc(f.lines, func(l string) bool { return strings.HasPrefix(l, "LOGIN") })
				id := slices.IndexFunc(f.lines, func(l string) bool { return strings.HasPrefix(l, "ID ") })
				examine := slices.IndexFunc(f.lines, func(l string) bool { return strings.HasPrefix(l, "EXAMINE") })
				if id < login || examine >= 0 && examine < id || f.dials > 2 {
					t.Errorf("order: %q, %d connections", f.lines, f.dials)
				}
			})
		})
	}
}

// A refused password is an operator's business: Down, in the server's words,
// tried again slowly, and well as soon as it is right.
func TestSourceRefused(t *testing.T) {
	for what, change := range map[string]func(*IMAPConfig){
		"login as support": func(c *IMAPConfig) { c.Password = "wrong" },
		"folder Nowhere":   func(c *IMAPConfig) { c.Folder = "Nowhere" },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, mailtest.Options{})
				w.Account("support", "secret")
				rec := &channeltest.Recorder{}
				var dials atomic.Int64
				r := run1(t, worldSource(t, w, change, func(c *IMAPConfig) {
					c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
						dials.Add(1)
						return w.Dial(ctx, network, addr)
					}
				}), nil, rec)
				time.Sleep(time.Hour)
				synctest.Wait()
				if h := rec.State(); h.State != channels.Down || !strings.Contains(h.Reason, what) || strings.Contains(h.Reason, "wrong") {
					t.Errorf("health %+v", h)
				}
				if len(rec.Health()) != 2 {
					t.Errorf("the same trouble was reported anew: %v", rec.Health())
				}
				if n := dials.Load(); n < 10 || n > 25 {
					t.Errorf("%d connections in an hour", n)
				}
				r.end()
			})
		})
	}
}

// A server that is away is looked for, ever more slowly.
func TestSourceReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, mailtest.Options{})
		w.Account("support", "secret")
		deliver(t, w, "text 1")
		var away atomic.Bool
		away.Store(true)
		var dials atomic.Int64
		rec := &channeltest.Recorder{}
		r := run1(t, worldSource(t, w, func(c *IMAPConfig) {
			c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dials.Add(1); away.Load() {
					return nil, errors.New("connection refused")
				}
				return w.Dial(ctx, network, addr)
			}
		}), nil, rec)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := dials.Load(); n < 15 || n > 40 {
			t.Errorf("%d attempts in an hour", n)
		}
		away.Store(false)
		if err := rec.WaitKept(within(t, 6*time.Minute), 1); err != nil {
			t.Fatal(err)
		}
		w.Kick()
		deliver(t, w, "text 2")
		if err := rec.WaitKept(within(t, 3*time.Second), 2); err != nil {
			t.Fatal(err)
		}
		if err := rec.WaitState(within(t, time.Minute), channels.Up); err != nil {
			t.Fatal(err)
		}
		r.end()
	})
}

// After a change of UIDVALIDITY the folder is read again; the contents tell what
// is known.
func TestSourceNewUIDValidity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, mailtest.Options{})
		w.Account("support", "secret")
		deliver(t, w, texts(3)...)
		rec := &channeltest.Recorder{}
		r := run1(t, worldSource(t, w), nil, rec)
		ctx := within(t, time.Hour)
		if err := rec.WaitKept(ctx, 3); err != nil {
			t.Fatal(err)
		}
		var old [][]byte
		for _, m := range mails(4) {
			old = append(old, []byte(m))
		}
		if err := w.NewUIDValidity("support", old...); err != nil {
			t.Fatal(err)
		}
		if err := rec.WaitKept(ctx, 4); err != nil {
			t.Fatal(err)
		}
		r.end()
		wantTexts(t, rec, texts(4))
		if rec.Duplicates() != 3 || rec.Cursors()["imap:INBOX"] != "2:4" {
			t.Errorf("%d duplicates, cursors %v", rec.Duplicates(), rec.Cursors())
		}
	})
}

// Two sources on one folder see the same mails under the same keys.
func TestTwoSourcesOnOneFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, mailtest.Options{})
		w.Account("support", "secret")
		deliver(t, w, texts(20)...)
		rec := &channeltest.Recorder{}
		a, b := run1(t, worldSource(t, w), nil, rec), run1(t, worldSource(t, w), nil, rec)
		ctx := within(t, time.Hour)
		if err := rec.Wait(ctx, func(r *channeltest.Recorder) bool { return len(r.Kept()) == 20 && r.Again() == 20 }); err != nil {
			t.Fatal(err)
		}
		a.end()
		b.end()
		wantTexts(t, rec, texts(20))
	})
}

func TestSourceUnreadableCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, mailtest.Options{})
		w.Account("support", "secret")
		deliver(t, w, texts(2)...)
		rec := &channeltest.Recorder{}
		r := run1(t, worldSource(t, w), map[string]string{"imap:INBOX": "what?"}, rec)
		if err := rec.WaitKept(within(t, time.Hour), 2); err != nil {
			t.Fatal(err)
		}
		r.end()
	})
}

// A parser's panic is one message's problem.
func TestSourceParserPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, mailtest.Options{})
		w.Account("support", "secret")
		deliver(t, w, texts(3)...)
		s := worldSource(t, w)
		s.parse = func(raw channels.Blob) channels.Inbound {
			in := testParse(raw)
			if in.Text == "text 2" {
				panic("index out of range")
			}
			return in
		}
		rec := &channeltest.Recorder{}
		r := run1(t, s, nil, rec)
		if err := rec.WaitKept(within(t, time.Hour), 3); err != nil {
			t.Fatal(err)
		}
		r.end()
		if in := rec.Kept()[1]; !strings.Contains(in.Problem, "panicked") || in.Raw.Zero() || len(in.Keys) != 1 {
			t.Errorf("arrived as %+v", in)
		}
	})
}

func TestSourceOverTLS(t *testing.T) {
	for _, o := range []mailtest.Options{{TLS: true}, {ImplicitTLS: true}} {
		w := newWorld(t, o)
		w.Account("support", "secret")
		deliver(t, w, "text 1")
		mode := TLSStart
		if o.ImplicitTLS {
			mode = TLSImplicit
		}
		secure := func(c *IMAPConfig) { c.TLS, c.TLSConfig = mode, w.ClientTLS() }
		rec := &channeltest.Recorder{}
		r := run1(t, worldSource(t, w, secure), nil, rec)
		if err := rec.WaitKept(within(t, 20*time.Second), 1); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		r.end()
		rec = &channeltest.Recorder{}
		r = run1(t, worldSource(t, w, secure, func(c *IMAPConfig) { c.TLSConfig = &tls.Config{} }), nil, rec)
		if err := rec.WaitState(within(t, 20*time.Second), channels.Down); err != nil || !strings.Contains(rec.State().Reason, "certificate") {
			t.Errorf("%s with a foreign certificate: %v, %+v", mode, err, rec.State())
		}
		r.end()
	}
}

func TestSourceSettings(t *testing.T) {
	for want, c := range map[string]IMAPConfig{
		"":                {Host: "127.0.0.1", TLS: TLSNone, User: "u"},
		"host is missing": {User: "u"},
		"user is missing": {Host: "mail.acme.example"},
		"in clear":        {Host: "mail.acme.example", TLS: TLSNone, User: "u"},
		"none of":         {Host: "mail.acme.example", TLS: "tls", User: "u"},
	} {
		_, err := NewSource("support", c, testParse, quiet)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for port, want := range map[int]string{0: TLSImplicit, 993: TLSImplicit, 143: TLSStart, 1143: TLSStart} {
		s, err := NewSource("support", IMAPConfig{Host: "mail.acme.example", Port: port, User: "u"}, testParse, quiet)
		if err != nil || s.end.tls != want {
			t.Errorf("port %d: %v, %v", port, s.end.tls, err)
		}
	}
}

func TestFarewellIsLoggedAndNothingElse(t *testing.T) {
	l := &lastWords{}
	fmt.Fprint(l, "T1 LOGIN support secret\r\n")
	if got := l.bye(); got != "" {
		t.Errorf("said %s", got)
	}
	l.Write([]byte(strings.Repeat("x", 5000)))
	fmt.Fprint(l, "\r\n* BYE Disconnected for ")
	fmt.Fprint(l, "inactivity.\r\n")
	if got := l.bye(); got != `"Disconnected for inactivity."` {
		t.Errorf("said %s", got)
	}
}

// What is above MaxHeld comes in pieces through a file; above MaxSize only the
// header comes.
func TestSourceLargeMail(t *testing.T) {
	large := testMail(strings.Repeat("0123456789abcde\n", 5000))
	huge := testMail(strings.Repeat("0123456789abcde\n", 20000))
	ms := []string{testMail("text 1"), large, testMail("text 3"), huge, testMail("text 5")}
	for name, cutAt := range map[string]int{"in one go": -1, "broken twice": 3} {
		t.Run(name, func(t *testing.T) {
			cuts, from := 0, map[string]int{}
			inBubble(t, ms, func(f *fakeIMAP) {
				f.fetch = func(w io.Writer, n, uid int, items string) (bool, error) {
					if _, part, ok := strings.Cut(items, "BODY.PEEK[]<"); ok && uid == 2 {
						from[part]++
						if cuts < 2 && len(from) == cutAt+cuts {
							cuts++
							return true, errors.New("cut")
						}
					}
					return false, nil
				}
			}, 5, func(t *testing.T, f *fakeIMAP, rec *channeltest.Recorder) {
				kept := rec.Kept()
				if p, err := kept[1].Raw.ReadAll(1 << 20); err != nil || string(p) != large {
					t.Errorf("the large mail has %d bytes instead of %d: %v", len(p), len(large), err)
				}
				if in := kept[3]; !strings.Contains(in.Problem, "over the limit") || in.Raw.Size > 1000 || in.Raw.Zero() || in.From.Zero() {
					t.Errorf("the huge mail arrived with %q and %d bytes", in.Problem, in.Raw.Size)
				}
				if kept[1].Arrived.UTC().Format(time.DateTime) != "2026-11-02 02:00:00" {
					t.Errorf("the large mail arrived %v", kept[1].Arrived)
				}
				again := 0
				for _, n := range from {
					again += n - 1
				}
				if len(from) != 10 || again != cuts {
					t.Errorf("pieces %v after %d cuts", from, cuts)
				}
			}, func(c *IMAPConfig) { c.MaxHeld, c.Piece, c.MaxSize = 10_000, 8192, 200_000 })
		})
	}
}
