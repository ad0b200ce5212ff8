package mail

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-message"
	gomail "github.com/emersion/go-message/mail"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/mail/mailtest"
)

var quiet = slog.New(slog.DiscardHandler)

func newWorld(t testing.TB, o mailtest.Options) *mailtest.World {
	t.Helper()
	w, err := mailtest.New("acme.example", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func smtpConfig(w *mailtest.World) SMTPConfig {
	host, port := w.SMTP()
	return SMTPConfig{Host: host, Port: port, TLS: TLSNone, Dial: w.Dial, Address: "support@acme.example", Company: "Acme 公司"}
}

func newSender(t testing.TB, cfg SMTPConfig) *Sender {
	t.Helper()
	s, err := NewSender("support", cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func delivery(text string) channels.Outbound {
	return channels.Outbound{Key: rand.Text(), Channel: "support", Op: channels.Post, Audience: channels.Customer, Subject: "订单 42",
		To: []channels.Person{{Kind: "mail", Address: "li@cust.example", Name: "李"}}, Body: channels.Body{Format: channels.Plain, Text: text}}
}

// seen reads a mail as a mail program does.
func seen(t testing.TB, m mailtest.Mail) channeltest.Seen {
	t.Helper()
	s := channeltest.Seen{Ref: m.MessageID, Raw: m.Raw, HeaderSet: map[string][]string(m.Header)}
	r, err := gomail.CreateReader(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatalf("cannot read what was sent: %v\n%s", err, m.Raw)
	}
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return s
		} else if err != nil {
			t.Fatalf("cannot read what was sent: %v\n%s", err, m.Raw)
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatalf("cannot read what was sent: %v\n%s", err, m.Raw)
		}
		if h, ok := p.Header.(*gomail.InlineHeader); ok {
			if typ, _, _ := h.ContentType(); typ == "text/html" {
				s.Markup = string(body)
			} else {
				s.Text = strings.ReplaceAll(string(body), "\r\n", "\n")
			}
		}
	}
}

func TestSenderConforms(t *testing.T) {
	channeltest.TestSender(t, true, func(t *testing.T) channeltest.SenderHarness {
		w := newWorld(t, mailtest.Options{})
		return channeltest.SenderHarness{
			Sender:   newSender(t, smtpConfig(w)),
			Outbound: delivery,
			Seen: func() (out []channeltest.Seen) {
				for _, m := range w.Mails() {
					out = append(out, seen(t, m))
				}
				return out
			},
			Fail: func(m channeltest.Mode) bool {
				w.Fault(map[channeltest.Mode]mailtest.Fault{
					channeltest.FailTemporary: {Stage: mailtest.AtRcpt, Times: 1, Code: 450},
					channeltest.FailPermanent: {Stage: mailtest.AtRcpt, Times: 1, Code: 550},
					channeltest.FailLost:      {Stage: mailtest.AtAccepted, Times: 1, Drop: true},
					channeltest.FailHang:      {Stage: mailtest.AtBody, Times: 1, Hang: true},
				}[m])
				return true
			},
		}
	})
}

// Each way in which a server can fail, at each step, is told apart.
func TestSendOutcomes(t *testing.T) {
	for _, test := range []struct {
		fault mailtest.Fault
		want  string
	}{
		{mailtest.Fault{Stage: mailtest.AtHello, Code: 554}, "temporary"},
		{mailtest.Fault{Stage: mailtest.AtHello, Drop: true}, "temporary"},
		{mailtest.Fault{Stage: mailtest.AtHello, Hang: true}, "temporary"},
		{mailtest.Fault{Stage: mailtest.AtMail, Code: 451}, "temporary"},
		{mailtest.Fault{Stage: mailtest.AtMail, Code: 550}, "permanent"},
		{mailtest.Fault{Stage: mailtest.AtMail, Code: 530}, "temporary"}, // wants a login
		{mailtest.Fault{Stage: mailtest.AtRcpt, Code: 421}, "temporary"},
		{mailtest.Fault{Stage: mailtest.AtRcpt, Code: 553}, "permanent"},
		{mailtest.Fault{Stage: mailtest.AtBody, Code: 452}, "temporary"},
		{mailtest.Fault{Stage: mailtest.AtBody, Code: 554}, "permanent"},
		{mailtest.Fault{Stage: mailtest.AtBody, Drop: true}, "unknown"}, // the small mail is out, dot and all, before the server looks
		{mailtest.Fault{Stage: mailtest.AtAccepted, Drop: true}, "unknown"},
		{mailtest.Fault{Stage: mailtest.AtAccepted, Hang: true}, "unknown"},
	} {
		t.Run(fmt.Sprintf("%s %+v", test.fault.Stage, test.fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, mailtest.Options{})
				w.Fault(test.fault)
				s := newSender(t, smtpConfig(w))
				ref, err := s.Send(t.Context(), delivery("hi"))
				var se *channels.SendError
				if !errors.As(err, &se) {
					t.Fatalf("Send = %q, %v", ref, err)
				}
				got := "temporary"
				if se.Permanent {
					got = "permanent"
				} else if se.Unknown {
					got = "unknown"
				}
				if got != test.want {
					t.Errorf("%s, want %s: %v", got, test.want, err)
				}
			})
		})
	}
}

