package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// mailbox is one connection with the folder open for reading. It is used by one
// goroutine at a time: go-imap hangs for ever when two FETCHes are under way, or
// when another command is given before a FETCH has been read to its end.
type mailbox struct {
	client   *imapclient.Client
	conn     *watchedConn
	words    *lastWords
	timeout  time.Duration
	stop     func() bool
	validity uint32
	idle     bool
	wake     chan struct{} // something is new in the folder
}

// refusedError is the server's no to a login or a folder: an operator must act,
// and asking again soon is of no use.
type refusedError struct{ error }

func (e refusedError) Unwrap() error { return e.error }

// open connects, logs in and opens the folder. Ending ctx breaks the connection.
func (s *Source) open(ctx context.Context, sendID bool) (*mailbox, error) {
	conn, err := s.end.connect(ctx)
	if err != nil {
		return nil, err
	}
	b := &mailbox{conn: &watchedConn{Conn: conn}, words: &lastWords{}, timeout: s.cfg.Timeout, wake: make(chan struct{}, 1)}
	b.stop = context.AfterFunc(ctx, func() { b.conn.Close() })
	for _, step := range []func(*mailbox) error{s.greet, s.login, s.identify(sendID), s.examine} {
		if err := step(b); err != nil {
			b.close()
			return nil, err
		}
	}
	return b, nil
}

// greet waits for the greeting, and upgrades.
func (s *Source) greet(b *mailbox) error {
	opts := &imapclient.Options{TLSConfig: s.end.tlsConfig, DebugWriter: b.words,
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages == nil {
				return
			}
			select {
			case b.wake <- struct{}{}:
			default:
			}
		}}}
	return b.do("greeting", func() (err error) {
		if s.end.tls == TLSStart {
			b.client, err = imapclient.NewStartTLS(b.conn, opts)
			return err
		}
		b.client = imapclient.New(b.conn, opts)
		return b.client.WaitGreeting()
	})
}

// identify says who we are (RFC 2971), if the server wants to know. Some
// (163.com and its kin) open no folder for a client that has not.
func (s *Source) identify(sendID bool) func(*mailbox) error {
	return func(b *mailbox) error {
		caps, err := b.capabilities()
		if err != nil {
			return err
		}
		b.idle = caps.Has(imap.CapIdle) || caps.Has(imap.CapIMAP4rev2)
		if !sendID || !caps.Has(imap.CapID) {
			return nil
		}
		err = b.do("ID", func() error {
			_, err := b.client.ID(&imap.IDData{Name: "Frontdesk", Vendor: "Frontdesk"}).Wait()
			return err
		})
		if err != nil && b.broken() {
			return idError{err}
		}
		return nil // a no is no harm
	}
}

