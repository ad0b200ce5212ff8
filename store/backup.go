package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
)

// Copied says what a backup or a restored database holds.
type Copied struct {
	File   string        `json:"file"`
	Size   int64         `json:"size"`
	Took   time.Duration `json:"-"`
	Schema int           `json:"schema"`
	// What is in it, as the original had it in the same snapshot.
	Ledger   int `json:"ledger"`
	Messages int `json:"messages"`
	Cases    int `json:"cases"`
	Outbox   int `json:"outbox"`
	Events   int `json:"events"`
	// Waiting is how many messages are still to be sent.
	Waiting int `json:"waiting"`
	// Newest is when the newest message in it was recorded.
	Newest time.Time `json:"newest,omitzero"`
	// Before is where Restore left the database that was there.
	Before string `json:"before,omitempty"`
}

// pagesAtOnce is how many pages are copied before the context is asked: 4 MB.
const pagesAtOnce = 1000

// Backup copies a database, which others may be writing, to file. After nil, file
// is one state of it, that of a moment between the call and the return: everything
// that was committed before the call is in it, and nothing half. It was read back
// and found whole ([Inspect]), is on the disk, and can be read by its owner alone.
// Nothing but the name file is ever seen half-made. A file that is there is
// replaced only with replace.
//
// Writers are not held up; while the copy is made, the write-ahead log cannot
// shrink.
func Backup(ctx context.Context, database, file string, replace bool) (Copied, error) {
	began := time.Now()
	if err := mayBecome(database, file, replace); err != nil {
		return Copied{}, err
	}
	c, err := place(ctx, database, file, func(tmp string) error {
		return mayBecome(database, file, replace)
	})
	c.Took = time.Since(began)
	return c, err
}

// mayBecome refuses targets that would destroy something.
func mayBecome(database, file string, replace bool) error {
	here, err := os.Stat(database)
	if err != nil {
		return err
	}
	there, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case there.IsDir():
		return fmt.Errorf("%s is a folder: name a file in it", file)
	case os.SameFile(here, there):
		return fmt.Errorf("%s is the database itself: name another file", file)
	case !there.Mode().IsRegular():
		return fmt.Errorf("%s is no file", file)
	case !replace:
		return fmt.Errorf("%s: %w", file, fs.ErrExist)
	}
	return nil
}

// place copies the database from to a file beside to, checks it, lets last look at
// it, and gives it its name.
func place(ctx context.Context, from, to string, last func(tmp string) error) (c Copied, err error) {
	f, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".*.part") // mode 0600
	if err != nil {
		return c, err
	}
	tmp := f.Name()
	if err := f.Close(); err != nil {
		return c, err
	}
	defer func() {
		for _, end := range []string{"", "-journal", "-wal", "-shm"} {
			if rerr := os.Remove(tmp + end); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
				err = errors.Join(err, rerr)
			}
		}
	}()
	want, err := copyTo(ctx, from, tmp)
	if err != nil {
		return c, fmt.Errorf("copy: %w", err)
	}
	if c, err = Inspect(ctx, tmp); err != nil {
		return c, fmt.Errorf("the copy is not sound: %w", err)
	}
	c.Size = 0
	if c.File = want.File; c != want {
		return c, fmt.Errorf("the copy differs from the original: it has %+v, not %+v", c, want)
	}
	if err := last(tmp); err != nil {
		return c, err
	}
	if err := syncFile(tmp); err != nil {
		return c, err
	}
	info, err := os.Stat(tmp)
	if err != nil {
		return c, err
	}
	if err := os.Rename(tmp, to); err != nil {
		return c, err
	}
	c.File, c.Size = to, info.Size()
	return c, syncFile(filepath.Dir(to))
}

