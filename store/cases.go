package store

import (
	"errors"
	"time"
)

// Stage is where a case is.
type Stage string

const (
	StageReceived      Stage = "received" // complaints: received, recorded, investigating, resolved, closed
	StageRecorded      Stage = "recorded"
	StageInvestigating Stage = "investigating"
	StageOpen          Stage = "open" // others: open, in hand, resolved, closed
	StageInHand        Stage = "in hand"
	StageResolved      Stage = "resolved"
	StageClosed        Stage = "closed"
)

// Priority of a case.
type Priority string

const (
	Normal Priority = "normal"
	Urgent Priority = "urgent"
)

// Case is work that people own. Its ID is the number that people see: #1042.
type Case struct {
	ID       int64     `json:"number"`
	Customer int64     `json:"customer"`
	Channel  string    `json:"channel"`
	Kind     string    `json:"kind"`
	Stage    Stage     `json:"stage"`
	Priority Priority  `json:"priority"`
	Title    string    `json:"title"`
	Owner    string    `json:"owner"` // accountable
	TakenBy  string    `json:"taken_by,omitempty"`
	TakenAt  time.Time `json:"taken_at,omitzero"`
	Version  int64     `json:"version"`
	Opened   time.Time `json:"opened"`
	Resolved time.Time `json:"resolved,omitzero"`
	Closed   time.Time `json:"closed,omitzero"`
}

// IsOpen reports whether work on the case is still owed.
func (c Case) IsOpen() bool { return c.Stage != StageResolved && c.Stage != StageClosed }

// ErrChanged says that a case has changed since it was read.
var ErrChanged = errors.New("the case has changed meanwhile")

const caseColumns = `SELECT id, customer, channel, kind, stage, priority, title, owner, coalesce(taken_by, ''), coalesce(taken_at, 0), version,
	opened, coalesce(resolved, 0), coalesce(closed, 0) FROM cases `

func scanCase(r scanner) (c Case, err error) {
	var taken, opened, resolved, closed int64
	err = r.Scan(&c.ID, &c.Customer, &c.Channel, &c.Kind, &c.Stage, &c.Priority, &c.Title, &c.Owner, &c.TakenBy, &taken, &c.Version, &opened, &resolved, &closed)
	c.TakenAt, c.Opened, c.Resolved, c.Closed = at(taken), at(opened), at(resolved), at(closed)
	return c, err
}

// AddCase opens a case and returns its number.
func (tx *Tx) AddCase(c Case) (int64, error) {
	return tx.insert(`INSERT INTO cases (customer, channel, kind, stage, priority, title, owner, taken_by, taken_at, opened)
		VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, ''), nullif(?, 0), ?)`,
		c.Customer, c.Channel, c.Kind, string(c.Stage), string(c.Priority), c.Title, c.Owner, c.TakenBy, ms(c.TakenAt), ms(c.Opened))
}

// UpdateCase writes what can change of a case. It fails with [ErrChanged] if
// the case is no longer at c.Version, and raises the version.
func (tx *Tx) UpdateCase(c Case) error {
	err := tx.one(`UPDATE cases SET stage = ?, priority = ?, title = ?, owner = ?, taken_by = nullif(?, ''), taken_at = nullif(?, 0),
		resolved = nullif(?, 0), closed = nullif(?, 0), version = version + 1 WHERE id = ? AND version = ?`,
		string(c.Stage), string(c.Priority), c.Title, c.Owner, c.TakenBy, ms(c.TakenAt), ms(c.Resolved), ms(c.Closed), c.ID, c.Version)
	if err == ErrNotFound {
		return ErrChanged
	}
	return err
}

// Reclassify makes a case one of another kind, which begins at a stage of that
// kind, with a title of its own.
func (tx *Tx) Reclassify(id int64, kind string, stage Stage, title string) error {
	return tx.one("UPDATE cases SET kind = ?, stage = ?, title = ?, resolved = NULL, version = version + 1 WHERE id = ?", kind, string(stage), title, id)
}

