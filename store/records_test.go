package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestLedger(t *testing.T) {
	db := newDB(t)
	raw := put(t, db, []byte("From: li@example.com\r\n\r\nhello"))
	var first, twice int64
	write(t, db, func(tx *Tx) (err error) {
		first, err = tx.AddEntry(Entry{Channel: "mail", Key: "inbox/7", Kind: "human", Disposition: Taken, Sender: "li@example.com", Subject: "hello",
			Ref: "<a@x>", Raw: raw, Arrived: noon, Recorded: noon.Add(time.Second)}, []string{"inbox/7", "<a@x>"})
		return err
	})
	key := func(k string) int64 {
		t.Helper()
		return read(t, db, func(s *Snapshot) (int64, error) { return s.Key(k) })
	}
	if a, b, c := key("inbox/7"), key("<a@x>"), key("<b@x>"); a != first || b != first || c != 0 {
		t.Errorf("keys belong to %d, %d, %d; want %d, %d, 0", a, b, c, first, first)
	}

	// The same message by another way: any known key tells, and stays where it is.
	write(t, db, func(tx *Tx) (err error) {
		of, err := tx.Key("<a@x>")
		if err != nil {
			return err
		}
		twice, err = tx.AddEntry(Entry{Channel: "mail", Key: "spam/1", Kind: "human", Disposition: Duplicate, Duplicate: of, Arrived: noon, Recorded: noon},
			[]string{"spam/1", "<a@x>", "<b@x>"})
		return err
	})
	if a, b, c := key("<a@x>"), key("spam/1"), key("<b@x>"); a != first || b != twice || c != twice {
		t.Errorf("keys belong to %d, %d, %d; want %d, %d, %d", a, b, c, first, twice, twice)
	}
	if got := read(t, db, func(s *Snapshot) (Entry, error) { return s.Entry(twice) }); got.Duplicate != first || got.Disposition != Duplicate || got.Raw != 0 || got.Size != 0 {
		t.Errorf("the duplicate: %+v", got)
	}
	want := Entry{ID: first, Channel: "mail", Key: "inbox/7", Kind: "human", Disposition: Taken, Sender: "li@example.com", Subject: "hello",
		Ref: "<a@x>", Raw: raw, Size: 29, Arrived: noon, Recorded: noon.Add(time.Second)}
	if got := read(t, db, func(s *Snapshot) (Entry, error) { return s.Entry(first) }); got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}

	write(t, db, func(tx *Tx) error { return tx.Dispose(first, Failed, "panic") })
	for _, q := range []struct {
		d       Disposition
		channel string
		limit   int
		want    []int64
	}{
		{"", "", 0, []int64{twice, first}}, {"", "", 1, []int64{twice}}, {Failed, "", 0, []int64{first}}, {Taken, "", 0, nil},
		{"", "mail", 0, []int64{twice, first}}, {"", "slack", 0, nil}, {Duplicate, "mail", 5, []int64{twice}},
	} {
		var got []int64
		for _, e := range read(t, db, func(s *Snapshot) ([]Entry, error) { return s.Ledger(q.d, q.channel, q.limit) }) {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, q.want) {
			t.Errorf("Ledger(%q, %q, %d) = %v, want %v", q.d, q.channel, q.limit, got, q.want)
		}
	}
	if got := read(t, db, (*Snapshot).Dispositions); !maps.Equal(got, map[Disposition]int{Failed: 1, Duplicate: 1}) {
		t.Errorf("Dispositions: %v", got)
	}
	if err := db.Write(t.Context(), func(tx *Tx) error { return tx.Dispose(999, Taken, "") }); !errors.Is(err, ErrNotFound) {
		t.Errorf("Dispose of no row: %v", err)
	}
}

func TestEntryKnowsItsMessage(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	if e := read(t, db, func(s *Snapshot) (Entry, error) { return s.Entry(p.entry) }); e.Message != p.message {
		t.Errorf("it became message %d, want %d", e.Message, p.message)
	}
}

