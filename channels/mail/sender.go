package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"frontdesk/channels"
)

// SMTPConfig is how mail leaves. Host and Address are required.
type SMTPConfig struct {
	Host string
	Port int    // default: 465 for implicit TLS, 587 for starttls, 25 for none
	TLS  string // TLSImplicit (default without a port or with 465), TLSStart, TLSNone
	// ForcePlain allows TLSNone to hosts other than this machine.
	ForcePlain bool
	TLSConfig  *tls.Config // default: the system's roots, Host's name

	// User and Password, if the server wants a login. They are sent over TLS,
	// or to this machine, or not at all (RFC 4954 4).
	User, Password string

	Address string // ours: From, Reply-To, and the domain of our Message-IDs
	Company string // the name in From when a delivery names nobody

	Timeout       time.Duration // for connecting and for each command; default 1 minute
	SubmitTimeout time.Duration // for the answer to the whole mail; default 10 minutes (RFC 5321 4.5.3.2.6)
	IdleTimeout   time.Duration // how long a connection is kept for the next mail; default 30 s

	Dial DialFunc // default: net.Dialer
}

// Sender sends mail. It implements [channels.Sender]; see the package comment.
//
// A delivery to several goes out once, and only if the server takes every
// recipient. Choices are not drawn. What cannot be said by mail (another op
// than Post, a recipient without address, a line end in a header field) is
// refused for good.
//
// Outcomes (RFC 5321 4.2.1): an answer of 5yz to MAIL, RCPT, DATA or the mail
// itself is permanent, 4yz temporary. Everything before MAIL is temporary,
// refused logins included, and so is everything until the final dot: the server
// must throw away what has no end (RFC 5321 4.1.1.4). Only after the dot can an
// answer get lost, and then the outcome is unknown (RFC 1047).
type Sender struct {
	channel string
	cfg     SMTPConfig
	end     endpoint
	compose composer
	log     *slog.Logger
	idle    idleConns
}

var (
	_ channels.Sender = (*Sender)(nil)
	_ io.Closer       = (*Sender)(nil)
)

// NewSender checks cfg; it connects to nothing.
func NewSender(channel string, cfg SMTPConfig, log *slog.Logger) (*Sender, error) {
	cfg.Timeout = cmp.Or(cfg.Timeout, time.Minute)
	cfg.SubmitTimeout = cmp.Or(cfg.SubmitTimeout, 10*time.Minute)
	cfg.IdleTimeout = cmp.Or(cfg.IdleTimeout, 30*time.Second)
	s := &Sender{channel: channel, cfg: cfg, log: log.With("channel", channel), idle: idleConns{keep: cfg.IdleTimeout}}
	s.end = endpoint{host: cfg.Host, port: cfg.Port, tls: cfg.TLS, dial: cfg.Dial, tlsConfig: cfg.TLSConfig, timeout: cfg.Timeout}
	if err := s.end.check(cfg.ForcePlain, [3]int{465, 587, 25}); err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	if cfg.User != "" && s.end.tls == TLSNone && !loopback(cfg.Host) {
		return nil, fmt.Errorf("smtp: a password for %s must not travel in clear; use implicit or starttls, or no user", cfg.Host)
	}
	addr, err := netmail.ParseAddress(cfg.Address)
	if err != nil || addr.Address != cfg.Address || !ascii(cfg.Address) {
		return nil, fmt.Errorf("smtp: our address %q is no plain mail address", cfg.Address)
	}
	_, domain, _ := strings.Cut(cfg.Address, "@")
	s.compose = composer{address: cfg.Address, domain: domain, company: cfg.Company}
	return s, nil
}

// Ref returns the ref that a delivery with this key has or will have: its
// Message-ID without the angle brackets.
func (s *Sender) Ref(key string) string { return key + "@" + s.compose.domain }

