package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/mattn/go-sqlite3"
)

func TestOpenAndReopen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	db := openDB(t, file)
	write(t, db, func(tx *Tx) error { return tx.SetSetting("color", "blue") })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(file + end); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after Close, the database is not one file: %s is there (%v)", end, err)
		}
	}
	again := openDB(t, file)
	if got := read(t, again, func(s *Snapshot) (string, error) { return s.Setting("color") }); got != "blue" {
		t.Errorf("after reopening, the setting is %q", got)
	}
	sound(t, again)
}

func TestOpenSaysWhichFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "no such folder", "frontdesk.db")
	_, err := Open(t.Context(), file)
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v does not name %s", err, file)
	}
}

func TestOpenStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, filepath.Join(t.TempDir(), "frontdesk.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with an ended context: %v", err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	db := openDB(t, file)
	know := ask[int](t, db, "PRAGMA user_version")
	if know == 0 {
		t.Fatal("the schema has no number")
	}
	db.Close()
	plain(t, file, fmt.Sprintf("PRAGMA user_version = %d", know+1))

	_, err := Open(t.Context(), file)
	var newer *NewerError
	if !errors.As(err, &newer) {
		t.Fatalf("Open of schema %d: %v", know+1, err)
	}
	if newer.Have != know+1 || newer.Know != know {
		t.Errorf("NewerError is %+v, want Have %d, Know %d", newer, know+1, know)
	}
	closed(t, file)
}

func TestForeignDatabaseIsRefused(t *testing.T) {
	for name, setup := range map[string]string{
		"tables":          "CREATE TABLE bookmark (url TEXT)",
		"version":         "PRAGMA user_version = 1",
		"application":     "PRAGMA application_id = 7",
		"all of it":       "CREATE TABLE bookmark (url TEXT); PRAGMA user_version = 1; PRAGMA application_id = 7",
		"no database":     "",
		"a newer other's": "PRAGMA user_version = 99",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "other.db")
			if setup != "" {
				plain(t, file, setup)
			} else if err := os.WriteFile(file, []byte(strings.Repeat("Dear diary, ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			db, err := Open(t.Context(), file)
			if err == nil {
				db.Close()
				t.Fatal("it was opened")
			}
			after, rerr := os.ReadFile(file)
			if rerr != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed (%v)", rerr)
			}
			closed(t, file)
		})
	}
}

// plain runs q on a file as another program would.
func plain(t testing.TB, file, q string) {
	t.Helper()
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(q); err != nil {
		t.Fatal(err)
	}
}

// closed fails the test if this process still has file open.
func closed(t testing.TB, file string) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return // not Linux
	}
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, file) {
			t.Errorf("%s is still open", to)
		}
	}
}

// migrateFile runs migrations on a file.
func migrateFile(t testing.TB, file string, files fstest.MapFS) error {
	t.Helper()
	db, err := sql.Open("sqlite3", dsn(file, false))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = migrate(t.Context(), c, files, "m")
	for _, q := range []string{"BEGIN", "ROLLBACK"} {
		if _, err := c.ExecContext(t.Context(), q); err != nil {
			t.Errorf("migrate left a transaction open: %v", err)
		}
	}
	return err
}

// tables returns the schema number and the tables of a file.
func tables(t testing.TB, file string) string {
	t.Helper()
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var s string
	if err := db.QueryRow("SELECT (SELECT user_version FROM pragma_user_version) || coalesce((SELECT group_concat(' ' || name, '') FROM (SELECT name FROM sqlite_schema ORDER BY name)), '')").Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMigrations(t *testing.T) {
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	first := &fstest.MapFile{Data: []byte("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1); -- and no newline")}
	second := &fstest.MapFile{Data: []byte("CREATE TABLE b (x INTEGER); INSERT INTO b SELECT x + 1 FROM a;\n")}
	bad := &fstest.MapFile{Data: []byte("CREATE TABLE b (x INTEGER); UPDATE a SET x = 7; INSERT INTO nowhere VALUES (1);")}

	if err := migrateFile(t, file, fstest.MapFS{"m/0001_a.sql": first}); err != nil {
		t.Fatal(err)
	}
	if got := tables(t, file); got != "1 a" {
		t.Errorf("after the first migration: %q", got)
	}

	err := migrateFile(t, file, fstest.MapFS{"m/0001_a.sql": first, "m/0002_b.sql": bad})
	if err == nil || !strings.Contains(err.Error(), "m/0002_b.sql") || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a bad migration: error %v names neither file nor cause", err)
	}
	if got := tables(t, file); got != "1 a" {
		t.Errorf("after a bad migration: %q", got)
	}

	both := fstest.MapFS{"m/0001_a.sql": first, "m/0002_b.sql": second}
	for range 2 { // the second time there is nothing to do
		if err := migrateFile(t, file, both); err != nil {
			t.Fatal(err)
		}
	}
	if got := tables(t, file); got != "2 a b" {
		t.Errorf("after both migrations: %q", got)
	}
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var sum int
	if err := db.QueryRow("SELECT (SELECT sum(x) FROM a) * 10 + (SELECT sum(x) FROM b)").Scan(&sum); err != nil || sum != 12 {
		t.Errorf("each migration should have run once: %d, %v; want 12", sum, err)
	}

	var newer *NewerError
	if err := migrateFile(t, file, fstest.MapFS{"m/0001_a.sql": first}); !errors.As(err, &newer) {
		t.Errorf("a program that knows the first only: %v", err)
	}
}

