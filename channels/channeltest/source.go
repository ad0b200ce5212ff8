package channeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
)

// SourceHarness is a fresh outside with a source on it.
type SourceHarness struct {
	// Source is on the outside; Restart makes another, as after a restart of
	// the process. Restart may be nil if a source may run again.
	Source  channels.Source
	Restart func() channels.Source
	// Put makes a customer's message with this text. When it returns, the
	// outside holds the message, after all earlier ones.
	Put func(text string)
	// Garble makes a message that cannot be parsed; nil if there are none.
	Garble func()
	// Overlap says that after a restart the source may present again what its cursors
	// are past; the keys make that harmless.
	Overlap bool
}

// bound is how long a Run may take to return after its context ended, and more
// than a step of a test should take.
const bound = 20 * time.Second

// TestSource runs what every source must pass. With bubble, each test runs
// inside a synctest bubble, fake time and all, and make is called in there.
func TestSource(t *testing.T, bubble bool, make func(t *testing.T) SourceHarness) {
	for _, test := range []struct {
		name string
		f    func(t *testing.T, h SourceHarness)
	}{
		{"presents all in order", sourceOrder},
		{"presents again what was not taken", sourceRetry},
		{"acknowledges only what is durable", sourceDurable},
		{"resumes from every cursor without loss", sourceCursor},
		{"adds nothing after a restart", sourceRestart},
		{"presents what it cannot parse", sourceGarble},
		{"stops in time", sourceStop},
		{"says again that it is up", sourceBeats(bubble)},
	} {
		inBubble(t, bubble, test.name, func(t *testing.T) { test.f(t, make(t)) })
	}
}

// sourceBeats takes a quarter of an hour, and is for fake time only.
func sourceBeats(bubble bool) func(t *testing.T, h SourceHarness) {
	return func(t *testing.T, h SourceHarness) {
		if !bubble {
			t.Skip("it would take fifteen minutes")
		}
		rec := &Recorder{}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.Source.Run(ctx, nil, rec) }()
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		ups := 0
		for _, h := range rec.Health() {
			if h.State == channels.Up && !h.At.IsZero() {
				ups++
			}
		}
		if ups < 3 {
			t.Errorf("in 15 minutes it said %d times that it is up: %+v", ups, rec.Health())
		}
		if last := rec.State(); time.Since(last.At) > 5*time.Minute {
			t.Errorf("it said so %v ago the last time", time.Since(last.At))
		}
		cancel()
		<-done
	}
}

func inBubble(t *testing.T, bubble bool, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		if bubble {
			synctest.Test(t, f)
			return
		}
		f(t)
	})
}

// running is a source under way.
type running struct {
	t    *testing.T
	rec  *Recorder
	stop context.CancelFunc
	done chan error
}

func start(t *testing.T, s channels.Source, cursors map[string]string, rec *Recorder) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{t, rec, cancel, make(chan error, 1)}
	go func() { r.done <- s.Run(ctx, cursors, rec) }()
	t.Cleanup(cancel)
	return r
}

func (r *running) kept(n int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), bound)
	defer cancel()
	if err := r.rec.WaitKept(ctx, n); err != nil {
		r.t.Fatalf("waiting for %d messages: %v", n, err)
	}
}

// has waits until texts were kept, in their order.
func (r *running) has(texts []string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), bound)
	defer cancel()
	err := r.rec.Wait(ctx, func(rec *Recorder) bool {
		left := texts
		for _, s := range rec.Texts() {
			if len(left) > 0 && strings.TrimSpace(s) == left[0] {
				left = left[1:]
			}
		}
		return len(left) == 0
	})
	if err != nil {
		r.t.Fatalf("waiting for %q: %v", texts, err)
	}
}

// end cancels the source and waits for Run to return, as it must.
func (r *running) end() {
	r.t.Helper()
	began := time.Now()
	r.stop()
	select {
	case err := <-r.done:
		if !errors.Is(err, context.Canceled) {
			r.t.Errorf("Run returned %v, want ctx's error", err)
		}
	case <-time.After(bound):
		r.t.Fatalf("Run did not return within %v of its context's end", bound)
	}
	if d := time.Since(began); d > bound/2 {
		r.t.Errorf("Run took %v to return", d)
	}
	for _, c := range r.rec.Complaints() {
		r.t.Error(c)
	}
}

func (h SourceHarness) again() channels.Source {
	if h.Restart == nil {
		return h.Source
	}
	return h.Restart()
}

// words returns n texts that cannot be taken for each other.
func words(prefix string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%s number %d 你好", prefix, i+1))
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	trimmed := make([]string, len(got))
	for i, s := range got {
		trimmed[i] = strings.TrimSpace(s)
	}
	if !slices.Equal(trimmed, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, trimmed, want)
	}
}

func sourceOrder(t *testing.T, h SourceHarness) {
	want := words("early", 3)
	for _, s := range want {
		h.Put(s)
	}
	r := start(t, h.Source, nil, &Recorder{})
	r.kept(3)
	for _, s := range words("late", 3) {
		h.Put(s)
		want = append(want, s)
		r.kept(len(want))
	}
	r.end()
	same(t, "messages", r.rec.Texts(), want)
	for _, in := range r.rec.Kept() {
		if in.Raw.Zero() {
			t.Errorf("%q has no raw bytes", in.Text)
		}
	}
}

