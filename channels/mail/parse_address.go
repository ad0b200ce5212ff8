package mail

import (
	"io"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"frontdesk/channels"
)

const maxAddresses = 500 // of one field

// mailAddresses reads a list of addresses (RFC 5322 3.4). What the standard
// reader refuses is read by a patient one.
func mailAddresses(v string) []channels.Person {
	list, _ := mailAddressList(v)
	return list
}

// mailAddressList does so and says whether the list is as it should be.
func mailAddressList(v string) (out []channels.Person, proper bool) {
	if strings.TrimSpace(v) == "" {
		return nil, true
	}
	if !isASCII([]byte(v)) {
		v = charsetText([]byte(v), "")
	}
	words := mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		b, err := io.ReadAll(r)
		return strings.NewReader(charsetText(b, charset)), err
	}}
	parser := mail.AddressParser{WordDecoder: &words}
	list, err := parser.ParseList(v)
	if err != nil {
		for _, item := range splitAddresses(v) {
			if p, ok := patientAddress(item); ok && len(out) < maxAddresses {
				out = append(out, p)
			}
		}
		return out, false
	}
	for _, a := range list {
		if p, ok := mailPerson(a.Address, a.Name); ok && len(out) < maxAddresses {
			out = append(out, p)
		}
	}
	return out, true
}

// mailPerson makes a person of an address, if it is one that a mail can be sent
// to. The name is only for show.
func mailPerson(address, name string) (channels.Person, bool) {
	address = strings.ToLower(strings.TrimSpace(address))
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || at == len(address)-1 || len(address) > 320 {
		return channels.Person{}, false
	}
	for _, r := range address {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`<>,;:"()[]\`, r) || unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar {
			return channels.Person{}, false
		}
	}
	if strings.Contains(address[:at], "@") || strings.HasPrefix(address[at+1:], ".") {
		return channels.Person{}, false
	}
	name = strings.Trim(headerText(name), `"' `)
	if strings.EqualFold(name, address) {
		name = ""
	}
	return channels.Person{Kind: "mail", Address: address, Name: cutRunes(name, 100)}, true
}

// splitAddresses splits a list at commas and semicolons that stand outside
// quotes and angle brackets.
func splitAddresses(v string) []string {
	var items []string
	quoted, angle, from := false, false, 0
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case (c == ',' || c == ';') && !angle:
			items = append(items, v[from:i])
			from = i + 1
		}
	}
	if quoted { // a quote that is never closed is none
		return strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' })
	}
	return append(items, v[from:])
}

// patientAddress finds the address in an item like `Li, Wei <li@x>`, `li@x (Li)`
// or `"li@x" li@x`.
func patientAddress(item string) (channels.Person, bool) {
	item = strings.TrimSpace(item)
	if i := strings.LastIndexByte(item, '<'); i >= 0 {
		address, _, _ := strings.Cut(item[i+1:], ">")
		address = strings.Join(strings.Fields(address), "")
		if p, ok := mailPerson(address, item[:i]); ok {
			return p, true
		}
	}
	for _, w := range strings.Fields(mimeUncomment(item)) {
		w = strings.Trim(w, `<>"',;`)
		if p, ok := mailPerson(strings.TrimPrefix(w, "mailto:"), ""); ok {
			return p, true
		}
	}
	return channels.Person{}, false
}

// mailFrom says who sent a mail: the first of From, or else of Sender, or else
// the envelope's sender. certain is false if From is missing, names several, or
// is written so that programs may read it differently; of such a sender nothing
// can be proven.
func mailFrom(h *mimeHeader) (p channels.Person, certain bool) {
	var from []channels.Person
	certain = true
	for _, v := range h.all("From") {
		list, proper := mailAddressList(v)
		from = append(from, list...)
		certain = certain && proper
	}
	if len(from) > 0 {
		return from[0], certain && len(h.all("From")) == 1 && len(from) == 1
	}
	for _, name := range []string{"Sender", "Return-Path", "X-Envelope-From"} {
		if as := mailAddresses(h.get(name)); len(as) > 0 {
			return as[0], false
		}
	}
	return channels.Person{}, false
}

// replyTo returns where the sender wants answers: one valid address that is
// neither From nor ours.
func (r Reader) replyTo(h *mimeHeader, from channels.Person) channels.Person {
	var to []channels.Person
	for _, v := range h.all("Reply-To") {
		for _, p := range mailAddresses(v) {
			if !slices.ContainsFunc(to, p.Is) {
				to = append(to, p)
			}
		}
	}
	if len(to) != 1 || to[0].Is(from) || r.own(to[0].Address) {
		return channels.Person{}
	}
	return to[0]
}

// mailTo returns everybody addressed, and the addresses by which it reached us
// where they tell more, as with aliases and blind copies.
func mailTo(h *mimeHeader) []channels.Person {
	var to []channels.Person
	for _, name := range []string{"To", "Cc", "Delivered-To", "X-Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"} {
		for _, v := range h.all(name) {
			for _, p := range mailAddresses(v) {
				if len(to) < maxAddresses && !slices.ContainsFunc(to, p.Is) {
					to = append(to, p)
				}
			}
		}
	}
	return to
}

// own reports whether an address is one of ours.
func (r Reader) own(address string) bool {
	if address == "" {
		return false
	}
	address = r.unplus(address)
	return slices.ContainsFunc(r.Own, func(o string) bool { return r.unplus(o) == address })
}

// unplus returns an address in lower case, without what is plussed on.
func (r Reader) unplus(address string) string {
	delimiter := r.Delimiter
	if delimiter == "" {
		delimiter = "+"
	}
	local, domain, ok := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "@")
	if !ok {
		return address
	}
	if i := strings.Index(local, delimiter); i > 0 {
		local = local[:i]
	}
	return local + "@" + domain
}
