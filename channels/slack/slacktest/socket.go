package slacktest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// maxSockets is how many sockets an app may have
// (https://docs.slack.dev/apis/events-api/using-socket-mode).
const maxSockets = 10

// warnAhead is how long before its end a socket is told so.
const warnAhead = 10 * time.Second

// pongWithin is how long the server waits for any sign of the client.
const pongWithin = 30 * time.Second

// socket is an open connection in Socket Mode.
type socket struct {
	w      *World
	conn   *websocket.Conn
	out    [][]byte
	wake   chan struct{} // something is in out, or ending changed
	gone   chan struct{}
	ready  bool // hello is on its way: envelopes may follow
	hung   bool // it answers nothing
	ending bool // it is closed when out is empty
	closed bool
}

// connectionsOpen is the method apps.connections.open: the address of a socket,
// good for one.
func (w *World) connectionsOpen(*call) (object, error) {
	w.opens = append(w.opens, time.Now())
	t := w.id("ticket-")
	w.tickets[t] = true
	w.change()
	return object{"url": w.base("ws") + "/link/?ticket=" + t + "&app_id=" + w.app.id}, nil
}

// Opens returns when sockets were asked for since a time: a client that is told
// to go away must not ask again without a pause.
func (w *World) Opens(since time.Time) []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	var times []time.Time
	for _, t := range w.opens {
		if !t.Before(since) {
			times = append(times, t)
		}
	}
	return times
}

// serveSocket upgrades a request and reads acknowledgements until the end.
func (w *World) serveSocket(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	ticket := r.URL.Query().Get("ticket")
	ok := w.tickets[ticket]
	delete(w.tickets, ticket)
	w.mu.Unlock()
	if !ok {
		http.Error(rw, "no such ticket", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(rw, r, nil)
	if err != nil {
		return // it has answered
	}
	s := &socket{w: w, conn: conn, wake: make(chan struct{}, 1), gone: make(chan struct{})}
	if !s.begin() {
		conn.Close()
		return
	}
	defer s.end()
	if s.hangs() {
		<-s.gone
		return
	}
	alive := func(string) error { return conn.SetReadDeadline(time.Now().Add(pongWithin)) }
	conn.SetPongHandler(alive)
	w.served.Go(s.write)
	for {
		if alive("") != nil {
			return
		}
		kind, raw, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.TextMessage && !s.hangs() {
			w.acked(raw)
		}
	}
}

// begin adds s to the open sockets and says hello.
func (s *socket) begin() bool {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.change()
	if w.closed || w.down {
		return false
	}
	w.sockets = append(w.sockets, s)
	if s.hung = w.intake.Hang; s.hung {
		s.ready = true // it gets its share of the envelopes, too
		return true
	}
	hello, err := json.Marshal(object{"type": "hello", "num_connections": len(w.sockets), "connection_info": object{"app_id": w.app.id},
		"debug_info": object{"host": "applink-fake", "build_number": 1, "approximate_connection_time": int(w.opts.RefreshEvery.Seconds())}})
	if err != nil {
		panic(err) // strings and numbers
	}
	s.send(hello)
	switch {
	case w.intake.Storm != "":
		s.disconnect(w.intake.Storm)
	case len(w.sockets) > maxSockets:
		s.disconnect("too_many_websockets")
	default:
		s.ready = true
	}
	return true
}

func (s *socket) hangs() bool {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.hung
}

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

// pickSocket returns the socket that gets the next envelope: any one of those
// open. The world is locked.
func (w *World) pickSocket() *socket {
	var open []*socket
	for _, s := range w.sockets {
		if s.ready {
			open = append(open, s)
		}
	}
	if len(open) == 0 {
		return nil
	}
	w.turn++
	s := open[w.turn%len(open)]
	if n := w.intake.CutEvery; n > 0 && w.turn%n == 0 {
		s.cut() // the envelope goes into the void
	}
	return s
}