func sourceRetry(t *testing.T, h SourceHarness) {
	want := words("busy", 4)
	for _, s := range want {
		h.Put(s)
	}
	rec := &Recorder{}
	var tried []string
	failed := map[string]int{}
	rec.Before = func(_ context.Context, in channels.Inbound) error { // Receives come one at a time here
		key := in.Keys[0]
		tried = append(tried, key)
		if failed[key]++; failed[key] <= 2 {
			return ErrBusy
		}
		return nil
	}
	r := start(t, h.Source, nil, rec)
	r.kept(4)
	r.end()
	same(t, "messages", rec.Texts(), want)
	for i := range tried { // each thrice, and only then the next
		if i >= 3 && i%3 == 0 && tried[i] == tried[i-1] || i%3 != 0 && tried[i] != tried[i-1] {
			t.Fatalf("attempts went past a message that was not taken: %q", tried)
		}
	}
}

// A source that is stopped while Receive is under way must present that
// message again: nothing was acknowledged.
func sourceDurable(t *testing.T, h SourceHarness) {
	want := words("crash", 3)
	for _, s := range want {
		h.Put(s)
	}
	entered := make(chan struct{}, 10)
	rec := &Recorder{Before: func(ctx context.Context, in channels.Inbound) error {
		if strings.Contains(in.Text, "number 1") {
			return nil
		}
		entered <- struct{}{}
		<-ctx.Done() // the process dies before the commit
		return ctx.Err()
	}}
	r := start(t, h.Source, nil, rec)
	select {
	case <-entered:
	case <-time.After(bound):
		t.Fatal("the second message was not presented")
	}
	r.end()
	same(t, "before the crash", rec.Texts(), want[:1])
	rec.Before = nil
	r = start(t, h.again(), rec.Cursors(), rec)
	r.kept(3)
	r.end()
	same(t, "after the crash", rec.Texts(), want)
}

func sourceCursor(t *testing.T, h SourceHarness) {
	want := words("cursor", 4)
	for _, s := range want {
		h.Put(s)
	}
	rec := &Recorder{}
	r := start(t, h.Source, nil, rec)
	r.kept(4)
	r.end()
	for i, in := range rec.Kept() {
		if in.Cursor.Stream == "" {
			continue // a source without cursors leaves nothing behind that it has not presented
		}
		again := &Recorder{}
		r := start(t, h.again(), map[string]string{in.Cursor.Stream: in.Cursor.Position}, again)
		if h.Overlap {
			r.has(want[i+1:])
			r.end()
			continue
		}
		r.kept(len(want) - i - 1)
		r.end()
		if i < len(want)-1 {
			same(t, fmt.Sprintf("after the cursor of message %d", i+1), again.Texts(), want[i+1:])
		}
	}
}

func sourceRestart(t *testing.T, h SourceHarness) {
	want := words("restart", 3)
	for _, s := range want {
		h.Put(s)
	}
	rec := &Recorder{}
	r := start(t, h.Source, nil, rec)
	r.kept(3)
	r.end()
	extra := "restart and something new"
	h.Put(extra)
	r = start(t, h.again(), rec.Cursors(), rec)
	r.kept(4)
	r.end()
	same(t, "messages", rec.Texts(), append(want, extra))
	if rec.Duplicates() > 0 {
		t.Errorf("%d messages came back under new arrival keys", rec.Duplicates())
	}
	if rec.Again() > 0 && !h.Overlap {
		t.Errorf("%d arrivals were presented again although the cursor was past them", rec.Again())
	}
}

func sourceGarble(t *testing.T, h SourceHarness) {
	if h.Garble == nil {
		t.Skip("this outside delivers nothing that cannot be parsed")
	}
	h.Put("before the broken one")
	h.Garble()
	h.Put("after the broken one")
	rec := &Recorder{}
	r := start(t, h.Source, nil, rec)
	r.kept(3)
	r.end()
	in := rec.Kept()[1]
	if in.Problem == "" {
		t.Errorf("the broken message came without a Problem: %+v", in)
	}
	if in.Raw.Zero() {
		t.Error("the bytes of the broken message are lost")
	}
}

func sourceStop(t *testing.T, h SourceHarness) {
	r := start(t, h.Source, nil, &Recorder{})
	h.Put("idle afterwards")
	r.kept(1)
	r.end() // while idle

	h.Put("nobody takes this")
	entered := make(chan struct{}, 1000)
	rec := &Recorder{Before: func(context.Context, channels.Inbound) error {
		entered <- struct{}{}
		return ErrBusy
	}}
	r = start(t, h.again(), nil, rec)
	for range 2 {
		select {
		case <-entered:
		case <-time.After(bound):
			t.Fatal("the message was not presented twice")
		}
	}
	r.end() // while it waits to present the message again
}
