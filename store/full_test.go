package store

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The kernel refuses to write, rather than SQLite.
func TestFileMayNotGrow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	out, err := child(t, "full", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var kept int
	if _, err := fmt.Sscanf(string(out), "kept %d\n", &kept); err != nil {
		t.Fatalf("the child said %q", out)
	}
	db := openDB(t, file)
	if n := ask[int](t, db, "SELECT count(*) FROM setting"); n != kept+1 || n < 3 {
		t.Errorf("%d are recorded, %d and the probe were acknowledged", n, kept)
	}
	sound(t, db)
}

// childFull writes until files may not grow, and again when they may.
func childFull(file string) error {
	signal.Ignore(syscall.SIGXFSZ)
	db, err := Open(context.Background(), file)
	if err != nil {
		return err
	}
	kept := 0
	size := 50_000
	add := func() error {
		err := db.Write(context.Background(), func(tx *Tx) error {
			return tx.SetSetting(fmt.Sprint(kept), strings.Repeat("x", size))
		})
		if err == nil {
			kept++
		}
		return err
	}
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: was.Max}); err != nil {
		return err
	}
	for err = nil; err == nil && kept < 100; {
		err = add()
	}
	if !Unavailable(err) {
		return fmt.Errorf("after %d writes: %w, which is not Unavailable", kept, err)
	}
	if err := add(); !Unavailable(err) {
		return fmt.Errorf("still full: %w, which is not Unavailable", err)
	}
	for size, err = 1000, nil; err == nil && kept < 1000; { // the last corner
		err = add()
	}
	if err := db.Probe(context.Background(), noon); !Unavailable(err) {
		return fmt.Errorf("the probe of a full disk: %w, which is not Unavailable", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return err
	}
	if err := add(); err != nil {
		return fmt.Errorf("there is space again: %w", err)
	}
	if err := db.Probe(context.Background(), noon); err != nil {
		return fmt.Errorf("the probe after there is space again: %w", err)
	}
	fmt.Printf("kept %d\n", kept)
	return errors.Join(db.Close())
}
