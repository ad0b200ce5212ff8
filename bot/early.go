package bot

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// Staff may answer what we do not know yet that we have said: the service has shown
// it to them, and its answer to us was lost, or we crashed before it was recorded.
// Taken at once, their words would belong to no case. They are set aside, and read
// again when no such attempt is open any more.

const (
	earlyMost  = time.Minute     // how long after an attempt its outcome is waited for
	earlyAgain = 2 * time.Second // between two looks
)

var errTooEarly = errors.New("it may answer a message of ours whose outcome is not known yet")

// tooEarly reports whether a message may answer such a one.
func (e *Engine) tooEarly(tx *store.Tx, now time.Time, in *channels.Inbound) (bool, error) {
	if in.Kind != channels.Message || in.Action != nil || len(in.Refs) == 0 || in.Raw.Zero() || !e.cfg.staffPlace(in) {
		return false, nil
	}
	if _, ok := e.cfg.Channels[in.Channel].Source.(channels.Parser); !ok {
		return false, nil
	}
	for _, name := range in.Refs {
		if _, err := tx.Ref(name); err != store.ErrNotFound {
			return false, err
		}
	}
	return tx.Nameless(in.Channel, cmp.Or(in.Room, in.Place), now.Add(-earlyMost))
}

// setAside has a recorded message read again in a moment.
func (e *Engine) setAside(tx *store.Tx, now time.Time, in *channels.Inbound, ledger int64) error {
	tx.AfterCommit(e.kick)
	if err := tx.Dispose(ledger, store.Quarantined, errTooEarly.Error()); err != nil {
		return err
	}
	return tx.AddJob(store.Job{Channel: in.Channel, Kind: store.JobAgain, Subject: strconv.FormatInt(ledger, 10), Due: now.Add(earlyAgain), Created: now})
}

// readAgain does the job that setAside left.
func (e *Engine) readAgain(ctx context.Context, j store.Job) error {
	id, err := strconv.ParseInt(j.Subject, 10, 64)
	if err != nil {
		return err
	}
	waits := false
	if err := e.db.Read(ctx, func(s *store.Snapshot) error {
		entry, err := s.Entry(id)
		if waits = entry.Disposition == store.Quarantined; err != nil || !waits { // somebody else has replayed it
			return err
		}
		for _, d := range e.cfg.desks() {
			early, err := s.Nameless(j.Channel, d.Place, time.Now().Add(-earlyMost))
			if err != nil {
				return err
			}
			if early && d.Channel == j.Channel {
				return errTooEarly
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if waits {
		if _, err := e.replay(ctx, id, "time"); err != nil {
			return err
		}
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		tx.AfterCommit(e.kick)
		_, err := tx.EndJob(j.ID)
		return err
	})
}
