package bot

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/faq"
	"frontdesk/store"
)

// house is the engine with what it needs in a test: a real database, the sample
// FAQ, a chat, and a postbox in the place of a mail server. The company is that
// of talkConfig.
type house struct {
	t      testing.TB
	file   string
	db     *store.DB
	cfg    Config
	chat   *channeltest.Chat
	post   *postbox
	index  func() *faq.Index
	engine *Engine
	log    *syncBuffer
	stop   func()
	mails  int
}

var (
	sampleOnce sync.Once
	sampleIdx  *faq.Index
)

// sampleIndex is loaded once: an index never changes.
func sampleIndex(t testing.TB, cal *Calendar) *faq.Index {
	sampleOnce.Do(func() { sampleIdx = sampleFAQ(t, cal) })
	if sampleIdx == nil {
		t.Fatal("the sample FAQ did not load")
	}
	return sampleIdx
}

func newHouse(t testing.TB, change ...func(*Config)) *house {
	t.Helper()
	h := &house{t: t, file: filepath.Join(t.TempDir(), "frontdesk.db"), cfg: talkConfig(t), chat: channeltest.NewChat("chat"), post: &postbox{}, log: &syncBuffer{}}
	h.chat.Open("room:agents")
	h.chat.Open("room:complaints")
	support, chat := h.cfg.Channels["support"], h.cfg.Channels["chat"]
	support.Sender = h.post
	chat.Source, chat.Sender = h.chat, h.chat
	h.cfg.Channels["support"], h.cfg.Channels["chat"] = support, chat
	index := sampleIndex(t, h.cfg.Calendar)
	h.index = func() *faq.Index { return index }
	for _, f := range change {
		f(&h.cfg)
	}
	h.open()
	t.Cleanup(func() { // whichever database is open then
		if err := h.db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the engine:\n%s", h.log)
		}
	})
	return h
}

// open opens the database with a new engine.
func (h *house) open() {
	h.t.Helper()
	var err error
	if h.db, err = store.Open(context.Background(), h.file); err != nil {
		h.t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if h.engine, err = New(h.cfg, h.db, func() *faq.Index { return h.index() }, log); err != nil {
		h.t.Fatal(err)
	}
}

// run starts sources, deliveries and timers.
func (h *house) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	engine := h.engine
	go func() { done <- engine.Run(ctx) }()
	h.stop = sync.OnceFunc(func() { cancel(); <-done })
	h.t.Cleanup(h.stop)
}

// restart ends the engine as an operator does, and begins again.
func (h *house) restart() {
	h.t.Helper()
	if h.stop != nil {
		h.stop()
	}
	if err := h.db.Close(); err != nil {
		h.t.Fatal(err)
	}
	h.open()
	h.run()
}

// crash leaves the engine where it stands and begins again on what the disk
// holds at this moment, as after kill -9. Nothing may be being written.
func (h *house) crash() {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "frontdesk.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(h.file + end)
		if err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(file+end, b, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	old := h.db
	h.t.Cleanup(func() { old.Close() })
	h.file = file
	h.open()
	h.run()
}

// until sleeps to a time of the company in 2026; bubbles begin in the year 2000.
func (h *house) until(when string) time.Time {
	h.t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+when, h.cfg.Calendar.Location())
	if err != nil {
		h.t.Fatal(err)
	}
	if d := time.Until(at); d < 0 {
		h.t.Fatalf("it is later than %s already: %s", when, time.Now().In(at.Location()))
	} else {
		time.Sleep(d)
	}
	synctest.Wait()
	return at
}

// settle lets d pass, in a bubble.
func settle(d time.Duration) {
	synctest.Wait()
	time.Sleep(d)
	synctest.Wait()
}

// letter is a mail to us that arrives now.
func (h *house) letter(from, text string, change ...func(*channels.Inbound)) channels.Inbound {
	h.mails++
	id := fmt.Sprintf("m%d@customers.example", h.mails)
	in := channels.Inbound{Channel: "support", Kind: channels.Message, Keys: []string{fmt.Sprintf("support:INBOX:1:%d", h.mails), "mid:" + id}, Ref: id,
		From: who(from), To: []channels.Person{who("support@acme.example")}, Subject: "A mail", Text: text, Raw: channels.Bytes([]byte(text)), Arrived: time.Now()}
	for _, f := range change {
		f(&in)
	}
	return in
}

