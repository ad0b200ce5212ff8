package mail

import (
	"context"
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
)

func mails(n int) (out []string) {
	for i := range n {
		out = append(out, testMail(fmt.Sprintf("text %d", i+1)))
	}
	return out
}

func texts(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("text %d", i+1))
	}
	return out
}

// inBubble runs a source on f until n messages are kept and it is up.
func inBubble(t *testing.T, mails []string, change func(*fakeIMAP), n int, check func(t *testing.T, f *fakeIMAP, rec *channeltest.Recorder), cfg ...func(*IMAPConfig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeIMAP(t, mails...)
		change(f)
		rec := &channeltest.Recorder{}
		r := run1(t, f.source(cfg...), nil, rec)
		ctx := within(t, 24*time.Hour)
		if err := rec.WaitKept(ctx, n); err != nil {
			t.Fatal(err)
		}
		if err := rec.WaitState(ctx, channels.Up); err != nil {
			t.Fatal(err)
		}
		r.end()
		for _, c := range rec.Complaints() {
			t.Error(c)
		}
		if rec.Again() > 0 {
			t.Errorf("%d messages were presented again", rec.Again())
		}
		check(t, f, rec)
	})
}

func wantTexts(t *testing.T, rec *channeltest.Recorder, want []string) {
	t.Helper()
	if got := rec.Texts(); !slices.Equal(got, want) {
		t.Errorf("texts\n got %q\nwant %q", got, want)
	}
}

// A body that is lost to an unsolicited answer for the same UID, or that comes
// before its UID, is fetched again.
func TestGuardBodyWithoutUID(t *testing.T) {
	for name, answer := range map[string]func(w io.Writer, n, uid int, raw string){
		"flags first": func(w io.Writer, n, uid int, raw string) {
			fmt.Fprintf(w, "* %d FETCH (UID %d FLAGS (\\Seen))\r\n", n, uid)
			fetchAnswer(w, n, uid, "BODY.PEEK[]", raw)
		},
		"uid last": func(w io.Writer, n, uid int, raw string) {
			fmt.Fprintf(w, "* %d FETCH (BODY[] {%d}\r\n%s UID %d)\r\n", n, len(raw), raw, uid)
		},
		"no body": func(w io.Writer, n, uid int, _ string) { fmt.Fprintf(w, "* %d FETCH (UID %d)\r\n", n, uid) },
	} {
		t.Run(name, func(t *testing.T) {
			ms := mails(5)
			once := 0
			inBubble(t, ms, func(f *fakeIMAP) {
				f.fetch = func(w io.Writer, n, uid int, items string) (bool, error) {
					if uid == 3 && strings.Contains(items, "BODY") && once == 0 {
						once++
						answer(w, n, uid, ms[2])
						return true, nil
					}
					return false, nil
				}
			}, 5, func(t *testing.T, f *fakeIMAP, rec *channeltest.Recorder) {
				wantTexts(t, rec, texts(5))
				if once != 1 || f.dials != 1 {
					t.Errorf("fault struck %d times, %d connections", once, f.dials)
				}
			})
		})
	}
}

// Whatever go-imap cannot read costs the connection. The mail is found by
// halving, fetched with fewer items if that helps, else parked; all others
// arrive, in order.
func TestGuardUnreadableAnswer(t *testing.T) {
	ms := mails(40)
	for name, test := range map[string]struct {
		breaks func(items string) bool
		answer string
		parked bool
		header bool
	}{
		"empty INTERNALDATE": {func(items string) bool { return strings.Contains(items, "INTERNALDATE") }, `INTERNALDATE ""`, false, false},
		"unknown item":       {func(items string) bool { return strings.Contains(items, "BODY.PEEK[]") }, `EMAILID (M6d99)`, true, true},
		"even in the header": {func(items string) bool { return strings.Contains(items, "BODY") }, `X-GM-MSGID 12`, true, false},
		"whatever is asked":  {func(string) bool { return true }, `EMAILID (M6d99)`, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, ms, func(f *fakeIMAP) {
				f.fetch = func(w io.Writer, n, uid int, items string) (bool, error) {
					if uid == 23 && test.breaks(items) {
						fmt.Fprintf(w, "* %d FETCH (UID %d %s)\r\n", n, uid, test.answer)
						return true, nil
					}
					return false, nil
				}
			}, 40, func(t *testing.T, f *fakeIMAP, rec *channeltest.Recorder) {
				in := rec.Kept()[22]
				if (in.Problem != "") != test.parked || in.Raw.Zero() != (test.parked && !test.header) {
					t.Errorf("the mail arrived with problem %q, %d bytes", in.Problem, in.Raw.Size)
				}
				if in.Keys[0] != "imap:support@127.0.0.1/INBOX:7:23" || in.Cursor != (channels.Cursor{Stream: "imap:INBOX", Position: "7:23"}) {
					t.Errorf("keys %q, cursor %v", in.Keys, in.Cursor)
				}
				want := texts(40)
				if test.parked {
					want[22] = ""
				}
				wantTexts(t, rec, want)
				if f.dials > 14 {
					t.Errorf("%d connections to find one of 40", f.dials)
				}
			})
		})
	}
}