// A server that says nothing during an upgrade is given up in time.
func TestSilentUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer server.Close()
		cfg := SMTPConfig{Host: "127.0.0.1", TLS: TLSStart, Address: "support@acme.example",
			Dial: func(context.Context, string, string) (net.Conn, error) { return client, nil }}
		began := time.Now()
		_, err := newSender(t, cfg).Send(t.Context(), delivery("hi"))
		var se *channels.SendError
		if !errors.As(err, &se) || se.Permanent || se.Unknown || time.Since(began) > 3*time.Minute {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// A body that breaks off before its end must be thrown away by the server, so
// that sending it again is no second copy.
func TestBrokenFileIsTemporary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, mailtest.Options{})
		s := newSender(t, smtpConfig(w))
		out := delivery("see file")
		out.Files = []channels.File{{Name: "a.bin", Type: "application/x-thing", Data: channels.Blob{Size: 10,
			Open: func() (io.ReadCloser, error) { return nil, errors.New("disk gone") }}}}
		_, err := s.Send(t.Context(), out)
		var se *channels.SendError
		if !errors.As(err, &se) || se.Permanent || se.Unknown {
			t.Errorf("Send: %v", err)
		}
		synctest.Wait()
		if n := len(w.Mails()); n != 0 {
			t.Errorf("the server took %d mails", n)
		}
	})
}

func TestSendLogin(t *testing.T) {
	for _, o := range []mailtest.Options{{Auth: true}, {Auth: true, TLS: true}, {Auth: true, ImplicitTLS: true}} {
		w := newWorld(t, o)
		w.Account("support", "secret")
		cfg := smtpConfig(w)
		cfg.TLSConfig, cfg.User, cfg.Password = w.ClientTLS(), "support", "secret"
		switch {
		case o.TLS:
			cfg.TLS = TLSStart
		case o.ImplicitTLS:
			cfg.TLS = TLSImplicit
		}
		if _, err := newSender(t, cfg).Send(t.Context(), delivery("hi")); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
		cfg.Password = "wrong"
		_, err := newSender(t, cfg).Send(t.Context(), delivery("hi"))
		var se *channels.SendError
		if !errors.As(err, &se) || se.Permanent || se.Unknown || !strings.Contains(err.Error(), "535") || !strings.Contains(err.Error(), "login to") {
			t.Errorf("wrong password: %v", err)
		}
		cfg.TLSConfig = nil // does not trust the certificate
		if cfg.TLS != TLSNone {
			if _, err := newSender(t, cfg).Send(t.Context(), delivery("hi")); !errors.As(err, &se) || se.Permanent {
				t.Errorf("untrusted certificate: %v", err)
			}
		}
	}
}

func TestSenderSettings(t *testing.T) {
	ok := SMTPConfig{Host: "127.0.0.1", TLS: TLSNone, Address: "support@acme.example"}
	for want, change := range map[string]func(*SMTPConfig){
		"":                             func(*SMTPConfig) {},
		"in clear":                     func(c *SMTPConfig) { c.Host = "mail.acme.example" },
		"must not travel":              func(c *SMTPConfig) { c.Host, c.ForcePlain, c.User = "mail.acme.example", true, "u" },
		"none of implicit":             func(c *SMTPConfig) { c.TLS = "ssl" },
		"no plain mail address":        func(c *SMTPConfig) { c.Address = "Support <support@acme.example>" },
		"host is missing":              func(c *SMTPConfig) { c.Host = "" },
		"port 70000":                   func(c *SMTPConfig) { c.Port = 70000 },
		`our address "x\r\ny@acme.exa`: func(c *SMTPConfig) { c.Address = "x\r\ny@acme.example" },
	} {
		cfg := ok
		change(&cfg)
		_, err := NewSender("support", cfg, quiet)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	s := newSender(t, SMTPConfig{Host: "mail.acme.example", Address: "support@acme.example",
		Dial: nil})
	if _, err := s.Send(t.Context(), delivery("x")); err == nil || !strings.Contains(err.Error(), "not this machine") {
		t.Errorf("a test sends to the world: %v", err)
	}
}

// One connection serves several mails, is given up when the server closed it,
// and does not stay for ever.
func TestSenderKeepsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, mailtest.Options{})
		cfg := smtpConfig(w)
		dials := 0
		cfg.Dial = func(ctx context.Context, network, addr string) (c net.Conn, err error) {
			dials++
			return w.Dial(ctx, network, addr)
		}
		s := newSender(t, cfg)
		send := func() {
			t.Helper()
			if _, err := s.Send(t.Context(), delivery("hi")); err != nil {
				t.Error(err)
			}
		}
		for range 3 {
			send()
		}
		if dials != 1 {
			t.Errorf("%d connections for 3 mails", dials)
		}
		time.Sleep(cfg.IdleTimeout + 31*time.Second)
		synctest.Wait()
		send()
		if dials != 2 {
			t.Errorf("%d connections; the idle one should be gone after 30 s", dials)
		}
	})
}

