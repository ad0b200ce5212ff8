package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"time"

	"frontdesk/bot"
	"frontdesk/faq"
	"frontdesk/store"
)

const (
	tuneOn     = 1000             // newest messages, at most, that the FAQ is tuned to
	tuneAmong  = 5                // times as many decisions are looked through for them
	tuneEvery  = 24 * time.Hour   // and whenever the FAQ has changed
	tuneAgain  = 10 * time.Minute // after trouble, and while there is nothing to tune to
	tuneBytes  = 16 << 10         // of a message count: more the FAQ does not read
	tuningName = "faq tuning"     // of the setting that keeps it for the next start, and for commands
)

// served is the tuning that serve has found last, if there is a database. What goes wrong
// is told and changes nothing.
func (a *app) served(ctx context.Context, cfg *Config) (t faq.Tuning) {
	text, err := store.ReadSetting(ctx, cfg.Database, tuningName)
	if errors.Is(err, fs.ErrNotExist) || err == nil && text == "" {
		return faq.Tuning{}
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &t)
	}
	if err != nil {
		a.logger().Warn("this is without what serve has learnt of customers' questions", "err", err)
		return faq.Tuning{}
	}
	return t
}

// tune keeps the FAQ tuned to what customers ask, until ctx ends.
func (h *house) tune(ctx context.Context) {
	for {
		wait := tuneEvery
		t, err := h.tuneNow(ctx)
		if err != nil && ctx.Err() == nil {
			h.log.Warn("the FAQ is not tuned to what customers ask; this is tried again", "err", err)
		}
		if err != nil || t.Questions < faq.TuneFrom {
			wait = tuneAgain
		}
		select {
		case <-ctx.Done():
			return
		case <-h.reread:
		case <-time.After(wait):
		}
	}
}

// tuneNow tunes the FAQ as it is now, if there is something to tune to.
func (h *house) tuneNow(ctx context.Context) (faq.Tuning, error) {
	asked, err := h.asked(ctx, tuneOn)
	if err != nil {
		return faq.Tuning{}, err
	}
	t, err := h.faq.Index().For(time.Now(), "").Tune(ctx, asked)
	if before := h.faq.Index().Point().Tuning; err != nil || t.Shift == 0 && before.Shift == 0 {
		return t, err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return t, err
	}
	if err := h.db.Write(ctx, func(tx *store.Tx) error { return tx.SetSetting(tuningName, string(text)) }); err != nil {
		return t, err
	}
	h.faq.Use(t)
	h.log.Info("the FAQ is tuned to what customers ask", "found", t.String(), "answers_from", h.answersFrom())
	return t, nil
}

// answersFrom is the score from which answers go out, for people.
func (h *house) answersFrom() float64 { return math.Round(1000*h.faq.Index().Point().Answer) / 1000 }

// asked are the n newest messages that were questions to the FAQ.
func (h *house) asked(ctx context.Context, n int) ([]string, error) {
	var first int64
	if err := h.db.Read(ctx, func(s *store.Snapshot) (err error) { first, err = s.LastDecided(tuneAmong * n); return err }); err != nil {
		return nil, err
	}
	var asked []string
	err := eachDecided(ctx, h.db, first, time.Time{}, func(d store.Decided) {
		if bot.AskedFAQ(d.Rule) {
			asked = append(asked, string([]byte(d.Text[:min(len(d.Text), tuneBytes)])))
		}
	})
	return asked[max(len(asked)-n, 0):], err
}
