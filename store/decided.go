package store

import (
	"encoding/json"
	"time"
)

// Decided is what customers said in one go, and what the bot decided on it.
type Decided struct {
	Event    int64
	At       time.Time
	Channel  string
	Text     string   // all of it, that was not taken back or erased
	Rule     string   // by which the bot decided
	Next     string   // the rule of its next decision in the same conversation
	Answered []string // the FAQ entries that it gave
}

// LastDecided returns the event behind which the last n decisions are, for DecidedAfter.
func (s *Snapshot) LastDecided(n int) (event int64, err error) {
	// Newest first, which the plus makes SQLite do: the index would sort them all.
	return one(s, scanned[int64], "SELECT coalesce((SELECT id FROM event WHERE +kind = 'decided' ORDER BY id DESC LIMIT 1 OFFSET ?), 0)", n)
}

// DecidedAfter returns up to limit decisions in their order, from behind an event on.
// Whatever has to do with a complaint is left out: the conversations of a complaint's
// case, and messages that were understood as one. So is what has no words.
func (s *Snapshot) DecidedAfter(event int64, limit int) ([]Decided, error) {
	return list(s, func(r scanner) (d Decided, err error) {
		var t int64
		var answered []byte
		if err = r.Scan(&d.Event, &t, &d.Channel, &d.Rule, &answered, &d.Next, &d.Text); err != nil {
			return d, err
		}
		d.At = at(t)
		return d, json.Unmarshal(answered, &d.Answered)
	}, `SELECT * FROM (
		SELECT e.id, e.at, e.channel, json_extract(e.data, '$.rule'), coalesce(json_extract(e.data, '$.answered'), '[]'),
			coalesce((SELECT json_extract(n.data, '$.rule') FROM event n
				WHERE n.conversation = e.conversation AND n.kind = 'decided' AND n.id > e.id ORDER BY n.id LIMIT 1), ''),
			coalesce((SELECT group_concat(text, char(10)) FROM (SELECT m.text FROM message m
				WHERE m.conversation = e.conversation AND m.author = 'customer' AND m.audience = 'customer' AND m.deleted IS NULL AND m.id <= e.message
					AND m.id > coalesce((SELECT max(b.message) FROM event b WHERE b.conversation = e.conversation AND b.kind = 'decided' AND b.id < e.id), 0)
				ORDER BY m.at, m.id)), '') AS text
		FROM event e
		WHERE e.id > ?1 AND e.kind = 'decided' AND e.conversation IS NOT NULL AND e.message IS NOT NULL
			AND json_extract(e.data, '$.rule') <> 'complaint' AND coalesce(json_extract(e.data, '$.intents'), '') NOT LIKE '%"complaint %'
			AND NOT EXISTS (SELECT 1 FROM case_conversation cc JOIN cases c ON c.id = cc.case_id WHERE cc.conversation = e.conversation AND c.kind = 'complaint')
		) WHERE trim(text) <> '' ORDER BY 1 LIMIT ?2`, event, limitOr(limit))
}