// syncFile makes what was written to a file or a folder last.
func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// copyTo copies one snapshot of a database over an empty file and returns what
// stood in it.
func copyTo(ctx context.Context, from, to string) (c Copied, err error) {
	src, err := connect(ctx, from, url.Values{"_query_only": {"on"}, "_busy_timeout": {"5000"}})
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, src.close()) }()
	// The copy is worth nothing before it is synced and renamed.
	dst, err := connect(ctx, to, url.Values{"_synchronous": {"OFF"}})
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, dst.close()) }()
	err = within(ctx, src.c, "BEGIN", func() error {
		// The first statement takes the snapshot; SQLite copies what it shows.
		if c, err = contents(ctx, src.c); err != nil {
			return err
		}
		return src.c.Raw(func(s any) error {
			return dst.c.Raw(func(d any) error {
				b, err := d.(*sqlite3.SQLiteConn).Backup("main", s.(*sqlite3.SQLiteConn), "main")
				if err != nil {
					return err
				}
				for done := false; err == nil && !done; {
					if err = ctx.Err(); err == nil {
						done, err = b.Step(pagesAtOnce)
					}
				}
				return errors.Join(err, b.Finish())
			})
		})
	})
	if err != nil {
		return c, err
	}
	// One file, without a log beside it.
	var mode string
	if err := dst.c.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode); err != nil {
		return c, err
	}
	if mode != "delete" {
		return c, fmt.Errorf("journal mode is %s", mode)
	}
	return c, nil
}

// alone is a connection outside of any [DB].
type alone struct {
	db *sql.DB
	c  *sql.Conn
}

func connect(ctx context.Context, file string, options url.Values) (alone, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return alone{}, err
	}
	options.Set("mode", cmp.Or(options.Get("mode"), "rw")) // never make one
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: options.Encode()}).String())
	if err != nil {
		return alone{}, err
	}
	c, err := db.Conn(ctx)
	if err != nil {
		return alone{}, errors.Join(err, db.Close())
	}
	return alone{db, c}, nil
}

func (a alone) close() error { return errors.Join(a.c.Close(), a.db.Close()) }

// contents counts what is in a database, in the transaction of the caller.
func contents(ctx context.Context, c *sql.Conn) (n Copied, err error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return n, err
	}
	if n.Schema, err = version(ctx, c, len(names)); err != nil {
		return n, err
	}
	if n.Schema == 0 {
		return n, errors.New("there is nothing in it")
	}
	var newest int64
	for q, to := range map[string]any{
		"SELECT count(*) FROM ledger":                                      &n.Ledger,
		"SELECT count(*) FROM message":                                     &n.Messages,
		"SELECT count(*) FROM cases":                                       &n.Cases,
		"SELECT count(*) FROM outbox":                                      &n.Outbox,
		"SELECT count(*) FROM event":                                       &n.Events,
		"SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')": &n.Waiting,
		"SELECT coalesce(max(recorded), 0) FROM ledger":                    &newest,
	} {
		if err := c.QueryRowContext(ctx, q).Scan(to); err != nil {
			return n, err
		}
	}
	n.Newest = at(newest)
	return n, nil
}

// Inspect reads a database file from beginning to end and says what is in it. An
// error means that it is damaged, not ours, or written by a newer Frontdesk
// ([NewerError]).
func Inspect(ctx context.Context, file string) (c Copied, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return c, err
	}
	if !info.Mode().IsRegular() {
		return c, fmt.Errorf("%s is no file", file)
	}
	db, err := connect(ctx, file, url.Values{"_query_only": {"on"}, "_busy_timeout": {"5000"}})
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	err = within(ctx, db.c, "BEGIN", func() error {
		if c, err = contents(ctx, db.c); err != nil {
			return err
		}
		var found string
		if err := db.c.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
			return err
		}
		if found != "ok" {
			return &DamagedError{[]string{strings.TrimSpace(found)}}
		}
		var table string
		err := db.c.QueryRowContext(ctx, `SELECT "table" FROM pragma_foreign_key_check LIMIT 1`).Scan(&table)
		if err == nil {
			return &DamagedError{[]string{"a row of " + table + " refers to nothing"}}
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return nil
	})
	c.File, c.Size = file, info.Size()
	return c, err
}
