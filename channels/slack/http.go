package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	slackapi "github.com/slack-go/slack"

	"frontdesk/channels"
)

const (
	// answerTime is how long a request may take. Slack gives up after three
	// seconds.
	answerTime = 2500 * time.Millisecond
	bodyLimit  = 4 << 20
	// bodiesMost is how many requests are taken at once. Slack sends the others again.
	bodiesMost = 64
)

// ServeHTTP takes the requests of the Events API, of interactivity and of slash
// commands, all at one address. A request is answered with 200 after it was
// recorded, with 503 when it could not be: then Slack sends it again, at once,
// after one minute and after five. How often it was sent already plays no part:
// the retry may be the only one that arrives.
func (c *Channel) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if c.cfg.SigningSecret == "" {
		http.NotFound(w, req)
		return
	}
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
		return
	}
	// Who cannot show when it was signed, and that it was just now, is not read at all.
	v, err := slackapi.NewSecretsVerifier(req.Header, c.cfg.SigningSecret)
	if err != nil {
		c.log.Warn("request without a valid signature", "err", err)
		http.Error(w, "not signed", http.StatusUnauthorized)
		return
	}
	if n := c.intake.bodies.Add(1); n > bodiesMost {
		c.intake.bodies.Add(-1)
		http.Error(w, "too many requests at once", http.StatusServiceUnavailable)
		return
	}
	defer c.intake.bodies.Add(-1)
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, bodyLimit))
	if err != nil {
		status := http.StatusBadRequest
		if errors.As(err, new(*http.MaxBytesError)) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "the body cannot be read", status)
		return
	}
	if err := signed(&v, body); err != nil {
		c.log.Warn("request without a valid signature", "err", err, "size", len(body))
		http.Error(w, "not signed", http.StatusUnauthorized)
		return
	}
	if challenge, ok := verification(body); ok {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		io.WriteString(w, challenge)
		return
	}
	r := c.intake.running.Load()
	if r == nil || !r.enter() {
		http.Error(w, "not running", http.StatusServiceUnavailable)
		return
	}
	defer r.small.Done()
	if n := req.Header.Get("X-Slack-Retry-Num"); n != "" && n != "0" {
		r.retried.Store(true)
	}
	raw, ok := canonicalBody(req.Header.Get("Content-Type"), body)
	if !ok { // ssl_check: a question whether we are there
		return
	}
	r.serve(w, req, raw)
}

// signed checks Slack's signature: HMAC-SHA256 over time and body, compared in
// constant time, at most five minutes old
// (docs.slack.dev/authentication/verifying-requests-from-slack).
func signed(v *slackapi.SecretsVerifier, body []byte) error {
	if _, err := v.Write(body); err != nil {
		return err
	}
	return v.Ensure()
}

// verification is the question that Slack asks when the address is entered in the
// settings of the app.
func verification(body []byte) (challenge string, ok bool) {
	var q struct {
		Type      str `json:"type"`
		Challenge str `json:"challenge"`
	}
	if json.Unmarshal(body, &q) != nil || q.Type != "url_verification" {
		return "", false
	}
	return string(q.Challenge), true
}

// canonicalBody is the payload in a body; ok is false if there is none to be
// recorded. What cannot be read is recorded as it is.
func canonicalBody(contentType string, body []byte) (raw []byte, ok bool) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return body, true
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return body, true
	}
	if form.Get("ssl_check") != "" && form.Get("command") == "" && form.Get("payload") == "" {
		return nil, false
	}
	return canonicalForm(form), true
}

// serve records a payload and answers.
func (r *run) serve(w http.ResponseWriter, req *http.Request, raw []byte) {
	ctx, cancel := context.WithTimeout(req.Context(), answerTime)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	type outcome struct {
		reply channels.Reply
		err   error
	}
	told := make(chan outcome, 1)
	j := &job{live: true, once: ctx, done: func(reply channels.Reply, err error) { told <- outcome{reply, err} }}
	j.in, j.meta = r.read(raw)
	var o outcome
	if o.err = r.submit(ctx, j, answerTime); o.err == nil {
		select {
		case o = <-told:
		case <-ctx.Done(): // the handler takes longer than it may; what it does is told to nobody
			o.err = ctx.Err()
		}
	}
	if o.err != nil {
		r.missed("a request could not be recorded")
		r.log.Warn("request is not taken, slack will send it again", "key", j.in.Keys[0], "err", o.err)
		http.Error(w, "not recorded", http.StatusServiceUnavailable)
		return
	}
	if answer := r.answer(j, o.reply); answer != nil {
		w.Header().Set("Content-Type", "application/json")
		w.Write(answer)
	} else {
		w.WriteHeader(http.StatusOK)
	}
	r.draw(j, o.reply)
	r.after(j)
}
