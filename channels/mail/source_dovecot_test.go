package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/mail/mailtest"
)

func dovecotSource(t testing.TB, d *mailtest.DovecotServer, user string, change ...func(*IMAPConfig)) *Source {
	t.Helper()
	return testSource(t, IMAPConfig{Host: d.Host, Port: d.Port, TLS: TLSNone, User: user, Password: "secret",
		RetryMin: 20 * time.Millisecond, RetryMax: time.Second}, change...)
}

func raws(n int) (out [][]byte) {
	for _, m := range mails(n) {
		out = append(out, []byte(strings.ReplaceAll(m, "\r\n", "\n")))
	}
	return out
}

// What only a real server shows. One server for all: starting it takes longest.
func TestSourceOnDovecot(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	d := mailtest.Dovecot(t)
	users := 0
	user := func() string {
		users++
		return fmt.Sprintf("user%d", users)
	}
	wait := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	t.Run("conforms", func(t *testing.T) {
		channeltest.TestSource(t, false, func(t *testing.T) channeltest.SourceHarness {
			u := user()
			return channeltest.SourceHarness{
				Source:  dovecotSource(t, d, u),
				Restart: func() channels.Source { return dovecotSource(t, d, u) },
				Put:     func(text string) { d.Deliver(u, []byte(testMail(text))) },
				Garble:  func() { d.Deliver(u, []byte("\xff not a mail")) },
			}
		})
	})

	t.Run("leaves the folder as it is, over TLS", func(t *testing.T) {
		u := user()
		d.DeliverMany(u, raws(250)...)
		pool := x509.NewCertPool()
		pem, err := os.ReadFile(d.CAFile)
		wait(t, err)
		pool.AppendCertsFromPEM(pem)
		rec := &channeltest.Recorder{}
		r := run1(t, dovecotSource(t, d, u, func(c *IMAPConfig) {
			c.Port, c.TLS, c.TLSConfig = d.TLSPort, TLSImplicit, &tls.Config{RootCAs: pool}
		}), nil, rec)
		wait(t, rec.WaitKept(within(t, 20*time.Second), 250))
		r.end()
		wantTexts(t, rec, texts(250))
		if flags := d.Doveadm("fetch", "-u", u, "flags", "mailbox", "INBOX"); strings.Contains(flags, `\Seen`) || strings.Count(flags, "flags:") != 250 {
			t.Errorf("the folder changed: %.300s", flags)
		}
	})

	t.Run("another UIDVALIDITY and a kick while idle", func(t *testing.T) {
		u := user()
		d.Deliver(u, raws(1)[0])
		d.Deliver(u, raws(2)[1])
		rec := &channeltest.Recorder{}
		r := run1(t, dovecotSource(t, d, u), nil, rec)
		ctx := within(t, 30*time.Second)
		wait(t, rec.WaitState(ctx, channels.Up))
		d.Kick(u)
		d.Deliver(u, raws(3)[2])
		wait(t, rec.WaitKept(ctx, 3))
		d.NewUIDValidity(u, 4242)
		d.Deliver(u, raws(4)[3])
		wait(t, rec.Wait(ctx, func(rec *channeltest.Recorder) bool {
			return len(rec.Kept()) == 4 && strings.HasPrefix(rec.Cursors()["imap:INBOX"], "4242:")
		}))
		r.end()
		wantTexts(t, rec, texts(4))
		if rec.Duplicates() != 3 {
			t.Errorf("%d duplicates, want 3", rec.Duplicates())
		}
	})

	t.Run("a stopped server is given up", func(t *testing.T) {
		u := user()
		d.Deliver(u, raws(1)[0])
		rec := &channeltest.Recorder{}
		r := run1(t, dovecotSource(t, d, u, func(c *IMAPConfig) { c.Poll, c.Timeout = 200*time.Millisecond, 500*time.Millisecond }), nil, rec)
		ctx := within(t, 30*time.Second)
		wait(t, rec.WaitState(ctx, channels.Up))
		if n := d.Signal(syscall.SIGSTOP); n == 0 {
			t.Fatal("no process to stop")
		}
		wait(t, rec.WaitState(ctx, channels.Down))
		if why := rec.State().Reason; !strings.Contains(why, "silent") {
			t.Errorf("down because of %q", why)
		}
		d.Signal(syscall.SIGKILL)
		wait(t, rec.WaitState(ctx, channels.Up))
		d.Deliver(u, raws(2)[1])
		wait(t, rec.WaitKept(ctx, 2))
		r.end()
	})

	t.Run("the server dies inside bodies", func(t *testing.T) {
		u := user()
		big := strings.Repeat(strings.Repeat("x", 76)+"\n", 6000)
		var ms [][]byte
		for i := range 30 {
			ms = append(ms, []byte(testMail(fmt.Sprintf("text %d ", i+1)+big)))
		}
		d.DeliverMany(u, ms...)
		var total atomic.Int64
		kills := 0
		rec := &channeltest.Recorder{}
		r := run1(t, dovecotSource(t, d, u, func(c *IMAPConfig) {
			c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, addr)
				return &meter{Conn: conn, total: &total, each: 3_300_000, do: func() { kills++; d.Signal(syscall.SIGKILL) }}, err
			}
		}), nil, rec)
		wait(t, rec.WaitKept(within(t, 60*time.Second), 30))
		r.end()
		for i, in := range rec.Kept() {
			if !strings.HasPrefix(in.Text, fmt.Sprintf("text %d x", i+1)) || in.Raw.Size < int64(len(big)) || in.Problem != "" {
				t.Errorf("message %d: %.20q, %d bytes, %q", i, in.Text, in.Raw.Size, in.Problem)
			}
		}
		if kills < 3 || rec.Again()+rec.Duplicates() > 0 {
			t.Errorf("%d kills, %d again, %d duplicates", kills, rec.Again(), rec.Duplicates())
		}
	})

	t.Run("messages vanish while they are fetched", func(t *testing.T) {
		u := user()
		d.DeliverMany(u, raws(300)...)
		first := make(chan struct{})
		var once sync.Once
		rec := &channeltest.Recorder{Before: func(context.Context, channels.Inbound) error {
			once.Do(func() {
				d.Doveadm("expunge", "-u", u, "mailbox", "INBOX", "uid", "211:300")
				close(first)
			})
			<-first
			return nil
		}}
		r := run1(t, dovecotSource(t, d, u, func(c *IMAPConfig) { c.Batch = 20 }), nil, rec)
		wait(t, rec.WaitState(within(t, 30*time.Second), channels.Up))
		r.end()
		wantTexts(t, rec, texts(210))
	})

	t.Run("a large mail through a file", func(t *testing.T) {
		u := user()
		line := strings.Repeat("0123456789", 7) + "\n"
		d.DeliverMany(u, []byte(testMail(strings.Repeat(line, 40<<20/len(line)))), raws(1)[0])
		rec := &channeltest.Recorder{}
		s := dovecotSource(t, d, u, func(c *IMAPConfig) { c.MaxHeld, c.Piece = 1<<20, 4<<20 })
		s.parse = func(raw channels.Blob) channels.Inbound { // reads nothing
			return channels.Inbound{Kind: channels.Message, From: channels.Person{Kind: "mail", Address: "x@y"}, Keys: []string{fmt.Sprint(raw.Size)}}
		}
		r := run1(t, s, nil, rec)
		wait(t, rec.WaitState(within(t, 30*time.Second), channels.Up))
		r.end()
		if len(rec.Kept()) != 2 {
			t.Errorf("%d messages", len(rec.Kept()))
		}
		if k := rec.Kept()[0].Keys[1]; len(k) != len("42000000") {
			t.Errorf("the large mail has %s bytes", k)
		}
	})
}

