package slacktest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (w *World) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", w.serveAPI)
	mux.HandleFunc("/link/", w.serveSocket)
	mux.HandleFunc("POST /upload/{file}", w.serveUpload)
	mux.HandleFunc("GET /files-pri/{id}/download/{name}", w.serveFile)
	mux.HandleFunc("GET /files-pri/{id}/{name}", w.serveFile)
	mux.HandleFunc("POST /hooks/{kind}/{team}/{id}/{secret}", w.serveHook)
	return mux
}

// serveAPI answers a call of a method, after whatever faults want.
func (w *World) serveAPI(rw http.ResponseWriter, r *http.Request) {
	c := &call{method: r.PathValue("method"), args: map[string]any{}}
	token, err := c.read(r)
	if err != nil {
		w.answer(rw, c, nil, fail("invalid_form_data"))
		return
	}
	c.fault = w.strike(c)
	if c.fault.before(w, c, rw, r) {
		return
	}
	w.mu.Lock()
	reply, err := w.invoke(c, token)
	w.change()
	w.mu.Unlock()
	if c.fault.after(w, rw, r) {
		return
	}
	w.answer(rw, c, reply, err)
}

// apiError is a refusal in the words of the Web API.
type apiError struct {
	name  string
	extra object
	retry int // seconds, of a 429
}

func (e *apiError) Error() string { return e.name }

func fail(name string) error { return &apiError{name: name} }

// invoke checks token, scope and rate, and runs the method. The world is locked.
func (w *World) invoke(c *call, token string) (object, error) {
	m, ok := methods[c.method]
	bot := token == w.app.botToken
	var err error
	switch {
	case !ok:
		err = fail("unknown_method")
	case token == "":
		err = fail("not_authed")
	case w.app.revoked && (bot || token == w.app.appToken):
		err = fail("account_inactive")
	case !bot && token != w.app.appToken:
		err = fail("invalid_auth")
	case bot == m.app:
		err = fail("not_allowed_token_type")
	}
	if err == nil && len(m.scopes) > 0 && !slices.ContainsFunc(m.scopes, func(s string) bool { return w.app.scopes[s] }) {
		err = w.missing(m.scopes[0])
	}
	if err == nil {
		err = w.limit(c, m)
	}
	var reply object
	if err == nil {
		reply, err = m.run(w, c)
	}
	w.noteLocked(c, errorName(err))
	return reply, err
}

func errorName(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// missing is the refusal for want of a scope.
func (w *World) missing(scope string) error {
	return &apiError{name: "missing_scope", extra: object{"needed": scope, "provided": w.provided()}}
}

func (w *World) provided() string {
	return strings.Join(slices.Sorted(maps.Keys(w.app.scopes)), ",")
}

func (w *World) note(c *call, err string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noteLocked(c, err)
	w.change()
}

func (w *World) noteLocked(c *call, err string) {
	w.calls = append(w.calls, Call{Method: c.method, At: time.Now(), Error: err, Args: c.args})
}

// answer writes what a method returned.
func (w *World) answer(rw http.ResponseWriter, c *call, reply object, err error) {
	h := rw.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Oauth-Scopes", w.provided())
	status := http.StatusOK
	if err != nil {
		reply = object{"ok": false, "error": errorName(err)}
		if e, ok := err.(*apiError); ok {
			maps.Copy(reply, e.extra)
			if e.retry > 0 {
				h.Set("Retry-After", strconv.Itoa(e.retry))
				status = http.StatusTooManyRequests
			}
		}
	} else {
		if reply == nil {
			reply = object{}
		}
		reply["ok"] = true
	}
	reply = c.fault.reply(reply)
	b, jerr := json.Marshal(reply)
	if jerr != nil {
		panic(jerr) // made of what came as JSON
	}
	if c.fault.truncates() {
		h.Set("Content-Length", strconv.Itoa(len(b)))
		b = b[:len(b)/2]
	}
	rw.WriteHeader(status)
	// A client that has gone away is no matter of the world's.
	_, _ = rw.Write(b)
	if c.fault.truncates() {
		panic(http.ErrAbortHandler)
	}
}
