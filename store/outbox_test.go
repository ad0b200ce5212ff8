package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// post office: what the tests of the outbox do all the time.
type post struct {
	testing.TB
	db *DB
	people
}

func newPost(t testing.TB) *post {
	db := newDB(t)
	return &post{t, db, seed(t, db)}
}

// queue puts something into the outbox of channel "test" and returns its id.
func (p *post) queue(thread int64, change func(*Delivery)) (id int64) {
	p.Helper()
	d := Delivery{Key: rand.Text(), Channel: "test", Thread: thread, Audience: ForCustomer, Payload: []byte(`{"text":"hello"}`), Next: noon, Created: noon}
	if thread == p.staff {
		d.Audience = ForStaff
	}
	if change != nil {
		change(&d)
	}
	write(p, p.db, func(tx *Tx) (err error) {
		id, err = tx.Enqueue(d)
		return err
	})
	return id
}

// claim stamps the next delivery; its ID is 0 if there is none.
func (p *post) claim(now time.Time) (d Delivery) {
	p.Helper()
	write(p, p.db, func(tx *Tx) (err error) {
		if d, err = tx.Due("test", now); err == ErrNotFound {
			return nil
		} else if err != nil {
			return err
		}
		d, err = tx.Stamp(d, now)
		return err
	})
	return d
}

func (p *post) finish(d Delivery, o Outcome) {
	p.Helper()
	write(p, p.db, func(tx *Tx) error { return tx.Finish(d, o) })
}

func (p *post) sent(d Delivery) {
	p.Helper()
	p.finish(d, Outcome{Result: "sent", Ref: fmt.Sprintf("ref-%d", d.ID), At: noon})
}

func (p *post) see(id int64) Delivery {
	p.Helper()
	return read(p, p.db, func(s *Snapshot) (Delivery, error) { return s.Delivery(id) })
}

// next is when the earliest delivery may go; zero if none may.
func (p *post) next() (next time.Time) {
	p.Helper()
	return read(p, p.db, func(s *Snapshot) (time.Time, error) {
		t, err := s.NextDue("test")
		if err == ErrNotFound {
			err = nil
		}
		return t, err
	})
}

func (p *post) wantClaim(now time.Time, id int64) Delivery {
	p.Helper()
	d := p.claim(now)
	if d.ID != id {
		p.Fatalf("claimed delivery %d, want %d (0: none)", d.ID, id)
	}
	return d
}

func TestThreadArrivesInOrder(t *testing.T) {
	p := newPost(t)
	a1, a2, a3 := p.queue(p.customer, nil), p.queue(p.customer, nil), p.queue(p.customer, nil)
	b1 := p.queue(p.other, nil)

	d1 := p.wantClaim(noon, a1)
	other := p.wantClaim(noon, b1) // another thread goes on
	p.wantClaim(noon, 0)           // nothing of a thread of which one is under way
	if next := p.next(); !next.IsZero() {
		t.Errorf("nothing may go, yet the next is due at %v", next)
	}
	p.sent(d1)
	d2 := p.wantClaim(noon, a2)
	p.wantClaim(noon, 0)

	// One that has to be tried again holds up its thread, not the others.
	p.finish(d2, Outcome{Result: "temporary", Error: "451", Retry: noon.Add(time.Minute), At: noon})
	p.sent(other)
	b2 := p.queue(p.other, nil)
	p.sent(p.wantClaim(noon, b2))
	p.wantClaim(noon.Add(time.Minute-time.Millisecond), 0)
	if next := p.next(); !next.Equal(noon.Add(time.Minute)) {
		t.Errorf("the next is due at %v, want in a minute", next)
	}
	d2 = p.wantClaim(noon.Add(time.Minute), a2)
	if d2.Attempts != 2 {
		t.Errorf("it is attempt %d, want 2", d2.Attempts)
	}
	// One that failed for good lets the next go.
	p.finish(d2, Outcome{Result: "permanent", Error: "550", At: noon})
	p.sent(p.wantClaim(noon, a3))
	p.wantClaim(noon, 0)
}

