package bot

import (
	"errors"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// complete fills in what is known only when a delivery is to go: what is in its slot,
// the name of the message that it puts a sign on, and the message below which its
// thread stands. One whose files are still being fetched waits for them.
func (e *Engine) complete(tx *store.Tx, now time.Time, d store.Delivery, out *channels.Outbound) (ready bool, err error) {
	if out.Op == channels.Amend && out.Target == "" {
		switch in, err := tx.InSlot(d.Thread, d.Slot, true); {
		case err == store.ErrNotFound:
			out.Op = channels.Post
		case err != nil:
			return false, err
		default:
			out.Target = in.Ref
		}
	}
	if d.Target != 0 {
		if out.Target, err = tx.RefOf(d.Target); err != nil {
			return false, err
		}
		if out.Target == "" { // that message has no name yet, or never gets one
			if now.Sub(d.Created) < signLimit {
				return false, tx.Postpone(d.ID, now.Add(signWait))
			}
			return false, tx.Drop(d.ID, now, "there is nothing to put a sign on")
		}
	}
	if d.Audience == store.ForStaff && out.Root == "" && d.Slot != slotCard && out.Op == channels.Post {
		t, err := tx.Thread(d.Thread)
		if err != nil {
			return false, err
		}
		if t.Conversation != 0 || t.Case != 0 { // a notice stands by itself
			if out.Root, err = e.rootOf(tx, t); err != nil {
				return false, err
			}
		}
	}
	files, err := tx.DeliveryFiles(d.ID)
	if err != nil {
		return false, err
	}
	for _, id := range files {
		if now.Sub(d.Created) >= fileLimit {
			break // the words go, and the file when it is there
		}
		open, err := tx.Fetching(id)
		if err != nil || open {
			return false, errors.Join(err, tx.Postpone(d.ID, now.Add(fetchWait)))
		}
	}
	return true, nil
}

// rootOf returns the message below which a thread of staff's stands: its card, or else
// what was said first.
func (e *Engine) rootOf(tx *store.Tx, t store.Thread) (string, error) {
	card, err := tx.InSlot(t.ID, slotCard, true)
	if err == store.ErrNotFound {
		return tx.FirstRef(t.ID, true)
	}
	return card.Ref, err
}

// fetchWait is how long a delivery waits before it looks again whether its files are
// there; whoever fetches them lets it go at once.
const fetchWait = time.Minute

// fileLimit is how long words wait for the files that go with them.
const fileLimit = 2 * time.Minute

// How long a sign is tried, and waits for the message that it belongs on.
const (
	signLimit = time.Hour
	signWait  = 2 * time.Second
)

// sign puts a sign on a message of staff's, where the place has signs.
func (e *Engine) sign(tx *store.Tx, now time.Time, message int64, sign string) error {
	m, err := tx.Message(message)
	if err != nil {
		return err
	}
	t, err := tx.Thread(m.Thread)
	if err != nil || e.cfg.Channels[t.Channel].Letter {
		return err
	}
	tx.AfterCommit(e.kick) // staff may read on another channel
	return e.enqueue(tx, now, channels.Outbound{Channel: t.Channel, Thread: t.Token, Place: t.Place, Op: channels.React, Sign: sign, Audience: channels.Staff,
		Lang: e.cfg.staffLang()}, t, store.Delivery{Target: message}, nil)
}
