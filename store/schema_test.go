package store

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/mattn/go-sqlite3"
)

// What must be true is refused by the schema itself, whoever asks.
func TestSchemaRefuses(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	const (
		foreign = "FOREIGN KEY constraint failed"
		check   = "CHECK constraint failed"
		unique  = "UNIQUE constraint failed"
	)
	message := func(thread int64, a Audience) func(*Tx) error {
		return func(tx *Tx) error {
			_, err := tx.AddMessage(Message{Thread: thread, Audience: a, Author: ByStaff, Text: "t", At: noon})
			return err
		}
	}
	delivery := func(thread int64, a Audience, key string) func(*Tx) error {
		return func(tx *Tx) error {
			_, err := tx.Enqueue(Delivery{Key: key, Channel: "mail", Thread: thread, Audience: a, Payload: []byte("{}"), Next: noon, Created: noon})
			return err
		}
	}
	thread := func(th Thread) func(*Tx) error {
		return func(tx *Tx) error {
			if th.Token == "" {
				th.Token = rand.Text()
			}
			_, err := tx.AddThread(th)
			return err
		}
	}
	newCase := func(change func(*Case)) func(*Tx) error {
		return func(tx *Tx) error {
			c := Case{Customer: p.identity.Customer, Channel: "mail", Kind: "request", Stage: StageOpen, Priority: Normal, Title: "t", Owner: "wang", Opened: noon}
			change(&c)
			_, err := tx.AddCase(c)
			return err
		}
	}
	updateCase := func(change func(*Case)) func(*Tx) error {
		return func(tx *Tx) error {
			c, err := tx.Case(p.number)
			if err != nil {
				return err
			}
			change(&c)
			return tx.UpdateCase(c)
		}
	}
	both := func(a, b func(*Tx) error) func(*Tx) error {
		return func(tx *Tx) error { return errors.Join(a(tx), b(tx)) }
	}
	promise := func(kind string) func(*Tx) error {
		return func(tx *Tx) error {
			return tx.AddPromise(Promise{Case: p.number, Kind: kind, Due: noon, Made: noon})
		}
	}
	entry := func(key string) func(*Tx) error {
		return func(tx *Tx) error {
			_, err := tx.AddEntry(Entry{Channel: "mail", Key: key, Kind: "human", Disposition: Taken, Arrived: noon, Recorded: noon}, nil)
			return err
		}
	}
	attempt := func(d func(*Delivery), o Outcome) func(*Tx) error {
		return func(tx *Tx) error {
			got, err := stamp(tx, p.staff, ForStaff)
			if err != nil {
				return err
			}
			d(&got)
			o.At = noon
			return tx.Finish(got, o)
		}
	}
	key := rand.Text()

	for _, c := range []struct {
		name string
		do   func(*Tx) error
		want string // "": it is allowed
	}{
		{"staff's message in staff's thread", message(p.staff, ForStaff), ""},
		{"staff's note in the customer's thread", message(p.customer, ForStaff), foreign},
		{"customer's message in staff's thread", message(p.staff, ForCustomer), foreign},
		{"message in no thread", message(999, ForStaff), foreign},
		{"message for an unknown audience", message(p.customer, "all"), foreign},
		{"note becomes the customer's", sqlText("UPDATE message SET audience = 'customer' WHERE id = ?", p.note), foreign},
		{"note moves to the customer's thread", sqlText("UPDATE message SET thread = ? WHERE id = ?", p.customer, p.note), foreign},
		{"staff's thread becomes the customer's", sqlText("UPDATE thread SET audience = 'customer', conversation = ?, case_id = NULL WHERE id = ?", p.talk, p.staff), foreign},
		{"customer's thread becomes staff's", sqlText("UPDATE thread SET audience = 'staff' WHERE id = ?", p.customer), foreign},

		{"delivery to the customer", delivery(p.customer, ForCustomer, rand.Text()), ""},
		{"staff's delivery in the customer's thread", delivery(p.customer, ForStaff, rand.Text()), foreign},
		{"customer's delivery in staff's thread", delivery(p.staff, ForCustomer, rand.Text()), foreign},
		{"queued note becomes the customer's", both(delivery(p.staff, ForStaff, key), sqlText("UPDATE outbox SET audience = 'customer' WHERE key = ?", key)), foreign},
		{"delivery twice with one key", both(delivery(p.customer, ForCustomer, key), delivery(p.customer, ForCustomer, key)), unique},
		{"delivery with a key that can be guessed", delivery(p.customer, ForCustomer, "1042"), check},
		{"sent without a ref", both(delivery(p.customer, ForCustomer, key), sqlText("UPDATE outbox SET state = 'sent' WHERE key = ?", key)), check},
		{"an outcome that we do not know", attempt(func(*Delivery) {}, Outcome{Result: "maybe"}), check},
		{"an outcome of an attempt that was not stamped", attempt(func(d *Delivery) { d.Attempts++ }, Outcome{Result: "sent", Ref: "r"}), "not found"},

		{"customer's thread without a conversation", thread(Thread{Audience: ForCustomer, Channel: "mail"}), check},
		{"customer's thread about a case", thread(Thread{Audience: ForCustomer, Channel: "mail", Conversation: p.talk, Case: p.number}), check},
		{"staff's thread about nothing", thread(Thread{Audience: ForStaff, Channel: "slack"}), ""},
		{"thread for everyone", thread(Thread{Audience: "all", Channel: "mail", Conversation: p.talk}), check},
		{"thread with a short token", thread(Thread{Audience: ForStaff, Channel: "slack", Token: "1042"}), check},
		{"two threads with one token", both(thread(Thread{Audience: ForStaff, Channel: "slack", Token: key}), thread(Thread{Audience: ForStaff, Channel: "mail", Token: key})), unique},
		{"conversation taken from its thread", sqlText("UPDATE thread SET conversation = NULL WHERE id = ?", p.customer), check},

		{"one arrival twice", entry("first"), unique},
		{"a key given away", sqlText("INSERT INTO key VALUES ('first', ?)", p.entry), unique},
		{"key of no message", sqlText("INSERT INTO key VALUES ('k', 999)"), foreign},
		{"a disposition that we do not know", func(tx *Tx) error { return tx.Dispose(p.entry, "lost", "") }, check},
		{"one address of two customers", sqlText("INSERT INTO identity (customer, kind, address, created) VALUES (?, 'mail', 'li@example.com', 0)", p.identity.Customer), unique},
		{"nobody's address", sqlText("INSERT INTO identity (customer, kind, address, created) VALUES (?, 'mail', '', 0)", p.identity.Customer), check},

		{"case", newCase(func(*Case) {}), ""},
		{"case without an owner", newCase(func(c *Case) { c.Owner = "" }), check},
		{"case of no kind", newCase(func(c *Case) { c.Kind = "" }), check},
		{"case of nobody", newCase(func(c *Case) { c.Customer = 999 }), foreign},
		{"case at an unknown stage", newCase(func(c *Case) { c.Stage = "lost" }), check},
		{"case of an unknown priority", newCase(func(c *Case) { c.Priority = "whenever" }), check},
		{"case that begins closed", newCase(func(c *Case) { c.Stage = StageClosed }), check},
		{"case taken at no time", newCase(func(c *Case) { c.TakenBy = "wang" }), check},
		{"case taken by nobody", newCase(func(c *Case) { c.TakenAt = noon }), check},
		{"closing", updateCase(func(c *Case) { c.Stage, c.Closed = StageClosed, noon }), ""},
		{"closed at no time", updateCase(func(c *Case) { c.Stage = StageClosed }), check},
		{"open, but closed at noon", updateCase(func(c *Case) { c.Closed = noon }), check},
		{"an owner is lost", updateCase(func(c *Case) { c.Owner = "" }), check},

		{"promise", promise(PromiseAnswer), ""},
		{"two open promises of a kind", both(promise(PromiseAnswer), promise(PromiseAnswer)), unique},
		{"one open promise of each kind", both(promise(PromiseAnswer), promise(PromiseSolution)), ""},
		{"a promise of something else", promise("cake"), check},
		{"a promise that ended at no time", both(promise(PromiseAnswer), sqlText("UPDATE promise SET state = 'kept'")), check},
		{"an open promise that ended", both(promise(PromiseAnswer), sqlText("UPDATE promise SET ended = 1")), check},

		{"timer of nothing", func(tx *Tx) error { return tx.SetTimer(Timer{Kind: "k", Due: noon}) }, check},
		{"timer of two things", func(tx *Tx) error {
			return tx.SetTimer(Timer{Kind: "k", Case: p.number, Conversation: p.talk, Due: noon})
		}, check},
		{"a conversation's unknown state", func(tx *Tx) error {
			return tx.UpdateConversation(Conversation{ID: p.talk, State: "lost", Updated: noon})
		}, check},
		{"a memory that is not JSON", func(tx *Tx) error {
			return tx.UpdateConversation(Conversation{ID: p.talk, State: WithBot, Memory: "{", Updated: noon})
		}, check},
		{"a ref of no thread", func(tx *Tx) error { return tx.AddRef("r", 999, 0, true) }, foreign},
		{"a number where words belong", sqlText("INSERT INTO setting VALUES ('n', ?)", []byte{1}), "cannot store BLOB value in TEXT column"},
	} {
		t.Run(c.name, func(t *testing.T) {
			undo := errors.New("undo")
			err := db.Write(t.Context(), func(tx *Tx) error { return errors.Join(c.do(tx), undo) })
			text := strings.TrimSuffix(strings.TrimSuffix(err.Error(), "undo"), "\n")
			if c.want == "" && text != "" || !strings.Contains(text, c.want) {
				t.Errorf("got error %q, want %q", text, c.want)
			}
			var e sqlite3.Error
			if Unavailable(err) {
				t.Errorf("%v (%v) counts as unavailable: it would be tried for ever", err, errors.As(err, &e))
			}
		})
	}
	sound(t, db)
}

