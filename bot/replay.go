package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"frontdesk/channels"
	"frontdesk/faq"
	"frontdesk/store"
)

// Replay reads the bytes of a message that failed or was quarantined once more and
// handles it as if it came now; its ledger row gets its new disposition, which is
// returned. Nothing is doubled: a message that was recorded stays the one that it
// is, and is decided on again. Whoever replays says that it is no spam. One that
// looks like bulk mail goes to people, and its sender is told nothing.
//
// After an error nothing has changed.
func (e *Engine) Replay(ctx context.Context, ledger int64) (store.Entry, error) {
	entry, err := e.replay(ctx, ledger, "operator")
	if err != nil {
		return store.Entry{}, fmt.Errorf("replay of ledger row %d: %w", ledger, err)
	}
	e.kick()
	return entry, nil
}

func (e *Engine) replay(ctx context.Context, ledger int64, actor string) (store.Entry, error) {
	now := time.Now()
	var entry store.Entry
	if err := e.db.Read(ctx, func(s *store.Snapshot) (err error) {
		entry, err = s.Entry(ledger)
		return err
	}); err == store.ErrNotFound {
		return entry, errors.New("the ledger has no such row")
	} else if err != nil {
		return entry, err
	}
	if err := replayable(entry); err != nil {
		return entry, err
	}
	in, err := e.parseAgain(ctx, entry, now)
	if err != nil {
		return entry, err
	}
	up := uploads{files: make([]*store.Upload, len(in.Files))}
	for i, f := range in.Files {
		if up.files[i], err = e.upload(ctx, f.Data, now); err != nil {
			if store.Unavailable(err) {
				return entry, err
			}
			in.Signals = append(in.Signals, fmt.Sprintf("file %d cannot be read: %v", i+1, err))
		}
	}
	if entry.Disposition == store.Quarantined {
		up.released = in.Kind == channels.Bulk
		if up.released || in.Kind == channels.Spam {
			in.Kind = channels.Message
		}
	}
	reading := wanted(e.read(&in))
	err = e.db.Write(ctx, func(tx *store.Tx) (err error) {
		entry, err = e.handleAgain(tx, now, &in, &up, reading, ledger, actor)
		return err
	})
	return entry, err
}

func replayable(entry store.Entry) error {
	switch {
	case entry.Disposition != store.Failed && entry.Disposition != store.Quarantined:
		return fmt.Errorf("it is %s: only what failed or was quarantined can be replayed", entry.Disposition)
	case entry.Raw == 0:
		return errors.New("it came without bytes")
	}
	return nil
}

// parseAgain reads the bytes of a message as its channel does.
func (e *Engine) parseAgain(ctx context.Context, entry store.Entry, now time.Time) (channels.Inbound, error) {
	parser, ok := e.cfg.Channels[entry.Channel].Source.(channels.Parser)
	if !ok {
		return channels.Inbound{}, fmt.Errorf("there is no channel %s that could read it", entry.Channel)
	}
	raw := channels.Blob{Size: entry.Size, Open: func() (io.ReadCloser, error) {
		_, r, err := e.db.OpenBlob(context.WithoutCancel(ctx), entry.Raw)
		return r, err
	}}
	in, err := parser.Parse(ctx, raw)
	if err != nil {
		return in, err
	}
	in.Channel, in.Arrived, in.Cursor = entry.Channel, now, channels.Cursor{}
	in.Keys = append([]string{entry.Key}, in.Keys...)
	return in, nil
}

// wanted is a reading in which nothing counts as spam.
func wanted(r heard) heard {
	r.Intents = slices.DeleteFunc(slices.Clone(r.Intents), func(i faq.Intent) bool { return i.Name == faq.Spam })
	r.Questions = slices.Clone(r.Questions)
	for i := range r.Questions {
		if r.Questions[i].Intent == faq.Spam {
			r.Questions[i].Intent = ""
		}
	}
	return r
}

func (e *Engine) handleAgain(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, reading heard, ledger int64, actor string) (store.Entry, error) {
	entry, err := tx.Entry(ledger)
	if err != nil {
		return entry, err
	}
	if err := replayable(entry); err != nil { // somebody else may have come first
		return entry, err
	}
	was := entry.Disposition
	entry.Kind, entry.Sender, entry.Subject, entry.Ref = string(in.Kind), in.From.Address, in.Subject, in.Ref
	entry.Disposition, entry.Reason = store.Taken, reason(in)
	for _, k := range in.Keys[1:] {
		of, err := tx.Key(k)
		if err != nil {
			return entry, err
		}
		if of != 0 && of != ledger {
			entry.Disposition, entry.Duplicate = store.Duplicate, of
		}
	}
	if err := tx.UpdateEntry(entry, in.Keys); err != nil {
		return entry, err
	}
	switch {
	case entry.Disposition == store.Duplicate:
	case entry.Message != 0:
		err = e.decideAgain(tx, now, in, up, reading, entry)
	default:
		_, err = e.sort(tx, now, in, up, reading, ledger)
	}
	if err != nil {
		return entry, fmt.Errorf("it failed again: %w", err)
	}
	if entry, err = tx.Entry(ledger); err != nil {
		return entry, err
	}
	if entry.Disposition == store.Failed {
		return entry, fmt.Errorf("it failed again: %s", entry.Reason)
	}
	return entry, tx.AddEvent(store.Event{At: now, Kind: "replayed", Actor: actor, Channel: in.Channel, Message: entry.Message,
		Data: map[string]any{"ledger": ledger, "was": was, "is": entry.Disposition}})
}

// decideAgain decides on a message that was recorded before.
func (e *Engine) decideAgain(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, reading heard, entry store.Entry) error {
	msg, err := tx.Message(entry.Message)
	if err != nil {
		return err
	}
	if msg.Author != store.ByCustomer {
		return nil
	}
	if strings.TrimSpace(in.Text) != "" && in.Text != msg.Text { // it can be read now, or better
		if err := tx.AddEvent(store.Event{At: now, Kind: string(channels.Edit), Actor: "operator", Channel: in.Channel, Conversation: msg.Conversation,
			Case: msg.Case, Message: msg.ID, Words: msg.Text}); err != nil {
			return err
		}
		if err := tx.EditMessage(msg.ID, in.Text); err != nil {
			return err
		}
		msg.Text = in.Text
	}
	m := &incoming{now: now, reading: reading, problem: in.Problem, messages: []store.Message{msg}, released: up.released}
	if err := e.resume(tx, m, msg.Conversation); err != nil {
		return err
	}
	m.arrived = now
	if m.conv.State == store.Ended {
		m.conv.State = store.WithBot
	}
	if t, err := tx.Thread(msg.Thread); err != nil {
		return err
	} else if t.Address != "" { // where this talk's answers go
		if err := json.Unmarshal([]byte(t.Address), &m.answerTo); err != nil {
			return err
		}
	}
	s, err := e.situation(tx, m)
	if err != nil {
		return err
	}
	return e.apply(tx, m, s, decide(s))
}