func TestCursorsAndSettings(t *testing.T) {
	db := newDB(t)
	write(t, db, func(tx *Tx) error {
		return errors.Join(tx.SetCursor("mail", "inbox", "1:7", noon), tx.SetCursor("mail", "spam", "1:1", noon), tx.SetCursor("slack", "inbox", "9", noon),
			tx.SetCursor("mail", "inbox", "1:8", noon), tx.SetSetting("a", "1"), tx.SetSetting("a", "2"))
	})
	if got := read(t, db, func(s *Snapshot) (map[string]string, error) { return s.Cursors("mail") }); !maps.Equal(got, map[string]string{"inbox": "1:8", "spam": "1:1"}) {
		t.Errorf("cursors: %v", got)
	}
	if a, b := ask[string](t, db, "SELECT value FROM setting WHERE name = 'a'"), read(t, db, func(s *Snapshot) (string, error) { return s.Setting("b") }); a != "2" || b != "" {
		t.Errorf("settings: %q, %q", a, b)
	}
}

func TestTimers(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	set := func(kind string, caseID, talk int64, due time.Time) {
		t.Helper()
		write(t, db, func(tx *Tx) error {
			return tx.SetTimer(Timer{Kind: kind, Case: caseID, Conversation: talk, Due: due})
		})
	}
	timers := func(limit int) (text string, ids []int64) {
		t.Helper()
		for _, x := range read(t, db, func(s *Snapshot) ([]Timer, error) { return s.Timers(limit) }) {
			text += fmt.Sprintf("%s/%d/%d@%v ", x.Kind, x.Case, x.Conversation, x.Due.Sub(noon))
			ids = append(ids, x.ID)
		}
		return text, ids
	}
	set("remind", p.number, 0, noon.Add(3*time.Second))
	set("remind", 0, p.talk, noon.Add(2*time.Second))
	set("decide", 0, p.talk, noon.Add(time.Second))
	set("remind", p.number, 0, noon) // moved, not doubled
	want := fmt.Sprintf("remind/%d/0@0s decide/0/%d@1s remind/0/%d@2s ", p.number, p.talk, p.talk)
	got, ids := timers(0)
	if got != want {
		t.Errorf("timers %s, want %s", got, want)
	}
	if got, _ := timers(1); got != fmt.Sprintf("remind/%d/0@0s ", p.number) {
		t.Errorf("the first timer is %s", got)
	}
	for _, want := range []bool{true, false} {
		write(t, db, func(tx *Tx) error {
			was, err := tx.EndTimer(ids[0])
			if was != want {
				t.Errorf("EndTimer = %t, want %t", was, want)
			}
			return err
		})
	}
	set("remind", p.number, 0, noon) // may be set anew
	if got, _ := timers(0); got != want {
		t.Errorf("timers %s, want %s", got, want)
	}
}

func TestUpdateCase(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	see := func() Case {
		t.Helper()
		return read(t, db, func(s *Snapshot) (Case, error) { return s.Case(p.number) })
	}
	a, b := see(), see() // two agents look
	a.Stage, a.TakenBy, a.TakenAt, a.Owner, a.Priority, a.Title = StageInHand, "wang", noon, "wang", Urgent, "better"
	write(t, db, func(tx *Tx) error { return tx.UpdateCase(a) })
	b.Stage, b.Closed = StageClosed, noon
	if err := db.Write(t.Context(), func(tx *Tx) error { return tx.UpdateCase(b) }); !errors.Is(err, ErrChanged) {
		t.Errorf("the second agent: %v, want ErrChanged", err)
	}
	a.Version++
	if got := see(); got != a {
		t.Errorf("got %+v\nwant %+v", got, a)
	}
	a.Stage, a.Resolved, a.Closed, a.TakenBy, a.TakenAt = StageClosed, noon, noon.Add(time.Hour), "", time.Time{}
	write(t, db, func(tx *Tx) error { return tx.UpdateCase(a) })
	a.Version++
	if got := see(); got != a || got.IsOpen() {
		t.Errorf("got %+v\nwant %+v", got, a)
	}
	if err := db.Write(t.Context(), func(tx *Tx) error {
		return tx.UpdateCase(Case{ID: 1, Version: 1, Stage: StageOpen, Priority: Normal, Owner: "o"})
	}); !errors.Is(err, ErrChanged) {
		t.Errorf("no such case: %v", err)
	}
}

