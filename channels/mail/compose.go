package mail

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message"

	"frontdesk/channels"
)

// Lengths that no sensible value reaches (RFC 5322 2.1.1 allows lines of 998).
const (
	maxSubject  = 200 // characters
	maxFileName = 200 // bytes, three times that when encoded
	maxSentRef  = 500 // bytes of one message id
	maxSentRefs = 20  // ids in References
)

// letter is a mail ready to be written, as often as need be. All that can be
// wrong with it has been found out.
type letter struct {
	id         string   // Message-ID without <>
	from       string   // envelope
	to         []string // envelope
	utf8       bool     // needs SMTPUTF8
	header     message.Header
	text, html string
	files      []channels.File
}

// composer knows what is the same in all our mail.
type composer struct {
	address string // ours
	domain  string // of address
	company string
}

// letter draws out. Its errors are the delivery's fault: no retry can help.
//
// What is automatic says so: Auto-Submitted is auto-replied for an answer to a
// customer and auto-generated for everything else that no person wrote (RFC
// 3834 5), and X-Auto-Response-Suppress asks Exchange not to answer. Two
// customs are not followed. Precedence: bulk would have answers filed as
// newsletters, and says nothing that Auto-Submitted does not say. And the
// envelope's sender is our address, not <>: customers' bounces must reach us,
// so that people learn of an answer that did not arrive. Loops are the engine's
// to prevent: it answers no automatic mail and keeps a budget.
func (c composer) letter(out channels.Outbound) (*letter, error) {
	if err := c.check(out); err != nil {
		return nil, err
	}
	l := &letter{id: out.Key + "@" + c.domain, from: c.address, files: out.Files}
	var to []*netmail.Address
	for _, p := range out.To {
		addr, err := envelopeAddress(p)
		if err != nil {
			return nil, err
		}
		l.to = append(l.to, addr)
		l.utf8 = l.utf8 || !ascii(addr)
		to = append(to, &netmail.Address{Name: p.Name, Address: addr})
	}

	set := func(key, value string) { // in the order in which they stand in the mail
		if value != "" {
			l.header.Set(key, value)
		}
	}
	// go-message writes the fields in reverse.
	set("X-Auto-Response-Suppress", ifAuto(out, "All"))
	set("Auto-Submitted", ifAuto(out, autoSubmitted(out)))
	set("Content-Language", out.Lang)
	set("References", references(out.Refs))
	set("In-Reply-To", inReplyTo(out.Refs))
	set("Message-ID", "<"+l.id+">")
	set("Subject", encodeWords(subject(out)))
	set("To", addressList(to))
	set("Reply-To", addressList([]*netmail.Address{{Address: c.address}}))
	name := out.From
	if name == "" {
		name = c.company
	}
	set("From", addressList([]*netmail.Address{{Name: name, Address: c.address}}))
	set("Date", time.Now().Format(time.RFC1123Z))
	l.text, l.html = draw(out)
	return l, nil
}

// check refuses what mail cannot do and what must not stand in a header.
func (c composer) check(out channels.Outbound) error {
	switch {
	case out.Op != channels.Post:
		return fmt.Errorf("op %q: a mail that is sent can be neither changed nor signed", out.Op)
	case len(out.To) == 0:
		return errors.New("nobody to send to")
	case out.Audience != channels.Customer && out.Audience != channels.Staff:
		return fmt.Errorf("unknown audience %q", out.Audience)
	case out.Body.Text == "" && out.Card == nil && len(out.Files) == 0:
		return errors.New("nothing to say")
	case out.Body.Text != "" && out.Body.Format != channels.Plain && out.Body.Format != channels.Markdown:
		return fmt.Errorf("unknown format %q", out.Body.Format)
	case !dotAtom(out.Key):
		return fmt.Errorf("key %q cannot stand in a Message-ID", out.Key)
	case strings.Trim(out.Lang, "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "":
		return fmt.Errorf("language %q is no language tag", out.Lang)
	}
	values := append([]string{out.Subject, out.From}, out.Refs...)
	for _, p := range out.To {
		values = append(values, p.Name, p.Address)
	}
	for _, f := range out.Files {
		values = append(values, f.Name, f.Type)
		if f.Data.Zero() {
			return fmt.Errorf("file %q has no bytes", f.Name)
		}
	}
	for _, v := range values {
		if strings.ContainsAny(v, "\r\n\x00") {
			return fmt.Errorf("a line end or NUL in %.60q", v)
		}
		if !utf8.ValidString(v) {
			return fmt.Errorf("no UTF-8: %.60q", v)
		}
	}
	return nil
}
