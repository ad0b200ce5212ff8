package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"frontdesk/channels/mail"
)

// This file says in plain words why a mail server could not be used, and what to
// do.

// explain makes a finding of a failed step.
func (p mailServer) explain(e *mail.ProbeError) finding {
	f := p.words(e)
	if e.Said != "" {
		f.More = append(f.More, fmt.Sprintf("its words: %s", e.Said))
	}
	return f
}

func (p mailServer) words(e *mail.ProbeError) finding {
	usual := "IMAP has port 993 with `tls: implicit`, and 143 with `tls: starttls`"
	if p.protocol == "SMTP" {
		usual = "sending has port 587 with `tls: starttls`, and 465 with `tls: implicit`"
	}
	switch e.Cause {
	case mail.CauseNoHost:
		do := "check `host` in " + p.key + "; your mail provider tells the name"
		if strings.HasSuffix(p.host, ".acme.example") {
			do = "this is the sample's name: write your mail provider's as `host` in " + p.key
		}
		return fail(do, "there is no server %s", p.host)
	case mail.CauseLookup:
		return fail("check this machine's network and name service (/etc/resolv.conf)", "the name %s cannot be looked up: the name service gives no answer", p.host)
	case mail.CauseRefused:
		return fail(fmt.Sprintf("check `port` in %s: %s; if it is right, the server is down", p.key, usual), "nobody listens on port %d of %s", p.port, p.host)
	case mail.CauseUnreachable:
		return fail("check this machine's network", "there is no way from here to %s", p.host)
	case mail.CauseSilent:
		if e.Step == mail.StepConnect {
			return fail(fmt.Sprintf("check `host` and `port` in %s: %s; a firewall may be in between (many networks let nobody out on port 25)", p.key, usual),
				"%s does not answer within %v", p.where(), p.patience)
		}
		return fail("try again; if it stays, the server is overloaded, or something in between swallows what it says", "%s takes the connection, but says nothing within %v", p.where(), p.patience)
	case mail.CauseClosed:
		return fail("try again; if it stays, ask the mail provider whether this machine's address is blocked", "%s hung up (%s)", p.where(), stepWords[e.Step])
	case mail.CauseProtocol:
		if len(e.Names) == 0 || e.Names[0] == "" {
			return fail(fmt.Sprintf("check `host` and `port` in %s: %s", p.key, usual), "what answers on port %d of %s is no mail server", p.port, p.host)
		}
		return fail(fmt.Sprintf("check `port` in %s: %s", p.key, usual), "port %d of %s speaks %s, not %s", p.port, p.host, e.Names[0], p.protocol)
	case mail.CausePlain:
		return fail(fmt.Sprintf("write `tls: starttls` in %s, or the port for TLS: %s", p.key, usual), "port %d of %s does not speak TLS from the first byte", p.port, p.host)
	case mail.CauseImplicit:
		return fail(fmt.Sprintf("write `tls: implicit` in %s, or the port without: %s", p.key, usual), "port %d of %s wants TLS from the first byte", p.port, p.host)
	case mail.CauseNoStartTLS:
		return fail(fmt.Sprintf("write `tls: implicit` in %s, with the port for it: %s", p.key, usual), "%s does not offer STARTTLS", p.where())
	}
	if f, isCertificate := p.certificate(e); isCertificate {
		return f
	}
	return p.refusal(e)
}

