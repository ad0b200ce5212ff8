package faq

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLiveFollowsItsFile(t *testing.T) {
	path := write(t, "faq.yaml", good)
	synctest.Test(t, func(t *testing.T) {
		type event struct {
			x   *Index
			err error
		}
		var mu sync.Mutex
		var events []event
		l, err := NewLive(t.Context(), []string{path}, sampleOptions(), func(x *Index, err error) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, event{x, err})
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		step := func(text string) {
			t.Helper()
			mu.Lock()
			events = nil
			mu.Unlock()
			if text != "" {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(3 * poll)
			synctest.Wait()
		}
		first := l.Index()

		step("")
		if len(events) != 0 {
			t.Errorf("unchanged file: %d reloads", len(events))
		}
		step(strings.Replace(good, "We are open", "Come", 1))
		if len(events) != 1 || events[0].err != nil || l.Index() == first || l.Index() != events[0].x {
			t.Errorf("changed file: %v", events)
		}
		second := l.Index()
		step("entries: [\n")
		if len(events) != 1 || events[0].err == nil || l.Index() != second {
			t.Errorf("broken file: %v; it should be reported once and change nothing", events)
		}
		if err := l.Reload(t.Context()); err == nil || l.Index() != second {
			t.Errorf("reload of a broken file: %v", err)
		}
		step(good)
		if len(events) != 1 || events[0].err != nil || l.Index() == second {
			t.Errorf("mended file: %v", events)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		third := l.Index()
		step("")
		if len(events) != 1 || events[0].err == nil || l.Index() != third {
			t.Errorf("missing file: %v", events)
		}
		step(good)
		if err := l.Reload(t.Context()); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestNewLiveRefusesABrokenFile(t *testing.T) {
	l, err := NewLive(t.Context(), []string{write(t, "faq.yaml", "entry: 1\n")}, Options{}, nil)
	var e *Error
	if l != nil || !errors.As(err, &e) {
		t.Errorf("got %v, %v", l, err)
	}
}

// A file that is included is followed too, from when it is named to when it is no
// longer.
func TestLiveFollowsIncludes(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	part := func(answer string) string {
		return "entries:\n  - id: part\n    en: {questions: [Which part?], answer: " + answer + "}\n"
	}
	main := put("main.yaml", "include: [part.yaml]\n")
	put("part.yaml", part("One."))
	synctest.Test(t, func(t *testing.T) {
		var failing atomic.Bool
		l, err := NewLive(t.Context(), []string{main}, Options{}, func(_ *Index, err error) { failing.Store(err != nil) })
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		want := func(answer string, failed bool) {
			t.Helper()
			time.Sleep(3 * poll)
			synctest.Wait()
			e, ok := l.Index().Entry("part")
			if !ok || e.Answers["en"] != answer || failing.Load() != failed {
				t.Errorf("got %+v, failing %v; want %s", e, failing.Load(), answer)
			}
		}
		want("One.", false)
		put("part.yaml", part("Two."))
		want("Two.", false)
		if err := os.Remove(filepath.Join(dir, "part.yaml")); err != nil {
			t.Fatal(err)
		}
		want("Two.", true)
		put("part.yaml", part("Three."))
		want("Three.", false)
		cancel()
		<-done
	})
}