// stamp queues a delivery in a thread and begins its attempt.
func stamp(tx *Tx, thread int64, a Audience) (Delivery, error) {
	id, err := tx.Enqueue(Delivery{Key: rand.Text(), Channel: "test", Thread: thread, Audience: a, Payload: []byte("{}"), Next: noon, Created: noon})
	if err != nil {
		return Delivery{}, err
	}
	d, err := tx.Delivery(id)
	if err != nil {
		return Delivery{}, err
	}
	return tx.Stamp(d, noon)
}

func TestEventsAreNeverChanged(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	event := Event{At: noon, Kind: "opened", Actor: "bot", Channel: "mail", Conversation: p.talk, Case: p.number, Message: p.message,
		Data: map[string]any{"rule": "complaint"}, Words: "it broke"}
	write(t, db, func(tx *Tx) error { return tx.AddEvent(event) })
	id := ask[int64](t, db, "SELECT id FROM event")
	for _, q := range []string{
		"DELETE FROM event",
		"DELETE FROM event WHERE id = ?1",
		"INSERT OR REPLACE INTO event (id, at, kind, actor) VALUES (?1, 0, 'k', 'a')",
		"UPDATE event SET words = 'it did not'",
		"UPDATE event SET words = ''",
		"UPDATE event SET id = ?1 + 1, words = NULL",
		"UPDATE event SET at = 1, words = NULL",
		"UPDATE event SET kind = 'closed', words = NULL",
		"UPDATE event SET actor = 'li', words = NULL",
		"UPDATE event SET channel = 'slack', words = NULL",
		"UPDATE event SET conversation = NULL, words = NULL",
		"UPDATE event SET case_id = NULL, words = NULL",
		"UPDATE event SET message = NULL, words = NULL",
		`UPDATE event SET data = '{}', words = NULL`,
	} {
		args := []any{id}
		if !strings.Contains(q, "?1") {
			args = nil
		}
		if err := db.Write(t.Context(), sqlText(q, args...)); err == nil || !strings.Contains(err.Error(), "events are never") {
			t.Errorf("%s: %v", q, err)
		}
	}
	event.ID = id
	same := func(when string, want Event) {
		t.Helper()
		got := read(t, db, func(s *Snapshot) ([]Event, error) { return s.Events("", 0) })
		if len(got) != 1 || got[0].Words != want.Words || got[0].Data["rule"] != "complaint" || got[0].Kind != want.Kind || got[0].Channel != want.Channel || got[0].ID != want.ID {
			t.Errorf("%s: events are %+v, want %+v", when, got, want)
		}
	}
	same("after all that", event)
	write(t, db, sqlText("UPDATE event SET words = NULL")) // a person is erased
	event.Words = ""
	same("after erasing", event)
	if err := db.Write(t.Context(), sqlText("UPDATE event SET words = 'invented'")); err == nil {
		t.Error("erased words could be filled in again")
	}
}

