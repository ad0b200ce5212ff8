package mail

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"regexp"
	"strings"
	"time"
)

// The files probe*.go try a server for an operator who sets up: the same steps
// that [Source] and [Sender] take, one by one, each with its duration and its
// own failure. Nothing is retried and nothing in the mailbox is changed.

// Step is one thing that a probe tries.
type Step string

// The steps, in the order in which they are tried. With STARTTLS the greeting
// comes before TLS and is part of it.
const (
	StepSettings  Step = "settings" // what cannot be tried at all
	StepConnect   Step = "connect"
	StepTLS       Step = "tls"
	StepGreeting  Step = "greeting"
	StepLogin     Step = "login"
	StepFolder    Step = "folder"    // IMAP: open it for reading
	StepSender    Step = "sender"    // SMTP: MAIL FROM our address
	StepRecipient Step = "recipient" // SMTP: RCPT TO
	StepSend      Step = "send"      // a whole mail
	StepArrival   Step = "arrival"   // … until it is in the folder
)

// Cause is why a step failed, as far as it can be told for sure.
type Cause string

// The causes.
const (
	CauseUnknown       Cause = "unknown"           // only Err says more
	CauseNoHost        Cause = "no such host"      // the name has no address
	CauseLookup        Cause = "lookup failed"     // the name service gave no answer
	CauseRefused       Cause = "refused"           // nobody listens on the port
	CauseUnreachable   Cause = "unreachable"       // there is no way to the host
	CauseSilent        Cause = "silent"            // no answer in time
	CauseClosed        Cause = "closed"            // the server hung up
	CauseWrongName     Cause = "wrong name"        // the certificate is for Names
	CauseUnknownIssuer Cause = "unknown issuer"    // the certificate is signed by somebody (Names) we do not trust
	CauseExpired       Cause = "expired"           // the certificate ended at At
	CauseNotYet        Cause = "not yet valid"     // the certificate begins at At
	CauseHandshake     Cause = "handshake"         // TLS failed in another way
	CausePlain         Cause = "speaks no TLS"     // we spoke TLS, the server speaks in clear
	CauseImplicit      Cause = "wants TLS"         // we spoke in clear, the server wants TLS from the first byte
	CauseNoStartTLS    Cause = "no STARTTLS"       // it is not offered
	CauseProtocol      Cause = "other protocol"    // the server speaks Names[0]
	CauseNoLogin       Cause = "no login"          // no way to log in that we know, or not without TLS
	CauseLogin         Cause = "login refused"     // user or password
	CauseNoFolder      Cause = "no such folder"    // there are Names
	CauseAnswer        Cause = "refused by answer" // the server said no in the words of Said
	CauseElsewhere     Cause = "elsewhere"         // the mail arrived in the folder Names[0]
)

// ProbeError is what was wrong at a step. Which of its fields are set depends on
// the cause.
type ProbeError struct {
	Step  Step
	Cause Cause
	Names []string
	At    time.Time
	Code  int    // SMTP's answer
	Said  string // the server's own words, on one line
	Err   error
}

