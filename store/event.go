package store

import (
	"encoding/json"
	"time"
)

// Event says who did what when and why.
type Event struct {
	ID           int64          `json:"id"`
	At           time.Time      `json:"at"`
	Kind         string         `json:"kind"`
	Actor        string         `json:"actor"` // "bot", "customer", "time", or a name of staff
	Channel      string         `json:"channel,omitempty"`
	Conversation int64          `json:"conversation,omitempty"`
	Case         int64          `json:"case,omitempty"`
	Message      int64          `json:"message,omitempty"`
	Data         map[string]any `json:"data,omitempty"`  // figures and names, no words of customers
	Words        string         `json:"words,omitempty"` // what people wrote
}

// AddEvent adds an event. Events are never changed.
func (tx *Tx) AddEvent(e Event) error {
	data := []byte("{}")
	if len(e.Data) > 0 {
		var err error
		if data, err = json.Marshal(e.Data); err != nil {
			return err
		}
	}
	return tx.exec(`INSERT INTO event (at, kind, actor, channel, conversation, case_id, message, data, words)
		VALUES (?, ?, ?, ?, nullif(?, 0), nullif(?, 0), nullif(?, 0), ?, nullif(?, ''))`,
		ms(e.At), e.Kind, e.Actor, e.Channel, e.Conversation, e.Case, e.Message, string(data), e.Words)
}

const eventColumns = `SELECT id, at, kind, actor, channel, coalesce(conversation, 0), coalesce(case_id, 0), coalesce(message, 0), data, coalesce(words, '') FROM event `

func scanEvent(r scanner) (e Event, err error) {
	var t int64
	var data []byte
	if err = r.Scan(&e.ID, &t, &e.Kind, &e.Actor, &e.Channel, &e.Conversation, &e.Case, &e.Message, &data, &e.Words); err != nil {
		return e, err
	}
	e.At = at(t)
	return e, json.Unmarshal(data, &e.Data)
}

// CaseEvents returns what happened to a case and, before it was one, in its
// conversations.
func (s *Snapshot) CaseEvents(caseID int64) ([]Event, error) {
	return list(s, scanEvent, eventColumns+`WHERE case_id = ?1 OR (case_id IS NULL AND conversation IN (SELECT conversation FROM case_conversation WHERE case_id = ?1))
		ORDER BY id`, caseID)
}

// LastCaseEvent returns the newest event of a kind about a case, or [ErrNotFound].
func (s *Snapshot) LastCaseEvent(caseID int64, kind string) (Event, error) {
	return one(s, scanEvent, eventColumns+"WHERE case_id = ? AND kind = ? ORDER BY id DESC LIMIT 1", caseID, kind)
}

// Events returns the newest events of a kind ("" = any), oldest of them first.
func (s *Snapshot) Events(kind string, limit int) ([]Event, error) {
	return list(s, scanEvent, "SELECT * FROM ("+eventColumns+"WHERE ?1 = '' OR kind = ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id", kind, limitOr(limit))
}

// ConversationEvents returns what happened in a conversation.
func (s *Snapshot) ConversationEvents(conversation int64) ([]Event, error) {
	return list(s, scanEvent, eventColumns+"WHERE conversation = ? ORDER BY id", conversation)
}

// CountEvents counts the events of a kind by an actor since a time.
func (s *Snapshot) CountEvents(kind, actor string, since time.Time) (int, error) {
	return one(s, scanned[int], "SELECT count(*) FROM event WHERE kind = ? AND actor = ? AND at > ?", kind, actor, ms(since))
}

// Timer is something that time will do. It is unique by its kind and what it is
// about: a case or a conversation.
type Timer struct {
	ID           int64
	Kind         string
	Case         int64
	Conversation int64
	Due          time.Time
}

// SetTimer sets or moves a timer.
func (tx *Tx) SetTimer(t Timer) error {
	target := "(conversation, kind) WHERE conversation IS NOT NULL"
	if t.Case != 0 {
		target = "(case_id, kind) WHERE case_id IS NOT NULL"
	}
	return tx.exec("INSERT INTO timer (kind, case_id, conversation, due) VALUES (?, nullif(?, 0), nullif(?, 0), ?) ON CONFLICT "+target+
		" DO UPDATE SET due = excluded.due", t.Kind, t.Case, t.Conversation, ms(t.Due))
}

// EndTimer removes a timer; it reports whether it was still there.
func (tx *Tx) EndTimer(id int64) (bool, error) {
	err := tx.one("DELETE FROM timer WHERE id = ?", id)
	if err == ErrNotFound {
		return false, nil
	}
	return err == nil, err
}

// ClearTimers removes a case's timers of these kinds.
func (tx *Tx) ClearTimers(caseID int64, kinds ...string) error {
	for _, k := range kinds {
		if err := tx.exec("DELETE FROM timer WHERE case_id = ? AND kind = ?", caseID, k); err != nil {
			return err
		}
	}
	return nil
}

// Timers returns up to limit timers, the earliest first.
func (s *Snapshot) Timers(limit int) ([]Timer, error) {
	return list(s, func(r scanner) (t Timer, err error) {
		var due int64
		err = r.Scan(&t.ID, &t.Kind, &t.Case, &t.Conversation, &due)
		t.Due = at(due)
		return t, err
	}, "SELECT id, kind, coalesce(case_id, 0), coalesce(conversation, 0), due FROM timer ORDER BY due, id LIMIT ?", limitOr(limit))
}
