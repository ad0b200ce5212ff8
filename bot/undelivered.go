package bot

import (
	"strconv"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// undelivered tells people what a customer did not get. What staff did not get
// is logged, and told to the staff of another channel if there is one.
func (e *Engine) undelivered(tx *store.Tx, j *job, o store.Outcome) error {
	t, err := tx.Thread(j.Thread)
	if err != nil {
		return err
	}
	now := time.Now()
	if j.Slot == slotCard && j.out.Op == channels.Amend { // somebody deleted it, say
		again := j.out
		again.Op, again.Target = channels.Post, ""
		return e.enqueue(tx, now, again, t, store.Delivery{}, nil)
	}
	if j.out.Op == channels.React {
		e.log.Warn("a message has no sign", "channel", j.Channel, "delivery", j.ID, "err", o.Error)
		return nil
	}
	data := map[string]any{"delivery": j.ID, "outcome": o.Result, "audience": string(t.Audience)}
	lost := t.Audience == store.ForStaff && t.Conversation == 0 && t.Case == 0 && len(j.out.To) > 0 && e.cfg.operator(j.out.To[0])
	if lost {
		data["alarm"] = true
	}
	tx.AfterCommit(func() { wake(e.watchman) })
	tx.AfterCommit(e.kick)
	if err := tx.AddEvent(store.Event{At: now, Kind: eventUnreached, Actor: "channel", Channel: j.Channel, Conversation: t.Conversation, Case: t.Case,
		Message: j.Message, Data: data}); err != nil {
		return err
	}
	if lost {
		e.log.Error("an operator was not reached", "channel", j.Channel, "delivery", j.ID, "err", o.Error)
		return nil
	}
	to := t.Place
	if len(j.out.To) > 0 {
		if to, err = e.describe(&tx.Snapshot, j.out.To[0]); err != nil {
			return err
		}
	}
	note := e.staff("undelivered", textArgs{To: to, Why: o.Error})
	if t.Audience == store.ForCustomer {
		conv, err := tx.Conversation(t.Conversation)
		if err != nil {
			return err
		}
		if !j.ByPerson {
			if err := e.unsaid(tx, now, conv, j.Created); err != nil {
				return err
			}
		}
		if j.Origin != 0 {
			if err := e.sign(tx, now, j.Origin, "warning"); err != nil {
				return err
			}
		}
		d := desk{note: note}
		if j.ByPerson { // what the bot promised meanwhile is withdrawn, so its words must not go later
			d.choices = []channels.Choice{{Label: string(e.staff("button-retry", textArgs{})),
				Action: channels.Action{Name: actRetry, Fields: map[string]string{"delivery": strconv.FormatInt(j.ID, 10)}}}}
		}
		return e.toDesk(tx, now, conv, d)
	}
	if t.Conversation == 0 && t.Case == 0 {
		e.log.Error("a notice did not reach staff", "channel", j.Channel, "delivery", j.ID, "err", o.Error)
		return nil // one more would go the same way, and back
	}
	note = e.staff("undelivered-staff", textArgs{To: to, Why: o.Error})
	for _, name := range e.cfg.channelNames() {
		if d := e.cfg.Channels[name].Staff; d.Channel != j.Channel {
			return e.notice(tx, now, name, note)
		}
	}
	e.log.Error("staff were not reached", "channel", j.Channel, "delivery", j.ID, "err", o.Error)
	return nil
}
