package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Restore puts a copy of the backup file in the place of a database, which need
// not be there. No other process may have the database open; the caller holds the
// lock that says so. The backup is checked first, and the copy again; what was
// there is kept beside it as DATABASE.before-restore-DATE, with its log if it had
// to be left behind. If Restore fails, the database is what it was.
//
// What the backup still had to send may have been sent since it was made: each
// such delivery is marked as one whose outcome is unknown. An event tells of the
// restoration.
func Restore(ctx context.Context, file, database string, now time.Time) (Copied, error) {
	began := time.Now()
	if here, err := os.Stat(database); err == nil {
		if there, err := os.Stat(file); err == nil && os.SameFile(here, there) {
			return Copied{}, fmt.Errorf("%s is the database itself", file)
		}
	}
	if _, err := Inspect(ctx, file); err != nil {
		return Copied{}, fmt.Errorf("%s cannot be restored: %w", file, err)
	}
	before := ""
	c, err := place(ctx, file, database, func(tmp string) (err error) {
		if err := errors.Join(afterRestore(ctx, tmp, filepath.Base(file), now), GiveTo(tmp, database)); err != nil {
			return err
		}
		before, err = setAside(ctx, database, now)
		return err
	})
	c.Before, c.Took = before, time.Since(began)
	if err != nil && before != "" {
		err = errors.Join(err, putBack(database, before))
	}
	return c, err
}

// GiveTo makes the owner of the database that of a file beside it, where root
// runs: an operator may restore as root what serve reads as somebody else.
func GiveTo(tmp, database string) error {
	info, err := os.Stat(database)
	if errors.Is(err, fs.ErrNotExist) {
		info, err = os.Stat(filepath.Dir(database))
	}
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		return os.Chown(tmp, int(st.Uid), int(st.Gid))
	}
	return nil
}

// putBack undoes setAside, unless the database has its new content already.
func putBack(database, before string) error {
	now, err := os.Stat(database)
	if err != nil {
		return err
	}
	then, err := os.Stat(before)
	if err != nil || !os.SameFile(now, then) {
		return err
	}
	if err := os.Rename(before+"-wal", database+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Remove(before)
}

// afterRestore notes in the copy that it is one.
func afterRestore(ctx context.Context, tmp, file string, now time.Time) error {
	db, err := connect(ctx, tmp, url.Values{"_foreign_keys": {"on"}, "_synchronous": {"FULL"}})
	if err != nil {
		return err
	}
	return errors.Join(within(ctx, db.c, "BEGIN IMMEDIATE", func() error {
		if _, err := db.c.ExecContext(ctx, "UPDATE outbox SET unsure = 1 WHERE state IN ('queued', 'sending')"); err != nil {
			return err
		}
		_, err := db.c.ExecContext(ctx, "INSERT INTO event (at, kind, actor, data) VALUES (?, 'restored', 'operator', json_object('file', ?))", ms(now), file)
		return err
	}), db.close())
}

// setAside keeps the database under another name, so that its own can be given to
// another file in one step.
func setAside(ctx context.Context, database string, now time.Time) (string, error) {
	if _, err := os.Stat(database); errors.Is(err, fs.ErrNotExist) {
		return "", dropLog(database)
	} else if err != nil {
		return "", err
	}
	// The log must not stay behind: SQLite would play it into the restored file. A
	// last connection that closes brings it home; a damaged database may not let it.
	if db, err := connect(ctx, database, url.Values{"_busy_timeout": {"1000"}}); err == nil {
		var busy, pages, done int
		err := db.c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &done)
		err = errors.Join(err, db.close())
		_, left := os.Stat(database + "-wal") // the last one to close removes it
		if err == nil && (busy != 0 || left == nil) {
			return "", fmt.Errorf("another program has %s open: end it first", database)
		}
	}
	before := database + ".before-restore-" + now.Format("2006-01-02-150405")
	// The database itself must never be missing: a serve that is started just then
	// would begin with an empty one.
	if err := os.Link(database, before); err != nil {
		return "", fmt.Errorf("keep the present database: %w", err)
	}
	if info, err := os.Stat(database + "-wal"); err == nil && info.Size() > 0 {
		if err := os.Rename(database+"-wal", before+"-wal"); err != nil {
			return before, err
		}
	}
	return before, dropLog(database)
}

// dropLog removes a log that belongs to no database any more.
func dropLog(database string) error {
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(database + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
