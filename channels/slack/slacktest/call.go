package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
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

// maxBody is more than any call needs.
const maxBody = 1 << 20

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