func (e *ProbeError) Error() string {
	s := fmt.Sprintf("%s: %s", e.Step, e.Cause)
	if e.Said != "" {
		s += fmt.Sprintf(" (%q)", e.Said)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *ProbeError) Unwrap() error { return e.Err }

// Trial is a step that was taken; Err is nil if it went well.
type Trial struct {
	Step Step
	Took time.Duration
	Err  *ProbeError
}

// Approach is what every probe begins with.
type Approach struct {
	Trials   []Trial   // in order; after one that failed there is none
	TLS      string    // as "TLS 1.3"; empty without
	CertEnds time.Time // until when the certificate is valid
	Greeting string    // the server's first line
	Date     time.Time // in the greeting, where a server tells it
}

// Trial returns the trial of a step; nil if it was not taken.
func (a *Approach) Trial(step Step) *Trial {
	for i := range a.Trials {
		if a.Trials[i].Step == step {
			return &a.Trials[i]
		}
	}
	return nil
}

// Failed returns what went wrong; nil if all went well.
func (a *Approach) Failed() *ProbeError {
	for _, t := range a.Trials {
		if t.Err != nil {
			return t.Err
		}
	}
	return nil
}

// try takes a step, and reports whether it went well.
func (a *Approach) try(step Step, do func() error) bool {
	began := time.Now()
	err := do()
	t := Trial{Step: step, Took: time.Since(began)}
	if err != nil {
		t.Err = probeError(step, err)
	}
	a.Trials = append(a.Trials, t)
	return err == nil
}

// approach connects, speaks TLS if that is implicit, and waits for the greeting,
// which the caller still finds to read. It returns nil if it failed. Ending ctx
// cuts the connection.
func (a *Approach) approach(ctx context.Context, e *endpoint, protocol string) *opener {
	e.tlsConfig = e.tlsConfig.Clone()
	e.tlsConfig.VerifyConnection = func(cs tls.ConnectionState) error {
		a.TLS, a.CertEnds = tls.VersionName(cs.Version), cs.PeerCertificates[0].NotAfter
		return nil
	}
	var o *opener
	ok := a.try(StepConnect, func() error {
		conn, err := e.raw(ctx)
		if err == nil {
			o = newOpener(conn)
		}
		return err
	})
	if !ok {
		return nil
	}
	whole := o // TLS, if it comes, is around it
	context.AfterFunc(ctx, func() { whole.Close() })
	if e.tls == TLSImplicit {
		ok = a.try(StepTLS, func() error {
			secure := tls.Client(o, e.tlsConfig)
			ctx, cancel := context.WithTimeout(ctx, e.timeout)
			defer cancel()
			if err := secure.HandshakeContext(ctx); err != nil {
				return otherwise(err, protocol, o.heard())
			}
			o = newOpener(secure)
			return nil
		})
	}
	if !ok {
		o.Close()
		return nil
	}
	began := time.Now()
	line, err := o.greeting(e.timeout)
	switch {
	case err != nil && e.tls != TLSImplicit && e.speaksTLS(ctx):
		err = &ProbeError{Cause: CauseImplicit, Err: err}
	case err == nil && speaks(line) != protocol:
		err = &ProbeError{Cause: CauseProtocol, Names: []string{speaks(line)}, Said: tidy(string(line))}
	}
	if err != nil {
		o.Close()
		a.Trials = append(a.Trials, Trial{StepGreeting, time.Since(began), probeError(StepGreeting, err)})
		return nil
	}
	a.Greeting = tidy(string(line))
	a.Date = dateIn(a.Greeting)
	return o
}

// otherwise explains a failed handshake by what the server said in clear.
func otherwise(err error, protocol string, heard []byte) error {
	if !errors.As(err, new(tls.RecordHeaderError)) {
		return err
	}
	if other := speaks(heard); other != protocol && other != "" {
		return &ProbeError{Cause: CauseProtocol, Names: []string{other}, Err: err}
	}
	return &ProbeError{Cause: CausePlain, Err: err}
}

// raw dials without TLS.
func (e *endpoint) raw(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	return e.dial(ctx, "tcp", e.address())
}

// speaksTLS reports whether the server answers to TLS from the first byte,
// whoever it is.
func (e *endpoint) speaksTLS(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	conn, err := e.raw(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	// Nothing is said over this connection, so nothing needs to be verified.
	return tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: e.host}).HandshakeContext(ctx) == nil
}

// opener is a connection whose beginning can be looked at without taking it.
type opener struct {
	net.Conn
	r     *bufio.Reader
	early []byte // the first bytes that came
}

func newOpener(conn net.Conn) *opener { return &opener{Conn: conn, r: bufio.NewReaderSize(conn, 4096)} }

func (o *opener) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	if room := keptEarly - len(o.early); room > 0 {
		o.early = append(o.early, p[:min(n, room)]...)
	}
	return n, err
}

const keptEarly = 4096

// heard is what came first, up to keptEarly bytes. It must not be called beside
// Read.
func (o *opener) heard() []byte { return o.early }

// Close cuts the connection without TLS's farewell, which could wait.
func (o *opener) Close() error {
	if t, ok := o.Conn.(*tls.Conn); ok {
		return t.NetConn().Close()
	}
	return o.Conn.Close()
}

// greeting waits for the first line and leaves it to be read.
func (o *opener) greeting(timeout time.Duration) ([]byte, error) {
	o.SetReadDeadline(time.Now().Add(timeout))
	defer o.SetReadDeadline(time.Time{})
	for n := 1; ; n = o.r.Buffered() + 1 {
		_, err := o.r.Peek(n)
		got, _ := o.r.Peek(o.r.Buffered())
		line, _, whole := bytes.Cut(got, []byte("\n"))
		switch {
		case whole, len(got) >= 2048, len(got) > 0 && got[0] < ' ': // text, too much of it, or none
			return line, nil
		case err != nil:
			return line, err
		}
	}
}

// speaks names the protocol that a server's first line belongs to.
func speaks(line []byte) string {
	s := string(line)
	digits := len(s) >= 4 && strings.Trim(s[:3], "0123456789") == "" && (s[3] == ' ' || s[3] == '-')
	switch {
	case strings.HasPrefix(s, "* "):
		return "IMAP"
	case digits && strings.Contains(strings.ToUpper(s), "FTP") && !strings.Contains(strings.ToUpper(s), "SMTP"):
		return "FTP"
	case digits:
		return "SMTP"
	case strings.HasPrefix(s, "+OK"), strings.HasPrefix(s, "-ERR"):
		return "POP3"
	case strings.HasPrefix(s, "HTTP/"):
		return "HTTP"
	case strings.HasPrefix(s, "SSH-"):
		return "SSH"
	}
	return ""
}

var greetingDate = regexp.MustCompile(`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), +\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:[+-]\d{4}|[A-Z]{2,4})`)

// dateIn finds the time that some servers tell in their greeting.
func dateIn(greeting string) time.Time {
	t, err := netmail.ParseDate(greetingDate.FindString(greeting))
	if err != nil {
		return time.Time{}
	}
	return t
}

// tidy makes a foreign text one short line.
func tidy(s string) string { return cutRunes(oneLine(strings.ToValidUTF8(s, "?")), 300) }
