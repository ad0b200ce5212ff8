package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// together runs fns so that all share one commit as far as the limit allows: the
// first begins only when the others wait. It must run in a synctest bubble.
func together(db *DB, fns ...func(*Tx) error) []error {
	errs := make([]error, len(fns))
	begun, all := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		errs[0] = db.Write(context.Background(), func(tx *Tx) error {
			close(begun)
			<-all
			return fns[0](tx)
		})
	})
	<-begun
	for i, fn := range fns[1:] {
		wg.Go(func() { errs[i+1] = db.Write(context.Background(), fn) })
		synctest.Wait() // one after the other
	}
	close(all)
	wg.Wait()
	return errs
}

func TestWaitingCallersShareACommit(t *testing.T) {
	for _, c := range []struct{ callers, commits int }{{1, 1}, {2, 1}, {gather, 1}, {gather + 1, 2}, {3 * gather, 3}} {
		t.Run(fmt.Sprint(c.callers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := newDB(t)
				var told atomic.Int32
				var early []int32
				commits := countCommits(t, db, func() { early = append(early, told.Load()) })
				var wg sync.WaitGroup
				begun, all := make(chan struct{}), make(chan struct{})
				for i := range c.callers {
					wg.Go(func() {
						err := db.Write(context.Background(), func(tx *Tx) error {
							if i == 0 {
								close(begun)
								<-all
							}
							return tx.SetSetting(fmt.Sprint(i), "here")
						})
						told.Add(1)
						if err != nil {
							t.Error(err)
						}
					})
					if i == 0 {
						<-begun
					}
				}
				synctest.Wait() // all wait
				close(all)
				wg.Wait()
				if *commits != c.commits {
					t.Errorf("%d callers took %d commits, want %d", c.callers, *commits, c.commits)
				}
				for i, n := range early {
					if n > int32(i*gather) {
						t.Errorf("before commit %d, %d callers were told", i+1, n)
					}
				}
				if n := ask[int](t, db, "SELECT count(*) FROM setting"); n != c.callers {
					t.Errorf("%d of %d are recorded", n, c.callers)
				}
			})
		})
	}
}

func TestErrorUndoesItsOwnOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newDB(t)
		commits := countCommits(t, db, nil)
		no := errors.New("no")
		set := func(name string) func(*Tx) error {
			return func(tx *Tx) error { return tx.SetSetting(name, "here") }
		}
		errs := together(db,
			set("a"),
			func(tx *Tx) error { return errors.Join(tx.SetSetting("b", "here"), no) },
			set("c"),
			func(tx *Tx) error {
				if err := tx.SetSetting("d", "here"); err != nil {
					return err
				}
				panic("oh dear")
			},
			// What the database refuses is this caller's fault, not a broken database.
			func(tx *Tx) error {
				if err := tx.SetSetting("e", "here"); err != nil {
					return err
				}
				return tx.exec("INSERT INTO setting VALUES ('a', 'twice')")
			},
			set("f"),
		)
		if *commits != 1 {
			t.Errorf("%d commits, want 1", *commits)
		}
		for i, fine := range []bool{true, false, true, false, false, true} {
			if (errs[i] == nil) != fine {
				t.Errorf("caller %c: error %v", 'a'+i, errs[i])
			}
			if Unavailable(errs[i]) {
				t.Errorf("caller %c: %v counts as unavailable", 'a'+i, errs[i])
			}
		}
		if !errors.Is(errs[1], no) {
			t.Errorf("the caller's own error became %v", errs[1])
		}
		var p *PanicError
		if !errors.As(errs[3], &p) || p.Value != "oh dear" || !strings.Contains(string(p.Stack), "TestErrorUndoesItsOwnOnly") {
			t.Errorf("the panic became %#v", errs[3])
		}
		if got := ask[string](t, db, "SELECT group_concat(name, '') FROM setting"); got != "acf" {
			t.Errorf("recorded are %q, want acf", got)
		}
	})
}

