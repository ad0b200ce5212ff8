package mailtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"

	"frontdesk/channels/channeltest/pipetest"
)

// Options of a [World]. The zero value is a world over pipes in memory,
// without TLS.
type Options struct {
	// Sockets makes the servers listen on 127.0.0.1 with free ports; otherwise
	// they are reached through [World.Dial] alone.
	Sockets bool
	// TLS makes both servers offer STARTTLS, with a certificate of their own;
	// see [World.ClientTLS]. ImplicitTLS makes them speak it from the start.
	TLS, ImplicitTLS bool
	// Auth makes the SMTP server insist on a login; user and password are
	// those of an account.
	Auth bool
	// Caps are the IMAP capabilities. Default: IMAP4rev1, IDLE, ID and UIDPLUS.
	Caps imap.CapSet
	// SMTPUTF8 makes the SMTP server offer RFC 6531.
	SMTPUTF8 bool
	// Log gets what the servers have to say; nil: nothing.
	Log *log.Logger
}

// World is an IMAP and an SMTP server with accounts in common. Its methods may
// be called concurrently.
type World struct {
	domain string
	opts   Options
	imap   *imapserver.Server
	smtp   *smtp.Server
	listen [2]net.Listener // IMAP, SMTP
	pipes  pipetest.Network
	client *tls.Config
	served sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	accounts map[string]*account // by user
	mails    []Mail
	taken    map[string]int // how far Next has come, by address
	faults   []*Fault
	sessions map[*session]bool
	logins   int
	changed  chan struct{} // closed and replaced when a mail is accepted
	arrived  chan struct{} // … when one is put into a folder
}

type account struct {
	user     *imapmemserver.User
	password string
}

// New starts a world for mail to anybody@domain. Close must be called.
func New(domain string, o Options) (*World, error) {
	w := &World{domain: domain, opts: o, accounts: map[string]*account{}, taken: map[string]int{}, sessions: map[*session]bool{}}
	if w.opts.Caps == nil {
		w.opts.Caps = imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}, imap.CapUIDPlus: {}}
	}
	if o.Log == nil {
		w.opts.Log = log.New(discard{}, "", 0)
	}
	var server *tls.Config
	if o.TLS || o.ImplicitTLS {
		var err error
		if server, w.client, err = certificate(); err != nil {
			return nil, err
		}
	}
	for i, port := range []int{pipeIMAP, pipeSMTP} {
		l, err := w.listener(port)
		if err != nil {
			return nil, errors.Join(err, w.Close())
		}
		if o.ImplicitTLS {
			l = tls.NewListener(l, server)
		}
		w.listen[i] = l
	}
	starttls := server
	if o.ImplicitTLS {
		starttls = nil
	}
	w.imap = imapserver.New(&imapserver.Options{Caps: w.opts.Caps, InsecureAuth: true, TLSConfig: starttls,
		Logger: w.opts.Log, NewSession: w.newIMAPSession})
	w.smtp = smtp.NewServer(smtp.BackendFunc(w.newSMTPSession))
	w.smtp.Domain, w.smtp.AllowInsecureAuth, w.smtp.TLSConfig = domain, true, starttls
	w.smtp.ErrorLog, w.smtp.EnableSMTPUTF8 = w.opts.Log, o.SMTPUTF8
	w.smtp.MaxMessageBytes = 256 << 20
	w.served.Go(func() { w.imap.Serve(w.listen[0]) })
	w.served.Go(func() { w.smtp.Serve(w.listen[1]) })
	return w, nil
}

func (w *World) listener(pipePort int) (net.Listener, error) {
	if w.opts.Sockets {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	return w.pipes.Listen(net.JoinHostPort("127.0.0.1", strconv.Itoa(pipePort)))
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// Close stops the servers and cuts every connection.
func (w *World) Close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	for s := range w.sessions {
		s.cut()
	}
	w.change()
	w.mu.Unlock()
	var errs []error
	if w.smtp != nil {
		errs = append(errs, w.smtp.Close())
	}
	for _, l := range w.listen {
		if l != nil {
			l.Close()
		}
	}
	w.served.Wait()
	if w.imap != nil { // only now: its Close races with a Serve that begins
		errs = append(errs, w.imap.Close())
	}
	return errors.Join(errs...)
}

// IMAP and SMTP return where the servers listen. Over pipes the host is
// 127.0.0.1 all the same, with ports that only Dial understands.
func (w *World) IMAP() (host string, port int) { return w.addr(0) }
func (w *World) SMTP() (host string, port int) { return w.addr(1) }

// Ports of the servers over pipes.
const (
	pipeIMAP = 143
	pipeSMTP = 25
)

func (w *World) addr(i int) (string, int) {
	if a, ok := w.listen[i].Addr().(*net.TCPAddr); ok {
		return a.IP.String(), a.Port
	}
	return "127.0.0.1", []int{pipeIMAP, pipeSMTP}[i]
}

// Dial connects to one of the two servers, over pipes or sockets.
func (w *World) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if w.opts.Sockets {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return w.pipes.Dial(ctx, network, address)
}

// ClientTLS returns a configuration that trusts the servers' certificate; nil
// in a world without TLS.
func (w *World) ClientTLS() *tls.Config {
	if w.client == nil {
		return nil
	}
	return w.client.Clone()
}

// Account makes user@domain, with an INBOX. The login name is user.
func (w *World) Account(user, password string) {
	u := imapmemserver.NewUser(user, password)
	if err := u.Create("INBOX", nil); err != nil {
		panic(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.accounts[user] = &account{u, password}
}

// Deliver puts raw into the INBOX of user (or user@domain), as arrived now. It
// does not pass the SMTP server and is in no list of mails.
func (w *World) Deliver(user string, raw []byte) error {
	return w.DeliverAt(user, raw, time.Now())
}

// DeliverAt is Deliver with a time of arrival.
func (w *World) DeliverAt(user string, raw []byte, at time.Time) error {
	a := w.account(user)
	if a == nil {
		return fmt.Errorf("mailtest: no account %q", user)
	}
	defer w.arrival()
	_, err := a.user.Append("INBOX", literal{bytes.NewReader(raw)}, &imap.AppendOptions{Time: at})
	return err
}

// NewUIDValidity replaces the INBOX of user by one with another UIDVALIDITY
// that holds raws, as a server does that lost its index.
func (w *World) NewUIDValidity(user string, raws ...[]byte) error {
	a := w.account(user)
	if a == nil {
		return fmt.Errorf("mailtest: no account %q", user)
	}
	if err := errors.Join(a.user.Delete("INBOX"), a.user.Create("INBOX", nil)); err != nil {
		return err
	}
	for _, raw := range raws {
		if err := w.Deliver(user, raw); err != nil {
			return err
		}
	}
	w.Kick()
	return nil
}

// Kick cuts every IMAP connection, as a server does that restarts.
func (w *World) Kick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.sessions {
		s.cut()
	}
}

// account finds user, user@domain or user+detail@domain, in any case.
func (w *World) account(address string) *account {
	local, domain, ok := strings.Cut(strings.ToLower(address), "@")
	if ok && domain != strings.ToLower(w.domain) {
		return nil
	}
	local, _, _ = strings.Cut(local, "+")
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accounts[local]
}

func (w *World) change() {
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }
