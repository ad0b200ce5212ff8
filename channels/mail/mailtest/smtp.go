package mailtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mail is one that the SMTP server accepted.
type Mail struct {
	From      string   // MAIL FROM
	To        []string // RCPT TO
	MessageID string   // without <>
	Header    netmail.Header
	Raw       []byte
	At        time.Time
	Answered  bool // the client was told; false after a Fault with Drop
}

// Stage is a step of an SMTP session.
type Stage string

// Stages at which a [Fault] can strike: before the answer to each.
const (
	AtHello    Stage = "hello"
	AtAuth     Stage = "auth"
	AtMail     Stage = "mail"
	AtRcpt     Stage = "rcpt"
	AtBody     Stage = "body"     // before the body is read
	AtAccepted Stage = "accepted" // the mail is taken; only the answer is missing
)

// Fault makes the SMTP server misbehave. The first that fits strikes.
type Fault struct {
	Stage Stage
	To    string        // only for mail to this address; at AtRcpt and later
	Times int           // how often; 0: until ClearFaults
	Delay time.Duration // first wait so long
	Code  int           // then answer this, e.g. 451 or 550 (not at AtAccepted)
	Text  string
	Drop  bool // or cut the connection
	Hang  bool // or do nothing until the client or the world goes away
}

// Fault adds f.
func (w *World) Fault(f Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, &f)
}

// ClearFaults makes the SMTP server well again. Who hangs, hangs on.
func (w *World) ClearFaults() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = nil
}

// Mails returns every mail accepted so far, in order.
func (w *World) Mails() []Mail {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.mails)
}

// MailsTo returns the mails accepted for address.
func (w *World) MailsTo(address string) []Mail {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mailsTo(address)
}

func (w *World) mailsTo(address string) []Mail {
	var out []Mail
	for _, m := range w.mails {
		if slices.ContainsFunc(m.To, func(to string) bool { return strings.EqualFold(to, address) }) {
			out = append(out, m)
		}
	}
	return out
}

// Next returns the first mail to address that Next has not returned before; it
// waits for one until ctx ends.
func (w *World) Next(ctx context.Context, address string) (Mail, error) {
	key := strings.ToLower(address)
	for {
		w.mu.Lock()
		all := w.mailsTo(address)
		if n := w.taken[key]; n < len(all) {
			w.taken[key]++
			w.mu.Unlock()
			return all[n], nil
		}
		if w.changed == nil {
			w.changed = make(chan struct{})
		}
		changed, closed := w.changed, w.closed
		w.mu.Unlock()
		if closed {
			return Mail{}, errors.New("mailtest: the world is closed")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Mail{}, fmt.Errorf("mailtest: no further mail to %s (%d so far): %w", address, len(all), context.Cause(ctx))
		}
	}
}

// WaitMails waits until n mails in all are accepted, and returns them.
func (w *World) WaitMails(ctx context.Context, n int) ([]Mail, error) {
	for {
		w.mu.Lock()
		all := slices.Clone(w.mails)
		if w.changed == nil {
			w.changed = make(chan struct{})
		}
		changed := w.changed
		w.mu.Unlock()
		if len(all) >= n {
			return all, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return all, fmt.Errorf("mailtest: %d of %d mails: %w", len(all), n, context.Cause(ctx))
		}
	}
}

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

// strike applies the first fault that fits.
func (s *smtpSession) strike(at Stage, to []string) error {
	f := s.world.fault(at, to)
	if f == nil {
		return nil
	}
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-s.gone.Done():
		}
	}
	switch {
	case f.Hang:
		s.hang()
		fallthrough
	case f.Drop:
		s.conn.Conn().Close()
		return errors.New("connection dropped")
	case f.Code != 0:
		return &smtp.SMTPError{Code: f.Code, EnhancedCode: smtp.EnhancedCode{f.Code / 100, 0, 0}, Message: f.Text}
	}
	return nil
}

// hang returns when the client or the world goes away. The server does not
// read while a command is being answered, so that the client's end is noticed
// by reading here.
func (s *smtpSession) hang() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		io.Copy(io.Discard, s.conn.Conn())
	}()
	select {
	case <-closed:
	case <-s.gone.Done():
		s.conn.Conn().Close()
		<-closed
	}
}

func (w *World) fault(at Stage, to []string) *Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, f := range w.faults {
		if f.Stage != at || f.To != "" && !slices.ContainsFunc(to, func(t string) bool { return strings.EqualFold(t, f.To) }) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				w.faults = slices.Delete(w.faults, i, i+1)
			}
		}
		return f
	}
	return nil
}
