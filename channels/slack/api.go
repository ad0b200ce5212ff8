package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	slackapi "github.com/slack-go/slack"
)

const (
	callLimit  = 30 * time.Second // for one call, the reading of its answer included
	fileLimit  = 10 * time.Minute // for the bytes of one file, in or out
	answerSize = 16 << 20         // bytes of an answer; a page of 200 messages has a few MB at worst
)

// web is the Web API as we call it.
type web struct {
	once   sync.Once
	client *slackapi.Client
	http   *http.Client
	wires  *http.Transport
}

// client is the one client for the Web API. Calls of it need no deadline of
// their own: each ends after callLimit. None is repeated by itself: what to do
// about a failure is for the outbox to say, and OptionRetry would hold a worker for
// the whole of a Retry-After.
func (c *Channel) client() *slackapi.Client {
	c.connectivity()
	return c.web.client
}

// httpClient is what client uses. It also serves for the bytes of files, which are
// no calls.
func (c *Channel) httpClient() *http.Client {
	c.connectivity()
	return c.web.http
}

func (c *Channel) connectivity() {
	c.web.once.Do(func() {
		dial := c.cfg.Dial
		if dial == nil {
			dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
		}
		c.web.wires = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dial,
			ForceAttemptHTTP2:     c.cfg.Dial == nil,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: callLimit,
			IdleConnTimeout:       90 * time.Second,
			MaxIdleConnsPerHost:   16, // as many as the outbox has workers
		}
		if c.cfg.Dial != nil {
			c.web.wires.Proxy = nil
		}
		base := c.cfg.APIURL
		if !strings.HasSuffix(base, "/") {
			base += "/" // slack-go puts the method right behind it
		}
		c.web.http = &http.Client{
			Timeout: fileLimit,
			Transport: &tripper{next: c.web.wires, base: base, token: c.cfg.BotToken, free: c.cfg.Dial != nil,
				limited: c.pace.block},
			CheckRedirect: func(req *http.Request, via []*http.Request) error {
				// No method of the Web API redirects; a proxy that does would get the token.
				if len(via) >= 5 || strings.HasPrefix(via[0].URL.String(), base) {
					return http.ErrUseLastResponse
				}
				return nil
			},
		}
		c.web.client = slackapi.New(c.cfg.BotToken, slackapi.OptionAPIURL(base), slackapi.OptionHTTPClient(c.web.http),
			slackapi.OptionAppLevelToken(c.cfg.AppToken))
	})
}

// Close closes the connections that wait for the next call.
func (c *Channel) Close() error {
	c.connectivity()
	c.web.wires.CloseIdleConnections()
	return nil
}

// call is what is known of one call of the Web API, from the bytes alone. slack-go
// 0.35 takes an odd element in the echo of a message for a failure although the
// message stands, and an empty object for a success.
type call struct {
	method  string
	begun   bool        // the request reached the transport
	wrote   atomic.Bool // its headers went out: from here on Slack may have acted
	status  int         // of HTTP; 0 without an answer
	body    []byte
	bodyErr error

	ok         bool
	code       string // Slack's error
	needed     string // the scopes that a refusal is for want of
	ts         string
	channel    string // its id
	retryAfter time.Duration
}

type callKey struct{}

// watched is ctx for one call, and what will be known of it.
func watched(ctx context.Context) (context.Context, *call) {
	k := &call{}
	return context.WithValue(ctx, callKey{}, k), k
}

// tripper carries requests. Those that are calls of the Web API get a deadline, the
// token as a header too (slack-go sends it as a form field for most methods, which
// not everything that speaks this API reads), and a witness: see call.
type tripper struct {
	next    http.RoundTripper
	base    string // what the address of a call begins with
	token   string
	free    bool // connections are not the network's
	limited func(method string, until time.Time)
}

func (t *tripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := reachable(req.URL, t.free); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(req.URL.String(), t.base) {
		return t.next.RoundTrip(req)
	}
	k, _ := req.Context().Value(callKey{}).(*call)
	if k == nil {
		k = &call{}
	}
	k.begun = true
	k.method = strings.TrimPrefix(req.URL.Path, mustPath(t.base))

	ctx, cancel := context.WithTimeout(req.Context(), callLimit)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { k.wrote.Store(true) }})
	req = req.Clone(ctx)
	if req.Header.Get("Authorization") == "" {
		req.Header.Set("Authorization", "Bearer "+t.token)
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	k.status = resp.StatusCode
	k.body, k.bodyErr = io.ReadAll(io.LimitReader(resp.Body, answerSize+1))
	resp.Body.Close()
	if len(k.body) > answerSize {
		k.body, k.bodyErr = k.body[:answerSize], fmt.Errorf("the answer is over %d bytes", answerSize)
	}
	broke := k.bodyErr
	k.read(resp.Header, time.Now())
	if k.limited() {
		t.limited(k.method, time.Now().Add(k.retryAfter))
	}
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(k.body), failing{broke}))
	return resp, nil
}

func mustPath(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base // no request to it could have been made
	}
	return u.Path
}

// failing ends a body as it ended.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// read takes what we judge by out of an answer. Anything odd in the rest of it is of
// no concern.
func (k *call) read(h http.Header, now time.Time) {
	var a struct{ OK, Error, Needed, TS, Channel json.RawMessage }
	if k.bodyErr == nil {
		k.bodyErr = json.Unmarshal(k.body, &a)
	}
	if k.bodyErr == nil {
		k.ok = string(a.OK) == "true"
		k.code, k.needed, k.ts, k.channel = word(a.Error), word(a.Needed), word(a.TS), word(a.Channel)
		if k.channel == "" { // conversations.open answers with an object
			var c struct{ ID json.RawMessage }
			if json.Unmarshal(a.Channel, &c) == nil {
				k.channel = word(c.ID)
			}
		}
	}
	if !k.limited() {
		return
	}
	// RFC 9110 10.2.3: seconds or a date. Slack documents seconds; not every 429
	// comes from Slack's own code.
	after := h.Get("Retry-After")
	k.retryAfter = 30 * time.Second
	if n, err := strconv.Atoi(after); err == nil {
		k.retryAfter = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(after); err == nil {
		k.retryAfter = at.Sub(now)
	}
	k.retryAfter = min(max(k.retryAfter, time.Second), time.Hour)
}

// limited reports that this method is to rest for the whole workspace
// (https://docs.slack.dev/apis/web-api/rate-limits).
func (k *call) limited() bool {
	return k.status == http.StatusTooManyRequests || k.code == "ratelimited" || k.code == "rate_limited"
}

// word is a JSON string, or "" for anything else.
func word(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// reachable refuses other hosts under `go test`, unless connections are not the
// network's.
func reachable(u *url.URL, free bool) error {
	if flag.Lookup("test.v") != nil && !free && !loopback(u.Hostname()) {
		return fmt.Errorf("this is a test, and %s is not this machine", u.Hostname())
	}
	return nil
}

// loopback reports whether host is this machine by its very name.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

var errNoAnswer = errors.New("no answer")
