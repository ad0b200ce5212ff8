package slacktest

import (
	"encoding/json"
	"net/http"
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
	conn.SetPongHandler(func(string) error { return s.alive() })
	pong := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		if s.hangs() {
			return nil
		}
		return pong(data)
	})
	for {
		if s.alive() != nil {
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
	w.served.Go(s.write)
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

// alive puts the end off: the client gave a sign. A socket that hangs waits for
// ever.
func (s *socket) alive() error {
	if s.hangs() {
		return s.conn.SetReadDeadline(time.Time{})
	}
	return s.conn.SetReadDeadline(time.Now().Add(pongWithin))
}

func (s *socket) hangs() bool {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.hung
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