// The first migration fails: the file stays empty, and is ours to fill later.
func TestFirstMigrationFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	if err := migrateFile(t, file, fstest.MapFS{"m/1.sql": {Data: []byte("CREATE TABLE a (x); CREATE TABLE a (x)")}}); err == nil {
		t.Fatal("no error")
	}
	if got := tables(t, file); got != "0" {
		t.Errorf("left behind: %q", got)
	}
	if err := migrateFile(t, file, fstest.MapFS{"m/1.sql": {Data: []byte("CREATE TABLE a (x)")}}); err != nil {
		t.Error(err)
	}
}

func TestSeveralOpenANewFileAtOnce(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		file := filepath.Join(t.TempDir(), "frontdesk.db")
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := childOpen(file); err != nil {
					t.Errorf("in this process: %v", err)
				}
			})
			wg.Go(func() {
				if out, err := child(t, "open", file).CombinedOutput(); err != nil {
					t.Errorf("in another process: %v: %s", err, out)
				}
			})
		}
		wg.Wait()
		db := openDB(t, file)
		if n := ask[int](t, db, "SELECT value FROM setting WHERE name = 'opened'"); n != 6 {
			t.Errorf("%d of 6 could write after opening", n)
		}
	}
}

func childOpen(file string) error {
	db, err := Open(context.Background(), file)
	if err != nil {
		return err
	}
	err = db.Write(context.Background(), func(tx *Tx) error {
		return tx.exec("INSERT INTO setting VALUES ('opened', '1') ON CONFLICT DO UPDATE SET value = CAST(value + 1 AS TEXT)")
	})
	return errors.Join(err, db.Close())
}

func TestOptionsHoldOnEveryConnection(t *testing.T) {
	db := newDB(t)
	check := func(who string, c *sql.Conn, want map[string]string) {
		t.Helper()
		for name, v := range want {
			var got string
			if err := c.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got); err != nil || got != v {
				t.Errorf("%s: %s is %q (%v), want %q", who, name, got, err, v)
			}
		}
	}
	options := map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1",
		"busy_timeout": "5000", "cache_size": "-8000", "query_only": "0", "application_id": fmt.Sprint(application),
	}
	check("writer", db.conn.c, options)

	options["query_only"] = "1"
	var all []*sql.Conn
	for i := range readers {
		c, err := db.read.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		all = append(all, c)
		check(fmt.Sprintf("reader %d", i), c, options)
		_, err = c.ExecContext(t.Context(), "INSERT INTO setting VALUES ('x', 'y')")
		var e sqlite3.Error
		if !errors.As(err, &e) || e.Code != sqlite3.ErrReadonly {
			t.Errorf("reader %d wrote: %v", i, err)
		}
	}
	if n := db.read.Stats().OpenConnections; n != len(all) {
		t.Errorf("%d connections were looked at, %d are open", len(all), n)
	}
}

func TestFileNames(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{
		"plain.db", "with space.db", "what?.db", "x?mode=memory.db", "a#b.db", "100%.db", "100%25.db", "%3F.db", "a&b=c;d.db", "a+b.db",
		"前台 数据库.db", "é.db", "quote'\".db", `back\slash.db`, "file:x.db", ":memory:", "-dash.db", "new\nline.db",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, file := range []string{filepath.Join(dir, name), "/" + filepath.Join(dir, "slashes "+name), name} {
				db, err := Open(t.Context(), file)
				if err != nil {
					t.Fatal(err)
				}
				write(t, db, func(tx *Tx) error { return tx.SetSetting("file", file) })
				if got := read(t, db, func(s *Snapshot) (string, error) { return s.Setting("file") }); got != file {
					t.Errorf("%q: readers see another file", file)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(file); err != nil {
					t.Errorf("after Close: %v", err)
				}
				again, err := Open(t.Context(), file)
				if err != nil {
					t.Fatal(err)
				}
				if got := read(t, again, func(s *Snapshot) (string, error) { return s.Setting("file") }); got != file {
					t.Errorf("%q: found %q after reopening", file, got)
				}
				again.Close()
			}
			if there, err := os.ReadDir(dir); err != nil || len(there) != 2 {
				t.Errorf("the folder should hold two files: %v %v", there, err)
			}
		})
	}
	if db, err := Open(t.Context(), ""); err == nil {
		db.Close()
		t.Error("no name at all was opened")
	}
}