func TestCaseLists(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	var second int64
	write(t, db, func(tx *Tx) (err error) {
		if second, err = tx.AddCase(Case{Customer: p.identity.Customer, Channel: "mail", Kind: "request", Stage: StageOpen, Priority: Urgent, Owner: "o", Opened: noon}); err != nil {
			return err
		}
		c, err := tx.Case(p.number)
		if err != nil {
			return err
		}
		c.Stage, c.Resolved = StageResolved, noon
		return errors.Join(tx.UpdateCase(c), tx.SetField(second, "when", "monday"), tx.SetField(second, "when", "friday"), tx.SetField(second, "what", "door"))
	})
	ids := func(fn func(*Snapshot) ([]Case, error)) (ids []int64) {
		t.Helper()
		for _, c := range read(t, db, fn) {
			ids = append(ids, c.ID)
		}
		return ids
	}
	for what, got := range map[string][]int64{
		"all":      ids(func(s *Snapshot) ([]Case, error) { return s.Cases(true, 0) })[:1],
		"open":     ids(func(s *Snapshot) ([]Case, error) { return s.Cases(false, 0) }),
		"customer": ids(func(s *Snapshot) ([]Case, error) { return s.OpenCases(p.identity.Customer) }),
	} {
		if !slices.Equal(got, []int64{second}) {
			t.Errorf("%s: %v, want #%d first and alone", what, got, second)
		}
	}
	if n := len(ids(func(s *Snapshot) ([]Case, error) { return s.Cases(true, 0) })); n != 2 {
		t.Errorf("%d cases in all", n)
	}
	if got := read(t, db, func(s *Snapshot) (map[string]string, error) { return s.Fields(second) }); !maps.Equal(got, map[string]string{"when": "friday", "what": "door"}) {
		t.Errorf("fields: %v", got)
	}
}

