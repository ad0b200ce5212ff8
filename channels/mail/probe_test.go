package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"frontdesk/channels/mail/mailtest"
)

// probeWorld has a mailbox of support behind sockets.
func probeWorld(t *testing.T, o mailtest.Options) *mailtest.World {
	t.Helper()
	o.Sockets = true
	w := newWorld(t, o)
	w.Account("support", "secret")
	return w
}

func probeConfigs(w *mailtest.World, kind string) (IMAPConfig, SMTPConfig) {
	ih, ip := w.IMAP()
	sh, sp := w.SMTP()
	return IMAPConfig{Host: ih, Port: ip, TLS: kind, TLSConfig: w.ClientTLS(), User: "support", Password: "secret", Timeout: 2 * time.Second},
		SMTPConfig{Host: sh, Port: sp, TLS: kind, TLSConfig: w.ClientTLS(), User: "support", Password: "secret", Address: "support@acme.example", Timeout: 2 * time.Second}
}

// steps names what was tried.
func steps(a Approach) (all []Step) {
	for _, t := range a.Trials {
		all = append(all, t.Step)
	}
	return all
}

func TestProbeWell(t *testing.T) {
	for kind, c := range map[string]struct {
		world mailtest.Options
		steps []Step
	}{
		TLSNone:     {mailtest.Options{Auth: true}, []Step{StepConnect, StepGreeting}},
		TLSStart:    {mailtest.Options{Auth: true, TLS: true}, []Step{StepConnect, StepTLS}},
		TLSImplicit: {mailtest.Options{Auth: true, ImplicitTLS: true}, []Step{StepConnect, StepTLS, StepGreeting}},
	} {
		t.Run(kind, func(t *testing.T) {
			w := probeWorld(t, c.world)
			in, out := probeConfigs(w, kind)
			deliver(t, w, texts(3)...)
			i := ProbeIMAP(t.Context(), in)
			if err := i.Failed(); err != nil || !slices.Equal(steps(i.Approach), append(slices.Clone(c.steps), StepLogin, StepFolder)) {
				t.Errorf("IMAP: %v after %v", err, steps(i.Approach))
			}
			if i.Messages != 3 || i.Validity == 0 || !i.Idle || i.Folder != "INBOX" || (i.TLS != "") != (kind != TLSNone) || i.CertEnds.IsZero() != (kind == TLSNone) {
				t.Errorf("IMAP: %+v", i)
			}
			w.Fault(mailtest.Fault{Stage: mailtest.AtRcpt, To: "nobody@acme.example", Code: 550, Text: "No such\r\nuser"})
			s := ProbeSMTP(t.Context(), out, "team@acme.example", "nobody@acme.example", "ana@acme.example")
			if err := s.Failed(); err != nil || !slices.Equal(steps(s.Approach), append(slices.Clone(c.steps), StepLogin, StepSender, StepRecipient)) {
				t.Errorf("SMTP: %v after %v", err, steps(s.Approach))
			}
			if len(s.Recipients) != 3 || s.Recipients[0].Err != nil || s.Recipients[2].Err != nil || s.Recipients[1].Err.Code != 550 || strings.Contains(s.Recipients[1].Err.Said, "\n") {
				t.Errorf("recipients: %+v", s.Recipients)
			}
			if len(w.Mails()) != 0 {
				t.Error("a probe sent mail")
			}
			in.Password, out.Password = "", ""
			if i := ProbeIMAP(t.Context(), in); i.Failed() != nil || i.Trial(StepLogin) != nil {
				t.Errorf("IMAP without a password: %v", steps(i.Approach))
			}
			if s := ProbeSMTP(t.Context(), out); s.Failed() != nil || s.Trial(StepLogin) != nil {
				t.Errorf("SMTP without a password: %v", steps(s.Approach))
			}
		})
	}
}

