package faq

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// endsAfter is a context that ends when it has been asked n times: in the middle of
// training, wherever and however fast that runs.
type endsAfter struct {
	context.Context
	left atomic.Int64
}

func until(t testing.TB, n int) *endsAfter {
	c := &endsAfter{Context: t.Context()}
	c.left.Store(int64(n))
	return c
}

func (c *endsAfter) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// after is how often it was asked once it had ended.
func (c *endsAfter) after() int { return -int(min(c.left.Load(), 0)) }

// fewer is an FAQ with n questions of one language in each entry.
func fewer(entries []*Entry, n int) []*Entry {
	for _, e := range entries {
		e.languages = e.languages[:1]
		e.Questions = map[string][]string{"en": e.Questions["en"][:n]}
	}
	return entries
}

// Training ends with its context, wherever it is.
func TestTrainingStops(t *testing.T) {
	small, blended, large := fewer(made(30), 9), made(20), fewer(made(fullTopics+1), 1)
	steps := max((20*len(blended)*epochs+batch-1)/batch, leastSteps)
	for _, c := range []struct {
		name    string
		entries []*Entry
		in      int
	}{
		{"while texts are read", small, 15},
		{"before training", small, 30},
		{"in the logistic regression", small, 30 + 300},
		{"in the support vector machines", blended, len(blended) + steps + 8},
		{"in the machines of many entries", large, len(large) + 100},
		{"at the end", large, 2*len(large) - 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := until(t, c.in)
			x, err := newIndex(ctx, c.entries, Options{})
			if x != nil || !errors.Is(err, context.Canceled) {
				t.Fatalf("%v, %v", x, err)
			}
			if n := ctx.after(); n > 5+runtime.GOMAXPROCS(0) {
				t.Errorf("it went on for %d steps", n)
			}
		})
	}
}

func TestCrossValidateStops(t *testing.T) {
	ctx := until(t, 2000)
	if _, err := sample(t).CrossValidate(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if n := ctx.after(); n > 2*folds*5 {
		t.Errorf("it went on for %d steps", n)
	}
}

// A load that is called off changes nothing and is nobody's mistake; what it would
// have learnt is learnt later.
func TestLiveStopsWithItsContext(t *testing.T) {
	path := write(t, "faq.yaml", good)
	if _, err := NewLive(until(t, 100), []string{path}, sampleOptions(), nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("NewLive: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		reloads := 0
		l, err := NewLive(t.Context(), []string{path}, sampleOptions(), func(_ *Index, err error) {
			reloads++
			if err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		first := l.Index()
		if err := os.WriteFile(path, []byte(strings.Replace(good, "We are open", "Come", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, try := range map[string]func(context.Context) error{
			"Reload": l.Reload,
			"look":   func(ctx context.Context) error { l.look(ctx); return context.Canceled },
		} {
			ctx := until(t, 100)
			if err := try(ctx); !errors.Is(err, context.Canceled) || ctx.after() == 0 {
				t.Errorf("%s: %v", name, err)
			}
			if l.Index() != first || reloads != 0 {
				t.Errorf("%s: the index changed, or %d reloads were told", name, reloads)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		time.Sleep(2 * poll)
		synctest.Wait()
		if l.Index() == first || reloads != 1 {
			t.Errorf("after %d reloads the changed file is not in use", reloads)
		}
		cancel()
		<-done
	})
}
