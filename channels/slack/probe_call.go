package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// prober makes the calls of one probe. They do not go through slack-go, which does
// not tell what scope is missing, nor the headers of an answer that is a refusal.
type prober struct {
	cfg      Config
	patience time.Duration
	wires    *http.Transport
	grid     grid
}

func newProber(cfg Config, patience time.Duration) *prober {
	if cfg.APIURL == "" {
		cfg.APIURL = "https://slack.com/api/"
	}
	cfg.APIURL = strings.TrimSuffix(cfg.APIURL, "/") + "/"
	wires := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if cfg.Dial != nil {
		wires = &http.Transport{DialContext: cfg.Dial}
	}
	return &prober{cfg, patience, wires, grid{team: cfg.Team, teams: &sync.Map{}}}
}

func (p *prober) close() { p.wires.CloseIdleConnections() }

// reachable refuses other hosts under `go test`.
func (p *prober) reachable(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	return reachable(u, p.cfg.Dial != nil)
}

// call makes one call of the Web API and reads its answer into into.
func (p *prober) call(ctx context.Context, step Step, token, method string, args map[string]string, into any) (http.Header, *ProbeError) {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	form := url.Values{}
	for key, value := range args {
		if value != "" {
			form.Set(key, value)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.cfg.APIURL+method, strings.NewReader(form.Encode()))
	if err == nil {
		err = p.reachable(p.cfg.APIURL)
	}
	if err != nil {
		return nil, &ProbeError{Step: step, Cause: CauseUnknown, Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := p.wires.RoundTrip(req) // no redirect is followed: it would get the token
	if err != nil {
		return nil, networkError(step, req.URL.Hostname(), err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return nil, networkError(step, req.URL.Hostname(), err)
	}
	return resp.Header, answerError(step, req.URL.Hostname(), resp.StatusCode, body, into)
}

// answerError reads an answer (https://docs.slack.dev/apis/web-api/#responses).
func answerError(step Step, host string, status int, body []byte, into any) *ProbeError {
	var a struct {
		OK     *bool  `json:"ok"`
		Code   string `json:"error"`
		Needed string `json:"needed"`
	}
	err := json.Unmarshal(body, &a)
	e := &ProbeError{Step: step, Host: host, Code: tidyCode(a.Code)}
	switch {
	case status == http.StatusTooManyRequests || a.Code == "ratelimited" || a.Code == "rate_limited":
		e.Cause = CauseLimited
	case err != nil || a.OK == nil:
		e.Cause, e.Names, e.Err = CauseNotSlack, []string{strconv.Itoa(status)}, err
	case *a.OK:
		if err := json.Unmarshal(bytes.TrimSpace(body), into); err != nil {
			e.Cause, e.Err = CauseUnknown, err
			return e
		}
		return nil
	case a.Code == "missing_scope":
		e.Cause, e.Names = CauseScope, scopesIn(a.Needed)
	case a.Code == "invalid_auth" || a.Code == "not_authed":
		e.Cause = CauseInvalid
	case a.Code == "token_revoked" || a.Code == "account_inactive" || a.Code == "token_expired":
		e.Cause = CauseRevoked
	case a.Code == "not_allowed_token_type":
		e.Cause, e.Names = CauseKind, []string{KindOther}
	case a.Code == "channel_not_found":
		e.Cause = CauseNoRoom
	default:
		e.Cause = CauseAnswer
	}
	return e
}

// scopesIn are the scopes in Slack's list of those that are needed.
func scopesIn(needed string) (names []string) {
	for _, s := range strings.Split(needed, ",") {
		if s = tidyCode(strings.TrimSpace(s)); s != "" {
			names = append(names, s)
		}
	}
	return names
}

// tidyCode keeps what a word of Slack's consists of: it is shown to an operator.
func tidyCode(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.:", r) {
			return r
		}
		return -1
	}, s[:min(len(s), 100)])
}

func httpDate(h http.Header) (time.Time, error) { return http.ParseTime(h.Get("Date")) }

// The kinds of secrets that an app of Slack has. They look different
// (https://docs.slack.dev/authentication/tokens).
const (
	KindBot           = "bot token"
	KindUser          = "user token"
	KindApp           = "app-level token"
	KindConfiguration = "configuration token"
	KindSigning       = "signing secret or client secret"
	KindVerification  = "verification token"
	KindClient        = "client id"
	KindOther         = "" // none that is known
)

// SecretKind tells of which kind a secret is, by its shape.
func SecretKind(s string) string {
	switch {
	case strings.HasPrefix(s, "xoxb-"):
		return KindBot
	case strings.HasPrefix(s, "xoxp-"):
		return KindUser
	case strings.HasPrefix(s, "xapp-"):
		return KindApp
	case strings.HasPrefix(s, "xoxe"):
		return KindConfiguration
	case len(s) == 32 && strings.Trim(s, "0123456789abcdef") == "":
		return KindSigning
	case len(s) == 24 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		return KindVerification
	case strings.Contains(s, ".") && strings.Trim(s, "0123456789.") == "":
		return KindClient
	}
	return KindOther
}

func kindError(step Step, kind, want string) *ProbeError {
	if kind == want {
		return nil
	}
	return &ProbeError{Step: step, Cause: CauseKind, Names: []string{kind}}
}
