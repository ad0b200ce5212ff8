package slacktest

import (
	"cmp"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"
)

// FaultKind is a way in which the Web API fails.
type FaultKind string

// All of them happen.
const (
	TooMany     FaultKind = "429"         // with RetryAfter as the header, or none
	RateLimited FaultKind = "ratelimited" // the same as a 200 with an error
	ServerError FaultKind = "500"         // before anything was done
	Refuse      FaultKind = "refuse"      // ok: false with Error, or without any
	HangBefore  FaultKind = "hang"        // no answer, and nothing is done
	HangAfter   FaultKind = "hang after"  // it is done, and no answer comes
	CutBefore   FaultKind = "cut"         // the connection breaks, and nothing is done
	CutAfter    FaultKind = "cut after"   // it is done, and the connection breaks
	ErrorAfter  FaultKind = "500 after"   // it is done, and the answer is 503
	Truncate    FaultKind = "truncate"    // it is done, and half of the answer comes
	Empty       FaultKind = "empty"       // it is done, and the answer is {}
	NotOK       FaultKind = "not ok"      // it is done, and the answer is {"ok":false}
	OddEcho     FaultKind = "odd echo"    // it is done, and the message in the answer has an element nobody knows
	NoMetadata  FaultKind = "no metadata" // it is done, but the metadata is dropped without a word
	Slow        FaultKind = "slow"        // it is done after Delay
	LateShare   FaultKind = "late share"  // a file is shared only after Delay; the answer comes at once
	NotJSON     FaultKind = "not json"    // it is done, and the answer is a page of HTML
)

// Fault makes calls fail. The first that fits strikes.
type Fault struct {
	Kind       FaultKind
	Method     string // empty: any; "upload", "download" and "response_url" for what is no method
	Channel    string // only calls with this argument
	Times      int    // how often; 0: until ClearFaults
	Skip       int    // let so many pass first
	RetryAfter string // of a 429: seconds, an HTTP date, or nothing
	Error      string // of a refusal
	Delay      time.Duration
}

// Fault adds f.
func (w *World) Fault(f Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, &f)
}

// ClearFaults makes the Web API well again. Who hangs, hangs on.
func (w *World) ClearFaults() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = nil
}

func (w *World) strike(c *call) *Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, f := range w.faults {
		if f.Method != "" && f.Method != c.method || f.Channel != "" && f.Channel != c.str("channel") {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		struck := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				w.faults = slices.Delete(w.faults, i, i+1)
			}
		}
		return &struck
	}
	return nil
}

// before does what the fault does instead of the call, and reports whether that
// is all.
func (f *Fault) before(w *World, c *call, rw http.ResponseWriter, r *http.Request) bool {
	if f == nil || !slices.Contains(instead, f.Kind) {
		return false
	}
	if f.Kind != Slow {
		w.note(c, string(f.Kind))
	}
	switch f.Kind {
	case TooMany:
		if f.RetryAfter != "" {
			rw.Header().Set("Retry-After", f.RetryAfter)
		}
		refuse(rw, http.StatusTooManyRequests, `{"ok":false,"error":"ratelimited"}`)
	case RateLimited:
		refuse(rw, http.StatusOK, `{"ok":false,"error":"ratelimited"}`)
	case ServerError:
		refuse(rw, http.StatusInternalServerError, "upstream request failed")
	case Refuse:
		body := `{"ok":false}`
		if f.Error != "" {
			body = `{"ok":false,"error":"` + f.Error + `"}`
		}
		refuse(rw, http.StatusOK, body)
	case HangBefore:
		w.hang(r)
	case CutBefore:
		panic(http.ErrAbortHandler)
	case Slow:
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
		case <-w.gone.Done():
		}
		return false
	}
	return true
}

// instead are the faults that strike before the call is done.
var instead = []FaultKind{TooMany, RateLimited, ServerError, Refuse, HangBefore, CutBefore, Slow}

// after does what the fault does once the call is done, and reports whether that
// is all.
func (f *Fault) after(w *World, rw http.ResponseWriter, r *http.Request) bool {
	if f == nil {
		return false
	}
	switch f.Kind {
	case HangAfter:
		w.hang(r)
	case CutAfter:
		panic(http.ErrAbortHandler)
	case ErrorAfter:
		refuse(rw, http.StatusServiceUnavailable, "no healthy upstream")
	case NotJSON:
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		refuse(rw, http.StatusOK, loginPage)
	default:
		return false
	}
	return true
}

// reply alters a reply.
func (f *Fault) reply(o object) object {
	switch {
	case f == nil:
	case f.Kind == Empty:
		return object{}
	case f.Kind == NotOK:
		return object{"ok": false}
	case f.Kind == OddEcho && o["message"] != nil:
		m := maps.Clone(o["message"].(object))
		old, _ := m["blocks"].([]any)
		m["blocks"] = append(slices.Clone(old), object{"type": "actions", "block_id": "odd",
			"elements": []any{object{"type": "hologram_button", "action_id": 7}}})
		o["message"] = m
	}
	return o
}

func (f *Fault) truncates() bool     { return f != nil && f.Kind == Truncate }
func (f *Fault) dropsMetadata() bool { return f != nil && f.Kind == NoMetadata }
func (w *World) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-w.gone.Done():
	}
	panic(http.ErrAbortHandler)
}

// refuse writes an answer that no method made.
func refuse(rw http.ResponseWriter, status int, body string) {
	h := rw.Header()
	h.Set("Content-Type", cmp.Or(h.Get("Content-Type"), "application/json; charset=utf-8"))
	rw.WriteHeader(status)
	// A client that has gone away is no matter of the world's.
	_, _ = io.WriteString(rw, body)
}
