package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The calls of the intake are made here and not through slack-go, for two reasons:
// slack-go rejects a whole page of a history for one odd field in one message, and
// it tells a limit from an error only sometimes.

// apiError is what Slack says to a call that it did not carry out.
type apiError struct {
	Method     string
	Code       string        // "channel_not_found"; empty if there was none
	Needed     string        // the scopes that it is for want of
	Status     int           // of HTTP
	RetryAfter time.Duration // 0: Slack did not say
	odd        error         // why the answer could not be read
}

func (e *apiError) Error() string {
	if e.odd != nil {
		return fmt.Sprintf("%s: an answer that cannot be read: %v", e.Method, e.odd)
	}
	if e.Code == "" {
		return fmt.Sprintf("%s: HTTP status %d", e.Method, e.Status)
	}
	return e.Method + ": " + refusal(e.Code, e.Needed)
}

// refused reports whether Slack said no, and not only that it has troubles of its own.
func (e *apiError) refused() bool { return e.Code != "" && !passing[e.Code] }

// code is Slack's word for what went wrong; empty if err is none of Slack's.
func code(err error) string {
	var e *apiError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// call calls a method once. out is filled leniently if it is not nil.
func (c *Channel) call(ctx context.Context, method, token string, args url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.cfg.APIURL, "/")+"/"+method, strings.NewReader(args.Encode()))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.httpClient().Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerSize))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	var head struct {
		OK     yes `json:"ok"`
		Error  str `json:"error"`
		Needed str `json:"needed"`
	}
	parsed := json.Unmarshal(body, &head)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, head.Error == "ratelimited", head.Error == "rate_limited":
		return &apiError{Method: method, Code: "ratelimited", Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	case parsed == nil && head.Error != "":
		return &apiError{Method: method, Code: string(head.Error), Needed: string(head.Needed), Status: resp.StatusCode}
	case resp.StatusCode != http.StatusOK:
		return &apiError{Method: method, Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	case parsed != nil:
		return &apiError{Method: method, Status: resp.StatusCode, odd: parsed}
	case !bool(head.OK):
		return &apiError{Method: method, Status: resp.StatusCode, odd: errors.New("it says neither ok nor why not")}
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// retryAfter reads the header, in seconds or as a date.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return min(time.Duration(n)*time.Second, time.Hour)
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, min(time.Until(t), time.Hour))
	}
	return 0
}

// fatalError says that no retry can help, and what an operator can do.
type fatalError struct {
	err    error
	remedy string
	mends  bool // it may end without a restart: it is tried again now and then
}

func (e *fatalError) Error() string { return e.err.Error() + ": " + e.remedy }
func (e *fatalError) Unwrap() error { return e.err }

// remedies lists the errors of a token or an app that stay until somebody acts.
// Every other error is temporary.
var remedies = map[string]string{
	"invalid_auth":              "the token is not valid; copy it again from the app's settings",
	"not_authed":                "no token arrived; check the setting",
	"account_inactive":          "the app was removed from the workspace, or its installer was deactivated; install it again",
	"token_revoked":             "the token was revoked; install the app again and use the new token",
	"token_expired":             "the token has expired; switch token rotation off, or use a new token",
	"missing_scope":             "the token lacks a scope; update the app from the manifest and install it again",
	"not_allowed_token_type":    "this is another kind of token; the bot token begins with xoxb-, the app token with xapp-",
	"no_permission":             "the app may not do this; update it from the manifest and install it again",
	"org_login_required":        "the workspace is being migrated; this is tried again",
	"team_access_not_granted":   "the organisation has not granted the app access to this workspace",
	"access_denied":             "the app may not do this; update it from the manifest and install it again",
	"enterprise_is_restricted":  "the organisation does not allow this app",
	"app_missing_action_url":    "turn Socket Mode on in the app's settings",
	"socket_mode_disabled":      "turn Socket Mode on in the app's settings",
	"link_disabled":             "Socket Mode was turned off in the app's settings; turn it on",
	"ekm_access_denied":         "the organisation has suspended access to its keys",
	"two_factor_setup_required": "the installer of the app must set up two-factor authentication",
}

// fatal turns an error that stays into a fatalError.
func fatal(err error) (*fatalError, bool) {
	var f *fatalError
	if errors.As(err, &f) {
		return f, true
	}
	if remedy, ok := remedies[code(err)]; ok {
		return &fatalError{err, remedy, mends[code(err)]}, true
	}
	return nil, false
}

// mends lists those remedies that need no new token.
var mends = map[string]bool{"org_login_required": true, "ekm_access_denied": true, "link_disabled": true,
	"socket_mode_disabled": true, "app_missing_action_url": true}

// askMost is how often a method is tried that answers with troubles of its own.
const askMost = 6

// ask calls a method with the bot token until it is answered: limits, and that there
// is no answer at all, are waited out. Only Slack's refusal, or that its troubles
// last for half a minute, and the end of ctx are errors.
func (c *Channel) ask(ctx context.Context, method string, args url.Values, out any) error {
	for tries := 0; ; tries++ {
		if err := c.turn(ctx, method); err != nil {
			return err
		}
		err := c.call(ctx, method, c.cfg.BotToken, args, out)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := backoff(tries, time.Second, 2*time.Minute)
		var e *apiError
		if errors.As(err, &e) {
			if e.refused() || e.Code != "ratelimited" && tries+1 >= askMost {
				return err
			}
			if e.RetryAfter > 0 {
				wait = e.RetryAfter + jitter(time.Second)
			}
		}
		if tries&(tries-1) == 0 { // 1st, 2nd, 3rd, 5th, 9th … time
			c.log.Info("calling slack again", "method", method, "tries", tries+1, "wait", wait, "err", err)
		}
		if !pause(ctx, wait) {
			return ctx.Err()
		}
	}
}

// passing lists Slack's words for troubles of its own.
var passing = map[string]bool{
	"ratelimited": true, "internal_error": true, "fatal_error": true, "service_unavailable": true,
	"request_timeout": true, "team_added_to_org": true, "accesslimited": true, "unknown_error": true,
}
