package store

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
)

// firstData is what a program that knew the first migration only may have left: a
// customer by mail with a complaint that is taken, a talk without a case, a chat; one
// mail that went, one that is to go with a file, one that failed.
const firstData = `
INSERT INTO setting VALUES ('color', 'blue');
INSERT INTO cursor VALUES ('support', 'INBOX', '7', 1000);
INSERT INTO blob (id, hash, size, data) VALUES (1, zeroblob(32), 7, CAST('a photo' AS BLOB));
INSERT INTO customer (id, name, created) VALUES (1, 'Tom', 1000), (2, 'Bob', 1000);
INSERT INTO identity (id, customer, kind, address, name, created) VALUES (1, 1, 'mail', 'tom@example.com', 'Tom', 1000), (2, 2, 'chat', 'bob', '', 1000);
INSERT INTO cases (customer, channel, kind, stage, priority, title, owner, taken_by, taken_at, version, opened)
	VALUES (1, 'support', 'complaint', 'investigating', 'normal', 'it broke', 'Li', 'Ana', 2000, 3, 1000);
INSERT INTO cases (customer, channel, kind, stage, priority, title, owner, opened, resolved, closed)
	VALUES (2, 'chat', 'question', 'closed', 'normal', 'pianos', 'Li', 1000, 2000, 3000);
INSERT INTO case_field VALUES (1001, 'order', '4711');
INSERT INTO promise (case_id, kind, due, made) VALUES (1001, 'answer', 9000, 1000);
INSERT INTO conversation (id, customer, channel, state, memory, case_id, lang, opened, updated)
	VALUES (1, 1, 'support', 'person', '{"greeted":true}', 1001, 'en', 1000, 2000), (2, 2, 'chat', 'closed', '{}', 1002, '', 1000, 3000), (3, 1, 'support', 'bot', '{}', NULL, 'en', 1000, 1000);
INSERT INTO case_conversation VALUES (1001, 1), (1002, 2);
INSERT INTO participant VALUES (1, 'mail', 'tom@example.com', 'Tom'), (2, 'chat', 'bob', '');
INSERT INTO thread (id, audience, conversation, case_id, channel, place, address, subject, token, created) VALUES
	(1, 'customer', 1, NULL, 'support', '', '{}', 'It broke', 'token-of-a-customer-1', 1000),
	(2, 'staff', 1, 1001, 'support', '', '{}', '[#1001]', 'token-of-the-staff-22', 1000),
	(3, 'customer', 2, NULL, 'chat', 'dm:bob', '{}', '', 'token-of-a-customer-3', 1000),
	(4, 'customer', 3, NULL, 'support', '', '{}', 'Hours', 'token-of-a-customer-4', 1000);
INSERT INTO ledger (id, channel, key, kind, disposition, raw, arrived, recorded) VALUES (1, 'support', 'mid:1', 'message', 'taken', 1, 1000, 1000);
INSERT INTO key VALUES ('mid:1', 1);
INSERT INTO message (id, thread, audience, conversation, case_id, ledger, author, identity, text, at) VALUES
	(1, 1, 'customer', 1, 1001, 1, 'customer', 1, 'it broke', 1000), (2, 2, 'staff', 1, 1001, NULL, 'staff', NULL, 'again!', 1500),
	(3, 1, 'customer', 1, 1001, NULL, 'staff', NULL, 'we mend it', 2000), (4, 3, 'customer', 2, 1002, NULL, 'customer', 2, 'pianos?', 1000);
INSERT INTO attachment (id, message, name, type, size, blob) VALUES (1, 1, 'photo.jpg', 'image/jpeg', 7, 1);
INSERT INTO ref VALUES ('m1@example.com', 1, 1, 0), ('m2@acme.example', 1, NULL, 1), ('chat:dm:bob:1', 3, 4, 0);
INSERT INTO outbox (id, key, channel, thread, audience, message, identity, by_person, slot, payload, state, attempts, next, created, ended, ref, error) VALUES
	(1, 'key-of-what-was-sent-1', 'support', 1, 'customer', NULL, 1, 0, '', '{}', 'sent', 1, 1000, 1000, 1100, 'm2@acme.example', ''),
	(2, 'key-of-what-is-to-go-2', 'support', 2, 'staff', NULL, NULL, 0, '', '{}', 'queued', 0, 1000, 1000, NULL, NULL, ''),
	(3, 'key-of-what-has-failed', 'support', 1, 'customer', 3, 1, 1, '', '{}', 'failed', 1, 2000, 2000, 2100, NULL, 'no such user');
INSERT INTO attempt VALUES (1, 1, 1000, 1100, 'sent', ''), (3, 1, 2000, 2100, 'permanent', 'no such user');
INSERT INTO outbox_file VALUES (2, 1);
INSERT INTO timer (kind, case_id, due) VALUES ('warn', 1001, 8000);
INSERT INTO event (at, kind, actor, conversation, case_id, message, words) VALUES (1000, 'case opened', 'bot', 1, 1001, 1, 'it broke');
`

