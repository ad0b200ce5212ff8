package store

import "time"

// Delivery is a row of the outbox.
type Delivery struct {
	ID       int64     `json:"id"`
	Key      string    `json:"key"`
	Channel  string    `json:"channel"`
	Thread   int64     `json:"thread"`
	Audience Audience  `json:"audience"`
	Message  int64     `json:"message,omitempty"`
	Identity int64     `json:"-"` // the correspondent, for the budget
	ByPerson bool      `json:"by_person"`
	Slot     string    `json:"slot,omitempty"`
	Payload  []byte    `json:"-"` // JSON of what is sent
	State    string    `json:"state"`
	Unsure   bool      `json:"unsure,omitempty"` // an earlier attempt may have got through
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next"`
	Created  time.Time `json:"created"`
	Ended    time.Time `json:"ended,omitzero"`
	Ref      string    `json:"ref,omitempty"`
	Error    string    `json:"error,omitempty"`
	Files    []int64   `json:"-"` // attachments to send along
	Origin   int64     `json:"-"` // staff's own message whose words this brings to a customer
	Target   int64     `json:"-"` // the message that this puts a sign on
}

// States of a delivery.
const (
	Queued   = "queued"
	Sending  = "sending"
	Sent     = "sent"
	Refused  = "failed" // for good; people were told
	Dropped  = "dropped"
	Replaced = "replaced" // by a newer one for the same slot
)