// Changes for letter.
func answers(refs ...string) func(*channels.Inbound) {
	return func(in *channels.Inbound) { in.Refs = refs }
}
func cc(people ...string) func(*channels.Inbound) {
	return func(in *channels.Inbound) {
		for _, p := range people {
			in.To = append(in.To, who(p))
		}
	}
}
func kind(k channels.Kind) func(*channels.Inbound) {
	return func(in *channels.Inbound) { in.Kind = k }
}
func proof(p channels.Proof) func(*channels.Inbound) {
	return func(in *channels.Inbound) { in.Proof = p }
}

func who(address string) channels.Person { return channels.Person{Kind: "mail", Address: address} }

// receive hands the engine a message, which it must take.
func (h *house) receive(in channels.Inbound) channels.Inbound {
	h.t.Helper()
	if _, err := h.engine.Receive(context.Background(), in); err != nil {
		h.t.Fatalf("receive %q: %v", in.Text, err)
	}
	return in
}

// mail is receive of a letter.
func (h *house) mail(from, text string, change ...func(*channels.Inbound)) channels.Inbound {
	h.t.Helper()
	return h.receive(h.letter(from, text, change...))
}

// act does something as Ana, which must not be refused.
func (h *house) act(number int64, name, text string) {
	h.t.Helper()
	reply, err := h.engine.Act(context.Background(), who("ana@acme.example"), channels.Action{Name: name, Case: number, Fields: map[string]string{"text": text}})
	if err != nil || reply.Refusal != "" {
		h.t.Fatalf("%s #%d: %v %s", name, number, err, reply.Refusal)
	}
}

func look[T any](h *house, fn func(*store.Snapshot) (T, error)) T {
	h.t.Helper()
	var v T
	if err := h.db.Read(context.Background(), func(s *store.Snapshot) (err error) { v, err = fn(s); return err }); err != nil {
		h.t.Fatal(err)
	}
	return v
}

// ledger returns all rows, oldest first.
func (h *house) ledger() []store.Entry {
	h.t.Helper()
	all := look(h, func(s *store.Snapshot) ([]store.Entry, error) { return s.Ledger("", "", 0) })
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// entry returns what became of a message.
func (h *house) entry(in channels.Inbound) store.Entry {
	h.t.Helper()
	for _, e := range h.ledger() {
		if e.Key == in.Keys[0] {
			return e
		}
	}
	h.t.Fatalf("the ledger knows nothing of %s", in.Keys[0])
	return store.Entry{}
}

// delivery is a row of the outbox with what is in it.
type delivery struct {
	store.Delivery
	out channels.Outbound
}

// words is everything in a delivery that can be read.
func (d delivery) words() string { return string(d.Payload) }

// outbox returns the deliveries for an audience, oldest first.
func (h *house) outbox(a store.Audience) []delivery {
	h.t.Helper()
	var all []delivery
	rows := look(h, func(s *store.Snapshot) ([]store.Delivery, error) { return s.Outbox("", 0) })
	for i := len(rows) - 1; i >= 0; i-- {
		d := delivery{Delivery: rows[i]}
		if err := json.Unmarshal(d.Payload, &d.out); err != nil {
			h.t.Fatal(err)
		}
		if d.Audience == a {
			all = append(all, d)
		}
	}
	return all
}

func (h *house) told() []delivery  { h.t.Helper(); return h.outbox(store.ForCustomer) }
func (h *house) staff() []delivery { h.t.Helper(); return h.outbox(store.ForStaff) }

func (h *house) cases() []store.Case {
	h.t.Helper()
	return look(h, func(s *store.Snapshot) ([]store.Case, error) { return s.Cases(true, 0) })
}

func (h *house) conversation(id int64) store.Conversation {
	h.t.Helper()
	return look(h, func(s *store.Snapshot) (store.Conversation, error) { return s.Conversation(id) })
}

func (h *house) said(conversation int64, notes bool) []store.Message {
	h.t.Helper()
	return look(h, func(s *store.Snapshot) ([]store.Message, error) { return s.Said(conversation, notes, 0) })
}

// conversationOf returns the conversation that a message became part of.
func (h *house) conversationOf(in channels.Inbound) store.Conversation {
	h.t.Helper()
	e := h.entry(in)
	if e.Message == 0 {
		h.t.Fatalf("%q became no message: %s, %s", in.Text, e.Disposition, e.Reason)
	}
	m := look(h, func(s *store.Snapshot) (store.Message, error) { return s.Message(e.Message) })
	return h.conversation(m.Conversation)
}

// want ends the test unless there are so many messages to customers and to staff.
func (h *house) want(customer, staff int) {
	h.t.Helper()
	c, s := h.told(), h.staff()
	if len(c) == customer && len(s) == staff {
		return
	}
	for _, d := range append(c, s...) {
		h.t.Logf("%s: %s", d.Audience, d.words())
	}
	h.t.Fatalf("%d messages to customers and %d to staff, want %d and %d", len(c), len(s), customer, staff)
}

// raw runs SQL on the file, as another program would: to look at what the engine
// has no reason to look at, and to do damage.
func (h *house) raw(q string, args ...any) []string {
	h.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+h.file+"?_busy_timeout=2000")
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(q, args...)
	if err != nil {
		h.t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var v sql.NullString
		if err := rows.Scan(&v); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, v.String)
	}
	if err := rows.Err(); err != nil {
		h.t.Fatalf("%s: %v", q, err)
	}
	return all
}

