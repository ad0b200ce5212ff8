package main

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// screen is what a terminal shows.
type screen struct {
	mu    sync.Mutex
	text  strings.Builder
	read  int // how far somebody has read
	wrote chan struct{}
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.wrote <- struct{}{}:
	default:
	}
	return s.text.Write(b)
}

// shows waits until all texts stand below what was read before, in this order.
func (s *screen) shows(t *testing.T, texts ...string) {
	t.Helper()
	limit := time.After(demoLimit)
	for _, want := range texts {
		for {
			s.mu.Lock()
			unread := s.text.String()[s.read:]
			i := strings.Index(unread, want)
			if i >= 0 {
				s.read += i + len(want)
			}
			s.mu.Unlock()
			if i >= 0 {
				break
			}
			select {
			case <-s.wrote:
			case <-limit:
				t.Fatalf("nowhere stands %q in:\n%s", want, unread)
			}
		}
	}
}

// Somebody writes as a customer and as an agent, by mail and in Slack, and is
// answered where that belongs.
func TestDemoPrompt(t *testing.T) {
	in, keys := io.Pipe()
	out := &screen{wrote: make(chan struct{}, 1)}
	d := &demo{app: &app{in: in, out: out, err: t.Output()}}
	ended := make(chan error, 1)
	go func() { ended <- d.run(context.Background(), d.prompt) }()
	write := func(line string) {
		t.Helper()
		if _, err := io.WriteString(keys, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	out.shows(t, "Ctrl-D ends.")
	write("agent: hello?")
	out.shows(t, "Nothing has been handed over yet.")
	write("press: That helped")
	out.shows(t, "There is no such button")
	write("Which payment methods do you accept?")
	out.shows(t, "✉  you@customers.example → support@acme.example", "↩  Acme → you@customers.example", "payment methods")
	write("slack: Which payment methods do you accept?")
	out.shows(t, "✎  Sam Hill (you) → Frontdesk, in a direct message", "↩  Frontdesk → Sam Hill (you), in a direct message", "payment methods", "[That didn't help]")
	write("press: that didn't help")
	out.shows(t, "presses [That didn't help]", "⚑  Frontdesk → #agents", "#1001", "Sam Hill", "[接手]", "in the thread")
	write("agent: take:")
	out.shows(t, "│ take:", "the card now reads", "Ana")
	write("agent: Yes: by every card.")
	out.shows(t, "│ > Yes: by every card.", "↩  Frontdesk → Sam Hill (you), in a direct message", "│ Yes: by every card.", "✅")
	write("I want to talk to a human")
	out.shows(t, "⚑  Acme → escalations@acme.example", "#1002")
	write("agent: Here I am.")
	out.shows(t, "✉  ana@acme.example → support@acme.example", "↩  Ana (Acme) → you@customers.example", "│ Here I am.")
	if err := keys.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
