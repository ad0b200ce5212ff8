package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAfterCommit(t *testing.T) {
	db := newDB(t)
	var told []string
	say := func(tx *Tx, s string) { tx.AfterCommit(func() { told = append(told, s) }) }
	write(t, db, func(tx *Tx) error {
		say(tx, "first")
		_ = tx.Try(func() error { say(tx, "undone"); return errors.New("no") })
		_ = tx.Try(func() error { say(tx, "panicked"); panic("no") })
		_ = tx.Try(func() error { say(tx, "second"); return nil })
		if len(told) != 0 {
			t.Error("told before the commit")
		}
		return nil
	})
	if want := []string{"first", "second"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	told = nil
	_ = db.Write(t.Context(), func(tx *Tx) error { say(tx, "failed"); return errors.New("no") })
	write(t, db, sqlText("CREATE TABLE spoilt (x INTEGER REFERENCES ledger (id) DEFERRABLE INITIALLY DEFERRED)"))
	if err := db.Write(t.Context(), func(tx *Tx) error {
		say(tx, "not committed")
		return tx.exec("INSERT INTO spoilt VALUES (-1)")
	}); err == nil {
		t.Error("a broken reference was committed")
	}
	if told != nil {
		t.Errorf("told %q of what was undone", told)
	}
}

func TestOnCommit(t *testing.T) {
	db := newDB(t)
	var good, bad int
	db.OnCommit(func(took time.Duration, err error) {
		if took <= 0 {
			t.Errorf("a commit took %v", took)
		}
		if err != nil {
			bad++
		} else {
			good++
		}
	})
	if err := db.Probe(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	other := openDB(t, ask[string](t, db, "SELECT file FROM pragma_database_list"))
	if _, err := db.conn.c.ExecContext(t.Context(), "PRAGMA busy_timeout = 50"); err != nil {
		t.Fatal(err)
	}
	write(t, other, func(*Tx) error {
		if err := db.Probe(t.Context(), noon); !Unavailable(err) {
			t.Errorf("a probe under another's lock: %v", err)
		}
		return nil
	})
	if good != 1 || bad != 1 {
		t.Errorf("%d commits and %d failures were counted, want 1 and 1", good, bad)
	}
}

func TestBacklogsAndTallies(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	enqueue := func(channel string, created time.Time) (id int64) {
		write(t, db, func(tx *Tx) (err error) {
			id, err = tx.Enqueue(Delivery{Key: strings.Repeat("k", 20) + created.String() + channel, Channel: channel, Thread: p.customer, Audience: ForCustomer, Payload: []byte("{}"), Next: created, Created: created})
			return err
		})
		return id
	}
	finish := func(id int64, o Outcome) {
		write(t, db, func(tx *Tx) error {
			d, err := tx.Delivery(id)
			if err == nil {
				d, err = tx.Stamp(d, noon)
			}
			if err != nil {
				return err
			}
			o.At = noon.Add(time.Minute)
			return tx.Finish(d, o)
		})
	}
	finish(enqueue("mail", noon), Outcome{Result: "sent", Ref: "x"})
	finish(enqueue("mail", noon.Add(time.Second)), Outcome{Result: "temporary", Error: "busy", Retry: noon.Add(time.Hour)})
	enqueue("mail", noon.Add(2*time.Second))
	enqueue("slack", noon.Add(3*time.Second))
	got := read(t, db, func(s *Snapshot) ([]Backlog, error) { return s.Backlogs() })
	want := []Backlog{{"mail", 2, noon.Add(time.Second), "busy", noon.Add(time.Minute)}, {"slack", 1, noon.Add(3 * time.Second), "", time.Time{}}}
	if !slices.Equal(got, want) {
		t.Errorf("backlogs %+v, want %+v", got, want)
	}

	write(t, db, func(tx *Tx) error {
		if err := tx.AddPromise(Promise{Case: p.number, Kind: PromiseAnswer, Due: noon, Made: noon}); err != nil {
			return err
		}
		return tx.SetTimer(Timer{Kind: "remind", Case: p.number, Due: noon})
	})
	for now, state := range map[time.Time]string{noon: "open", noon.Add(time.Second): "overdue"} {
		if got := read(t, db, func(s *Snapshot) ([]Tally, error) { return s.PromisesByState(now) }); !slices.Equal(got, []Tally{{PromiseAnswer, state, 1}}) {
			t.Errorf("promises at %v: %+v", now, got)
		}
	}
	if got := read(t, db, func(s *Snapshot) ([]Tally, error) { return s.CasesByKind() }); !slices.Equal(got, []Tally{{"complaint", "", 1}}) {
		t.Errorf("cases %+v", got)
	}
	if got := read(t, db, func(s *Snapshot) ([]Tally, error) { return s.TimersByKind() }); !slices.Equal(got, []Tally{{"remind", "", 1}}) {
		t.Errorf("timers %+v", got)
	}
}

func TestSettingsByPrefix(t *testing.T) {
	db := newDB(t)
	write(t, db, func(tx *Tx) error {
		for name, v := range map[string]string{"incident:a": "1", "incident:b%": "2", "incident": "3", "xincident:c": "4"} {
			if err := tx.SetSetting(name, v); err != nil {
				return err
			}
		}
		return tx.DropSetting("incident:b%")
	})
	got := read(t, db, func(s *Snapshot) (map[string]string, error) { return s.Settings("incident:") })
	if len(got) != 1 || got["a"] != "1" {
		t.Errorf("got %v", got)
	}
}

func TestEventsAfter(t *testing.T) {
	db := newDB(t)
	write(t, db, func(tx *Tx) error {
		for _, kind := range []string{"failed", "decided", "undelivered", "failed"} {
			if err := tx.AddEvent(Event{At: noon, Kind: kind, Actor: "bot"}); err != nil {
				return err
			}
		}
		return nil
	})
	for after, want := range map[int64]int{0: 3, 1: 2, 3: 1, 4: 0} {
		if got := read(t, db, func(s *Snapshot) ([]Event, error) { return s.EventsAfter(after, []string{"failed", "undelivered"}, 0) }); len(got) != want {
			t.Errorf("after %d: %+v", after, got)
		}
	}
	if last := read(t, db, func(s *Snapshot) (int64, error) { return s.LastEvent() }); last != 4 {
		t.Errorf("the last event is %d", last)
	}
}