// meter calls do, in the midst of a Read, after every so many bytes.
type meter struct {
	net.Conn
	total *atomic.Int64
	each  int64
	do    func()
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	if before := m.total.Add(int64(n)) - int64(n); before/m.each != (before+int64(n))/m.each {
		m.do()
	}
	return n, err
}

// BenchmarkSource takes 2,000 small mails from Dovecot to a handler: one that
// does nothing, and one that computes for 300 µs a mail, as an engine does.
// With -cpu 1,2 it shows what fetching and parsing ahead is worth.
func BenchmarkSource(b *testing.B) {
	d := mailtest.Dovecot(b)
	d.DeliverMany("support", raws(2000)...)
	d.Doveadm("index", "-u", "support", "INBOX")
	for _, work := range []time.Duration{0, 300 * time.Microsecond} {
		b.Run(fmt.Sprintf("work=%v", work), func(b *testing.B) {
			for b.Loop() {
				rec := &channeltest.Recorder{Before: func(context.Context, channels.Inbound) error {
					for began := time.Now(); time.Since(began) < work; {
					}
					return nil
				}}
				s := dovecotSource(b, d, "support")
				s.parse = Reader{Channel: "support"}.Read
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan error)
				go func() { done <- s.Run(ctx, nil, rec) }()
				if err := rec.WaitKept(within(b, time.Minute), 2000); err != nil {
					b.Fatal(err)
				}
				cancel()
				<-done
			}
			b.ReportMetric(float64(2000*b.N)/b.Elapsed().Seconds(), "mails/s")
		})
	}
}