// VANISHED costs the connection too, and no mail is to blame.
func TestGuardUnknownAnswer(t *testing.T) {
	once := 0
	inBubble(t, mails(3), func(f *fakeIMAP) {
		f.command = func(w io.Writer, tag, line string) (bool, error) {
			if line == "NOOP" && once == 0 {
				once++
				fmt.Fprint(w, "* VANISHED 41,43:116\r\n")
			}
			return false, nil
		}
	}, 3, func(t *testing.T, f *fakeIMAP, rec *channeltest.Recorder) { wantTexts(t, rec, texts(3)) })
}

// A connection that is cut inside a body leaves no half mail; one and the same
// mail may do that a few times before it is parked.
func TestGuardCutInsideBody(t *testing.T) {
	for _, always := range []bool{false, true} {
		t.Run(fmt.Sprintf("always %v", always), func(t *testing.T) {
			ms := mails(10)
			cuts := 0
			inBubble(t, ms, func(f *fakeIMAP) {
				f.fetch = func(w io.Writer, n, uid int, items string) (bool, error) {
					if uid != 4 || !strings.Contains(items, "BODY.PEEK[]") || !always && cuts >= 5 {
						return false, nil
					}
					cuts++
					raw := ms[3]
					fmt.Fprintf(w, "* %d FETCH (UID %d RFC822.SIZE %d BODY[] {%d}\r\n%s", n, uid, len(raw), len(raw), raw[:len(raw)-5])
					return true, errors.New("cut")
				}
			}, 10, func(t *testing.T, f *fakeIMAP, rec *channeltest.Recorder) {
				want := texts(10)
				if always {
					want[3] = ""
				}
				wantTexts(t, rec, want)
				if in := rec.Kept()[3]; always && (!strings.Contains(in.Problem, "only its header") || in.Raw.Zero()) {
					t.Errorf("parked as %q with %d bytes", in.Problem, in.Raw.Size)
				}
			})
		})
	}
}

// A server may announce another size than it sends; the framing on the wire
// decides, not RFC822.SIZE.
func TestGuardWrongSize(t *testing.T) {
	for _, held := range []int64{0, 10} { // 10: everything is large
		ms := mails(3)
		inBubble(t, ms, func(f *fakeIMAP) {
			f.fetch = func(w io.Writer, n, uid int, items string) (bool, error) {
				if uid != 2 || !strings.Contains(items, "RFC822.SIZE") {
					return false, nil
				}
				raw := ms[1]
				fmt.Fprintf(w, "* %d FETCH (UID %d RFC822.SIZE %d", n, uid, len(raw)+17)
				if strings.Contains(items, "BODY") {
					fmt.Fprintf(w, " BODY[] {%d}\r\n%s", len(raw), raw)
				}
				fmt.Fprint(w, ")\r\n")
				return true, nil
			}
		}, 3, func(t *testing.T, f *fakeIMAP, rec *channeltest.Recorder) { wantTexts(t, rec, texts(3)) },
			func(c *IMAPConfig) { c.MaxHeld = held })
	}
}

// What the server says is gone is passed over; what it has and does not deliver
// is parked.
func TestGuardGone(t *testing.T) {
	ms := mails(5)
	inBubble(t, ms, func(f *fakeIMAP) {
		f.fetch = func(w io.Writer, n, uid int, items string) (bool, error) {
			switch uid {
			case 2: // expunged by somebody after SEARCH
				f.mu.Lock()
				delete(f.mails, 2)
				f.mu.Unlock()
				return true, nil
			case 4:
				return strings.Contains(items, "BODY"), nil
			}
			return false, nil
		}
	}, 4, func(t *testing.T, f *fakeIMAP, rec *channeltest.Recorder) {
		wantTexts(t, rec, []string{"text 1", "text 3", "", "text 5"})
		if in := rec.Kept()[2]; in.Keys[0] != "imap:support@127.0.0.1/INBOX:7:4" || !strings.Contains(in.Problem, "not even its header") {
			t.Errorf("parked as %q with %q", in.Keys, in.Problem)
		}
	})
}

