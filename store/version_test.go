package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// What another handle on the same file commits is noticed, as if it were another
// process: handles share nothing but the file.
func TestWatchNoticesOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "watched.db")
	db, err := Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	ctx, cancel := context.WithCancel(t.Context())
	noticed, done := make(chan struct{}, 100), make(chan error, 1)
	go func() { done <- db.Watch(ctx, 10*time.Millisecond, func() { noticed <- struct{}{} }) }()
	wait := func(what string) {
		t.Helper()
		select {
		case <-noticed:
		case <-time.After(5 * time.Second):
			t.Fatalf("%s was not noticed", what)
		}
	}
	select { // until it has looked for the first time, nothing is new
	case <-noticed:
		t.Fatal("a commit was noticed that nobody made")
	case <-time.After(100 * time.Millisecond):
	}
	for i := range 3 {
		if err := other.Write(t.Context(), func(tx *Tx) error { return tx.SetSetting("x", string(rune('a'+i))) }); err != nil {
			t.Fatal(err)
		}
		wait("the commit of another")
	}
	if err := other.Write(t.Context(), func(tx *Tx) error { return errors.New("no") }); err == nil {
		t.Fatal("a write that fails did not fail")
	}
	select {
	case <-noticed:
		t.Error("what was undone was noticed")
	case <-time.After(100 * time.Millisecond):
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v, want the context's error", err)
	}
	go func() { done <- db.Watch(t.Context(), 10*time.Millisecond, func() {}) }()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("ended with %v, want that the database is closed", err)
	}
}
