package mailtest

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"
)

// A mail sent by SMTP stands in the INBOX, wakes who waits, and all of it
// works under fake time.
func TestWorldInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := New("acme.example", Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		w.Account("support", "secret")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()

		w.Fault(Fault{Stage: AtMail, Times: 1, Delay: 30 * time.Second})
		began := time.Now()
		conn, err := w.Dial(ctx, "tcp", "127.0.0.1:25")
		if err != nil {
			t.Fatal(err)
		}
		c := smtp.NewClient(conn)
		defer c.Close()
		raw := "Message-ID: <1@cust.example>\r\nSubject: hi\r\n\r\nhello\r\n"
		if err := c.SendMail("li@cust.example", []string{"Support+x@acme.example", "else@far.example"}, strings.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d != 30*time.Second {
			t.Errorf("took %v of fake time, want the fault's 30s", d)
		}
		m, err := w.Next(ctx, "else@far.example")
		if err != nil || m.MessageID != "1@cust.example" || !m.Answered {
			t.Errorf("Next = %+v, %v", m, err)
		}

		conn, err = w.Dial(ctx, "tcp", "127.0.0.1:143")
		if err != nil {
			t.Fatal(err)
		}
		ic := imapclient.New(conn, nil)
		defer ic.Close()
		if err := ic.Login("support", "secret").Wait(); err != nil {
			t.Fatal(err)
		}
		data, err := ic.Select("INBOX", nil).Wait()
		if err != nil || data.NumMessages != 1 {
			t.Errorf("INBOX has %+v, %v; want 1 message", data, err)
		}
	})
}

func TestWorldOverTLS(t *testing.T) {
	for _, o := range []Options{{TLS: true}, {ImplicitTLS: true}, {ImplicitTLS: true, Sockets: true}} {
		w, err := New("acme.example", o)
		if err != nil {
			t.Fatal(err)
		}
		if w.ClientTLS() == nil {
			t.Error("no client configuration")
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestHangEndsWithClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := New("acme.example", Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		w.Fault(Fault{Stage: AtAccepted, Hang: true})
		conn, err := w.Dial(t.Context(), "tcp", "127.0.0.1:25")
		if err != nil {
			t.Fatal(err)
		}
		c := smtp.NewClient(conn)
		c.SubmissionTimeout = time.Minute
		if err := c.SendMail("a@b.example", []string{"c@d.example"}, strings.NewReader("Subject: x\r\n\r\n")); err == nil {
			t.Error("a hanging server answered")
		}
		c.Close()
		if ms := w.Mails(); len(ms) != 1 || ms[0].Answered {
			t.Errorf("mails = %+v, want one that was not answered", ms)
		}
	})
}
