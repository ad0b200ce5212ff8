package mail

import (
	"fmt"
	"mime"
	netmail "net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"frontdesk/channels"
)

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
	return ref != "" && len(ref) <= maxSentRef && !MadeUp(ref) &&
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