// The order is that of recording, whatever the times say.
func TestLaterDeliveryDueEarlierWaits(t *testing.T) {
	p := newPost(t)
	first := p.queue(p.customer, func(d *Delivery) { d.Next = noon.Add(time.Hour) })
	second := p.queue(p.customer, nil)
	p.wantClaim(noon, 0)
	if next := p.next(); !next.Equal(noon.Add(time.Hour)) {
		t.Errorf("the next is due at %v, want in an hour", next)
	}
	p.sent(p.wantClaim(noon.Add(time.Hour), first))
	p.wantClaim(noon, second)
}

func TestEarliestThreadGoesFirst(t *testing.T) {
	p := newPost(t)
	late := p.queue(p.customer, func(d *Delivery) { d.Next = noon.Add(2 * time.Second) })
	early := p.queue(p.other, func(d *Delivery) { d.Next = noon.Add(time.Second) })
	p.wantClaim(noon, 0)
	p.wantClaim(noon.Add(time.Hour), early)
	p.wantClaim(noon.Add(time.Hour), late)
}

func TestChannelsAreApart(t *testing.T) {
	p := newPost(t)
	p.queue(p.customer, func(d *Delivery) { d.Channel = "elsewhere" })
	p.wantClaim(noon, 0)
	if !p.next().IsZero() {
		t.Error("another channel's delivery is due here")
	}
}

func TestPostponeIsNoAttempt(t *testing.T) {
	p := newPost(t)
	id := p.queue(p.customer, nil)
	write(t, p.db, func(tx *Tx) error { return tx.Postpone(id, noon.Add(time.Second)) })
	p.wantClaim(noon, 0)
	if d := p.wantClaim(noon.Add(time.Second), id); d.Attempts != 1 {
		t.Errorf("the first attempt has number %d", d.Attempts)
	}
	if err := p.db.Write(t.Context(), func(tx *Tx) error { return tx.Postpone(id, noon) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("Postpone of a delivery under way: %v", err)
	}
}

func TestStamp(t *testing.T) {
	p := newPost(t)
	var file int64
	write(t, p.db, func(tx *Tx) (err error) {
		file, err = tx.AddAttachment(p.message, Attachment{Name: "photo.png", Type: "image/png", Size: 3})
		return err
	})
	id := p.queue(p.customer, func(d *Delivery) { d.Files = []int64{file, file}; d.Message = p.message; d.Slot = "s" })
	before := p.see(id)
	d := p.wantClaim(noon, id)
	if d.State != Sending || d.Attempts != 1 || !slices.Equal(d.Files, []int64{file}) || string(d.Payload) != `{"text":"hello"}` || d.Message != p.message {
		t.Errorf("stamped: %+v", d)
	}
	if now := p.see(id); now.State != Sending || now.Attempts != 1 {
		t.Errorf("recorded: %+v", now)
	}
	if n := ask[int](t, p.db, "SELECT count(*) FROM attempt WHERE outbox = ? AND no = 1 AND started = ? AND ended IS NULL", id, noon.UnixMilli()); n != 1 {
		t.Error("the attempt is not recorded")
	}
	err := p.db.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.Stamp(before, noon)
		return err
	})
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("stamped twice: %v", err)
	}
}