// A database of the first migration opens with all that is in it, and goes on as any
// other: what was to go goes, and what is new since then can be recorded.
func TestUpgradeFromTheFirstSchema(t *testing.T) {
	first, err := os.ReadFile("migrations/0001_start.sql")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "old.db")
	if err := migrateFile(t, file, fstest.MapFS{"m/0001_start.sql": &fstest.MapFile{Data: first}}); err != nil {
		t.Fatal(err)
	}
	plain(t, file, "PRAGMA foreign_keys = on; "+firstData)
	db := openDB(t, file)
	sound(t, db)

	id := read(t, db, func(s *Snapshot) (Identity, error) { return s.FindIdentity("mail", "tom@example.com") })
	if id.ID != 1 || id.Name != "Tom" || id.Lang != "" || id.External || !id.Looked.IsZero() {
		t.Errorf("the customer is %+v", id)
	}
	thread := read(t, db, func(s *Snapshot) (Thread, error) { return s.CustomerThread(1) })
	if thread.ID != 1 || thread.Subject != "It broke" || thread.Room != "" || thread.Root != "" || thread.Public {
		t.Errorf("the customer's thread is %+v", thread)
	}
	c := read(t, db, func(s *Snapshot) (Case, error) { return s.Case(1001) })
	if c.TakenBy != "Ana" || c.TakenAt.IsZero() || c.Stage != StageInvestigating || c.Version != 3 {
		t.Errorf("the case is %+v", c)
	}
	said := read(t, db, func(s *Snapshot) ([]Message, error) { return s.SaidFor(1, 1001, 0) })
	if len(said) != 3 || said[1].Text != "again!" {
		t.Errorf("in the case was said %+v", said)
	}
	if went := read(t, db, func(s *Snapshot) (bool, error) { return s.HasOrigin(3) }); went {
		t.Error("a message of before has an origin")
	}

	now := time.Now()
	write(t, db, func(tx *Tx) error {
		due, err := tx.Due("support", now)
		if err != nil {
			return err
		}
		files, err := tx.DeliveryFiles(due.ID)
		if err != nil || due.ID != 2 || due.Origin != 0 || due.Target != 0 || len(files) != 1 {
			t.Errorf("due is %+v with files %v, %v", due, files, err)
		}
		if due, err = tx.Stamp(due, now); err != nil {
			return err
		}
		if err := tx.Finish(due, Outcome{Result: "sent", Ref: "m3@acme.example", At: now}); err != nil {
			return err
		}
		return tx.Requeue(3, now) // a person tries again what had failed
	})
	write(t, db, func(tx *Tx) error {
		due, err := tx.Due("support", now)
		if err != nil || due.ID != 3 {
			t.Errorf("after the first is due %+v, %v", due, err)
		}
		return err
	})

	// What came with the second migration.
	write(t, db, func(tx *Tx) error {
		id.Lang, id.Org, id.Looked = "en-US", "Globex", now
		if err := tx.Describe(id); err != nil {
			return err
		}
		talk, err := tx.AddConversation(Conversation{Customer: 1, Channel: "chat", State: WithBot, Opened: now, Updated: now})
		if err != nil {
			return err
		}
		room, err := tx.AddThread(Thread{Audience: ForCustomer, Conversation: talk, Channel: "chat", Place: "room:help/1", Room: "room:help", Root: "chat:1", Public: true, Token: rand.Text(), Created: now})
		if err != nil {
			return err
		}
		number, err := tx.AddCase(Case{Customer: 1, Channel: "chat", Kind: "question", Stage: StageOpen, Priority: Normal, Title: "next", Owner: "Li", Opened: now})
		if err != nil || number != 1003 {
			t.Errorf("the next case is %d, %v", number, err)
		}
		for _, d := range []Delivery{{Audience: ForCustomer, Thread: room, Origin: 2}, {Audience: ForStaff, Thread: 2, Target: 2}} {
			d.Key, d.Channel, d.Payload, d.Next, d.Created = rand.Text(), "chat", []byte("{}"), now, now
			if _, err := tx.Enqueue(d); err != nil {
				return err
			}
		}
		if err := tx.SetMembers("chat", "room:agents", []Member{{Channel: "chat", Room: "room:agents", Kind: "chat", Address: "ana", Name: "Ana"}}); err != nil {
			return err
		}
		return tx.AddJob(Job{Channel: "chat", Kind: JobProfile, Subject: "2", Due: now, Created: now})
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := openDB(t, file)
	sound(t, again)
	if went := read(t, again, func(s *Snapshot) (bool, error) { return s.HasOrigin(2) }); !went {
		t.Error("what was recorded after the upgrade is gone")
	}
	if got := read(t, again, func(s *Snapshot) (Identity, error) { return s.Identity(1) }); got.Org != "Globex" {
		t.Errorf("after reopening the customer is %+v", got)
	}
	job := read(t, again, func(s *Snapshot) (Job, error) { return s.NextJob("chat", false, now.Add(time.Minute)) })
	if job.Kind != JobProfile {
		t.Errorf("the job is %+v", job)
	}
}
