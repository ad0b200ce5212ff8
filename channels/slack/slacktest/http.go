package slacktest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"time"
)

// receiver is where the HTTP Events API delivers: a handler in this process, or
// a URL.
type receiver struct {
	handler http.Handler
	url     string
	client  *http.Client
}

// DeliverTo makes events, interactions and commands go to a handler by HTTP
// while no socket is open. path is what the request names.
func (w *World) DeliverTo(h http.Handler, path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = receiver{handler: h, url: cmp.Or(path, "/")}
	w.change()
}

// DeliverToURL is DeliverTo for a server that listens on loopback.
func (w *World) DeliverToURL(address string, client *http.Client) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if h := u.Hostname(); h != "127.0.0.1" && h != "::1" && h != "localhost" {
		return fmt.Errorf("slacktest: %s is not on loopback", address)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = receiver{url: address, client: cmp.Or(client, http.DefaultClient)}
	w.change()
	return nil
}

// Sign returns the headers of a signed request, as of now
// (https://docs.slack.dev/authentication/verifying-requests-from-slack).
func (w *World) Sign(body []byte) http.Header {
	ts := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(w.app.secret))
	fmt.Fprintf(mac, "v0:%s:%s", ts, body)
	return http.Header{"X-Slack-Request-Timestamp": {ts}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))}}
}

// sendHTTP makes one attempt by HTTP.
func (d *delivery) sendHTTP(id string, attempt int, reason string) {
	w := d.w
	body, kind := d.body()
	ctx, cancel := context.WithTimeout(w.gone, ackWithin)
	defer cancel()
	header := w.Sign(body)
	header.Set("Content-Type", kind)
	header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	if attempt > 0 {
		header.Set("X-Slack-Retry-Num", strconv.Itoa(attempt))
		header.Set("X-Slack-Retry-Reason", reason)
	}
	w.mu.Lock()
	to := w.events
	w.mu.Unlock()
	status, answer, response, err := to.post(ctx, body, header)

	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.change()
	switch {
	case d.id != id || !w.deliveries[d] || w.closed:
	case errors.Is(err, context.DeadlineExceeded):
		d.fail("http_timeout")
	case err != nil:
		d.fail("connection_failed")
	case status/100 == 2:
		if json.Valid(response) {
			d.acknowledge(response)
		} else {
			d.acknowledge(nil)
		}
	case answer.Get("X-Slack-No-Retry") == "1":
		w.stats.Unacked++
		d.lose()
	default:
		d.fail("http_error")
	}
}

// body is d as HTTP carries it: JSON for events, a form for the rest.
func (d *delivery) body() (body []byte, contentType string) {
	b, err := json.Marshal(d.payload)
	if err != nil {
		panic(err) // made of what came as JSON
	}
	const form = "application/x-www-form-urlencoded"
	switch d.kind {
	case "events_api":
		return b, "application/json"
	case "slash_commands":
		v := url.Values{}
		for k, x := range d.payload {
			v.Set(k, fmt.Sprint(x))
		}
		return []byte(v.Encode()), form
	}
	return []byte(url.Values{"payload": {string(b)}}.Encode()), form
}

// post makes the request. A handler that does not return in time is left alone,
// as a server is whose client hangs up.
func (r receiver) post(ctx context.Context, body []byte, h http.Header) (status int, answer http.Header, response []byte, err error) {
	target := r.url
	if r.handler != nil {
		target = "http://app.test" + r.url
	}
	req, err := http.NewRequestWithContext(ctx, "POST", target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header = h
	if r.handler == nil {
		resp, err := r.client.Do(req)
		if err != nil {
			return 0, nil, nil, err
		}
		defer resp.Body.Close()
		response, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		return resp.StatusCode, resp.Header, response, err
	}
	req.RequestURI, req.RemoteAddr = r.url, "192.0.2.1:1234"
	rec, done := httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(done)
		r.handler.ServeHTTP(rec, req)
	}()
	select {
	case <-done:
		return rec.Code, rec.Header(), rec.Body.Bytes(), nil
	case <-ctx.Done():
		return 0, nil, nil, ctx.Err()
	}
}

// VerifyURL does what Slack does when a request URL is entered: it sends a
// challenge, which must come back.
func (w *World) VerifyURL(ctx context.Context) error {
	const challenge = "3eZbrw1aB10FEMAGAZd4FyFQ"
	body, err := json.Marshal(object{"type": "url_verification", "token": w.app.verification, "challenge": challenge})
	if err != nil {
		return err
	}
	h := w.Sign(body)
	h.Set("Content-Type", "application/json")
	w.mu.Lock()
	to := w.events
	w.mu.Unlock()
	status, _, response, err := to.post(ctx, body, h)
	if err != nil {
		return err
	}
	if status != 200 || !bytes.Contains(response, []byte(challenge)) {
		return fmt.Errorf("slacktest: the challenge was answered with %d %.200q", status, response)
	}
	return nil
}
