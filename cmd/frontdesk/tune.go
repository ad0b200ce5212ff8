package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"frontdesk/faq"
	"frontdesk/store"
)

const (
	tuneOn     = 1000           // of the newest messages the FAQ is tuned to
	tuneEvery  = 24 * time.Hour // and whenever the FAQ has changed
	tuningName = "faq tuning"   // of the setting that keeps it
)

// keptTuning is what serve keeps of a tuning, for its next start and for commands that
// tell what it would do.
type keptTuning struct {
	At time.Time `json:"at"`
	faq.Tuning
}

func tuningIn(s *store.Snapshot) (k keptTuning, err error) {
	text, err := s.Setting(tuningName)
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &k)
	}
	return k, err
}

// served is the tuning that serve has found, if there is a database. Trouble with that
// one is told and changes nothing.
func (a *app) served(ctx context.Context, cfg *Config) faq.Tuning {
	if _, err := os.Stat(cfg.Database); err != nil {
		return faq.Tuning{}
	}
	var k keptTuning
	db, err := store.Open(ctx, cfg.Database)
	if err == nil {
		err = db.Read(ctx, func(s *store.Snapshot) (err error) { k, err = tuningIn(s); return err })
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		a.logger().Warn("this is without what serve has learnt of customers' questions", "err", err)
		return faq.Tuning{}
	}
	return k.Tuning
}

// tune keeps the FAQ tuned to what customers ask until ctx ends.
func (h *house) tune(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.reread:
		case <-time.After(time.Until(h.tuning.At.Add(tuneEvery))):
		}
		if err := h.tuneNow(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn("the FAQ could not be tuned to what customers ask", "err", err)
		}
		h.tuning.At = time.Now()
	}
}

func (h *house) tuneNow(ctx context.Context) error {
	var first int64
	if err := h.db.Read(ctx, func(s *store.Snapshot) (err error) { first, err = s.LastDecided(tuneOn); return err }); err != nil {
		return err
	}
	var asked []string
	if err := eachDecided(ctx, h.db, first, time.Time{}, func(d store.Decided) { asked = append(asked, d.Text) }); err != nil {
		return err
	}
	t, err := h.faq.Tune(ctx, asked)
	if err != nil || t.Shift == 0 && h.tuning.Shift == 0 {
		return err
	}
	h.tuning = keptTuning{At: time.Now().UTC().Truncate(time.Second), Tuning: t}
	text, err := json.Marshal(h.tuning)
	if err != nil {
		return err
	}
	at := h.faq.Index().Point()
	h.log.Info("the FAQ is tuned to what customers ask", "questions", t.Questions, "answered_by_it", fmt.Sprintf("%.0f %%", 100*t.Share), "answers_from", math.Round(1000*at.Answer)/1000)
	return h.db.Write(ctx, func(tx *store.Tx) error { return tx.SetSetting(tuningName, string(text)) })
}