// Case returns a case by its number.
func (s *Snapshot) Case(id int64) (Case, error) {
	return one(s, scanCase, caseColumns+"WHERE id = ?", id)
}

// Cases returns the newest cases first: the open ones, or all.
func (s *Snapshot) Cases(all bool, limit int) ([]Case, error) {
	return list(s, scanCase, caseColumns+"WHERE ? OR stage NOT IN ('resolved', 'closed') ORDER BY id DESC LIMIT ?", all, limitOr(limit))
}

// OpenCases returns a customer's open cases, newest first.
func (s *Snapshot) OpenCases(customer int64) ([]Case, error) {
	return list(s, scanCase, caseColumns+"WHERE customer = ? AND stage NOT IN ('resolved', 'closed') ORDER BY id DESC", customer)
}

// CaseConversations returns the conversations of a case, oldest first.
func (s *Snapshot) CaseConversations(caseID int64) ([]Conversation, error) {
	return list(s, scanConversation, conversationColumns+"JOIN case_conversation k ON k.conversation = c.id WHERE k.case_id = ? ORDER BY c.id", caseID)
}

// SetField records a field of a case.
func (tx *Tx) SetField(caseID int64, name, value string) error {
	return tx.exec("INSERT INTO case_field (case_id, name, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", caseID, name, value)
}

// Fields returns the fields of a case.
func (s *Snapshot) Fields(caseID int64) (map[string]string, error) {
	rows, err := list(s, func(r scanner) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		"SELECT name, value FROM case_field WHERE case_id = ?", caseID)
	all := map[string]string{}
	for _, p := range rows {
		all[p[0]] = p[1]
	}
	return all, err
}

// Promise is a time that a customer was told.
type Promise struct {
	ID    int64     `json:"id"`
	Case  int64     `json:"case"`
	Kind  string    `json:"kind"` // answer, solution
	Due   time.Time `json:"due"`
	Made  time.Time `json:"made"`
	State string    `json:"state"` // open, kept, postponed, broken, withdrawn (never told)
	Ended time.Time `json:"ended,omitzero"`
}

const (
	PromiseAnswer   = "answer"
	PromiseSolution = "solution"

	Kept      = "kept"
	Postponed = "postponed"
	Broken    = "broken"
)

// AddPromise records a promise. A case has one open promise of a kind: another
// must be ended first.
func (tx *Tx) AddPromise(p Promise) error {
	return tx.exec("INSERT INTO promise (case_id, kind, due, made) VALUES (?, ?, ?, ?)", p.Case, p.Kind, ms(p.Due), ms(p.Made))
}

// EndPromise ends a case's open promise of a kind, if it has one.
func (tx *Tx) EndPromise(caseID int64, kind, state string, now time.Time) error {
	return tx.exec("UPDATE promise SET state = ?, ended = ? WHERE case_id = ? AND kind = ? AND state = 'open'", state, ms(now), caseID, kind)
}

// Withdraw takes back the open promise to answer that was made at a moment. The
// one that it replaced then counts as broken. It reports whether there was one.
func (tx *Tx) Withdraw(caseID int64, made, now time.Time) (bool, error) {
	err := tx.one("UPDATE promise SET state = 'withdrawn', ended = ? WHERE case_id = ? AND kind = 'answer' AND state = 'open' AND made = ?",
		ms(now), caseID, ms(made))
	if err == ErrNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, tx.exec("UPDATE promise SET state = 'broken' WHERE case_id = ? AND kind = 'answer' AND state = 'postponed' AND ended = ?", caseID, ms(made))
}

// Promises returns what was promised on a case, oldest first.
func (s *Snapshot) Promises(caseID int64) ([]Promise, error) {
	return list(s, func(r scanner) (p Promise, err error) {
		var due, made, ended int64
		err = r.Scan(&p.ID, &p.Case, &p.Kind, &due, &made, &p.State, &ended)
		p.Due, p.Made, p.Ended = at(due), at(made), at(ended)
		return p, err
	}, "SELECT id, case_id, kind, due, made, state, coalesce(ended, 0) FROM promise WHERE case_id = ? ORDER BY id", caseID)
}
