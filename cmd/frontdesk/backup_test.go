package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdesk/store"
)

// refused runs a command that must fail, and returns what it said.
func (s *site) refused(args ...string) string {
	s.t.Helper()
	var errs strings.Builder
	if code := run(context.Background(), append(args, "--config", s.config()), strings.NewReader(""), io.Discard, &errs); code != 1 {
		s.t.Errorf("frontdesk %s: exit %d, want 1\n%s", strings.Join(args, " "), code, &errs)
	}
	return errs.String()
}

// A backup is made while mail comes in; after a disaster it is restored, and mail
// that came later is taken in from the mailbox: nothing is lost.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	s, world, _ := served(t)
	ctx := within(t, 60*time.Second)
	file := filepath.Join(s.dir, "saved.db")
	if said := s.refused("backup", file); !strings.Contains(said, "no database yet") {
		t.Errorf("before the first serve: %s", said)
	}
	deliver := func(from, to int) {
		for i := from; i < to; i++ {
			if err := world.Deliver("support", letterFrom(fmt.Sprintf("c%d@customers.example", i), fmt.Sprintf("m%d@customers.example", i), "Hours", "What are your opening hours?")); err != nil {
				t.Error(err)
			}
		}
	}
	deliver(0, 20)
	_, end := s.serve()
	s.settled(ctx, 20)
	delivered := make(chan struct{})
	go func() { defer close(delivered); deliver(20, 60) }()
	type told struct {
		File, Before       string
		Ledger, Cases      int
		Size, Milliseconds int64
		Schema, Waiting    int
		Newest             time.Time
		Outbox, Events     int
		Messages           int
	}
	made := cliJSON[told](s, "backup", file)
	if made.Ledger < 20 || made.Size == 0 || made.Schema == 0 || made.Newest.IsZero() || made.File != file {
		t.Errorf("told: %+v", made)
	}
	if said := s.refused("backup", file); !strings.Contains(said, "there already") || !strings.Contains(said, "--force") {
		t.Errorf("a second time: %s", said)
	}
	if said := s.cli("backup", filepath.Join(s.dir, "second.db")); !strings.Contains(said, "in the ledger") || !strings.Contains(said, "checked") {
		t.Errorf("to a person it says %q", said)
	}
	s.cli("backup", "--force", filepath.Join(s.dir, "second.db"))
	if said := s.refused("restore", file); !strings.Contains(said, "already running") {
		t.Errorf("beside serve: %s", said)
	}
	<-delivered
	s.settled(ctx, 60)
	end()
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
	s.db = nil

	if said := s.refused("restore", s.config()); !strings.Contains(said, "nothing was restored") {
		t.Errorf("of what is no backup: %s", said)
	}
	back := cliJSON[told](s, "restore", file)
	if back.Ledger != made.Ledger || !strings.Contains(back.Before, ".before-restore-") {
		t.Errorf("told: %+v", back)
	}
	if _, err := os.Stat(back.Before); err != nil {
		t.Error(err)
	}
	_, end = s.serve()
	defer end()
	s.settled(ctx, 60)
	if n := len(s.ledger()); n != 60 {
		t.Errorf("the ledger has %d rows, want 60", n)
	}
	s.read(func(snap *store.Snapshot) error {
		ev, err := snap.Events("restored", 0)
		if len(ev) != 1 {
			t.Errorf("events: %+v", ev)
		}
		return err
	})
}
