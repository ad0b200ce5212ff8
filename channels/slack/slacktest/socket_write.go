package slacktest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// send queues a text message. The world is locked.
func (s *socket) send(b []byte) {
	s.out = append(s.out, b)
	s.poke()
}

func (s *socket) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// disconnect tells the client to go, and goes: after a warning only ten seconds
// later. The world is locked.
func (s *socket) disconnect(reason string) {
	b, err := json.Marshal(object{"type": "disconnect", "reason": reason, "debug_info": object{"host": "applink-fake"}})
	if err != nil {
		panic(err) // strings
	}
	s.send(b)
	if reason == "warning" {
		time.AfterFunc(warnAhead, func() {
			s.w.mu.Lock()
			defer s.w.mu.Unlock()
			if !s.closed {
				s.disconnect("refresh_requested")
			}
		})
		return
	}
	s.ready, s.ending = false, true
	s.poke()
}

// cut closes s without a word. The world is locked.
func (s *socket) cut() {
	if s.closed {
		return
	}
	s.closed = true
	s.w.sockets = slices.DeleteFunc(s.w.sockets, func(o *socket) bool { return o == s })
	s.conn.NetConn().Close()
	close(s.gone)
	s.w.change()
}

func (s *socket) end() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.cut()
}

// write sends what is queued, and pings.
func (s *socket) write() {
	ping := time.NewTicker(s.w.opts.PingEvery)
	defer ping.Stop()
	refresh := time.NewTimer(max(s.w.opts.RefreshEvery-warnAhead, 0))
	defer refresh.Stop()
	for {
		var err error
		select {
		case <-s.gone:
			return
		case <-refresh.C:
			s.w.mu.Lock()
			s.disconnect("warning")
			s.w.mu.Unlock()
		case <-ping.C:
			s.w.mu.Lock()
			silent := s.hung || s.w.intake.Silent
			s.w.mu.Unlock()
			if !silent {
				err = s.conn.WriteControl(websocket.PingMessage, []byte("Ping from applink-fake"), time.Now().Add(pongWithin))
			}
		case <-s.wake:
			err = s.flush()
		}
		if err != nil {
			s.end()
			return
		}
	}
}

func (s *socket) flush() error {
	s.w.mu.Lock()
	out := s.out
	s.out = nil
	ending, hung := s.ending, s.hung
	s.w.mu.Unlock()
	if hung {
		return nil
	}
	for _, b := range out {
		if err := s.conn.SetWriteDeadline(time.Now().Add(pongWithin)); err != nil {
			return err
		}
		if err := s.conn.WriteMessage(websocket.TextMessage, b); err != nil {
			return err
		}
	}
	if ending {
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		err := s.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(pongWithin))
		s.end()
		return err
	}
	return nil
}