func TestContextEndedBeforeTheWriteBegan(t *testing.T) {
	db := newDB(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	never := func(tx *Tx) error {
		t.Error("it was run")
		return nil
	}
	for range 100 { // the writer is idle, so that both ways are open
		if err := db.Write(ended, never); !errors.Is(err, context.Canceled) || !Unavailable(err) {
			t.Fatalf("ended before: %v", err)
		}
	}
	if err := db.Write(endsLate{}, never); !errors.Is(err, context.Canceled) {
		t.Errorf("ended while the writer waited for the lock: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		db := newDB(t)
		ctx, cancel := context.WithCancel(t.Context())
		errs := together(db, func(tx *Tx) error {
			var err error
			done := make(chan struct{})
			go func() {
				defer close(done)
				err = db.Write(ctx, never)
			}()
			synctest.Wait()
			cancel()
			<-done
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended while waiting for its turn: %v", err)
			}
			return tx.SetSetting("turn", "mine")
		})
		if errs[0] != nil {
			t.Error(errs[0])
		}
	})
}

// endsLate is a context that ends between Write's look at it and fn's turn.
type endsLate struct{ context.Context }

func (endsLate) Done() <-chan struct{} { return nil }
func (endsLate) Err() error            { return context.Canceled }

func TestContextEndedAfterTheWriteBegan(t *testing.T) {
	db := newDB(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Write(ctx, func(tx *Tx) error {
		cancel()
		return tx.SetSetting("begun", "yes")
	})
	if err != nil {
		t.Errorf("Write: %v; it had begun", err)
	}
	if n := ask[int](t, db, "SELECT count(*) FROM setting"); n != 1 {
		t.Error("it was not recorded")
	}
}

func TestTry(t *testing.T) {
	db := newDB(t)
	no := errors.New("no")
	write(t, db, func(tx *Tx) error {
		set := func(name string) {
			if err := tx.SetSetting(name, ""); err != nil {
				t.Error(err)
			}
		}
		set("a")
		if err := tx.Try(func() error {
			set("b")
			if err := tx.Try(func() error {
				set("c")
				if err := tx.Try(func() error { set("d"); return nil }); err != nil {
					t.Errorf("third level: %v", err)
				}
				return no
			}); err != no {
				t.Errorf("second level: %v, want the error as it was", err)
			}
			set("e")
			var p *PanicError
			if err := tx.Try(func() error { set("f"); panic(no) }); !errors.As(err, &p) || p.Value != no {
				t.Errorf("a panic: %v", err)
			}
			set("g")
			return nil
		}); err != nil {
			t.Errorf("first level: %v", err)
		}
		if err := tx.Try(func() error {
			if err := tx.Try(func() error { set("h"); return nil }); err != nil {
				t.Error(err)
			}
			return no
		}); err != no {
			t.Errorf("outer: %v", err)
		}
		set("i")
		return nil
	})
	if got := ask[string](t, db, "SELECT group_concat(name, '') FROM (SELECT name FROM setting ORDER BY name)"); got != "abegi" {
		t.Errorf("recorded are %q, want abegi", got)
	}
}

// fill returns a write that needs more space than there is.
func fill(name string) func(*Tx) error {
	return func(tx *Tx) error { return tx.SetSetting(name, strings.Repeat("x", 4<<20)) }
}

func TestFullDisk(t *testing.T) {
	set := func(name string) func(*Tx) error {
		return func(tx *Tx) error { return tx.SetSetting(name, "") }
	}
	for name, full := range map[string]func(*Tx) error{
		"passed on": fill("big"),
		"passed over": func(tx *Tx) error {
			_ = fill("big")(tx)
			return nil
		},
		"caught, and written on": func(tx *Tx) error {
			err := tx.Try(func() error { return fill("big")(tx) })
			if !Unavailable(err) {
				t.Errorf("Try returned %v", err)
			}
			// SQLite may have ended the transaction: this must not become a commit of its own.
			_ = tx.SetSetting("stray", "")
			return nil
		},
		"become a panic": func(tx *Tx) error { panic(fill("big")(tx)) },
		"become another error": func(tx *Tx) error {
			return fmt.Errorf("cannot: %v", fill("big")(tx))
		},
		"met when reading": func(tx *Tx) error {
			_, err := one(&tx.Snapshot, scanned[string], "INSERT INTO setting VALUES ('big', ?) RETURNING name", strings.Repeat("x", 4<<20))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := newDB(t)
				pages := ask[int](t, db, "PRAGMA page_count")
				limit := func(n int) {
					if _, err := db.conn.exec(fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
						t.Fatal(err)
					}
				}
				limit(pages + 10)
				no := errors.New("no")
				errs := together(db, set("before"), func(*Tx) error { return no }, full, set("after"))
				for _, i := range []int{0, 2} {
					if !Unavailable(errs[i]) {
						t.Errorf("caller %d: %v, want that the database is unavailable", i, errs[i])
					}
				}
				if errs[1] != no {
					t.Errorf("the caller that failed by itself: %v", errs[1])
				}
				if errs[3] != nil { // it had a transaction of its own
					t.Errorf("the caller behind: %v", errs[3])
				}
				if got := ask[string](t, db, "SELECT group_concat(name) FROM setting"); got != "after" {
					t.Errorf("recorded are %q, want nothing but after", got)
				}
				limit(1 << 30)
				write(t, db, fill("big"))
				sound(t, db)
			})
		})
	}
}

