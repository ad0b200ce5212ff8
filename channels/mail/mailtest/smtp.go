package mailtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

type smtpSession struct {
	world  *World
	conn   *smtp.Conn
	gone   context.Context // ends with the connection
	end    context.CancelFunc
	authed bool
	from   string
	to     []string
}

func (w *World) newSMTPSession(c *smtp.Conn) (smtp.Session, error) {
	gone, end := context.WithCancel(context.Background())
	s := &smtpSession{world: w, conn: c, gone: gone, end: end}
	return s, s.strike(AtHello, nil)
}

func (s *smtpSession) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

func (s *smtpSession) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		if err := s.strike(AtAuth, nil); err != nil {
			return err
		}
		a := s.world.account(user)
		if a == nil || a.password != password {
			return smtp.ErrAuthFailed
		}
		s.authed = true
		return nil
	}
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	case sasl.Login:
		return newLoginServer(check), nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.world.opts.Auth && !s.authed {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.from, s.to = from, nil
	return s.strike(AtMail, nil)
}

func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.strike(AtRcpt, []string{to}); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

func (s *smtpSession) Data(r io.Reader) error {
	if err := s.strike(AtBody, s.to); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	n, err := s.world.accept(s.from, s.to, raw)
	if err != nil {
		return err
	}
	if err := s.strike(AtAccepted, s.to); err != nil {
		return err
	}
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.world.mails[n].Answered = true
	return nil
}

func (s *smtpSession) Reset()        { s.from, s.to = "", nil }
func (s *smtpSession) Logout() error { s.end(); return nil }

// accept records a mail and delivers it to those who have an account; the rest
// is mail that left the world.
func (w *World) accept(from string, to []string, raw []byte) (int, error) {
	m := Mail{From: from, To: slices.Clone(to), Raw: raw, At: time.Now()}
	if msg, err := netmail.ReadMessage(bytes.NewReader(raw)); err == nil {
		m.Header = msg.Header
		m.MessageID = strings.Trim(msg.Header.Get("Message-Id"), "<> ")
	}
	for _, rcpt := range to {
		if w.account(rcpt) == nil {
			continue
		}
		stamped := append(fmt.Appendf(nil, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", from, rcpt), raw...)
		if err := w.Deliver(rcpt, stamped); err != nil {
			return 0, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mails = append(w.mails, m)
	w.change()
	return len(w.mails) - 1, nil
}
