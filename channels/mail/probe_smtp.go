package mail

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// SMTPReport is what a probe found out about the way out.
type SMTPReport struct {
	Approach
	Recipients []Recipient // in the order in which they were asked for
}

// Recipient is an address that the server was asked to take mail for; Err is nil
// if it would. A server that takes it may still find out later that nobody is
// there.
type Recipient struct {
	Address string
	Err     *ProbeError
}

// ProbeSMTP tries what [Sender] will do, up to the mail itself: connect, TLS, log
// in, name our address as the sender and as the recipient, then ask for each of
// to. No mail is sent. cfg.Timeout holds for each step. With a user but without a
// password it stops before the login.
func ProbeSMTP(ctx context.Context, cfg SMTPConfig, to ...string) *SMTPReport {
	r := &SMTPReport{}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := NewSender("probe", cfg, slog.New(slog.DiscardHandler))
	if err == nil && flag.Lookup("test.v") != nil && !loopback(cfg.Host) && cfg.Dial == nil {
		err = fmt.Errorf("this is a test, and %s is not this machine", cfg.Host)
	}
	if err != nil {
		r.try(StepSettings, func() error { return err })
		return r
	}
	conn := r.approach(ctx, &s.end, "SMTP")
	if conn == nil {
		return r
	}
	defer conn.Close()
	var c *smtp.Client
	step := StepGreeting
	if s.end.tls == TLSStart {
		step = StepTLS
	}
	ok := r.try(step, func() error {
		ctx, cancel := context.WithTimeout(ctx, 2*s.cfg.Timeout)
		defer cancel()
		defer context.AfterFunc(ctx, func() { conn.Close() })() // the library waits five minutes
		c, err = s.hello(conn)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	})
	if !ok || cfg.User != "" && cfg.Password == "" {
		return r
	}
	if cfg.User != "" && !r.try(StepLogin, func() error { return s.probeLogin(c) }) {
		return r
	}
	if !r.try(StepSender, func() error { return c.Mail(s.compose.address, nil) }) ||
		!r.try(StepRecipient, func() error { return c.Rcpt(s.compose.address, nil) }) && r.Failed().Cause != CauseAnswer {
		return r
	}
	for _, address := range to {
		x := Recipient{Address: address}
		err := c.Reset()
		if err == nil {
			err = c.Mail(s.compose.address, nil)
		}
		if err == nil {
			err = c.Rcpt(address, nil)
		}
		if err != nil {
			x.Err = probeError(StepRecipient, err)
		}
		r.Recipients = append(r.Recipients, x)
	}
	// Nothing depends on how the server takes the farewell.
	_ = c.Reset()
	_ = c.Quit()
	return r
}

// hello greets, and upgrades where that is wanted.
func (s *Sender) hello(conn *opener) (c *smtp.Client, err error) {
	if s.end.tls != TLSStart {
		c = smtp.NewClient(conn)
	} else if c, err = smtp.NewClientStartTLS(conn, s.end.tlsConfig); err != nil {
		e := causeOf(err)
		if heard := bytes.ToUpper(conn.heard()); e.Cause == CauseUnknown && bytes.Contains(heard, []byte("\n250")) && !bytes.Contains(heard, []byte("STARTTLS")) {
			e.Cause = CauseNoStartTLS
		}
		return nil, e
	}
	c.CommandTimeout, c.SubmissionTimeout = s.cfg.Timeout, s.cfg.SubmitTimeout
	return c, c.Hello(s.compose.domain)
}

func (s *Sender) probeLogin(c *smtp.Client) error {
	if !c.SupportsAuth(sasl.Plain) && !c.SupportsAuth(sasl.Login) {
		return &ProbeError{Cause: CauseNoLogin}
	}
	err := s.login(c)
	if se := (*smtp.SMTPError)(nil); errors.As(err, &se) && se.Code/100 == 5 { // RFC 4954 6: 454 is for a while
		e := causeOf(err)
		e.Cause = CauseLogin
		return e
	}
	return err
}