func TestLetter(t *testing.T) {
	c := composer{address: "support@acme.example", domain: "acme.example", company: "Acme"}
	many := func(n int) (refs []string) {
		for i := range n {
			refs = append(refs, fmt.Sprintf("%d@x.example", i))
		}
		return refs
	}
	tests := map[string]struct {
		change func(*channels.Outbound)
		field  string
		want   string
	}{
		"new talk":        {func(o *channels.Outbound) {}, "Subject", "订单 42"},
		"answer":          {func(o *channels.Outbound) { o.Refs = many(1) }, "Subject", "Re: 订单 42"},
		"answer to re":    {func(o *channels.Outbound) { o.Refs, o.Subject = many(1), "RE: hi" }, "Subject", "RE: hi"},
		"answer to 回复":    {func(o *channels.Outbound) { o.Refs, o.Subject = many(1), "回复：订单" }, "Subject", "回复：订单"},
		"no subject":      {func(o *channels.Outbound) { o.Refs, o.Subject = many(1), "" }, "Subject", "Re:"},
		"long subject":    {func(o *channels.Outbound) { o.Subject = strings.Repeat("很", 300) }, "Subject", strings.Repeat("很", 200) + "…"},
		"in reply to":     {func(o *channels.Outbound) { o.Refs = many(2) }, "In-Reply-To", "<0@x.example>"},
		"references":      {func(o *channels.Outbound) { o.Refs = many(2) }, "References", "<1@x.example> <0@x.example>"},
		"illegal refs":    {func(o *channels.Outbound) { o.Refs = []string{"a b", "x@y", "<z>", "é@x"} }, "References", "<x@y>"},
		"illegal nearest": {func(o *channels.Outbound) { o.Refs = []string{"a b", "x@y"} }, "In-Reply-To", ""},
		"bot's answer":    {func(o *channels.Outbound) { o.Refs = many(1) }, "Auto-Submitted", "auto-replied"},
		"bot's news":      {func(o *channels.Outbound) {}, "Auto-Submitted", "auto-generated"},
		"bot to staff":    {func(o *channels.Outbound) { o.Refs, o.Audience = many(1), channels.Staff }, "Auto-Submitted", "auto-generated"},
		"person's answer": {func(o *channels.Outbound) { o.Refs, o.ByPerson = many(1), true }, "Auto-Submitted", ""},
		"suppress":        {func(o *channels.Outbound) {}, "X-Auto-Response-Suppress", "All"},
		"person's oof":    {func(o *channels.Outbound) { o.ByPerson = true }, "X-Auto-Response-Suppress", ""},
		"from company":    {func(o *channels.Outbound) {}, "From", `"Acme" <support@acme.example>`},
		"from person":     {func(o *channels.Outbound) { o.From = "李伟 (Acme)" }, "From", "李伟 (Acme) <support@acme.example>"},
		"reply to":        {func(o *channels.Outbound) {}, "Reply-To", "<support@acme.example>"},
		"language":        {func(o *channels.Outbound) { o.Lang = "zh-CN" }, "Content-Language", "zh-CN"},
		"idn":             {func(o *channels.Outbound) { o.To[0].Address = "li@公司.example" }, "To", "李 <li@xn--55qx5d.example>"},
	}
	for name, test := range tests {
		out := delivery("hi")
		out.Key = "key"
		test.change(&out)
		l, err := c.letter(out)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := l.header.Text(test.field)
		if err != nil || got != test.want {
			t.Errorf("%s: %s = %q, %v; want %q", name, test.field, got, err, test.want)
		}
		if l.id != "key@acme.example" {
			t.Errorf("%s: id %q", name, l.id)
		}
	}
	out := delivery("hi")
	out.Refs = many(100)
	l, err := c.letter(out)
	if err != nil {
		t.Fatal(err)
	}
	refs := strings.Fields(l.header.Get("References"))
	if len(refs) != maxSentRefs || refs[0] != "<99@x.example>" || refs[maxSentRefs-1] != "<0@x.example>" || refs[1] != "<18@x.example>" {
		t.Errorf("References of a long talk: %q", refs)
	}
}

