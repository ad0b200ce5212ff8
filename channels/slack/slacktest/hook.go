package slacktest

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// A response_url may be used five times in half an hour
// (https://docs.slack.dev/interactivity/handling-user-interaction).
const (
	hookUses  = 5
	hookLives = 30 * time.Minute
)

// hook is a response_url.
type hook struct {
	user   *User
	c      *Channel
	on     *message // whose button was pressed
	at     time.Time
	used   int
	secret string
}

func (w *World) hook(kind string, u *User, c *Channel, on *message) string {
	id, secret := w.id("9"), w.id("s")
	w.hooks[id] = &hook{user: u, c: c, on: on, at: time.Now(), secret: secret}
	return w.base("http") + "/hooks/" + kind + "/" + w.home.ID + "/" + id + "/" + secret
}

// serveHook takes a message by a response_url.
func (w *World) serveHook(rw http.ResponseWriter, r *http.Request) {
	c := &call{method: "response_url", args: map[string]any{}, json: true}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body, &c.args)
	}
	c.fault = w.strike(c)
	if c.fault.before(w, c, rw, r) {
		return
	}
	w.mu.Lock()
	status, answer := http.StatusBadRequest, "invalid_payload"
	if err == nil {
		status, answer = w.useHook(c, r.PathValue("id"), r.PathValue("secret"))
	}
	w.noteLocked(c, answer)
	w.change()
	w.mu.Unlock()
	if c.fault.after(w, rw, r) {
		return
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	refuse(rw, status, answer)
}

func (w *World) useHook(c *call, id, secret string) (status int, answer string) {
	h := w.hooks[id]
	switch {
	case h == nil || h.secret != secret:
		return http.StatusNotFound, "no_service"
	case time.Since(h.at) > hookLives:
		return http.StatusNotFound, "expired_url"
	case h.used >= hookUses:
		return http.StatusNotFound, "used_url"
	}
	h.used++
	if c.flag("delete_original") {
		if h.on == nil {
			return http.StatusNotFound, "message_not_found"
		}
		w.withdraw(h.on)
		return http.StatusOK, "ok"
	}
	m, err := w.content(c)
	if err != nil {
		return http.StatusBadRequest, err.Error()
	}
	switch {
	case c.flag("replace_original") && h.on != nil:
		change := func() { h.on.text, h.on.blocks = m.text, w.named(m.blocks) }
		if h.on.to != nil {
			change()
		} else {
			w.alter(h.on, change)
		}
	case c.str("response_type") == "in_channel":
		w.post(&message{c: h.c, by: w.bot, text: m.text, blocks: w.named(m.blocks), metadata: m.metadata, thread: c.str("thread_ts")})
	default:
		w.whisper(h.user, h.c, c.str("thread_ts"), m)
	}
	return http.StatusOK, "ok"
}

// withdraw takes a message away, ephemeral or not.
func (w *World) withdraw(m *message) {
	if m.to == nil {
		w.remove(m)
		return
	}
	for i, e := range m.to.ephemerals {
		if e == m {
			m.to.ephemerals = append(m.to.ephemerals[:i:i], m.to.ephemerals[i+1:]...)
			return
		}
	}
}