// listen runs a server that says one thing to everybody, or nothing.
func listen(t *testing.T, says string, hangUp bool) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.WriteString(conn, says)
				if !hangUp {
					io.Copy(io.Discard, conn)
				}
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// Every way in which a server can let one down has a cause of its own.
func TestProbeCauses(t *testing.T) {
	plain, start, implicit := probeWorld(t, mailtest.Options{Auth: true}), probeWorld(t, mailtest.Options{Auth: true, TLS: true}), probeWorld(t, mailtest.Options{Auth: true, ImplicitTLS: true})
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	closedPort := nobody.Addr().(*net.TCPAddr).Port
	said := func(text string, hangUp bool) func(*IMAPConfig, *SMTPConfig) {
		return func(i *IMAPConfig, s *SMTPConfig) {
			i.Port, s.Port = listen(t, text, hangUp), listen(t, text, hangUp)
			i.Timeout, s.Timeout = 200*time.Millisecond, 200*time.Millisecond
		}
	}
	soon := func(i *IMAPConfig, s *SMTPConfig) { i.Timeout, s.Timeout = 700*time.Millisecond, 700*time.Millisecond }
	at := func(w *mailtest.World) func(context.Context, string, string) (net.Conn, error) {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			if _, port := w.IMAP(); strings.HasSuffix(address, ":143") {
				return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", itoa(port)))
			}
			_, port := w.SMTP()
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", itoa(port)))
		}
	}
	for name, c := range map[string]struct {
		world  *mailtest.World
		kind   string
		change func(*IMAPConfig, *SMTPConfig)
		step   Step
		cause  Cause
		names  string
	}{
		"wrong port": {plain, TLSNone, func(i *IMAPConfig, s *SMTPConfig) { i.Port, s.Port = closedPort, closedPort }, StepConnect, CauseRefused, ""},
		"no such host": {plain, TLSNone, func(i *IMAPConfig, s *SMTPConfig) {
			i.Dial = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
			}
			s.Dial = i.Dial
		}, StepConnect, CauseNoHost, ""},
		"says nothing":                {plain, TLSNone, said("", false), StepGreeting, CauseSilent, ""},
		"hangs up":                    {plain, TLSNone, said("", true), StepGreeting, CauseClosed, ""},
		"says nothing to TLS":         {implicit, TLSImplicit, said("", false), StepTLS, CauseSilent, ""},
		"another protocol":            {plain, TLSNone, said("+OK POP3 ready\r\n", false), StepGreeting, CauseProtocol, "POP3"},
		"another protocol beside TLS": {implicit, TLSImplicit, said("+OK POP3 ready\r\n", false), StepTLS, CauseProtocol, "POP3"},
		"noise":                       {plain, TLSNone, said("\x01\x02\x03", false), StepGreeting, CauseProtocol, ""},
		"in clear on the TLS port":    {implicit, TLSNone, soon, StepGreeting, CauseImplicit, ""},
		"STARTTLS on the TLS port":    {implicit, TLSStart, soon, StepGreeting, CauseImplicit, ""},
		"TLS on the clear port":       {start, TLSImplicit, nil, StepTLS, CausePlain, ""},
		"no STARTTLS":                 {plain, TLSStart, func(i *IMAPConfig, s *SMTPConfig) { i.TLSConfig, s.TLSConfig = &tls.Config{}, &tls.Config{} }, StepTLS, CauseNoStartTLS, ""},
		"the certificate's name": {start, TLSStart, func(i *IMAPConfig, s *SMTPConfig) {
			i.Host, i.Port, s.Host, s.Port = "imap.acme.example", 143, "smtp.acme.example", 587
			i.Dial, s.Dial = at(start), at(start)
		}, StepTLS, CauseWrongName, "localhost 127.0.0.1 ::1"},
		"the certificate's issuer":             {implicit, TLSImplicit, func(i *IMAPConfig, s *SMTPConfig) { i.TLSConfig, s.TLSConfig = nil, nil }, StepTLS, CauseUnknownIssuer, "CN=localhost"},
		"the certificate's issuer by STARTTLS": {start, TLSStart, func(i *IMAPConfig, s *SMTPConfig) { i.TLSConfig, s.TLSConfig = nil, nil }, StepTLS, CauseUnknownIssuer, "CN=localhost"},
		"the certificate's end": {implicit, TLSImplicit, func(i *IMAPConfig, s *SMTPConfig) {
			i.TLSConfig.Time = func() time.Time { return time.Now().AddDate(1, 0, 0) }
			s.TLSConfig.Time = i.TLSConfig.Time
		}, StepTLS, CauseExpired, ""},
		"wrong password": {plain, TLSNone, func(i *IMAPConfig, s *SMTPConfig) { i.Password, s.Password = "wrong", "wrong" }, StepLogin, CauseLogin, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, s := probeConfigs(c.world, c.kind)
			if c.change != nil {
				c.change(&i, &s)
			}
			for what, got := range map[string]Approach{"IMAP": ProbeIMAP(t.Context(), i).Approach, "SMTP": ProbeSMTP(t.Context(), s, "ana@acme.example").Approach} {
				e := got.Failed()
				if e == nil || e.Step != c.step || e.Cause != c.cause || c.names != "" && strings.Join(e.Names, " ") != c.names || strings.Contains(e.Error(), "wrong\"") {
					t.Errorf("%s: %v %q, want %s: %s %s", what, e, e.names(), c.step, c.cause, c.names)
				}
				if last := got.Trials[len(got.Trials)-1]; last.Err != e {
					t.Errorf("%s: went on after a failure: %v", what, steps(got))
				}
			}
		})
	}
}

