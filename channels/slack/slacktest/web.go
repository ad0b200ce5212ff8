package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is one call of a method of the Web API.
type call struct {
	method string
	args   map[string]any
	json   bool
	fault  *Fault
}

// Call is what was called, for tests that count.
type Call struct {
	Method string
	At     time.Time
	Error  string // the answer's; empty: ok
	Args   map[string]any
}

// Calls returns every call of a method, of all for "". Calls that a fault
// refused are among them.
func (w *World) Calls(method string) []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	var calls []Call
	for _, c := range w.calls {
		if method == "" || c.Method == method {
			calls = append(calls, c)
		}
	}
	return calls
}

// str, flag, number and list read arguments, which come as strings in a form and
// as what they are in JSON.
func (c *call) str(name string) string {
	switch v := c.args[name].(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number, bool:
		return fmt.Sprint(v)
	}
	b, err := json.Marshal(c.args[name])
	if err != nil {
		panic(err) // it came as JSON
	}
	return string(b)
}

func (c *call) flag(name string) bool { s := c.str(name); return s == "true" || s == "1" }

func (c *call) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(c.str(name)); err == nil {
		return n
	}
	return otherwise
}

// decoded returns an argument that is JSON. In a form it is a string.
func (c *call) decoded(name string, into any) (given bool, err error) {
	s := c.str(name)
	if s == "" {
		return false, nil
	}
	d := json.NewDecoder(strings.NewReader(s))
	return true, d.Decode(into)
}

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

// maxBody is more than any call needs.
const maxBody = 1 << 20

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

// read takes the arguments and the token out of a request.
func (c *call) read(r *http.Request) (token string, err error) {
	token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	form := r.URL.Query()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return "", err
	}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
	case kind == "application/json":
		c.json = true
		d := json.NewDecoder(strings.NewReader(string(body)))
		d.UseNumber()
		if err := d.Decode(&c.args); err != nil {
			return "", err
		}
	case kind == "multipart/form-data":
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if params["boundary"] == "" {
			return "", fmt.Errorf("no boundary")
		}
		if err := r.ParseMultipartForm(maxBody); err != nil {
			return "", err
		}
		maps.Copy(form, r.MultipartForm.Value)
	default:
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return "", err
		}
		maps.Copy(form, values)
	}
	for k, v := range form {
		c.args[k] = v[0]
	}
	if t, ok := c.args["token"].(string); ok {
		token = t
		delete(c.args, "token")
	}
	return token, nil
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
