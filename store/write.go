package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// gather is how many callers share a commit at most.
const gather = 64

type request struct {
	ctx  context.Context
	fn   func(*Tx) error
	err  error
	done chan struct{}
}

// Write runs fn in a write transaction and returns after the commit. Callers
// that wait at the same time are gathered into one commit; each has a savepoint
// of its own, so that the error of one undoes its work alone. fn runs once, must
// not block, must not call Write, and must not end its goroutine (t.FailNow). A
// panic in fn undoes its work and comes back as a [PanicError]. If the database
// itself fails under one (see [Unavailable]), nobody's work is kept, whether or
// not fn passes the error on.
//
// If ctx ends before fn was begun, nothing is done; after that Write waits for
// the commit whatever ctx says.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	r := &request{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case db.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.done:
		return ErrClosed
	}
	<-r.done
	return r.err
}

// writer is the one goroutine that writes.
func (db *DB) writer() {
	for {
		select {
		case r := <-db.requests:
			db.commit(r)
		case <-db.done:
			return
		}
	}
}

// errUnfinished is what callers get if fn ends the writer (runtime.Goexit).
var errUnfinished = errors.New("the write was cut off")

// commit runs first and whoever waits behind it in one transaction.
func (db *DB) commit(first *request) {
	group := []*request{first}
	tx := &Tx{Snapshot: Snapshot{db.conn}}
	err := errUnfinished // nil only after the commit
	began := time.Now()
	defer func() {
		if err == nil {
			for _, fn := range tx.after {
				fn()
			}
		}
		if watch := db.watch.Load(); watch != nil {
			(*watch)(time.Since(began), err)
		}
		for _, r := range group {
			if r.err == nil {
				r.err = err
			}
			close(r.done)
		}
	}()
	db.conn.broken = nil
	if _, berr := db.conn.exec("BEGIN IMMEDIATE"); berr != nil {
		err = fmt.Errorf("begin: %w", berr)
		return
	}
	for r := first; r != nil; {
		if r.err = r.ctx.Err(); r.err == nil { // it may have ended while we waited for the lock
			r.err = tx.Try(func() error { return r.fn(tx) })
		}
		if r = nil; len(group) < gather && db.conn.broken == nil {
			select {
			case r = <-db.requests:
				group = append(group, r)
			default:
			}
		}
	}
	// A full disk may have rolled everything back: then all must come again.
	if err = db.conn.broken; err == nil {
		if _, err = db.conn.exec("COMMIT"); err != nil {
			err = fmt.Errorf("commit: %w", err)
		}
	}
	if err != nil {
		if rerr := db.conn.rollback(); rerr != nil {
			err = errors.Join(err, fmt.Errorf("rollback: %w", rerr))
		}
	}
}

// PanicError is a panic that was turned into an error.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Recovered makes an error of what recover returned, with the stack.
func Recovered(v any) error { return &PanicError{v, debug.Stack()} }

// Tx is a write transaction. It is valid inside the function that was given it.
type Tx struct {
	Snapshot
	after []func()
}

// AfterCommit runs fn once what was written so far is durable, before Write
// returns; never, if it is undone. fn runs on the writer's goroutine: it must not
// block and must not write.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// Try runs fn under a savepoint: if fn fails or panics, what it wrote is undone
// and the transaction goes on, except after an error that is [Unavailable]
// because the database failed: then every later statement fails with it too.
func (tx *Tx) Try(fn func() error) (err error) {
	if _, err := tx.c.exec("SAVEPOINT try"); err != nil {
		return err
	}
	said := len(tx.after)
	defer func() {
		if v := recover(); v != nil {
			err = Recovered(v)
		}
		if err != nil {
			tx.after = tx.after[:said]
		}
		if tx.c.broken != nil {
			if !broken(err) {
				err = errors.Join(err, tx.c.broken)
			}
			return // the savepoint may be gone; Write undoes everything
		}
		if err != nil {
			if _, rerr := tx.c.exec("ROLLBACK TO try"); rerr != nil {
				err = errors.Join(err, rerr)
			}
		}
		if _, rerr := tx.c.exec("RELEASE try"); rerr != nil {
			err = errors.Join(err, rerr)
		}
	}()
	return fn()
}

