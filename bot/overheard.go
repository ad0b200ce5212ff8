package bot

import (
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// chatter reports whether a message may be talk among staff that is none of our
// business, or a change of such talk, though it was said where they read.
func (e *Engine) chatter(tx *store.Tx, in *channels.Inbound) bool {
	if in.Kind != channels.Message && in.Kind != channels.Edit && in.Kind != channels.Deletion || in.Action != nil || in.Problem != "" || in.Toward != channels.ToRoom || !e.cfg.staffPlace(in) {
		return false
	}
	_, agent, err := e.agent(&tx.Snapshot, in.From)
	return err == nil && agent
}

// goesOn reports whether something that was said near us goes on with a talk of its
// author's, or is about a message that is recorded.
func (e *Engine) goesOn(tx *store.Tx, in *channels.Inbound) (bool, error) {
	switch in.Kind {
	case channels.Edit, channels.Deletion, channels.Reaction:
		ref, err := e.about(tx, in)
		return err == nil && ref.Message != 0, ignore(err, store.ErrNotFound)
	case channels.Message:
		to, err := e.route(tx, in)
		if err != nil || to.thread.ID != 0 || to.staff {
			return true, err
		}
		return e.tooEarly(tx, time.Now(), in)
	}
	return true, nil
}

func ignore(err, known error) error {
	if err == known {
		return nil
	}
	return err
}

// overheard notes that something was said near us that is none of our business.
// None of it is kept, nor who said it.
func (e *Engine) overheard(tx *store.Tx, now time.Time, in *channels.Inbound) error {
	_, err := tx.AddEntry(store.Entry{Channel: in.Channel, Key: in.Keys[0], Kind: string(in.Kind), Disposition: store.Taken,
		Reason: "said near us, not to us", Arrived: in.Arrived, Recorded: now}, in.Keys[:1])
	return err
}

// strange refuses somebody who writes where staff read and is not known to be one
// of them. They are told so, but not at every word.
func (e *Engine) strange(tx *store.Tx, now time.Time, in *channels.Inbound, ledger int64) (channels.Reply, error) {
	if err := tx.Dispose(ledger, store.Quarantined, "a stranger wrote it where staff read"); err != nil {
		return channels.Reply{}, err
	}
	n, err := tx.CountEvents("refused", in.From.Address, now.Add(-time.Hour))
	if err != nil || n > 0 {
		return channels.Reply{}, err
	}
	return channels.Reply{Refusal: string(e.staff("refused-stranger", textArgs{}))},
		tx.AddEvent(store.Event{At: now, Kind: "refused", Actor: in.From.Address, Channel: in.Channel, Data: map[string]any{"ledger": ledger}})
}