// SEARCH n:* answers with the last message even when it is below n.
func TestGuardSearchAnswersBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeIMAP(t, mails(3)...)
		rec := &channeltest.Recorder{}
		r := run1(t, f.source(), map[string]string{"imap:INBOX": "7:3"}, rec)
		if err := rec.WaitState(within(t, time.Hour), channels.Up); err != nil {
			t.Fatal(err)
		}
		r.end()
		if n := f.did("UID FETCH"); n != 0 || len(rec.Kept()) != 0 {
			t.Errorf("%d FETCHes, %d messages", n, len(rec.Kept()))
		}
	})
}

// A server that falls silent, at whatever point, is given up after Timeout.
func TestGuardSilence(t *testing.T) {
	for _, at := range []string{"greeting", "LOGIN", "EXAMINE", "NOOP", "UID SEARCH", "UID FETCH", "IDLE", "DONE", "body"} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeIMAP(t, mails(3)...)
				f.caps = "IDLE"
				silent := make(chan struct{})
				var struck atomic.Bool
				strike := func() {
					if struck.CompareAndSwap(false, true) {
						<-silent
					}
				}
				f.command = func(w io.Writer, tag, line string) (bool, error) {
					if at != "body" && strings.HasPrefix(line, at) || at == "DONE" && tag == "DONE" {
						strike()
					}
					switch {
					case line == "IDLE":
						fmt.Fprint(w, "+ idling\r\n")
						return true, nil
					case tag == "DONE":
						fmt.Fprint(w, "T0 OK\r\n") // a tag that nobody knows breaks the connection, which is fine here
						return true, nil
					}
					return false, nil
				}
				f.fetch = func(w io.Writer, n, uid int, items string) (bool, error) {
					if at == "body" && uid == 2 && strings.Contains(items, "BODY") && !struck.Load() {
						fmt.Fprintf(w, "* 2 FETCH (UID 2 BODY[] {100}\r\nhalf of it")
						w.(interface{ Flush() error }).Flush()
						strike()
						return true, errors.New("cut")
					}
					return false, nil
				}
				rec := &channeltest.Recorder{}
				cfg := func(c *IMAPConfig) {}
				if at == "greeting" {
					cfg = func(c *IMAPConfig) {
						real := c.Dial
						c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
							if struck.CompareAndSwap(false, true) {
								client, _ := net.Pipe()
								return client, nil
							}
							return real(ctx, network, addr)
						}
					}
				}
				began := time.Now()
				r := run1(t, f.source(cfg), nil, rec)
				ctx := within(t, time.Hour)
				if err := rec.WaitKept(ctx, 3); err != nil {
					t.Fatal(err)
				}
				// IDLE and DONE strike when all is taken in.
				if err := rec.Wait(ctx, func(*channeltest.Recorder) bool {
					return slices.ContainsFunc(rec.Health(), func(h channels.Health) bool { return h.State == channels.Down })
				}); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(began); d > 3*time.Minute {
					t.Errorf("took %v", d)
				}
				var down []string
				for _, h := range rec.Health() {
					if h.State == channels.Down {
						down = append(down, h.Reason)
					}
				}
				if len(down) == 0 || !strings.Contains(down[0], "silent for 30s") {
					t.Errorf("reported as down: %q", down)
				}
				close(silent)
				r.end()
				wantTexts(t, rec, texts(3))
			})
		})
	}
}

// Bytes that keep coming are no silence, however slow.
func TestSlowBodyIsNotSilence(t *testing.T) {
	ms := mails(1)
	inBubble(t, ms, func(f *fakeIMAP) {
		f.fetch = func(w io.Writer, n, uid int, items string) (bool, error) {
			if !strings.Contains(items, "BODY") {
				return false, nil
			}
			fmt.Fprintf(w, "* 1 FETCH (UID 1 BODY[] {%d}\r\n", len(ms[0]))
			for i := range len(ms[0]) {
				if i%10 == 0 {
					w.(interface{ Flush() error }).Flush()
					time.Sleep(25 * time.Second) // the server's slowness, in fake time
				}
				fmt.Fprint(w, ms[0][i:i+1])
			}
			fmt.Fprint(w, ")\r\n")
			return true, nil
		}
	}, 1, func(t *testing.T, f *fakeIMAP, rec *channeltest.Recorder) {
		wantTexts(t, rec, texts(1))
		if f.dials != 1 {
			t.Errorf("%d connections", f.dials)
		}
	})
}
