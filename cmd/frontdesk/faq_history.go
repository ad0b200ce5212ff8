package main

import (
	"context"
	"errors"
	"time"

	"frontdesk/faq"
	"frontdesk/store"
)

// historyBatch is how many decisions are read at a time.
const historyBatch = 100

// history goes through what customers said, oldest first, and what was decided on
// it. Nothing that has to do with a complaint is in it. It only reads, in short
// transactions, beside a running serve.
func (a *app) history(ctx context.Context, since time.Time, do func(store.Decided)) error {
	cfg, err := a.loadWithDatabase()
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	return errors.Join(eachDecided(ctx, db, 0, since, do), db.Close())
}

// eachDecided goes through decisions behind an event and a time.
func eachDecided(ctx context.Context, db *store.DB, last int64, since time.Time, do func(store.Decided)) error {
	for {
		var batch []store.Decided
		if err := db.Read(ctx, func(s *store.Snapshot) (err error) {
			batch, err = s.DecidedAfter(last, historyBatch)
			return err
		}); err != nil || len(batch) == 0 {
			return err
		}
		for _, d := range batch {
			last = d.Event
			if d.At.After(since) {
				do(d)
			}
		}
	}
}

// answeredBy is the entry that the bot would answer a question with; "" if it would
// not.
func answeredBy(q faq.Question) string {
	if q.Outcome == faq.Answer {
		return q.Matches[0].Entry.ID
	}
	return ""
}

// asksFAQ reports whether a part of a message is a question to the FAQ, not a wish.
func asksFAQ(q faq.Question) bool { return q.Intent == "" }