// spoil makes every commit fail in which a message arrives; heal undoes it.
func (h *house) spoil() {
	h.raw("CREATE TABLE spoilt (x INTEGER REFERENCES ledger (id) DEFERRABLE INITIALLY DEFERRED)")
	h.raw("CREATE TRIGGER spoil AFTER INSERT ON ledger BEGIN INSERT INTO spoilt VALUES (-1); END")
}

func (h *house) heal() {
	h.raw("DROP TRIGGER spoil")
	h.raw("DROP TABLE spoilt")
}

// postbox is a sender that keeps what it is given.
type postbox struct {
	mu    sync.Mutex
	sent  []channels.Outbound
	plans []error                  // of the next attempts; nil lets one through
	look  func(channels.Outbound)  // at the beginning of each attempt
	hold  map[string]chan struct{} // attempts for this address wait until it is closed
	under map[string]int           // attempts under way, by thread
	most  int                      // at once
	twice bool                     // in one thread at once
	tries map[string]int           // by key
	fail  map[string]error         // by address, for ever
}

func (p *postbox) Send(ctx context.Context, out channels.Outbound) (string, error) {
	p.mu.Lock()
	if p.under == nil {
		p.under, p.tries = map[string]int{}, map[string]int{}
	}
	p.tries[out.Key]++
	p.under[out.Thread]++
	p.twice = p.twice || p.under[out.Thread] > 1
	n := 0
	for _, k := range p.under {
		n += k
	}
	p.most = max(p.most, n)
	var plan error
	if len(p.plans) > 0 {
		plan, p.plans = p.plans[0], p.plans[1:]
	}
	var hold chan struct{}
	if len(out.To) > 0 {
		if err := p.fail[out.To[0].Address]; err != nil {
			plan = err
		}
		hold = p.hold[out.To[0].Address]
	}
	eye := p.look
	p.mu.Unlock()
	if eye != nil {
		eye(out)
	}
	if hold != nil {
		<-hold
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.under[out.Thread]--
	if plan != nil {
		return "", plan
	}
	p.sent = append(p.sent, out)
	return out.Key + "@acme.example", nil
}

// texts returns what got through to an address, in order.
func (p *postbox) texts(address string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, out := range p.sent {
		if len(out.To) > 0 && out.To[0].Address == address {
			all = append(all, out.Body.Text)
		}
	}
	return all
}

func (p *postbox) plan(errs ...error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plans = append(p.plans, errs...)
}

// syncBuffer is a buffer for a log.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// bubble runs a test with the house in fake time, from a Monday 10:00 on.
func bubble(t *testing.T, fn func(t *testing.T, h *house), change ...func(*Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		shanghai, err := time.LoadLocation("Asia/Shanghai")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(time.Date(2026, 11, 23, 10, 0, 0, 0, shanghai)))
		fn(t, newHouse(t, change...))
	})
}

func contains(all []string, part string) bool {
	for _, s := range all {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}