func TestFinish(t *testing.T) {
	later := noon.Add(time.Minute)
	for _, c := range []struct {
		o      Outcome
		state  string
		unsure bool
		next   time.Time
		again  bool // it is claimed once more
	}{
		{Outcome{Result: "sent", Ref: "r"}, Sent, false, noon, false},
		{Outcome{Result: "sent"}, Sent, false, noon, false}, // a channel that names nothing
		{Outcome{Result: "found", Ref: "r"}, Sent, false, noon, false},
		{Outcome{Result: "temporary", Error: "e", Retry: later}, Queued, false, later, true},
		{Outcome{Result: "temporary", Error: "e"}, Refused, false, noon, false}, // given up
		{Outcome{Result: "unknown", Error: "e", Retry: later}, Queued, true, later, true},
		{Outcome{Result: "unknown", Error: "e"}, Refused, true, noon, false},
		{Outcome{Result: "permanent", Error: "e"}, Refused, false, noon, false},
		{Outcome{Result: "permanent", Error: "e", Retry: later}, Refused, false, noon, false},
	} {
		t.Run(fmt.Sprintf("%s ref=%s retry=%t", c.o.Result, c.o.Ref, !c.o.Retry.IsZero()), func(t *testing.T) {
			p := newPost(t)
			id := p.queue(p.customer, func(d *Delivery) { d.Message = p.message })
			behind := p.queue(p.customer, nil)
			c.o.At = noon.Add(time.Second)
			d := p.wantClaim(noon, id)
			p.finish(d, c.o)

			got := p.see(id)
			if got.State != c.state || got.Unsure != c.unsure || got.Error != c.o.Error || !got.Next.Equal(c.next) {
				t.Errorf("recorded: %+v", got)
			}
			if done := c.state != Queued; done != got.Ended.Equal(c.o.At) || !done && !got.Ended.IsZero() {
				t.Errorf("it is %s and ended at %v", got.State, got.Ended)
			}
			if n := ask[int](t, p.db, "SELECT count(*) FROM attempt WHERE outbox = ? AND no = 1 AND outcome = ? AND error = ? AND ended = ?",
				id, c.o.Result, c.o.Error, c.o.At.UnixMilli()); n != 1 {
				t.Error("the attempt's outcome is not recorded")
			}
			ref, err := Ref{}, error(nil)
			_ = p.db.Read(t.Context(), func(s *Snapshot) error { ref, err = s.Ref(c.o.Ref); return nil })
			if c.o.Ref == "" {
				if err != ErrNotFound {
					t.Errorf("an empty name was recorded as a ref: %+v %v", ref, err)
				}
			} else if err != nil || ref.Thread.ID != p.customer || ref.Message != p.message || !ref.Ours {
				t.Errorf("the ref stands for %+v (%v)", ref, err)
			}
			if c.again {
				p.wantClaim(noon, 0)
				if d := p.wantClaim(later, id); d.Attempts != 2 || d.Unsure != c.unsure {
					t.Errorf("claimed again: %+v", d)
				}
			} else {
				p.wantClaim(noon, behind)
			}
			if err := p.db.Write(t.Context(), func(tx *Tx) error { return tx.Finish(d, c.o) }); !errors.Is(err, ErrNotFound) {
				t.Errorf("finished twice: %v", err)
			}
		})
	}
}

func TestUnsureUntilItIsKnown(t *testing.T) {
	p := newPost(t)
	id := p.queue(p.customer, nil)
	p.finish(p.wantClaim(noon, id), Outcome{Result: "unknown", Error: "timeout", Retry: noon, At: noon})
	p.finish(p.wantClaim(noon, id), Outcome{Result: "temporary", Error: "451", Retry: noon, At: noon})
	d := p.wantClaim(noon, id)
	if !d.Unsure {
		t.Error("a later attempt that surely failed made the first one sure")
	}
	p.finish(d, Outcome{Result: "found", Ref: "r", At: noon})
	if d := p.see(id); d.Unsure || d.State != Sent || d.Attempts != 3 || d.Error != "" {
		t.Errorf("found: %+v", d)
	}
}

