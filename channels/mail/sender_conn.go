package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// smtpConn is a connection that is logged in.
type smtpConn struct {
	*smtp.Client
	raw   net.Conn // under TLS, if that came later
	mails int
	timer *time.Timer
}

// dial connects, upgrades and logs in, in thrice Timeout at most: the library
// allows five minutes for each step of an upgrade.
func (s *Sender) dial(ctx context.Context) (c *smtpConn, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*s.cfg.Timeout)
	defer cancel()
	raw, err := s.end.connect(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer func() {
		if !stop() && err == nil {
			err = ctx.Err()
		}
		if err != nil {
			raw.Close()
			if ctx.Err() != nil {
				err = fmt.Errorf("%w (%w)", err, context.Cause(ctx))
			}
		}
	}()
	var client *smtp.Client
	if s.end.tls == TLSStart {
		if client, err = smtp.NewClientStartTLS(raw, s.end.tlsConfig); err != nil {
			return nil, fmt.Errorf("STARTTLS with %s: %w", s.end.address(), err)
		}
	} else {
		client = smtp.NewClient(raw)
	}
	client.CommandTimeout, client.SubmissionTimeout = s.cfg.Timeout, s.cfg.SubmitTimeout
	if err := client.Hello(s.compose.domain); err != nil {
		return nil, fmt.Errorf("greeting from %s: %w", s.end.address(), err)
	}
	if err := s.login(client); err != nil {
		return nil, fmt.Errorf("login to %s as %s: %w", s.end.address(), s.cfg.User, err)
	}
	return &smtpConn{Client: client, raw: raw}, nil
}

func (s *Sender) login(c *smtp.Client) error {
	switch {
	case s.cfg.User == "":
		return nil
	case c.SupportsAuth(sasl.Plain):
		return c.Auth(sasl.NewPlainClient("", s.cfg.User, s.cfg.Password))
	case c.SupportsAuth(sasl.Login):
		return c.Auth(sasl.NewLoginClient(s.cfg.User, s.cfg.Password))
	}
	return errors.New("the server offers neither PLAIN nor LOGIN")
}

// How many connections wait for the next mail, and how many mails one serves;
// many servers allow a hundred.
const (
	maxIdle     = 4
	maxMailsPer = 50
)

// idleConns keeps connections for a while. A mail takes its round trips to
// connect, upgrade and log in once and not every time.
type idleConns struct {
	keep   time.Duration
	mu     sync.Mutex
	conns  []*smtpConn
	closed bool
}

func (p *idleConns) get() *smtpConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.conns) == 0 {
		return nil
	}
	c := p.conns[len(p.conns)-1]
	p.conns = p.conns[:len(p.conns)-1]
	c.timer.Stop()
	return c
}

func (p *idleConns) put(c *smtpConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.mails++; c.mails >= maxMailsPer || len(p.conns) >= maxIdle || p.closed {
		c.raw.Close()
		return
	}
	c.timer = time.AfterFunc(p.keep, func() { p.drop(c) })
	p.conns = append(p.conns, c)
}

// drop closes c if nobody has taken it since.
func (p *idleConns) drop(c *smtpConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, have := range p.conns {
		if have == c {
			p.conns = append(p.conns[:i], p.conns[i+1:]...)
			c.raw.Close()
			return
		}
	}
}

func (p *idleConns) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.conns {
		c.timer.Stop()
		c.raw.Close()
	}
	p.conns = nil
}
