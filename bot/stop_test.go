package bot

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	fdmail "frontdesk/channels/mail"
	"frontdesk/channels/mail/mailtest"
)

// stopTook ends the engine and returns how long that took.
func (h *house) stopTook() time.Duration {
	h.t.Helper()
	began := time.Now()
	h.stop()
	return time.Since(began)
}

// A mail server that takes the whole mail and then says nothing: the stop does not
// wait for it, the outcome is unknown, and the next start sends the mail again
// under the same name.
func TestStopDuringData(t *testing.T) {
	for _, stage := range []mailtest.Stage{mailtest.AtBody, mailtest.AtAccepted, mailtest.AtMail} {
		t.Run(string(stage), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world, err := mailtest.New("acme.example", mailtest.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer world.Close()
				sender := func(c *Config) {
					ch := c.Channels["support"]
					ch.Sender, err = fdmail.NewSender("support", fdmail.SMTPConfig{Host: "127.0.0.1", Port: 25, TLS: fdmail.TLSNone,
						Address: "support@acme.example", Company: "Acme", Dial: world.Dial}, slog.New(slog.DiscardHandler))
					if err != nil {
						t.Fatal(err)
					}
					c.Channels["support"] = ch
				}
				h := newHouse(t, sender)
				h.run()
				settle(time.Second)
				world.Fault(mailtest.Fault{Stage: stage, Hang: true})
				h.mail("tom@customers.example", known)
				settle(20 * time.Second)
				if d := h.told(); len(d) != 1 || d[0].State != "sending" {
					t.Fatalf("the mail is not being sent: %+v", d)
				}
				if took := h.stopTook(); took < 7*time.Second || took >= 10*time.Second {
					t.Errorf("the stop took %v", took)
				}
				d := h.told()[0]
				if d.State != "queued" || d.Unsure != (stage != mailtest.AtMail) {
					t.Errorf("the delivery that was cut off is %s, unsure %v, %q", d.State, d.Unsure, d.Error)
				}
				world.ClearFaults()
				before := len(world.Mails())
				h.restart()
				settle(10 * time.Second)
				mails := world.Mails()[before:]
				if len(mails) != 1 || !strings.HasPrefix(mails[0].MessageID, d.Key) {
					t.Fatalf("after the restart %d mails went out, want one under the name %s: %+v", len(mails), d.Key, mails)
				}
				for _, m := range world.Mails() {
					if m.MessageID != mails[0].MessageID {
						t.Errorf("one mail has the names %s and %s", m.MessageID, mails[0].MessageID)
					}
				}
				if d := h.told()[0]; d.State != "sent" {
					t.Errorf("it is %s", d.State)
				}
				h.stop()
			})
		})
	}
}

// deaf is a sender that heeds no context, against its contract.
type deaf struct{ release chan struct{} }

func (d deaf) Send(context.Context, channels.Outbound) (string, error) {
	<-d.release
	return "", errors.New("too late")
}

func TestStopWithADeafSender(t *testing.T) {
	d := deaf{make(chan struct{})}
	bubble(t, func(t *testing.T, h *house) {
		d.release = make(chan struct{}) // of this bubble
		ch := h.cfg.Channels["support"]
		ch.Sender = d
		h.cfg.Channels["support"] = ch
		if err := h.db.Close(); err != nil {
			t.Fatal(err)
		}
		h.open()
		h.run()
		h.mail("tom@customers.example", known)
		settle(time.Second)
		if took := h.stopTook(); took >= 10*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if d := h.told()[0]; d.State != "sending" {
			t.Errorf("a delivery of which nothing is known is %s", d.State)
		}
		ch.Sender = h.post
		h.cfg.Channels["support"] = ch
		h.restart()
		settle(time.Second)
		if got := h.post.texts("tom@customers.example"); len(got) != 1 {
			t.Errorf("after the restart the customer has %q", got)
		}
		close(d.release)
		settle(time.Minute)
		if d := h.told()[0]; d.State != "sent" {
			t.Errorf("it is %s", d.State)
		}
	})
}

// The outcome of what was sent cannot be recorded: while the engine runs it is
// tried for long, and not when it stops.
func TestStopWhileAnOutcomeWaits(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(time.Second)
		h.raw("CREATE TRIGGER spoil BEFORE UPDATE ON attempt BEGIN SELECT raise(ABORT, 'spoilt'); END")
		h.mail("tom@customers.example", known)
		settle(100 * time.Millisecond)
		if took := h.stopTook(); took >= 10*time.Second {
			t.Errorf("the stop took %v", took)
		}
		h.raw("DROP TRIGGER spoil")
		if d := h.told()[0]; d.State != "sending" {
			t.Errorf("it is %s", d.State)
		}
		h.restart()
		settle(time.Minute)
		if d := h.told()[0]; d.State != "sent" {
			t.Errorf("it is %s", d.State)
		}
	})
}

type closable struct {
	postbox
	closed int
}

func (c *closable) Close() error { c.closed++; return nil }

func TestStopClosesSenders(t *testing.T) {
	c := &closable{}
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(time.Second)
		if c.closed != 0 {
			t.Error("closed while it runs")
		}
		if took := h.stopTook(); took > time.Second {
			t.Errorf("with nothing to do the stop took %v", took)
		}
		if c.closed != 1 {
			t.Errorf("closed %d times", c.closed)
		}
	}, func(cfg *Config) {
		ch := cfg.Channels["support"]
		ch.Sender = c
		cfg.Channels["support"] = ch
	})
}