func TestNewerForASlotReplaces(t *testing.T) {
	p := newPost(t)
	slot := func(d *Delivery) { d.Slot = "card" }
	newer := func(d *Delivery) { d.Slot, d.Payload = "card", []byte(`{"text":"newer"}`) }
	otherSlot := p.queue(p.staff, func(d *Delivery) { d.Slot = "list" })
	otherThread := p.queue(p.customer, slot)
	first := p.queue(p.staff, slot)
	key := p.see(first).Key
	noSlot := p.queue(p.staff, nil)
	if second := p.queue(p.staff, newer); second != first {
		t.Errorf("what replaces delivery %d is delivery %d: want it in its place", first, second)
	}
	for id, want := range map[int64]string{otherSlot: Queued, otherThread: Queued, noSlot: Queued, first: Queued} {
		if d := p.see(id); d.State != want {
			t.Errorf("delivery %d for slot %q is %s, want %s", id, d.Slot, d.State, want)
		}
	}
	replaced := read(p, p.db, func(s *Snapshot) ([]Delivery, error) { return s.Outbox(Replaced, 0) })
	if len(replaced) != 1 || !replaced[0].Ended.Equal(noon) || string(replaced[0].Payload) != `{"text":"hello"}` || replaced[0].Slot != "card" {
		t.Errorf("replaced: %+v", replaced)
	}
	p.sent(p.wantClaim(noon, otherSlot))
	p.sent(p.wantClaim(noon, otherThread))
	d := p.wantClaim(noon, first) // before what came behind it
	if string(d.Payload) != `{"text":"newer"}` || d.Key != key {
		t.Errorf("%s is sent as %q, want the newer one as %q", d.Payload, d.Key, key)
	}

	// One that was attempted may have got through: it stays, and what is newer
	// comes after it.
	third := p.queue(p.staff, slot)
	if now := p.see(first); now.State != Sending || third == first {
		t.Errorf("the one under way is %s", now.State)
	}
	p.finish(d, Outcome{Result: "unknown", Error: "timeout", Retry: noon, At: noon})
	if fourth := p.queue(p.staff, newer); fourth != third {
		t.Errorf("delivery %d replaces delivery %d elsewhere", fourth, third)
	}
	p.sent(p.wantClaim(noon, first))
	p.sent(p.wantClaim(noon, noSlot))
	p.sent(p.wantClaim(noon, third))
	if d := p.see(first); d.State != Sent {
		t.Errorf("what was sent became %s", d.State)
	}
}

func TestInterrupted(t *testing.T) {
	p := newPost(t)
	a, b := p.queue(p.customer, nil), p.queue(p.other, nil)
	c := p.queue(p.staff, func(d *Delivery) { d.Channel = "elsewhere" })
	p.queue(p.customer, nil)
	p.wantClaim(noon, a)
	p.sent(p.wantClaim(noon, b))
	write(t, p.db, func(tx *Tx) error {
		d, err := tx.Due("elsewhere", noon)
		if err != nil {
			return err
		}
		_, err = tx.Stamp(d, noon)
		return err
	})

	later := noon.Add(time.Hour) // the process comes back
	for _, want := range []int{1, 0} {
		write(t, p.db, func(tx *Tx) error {
			n, err := tx.Interrupted("test", later)
			if n != want {
				t.Errorf("%d attempts were cut off, want %d", n, want)
			}
			return err
		})
	}
	if d := p.see(a); d.State != Queued || !d.Unsure || !d.Next.Equal(later) {
		t.Errorf("the one cut off: %+v", d)
	}
	if d := p.see(b); d.State != Sent || d.Unsure {
		t.Errorf("the one that was done: %+v", d)
	}
	if d := p.see(c); d.State != Sending {
		t.Errorf("another channel's: %+v", d)
	}
	if n := ask[int](t, p.db, "SELECT count(*) FROM attempt WHERE outbox = ? AND outcome = 'unknown'", a); n != 1 {
		t.Error("the attempt's outcome is not recorded")
	}
	if d := p.wantClaim(later, a); d.Attempts != 2 {
		t.Errorf("it is attempt %d", d.Attempts)
	}
	p.wantClaim(later, 0) // not the one behind it
}