// certificate says what is wrong with the server's proof of who it is.
func (p mailServer) certificate(e *mail.ProbeError) (finding, bool) {
	switch e.Cause {
	case mail.CauseWrongName:
		names := strings.Join(e.Names, ", ")
		if names == "" {
			names = "nobody by name"
		}
		return fail(fmt.Sprintf("write the name that the certificate is for as `host` in %s, if it is your mail provider's", p.key),
			"the certificate of %s is for %s, not for %s", p.where(), names, p.host), true
	case mail.CauseUnknownIssuer:
		return fail("if the server is your own, add its CA to the certificates that this machine trusts (on Debian into /usr/local/share/ca-certificates, then update-ca-certificates), or name it in SSL_CERT_FILE; in a container, install ca-certificates; else somebody may be listening in between",
			"the certificate of %s is signed by %q, whom this machine does not trust", p.where(), strings.Join(e.Names, ", ")), true
	case mail.CauseExpired:
		return fail("ask the server's keeper to renew it; if that day is still to come, this machine's clock is wrong", "the certificate of %s ended on %s", p.where(), e.At.Format(time.DateOnly)), true
	case mail.CauseNotYet:
		return fail("check this machine's clock", "the certificate of %s begins only on %s", p.where(), e.At.Format(time.DateOnly)), true
	case mail.CauseHandshake:
		return fail("ask the server's keeper for TLS 1.2 or newer", "%s and this program find no TLS in common: %v", p.where(), e.Err), true
	}
	return finding{}, false
}

// refusal says what the server refused after it was reached.
func (p mailServer) refusal(e *mail.ProbeError) finding {
	switch {
	case e.Cause == mail.CauseLogin:
		return fail(fmt.Sprintf("check `user` in %s and the password in %s; providers with two-step login (Gmail, Microsoft 365, iCloud, QQ, 163 and others) want an app password (授权码) instead of the account's, and %s switched on in the mailbox's settings", p.key, p.password.where(), p.protocol),
			"%s refuses the login as %s: wrong user or password", p.host, p.user)
	case e.Cause == mail.CauseNoLogin && p.tls == tlsNone:
		return fail("write `tls: implicit` or `tls: starttls` in "+p.key, "%s allows no login without TLS", p.where())
	case e.Cause == mail.CauseNoLogin:
		return fail("ask the mail provider for a login with user and password (PLAIN or LOGIN), by an app password", "%s offers no login with a password", p.where())
	case e.Cause == mail.CauseNoFolder:
		there := e.Names
		if len(there) > 20 {
			there = append(there[:20:20], "…")
		}
		return fail(fmt.Sprintf("write one of these as `folder` in %s, spelled the same: %s", p.key, strings.Join(there, ", ")), "the folder that is to be read does not exist")
	case e.Step == mail.StepFolder && e.Cause == mail.CauseAnswer:
		return fail("see in the mailbox's settings at the provider whether programs may read it by IMAP (163.com: 客户端授权)", "%s does not open the folder", p.host)
	case e.Step == mail.StepSender && e.Code == 530:
		return fail("write `user` and `password_env` in "+p.key, "%s wants a login before it takes mail", p.host)
	case e.Step == mail.StepSender && e.Cause == mail.CauseAnswer:
		return fail("allow the login to send from this address (an alias or \"send as\" at the provider), or log in with the address's own account", "%s does not let %s send from the channel's address: %d", p.host, cmp.Or(p.user, "us"), e.Code)
	case e.Step == mail.StepRecipient && e.Cause == mail.CauseAnswer:
		return fail("check that `address` is a real address at this server", "%s takes no mail for the channel's own address: %d", p.host, e.Code)
	case e.Cause == mail.CauseAnswer:
		return fail("try again later; if it stays, ask the mail provider", "%s refuses us (%s)", p.where(), stepWords[e.Step])
	}
	return fail("try again; if it stays, ask the mail provider", "%s: %v", p.where(), e)
}

// where names the place of a password.
func (s Secret) where() string {
	if s.Env != "" {
		return s.Env
	}
	return s.File
}

var stepWords = map[mail.Step]string{
	mail.StepSettings:  "before anything was tried",
	mail.StepConnect:   "while connecting",
	mail.StepTLS:       "while TLS was agreed",
	mail.StepGreeting:  "at the greeting",
	mail.StepLogin:     "at the login",
	mail.StepFolder:    "when the folder was opened",
	mail.StepSender:    "when the sender was named",
	mail.StepRecipient: "when the recipient was named",
	mail.StepSend:      "while a mail was sent",
	mail.StepArrival:   "while a mail was waited for",
}
