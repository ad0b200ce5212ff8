package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// folder returns the names in a folder.
func folder(t testing.TB, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

// A backup that is made while everybody writes has all that was acknowledged
// before it began, no gap, and nothing half.
func TestBackupUnderLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	db := openDB(t, file)
	const writers = 8
	var acknowledged [writers]atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer func() { stop(); wg.Wait() }()
	filler := strings.Repeat("x", 2000)
	for w := range writers {
		wg.Go(func() {
			for n := int64(1); ctx.Err() == nil; n++ {
				key := fmt.Sprintf("%d/%d", w, n)
				err := db.Write(ctx, func(tx *Tx) error { // two rows and a cursor that belong together
					if _, err := tx.AddEntry(Entry{Channel: fmt.Sprint(w), Key: key, Kind: "message", Disposition: Taken, Subject: filler, Arrived: noon, Recorded: noon}, []string{key}); err != nil {
						return err
					}
					return tx.SetCursor(fmt.Sprint(w), "n", fmt.Sprint(n), noon)
				})
				if err == nil {
					acknowledged[w].Store(n)
				} else if ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	commits := make(chan struct{})
	db.OnCommit(func(time.Duration, error) {
		select {
		case commits <- struct{}{}:
		default: // nobody waits
		}
	})
	out := t.TempDir()
	for round := range 4 {
		for range 20 { // the log grows
			<-commits
		}
		var before, after [writers]int64
		for w := range writers {
			before[w] = acknowledged[w].Load()
		}
		copied := filepath.Join(out, fmt.Sprintf("%d.db", round))
		c, err := Backup(t.Context(), file, copied, false)
		if err != nil {
			t.Fatal(err)
		}
		for w := range writers {
			after[w] = acknowledged[w].Load() + 1 // one may be under way
		}
		if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 || info.Size() != c.Size {
			t.Errorf("the backup is %v, %v; told were %d bytes", info, err, c.Size)
		}
		b := openDB(t, copied)
		sound(t, b)
		total := 0
		for w := range writers {
			rows := ask[int64](t, b, "SELECT count(*) FROM ledger WHERE channel = ?", fmt.Sprint(w))
			keys := ask[int64](t, b, "SELECT count(*) FROM key JOIN ledger ON ledger.id = ledger WHERE channel = ?", fmt.Sprint(w))
			cursor := ask[int64](t, b, "SELECT coalesce(max(CAST(position AS INTEGER)), 0) FROM cursor WHERE channel = ?", fmt.Sprint(w))
			if rows != keys || rows != cursor {
				t.Errorf("round %d, writer %d: half a write: %d rows, %d keys, cursor %d", round, w, rows, keys, cursor)
			}
			if rows < before[w] || rows > after[w] {
				t.Errorf("round %d, writer %d: %d rows; %d were acknowledged before, %d after", round, w, rows, before[w], after[w])
			}
			total += int(rows)
		}
		if c.Ledger != total || c.Schema == 0 || !c.Newest.Equal(noon) {
			t.Errorf("round %d: told were %+v, %d rows are there", round, c, total)
		}
	}
	names := slices.DeleteFunc(folder(t, out), func(n string) bool { return strings.HasSuffix(n, "-wal") || strings.HasSuffix(n, "-shm") })
	if want := []string{"0.db", "1.db", "2.db", "3.db"}; !slices.Equal(names, want) {
		t.Errorf("beside the backups stand %v", names)
	}
}

func TestBackupRefusals(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "frontdesk.db")
	db := openDB(t, file)
	seed(t, db)
	there := filepath.Join(dir, "there.db")
	if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, filepath.Join(dir, "link.db")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ to, says string }{
		{there, "exist"},
		{dir, "folder"},
		{file, "itself"},
		{filepath.Join(dir, "link.db"), "itself"},
		{filepath.Join(dir, "nowhere", "b.db"), "no such file"},
	} {
		for _, replace := range []bool{false, true} {
			if replace && test.to == there {
				continue
			}
			if _, err := Backup(t.Context(), file, test.to, replace); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s, %v: %v, want an error about %q", test.to, replace, err, test.says)
			}
		}
	}
	if _, err := Backup(t.Context(), filepath.Join(dir, "none.db"), filepath.Join(dir, "b.db"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a database that is not there: %v", err)
	}
	if b, err := os.ReadFile(there); err != nil || string(b) != "precious" {
		t.Errorf("the file that was there is now %q, %v", b, err)
	}
	if _, err := Backup(t.Context(), file, there, true); err != nil {
		t.Errorf("with leave to replace: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := Backup(ended, file, filepath.Join(dir, "late.db"), false); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if got := folder(t, dir); len(got) != 5 { // database, log, its index, there, link
		t.Errorf("left in the folder: %v", got)
	}
}

// A backup is sound or it is not made.
func TestBackupOfDamage(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "frontdesk.db")
	db, err := Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	seed(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) - 9*4096; i < len(b)-4096; i++ { // not the pages that are read to count
		b[i] = 0xA5
	}
	broken := filepath.Join(dir, "broken.db")
	if err := os.WriteFile(broken, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Backup(t.Context(), broken, filepath.Join(dir, "b.db"), false); err == nil {
		t.Error("a damaged database was backed up")
	} else {
		t.Log(err)
	}
	if _, err := Restore(t.Context(), broken, filepath.Join(dir, "new.db"), noon); err == nil {
		t.Error("a damaged backup was restored")
	}
	if got := folder(t, dir); len(got) != 2 {
		t.Errorf("left in the folder: %v", got)
	}
}

func TestRestore(t *testing.T) {
	dir := t.TempDir()
	file, saved := filepath.Join(dir, "frontdesk.db"), filepath.Join(dir, "saved.db")
	db, err := Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	p := seed(t, db)
	var waiting int64
	write(t, db, func(tx *Tx) (err error) {
		waiting, err = tx.Enqueue(Delivery{Key: strings.Repeat("k", 26), Channel: "mail", Thread: p.customer, Audience: ForCustomer, Message: p.message, Payload: []byte("{}"), Next: noon, Created: noon})
		return err
	})
	made, err := Backup(t.Context(), file, saved, false)
	if err != nil {
		t.Fatal(err)
	}
	if made.Waiting != 1 || made.Outbox != 1 {
		t.Errorf("backup: %+v", made)
	}
	write(t, db, func(tx *Tx) error { return tx.SetSetting("later", "yes") })
	if _, err := Restore(t.Context(), saved, file, noon); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("restored over a database that is open: %v", err)
	}
	if got := read(t, db, func(s *Snapshot) (string, error) { return s.Setting("later") }); got != "yes" {
		t.Error("a refused restoration changed the database")
	}
	// The process dies: its log stays behind.
	write(t, db, func(tx *Tx) error { return tx.SetSetting("logged", "yes") })
	left := map[string][]byte{}
	for _, name := range []string{file, file + "-wal"} {
		b, err := os.ReadFile(name)
		if err != nil || len(b) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		left[name] = b
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range left {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Restore(t.Context(), saved, file, noon)
	if err != nil {
		t.Fatal(err)
	}
	if c.Before != file+".before-restore-2026-03-02-120000" || c.File != file {
		t.Errorf("told: %+v", c)
	}
	restored := openDB(t, file)
	sound(t, restored)
	if got := read(t, restored, func(s *Snapshot) (string, error) { return s.Setting("later") }); got != "" {
		t.Error("what came after the backup is still there")
	}
	if d := read(t, restored, func(s *Snapshot) (Delivery, error) { return s.Delivery(waiting) }); !d.Unsure || d.State != Queued {
		t.Errorf("a delivery that may have been sent since: %+v", d)
	}
	if ev := read(t, restored, func(s *Snapshot) ([]Event, error) { return s.Events("restored", 0) }); len(ev) != 1 || ev[0].Data["file"] != "saved.db" {
		t.Errorf("events: %+v", ev)
	}
	old := openDB(t, c.Before)
	for _, name := range []string{"later", "logged"} {
		if got := read(t, old, func(s *Snapshot) (string, error) { return s.Setting(name) }); got != "yes" {
			t.Errorf("the database that was there has lost what was %s", name)
		}
	}
	// The backup is untouched, and onto a new machine it goes too.
	if again, err := Inspect(t.Context(), saved); err != nil || again.Events != made.Events {
		t.Errorf("the backup changed: %+v, %v", again, err)
	}
	if c, err := Restore(t.Context(), saved, filepath.Join(dir, "elsewhere.db"), noon); err != nil || c.Before != "" {
		t.Errorf("onto an empty place: %+v, %v", c, err)
	}
}

// What is beyond opening is kept as it is.
func TestRestoreOverADamagedDatabase(t *testing.T) {
	dir := t.TempDir()
	file, saved := filepath.Join(dir, "frontdesk.db"), filepath.Join(dir, "saved.db")
	db, err := Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	seed(t, db)
	if _, err := Backup(t.Context(), file, saved, false); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	damaged := strings.Repeat("no database at all ", 1000)
	for _, name := range []string{file, file + "-wal", file + "-shm"} {
		if err := os.WriteFile(name, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Restore(t.Context(), saved, file, noon)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, openDB(t, file))
	if b, err := os.ReadFile(c.Before); err != nil || string(b) != damaged {
		t.Errorf("kept were %d bytes, %v", len(b), err)
	}
}

func TestRestoreRefusals(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "frontdesk.db")
	db, err := Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	seed(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, "newer.db")
	if err := os.WriteFile(newer, before, 0o600); err != nil {
		t.Fatal(err)
	}
	n := openDB(t, newer)
	write(t, n, sqlText("PRAGMA user_version = 999"))
	for name, text := range map[string]string{"text.db": "a letter, and no database at all; it is long enough to be one", "empty.db": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, says := range map[string]string{"text.db": "not a database", "empty.db": "nothing in it", "newer.db": "schema 999", "none.db": "no such file",
		"frontdesk.db": "itself", ".": "no file"} {
		if _, err := Restore(t.Context(), filepath.Join(dir, name), file, noon); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want an error about %q", name, err, says)
		}
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("a refused restoration changed the database: %v", err)
	}
}