// A server that falls silent later is silent too, and has not hung up.
func TestProbeSilentLogin(t *testing.T) {
	r := ProbeIMAP(t.Context(), IMAPConfig{Host: "127.0.0.1", Port: listen(t, "* OK [CAPABILITY IMAP4rev1] ready\r\n", false), TLS: TLSNone,
		User: "support", Password: "secret", Timeout: 200 * time.Millisecond})
	if e := r.Failed(); e == nil || e.Step != StepLogin || e.Cause != CauseSilent {
		t.Error(e)
	}
}

func (e *ProbeError) names() []string {
	if e == nil {
		return nil
	}
	return e.Names
}

func itoa(n int) string { return (&net.TCPAddr{Port: n}).String()[1:] }

func TestProbeNoFolder(t *testing.T) {
	w := probeWorld(t, mailtest.Options{})
	in, _ := probeConfigs(w, TLSNone)
	in.Folder = "Support"
	r := ProbeIMAP(t.Context(), in)
	if e := r.Failed(); e == nil || e.Cause != CauseNoFolder || !slices.Equal(e.Names, []string{"INBOX"}) {
		t.Errorf("%v", e)
	}
}

func TestProbeSenderRefused(t *testing.T) {
	w := probeWorld(t, mailtest.Options{})
	_, out := probeConfigs(w, TLSNone)
	w.Fault(mailtest.Fault{Stage: mailtest.AtMail, Times: 1, Code: 553, Text: "not yours"})
	r := ProbeSMTP(t.Context(), out, "ana@acme.example")
	if e := r.Failed(); e == nil || e.Step != StepSender || e.Cause != CauseAnswer || e.Code != 553 || e.Said != "not yours" {
		t.Errorf("%v", e)
	}
}

