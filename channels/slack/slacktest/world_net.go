package slacktest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"
)

const pipeHost = "slack.test"

func (w *World) serve() (err error) {
	if w.opts.Sockets {
		w.listen, err = net.Listen("tcp", "127.0.0.1:0")
	} else {
		w.listen, err = w.net.Listen(pipeHost + ":80")
	}
	if err != nil {
		return err
	}
	w.server = &http.Server{Handler: w.routes(), ReadHeaderTimeout: time.Minute, ConnState: w.connState}
	w.served.Go(func() {
		// Serve ends with ErrServerClosed, and with nothing else that matters.
		_ = w.server.Serve(w.listen)
	})
	return nil
}

// connState keeps the connections, so that [World.Down] can cut them, and
// refuses new ones while the world is down.
func (w *World) connState(c net.Conn, s http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch s {
	case http.StateNew:
		if w.conns[c] = true; w.down {
			c.Close()
		}
	case http.StateClosed, http.StateHijacked:
		delete(w.conns, c)
	}
}

// Close stops the world and cuts every connection. What waits for something to
// happen returns.
func (w *World) Close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	for d := range w.deliveries {
		d.stop()
	}
	for c := range w.conns {
		c.Close()
	}
	for _, s := range slices.Clone(w.sockets) {
		s.cut()
	}
	w.change()
	w.mu.Unlock()
	w.end()
	err := w.server.Close()
	if l := w.listen.Close(); err == nil && !errors.Is(l, net.ErrClosed) {
		err = l
	}
	w.served.Wait()
	return err
}

// base is where the world listens, without a slash at its end.
func (w *World) base(scheme string) string {
	if w.opts.Sockets {
		return scheme + "://" + w.listen.Addr().String()
	}
	return scheme + "://" + pipeHost
}

// APIURL is the address of the Web API, as Config.APIURL wants it.
func (w *World) APIURL() string { return w.base("http") + "/api/" }

// Dial connects to the world, over pipes or sockets. It refuses every other
// address, which is what keeps a test from reaching a network.
func (w *World) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	down := w.down || w.closed
	w.mu.Unlock()
	if down {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
	}
	if !w.opts.Sockets {
		return w.net.Dial(ctx, network, address)
	}
	if address != w.listen.Addr().String() {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("nobody listens on %s", address)}
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Client returns an HTTP client that reaches the world, and nothing else.
func (w *World) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: w.Dial, DisableKeepAlives: true}, Timeout: time.Minute}
}