func TestOutboxLists(t *testing.T) {
	p := newPost(t)
	a, b, c := p.queue(p.customer, nil), p.queue(p.customer, nil), p.queue(p.other, nil)
	p.sent(p.wantClaim(noon, a))
	for _, q := range []struct {
		state string
		limit int
		want  []int64
	}{{"", 0, []int64{c, b, a}}, {"", 2, []int64{c, b}}, {Queued, 0, []int64{c, b}}, {Sent, 0, []int64{a}}, {Dropped, 0, nil}} {
		var got []int64
		for _, d := range read(t, p.db, func(s *Snapshot) ([]Delivery, error) { return s.Outbox(q.state, q.limit) }) {
			got = append(got, d.ID)
		}
		if !slices.Equal(got, q.want) {
			t.Errorf("Outbox(%q, %d) = %v, want %v", q.state, q.limit, got, q.want)
		}
	}
}

func TestSentByBot(t *testing.T) {
	p := newPost(t)
	var other Identity
	write(t, p.db, func(tx *Tx) (err error) {
		other, err = tx.Identify("mail", "zhao@example.com", "", noon)
		return err
	})
	to := func(id int64, at time.Time, byPerson bool) func(*Delivery) {
		return func(d *Delivery) { d.Identity, d.Created, d.ByPerson = id, at, byPerson }
	}
	p.queue(p.customer, to(p.identity.ID, noon, false))
	p.queue(p.customer, to(p.identity.ID, noon.Add(time.Minute), false))
	p.queue(p.other, to(p.identity.ID, noon.Add(2*time.Minute), false)) // in all conversations
	p.queue(p.customer, to(p.identity.ID, noon.Add(time.Minute), true)) // by a person
	p.queue(p.staff, to(p.identity.ID, noon.Add(time.Minute), false))   // about the customer, to staff
	p.queue(p.customer, to(other.ID, noon.Add(time.Minute), false))     // to another
	p.queue(p.customer, to(0, noon.Add(time.Minute), false))            // to nobody in particular
	for since, want := range map[time.Time]int{noon.Add(-time.Second): 3, noon: 2, noon.Add(time.Minute): 1, noon.Add(time.Hour): 0} {
		if n := read(t, p.db, func(s *Snapshot) (int, error) { return s.SentByBot(p.identity.ID, since) }); n != want {
			t.Errorf("since %v the bot said %d things, want %d", since.Sub(noon), n, want)
		}
	}
}

func TestBotAnswers(t *testing.T) {
	p := newPost(t)
	say := func(thread int64, a Audience, talk int64, by Author) {
		t.Helper()
		write(t, p.db, func(tx *Tx) error {
			_, err := tx.AddMessage(Message{Thread: thread, Audience: a, Conversation: talk, Author: by, Text: "t", At: noon})
			return err
		})
	}
	want := func(n int, why string) {
		t.Helper()
		if got := read(t, p.db, func(s *Snapshot) (int, error) { return s.BotAnswers(p.talk) }); got != n {
			t.Errorf("%s: %d answers, want %d", why, got, n)
		}
	}
	want(0, "at first")
	say(p.customer, ForCustomer, p.talk, ByBot)
	say(p.customer, ForCustomer, p.talk, ByCustomer)
	say(p.customer, ForCustomer, p.talk, ByRobot)
	say(p.customer, ForCustomer, p.talk, ByBot)
	want(2, "the bot answered twice")
	say(p.staff, ForStaff, p.talk, ByBot)
	say(p.staff, ForStaff, p.talk, ByStaff)
	say(p.other, ForCustomer, p.otherTalk, ByBot)
	say(p.other, ForCustomer, p.otherTalk, ByStaff)
	want(2, "notes and other conversations do not count")
	say(p.customer, ForCustomer, p.talk, ByStaff)
	want(0, "a person wrote")
	say(p.customer, ForCustomer, p.talk, ByBot)
	want(1, "and the bot again")
}
