package mailtest

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"time"
)

// Mail is one that the SMTP server accepted.
type Mail struct {
	From      string   // MAIL FROM
	To        []string // RCPT TO
	MessageID string   // without <>
	Header    netmail.Header
	Raw       []byte
	At        time.Time
	Answered  bool // the client was told; false after a Fault with Drop
}

// Mails returns every mail accepted so far, in order.
func (w *World) Mails() []Mail {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.mails)
}

// MailsTo returns the mails accepted for address.
func (w *World) MailsTo(address string) []Mail {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mailsTo(address)
}

func (w *World) mailsTo(address string) []Mail {
	var out []Mail
	for _, m := range w.mails {
		if slices.ContainsFunc(m.To, func(to string) bool { return strings.EqualFold(to, address) }) {
			out = append(out, m)
		}
	}
	return out
}

// Next returns the first mail to address that Next has not returned before; it
// waits for one until ctx ends.
func (w *World) Next(ctx context.Context, address string) (Mail, error) {
	key := strings.ToLower(address)
	for {
		w.mu.Lock()
		all := w.mailsTo(address)
		if n := w.taken[key]; n < len(all) {
			w.taken[key]++
			w.mu.Unlock()
			return all[n], nil
		}
		if w.changed == nil {
			w.changed = make(chan struct{})
		}
		changed, closed := w.changed, w.closed
		w.mu.Unlock()
		if closed {
			return Mail{}, errors.New("mailtest: the world is closed")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Mail{}, fmt.Errorf("mailtest: no further mail to %s (%d so far): %w", address, len(all), context.Cause(ctx))
		}
	}
}

// WaitMails waits until n mails in all are accepted, and returns them.
func (w *World) WaitMails(ctx context.Context, n int) ([]Mail, error) {
	for {
		w.mu.Lock()
		all := slices.Clone(w.mails)
		if w.changed == nil {
			w.changed = make(chan struct{})
		}
		changed := w.changed
		w.mu.Unlock()
		if len(all) >= n {
			return all, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return all, fmt.Errorf("mailtest: %d of %d mails: %w", len(all), n, context.Cause(ctx))
		}
	}
}