// What is written is legal, and reads back as what was meant: words, names of
// files, bytes.
func TestLetterReadsBack(t *testing.T) {
	w := newWorld(t, mailtest.Options{})
	s := newSender(t, smtpConfig(w))
	data := bytes.Repeat([]byte{0, 1, 2, 0xff, '\n', '\r'}, 50_000)
	out := delivery("")
	out.Body = channels.Body{Format: channels.Markdown, Text: "**Hours**: 09:00\n\n- 一\n- 二\n\n.\n" + strings.Repeat("long ", 500)}
	out.Refs = []string{"q1@cust.example"}
	out.Audience = channels.Staff
	out.Card = &channels.Card{Title: "#1042", Fields: []channels.Field{{Label: "Who", Value: "李\nsecond line"}},
		Lines: []channels.Line{{Who: "Li", When: "09:00", Text: "<b>hello</b>"}, {Who: "Bot", Text: "note", Note: true}}, Footer: "end"}
	out.Files = []channels.File{
		{Name: "../../报价单 “1”.pdf", Type: "application/pdf", Data: channels.Bytes(data)},
		{Name: "x.eml", Type: "message/rfc822", Data: channels.Bytes([]byte("Subject: x\n\nhi"))},
		{Name: "", Type: "text/csv; charset=gbk", Data: channels.Bytes([]byte{0xc4, 0xe3})},
	}
	if _, err := s.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	raw := w.Mails()[0].Raw
	for i, line := range bytes.Split(raw, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") || slices.ContainsFunc(line, func(b byte) bool { return b >= 0x80 }) {
			t.Errorf("line %d is illegal (RFC 5322 2.1.1): %.200q", i, line)
		}
	}
	got := seen(t, w.Mails()[0])
	for _, want := range []string{"Hours", "一", "Who: 李\n    second line", "09:00 Li: <b>hello</b>", "Bot: note", "end", "\n.\n"} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, got.Text)
		}
	}
	for _, want := range []string{"<strong>Hours</strong>", "&lt;b&gt;hello", "李<br>", "<i>note</i>"} {
		if !strings.Contains(got.Markup, want) {
			t.Errorf("the HTML lacks %q:\n%s", want, got.Markup)
		}
	}
	e, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var names, types []string
	mr := e.MultipartReader()
	for {
		p, err := mr.NextPart()
		if err != nil {
			break
		}
		_, params, _ := p.Header.ContentDisposition()
		if params["filename"] == "" {
			continue
		}
		typ, _, _ := p.Header.ContentType()
		names, types = append(names, params["filename"]), append(types, typ)
		body, _ := io.ReadAll(p.Body)
		if len(names) == 1 && !bytes.Equal(body, data) {
			t.Error("the file's bytes changed")
		}
	}
	if fmt.Sprint(names) != "[报价单 “1”.pdf x.eml file]" || fmt.Sprint(types) != "[application/pdf application/octet-stream application/octet-stream]" {
		t.Errorf("files %q of types %q", names, types)
	}
}

func TestSMTPUTF8OnlyWhenOffered(t *testing.T) {
	for _, offered := range []bool{false, true} {
		w := newWorld(t, mailtest.Options{SMTPUTF8: offered})
		out := delivery("hi")
		out.To[0].Address = "李@cust.example"
		_, err := newSender(t, smtpConfig(w)).Send(t.Context(), out)
		var se *channels.SendError
		if offered != (err == nil) || err != nil && (!errors.As(err, &se) || !se.Permanent) {
			t.Errorf("offered %v: %v", offered, err)
		}
	}
}

func BenchmarkSend(b *testing.B) {
	w, err := mailtest.New("acme.example", mailtest.Options{Sockets: true})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	cfg := smtpConfig(w)
	cfg.Dial = nil
	s := newSender(b, cfg)
	for b.Loop() {
		for range 1000 {
			if _, err := s.Send(b.Context(), delivery("你好, your order is on its way.")); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(1000*b.N)/b.Elapsed().Seconds(), "mails/s")
}
