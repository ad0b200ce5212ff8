package mail

import (
	"errors"
	"fmt"
	"io"
	"mime"
	netmail "net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"golang.org/x/net/idna"

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

func ifAuto(out channels.Outbound, value string) string {
	if out.ByPerson {
		return ""
	}
	return value
}

func autoSubmitted(out channels.Outbound) string {
	if out.Audience == channels.Customer && len(out.Refs) > 0 {
		return "auto-replied"
	}
	return "auto-generated"
}

// subject is the talk's, marked as an answer if it is one.
func subject(out channels.Outbound) string {
	s := strings.TrimSpace(out.Subject)
	if r := []rune(s); len(r) > maxSubject {
		s = string(r[:maxSubject]) + "…"
	}
	if len(out.Refs) == 0 {
		return s
	}
	for _, prefix := range []string{"re:", "re：", "回复:", "回复：", "回覆:", "回覆：", "答复:", "答复："} {
		if strings.HasPrefix(strings.ToLower(s), prefix) {
			return s
		}
	}
	return strings.TrimSpace("Re: " + s)
}

// references are all legal refs, oldest first (RFC 5322 3.6.4); when there are
// too many, the first, which names the talk, and the last ones.
func references(refs []string) string {
	legal := slices.Clone(slices.DeleteFunc(slices.Clone(refs), func(r string) bool { return !legalRef(r) }))
	slices.Reverse(legal)
	if len(legal) > maxSentRefs {
		legal = append(legal[:1], legal[len(legal)-maxSentRefs+1:]...)
	}
	if len(legal) == 0 {
		return ""
	}
	return "<" + strings.Join(legal, "> <") + ">"
}

func inReplyTo(refs []string) string {
	if len(refs) == 0 || !legalRef(refs[0]) {
		return ""
	}
	return "<" + refs[0] + ">"
}

// legalRef reports whether a foreign message id can be repeated in a header.
// Nothing more is asked of it: people's programs make ids without an @.
func legalRef(ref string) bool {
	return ref != "" && len(ref) <= maxSentRef &&
		!strings.ContainsFunc(ref, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' })
}

// encodeWords encodes s for a header where it must be (RFC 2047), with the
// shorter of the two encodings.
func encodeWords(s string) string {
	q, b := mime.QEncoding.Encode("utf-8", s), mime.BEncoding.Encode("utf-8", s)
	if len(b) < len(q) {
		return b
	}
	return q
}

func addressList(list []*netmail.Address) string {
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}

// envelopeAddress returns p's address as it stands in RCPT TO: an addr-spec
// (RFC 5321 4.1.2) with a domain in ASCII.
func envelopeAddress(p channels.Person) (string, error) {
	if p.Kind != "mail" {
		return "", fmt.Errorf("%s %q has no mail address", p.Kind, p.Address)
	}
	at := strings.LastIndexByte(p.Address, '@')
	if at < 1 || at == len(p.Address)-1 || strings.ContainsFunc(p.Address, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) {
		return "", fmt.Errorf("%q is no mail address", p.Address)
	}
	if _, err := netmail.ParseAddress("<" + p.Address + ">"); err != nil {
		return "", fmt.Errorf("%q is no mail address: %w", p.Address, err)
	}
	if ascii(p.Address[at:]) {
		return p.Address, nil
	}
	domain, err := idna.Lookup.ToASCII(p.Address[at+1:])
	if err != nil {
		return "", fmt.Errorf("%q is no mail address: %w", p.Address, err)
	}
	return p.Address[:at+1] + domain, nil
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// dotAtom reports whether s can be the left side of a message id.
func dotAtom(s string) bool {
	return s != "" && len(s) <= 200 && strings.Trim(s, ".") == s && !strings.Contains(s, "..") &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+=") == ""
}

// write writes the whole mail with its files, which are read from their blobs
// on the way.
func (l *letter) write(w io.Writer) error {
	h := l.header.Copy()
	if len(l.files) == 0 {
		return l.writeText(func(alternative message.Header) (*message.Writer, error) {
			h.Set("Content-Type", alternative.Get("Content-Type"))
			return message.CreateWriter(w, h)
		})
	}
	h.SetContentType("multipart/mixed", nil)
	mw, err := message.CreateWriter(w, h)
	if err != nil {
		return err
	}
	if err := l.writeText(mw.CreatePart); err != nil {
		return err
	}
	for _, f := range l.files {
		if err := writeFile(mw, f); err != nil {
			return fmt.Errorf("file %q: %w", f.Name, err)
		}
	}
	return mw.Close()
}

// writeText writes the same words twice, the plainer first (RFC 2046 5.1.4).
func (l *letter) writeText(create func(message.Header) (*message.Writer, error)) error {
	var h message.Header
	h.SetContentType("multipart/alternative", nil)
	mw, err := create(h)
	if err != nil {
		return err
	}
	for _, part := range []struct{ mediaType, text string }{{"text/plain", l.text}, {"text/html", l.html}} {
		var h message.Header
		h.Set("Content-Transfer-Encoding", transferEncoding(part.text))
		h.SetContentType(part.mediaType, map[string]string{"charset": "utf-8"})
		pw, err := mw.CreatePart(h)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(pw, crlf(part.text)); err != nil {
			return err
		}
		if err := pw.Close(); err != nil {
			return err
		}
	}
	return mw.Close()
}

// transferEncoding keeps mostly ASCII text readable and the rest short; both
// survive every relay (RFC 2045 6).
func transferEncoding(s string) string {
	high := 0
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			high++
		}
	}
	if high*5 > len(s) {
		return "base64"
	}
	return "quoted-printable"
}

func crlf(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.ReplaceAll(strings.TrimRight(s, "\n")+"\n", "\n", "\r\n")
}

func writeFile(mw *message.Writer, f channels.File) error {
	r, err := f.Data.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	var h message.Header
	h.Set("Content-Transfer-Encoding", "base64")
	// mime.FormatMediaType encodes by RFC 2231; go-message would use encoded
	// words, which RFC 2047 5 forbids here.
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(f.Name)}))
	h.Set("Content-Type", fileType(f.Type))
	pw, err := mw.CreatePart(h)
	if err != nil {
		return err
	}
	if _, err := io.Copy(pw, r); err != nil {
		return err
	}
	return pw.Close()
}

// fileName is never a path and never empty.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name)
	if name == "" {
		return "file"
	}
	if len(name) > maxFileName { // the end says what it is
		name = strings.ToValidUTF8(name[len(name)-maxFileName:], "")
	}
	return name
}

// fileType is f's type where base64 and UTF-8 suit it: never multipart/* or
// message/* (RFC 2046 5.1, 5.2), and text only in UTF-8, because go-message
// writes no other.
func fileType(t string) string {
	media, params, err := mime.ParseMediaType(t)
	charset := strings.ToLower(params["charset"])
	if err != nil || !strings.Contains(media, "/") || strings.HasPrefix(media, "multipart/") || strings.HasPrefix(media, "message/") ||
		charset != "" && charset != "utf-8" && charset != "us-ascii" {
		return "application/octet-stream"
	}
	if charset == "" {
		return media
	}
	return mime.FormatMediaType(media, map[string]string{"charset": charset})
}
