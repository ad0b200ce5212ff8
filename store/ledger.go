package store

import "time"

// Disposition says what became of a message that a source saw.
type Disposition string

const (
	Taken       Disposition = "taken"
	Duplicate   Disposition = "duplicate"
	AutoReply   Disposition = "auto-reply"
	Bounce      Disposition = "bounce"
	Own         Disposition = "own"
	Quarantined Disposition = "quarantined"
	Failed      Disposition = "failed"
)

// Entry is a row of the ledger.
type Entry struct {
	ID          int64       `json:"id"`
	Channel     string      `json:"channel"`
	Key         string      `json:"key"`
	Kind        string      `json:"kind"`
	Disposition Disposition `json:"disposition"`
	Reason      string      `json:"reason,omitempty"`
	Sender      string      `json:"sender"`
	Subject     string      `json:"subject"`
	Ref         string      `json:"ref,omitempty"`
	Raw         int64       `json:"-"` // blob; 0: none
	Size        int64       `json:"size"`
	Duplicate   int64       `json:"duplicate_of,omitempty"`
	Message     int64       `json:"message,omitempty"` // what it became
	Arrived     time.Time   `json:"arrived"`
	Recorded    time.Time   `json:"recorded"`
}

// Key returns the ledger row that a key belongs to; 0 if none.
func (s *Snapshot) Key(key string) (int64, error) {
	id, err := one(s, scanned[int64], "SELECT ledger FROM key WHERE key = ?", key)
	if err == ErrNotFound {
		return 0, nil
	}
	return id, err
}

// AddEntry adds a row to the ledger, with the keys that make it unique. Keys
// that another row has already stay with that row.
func (tx *Tx) AddEntry(e Entry, keys []string) (int64, error) {
	id, err := tx.insert(`INSERT INTO ledger (channel, key, kind, disposition, reason, sender, subject, ref, raw, duplicate, arrived, recorded)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0), ?, ?)`,
		e.Channel, e.Key, e.Kind, string(e.Disposition), e.Reason, e.Sender, e.Subject, e.Ref, e.Raw, e.Duplicate, ms(e.Arrived), ms(e.Recorded))
	if err != nil {
		return 0, err
	}
	for _, k := range keys {
		if err := tx.exec("INSERT INTO key (key, ledger) VALUES (?, ?) ON CONFLICT DO NOTHING", k, id); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// Unkey takes keys away from a row of the ledger: the same content may come again
// as something new.
func (tx *Tx) Unkey(id int64, keys []string) error {
	for _, k := range keys {
		if err := tx.exec("DELETE FROM key WHERE key = ? AND ledger = ?", k, id); err != nil {
			return err
		}
	}
	return nil
}

// Dispose changes what became of a message, and why.
func (tx *Tx) Dispose(id int64, d Disposition, reason string) error {
	return tx.one("UPDATE ledger SET disposition = ?, reason = ? WHERE id = ?", string(d), reason, id)
}

// UpdateEntry writes what reading a message again tells of it, and adds the keys
// that it now has. Keys that another row has already stay with that row.
func (tx *Tx) UpdateEntry(e Entry, keys []string) error {
	if err := tx.one("UPDATE ledger SET kind = ?, disposition = ?, reason = ?, sender = ?, subject = ?, ref = ?, duplicate = nullif(?, 0) WHERE id = ?",
		e.Kind, string(e.Disposition), e.Reason, e.Sender, e.Subject, e.Ref, e.Duplicate, e.ID); err != nil {
		return err
	}
	for _, k := range keys {
		if err := tx.exec("INSERT INTO key (key, ledger) VALUES (?, ?) ON CONFLICT DO NOTHING", k, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// Arrivals returns the keys of everything that a channel brought, as it named
// the arrivals.
func (s *Snapshot) Arrivals(channel string) ([]string, error) {
	return list(s, scanned[string], "SELECT key FROM ledger WHERE channel = ?", channel)
}

const entryColumns = `SELECT l.id, l.channel, l.key, l.kind, l.disposition, l.reason, l.sender, l.subject, l.ref, coalesce(l.raw, 0),
	coalesce((SELECT size FROM blob WHERE id = l.raw), 0), coalesce(l.duplicate, 0),
	coalesce((SELECT id FROM message WHERE ledger = l.id), 0), l.arrived, l.recorded FROM ledger l `

func scanEntry(r scanner) (e Entry, err error) {
	var arrived, recorded int64
	err = r.Scan(&e.ID, &e.Channel, &e.Key, &e.Kind, &e.Disposition, &e.Reason, &e.Sender, &e.Subject, &e.Ref, &e.Raw,
		&e.Size, &e.Duplicate, &e.Message, &arrived, &recorded)
	e.Arrived, e.Recorded = at(arrived), at(recorded)
	return e, err
}

// Entry returns one row of the ledger.
func (s *Snapshot) Entry(id int64) (Entry, error) {
	return one(s, scanEntry, entryColumns+"WHERE l.id = ?", id)
}

// Ledger returns the newest rows first; an empty disposition or channel means
// any, and limit 0 means all.
func (s *Snapshot) Ledger(d Disposition, channel string, limit int) ([]Entry, error) {
	return list(s, scanEntry, entryColumns+"WHERE (?1 = '' OR l.disposition = ?1) AND (?2 = '' OR l.channel = ?2) ORDER BY l.id DESC LIMIT ?3",
		string(d), channel, limitOr(limit))
}

// Dispositions counts the rows of the ledger by what became of them.
func (s *Snapshot) Dispositions() (map[Disposition]int, error) {
	type count struct {
		d Disposition
		n int
	}
	rows, err := list(s, func(r scanner) (c count, err error) { return c, r.Scan(&c.d, &c.n) },
		"SELECT disposition, count(*) FROM ledger GROUP BY 1")
	all := map[Disposition]int{}
	for _, r := range rows {
		all[r.d] = r.n
	}
	return all, err
}

// SetCursor records how far a source has come.
func (tx *Tx) SetCursor(channel, stream, position string, now time.Time) error {
	return tx.exec(`INSERT INTO cursor (channel, stream, position, updated) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET position = excluded.position, updated = excluded.updated`, channel, stream, position, ms(now))
}

// Cursors returns the positions of a channel's streams.
func (s *Snapshot) Cursors(channel string) (map[string]string, error) {
	rows, err := list(s, func(r scanner) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		"SELECT stream, position FROM cursor WHERE channel = ?", channel)
	all := map[string]string{}
	for _, p := range rows {
		all[p[0]] = p[1]
	}
	return all, err
}

// Setting returns a setting, "" if it was never set.
func (s *Snapshot) Setting(name string) (string, error) {
	v, err := one(s, scanned[string], "SELECT value FROM setting WHERE name = ?", name)
	if err == ErrNotFound {
		return "", nil
	}
	return v, err
}

// SetSetting sets a setting.
func (tx *Tx) SetSetting(name, value string) error {
	return tx.exec("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", name, value)
}

func limitOr(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}
