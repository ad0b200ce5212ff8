package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// How a connection is secured: the values of the TLS fields.
const (
	TLSImplicit = "implicit" // TLS from the first byte (RFC 8314)
	TLSStart    = "starttls" // an upgrade that must succeed
	TLSNone     = "none"     // to loopback only, unless ForcePlain
)

// DialFunc is net.Dialer's DialContext or something that does the same.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// endpoint is a server and how to reach it.
type endpoint struct {
	host      string
	port      int
	tls       string
	dial      DialFunc
	tlsConfig *tls.Config
	timeout   time.Duration // for connecting, TLS included
}

// check fills the defaults and refuses what must not be: ports are implicit,
// starttls and plain.
func (e *endpoint) check(forcePlain bool, ports [3]int) error {
	if e.host == "" {
		return errors.New("host is missing")
	}
	if e.tls == "" {
		e.tls = TLSImplicit
		if e.port != 0 && e.port != ports[0] {
			e.tls = TLSStart
		}
	}
	switch e.tls {
	case TLSImplicit:
		e.port = cmp.Or(e.port, ports[0])
	case TLSStart:
		e.port = cmp.Or(e.port, ports[1])
	case TLSNone:
		e.port = cmp.Or(e.port, ports[2])
		if !loopback(e.host) && !forcePlain {
			return fmt.Errorf("tls: none would send the password over the network to %s in clear; use implicit or starttls", e.host)
		}
	default:
		return fmt.Errorf("tls: %q is none of implicit, starttls, none", e.tls)
	}
	if e.port < 1 || e.port > 65535 {
		return fmt.Errorf("port %d is out of range", e.port)
	}
	if e.dial == nil {
		e.dial = new(net.Dialer).DialContext
	}
	e.tlsConfig = e.tlsConfig.Clone()
	if e.tlsConfig == nil {
		e.tlsConfig = &tls.Config{}
	}
	if e.tlsConfig.ServerName == "" {
		e.tlsConfig.ServerName = e.host
	}
	return nil
}

func (e *endpoint) address() string { return net.JoinHostPort(e.host, strconv.Itoa(e.port)) }

// connect dials, and speaks TLS if that is implicit.
func (e *endpoint) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	conn, err := e.dial(ctx, "tcp", e.address())
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", e.address(), err)
	}
	if e.tls != TLSImplicit {
		return conn, nil
	}
	secure := tls.Client(conn, e.tlsConfig)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS with %s: %w", e.address(), err)
	}
	return secure, nil
}

// loopback reports whether host is this machine by its very name.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}
