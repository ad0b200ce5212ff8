package slack

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// hook is the address that the emulator sends events to: it hands them to a Channel
// and keeps them.
type hook struct {
	*httptest.Server
	mu       sync.Mutex
	to       http.Handler
	requests []hookRequest
}

type hookRequest struct {
	header http.Header
	body   string
	status int
}

func newHook(t *testing.T) *hook {
	h := &hook{to: http.NotFoundHandler()}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Server.Close)
	return h
}

// sendTo says who gets the events from now on.
func (h *hook) sendTo(to http.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.to = to
}

func (h *hook) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	to := h.to
	h.mu.Unlock()
	status := h.again(to, hookRequest{header: req.Header.Clone(), body: string(body)})
	w.WriteHeader(status)
}

// again hands a request to to, and keeps it.
func (h *hook) again(to http.Handler, r hookRequest) (status int) {
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(r.body))
	req.Header = r.header
	w := httptest.NewRecorder()
	to.ServeHTTP(w, req)
	r.status = w.Code
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r)
	return w.Code
}

// about returns the first request with something in its body.
func (h *hook) about(t *testing.T, something string) hookRequest {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.requests, func(r hookRequest) bool { return strings.Contains(r.body, something) })
	if i < 0 {
		t.Fatalf("no event with %q in it", something)
	}
	return h.requests[i]
}
