package mail

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
)

// IMAPReport is what a probe found out about a mailbox.
type IMAPReport struct {
	Approach
	Server   string // what it calls itself (RFC 2971), if it says
	Idle     bool   // new mail is told at once (RFC 2177)
	Folder   string
	Validity uint32 // UIDVALIDITY (RFC 3501 2.3.1.1)
	Messages uint32
}

// ProbeIMAP tries what [Source] will do: connect, TLS, log in, say who we are,
// open the folder for reading. cfg.Timeout holds for each step. Without a
// password it stops before the login.
func ProbeIMAP(ctx context.Context, cfg IMAPConfig) *IMAPReport {
	r := &IMAPReport{}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := NewSource("probe", cfg, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		r.try(StepSettings, func() error { return err })
		return r
	}
	r.Folder = s.cfg.Folder
	conn := r.approach(ctx, &s.end, "IMAP")
	if conn == nil {
		return r
	}
	b := &mailbox{conn: &watchedConn{Conn: conn}, words: &lastWords{}, timeout: s.cfg.Timeout, wake: make(chan struct{}, 1)}
	b.stop = context.AfterFunc(ctx, func() { b.conn.Close() })
	defer b.close()
	step := StepGreeting
	if s.end.tls == TLSStart {
		step = StepTLS
	}
	if !r.try(step, func() error { return b.explain(s.greet(b), step) }) || cfg.Password == "" {
		return r
	}
	_ = r.try(StepLogin, func() error { return b.explain(s.probeLogin(b), StepLogin) }) &&
		r.try(StepFolder, func() error { return b.explain(r.folder(s, b), StepFolder) })
	return r
}

// explain adds what go-imap's errors do not tell.
func (b *mailbox) explain(err error, step Step) error {
	if err == nil {
		return nil
	}
	e := probeError(step, err)
	switch {
	case step == StepTLS && e.Cause == CauseAnswer:
		e.Cause = CauseNoStartTLS
	case e.Cause == CauseUnknown && b.words.bye() != "":
		e.Cause, e.Said = CauseAnswer, strings.Trim(b.words.bye(), `"`)
	case e.Cause == CauseUnknown && (b.client == nil || b.broken()):
		e.Cause = CauseClosed
	}
	return e
}

func (s *Source) probeLogin(b *mailbox) error {
	caps, err := b.capabilities()
	if err != nil {
		return err
	}
	if caps.Has(imap.CapLoginDisabled) && !caps.Has(imap.AuthCap(sasl.Plain)) {
		return &ProbeError{Cause: CauseNoLogin}
	}
	err = s.login(b)
	if errors.As(err, new(refusedError)) {
		e := causeOf(err)
		e.Cause = CauseLogin
		return e
	}
	return err
}

// folder says who we are, which some servers wait for, and opens the folder.
func (r *IMAPReport) folder(s *Source, b *mailbox) error {
	caps, err := b.capabilities()
	if err != nil {
		return err
	}
	r.Idle = caps.Has(imap.CapIdle) || caps.Has(imap.CapIMAP4rev2)
	if caps.Has(imap.CapID) {
		err := b.do("ID", func() error {
			data, err := b.client.ID(&imap.IDData{Name: "Frontdesk", Vendor: "Frontdesk"}).Wait()
			if err == nil && data != nil {
				r.Server = tidy(strings.TrimSpace(data.Name + " " + data.Version))
			}
			return err
		})
		if err != nil && b.broken() {
			return err
		}
	}
	err = b.do("EXAMINE", func() error {
		data, err := b.client.Select(s.cfg.Folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err == nil {
			r.Validity, r.Messages = data.UIDValidity, data.NumMessages
		}
		return err
	})
	if !refused(err) {
		return err
	}
	folders, lerr := b.folders()
	if lerr != nil || slices.Contains(folders, s.cfg.Folder) {
		return err
	}
	e := causeOf(err)
	e.Cause, e.Names = CauseNoFolder, folders
	return e
}

// folders lists the folders that can be opened, in order.
func (b *mailbox) folders() (names []string, err error) {
	err = b.do("LIST", func() error {
		list, err := b.client.List("", "*", nil).Collect()
		for _, f := range list {
			if !slices.Contains(f.Attrs, imap.MailboxAttrNoSelect) && !slices.Contains(f.Attrs, imap.MailboxAttrNonExistent) {
				names = append(names, f.Mailbox)
			}
		}
		return err
	})
	slices.Sort(names)
	return names, err
}
