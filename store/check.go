package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Checkup is what [Check] found out about a database file.
type Checkup struct {
	Size   int64
	Schema int // that the file has
	Known  int // the newest that this program knows; [Open] brings the file there
}

// A DamagedError says that what SQLite found in the file contradicts itself.
type DamagedError struct{ Found []string }

func (e *DamagedError) Error() string {
	return "the database is damaged: " + strings.Join(e.Found, "; ")
}

// Check looks whether the database file can be used, and changes nothing in it:
// it neither makes the file nor migrates it. It reads the schema's number
// ([NewerError]), writes in a transaction that it undoes, and, if deep, lets
// SQLite look for damage ([DamagedError]), which reads the whole file. It may run
// beside other processes. A file that does not exist is fs.ErrNotExist.
func Check(ctx context.Context, file string, deep bool) (c Checkup, err error) {
	defer func() {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("check database %s: %w", file, err)
		}
	}()
	if file, err = filepath.Abs(file); err != nil {
		return c, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return c, err
	}
	c.Size = info.Size()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return c, err
	}
	c.Known = len(names)
	db, err := sql.Open("sqlite3", dsn(file, false)+"&mode=rw")
	if err != nil {
		return c, err
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()

	if err := within(ctx, conn, "BEGIN", func() error {
		c.Schema, err = version(ctx, conn, len(names))
		return err
	}); err != nil {
		return c, err
	}
	undone := errors.New("only tried")
	err = within(ctx, conn, "BEGIN IMMEDIATE", func() error {
		if _, err := conn.ExecContext(ctx, "CREATE TABLE only_tried (x TEXT)"); err != nil {
			return err
		}
		return undone
	})
	if !errors.Is(err, undone) {
		return c, fmt.Errorf("write: %w", err)
	}
	if !deep {
		return c, nil
	}
	return c, quickCheck(ctx, conn)
}

// ReadSetting reads a setting of a database that may be in use, by another version as
// well: it does nothing else to the file. "" is one that was never set; a file that does
// not exist is fs.ErrNotExist.
func ReadSetting(ctx context.Context, file, name string) (value string, err error) {
	if file, err = filepath.Abs(file); err != nil {
		return "", err
	}
	if _, err := os.Stat(file); err != nil {
		return "", err
	}
	db, err := sql.Open("sqlite3", dsn(file, true))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, "SELECT value FROM setting WHERE name = ?", name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read database %s: %w", file, err)
	}
	return value, nil
}

func quickCheck(ctx context.Context, conn *sql.Conn) (err error) {
	rows, err := conn.QueryContext(ctx, "PRAGMA quick_check(5)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var found []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			found = append(found, line)
		}
	}
	if found != nil {
		return &DamagedError{found}
	}
	return rows.Err()
}
