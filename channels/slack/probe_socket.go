package slack

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// socket opens a connection of Socket Mode and waits for Slack's hello
// (https://docs.slack.dev/apis/events-api/using-socket-mode).
func (p *prober) socket(ctx context.Context, r *Report) {
	if err := kindError(StepOpen, SecretKind(p.cfg.AppToken), KindApp); err != nil {
		r.Open = &Trial{Step: StepOpen, Err: err}
		return
	}
	var a struct{ URL string }
	began := time.Now()
	_, err := p.call(ctx, StepOpen, p.cfg.AppToken, "apps.connections.open", nil, &a)
	r.Open = &Trial{StepOpen, time.Since(began), err}
	if err != nil {
		return
	}
	began = time.Now()
	err = p.hello(ctx, a.URL, r)
	r.Socket = &Trial{StepSocket, time.Since(began), err}
}

func (p *prober) hello(ctx context.Context, address string, r *Report) *ProbeError {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	u, err := url.Parse(address)
	if err == nil {
		err = p.reachable(address)
	}
	if err != nil {
		// The address has a ticket in it, which is as good as a token.
		return &ProbeError{Step: StepSocket, Cause: CauseUnknown, Err: errors.New("the address that Slack gave cannot be used")}
	}
	dialer := websocket.Dialer{Proxy: p.wires.Proxy, NetDialContext: p.cfg.Dial, HandshakeTimeout: p.patience}
	conn, resp, err := dialer.DialContext(ctx, address, nil)
	switch {
	case errors.Is(err, websocket.ErrBadHandshake) && resp != nil:
		return &ProbeError{Step: StepSocket, Cause: CauseNotSlack, Host: u.Hostname(), Names: []string{strconv.Itoa(resp.StatusCode)}}
	case err != nil:
		return networkError(StepSocket, u.Hostname(), err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetReadLimit(1 << 20)
	if err := conn.SetReadDeadline(time.Now().Add(p.patience)); err != nil {
		return networkError(StepSocket, u.Hostname(), err)
	}
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			if ctx.Err() != nil { // which closed the connection below the read
				err = ctx.Err()
			}
			e := networkError(StepSocket, u.Hostname(), err)
			if errors.As(err, new(*websocket.CloseError)) {
				e.Cause = CauseClosed
			}
			return e
		}
		var m struct {
			Type, Reason string
			Connections  int `json:"num_connections"`
			Info         struct {
				App string `json:"app_id"`
			} `json:"connection_info"`
		}
		if json.Unmarshal(message, &m) != nil {
			continue // not ours to judge; hello comes all the same
		}
		switch m.Type {
		case "hello":
			r.SocketApp, r.Sockets = m.Info.App, m.Connections
			_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second)) // a courtesy
			return nil
		case "disconnect":
			return &ProbeError{Step: StepSocket, Cause: CauseAnswer, Host: u.Hostname(), Code: tidyCode(m.Reason)}
		}
	}
}

// ProbeCall sends to address, where we take calls ourselves, the request by which
// Slack makes sure of an address, signed as Slack signs
// (https://docs.slack.dev/authentication/verifying-requests-from-slack), and looks
// whether the answer is right. It says nothing about the way from Slack to there.
func ProbeCall(ctx context.Context, address, secret string, patience time.Duration) *Trial {
	p := newProber(Config{APIURL: address, Dial: nil}, patience)
	p.wires.Proxy = nil // it is this machine
	defer p.close()
	began := time.Now()
	err := p.challenge(ctx, address, secret)
	return &Trial{StepCall, time.Since(began), err}
}

func (p *prober) challenge(ctx context.Context, address, secret string) *ProbeError {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	challenge := rand.Text()
	body, err := json.Marshal(map[string]string{"type": "url_verification", "challenge": challenge})
	if err == nil {
		err = p.reachable(address)
	}
	if err != nil {
		return &ProbeError{Step: StepCall, Cause: CauseUnknown, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return &ProbeError{Step: StepCall, Cause: CauseUnknown, Err: err}
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + at + ":"))
	mac.Write(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Slack-Request-Timestamp", at)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := p.wires.RoundTrip(req)
	if err != nil {
		return networkError(StepCall, req.URL.Host, err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return networkError(StepCall, req.URL.Host, err)
	}
	if resp.StatusCode != http.StatusOK || !bytes.Contains(got, []byte(challenge)) {
		return &ProbeError{Step: StepCall, Cause: CauseAnswer, Host: req.URL.Host, Names: []string{strconv.Itoa(resp.StatusCode)}}
	}
	return nil
}
