package mailtest

import (
	"errors"
	"net"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// session is one IMAP connection.
type session struct {
	*imapmemserver.UserSession // nil before the login
	world                      *World
	conn                       net.Conn
}

var _ imapserver.Session = (*session)(nil)

func (w *World) newIMAPSession(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, nil, errors.New("closed")
	}
	s := &session{world: w, conn: c.NetConn()}
	w.sessions[s] = true
	return s, &imapserver.GreetingData{}, nil
}

func (s *session) Login(user, password string) error {
	a := s.world.account(user)
	if a == nil || a.password != password {
		return imapserver.ErrAuthFailed
	}
	s.UserSession = imapmemserver.NewUserSession(a.user)
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.world.logins++
	return nil
}

// Idle tells the client of new mail. imapmemserver's own Idle loses what comes
// in just before it begins.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	for {
		s.world.mu.Lock()
		if s.world.arrived == nil {
			s.world.arrived = make(chan struct{})
		}
		arrived := s.world.arrived
		s.world.mu.Unlock()
		if err := s.UserSession.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-arrived:
		case <-stop:
			return nil
		}
	}
}

func (s *session) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	defer s.world.arrival()
	return s.UserSession.Append(name, r, o)
}

// arrival wakes the idling clients.
func (w *World) arrival() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.arrived != nil {
		close(w.arrived)
		w.arrived = nil
	}
}

func (s *session) Close() error {
	s.world.mu.Lock()
	delete(s.world.sessions, s)
	s.world.mu.Unlock()
	if s.UserSession == nil {
		return nil
	}
	return s.UserSession.Close()
}

func (s *session) cut() { s.conn.Close() }

// Logins counts the successful IMAP logins.
func (w *World) Logins() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logins
}