// Send makes one attempt. The ref is [Sender.Ref] of the key.
func (s *Sender) Send(ctx context.Context, out channels.Outbound) (string, error) {
	l, err := s.compose.letter(out)
	if err != nil {
		return "", permanent(err)
	}
	if flag.Lookup("test.v") != nil && !loopback(s.cfg.Host) {
		return "", permanent(fmt.Errorf("this is a test, and %s is not this machine", s.cfg.Host))
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.SubmitTimeout+5*s.cfg.Timeout)
	defer cancel()
	c, err := s.connection(ctx)
	if err != nil {
		return "", &channels.SendError{Err: err}
	}
	// The library knows no contexts. Closing is the only way to end its waits
	// that no later deadline of its own undoes.
	stop := context.AfterFunc(ctx, func() { c.raw.Close() })
	err = s.transact(c, l)
	switch ended := !stop(); {
	case err == nil && !ended:
		s.idle.put(c)
	default:
		c.raw.Close()
	}
	if err != nil {
		return "", because(ctx, err)
	}
	return l.id, nil
}

// because adds why ctx ended to an error that this caused.
func because(ctx context.Context, err error) error {
	var se *channels.SendError
	if ctx.Err() == nil || !errors.As(err, &se) || se.Permanent {
		return err
	}
	return &channels.SendError{Unknown: se.Unknown, Err: fmt.Errorf("%w (%w)", se.Err, context.Cause(ctx))}
}

// Close closes the connections that wait for the next mail.
func (s *Sender) Close() error {
	s.idle.close()
	return nil
}

// connection returns one that is logged in and knows of no mail.
func (s *Sender) connection(ctx context.Context) (*smtpConn, error) {
	for {
		c := s.idle.get()
		if c == nil {
			return s.dial(ctx)
		}
		stop := context.AfterFunc(ctx, func() { c.raw.Close() })
		err := c.Noop() // a server may close an idle connection at any time
		if stop() && err == nil {
			return c, nil
		}
		c.raw.Close()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// transact sends l. Its errors are SendErrors.
func (s *Sender) transact(c *smtpConn, l *letter) error {
	opts := &smtp.MailOptions{}
	if l.utf8 {
		if ok, _ := c.Extension("SMTPUTF8"); !ok {
			return permanent(errors.New("the server takes no addresses outside ASCII (RFC 6531)"))
		}
		opts.UTF8 = true
	}
	if limit, ok := c.MaxMessageSize(); ok && limit > 0 {
		if size := l.size(); size > int64(limit) {
			return permanent(fmt.Errorf("about %d bytes, and the server takes %d at most", size, limit))
		}
	}
	if err := c.Mail(l.from, opts); err != nil {
		return answer("MAIL", err)
	}
	for _, to := range l.to {
		if err := c.Rcpt(to, nil); err != nil {
			return answer("RCPT <"+to+">", err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return answer("DATA", err)
	}
	if err := l.write(patient{w, c, s.cfg.Timeout}); err != nil {
		return &channels.SendError{Err: fmt.Errorf("while the mail was being sent: %w", err)}
	}
	if err := w.Close(); err != nil {
		var se *smtp.SMTPError
		if !errors.As(err, &se) {
			return &channels.SendError{Unknown: true, Err: fmt.Errorf("no answer to the mail: %w", err)}
		}
		return answer("the mail", err)
	}
	return nil
}

// answer classifies a failure before the final dot, or the server's answer to
// the mail.
func answer(what string, err error) error {
	err = fmt.Errorf("%s: %w", what, err)
	var se *smtp.SMTPError
	if !errors.As(err, &se) {
		return &channels.SendError{Err: err}
	}
	switch se.Code {
	case 530, 534, 535, 538: // RFC 4954 6: about the login, not about this mail
		return &channels.SendError{Err: err}
	}
	return &channels.SendError{Permanent: se.Code/100 == 5, Err: err}
}

func permanent(err error) error { return &channels.SendError{Permanent: true, Err: err} }

// size is about what the mail takes on the wire.
func (l *letter) size() int64 {
	n := int64(4096 + 2*len(l.text) + 2*len(l.html))
	for _, f := range l.files {
		n += f.Data.Size*78/57 + 1024
	}
	return n
}

// patient gives every piece of the mail its own time.
type patient struct {
	io.Writer
	conn    *smtpConn
	timeout time.Duration
}

func (p patient) Write(b []byte) (int, error) {
	p.conn.raw.SetWriteDeadline(time.Now().Add(p.timeout))
	return p.Writer.Write(b)
}