// examine opens the folder for reading only.
func (s *Source) examine(b *mailbox) error {
	err := b.do("EXAMINE", func() error {
		data, err := b.client.Select(s.cfg.Folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err == nil {
			b.validity = data.UIDValidity
		}
		return err
	})
	if refused(err) {
		return refusedError{fmt.Errorf("folder %s: %w", s.cfg.Folder, err)}
	}
	return err
}

func (b *mailbox) capabilities() (caps imap.CapSet, err error) {
	err = b.do("CAPABILITY", func() error { caps = b.client.Caps(); return nil })
	return caps, err
}

// idError: the answer to ID cost the connection. The next one does without.
type idError struct{ error }

func (s *Source) login(b *mailbox) error {
	if b.client.State() != imap.ConnStateNotAuthenticated {
		return nil // PREAUTH
	}
	caps, err := b.capabilities()
	if err != nil {
		return err
	}
	err = b.do("LOGIN", func() error {
		// LOGIN is what every server knows; it cannot carry what is not ASCII.
		if (caps.Has(imap.CapLoginDisabled) || !ascii(s.cfg.User+s.cfg.Password)) && caps.Has(imap.AuthCap(sasl.Plain)) {
			return b.client.Authenticate(sasl.NewPlainClient("", s.cfg.User, s.cfg.Password))
		}
		return b.client.Login(s.cfg.User, s.cfg.Password).Wait()
	})
	if refused(err) {
		return refusedError{fmt.Errorf("login as %s: %w", s.cfg.User, err)}
	}
	return err
}

// refused reports whether err is the server's no, and not one that will pass
// (RFC 5530 3).
func refused(err error) bool {
	var ie *imap.Error
	return errors.As(err, &ie) && ie.Code != imap.ResponseCodeUnavailable && ie.Code != imap.ResponseCodeServerBug
}

// do runs one command under the watchdog.
func (b *mailbox) do(what string, f func() error) error {
	w := watch(b.conn, b.timeout)
	err := f()
	if w.stop() {
		return silentError{what, b.timeout}
	}
	if err == nil {
		return nil
	}
	if bye := b.words.bye(); bye != "" {
		return fmt.Errorf("%s: %w; the server said %s", what, err, bye)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// silentError: the watchdog closed the connection.
type silentError struct {
	what  string
	limit time.Duration
}

func (e silentError) Error() string {
	return fmt.Sprintf("%s: the server was silent for %v", e.what, e.limit)
}

func (silentError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// broken reports whether the connection is of no more use.
func (b *mailbox) broken() bool { return b.client.State() == imap.ConnStateLogout }

// garbled reports whether it broke because go-imap could not read what the
// server sent, and not because of the network.
func (b *mailbox) garbled() bool { return b.broken() && !b.conn.failed.Load() }

// close ends the connection and waits for go-imap's reader.
func (b *mailbox) close() {
	b.stop()
	b.conn.Close()
	if b.client != nil {
		b.client.Close()
	}
}

// newer returns the UIDs above after, in order. A server answers n:* with its
// last message even when that is below n (RFC 3501 6.4.8).
func (b *mailbox) newer(after imap.UID) ([]imap.UID, error) {
	select {
	case <-b.wake: // what it announced is seen now
	default:
	}
	if err := b.do("NOOP", func() error { return b.client.Noop().Wait() }); err != nil {
		return nil, err
	}
	set := imap.UIDSet{}
	set.AddRange(after+1, 0)
	return b.search(set, func(uid imap.UID) bool { return uid > after })
}

// has reports whether the server still has uid.
func (b *mailbox) has(uid imap.UID) (bool, error) {
	if err := b.do("NOOP", func() error { return b.client.Noop().Wait() }); err != nil {
		return false, err
	}
	found, err := b.search(imap.UIDSetNum(uid), func(u imap.UID) bool { return u == uid })
	return len(found) > 0, err
}

func (b *mailbox) search(set imap.UIDSet, want func(imap.UID) bool) (out []imap.UID, err error) {
	err = b.do("UID SEARCH", func() error {
		data, err := b.client.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{set}}, nil).Wait()
		if err != nil {
			return err
		}
		found, _ := data.All.(imap.UIDSet)
		uids, ok := found.Nums()
		if !ok {
			return errors.New("the answer has no end")
		}
		for _, uid := range uids {
			if want(uid) {
				out = append(out, uid)
			}
		}
		return nil
	})
	return out, err
}

// wait returns when something is new, when poll has passed, or when the
// connection breaks.
func (b *mailbox) wait(ctx context.Context, poll time.Duration) error {
	var idle *imapclient.IdleCommand
	if b.idle {
		if err := b.do("IDLE", func() (err error) { idle, err = b.client.Idle(); return err }); err != nil {
			if b.broken() || !refused(err) {
				return err
			}
			b.idle = false // it promised too much
		}
	}
	timer := time.NewTimer(poll)
	defer timer.Stop()
	select {
	case <-b.wake:
	case <-timer.C:
	case <-b.client.Closed():
	case <-ctx.Done():
		return ctx.Err()
	}
	if idle == nil {
		return nil
	}
	return b.do("IDLE", func() error { return errors.Join(idle.Close(), idle.Wait()) })
}
