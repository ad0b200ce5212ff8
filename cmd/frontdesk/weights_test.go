package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serve keeps what training made of the FAQ beside its database, and takes it from
// there at the next start. Other commands read it. It may be deleted.
func TestServeKeepsWeights(t *testing.T) {
	if testing.Short() {
		t.Skip("a large FAQ is trained several times")
	}
	s, database, weights := newLargeSite(t)
	ask := func() {
		t.Helper()
		if got := s.cli("ask", "How do I order item33x3 from the house?"); !strings.Contains(got, "Answer 33.") {
			t.Errorf("ask: %s", got)
		}
	}
	serve := func() string {
		t.Helper()
		log, end := s.serve()
		if err := log.wait(within(t, time.Minute), logReady, 1); err != nil {
			t.Fatal(err)
		}
		end()
		return log.String()
	}
	ask()
	if there(t, database) || there(t, weights) {
		t.Fatal("ask made a file")
	}
	serve()
	first, err := os.Stat(weights)
	if err != nil {
		t.Fatal(err)
	}
	ask()
	if log := serve(); strings.Contains(log, "weights") {
		t.Errorf("the file is no good:\n%s", log)
	}
	if again, err := os.Stat(weights); err != nil || !os.SameFile(first, again) {
		t.Errorf("what was kept is not used: the file was written again (%v)", err)
	}
	s.cli("backup", filepath.Join(s.dir, "copy.db"))
	if there(t, filepath.Join(s.dir, "copy.db.faq")) {
		t.Error("backup copies it")
	}
	if err := os.Remove(weights); err != nil {
		t.Fatal(err)
	}
	ask()
	if there(t, weights) {
		t.Error("ask wrote it; only serve should")
	}
	serve()
	if err := os.WriteFile(weights, []byte("not this"), 0o600); err != nil {
		t.Fatal(err)
	}
	ask()
	if log := serve(); !strings.Contains(log, `msg="trouble with the file of the faq's weights"`) || !strings.Contains(log, logReady) {
		t.Errorf("a damaged file:\n%s", log)
	}
	if info, err := os.Stat(weights); err != nil || info.Size() != first.Size() {
		t.Errorf("the damaged file stayed: %v", err)
	}
}