func TestFirstCaseIs1001(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	if p.number != 1001 {
		t.Errorf("the first case is #%d", p.number)
	}
	// A number is never given twice, not even that of a case that is gone.
	next := func() (id int64) {
		write(t, db, func(tx *Tx) (err error) {
			id, err = tx.AddCase(Case{Customer: p.identity.Customer, Channel: "mail", Kind: "request", Stage: StageOpen, Priority: Urgent, Owner: "wang", Opened: noon})
			return err
		})
		return id
	}
	if id := next(); id != 1002 {
		t.Errorf("the second case is #%d", id)
	}
	write(t, db, sqlText("DELETE FROM cases WHERE id = 1002"))
	if id := next(); id != 1003 {
		t.Errorf("after one was deleted, the next is #%d: its number may stand in a letter", id)
	}
}

func TestErasedWordsLeaveTheFile(t *testing.T) {
	const secret = "my card is 4111-1111"
	db := newDB(t)
	p := seed(t, db)
	write(t, db, func(tx *Tx) error { return tx.EditMessage(p.message, secret) })
	if !inFile(t, db, secret) {
		t.Fatal("the words are not in the file even before: the test shows nothing")
	}
	write(t, db, func(tx *Tx) error { return tx.EditMessage(p.message, "") })
	if inFile(t, db, secret) {
		t.Error("the words are still in the file")
	}
}
