package main

import (
	"cmp"
	"fmt"
	"net"
	"strings"
)

// What to paste.
const (
	imapSnippet = "imap: {host: imap.acme.example, user: support, password_env: IMAP_PASSWORD}"
	smtpSnippet = "smtp: {host: smtp.acme.example, user: support, password_env: SMTP_PASSWORD}"
)

// mail reads what belongs to a channel of type mail only.
func (r *configReader) mail(b *configBlock) *MailConfig {
	address := b.need("address", "address: support@acme.example")
	m := &MailConfig{Address: address.mail()}
	r.address(address, m.Address, ofChannel)
	for _, item := range b.take("aliases").list() {
		alias := item.mail()
		r.address(item, alias, ofChannel)
		if alias != "" {
			m.Aliases = append(m.Aliases, alias)
		}
	}
	m.IMAP = r.imap(b.need("imap", imapSnippet))
	m.SMTP = r.smtp(b.need("smtp", smtpSnippet))

	staff, complaints := b.need("staff", "staff: escalations@acme.example"), b.take("complaints")
	m.Staff, m.StaffChannel = r.desk(staff)
	if m.Complaints, m.ComplaintsChannel = r.desk(complaints); complaints == nil {
		m.Complaints, m.ComplaintsChannel = m.Staff, m.StaffChannel
	}

	id := b.take("authserv_id")
	m.AuthservID = id.text()
	if strings.ContainsAny(m.AuthservID, " \t;") {
		id.problem(fmt.Sprintf("%q is more than a server's name", m.AuthservID), "write the first word after `Authentication-Results:`, without the semicolon")
	}
	return m
}

// desk reads where people read what a mailbox hands over: at an address, or in a
// channel of Slack, which [configReader.checkDesks] looks for.
func (r *configReader) desk(v *configValue) (address, channel string) {
	if s := v.text(); s != "" && !strings.Contains(s, "@") {
		r.desks = append(r.desks, placedDesk{v, s})
		return "", s
	}
	address = v.mail()
	r.address(v, address, ofDesk)
	return address, ""
}

func (r *configReader) imap(v *configValue) IMAPConfig {
	b := v.block()
	c := IMAPConfig{Host: b.need("host", "host: imap.acme.example").host()}
	c.Port, c.TLS, c.Insecure = r.security(b, c.Host, map[int]string{143: tlsStart, 993: tlsImplicit},
		tlsImplicit, map[string]int{tlsImplicit: 993, tlsStart: 143, tlsNone: 143})
	c.User = b.need("user", "user: support").text()
	c.Password = b.secret(password, true)
	c.Folder = cmp.Or(b.take("folder").text(), "INBOX")
	b.end()
	if c.Host != "" && c.User != "" {
		r.mailboxes = append(r.mailboxes, placedMailbox{v, c})
	}
	return c
}

func (r *configReader) smtp(v *configValue) SMTPConfig {
	b := v.block()
	c := SMTPConfig{Host: b.need("host", "host: smtp.acme.example").host()}
	c.Port, c.TLS, c.Insecure = r.security(b, c.Host, map[int]string{465: tlsImplicit, 587: tlsStart},
		tlsStart, map[string]int{tlsImplicit: 465, tlsStart: 587, tlsNone: 25})
	user := b.take("user")
	c.User = user.text()
	c.Password = b.secret(secretKind{password.key, password.what, "SMTP_PASSWORD"}, user != nil)
	if user == nil && c.Password != (Secret{}) {
		b.missing("user", "user: support")
	}
	if c.User != "" && c.TLS == tlsNone && c.Host != "" && !loopback(c.Host) {
		user.problem("with `tls: none` the password would be readable on the way to "+c.Host, "write `tls: starttls`, or remove user and password")
	}
	b.end()
	return c
}

// security reads `port`, `tls` and `insecure`. A port that is made for one kind
// of TLS decides it where `tls` does not.
func (r *configReader) security(b *configBlock, host string, byPort map[int]string, standard string, ports map[string]int) (port int, tls string, insecure bool) {
	t, i := b.take("tls"), b.take("insecure")
	port = b.take("port").number(1, 65535)
	tls = cmp.Or(t.oneOf(tlsImplicit, tlsStart, tlsNone), byPort[port], standard)
	port = cmp.Or(port, ports[tls])
	insecure = i.yes()
	switch {
	case insecure && tls != tlsNone:
		i.problem("this is only for `tls: none`, and does not turn off the check of certificates", "remove the line")
	case !insecure && tls == tlsNone && host != "" && !loopback(host):
		t.problem("mails and passwords would be readable on the way to "+host, "write implicit or starttls, or add `insecure: true` if the network is safe")
	}
	return port, tls, insecure
}

// loopback reports whether host is this machine by its very name.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