// Enqueue puts a delivery into the outbox. A newer delivery for a slot replaces the
// one for it that was not attempted yet, and goes in its place in the thread: what
// has been put behind it since stays behind it. The key by which the outside will
// know it is then the older one's, which has its turn there already.
func (tx *Tx) Enqueue(d Delivery) (int64, error) {
	id, err := tx.unsent(d.Thread, d.Slot)
	switch {
	case err == ErrNotFound:
		id, err = tx.insert(`INSERT INTO outbox (key, channel, thread, audience, message, identity, by_person, slot, payload, next, created, origin, target)
			VALUES (?, ?, ?, ?, nullif(?, 0), nullif(?, 0), ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0))`,
			d.Key, d.Channel, d.Thread, string(d.Audience), d.Message, d.Identity, d.ByPerson, d.Slot, string(d.Payload), ms(d.Next), ms(d.Created), d.Origin, d.Target)
	case err == nil:
		err = tx.replace(id, d)
	}
	if err != nil {
		return 0, err
	}
	for _, a := range d.Files {
		if err := tx.exec("INSERT INTO outbox_file (outbox, attachment) VALUES (?, ?) ON CONFLICT DO NOTHING", id, a); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// unsent finds what waits for a slot of a thread and was not attempted yet.
func (s *Snapshot) unsent(thread int64, slot string) (int64, error) {
	return one(s, scanned[int64], "SELECT id FROM outbox WHERE thread = ? AND slot = ? AND slot <> '' AND state = 'queued' AND attempts = 0", thread, slot)
}

// replace puts d into a row of the outbox. What was there stands in a row of its own
// from then on, for the record.
func (tx *Tx) replace(id int64, d Delivery) error {
	old, err := tx.insert(`INSERT INTO outbox (key, channel, thread, audience, message, identity, by_person, slot, payload, state, next, created, ended, origin, target)
		SELECT ?, channel, thread, audience, message, identity, by_person, slot, payload, 'replaced', next, created, ?, origin, target FROM outbox WHERE id = ?`,
		d.Key, ms(d.Created), id)
	if err != nil {
		return err
	}
	if err := tx.exec("UPDATE outbox_file SET outbox = ? WHERE outbox = ?", old, id); err != nil {
		return err
	}
	return tx.one(`UPDATE outbox SET message = nullif(?, 0), identity = nullif(?, 0), by_person = ?, payload = ?, created = ?, origin = nullif(?, 0), target = nullif(?, 0)
		WHERE id = ?`, d.Message, d.Identity, d.ByPerson, string(d.Payload), ms(d.Created), d.Origin, d.Target, id)
}

const deliveryColumns = `SELECT o.id, o.key, o.channel, o.thread, o.audience, coalesce(o.message, 0), coalesce(o.identity, 0), o.by_person, o.slot, o.payload,
	o.state, o.unsure, o.attempts, o.next, o.created, coalesce(o.ended, 0), coalesce(o.ref, ''), o.error, coalesce(o.origin, 0), coalesce(o.target, 0) FROM outbox o `

func scanDelivery(r scanner) (d Delivery, err error) {
	var next, created, ended int64
	err = r.Scan(&d.ID, &d.Key, &d.Channel, &d.Thread, &d.Audience, &d.Message, &d.Identity, &d.ByPerson, &d.Slot, &d.Payload,
		&d.State, &d.Unsure, &d.Attempts, &next, &created, &ended, &d.Ref, &d.Error, &d.Origin, &d.Target)
	d.Next, d.Created, d.Ended = at(next), at(created), at(ended)
	return d, err
}

// Delivery returns a row of the outbox.
func (s *Snapshot) Delivery(id int64) (Delivery, error) {
	return one(s, scanDelivery, deliveryColumns+"WHERE o.id = ?", id)
}

// InSlot returns the newest delivery for a slot of a thread that was not replaced,
// dropped or refused; with sent, that got through. [ErrNotFound] if there is none.
func (s *Snapshot) InSlot(thread int64, slot string, sent bool) (Delivery, error) {
	return one(s, scanDelivery, deliveryColumns+`WHERE o.thread = ?1 AND o.slot = ?2 AND o.slot <> ''
		AND iif(?3, o.state = 'sent', o.state IN ('queued', 'sending', 'sent')) ORDER BY o.id DESC LIMIT 1`, thread, slot, sent)
}

// HasOrigin reports whether a message of staff's went to a customer.
func (s *Snapshot) HasOrigin(message int64) (bool, error) {
	return one(s, scanned[bool], "SELECT EXISTS (SELECT 1 FROM outbox WHERE origin = ?)", message)
}

// Outbox returns the newest rows first; an empty state means any.
func (s *Snapshot) Outbox(state string, limit int) ([]Delivery, error) {
	return list(s, scanDelivery, deliveryColumns+"WHERE ?1 = '' OR o.state = ?1 ORDER BY o.id DESC LIMIT ?2", state, limitOr(limit))
}

// waiting is the condition under which a delivery may go: it is the oldest of its
// thread that is not done, so that what we send in a thread arrives in order. Signs
// are no part of that order: nothing waits for one.
const waiting = ` o.channel = ?1 AND o.state = 'queued'
	AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.thread = o.thread AND p.state IN ('queued', 'sending')
		AND p.target IS NULL AND (p.id < o.id OR p.state = 'sending'))`

// Due returns the next delivery of a channel that may go now, or [ErrNotFound].
func (s *Snapshot) Due(channel string, now time.Time) (Delivery, error) {
	return one(s, scanDelivery, deliveryColumns+"WHERE"+waiting+" AND o.next <= ?2 ORDER BY o.next, o.id LIMIT 1", channel, ms(now))
}

// Nameless reports whether something may stand in a place of staff's that has no name
// yet: an attempt to post it that began after since is under way, or its outcome is
// unknown.
func (s *Snapshot) Nameless(channel, place string, since time.Time) (bool, error) {
	return one(s, scanned[bool], `SELECT EXISTS (SELECT 1 FROM outbox o JOIN thread t ON t.id = o.thread
		WHERE o.state IN ('queued', 'sending') AND (o.state = 'sending' OR o.unsure) AND o.target IS NULL
		AND o.channel = ?1 AND t.audience = 'staff' AND t.place = ?2
		AND EXISTS (SELECT 1 FROM attempt a WHERE a.outbox = o.id AND a.started > ?3))`, channel, place, ms(since))
}

// Stamp records that an attempt begins, before anything is sent, and returns
// the delivery as it then is.
func (tx *Tx) Stamp(d Delivery, now time.Time) (Delivery, error) {
	d.Attempts++
	d.State = Sending
	if err := tx.one("UPDATE outbox SET state = 'sending', attempts = ? WHERE id = ? AND state = 'queued'", d.Attempts, d.ID); err != nil {
		return d, err
	}
	if err := tx.exec("INSERT INTO attempt (outbox, no, started) VALUES (?, ?, ?)", d.ID, d.Attempts, ms(now)); err != nil {
		return d, err
	}
	var err error
	d.Files, err = tx.DeliveryFiles(d.ID)
	return d, err
}

// Drop takes a delivery out of the queue: it is not sent.
func (tx *Tx) Drop(id int64, now time.Time, why string) error {
	return tx.one("UPDATE outbox SET state = 'dropped', ended = ?, error = ? WHERE id = ? AND state = 'queued'", ms(now), why, id)
}

// DropSlot takes what waits for a slot of a thread out of the queue, unless an
// earlier attempt at it may have got through.
func (tx *Tx) DropSlot(thread int64, slot string, now time.Time, why string) error {
	return tx.exec("UPDATE outbox SET state = 'dropped', ended = ?, error = ? WHERE thread = ? AND slot = ? AND slot <> '' AND state = 'queued' AND unsure = 0",
		ms(now), why, thread, slot)
}

// BotReached counts what the bot said in a conversation and what did not fail on
// its way.
func (s *Snapshot) BotReached(conversation int64) (int, error) {
	return one(s, scanned[int], `SELECT count(*) FROM message m JOIN outbox o ON o.message = m.id
		WHERE m.conversation = ? AND m.author = 'bot' AND m.audience = 'customer' AND o.state IN ('queued', 'sending', 'sent')`, conversation)
}

// Postpone moves a queued delivery; it is no attempt.
func (tx *Tx) Postpone(id int64, next time.Time) error {
	return tx.one("UPDATE outbox SET next = ? WHERE id = ? AND state = 'queued'", ms(next), id)
}

// NextDue returns when the earliest delivery of a channel that may go is due.
func (s *Snapshot) NextDue(channel string) (time.Time, error) {
	t, err := one(s, scanned[int64], "SELECT o.next FROM outbox o WHERE"+waiting+" ORDER BY o.next LIMIT 1", channel)
	return at(t), err
}

// Outcome is what became of an attempt.
type Outcome struct {
	Result string    // sent, found, temporary, permanent, unknown
	Ref    string    // sent, found; may be empty where the outside gives no name
	Error  string    // the others
	Retry  time.Time // temporary, unknown: when to try again; zero: never
	At     time.Time
}

// Finish records the outcome of a delivery's attempt, and for one that got
// through the name by which the outside knows it.
func (tx *Tx) Finish(d Delivery, o Outcome) error {
	if err := tx.one("UPDATE attempt SET ended = ?, outcome = ?, error = ? WHERE outbox = ? AND no = ? AND ended IS NULL",
		ms(o.At), o.Result, o.Error, d.ID, d.Attempts); err != nil {
		return err
	}
	unknown := o.Result == "unknown"
	switch {
	case o.Result == "sent" || o.Result == "found":
		if err := tx.one("UPDATE outbox SET state = 'sent', unsure = 0, ended = ?, ref = ?, error = '' WHERE id = ?", ms(o.At), o.Ref, d.ID); err != nil || o.Ref == "" || d.Target != 0 {
			return err // a sign has no name of its own
		}
		// The outside may have shown us our own message before it answered.
		return tx.exec(`INSERT INTO ref (ref, thread, message, ours) VALUES (?, ?, nullif(?, 0), 1)
			ON CONFLICT DO UPDATE SET message = coalesce(excluded.message, message), ours = 1 WHERE thread = excluded.thread`, o.Ref, d.Thread, d.Message)
	case o.Result == "permanent" || o.Retry.IsZero():
		return tx.one("UPDATE outbox SET state = 'failed', unsure = unsure OR ?, ended = ?, error = ? WHERE id = ?", unknown, ms(o.At), o.Error, d.ID)
	}
	return tx.one("UPDATE outbox SET state = 'queued', unsure = unsure OR ?, next = ?, error = ? WHERE id = ?", unknown, ms(o.Retry), o.Error, d.ID)
}

// Interrupted turns attempts of a channel that a crash cut off into unsure ones
// that are due now. Only the process that delivers may call it, before it does.
func (tx *Tx) Interrupted(channel string, now time.Time) (int, error) {
	// "IN" lets it use the index of what is not done.
	cut, err := list(&tx.Snapshot, scanDelivery, deliveryColumns+"WHERE o.state IN ('queued', 'sending') AND o.state = 'sending' AND o.channel = ?", channel)
	if err != nil {
		return 0, err
	}
	for _, d := range cut {
		if err := tx.Finish(d, Outcome{Result: "unknown", Error: "interrupted", Retry: now, At: now}); err != nil {
			return 0, err
		}
	}
	return len(cut), nil
}

// SentByBot counts what the bot said to a correspondent since a time.
func (s *Snapshot) SentByBot(identity int64, since time.Time) (int, error) {
	return one(s, scanned[int], "SELECT count(*) FROM outbox WHERE identity = ? AND by_person = 0 AND audience = 'customer' AND created > ?", identity, ms(since))
}

// BotAnswers counts what the bot said in a conversation since a person last
// wrote there.
func (s *Snapshot) BotAnswers(conversation int64) (int, error) {
	return one(s, scanned[int], `SELECT count(*) FROM message WHERE conversation = ?1 AND author = 'bot' AND audience = 'customer'
		AND id > coalesce((SELECT max(id) FROM message WHERE conversation = ?1 AND author = 'staff' AND audience = 'customer'), 0)`, conversation)
}