// A commit that fails keeps nobody's work either.
func TestCommitFails(t *testing.T) {
	db := newDB(t)
	write(t, db, sqlText("CREATE TABLE later (id INTEGER REFERENCES customer DEFERRABLE INITIALLY DEFERRED)"))
	if err := db.Write(t.Context(), sqlText("INSERT INTO later VALUES (77)")); err == nil {
		t.Error("no error")
	}
	if n := ask[int](t, db, "SELECT count(*) FROM later"); n != 0 {
		t.Error("it was kept")
	}
	write(t, db, func(tx *Tx) error { return tx.SetSetting("next", "fine") })
}

// A function that ends the writer's goroutine is a bug, but not one that may look
// like success.
func TestWriteCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "frontdesk.db")
		db := openDB(t, file)
		errs := together(db,
			func(tx *Tx) error { return tx.SetSetting("before", "") },
			func(*Tx) error { runtime.Goexit(); return nil })
		for i, err := range errs {
			if err == nil {
				t.Errorf("caller %d was told that it is recorded", i)
			}
		}
		db.Close()
		again := openDB(t, file)
		if n := ask[int](t, again, "SELECT count(*) FROM setting"); n != 0 {
			t.Errorf("%d are recorded", n)
		}
	})
}

func TestAnotherProcessHoldsTheLock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	db := openDB(t, file)
	if _, err := db.conn.exec("PRAGMA busy_timeout = 30"); err != nil { // 5 s is long for a test
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite3", dsn(file, false))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	c, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, q := range []string{"BEGIN IMMEDIATE", "INSERT INTO setting VALUES ('other', 'has it')"} {
		if _, err := c.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	err = db.Write(t.Context(), func(*Tx) error {
		t.Error("it was run")
		return nil
	})
	if !Unavailable(err) {
		t.Errorf("Write: %v, want that the database is unavailable", err)
	}
	if n := ask[int](t, db, "SELECT count(*) FROM setting"); n != 0 {
		t.Error("readers see what is not committed")
	}
	if _, err := c.ExecContext(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	write(t, db, func(tx *Tx) error { return tx.SetSetting("mine", "too") })
	if n := ask[int](t, db, "SELECT count(*) FROM setting"); n != 2 {
		t.Errorf("%d of 2 are recorded", n)
	}
}

// A write that waits for the lock goes on when the other process is done.
func TestWriteWaitsForTheLock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	a, b := openDB(t, file), openDB(t, file)
	var wg sync.WaitGroup
	for i, db := range []*DB{a, b} {
		for j := range 20 {
			wg.Go(func() {
				if err := db.Write(context.Background(), func(tx *Tx) error { return tx.SetSetting(fmt.Sprint(i, j), "") }); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if n := ask[int](t, a, "SELECT count(*) FROM setting"); n != 40 {
		t.Errorf("%d of 40 are recorded", n)
	}
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "frontdesk.db")
		db := openDB(t, file)
		begun, goOn := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			err := db.Write(context.Background(), func(tx *Tx) error {
				close(begun)
				<-goOn
				return tx.SetSetting("under way", "yes")
			})
			if err != nil {
				t.Errorf("the write under way: %v", err)
			}
		})
		<-begun
		waiting := make([]error, 10)
		for i := range waiting {
			wg.Go(func() {
				waiting[i] = db.Write(context.Background(), func(tx *Tx) error { return tx.SetSetting(fmt.Sprint(i), "") })
			})
		}
		synctest.Wait()
		var isClosed atomic.Bool
		wg.Go(func() {
			if err := db.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			isClosed.Store(true)
		})
		synctest.Wait()
		if isClosed.Load() {
			t.Error("Close did not wait for the write under way")
		}
		close(goOn)
		wg.Wait()

		err := db.Write(t.Context(), func(*Tx) error { t.Error("run after Close"); return nil })
		if !errors.Is(err, ErrClosed) || !Unavailable(err) {
			t.Errorf("Write after Close: %v", err)
		}
		err = db.Read(t.Context(), func(*Snapshot) error { t.Error("read after Close"); return nil })
		if !errors.Is(err, ErrClosed) || !Unavailable(err) {
			t.Errorf("Read after Close: %v", err)
		}
		if _, err := db.Upload(t.Context(), strings.NewReader(strings.Repeat("x", 2*chunkSize)), noon); !errors.Is(err, ErrClosed) {
			t.Errorf("Upload after Close: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		closed(t, file)

		// Those that waited were either recorded or told.
		again := openDB(t, file)
		if got := read(t, again, func(s *Snapshot) (string, error) { return s.Setting("under way") }); got != "yes" {
			t.Error("the write under way is lost")
		}
		for i, err := range waiting {
			n := ask[int](t, again, "SELECT count(*) FROM setting WHERE name = ?", fmt.Sprint(i))
			if (err == nil) != (n == 1) || err != nil && !errors.Is(err, ErrClosed) {
				t.Errorf("caller %d: error %v, rows %d", i, err, n)
			}
		}
	})
}

func TestReadIsASnapshot(t *testing.T) {
	db := newDB(t)
	count := func(s *Snapshot) int {
		n, err := one(s, scanned[int], "SELECT count(*) FROM setting")
		if err != nil {
			t.Error(err)
		}
		return n
	}
	for i := range 10 {
		err := db.Read(t.Context(), func(s *Snapshot) error {
			if n := count(s); n != i {
				t.Errorf("%d were committed before Read, it sees %d", i, n)
			}
			write(t, db, func(tx *Tx) error { return tx.SetSetting(fmt.Sprint(i), "") })
			if n := count(s); n != i {
				t.Errorf("the snapshot of %d changed to %d", i, n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadCannotWrite(t *testing.T) {
	db := newDB(t)
	for _, q := range []string{
		"INSERT INTO setting VALUES ('a', 'b')", "DELETE FROM setting", "CREATE TABLE a (b)", "PRAGMA user_version = 9",
		"CREATE TEMP TABLE a (b)",
	} {
		err := db.Read(t.Context(), func(s *Snapshot) error {
			_, err := s.c.exec(q)
			return err
		})
		if err == nil {
			t.Errorf("%s: no error", q)
		}
	}
	if got := ask[int](t, db, "PRAGMA user_version"); got == 9 {
		t.Error("a reader changed the schema's number")
	}
}

func TestReadGivesBackItsConnection(t *testing.T) {
	db := newDB(t)
	write(t, db, func(tx *Tx) error { return tx.SetSetting("a", "") })
	for range 3 * readers {
		if err := db.Read(t.Context(), func(*Snapshot) error { return ErrNotFound }); err != ErrNotFound {
			t.Fatalf("Read: %v, want fn's error as it was", err)
		}
		func() {
			defer func() {
				if v := recover(); v != "oops" {
					t.Errorf("Read recovered %v; only Write does", v)
				}
			}()
			err := db.Read(t.Context(), func(s *Snapshot) error {
				if _, err := s.Setting("a"); err != nil {
					t.Error(err)
				}
				panic("oops")
			})
			t.Errorf("Read returned %v", err)
		}()
	}
	// No snapshot is held: all of the log can go into the file.
	if _, err := db.conn.exec("PRAGMA busy_timeout = 30"); err != nil {
		t.Fatal(err)
	}
	if checkpoint(t, db) {
		t.Error("somebody still reads")
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	db := newDB(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := db.Read(ctx, func(*Snapshot) error { t.Error("it was run"); return nil })
	if !errors.Is(err, context.Canceled) || !Unavailable(err) {
		t.Errorf("Read: %v", err)
	}
}
