package slack

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// networkError finds out why there was no answer. It reads the types of err, never
// its text.
func networkError(step Step, host string, err error) *ProbeError {
	e := &ProbeError{Step: step, Cause: CauseUnknown, Host: host, Err: err}
	var (
		dns     *net.DNSError
		issuer  x509.UnknownAuthorityError
		verify  *tls.CertificateVerificationError
		header  tls.RecordHeaderError
		timeout net.Error
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Cause = CauseNoHost
	case errors.As(err, &dns):
		e.Cause = CauseLookup
	case errors.As(err, &issuer):
		e.Cause = CauseIssuer
		if issuer.Cert != nil {
			e.Names = []string{issuer.Cert.Issuer.String()}
		}
	case errors.As(err, &verify), errors.As(err, &header):
		e.Cause = CauseCertificate
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
