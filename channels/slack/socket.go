package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"frontdesk/channels"
)

const (
	helloTime = 15 * time.Second // from asking for an address to hello
	// silence is how long a socket may bring nothing, not even a ping, before it
	// counts as dead. Slack pings several times in that time. Answers to our own
	// pings do not count: they show that a machine is there, not that it works.
	silence    = 40 * time.Second
	pingEvery  = 15 * time.Second
	writeTime  = 5 * time.Second
	frameLimit = rawLimit
	// linger is how long a socket is read on after its successor has said hello:
	// Slack closes it some ten seconds after the warning.
	linger = 30 * time.Second
)

// socket is one connection of Socket Mode
// (docs.slack.dev/apis/events-api/using-socket-mode).
type socket struct {
	r     *run
	ws    *websocket.Conn
	began time.Time
	write sync.Mutex

	leaving chan struct{} // closed when Slack says that it will close it
	over    chan struct{} // closed when nothing more is read
	reason  string        // Slack's, once leaving is closed
	heard   time.Time     // the last sign of life, once over is closed
	err     error         // why reading ended, once over is closed
}

// connect asks for a fresh address, connects, and waits for hello.
func (r *run) connect(ctx context.Context) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	var at struct {
		URL str `json:"url"`
	}
	if err := r.call(ctx, "apps.connections.open", r.cfg.AppToken, url.Values{}, &at); err != nil {
		return nil, err
	}
	if at.URL == "" {
		return nil, errors.New("apps.connections.open: no address in the answer")
	}
	address, err := url.Parse(string(at.URL))
	if err != nil { // which holds the address, and that is a secret
		return nil, errors.New("apps.connections.open: an address that cannot be read")
	}
	if err := reachable(address, r.cfg.Dial != nil); err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{NetDialContext: r.cfg.Dial, HandshakeTimeout: helloTime}
	if r.cfg.Dial == nil {
		dialer.Proxy = http.ProxyFromEnvironment
	}
	ws, resp, err := dialer.DialContext(ctx, string(at.URL), nil)
	if err != nil {
		if resp != nil {
			return nil, fmt.Errorf("socket: HTTP status %d: %w", resp.StatusCode, err)
		}
		return nil, fmt.Errorf("socket: %w", hideURL(err))
	}
	ws.SetReadLimit(frameLimit)
	s := &socket{r: r, ws: ws, leaving: make(chan struct{}), over: make(chan struct{})}
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	if err := s.hello(); err != nil {
		ws.Close()
		return nil, err
	}
	s.began = time.Now()
	return s, nil
}

// hideURL takes the address, which is a secret, out of an error.
func hideURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// frame is what a socket brings.
type frame struct {
	Type       str             `json:"type"`
	EnvelopeID str             `json:"envelope_id"`
	Reason     str             `json:"reason"`
	Payload    json.RawMessage `json:"payload"`
	Sockets    str             `json:"num_connections"` // of hello
}

func (s *socket) hello() error {
	if err := s.ws.SetReadDeadline(time.Now().Add(helloTime)); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	_, b, err := s.ws.ReadMessage()
	if err != nil {
		return fmt.Errorf("socket: waiting for hello: %w", err)
	}
	var f frame
	if json.Unmarshal(b, &f) == nil && f.Type == "disconnect" {
		return &disconnectError{string(f.Reason)}
	}
	if f.Type != "hello" {
		return fmt.Errorf("socket: %q came instead of hello", f.Type)
	}
	if n := count(f.Sockets); n > socketCount+2 { // two more while both are renewed
		s.r.log.Warn("more sockets of this app are open than ours, and Slack gives each message to one of them: does another process use its tokens?", "sockets", n)
	}
	return nil
}

// disconnectError is Slack's word that it closes a socket, and why.
type disconnectError struct{ reason string }

func (e *disconnectError) Error() string { return "slack closes the socket: " + e.reason }

// run reads the socket until it ends.
func (s *socket) run() {
	defer close(s.over)
	defer s.ws.Close()
	defer context.AfterFunc(s.r.ctx, func() { s.ws.Close() })()
	alive := func() error {
		s.heard = time.Now()
		return s.ws.SetReadDeadline(s.heard.Add(silence))
	}
	s.ws.SetPingHandler(func(data string) error {
		err := s.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTime))
		if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
			return err
		}
		return alive()
	})
	s.r.small.Go(s.ping)
	for {
		if s.err = alive(); s.err != nil {
			return
		}
		_, b, err := s.ws.ReadMessage()
		if err != nil {
			s.err = err
			return
		}
		s.take(b)
	}
}

// ping keeps what lies between us and Slack from forgetting the connection, and
// shows a broken one by the failure to write.
func (s *socket) ping() {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-s.over:
			return
		case <-t.C:
			if err := s.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTime)); err != nil {
				s.ws.Close()
				return
			}
		}
	}
}

// take handles one frame. Whatever carries an envelope_id is acknowledged once it
// is recorded, be it of a kind that we do not know.
func (s *socket) take(b []byte) {
	var f frame
	bad := json.Unmarshal(b, &f) != nil
	switch {
	case bad:
	case f.Type == "hello":
		return
	case f.Type == "disconnect":
		select {
		case <-s.leaving:
		default:
			s.reason = string(f.Reason)
			close(s.leaving)
		}
		return
	}
	raw := b
	if !bad && knownEnvelope(string(f.Type)) && len(f.Payload) > 0 {
		raw = canonicalEnvelope(string(f.Type), f.Payload)
	}
	j := &job{live: true}
	j.in, j.meta = s.r.read(raw)
	j.done = func(reply channels.Reply, err error) {
		if err != nil {
			return // Slack will send it again
		}
		if f.EnvelopeID != "" {
			s.ack(string(f.EnvelopeID), s.r.answer(j, reply))
		}
		s.r.draw(j, reply)
		s.r.after(j)
	}
	if err := s.r.submit(s.r.ctx, j, patience); err != nil {
		s.r.log.Warn("envelope is left to slack", "key", j.in.Keys[0], "err", err)
		if s.r.ctx.Err() == nil {
			s.r.missed("an envelope could not be recorded")
		}
	}
}

// ack tells Slack that an envelope is ours now. On a socket that has ended it
// is lost, and Slack sends the envelope again.
func (s *socket) ack(id string, payload json.RawMessage) {
	b := mustJSON(struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload,omitempty"`
	}{id, payload})
	s.write.Lock()
	defer s.write.Unlock()
	err := s.ws.SetWriteDeadline(time.Now().Add(writeTime))
	if err == nil {
		err = s.ws.WriteMessage(websocket.TextMessage, b)
	}
	if err != nil {
		s.r.log.Debug("acknowledgement was not sent", "envelope", id, "err", err)
		s.ws.Close() // a socket that takes no acknowledgements is of no use
	}
}

// retire ends the socket some time after another has taken its place.
func (s *socket) retire() {
	t := time.AfterFunc(linger, func() { s.ws.Close() })
	s.r.small.Go(func() { <-s.over; t.Stop() })
}

// end waits until Slack announces the end of the socket or it has ended, and
// says why.
func (s *socket) end() error {
	select {
	case <-s.leaving:
	case <-s.over:
	}
	select {
	case <-s.leaving:
		return &disconnectError{s.reason}
	default:
		return s.err
	}
}
