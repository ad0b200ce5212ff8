// Package pipetest is a network in memory, for fakes that speak a protocol over
// connections: tests and the demo run whole servers on it, and no socket is opened.
package pipetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
)

// Network is addresses in memory where fakes listen and clients dial. Nothing
// of it leaves the process, and it works inside a testing/synctest bubble. The
// zero Network is ready. Its methods may be called concurrently.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*Listener
}

// Listen makes a listener at address ("slack.test:80"). It is an error if one is
// there that was not closed.
func (n *Network) Listen(address string) (*Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if old := n.listeners[address]; old != nil && !old.isClosed() {
		return nil, fmt.Errorf("listen pipe %s: address already in use", address)
	}
	if n.listeners == nil {
		n.listeners = map[string]*Listener{}
	}
	l := NewListener(address)
	n.listeners[address] = l
	return l, nil
}

// Dial connects to whoever listens at address, and refuses every other: its
// signature is that of net.Dialer.DialContext.
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.mu.Unlock()
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("nobody listens on %s", address)}
	}
	return l.Dial(ctx)
}

// Listener accepts what its Dial makes.
type Listener struct {
	name   string
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewListener returns a listener that belongs to no [Network]. name is its
// address.
func NewListener(name string) *Listener {
	return &Listener{name: name, conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial returns when the connection was accepted, the listener was closed, or ctx
// ended.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	client, server := Pipe(l.name)
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: errors.New("connection refused")}
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: os.ErrDeadlineExceeded}
	}
}

func (l *Listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// Accept is as net.Listener has it.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close makes Accept and Dial fail. Connections stay as they are.
func (l *Listener) Close() error { l.once.Do(func() { close(l.closed) }); return nil }

// Addr is the name of the listener.
func (l *Listener) Addr() net.Addr { return pipeAddr(l.name) }
