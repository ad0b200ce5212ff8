package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-smtp"
)

// probeError finds out why a step failed. An error that already is a ProbeError
// keeps its cause.
func probeError(step Step, err error) *ProbeError {
	var e *ProbeError
	if !errors.As(err, &e) {
		e = causeOf(err)
	}
	e.Step = step
	return e
}

// causeOf reads the types of err, never its text.
func causeOf(err error) *ProbeError {
	e := &ProbeError{Cause: CauseUnknown, Err: err}
	var (
		dns     *net.DNSError
		name    x509.HostnameError
		issuer  x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		alert   tls.AlertError
		timeout net.Error
		imapErr *imap.Error
		smtpErr *smtp.SMTPError
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Cause = CauseNoHost
	case errors.As(err, &dns):
		e.Cause = CauseLookup
	case errors.As(err, &name):
		e.Cause = CauseWrongName
		e.Names = slices.Clone(name.Certificate.DNSNames)
		for _, ip := range name.Certificate.IPAddresses {
			e.Names = append(e.Names, ip.String())
		}
	case errors.As(err, &issuer):
		e.Cause = CauseUnknownIssuer
		if issuer.Cert != nil {
			e.Names = []string{tidy(issuer.Cert.Issuer.String())}
		}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		e.Cause, e.At = CauseExpired, invalid.Cert.NotAfter
		if time.Now().Before(invalid.Cert.NotBefore) {
			e.Cause, e.At = CauseNotYet, invalid.Cert.NotBefore
		}
	case errors.As(err, &alert), errors.As(err, new(*tls.CertificateVerificationError)), errors.As(err, new(tls.RecordHeaderError)):
		e.Cause = CauseHandshake
	case errors.As(err, &imapErr):
		e.Cause, e.Said = CauseAnswer, tidy(imapErr.Text)
	case errors.As(err, &smtpErr):
		e.Cause, e.Code, e.Said = CauseAnswer, smtpErr.Code, tidy(smtpErr.Message)
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Cause = CauseRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		e.Cause = CauseUnreachable
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Cause = CauseSilent
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		e.Cause = CauseClosed
	}
	return e
}