func (tx *Tx) exec(q string, args ...any) error {
	_, err := tx.c.exec(q, args...)
	return err
}

// one runs q and fails unless exactly one row was changed.
func (tx *Tx) one(q string, args ...any) error {
	res, err := tx.c.exec(q, args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return ErrNotFound
	}
	return nil
}

func (tx *Tx) insert(q string, args ...any) (int64, error) {
	res, err := tx.c.exec(q, args...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// Snapshot reads one state of the database. It is valid inside the function that
// was given it.
type Snapshot struct{ c *conn }

// Read runs fn on a snapshot: what fn sees does not change under it, and it sees
// everything that was committed before Read was called. fn must not call Read:
// there are few connections.
func (db *DB) Read(ctx context.Context, fn func(*Snapshot) error) (err error) {
	c, err := db.read.Conn(ctx)
	if err != nil {
		select {
		case <-db.done:
			return ErrClosed
		default:
			return fmt.Errorf("read: %w", err)
		}
	}
	defer c.Close()
	s := &Snapshot{&conn{c: c}}
	if _, err := s.c.exec("BEGIN"); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer func() { // after a panic too: the connection goes back to the pool
		if rerr := s.c.rollback(); err == nil {
			err = rerr
		}
	}()
	return fn(s)
}

// conn is a connection with its prepared statements.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt // nil: none are kept

	// broken is the first error of the transaction after which SQLite may have
	// rolled it back. Later statements would then stand outside of any
	// transaction, so none are run.
	broken error
}

func newConn(c *sql.Conn) *conn { return &conn{c: c, stmts: map[string]*sql.Stmt{}} }

// Statements are short and must not be cut in the middle, so they take no
// context that can end.
func (c *conn) exec(q string, args ...any) (res sql.Result, err error) {
	st, err := c.prepared(q)
	switch {
	case err != nil:
	case st == nil:
		res, err = c.c.ExecContext(context.Background(), q, args...)
	default:
		res, err = st.ExecContext(context.Background(), args...)
	}
	return res, c.note(err)
}

// query's caller notes the errors of the rows.
func (c *conn) query(q string, args ...any) (rows *sql.Rows, err error) {
	st, err := c.prepared(q)
	switch {
	case err != nil:
	case st == nil:
		rows, err = c.c.QueryContext(context.Background(), q, args...)
	default:
		rows, err = st.QueryContext(context.Background(), args...)
	}
	return rows, c.note(err)
}

func (c *conn) note(err error) error {
	if c.broken == nil && broken(err) {
		c.broken = err
	}
	return err
}

func (c *conn) prepared(q string) (*sql.Stmt, error) {
	if c.broken != nil || c.stmts == nil {
		return nil, c.broken
	}
	if st, ok := c.stmts[q]; ok {
		return st, nil
	}
	st, err := c.c.PrepareContext(context.Background(), q)
	if err != nil {
		return nil, err
	}
	c.stmts[q] = st
	return st, nil
}

// rollback ends the transaction, unless SQLite has done so already.
func (c *conn) rollback() error {
	c.broken = nil
	if !c.inTransaction() {
		return nil
	}
	_, err := c.exec("ROLLBACK")
	return err
}

func (c *conn) inTransaction() bool {
	in := true
	err := c.c.Raw(func(d any) error {
		if a, ok := d.(interface{ AutoCommit() bool }); ok {
			in = !a.AutoCommit()
		}
		return nil
	})
	return err != nil || in
}

func (c *conn) close() error {
	var errs []error
	for _, st := range c.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

// list runs q and scans every row.
func list[T any](s *Snapshot, scan func(scanner) (T, error), q string, args ...any) ([]T, error) {
	rows, err := s.c.query(q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, s.c.note(rows.Err())
}

// one runs q and scans its first row; no row is ErrNotFound.
func one[T any](s *Snapshot, scan func(scanner) (T, error), q string, args ...any) (T, error) {
	all, err := list(s, scan, q, args...)
	if err != nil || len(all) == 0 {
		var zero T
		if err == nil {
			err = ErrNotFound
		}
		return zero, err
	}
	return all[0], nil
}

type scanner interface{ Scan(...any) error }

// scanned reads a row of one column.
func scanned[T any](r scanner) (T, error) {
	var v T
	err := r.Scan(&v)
	return v, err
}
