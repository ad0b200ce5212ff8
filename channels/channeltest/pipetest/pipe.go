package pipetest

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Pipe returns the two ends of a connection in memory. Unlike net.Pipe it has a
// buffer, as a socket has: a protocol whose two sides both write before they
// read must not lock up. Deadlines work, and whoever waits is durably blocked in
// the sense of testing/synctest. name is the address of both ends.
func Pipe(name string) (client, server net.Conn) {
	up, down := newHalf(), newHalf()
	return &pipeConn{in: down, out: up, name: name}, &pipeConn{in: up, out: down, name: name}
}

// pipeBuffer is about what a loopback socket holds.
const pipeBuffer = 256 << 10

// half is one direction. The condition is durably blocking in synctest's sense.
type half struct {
	mu       sync.Mutex
	cond     *sync.Cond
	buf      []byte
	closed   bool // no more can be written; what is in buf can be read
	broken   bool // nothing can be read or written
	deadline [2]time.Time
	timer    [2]*time.Timer
}

const (
	reading = iota
	writing
)

func newHalf() *half {
	h := &half{}
	h.cond = sync.NewCond(&h.mu)
	return h
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.broken:
			return 0, net.ErrClosed
		case expired(h.deadline[reading]):
			return 0, os.ErrDeadlineExceeded
		case len(h.buf) > 0:
			n := copy(p, h.buf)
			h.buf = h.buf[n:]
			h.cond.Broadcast()
			return n, nil
		case h.closed:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		h.cond.Wait()
	}
}

func (h *half) write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(p) > 0 {
		switch room := pipeBuffer - len(h.buf); {
		case h.broken:
			return n, net.ErrClosed
		case h.closed:
			return n, errors.New("write: broken pipe")
		case expired(h.deadline[writing]):
			return n, os.ErrDeadlineExceeded
		case room > 0:
			k := min(room, len(p))
			h.buf = append(h.buf, p[:k]...)
			p, n = p[k:], n+k
			h.cond.Broadcast()
			continue
		}
		h.cond.Wait()
	}
	return n, nil
}

func (h *half) setDeadline(which int, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer[which] != nil {
		h.timer[which].Stop()
		h.timer[which] = nil
	}
	h.deadline[which] = t
	// What is over needs no timer; and one that fires at once in a synctest bubble may
	// crash Go 1.26's race detector.
	if wait := time.Until(t); !t.IsZero() && wait > 0 && !h.closed && !h.broken {
		h.timer[which] = time.AfterFunc(wait, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.cond.Broadcast()
		})
	}
	h.cond.Broadcast()
}

func (h *half) close(broken bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed, h.broken = true, h.broken || broken
	for i, t := range h.timer {
		if t != nil {
			t.Stop()
			h.timer[i] = nil
		}
	}
	h.cond.Broadcast()
}

func expired(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

type pipeConn struct {
	in, out *half
	name    string
}

func (c *pipeConn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *pipeConn) Write(p []byte) (int, error) { return c.out.write(p) }
func (c *pipeConn) LocalAddr() net.Addr         { return pipeAddr(c.name) }
func (c *pipeConn) RemoteAddr() net.Addr        { return pipeAddr(c.name) }

func (c *pipeConn) Close() error {
	c.out.close(false)
	c.in.close(true)
	return nil
}

func (c *pipeConn) SetDeadline(t time.Time) error {
	c.in.setDeadline(reading, t)
	c.out.setDeadline(writing, t)
	return nil
}
func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(reading, t)
	return nil
}
func (c *pipeConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(writing, t)
	return nil
}

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }
