package store

import (
	"context"
	"errors"
	"time"
)

// Watch calls fn after commits, those of other processes included, at most once
// in every; it does not tell how many there were. It looks at PRAGMA data_version,
// which costs a few microseconds and takes no lock. fn must not block for long. Watch
// returns when ctx ends, with its error, or when the database is closed. While the
// database cannot be read, fn is called as well: there may be something new.
func (db *DB) Watch(ctx context.Context, every time.Duration, fn func()) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		err := db.watchOn(ctx, tick.C, fn)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrClosed):
			return err
		}
		fn()
		select {
		case <-tick.C:
		case <-ctx.Done():
		case <-db.done:
		}
	}
}

// watchOn watches on one connection: versions of two are not comparable.
func (db *DB) watchOn(ctx context.Context, tick <-chan time.Time, fn func()) error {
	select {
	case <-db.done:
		return ErrClosed
	default:
	}
	c, err := db.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	s := &Snapshot{&conn{c: c}}
	version := func() (int64, error) { return one(s, scanned[int64], "PRAGMA data_version") }
	last, err := version()
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-db.done:
			return ErrClosed
		case <-tick:
		}
		var now int64
		if now, err = version(); err == nil && now != last {
			last = now
			fn()
		}
	}
	return err
}