func TestPromises(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	add := func(due time.Time) func(*Tx) error {
		return func(tx *Tx) error {
			return tx.AddPromise(Promise{Case: p.number, Kind: PromiseAnswer, Due: due, Made: noon})
		}
	}
	end := func(state string, at time.Time) func(*Tx) error {
		return func(tx *Tx) error { return tx.EndPromise(p.number, PromiseAnswer, state, at) }
	}
	write(t, db, end(Kept, noon)) // none is no error
	write(t, db, add(noon.Add(time.Hour)))
	if err := db.Write(t.Context(), add(noon.Add(2*time.Hour))); err == nil {
		t.Error("two open promises of a kind")
	}
	write(t, db, end(Postponed, noon.Add(time.Minute)))
	write(t, db, add(noon.Add(2*time.Hour)))
	write(t, db, end(Broken, noon.Add(3*time.Hour)))
	write(t, db, add(noon.Add(24*time.Hour)))
	var got []string
	for _, x := range read(t, db, func(s *Snapshot) ([]Promise, error) { return s.Promises(p.number) }) {
		ended := "-"
		if !x.Ended.IsZero() {
			ended = x.Ended.Sub(noon).String()
		}
		got = append(got, fmt.Sprint(x.Kind, " ", x.State, " ", x.Due.Sub(noon), " ", ended))
	}
	if want := []string{"answer postponed 1h0m0s 1m0s", "answer broken 2h0m0s 3h0m0s", "answer open 24h0m0s -"}; !slices.Equal(got, want) {
		t.Errorf("promises:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestIdentify(t *testing.T) {
	db := newDB(t)
	identify := func(kind, address, name string) (i Identity) {
		t.Helper()
		write(t, db, func(tx *Tx) (err error) {
			i, err = tx.Identify(kind, address, name, noon)
			return err
		})
		return i
	}
	a := identify("mail", "li@example.com", "")
	named := identify("mail", "li@example.com", "Li")
	renamed := identify("mail", "li@example.com", "Li the Second")
	if a.ID != named.ID || a.Customer != named.Customer || a.ID != renamed.ID || named.Name != "Li" || renamed.Name != "Li" {
		t.Errorf("one address became %+v, %+v, %+v", a, named, renamed)
	}
	if b := identify("slack", "li@example.com", "Li"); b.Customer == a.Customer {
		t.Error("the same words on another channel were taken for the same person")
	}
	if got := read(t, db, func(s *Snapshot) (string, error) { return s.CustomerName(a.Customer) }); got != "Li" {
		t.Errorf("the customer's name is %q", got)
	}
	if err := db.Read(t.Context(), func(s *Snapshot) error { _, err := s.FindIdentity("mail", "nobody"); return err }); err != ErrNotFound {
		t.Errorf("a stranger: %v", err)
	}
}

func TestConversationsKeepTheirCases(t *testing.T) {
	db := newDB(t)
	p := seed(t, db) // opened with a case
	write(t, db, func(tx *Tx) error {
		c, err := tx.Conversation(p.otherTalk)
		if err != nil {
			return err
		}
		c.Case = p.number // joined later
		if err := tx.UpdateConversation(c); err != nil {
			return err
		}
		c.Case, c.State = 0, Ended // done with it
		return tx.UpdateConversation(c)
	})
	var got []int64
	for _, c := range read(t, db, func(s *Snapshot) ([]Conversation, error) { return s.CaseConversations(p.number) }) {
		got = append(got, c.ID)
	}
	if !slices.Equal(got, []int64{p.talk, p.otherTalk}) {
		t.Errorf("the case's conversations are %v, want %d and %d", got, p.talk, p.otherTalk)
	}
}

// A note is said in a staff thread; what a customer may see does not hold it.
func TestSaid(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	var gone int64
	write(t, db, func(tx *Tx) (err error) {
		_, err = tx.AddMessage(Message{Thread: p.staff, Audience: ForStaff, Conversation: p.talk, Case: p.number, Author: ByStaff, Text: "rude", At: noon})
		if err != nil {
			return err
		}
		if gone, err = tx.AddMessage(Message{Thread: p.customer, Audience: ForCustomer, Conversation: p.talk, Author: ByCustomer, Text: "oops", At: noon, Pending: true}); err != nil {
			return err
		}
		if err := tx.DeleteMessage(gone, noon); err != nil {
			return err
		}
		_, err = tx.AddMessage(Message{Thread: p.customer, Audience: ForCustomer, Conversation: p.talk, Author: ByBot, Text: "sorry", At: noon})
		return err
	})
	said := func(notes bool, limit int) string {
		t.Helper()
		var texts []string
		for _, m := range read(t, db, func(s *Snapshot) ([]Message, error) { return s.Said(p.talk, notes, limit) }) {
			texts = append(texts, m.Text)
		}
		return strings.Join(texts, "|")
	}
	for _, c := range []struct {
		notes bool
		limit int
		want  string
	}{{false, 0, "it broke|sorry"}, {true, 0, "it broke|rude|sorry"}, {false, 1, "sorry"}, {true, 2, "rude|sorry"}} {
		if got := said(c.notes, c.limit); got != c.want {
			t.Errorf("Said(notes %t, limit %d) = %s, want %s", c.notes, c.limit, got, c.want)
		}
	}
	if left := read(t, db, func(s *Snapshot) ([]Message, error) { return s.Pending(p.talk) }); len(left) != 0 {
		t.Errorf("what was taken back still waits for a decision: %v", left)
	}
}

func TestEditedMessageLosesAllOfItsOldText(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	var id int64
	write(t, db, func(tx *Tx) (err error) {
		if id, err = tx.AddMessage(Message{Thread: p.customer, Audience: ForCustomer, Author: ByCustomer, Text: "short", Whole: "short, and a quotation", At: noon}); err != nil {
			return err
		}
		return tx.EditMessage(id, "new")
	})
	if m := read(t, db, func(s *Snapshot) (Message, error) { return s.Message(id) }); m.Text != "new" || m.Whole != "" {
		t.Errorf("after editing: text %q, whole %q", m.Text, m.Whole)
	}
}

// A name that the outside knows keeps its meaning: nobody can point it at
// another thread.
func TestRefKeepsItsMeaning(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	write(t, db, func(tx *Tx) error {
		return errors.Join(tx.AddRef("<a@x>", p.customer, p.message, true), tx.AddRef("<a@x>", p.other, 0, false))
	})
	ref := read(t, db, func(s *Snapshot) (Ref, error) { return s.Ref("<a@x>") })
	if ref.Thread.ID != p.customer || ref.Message != p.message || !ref.Ours || ref.Thread.Conversation != p.talk {
		t.Errorf("the ref stands for %+v", ref)
	}
}

// What goes in comes out: any text, times to the millisecond, and data.
func TestWordsComeBackAsTheyWere(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	at := time.Date(2026, 3, 2, 20, 0, 0, 123_456_789, time.FixedZone("Beijing", 8*3600))
	for _, text := range []string{"", "前台 👩‍💼", "a\x00b", "\xff\xfe not UTF-8", "'; DROP TABLE message; --", "a\r\nb", strings.Repeat("长", 100_000)} {
		var id int64
		write(t, db, func(tx *Tx) (err error) {
			if id, err = tx.AddMessage(Message{Thread: p.customer, Audience: ForCustomer, Author: ByCustomer, Name: text, Text: text, At: at}); err != nil {
				return err
			}
			return tx.AddEvent(Event{At: at, Kind: "said", Actor: "customer", Message: id, Words: text, Data: map[string]any{"n": 7, "big": math.MaxInt32, "list": []string{"a"}}})
		})
		m := read(t, db, func(s *Snapshot) (Message, error) { return s.Message(id) })
		if m.Text != text || m.Name != text {
			t.Errorf("%.40q came back as %.40q", text, m.Text)
		}
		if !m.At.Equal(at.Truncate(time.Millisecond)) || m.At.Location() != time.UTC {
			t.Errorf("%v came back as %v", at, m.At)
		}
		e := read(t, db, func(s *Snapshot) ([]Event, error) { return s.Events("said", 1) })[0]
		if e.Words != text || e.Message != id || e.Data["n"] != 7.0 || e.Data["big"] != float64(math.MaxInt32) {
			t.Errorf("%.40q: the event came back as %.200v", text, e)
		}
	}
}

// The statements that run at every message must not read a whole table. What
// runs is what is looked at: the writer keeps every statement it has prepared.
func TestFrequentStatementsUseIndexes(t *testing.T) {
	db := newDB(t)
	p := seed(t, db)
	post := &post{t, db, p}
	post.queue(p.customer, func(d *Delivery) { d.Slot = "card" })
	post.finish(post.claim(noon), Outcome{Result: "sent", Ref: "r", At: noon})
	write(t, db, func(tx *Tx) error {
		thread, err := tx.CustomerThread(p.talk)
		if err != nil {
			return err
		}
		var errs []error
		look := func(_ any, err error) {
			if err != ErrNotFound {
				errs = append(errs, err)
			}
		}
		look(tx.Due("test", noon))
		look(tx.NextDue("test"))
		look(tx.Interrupted("test", noon))
		look(tx.SentByBot(1, noon))
		look(tx.BotAnswers(p.talk))
		look(tx.Pending(p.talk))
		look(tx.Said(p.talk, false, 10))
		look(tx.SaidOnCase(p.number))
		look(tx.CaseEvents(p.number))
		look(tx.ConversationEvents(p.talk))
		look(tx.CaseConversations(p.number))
		look(tx.Timers(1))
		look(tx.Key("k"))
		look(tx.Ref("r"))
		look(tx.RefOf(p.message))
		look(tx.Refs(thread.ID, 10))
		look(tx.FindIdentity("mail", "a"))
		look(tx.Identities(p.identity.Customer))
		look(tx.Participates(p.talk, "mail", "a"))
		look(tx.Participants(p.talk))
		look(tx.StaffThread(p.number, 0))
		look(tx.StaffThread(0, p.talk))
		look(tx.PlaceThread("mail", "inbox", p.identity.Customer))
		look(tx.OpenCases(p.identity.Customer))
		look(tx.Promises(p.number))
		look(tx.Fields(p.number))
		look(tx.Attachments(p.message))
		look(tx.Cursors("mail"))
		look(tx.Setting("a"))
		look(tx.Entry(p.entry))
		look(nil, tx.EndPromise(p.number, PromiseAnswer, Kept, noon))
		look(tx.Sweep(noon))
		look(nil, tx.SetTimer(Timer{Kind: "k", Case: p.number, Due: noon}))
		look(tx.Carriers(1))
		look(tx.SaidFor(p.talk, p.number, 10))
		look(tx.HasOrigin(p.message))
		look(tx.PendingThread("mail", "inbox", p.identity.Customer))
		look(tx.ConversationPlace(p.talk, "inbox"))
		look(tx.FirstRef(thread.ID, true))
		look(tx.InSlot(thread.ID, "card", true))
		look(tx.InSlot(thread.ID, "card", false))
		look(tx.Memberships("slack", "T:U"))
		look(tx.NextJob("mail", true, noon))
		look(tx.NextJob("mail", false, noon))
		look(tx.Fetching(1))
		look(tx.DeliveryFiles(1))
		look(tx.LastCaseEvent(p.number, "handed over"))
		look(nil, tx.Release(1, noon))
		look(nil, tx.AddJob(Job{Channel: "mail", Kind: JobFile, Subject: "1", Due: noon, Created: noon}))
		return errors.Join(errs...)
	})
	whole := regexp.MustCompile(`SCAN \w+($|\n)`)
	for q := range db.conn.stmts {
		if strings.HasPrefix(q, "INSERT") || !regexp.MustCompile(`^(SELECT|UPDATE|DELETE)`).MatchString(q) {
			continue
		}
		args := make([]any, strings.Count(q, "?"))
		for n := 9; n > 0; n-- {
			if strings.Contains(q, "?"+strconv.Itoa(n)) {
				args = make([]any, n)
				break
			}
		}
		plan := strings.Join(read(t, db, func(s *Snapshot) ([]string, error) {
			return list(s, func(r scanner) (detail string, err error) {
				var id, parent, x int
				return detail, r.Scan(&id, &parent, &x, &detail)
			}, "EXPLAIN QUERY PLAN "+q, args...)
		}), "\n")
		if whole.MatchString(plan) {
			t.Errorf("reads a whole table:\n%s\n%s", q, plan)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	db := newDB(b)
	for i := 0; b.Loop(); i++ {
		if err := addEntry(db, strconv.Itoa(i)); err != nil {
			b.Fatal(err)
		}
	}
}

// Callers that wait at the same time share commits.
func BenchmarkWrite16Callers(b *testing.B) {
	db := newDB(b)
	commits := countCommits(b, db, nil)
	b.SetParallelism(max(1, 16/runtime.GOMAXPROCS(0)))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := addEntry(db, rand.Text()); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/float64(*commits), "writes/commit")
}

func addEntry(db *DB, key string) error {
	return db.Write(context.Background(), func(tx *Tx) error {
		_, err := tx.AddEntry(Entry{Channel: "mail", Key: key, Kind: "human", Disposition: Taken, Arrived: noon, Recorded: noon}, []string{key})
		return err
	})
}

func BenchmarkRead(b *testing.B) {
	db := newDB(b)
	p := seed(b, db)
	for b.Loop() {
		err := db.Read(context.Background(), func(s *Snapshot) error {
			_, err := s.Entry(p.entry)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpload5MB(b *testing.B) {
	db := newDB(b)
	b.SetBytes(5 << 20)
	for i := 0; b.Loop(); i++ {
		put(b, db, noise(5<<20, byte(i)))
	}
}
