package mail

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// watchedConn is a connection that knows when it last heard something and
// whether the network or somebody else ended it.
type watchedConn struct {
	net.Conn
	heard  atomic.Int64 // UnixNano of the last byte
	failed atomic.Bool  // a Read failed: the network's or the server's doing
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.touch()
	}
	if err != nil {
		c.failed.Store(true)
	}
	return n, err
}

// SetReadDeadline does nothing: go-imap allows five minutes for a body, which
// cuts slow lines for ever at the same mail. The watchdog measures silence.
func (c *watchedConn) SetReadDeadline(time.Time) error { return nil }

func (c *watchedConn) touch()               { c.heard.Store(time.Now().UnixNano()) }
func (c *watchedConn) quiet() time.Duration { return time.Since(time.Unix(0, c.heard.Load())) }

// Close cuts the connection without TLS's farewell, which could wait.
func (c *watchedConn) Close() error {
	if t, ok := c.Conn.(*tls.Conn); ok {
		return t.NetConn().Close()
	}
	return c.Conn.Close()
}

// watchdog closes a connection that owes an answer and is silent for too long.
// go-imap itself waits for ever: a server that was stopped, or a network that
// swallows packets, would otherwise end the mail for good.
type watchdog struct {
	conn    *watchedConn
	limit   time.Duration
	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
	fired   bool
}

func watch(conn *watchedConn, limit time.Duration) *watchdog {
	w := &watchdog{conn: conn, limit: limit}
	conn.touch()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(limit, w.look)
	return w
}

func (w *watchdog) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	if left := w.limit - w.conn.quiet(); left > 0 {
		w.timer.Reset(left)
		return
	}
	w.fired = true
	w.conn.Close()
}

// stop ends the watch and says whether the connection was closed.
func (w *watchdog) stop() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
	return w.fired
}

// lastWords keeps the end of a conversation, because go-imap swallows the text
// of BYE: "Disconnected for inactivity", "Too many connections".
type lastWords struct {
	mu  sync.Mutex
	end []byte
}

const lastWordsKept = 512

func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if tail := p[max(0, len(p)-lastWordsKept):]; len(tail) == lastWordsKept {
		l.end = append(l.end[:0], tail...)
	} else {
		l.end = append(l.end, tail...)
		l.end = l.end[max(0, len(l.end)-lastWordsKept):]
	}
	return len(p), nil
}

// bye returns the server's farewell, quoted, or nothing. Everything else that
// was said, passwords and bodies, stays unsaid.
func (l *lastWords) bye() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	line, ok := bytes.CutSuffix(l.end, []byte("\r\n"))
	if !ok {
		return ""
	}
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	text, ok := bytes.CutPrefix(line, []byte("* BYE"))
	if !ok {
		return ""
	}
	return fmt.Sprintf("%.120q", bytes.TrimSpace(text))
}
