package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"
)

// Some tests need a second process; it is this test binary again, which then
// does what childEnv names with the database in fileEnv.
const (
	childEnv = "FRONTDESK_STORE_CHILD"
	fileEnv  = "FRONTDESK_STORE_FILE"
)

var children = map[string]func(file string) error{
	"full":  childFull,
	"open":  childOpen,
	"write": childWrite,
}

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		if err := children[name](os.Getenv(fileEnv)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(t testing.TB, name, file string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childEnv+"="+name, fileEnv+"="+file)
	return c
}

// noon is when everything here happens.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newDB(t testing.TB) *DB {
	t.Helper()
	return openDB(t, filepath.Join(t.TempDir(), "frontdesk.db"))
}

func openDB(t testing.TB, file string) *DB {
	t.Helper()
	db, err := Open(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

func write(t testing.TB, db *DB, fn func(*Tx) error) {
	t.Helper()
	if err := db.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func read[T any](t testing.TB, db *DB, fn func(*Snapshot) (T, error)) T {
	t.Helper()
	var v T
	err := db.Read(context.Background(), func(s *Snapshot) (err error) {
		v, err = fn(s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sqlText is a write of one statement.
func sqlText(q string, args ...any) func(*Tx) error {
	return func(tx *Tx) error { return tx.exec(q, args...) }
}

// ask reads one value.
func ask[T any](t testing.TB, db *DB, q string, args ...any) T {
	t.Helper()
	return read(t, db, func(s *Snapshot) (T, error) { return one(s, scanned[T], q, args...) })
}

// sound fails the test unless SQLite finds the file whole.
func sound(t testing.TB, db *DB) {
	t.Helper()
	if got := ask[string](t, db, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("integrity_check: %s", got)
	}
	if n := ask[int](t, db, "SELECT count(*) FROM pragma_foreign_key_check"); n != 0 {
		t.Errorf("%d rows refer to nothing", n)
	}
}

// countCommits returns a counter of the writer's commits; before each, look is
// called, if there is one. Nothing may be being written meanwhile.
func countCommits(t testing.TB, db *DB, look func()) *int {
	t.Helper()
	n := new(int)
	err := db.conn.c.Raw(func(d any) error {
		d.(*sqlite3.SQLiteConn).RegisterCommitHook(func() int {
			if look != nil {
				look()
			}
			*n++
			return 0
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// people is a customer with a conversation, a case, and a thread for each
// audience.
type people struct {
	identity         Identity
	talk, number     int64
	customer, staff  int64 // threads
	message          int64 // in the customer's thread
	note             int64 // in the staff's
	entry            int64 // the message's
	otherTalk, other int64 // the customer's second conversation and its thread
}

func seed(t testing.TB, db *DB) (p people) {
	t.Helper()
	write(t, db, func(tx *Tx) (err error) {
		step := func(to *int64) func(int64, error) {
			return func(id int64, e error) {
				if *to = id; err == nil {
					err = e
				}
			}
		}
		if p.identity, err = tx.Identify("mail", "li@example.com", "Li", noon); err != nil {
			return err
		}
		of := p.identity.Customer
		step(&p.number)(tx.AddCase(Case{Customer: of, Channel: "mail", Kind: "complaint", Stage: StageReceived, Priority: Normal, Title: "broken", Owner: "wang", Opened: noon}))
		step(&p.talk)(tx.AddConversation(Conversation{Customer: of, Channel: "mail", State: WithBot, Case: p.number, Opened: noon, Updated: noon}))
		step(&p.otherTalk)(tx.AddConversation(Conversation{Customer: of, Channel: "mail", State: WithBot, Opened: noon, Updated: noon}))
		step(&p.customer)(tx.AddThread(Thread{Audience: ForCustomer, Conversation: p.talk, Channel: "mail", Token: rand.Text(), Created: noon}))
		step(&p.other)(tx.AddThread(Thread{Audience: ForCustomer, Conversation: p.otherTalk, Channel: "mail", Token: rand.Text(), Created: noon}))
		step(&p.staff)(tx.AddThread(Thread{Audience: ForStaff, Case: p.number, Channel: "slack", Token: rand.Text(), Created: noon}))
		step(&p.entry)(tx.AddEntry(Entry{Channel: "mail", Key: "first", Kind: "human", Disposition: Taken, Arrived: noon, Recorded: noon}, []string{"first"}))
		step(&p.message)(tx.AddMessage(Message{Thread: p.customer, Audience: ForCustomer, Conversation: p.talk, Ledger: p.entry, Author: ByCustomer, Identity: p.identity.ID, Text: "it broke", At: noon}))
		step(&p.note)(tx.AddMessage(Message{Thread: p.staff, Audience: ForStaff, Case: p.number, Author: ByStaff, Text: "again!", At: noon}))
		return err
	})
	return p
}

// inFile reports whether text stands in the database file or its log, after the
// log was brought home.
func inFile(t testing.TB, db *DB, text string) bool {
	t.Helper()
	file := ask[string](t, db, "SELECT file FROM pragma_database_list WHERE name = 'main'")
	if busy := checkpoint(t, db); busy {
		t.Error("somebody still reads")
	}
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(file + end)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

// checkpoint brings the log home, and reports whether somebody's snapshot was in
// the way.
func checkpoint(t testing.TB, db *DB) (busy bool) {
	t.Helper()
	busy, err := one(&Snapshot{db.conn}, func(r scanner) (busy bool, err error) {
		var pages, done int
		return busy, r.Scan(&busy, &pages, &done)
	}, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		t.Fatal(err)
	}
	return busy
}