func TestProbeRoundTrip(t *testing.T) {
	marked := Marked{Token: "T0KEN", Subject: "A mark: T0KEN", Text: "Nobody needs to read this."}
	t.Run("arrives", func(t *testing.T) {
		w := probeWorld(t, mailtest.Options{TLS: true, Auth: true})
		deliver(t, w, texts(3)...)
		in, out := probeConfigs(w, TLSStart)
		trip, err := ProbeRoundTrip(t.Context(), in, out, marked, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if time.Since(trip.Arrived).Abs() > time.Minute || trip.ID != "doctor-T0KEN@acme.example" {
			t.Errorf("%+v", trip)
		}
		m := w.Mails()[0]
		for field, want := range map[string]string{ProbeHeader: "T0KEN", "Auto-Submitted": "auto-generated", "Message-Id": "<doctor-T0KEN@acme.example>", "Subject": marked.Subject} {
			if got := m.Header.Get(field); got != want {
				t.Errorf("%s: %q", field, got)
			}
		}
	})
	t.Run("does not", func(t *testing.T) {
		w := probeWorld(t, mailtest.Options{})
		in, out := probeConfigs(w, TLSNone)
		out.Address = "elsewhere@other.example"
		_, err := ProbeRoundTrip(t.Context(), in, out, marked, 300*time.Millisecond)
		if e, ok := errors.AsType[*ProbeError](err); !ok || e.Step != StepArrival || e.Cause != CauseSilent {
			t.Error(err)
		}
	})
	t.Run("is refused", func(t *testing.T) {
		w := probeWorld(t, mailtest.Options{})
		in, out := probeConfigs(w, TLSNone)
		w.Fault(mailtest.Fault{Stage: mailtest.AtBody, Code: 552, Text: "too much"})
		_, err := ProbeRoundTrip(t.Context(), in, out, marked, time.Second)
		if e, ok := errors.AsType[*ProbeError](err); !ok || e.Step != StepSend || e.Code != 552 {
			t.Error(err)
		}
	})
}

// A mail that a filter put aside is found where it is; Dovecot knows the header
// search that this needs.
func TestProbeRoundTripElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	d := mailtest.Dovecot(t)
	w := probeWorld(t, mailtest.Options{})
	_, out := probeConfigs(w, TLSNone)
	in := IMAPConfig{Host: d.Host, Port: d.Port, TLS: TLSNone, User: "support", Password: "secret", Timeout: 5 * time.Second}
	r := ProbeIMAP(t.Context(), in)
	if r.Failed() != nil || r.Server != "Dovecot" || !r.Idle {
		t.Errorf("%v, %+v", r.Failed(), r)
	}
	missing := in
	missing.Folder = "Support"
	if e := ProbeIMAP(t.Context(), missing).Failed(); e == nil || e.Cause != CauseNoFolder || !slices.Contains(e.Names, "Junk") {
		t.Errorf("%v", e)
	}
	go func() { // a filter on its way
		m, err := w.Next(t.Context(), "support@acme.example")
		if err != nil {
			return
		}
		c, err := imapclient.DialInsecure(net.JoinHostPort(d.Host, itoa(d.Port)), nil)
		if err != nil {
			return
		}
		defer c.Close()
		if err := c.Login("support", "secret").Wait(); err != nil {
			return
		}
		put := c.Append("Junk", int64(len(m.Raw)), nil)
		_, err = put.Write(m.Raw)
		_ = errors.Join(err, put.Close()) // the probe will find out
		_, _ = put.Wait()
	}()
	_, err := ProbeRoundTrip(t.Context(), in, out, Marked{Token: "T0KEN", Subject: "Test", Text: "x"}, 1500*time.Millisecond)
	if e, ok := errors.AsType[*ProbeError](err); !ok || e.Cause != CauseElsewhere || e.Names[0] != "Junk" {
		t.Error(err)
	}
}

func TestProbeGreetingDate(t *testing.T) {
	for line, want := range map[string]string{
		"220 mx.acme.example ESMTP Exim 4.96 Tue, 03 Nov 2026 12:00:05 +0800":         "2026-11-03 04:00:05",
		"220 acme.example ESMTP Sendmail 8.15.2/8.15.2; Tue, 3 Nov 2026 12:00:05 GMT": "2026-11-03 12:00:05",
		"220 acme.example ESMTP Postfix":                                              "0001-01-01 00:00:00",
		"220 Tue, 99 Nov 2026 99:00:05 GMT":                                           "0001-01-01 00:00:00",
	} {
		if got := dateIn(line).UTC().Format(time.DateTime); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
}
