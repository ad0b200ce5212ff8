// Package store keeps everything Frontdesk knows in one SQLite file. It is the
// only place with SQL.
//
// Writing goes through one connection and [DB.Write], which gathers callers that
// wait into one durable commit, each under a savepoint of its own. Reading goes
// through a pool of read-only connections and [DB.Read], which sees one snapshot.
// After Write returned nil, what it wrote survives a crash of the process and of
// the machine (WAL with synchronous=FULL).
//
// Several processes may open the same file; each write is one short transaction.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// application marks the file as ours (PRAGMA application_id): "FDsk".
const application = 0x4644736b

// readers is the number of read-only connections.
const readers = 5 // one of them may watch

// DB is an open database. All methods may be called concurrently.
type DB struct {
	write *sql.DB // one connection, pinned in conn
	conn  *conn
	read  *sql.DB

	requests chan *request
	watch    atomic.Pointer[func(time.Duration, error)]
	done     chan struct{}
	wg       sync.WaitGroup
	close    sync.Once

	buffers sync.Pool // of *[]byte, one chunk each
}

// dsn explains the options of every connection; pragmas are per connection, so
// they stand here and nowhere else. (WAL mode is kept in the file: see migrate.)
func dsn(file string, readOnly bool) string {
	q := url.Values{
		"_busy_timeout":  {"5000"}, // another process may be writing
		"_foreign_keys":  {"on"},
		"_synchronous":   {"FULL"}, // a commit survives power loss
		"_secure_delete": {"on"},   // what is erased is gone from the file
		"_cache_size":    {"-8000"},
	}
	if readOnly {
		q.Set("mode", "ro")
		q.Set("_query_only", "on")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// Open opens the database file, makes it where it is missing, and brings its
// schema up to date. It refuses a file that a newer Frontdesk wrote
// ([NewerError]) and one that is not Frontdesk's.
func Open(ctx context.Context, file string) (*DB, error) {
	db, err := open(ctx, file)
	// While several processes make a new file WAL, SQLite may find a journal gone
	// that another has just removed. It waits for locks itself, but not for this.
	// A lock that was waited for in vain is not waited for again.
	began := time.Now()
	for wait := 10 * time.Millisecond; err != nil && inTheWay(err) && time.Since(began) < time.Second; wait *= 2 {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("open database %s: %w", file, ctx.Err())
		case <-time.After(wait):
		}
		db, err = open(ctx, file)
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", file, err)
	}
	return db, nil
}

func open(ctx context.Context, file string) (*DB, error) {
	file, err := filepath.Abs(file) // so that SQLite sees a file in ":memory:", "" and "//name" too
	if err != nil {
		return nil, err
	}
	// SQLite would make a file that others can read.
	if f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		if err := f.Close(); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	w, err := sql.Open("sqlite3", dsn(file, false))
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	c, err := w.Conn(ctx)
	if err != nil {
		w.Close()
		return nil, err
	}
	if err := migrate(ctx, c, migrations, "migrations"); err != nil {
		c.Close()
		w.Close()
		return nil, err
	}
	r, err := sql.Open("sqlite3", dsn(file, true))
	if err != nil {
		c.Close()
		w.Close()
		return nil, err
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers) // opening one costs more than most reads
	db := &DB{write: w, conn: newConn(c), read: r, requests: make(chan *request), done: make(chan struct{})}
	db.wg.Add(1)
	go func() {
		defer db.wg.Done()
		db.writer()
	}()
	return db, nil
}

// Close waits for the write under way, refuses later ones, and closes the file.
func (db *DB) Close() error {
	var err error
	db.close.Do(func() {
		close(db.done)
		db.wg.Wait()
		err = errors.Join(db.conn.close(), db.read.Close(), db.write.Close())
	})
	return err
}

// NewerError says that the file was written by a newer Frontdesk.
type NewerError struct{ Have, Know int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("the database has schema %d and this frontdesk knows schemas up to %d: use a frontdesk at least as new as the one that wrote it", e.Have, e.Know)
}

// migrate runs the files of dir in order, each once and in a transaction of its
// own. Their order is their number; a released one is never edited.
func migrate(ctx context.Context, c *sql.Conn, files fs.FS, dir string) error {
	names, err := fs.Glob(files, path.Join(dir, "*.sql"))
	if err != nil {
		return err
	}
	// Look before anything is changed, WAL mode included: a file that is not ours
	// stays as it is.
	var have int
	err = within(ctx, c, "BEGIN", func() error {
		have, err = version(ctx, c, len(names))
		return err
	})
	if err != nil {
		return err
	}
	var mode string
	if err := c.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return errors.New("this file system cannot share memory between processes: name a file on a local disk")
	}
	for have < len(names) {
		text, err := fs.ReadFile(files, names[have])
		if err != nil {
			return err
		}
		err = within(ctx, c, "BEGIN IMMEDIATE", func() error {
			// Another process may have come first: look again inside the lock.
			now, err := version(ctx, c, len(names))
			if err != nil || now != have {
				have = now
				return err
			}
			have++
			_, err = c.ExecContext(ctx, string(text)+
				fmt.Sprintf("\n;PRAGMA user_version = %d; PRAGMA application_id = %d;", have, application))
			if err != nil {
				return fmt.Errorf("migration %s: %w", names[have-1], err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// version returns how many migrations the file has seen. It fails if the file is
// not ours or knows more than we do. It must run in a transaction, or another
// process that migrates could show it half of two states.
func version(ctx context.Context, c *sql.Conn, know int) (int, error) {
	var have, app, tables int
	for q, to := range map[string]*int{
		"PRAGMA user_version":                &have,
		"PRAGMA application_id":              &app,
		"SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if err := c.QueryRowContext(ctx, q).Scan(to); err != nil {
			return 0, err
		}
	}
	switch {
	case app != application && (app != 0 || have != 0 || tables != 0):
		return 0, errors.New("this is a database of another program: name another file")
	case have > know:
		return 0, &NewerError{Have: have, Know: know}
	}
	return have, nil
}

// within runs fn in a transaction, and undoes it if fn fails.
func within(ctx context.Context, c *sql.Conn, begin string, fn func() error) error {
	if _, err := c.ExecContext(ctx, begin); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		_, err = c.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		// Fails where SQLite has done it already.
		_, _ = c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	}
	return err
}

// Unavailable reports whether err says that the database could not do its work
// now (busy, full, read-only, broken disk, closed, or the caller's context
// ended), as opposed to having refused what it was given. The same work may
// succeed later.
func Unavailable(err error) bool {
	return broken(err) || errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// inTheWay reports whether another process may be the reason for an error.
func inTheWay(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrIoErr || e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

// broken reports whether SQLite itself could not go on: the whole transaction is
// then in doubt, not one caller's part of it.
func broken(err error) bool {
	var e sqlite3.Error // a value type
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrReadonly,
		sqlite3.ErrCantOpen, sqlite3.ErrNomem, sqlite3.ErrProtocol, sqlite3.ErrCorrupt, sqlite3.ErrNotADB, sqlite3.ErrPerm:
		return true
	}
	return false
}

// ErrClosed is returned after Close.
var ErrClosed = errors.New("the database is closed")

// ErrNotFound is returned where a row that was asked for does not exist.
var ErrNotFound = errors.New("not found")

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMilli(v).UTC()
}
