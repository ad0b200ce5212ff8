package store

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// This file holds what watching needs: a probe, figures, and the memory of what
// the operators were told.

// OnCommit calls fn after every commit, or attempt at one, with how long it took:
// the wait for the lock of other processes, the work and the disk. fn runs on the
// writer's goroutine and must not block. A later call replaces fn.
func (db *DB) OnCommit(fn func(took time.Duration, err error)) { db.watch.Store(&fn) }

// Probe writes about as much as a mail takes, and returns nil once that is on the
// disk: a database that can only be read, or whose disk is full, fails it. It is not given up before the wait for
// another process's lock is over, whatever ctx says.
func (db *DB) Probe(ctx context.Context, now time.Time) error {
	v := strconv.FormatInt(ms(now), 10) + strings.Repeat(" ", 16<<10)
	return db.Write(ctx, func(tx *Tx) error { return tx.SetSetting("probe", v) })
}

// Disposition returns what became of a message.
func (s *Snapshot) Disposition(ledger int64) (Disposition, error) {
	return one(s, scanned[Disposition], "SELECT disposition FROM ledger WHERE id = ?", ledger)
}

// Backlog is what waits to be sent through a channel.
type Backlog struct {
	Channel string
	Count   int       // waiting or under way
	Oldest  time.Time // when the oldest of them was recorded
	Error   string    // of the oldest one's last attempt
	Sent    time.Time // when the newest that got through did; zero: never
}

// Backlogs returns the channels through which something waits to be sent.
func (s *Snapshot) Backlogs() ([]Backlog, error) {
	// With min() the other columns are those of its row. "IN" uses the index of
	// what is not done.
	all, err := list(s, func(r scanner) (b Backlog, err error) {
		var oldest int64
		err = r.Scan(&b.Channel, &b.Count, &oldest, &b.Error)
		b.Oldest = at(oldest)
		return b, err
	}, "SELECT channel, count(*), min(created), error FROM outbox WHERE state IN ('queued', 'sending') GROUP BY channel ORDER BY channel")
	if err != nil {
		return nil, err
	}
	for i := range all {
		sent, err := one(s, scanned[int64], "SELECT ended FROM outbox WHERE channel = ? AND state = 'sent' ORDER BY id DESC LIMIT 1", all[i].Channel)
		if err != nil && err != ErrNotFound {
			return nil, err
		}
		all[i].Sent = at(sent)
	}
	return all, nil
}

// Tally is a number of things of a kind.
type Tally struct {
	Kind  string
	State string // of promises
	Count int
}

func scanTally(r scanner) (t Tally, err error) { return t, r.Scan(&t.Kind, &t.State, &t.Count) }

// CasesByKind counts the open cases.
func (s *Snapshot) CasesByKind() ([]Tally, error) {
	return list(s, scanTally, "SELECT kind, '', count(*) FROM cases WHERE stage NOT IN ('resolved', 'closed') GROUP BY 1 ORDER BY 1")
}

// PromisesByState counts all promises. One that is open and past its time counts
// as "overdue".
func (s *Snapshot) PromisesByState(now time.Time) ([]Tally, error) {
	return list(s, scanTally, `SELECT kind, CASE WHEN state = 'open' AND due < ? THEN 'overdue' ELSE state END, count(*)
		FROM promise GROUP BY 1, 2 ORDER BY 1, 2`, ms(now))
}

// TimersByKind counts what time will do.
func (s *Snapshot) TimersByKind() ([]Tally, error) {
	return list(s, scanTally, "SELECT kind, '', count(*) FROM timer GROUP BY 1 ORDER BY 1")
}

// Settings returns the settings whose names begin with prefix, by what follows it.
func (s *Snapshot) Settings(prefix string) (map[string]string, error) {
	rows, err := list(s, func(r scanner) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		"SELECT substr(name, length(?1) + 1), value FROM setting WHERE substr(name, 1, length(?1)) = ?1", prefix)
	all := map[string]string{}
	for _, p := range rows {
		all[p[0]] = p[1]
	}
	return all, err
}

// DropSetting makes a setting one that was never set.
func (tx *Tx) DropSetting(name string) error {
	return tx.exec("DELETE FROM setting WHERE name = ?", name)
}

// EventsAfter returns the events of some kinds that came after one, oldest first.
func (s *Snapshot) EventsAfter(id int64, kinds []string, limit int) ([]Event, error) {
	names, err := json.Marshal(kinds)
	if err != nil {
		return nil, err
	}
	return list(s, scanEvent, eventColumns+"WHERE id > ? AND kind IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?", id, string(names), limitOr(limit))
}

// LastEvent returns the id of the newest event; 0: there is none.
func (s *Snapshot) LastEvent() (int64, error) {
	return one(s, scanned[int64], "SELECT coalesce(max(id), 0) FROM event")
}
