package mailtest

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

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
