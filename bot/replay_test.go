package bot

import (
	"context"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	fdmail "frontdesk/channels/mail"
	"frontdesk/faq"
	"frontdesk/store"
)

// reader is a source that only reads what came before.
type reader struct {
	fdmail.Reader
	broken bool
}

func (r *reader) Run(ctx context.Context, _ map[string]string, _ channels.Handler) error {
	<-ctx.Done()
	return ctx.Err()
}

func (r *reader) Parse(_ context.Context, raw channels.Blob) (channels.Inbound, error) {
	if r.broken {
		return channels.Inbound{Kind: channels.Message, Problem: "the parser does not understand it"}, nil
	}
	return r.Read(raw), nil
}

func withReader(r *reader) func(*Config) {
	r.Reader = fdmail.Reader{Channel: "support", Own: []string{"support@acme.example"}}
	return func(c *Config) {
		ch := c.Channels["support"]
		ch.Source = r
		c.Channels["support"] = ch
	}
}

// raw is a mail as bytes, read as its channel does now.
func (r *reader) raw(t testing.TB, key, header, text string) channels.Inbound {
	t.Helper()
	mail := "From: tom@customers.example\r\nTo: support@acme.example\r\nSubject: A mail\r\nMessage-ID: <" + key + "@customers.example>\r\n" + header +
		"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n"
	in, err := r.Parse(t.Context(), channels.Bytes([]byte(mail)))
	if err != nil {
		t.Fatal(err)
	}
	in.Channel, in.Raw, in.Arrived = "support", channels.Bytes([]byte(mail)), time.Now()
	in.Keys = append([]string{"imap:support:1:" + key}, in.Keys...)
	return in
}

func (h *house) replay(in channels.Inbound) (store.Entry, error) {
	h.t.Helper()
	return h.engine.Replay(context.Background(), h.entry(in).ID)
}

func TestReplayWhatCouldNotBeRead(t *testing.T) {
	r := &reader{broken: true}
	h := newHouse(t, withReader(r))
	in := h.receive(r.raw(t, "q1", "", known))
	if e := h.entry(in); e.Disposition != store.Failed {
		t.Fatalf("%+v, want it failed", e)
	}
	before := h.ledger()
	if _, err := h.replay(in); err == nil || !strings.Contains(err.Error(), "does not understand") {
		t.Errorf("%v, want that it failed again", err)
	}
	if after := h.ledger(); len(after) != 1 || after[0] != before[0] {
		t.Errorf("%+v, want nothing changed", after)
	}
	told := len(h.told())
	r.broken = false // a newer version
	e, err := h.replay(in)
	if err != nil || e.Disposition != store.Taken || e.Sender != "tom@customers.example" || e.Message == 0 || e.Ref != "q1@customers.example" {
		t.Fatalf("%+v, %v, want it taken, with what is known now", e, err)
	}
	if got := h.told(); len(got) != told+1 || !strings.Contains(got[told].out.Body.Text, "service hours") {
		t.Errorf("%d answers, want one", len(got)-told)
	}
	if _, err := h.replay(in); err == nil || !strings.Contains(err.Error(), "taken") {
		t.Errorf("a second time: %v, want a refusal", err)
	}
	// Its content has a name now: the same mail, elsewhere in the mailbox, is a duplicate.
	again := r.raw(t, "q1", "", known)
	again.Keys[0] = "imap:support:2:1"
	if e := h.entry(h.receive(again)); e.Disposition != store.Duplicate {
		t.Errorf("%s, want a duplicate", e.Disposition)
	}
	if got := len(h.told()); got != told+1 {
		t.Errorf("%d answers, want one", got-told)
	}
}

func TestReplayDuplicate(t *testing.T) {
	r := &reader{broken: true}
	h := newHouse(t, withReader(r))
	failed := h.receive(r.raw(t, "q1", "", known))
	r.broken = false
	again := r.raw(t, "q1", "", known)
	again.Keys[0] = "imap:support:2:1"
	h.receive(again)
	told := len(h.told())
	if e, err := h.replay(failed); err != nil || e.Disposition != store.Duplicate || e.Duplicate != h.entry(again).ID {
		t.Errorf("%+v, %v, want a duplicate of the one that was answered", e, err)
	}
	if got := len(h.told()); got != told {
		t.Errorf("it was answered again")
	}
}

// A message that is recorded stays one, and is decided on again.
func TestReplayWhatFailedWhileDeciding(t *testing.T) {
	r := &reader{}
	h := newHouse(t, withReader(r))
	index := h.index
	calls := 0
	h.index = func() *faq.Index {
		if calls++; calls > 1 { // it is read, and then the answer is gone
			panic("the index broke")
		}
		return index()
	}
	in := h.receive(r.raw(t, "q1", "", known))
	h.index = index
	e := h.entry(in)
	if e.Disposition != store.Failed || e.Message == 0 {
		t.Fatalf("%+v, want a message whose decision failed", e)
	}
	talk := h.conversationOf(in)
	said := len(h.said(talk.ID, false))
	e, err := h.replay(in)
	if err != nil || e.Disposition != store.Taken {
		t.Fatalf("%+v, %v", e, err)
	}
	got := h.said(talk.ID, false)
	if len(got) != said+1 || got[said].Author != store.ByBot || !strings.Contains(got[said].Text, "service hours") {
		t.Errorf("%d messages, want one answer more: %+v", len(got), got)
	}
	if n := len(h.cases()); n != 1 {
		t.Errorf("%d cases, want the one that was opened when it failed", n)
	}
}

func TestReplayFromQuarantine(t *testing.T) {
	r := &reader{}
	h := newHouse(t, withReader(r))
	spam := h.receive(r.raw(t, "s1", "X-Spam-Flag: YES\r\n", known))
	bulk := h.receive(r.raw(t, "b1", "List-Id: <news.shop.example>\r\nPrecedence: bulk\r\n", unknown))
	for _, in := range []channels.Inbound{spam, bulk} {
		if e := h.entry(in); e.Disposition != store.Quarantined {
			t.Fatalf("%+v, want it quarantined", e)
		}
	}
	h.want(0, 0)
	if e, err := h.replay(spam); err != nil || e.Disposition != store.Taken {
		t.Errorf("%+v, %v", e, err)
	}
	h.want(1, 0) // no spam: it is answered
	if e, err := h.replay(bulk); err != nil || e.Disposition != store.Taken {
		t.Errorf("%+v, %v", e, err)
	}
	h.want(1, 1) // a list: people get it, and the list hears nothing
	if got := h.raw("SELECT count(*) FROM event WHERE kind = 'replayed'"); got[0] != "2" {
		t.Errorf("%s events, want 2", got[0])
	}
}

func TestReplayWhatReadsLikeAdvertising(t *testing.T) {
	r := &reader{}
	h := newHouse(t, withReader(r))
	in := h.receive(r.raw(t, "a1", "", "SEO service! Buy now, cheap backlinks, click here: http://spam.example. We are a professional manufacturer, unsubscribe here."))
	e := h.entry(in)
	if e.Disposition != store.Quarantined || e.Message == 0 {
		t.Fatalf("the FAQ does not take it for advertising: %+v", e)
	}
	if e, err := h.replay(in); err != nil || e.Disposition != store.Taken {
		t.Errorf("%+v, %v", e, err)
	}
	talk := h.conversationOf(in)
	if talk.State == store.Ended || len(h.said(talk.ID, false)) != 2 {
		t.Errorf("%+v with %d messages, want the message and what it was answered", talk, len(h.said(talk.ID, false)))
	}
}

func TestReplayRefuses(t *testing.T) {
	h := newHouse(t, withReader(&reader{}))
	in := h.mail("tom@customers.example", known)
	if _, err := h.replay(in); err == nil {
		t.Error("what was taken was replayed")
	}
	if _, err := h.engine.Replay(t.Context(), 99); err == nil {
		t.Error("a row that there is not was replayed")
	}
	bare := h.receive(h.letter("", "x", func(in *channels.Inbound) { in.Raw = channels.Blob{} }))
	if _, err := h.replay(bare); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("%v, want a refusal: there are no bytes", err)
	}
	deaf := newHouse(t) // its mail channel has no source
	lost := deaf.receive(deaf.letter("", "x"))
	if _, err := deaf.replay(lost); err == nil || !strings.Contains(err.Error(), "could read it") {
		t.Errorf("%v, want a refusal: the channel cannot read bytes", err)
	}
}

// What another process writes, the running one notices and sends, long before
// anything else would wake it.
func TestRunningEngineSendsWhatAnotherWrites(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		in := h.mail("tom@customers.example", unknown)
		number := h.conversationOf(in).Case
		other := *h // another engine on another handle of the file
		other.cfg.Channels = maps.Clone(h.cfg.Channels)
		other.open()
		defer other.db.Close()
		h.run()
		ctx, cancel := context.WithCancel(t.Context())
		watched := make(chan error, 1)
		go func() { watched <- h.db.Watch(ctx, time.Second, h.engine.Kick) }()
		defer func() { cancel(); <-watched }()

		synctest.Wait() // nothing but the watch can kick now
		if got := h.post.texts("tom@customers.example"); len(got) != 1 {
			t.Fatalf("the customer got %q, want the hand-over", got)
		}
		other.do(number, actReply, "text", "It can, with a spanner.")
		synctest.Wait()
		if got := h.post.texts("tom@customers.example"); len(got) != 1 {
			t.Fatalf("the customer got %q before anybody looked", got)
		}
		settle(2 * time.Second)
		if got := h.post.texts("tom@customers.example"); len(got) != 2 || !strings.Contains(got[1], "spanner") {
			t.Errorf("the customer got %q", got)
		}
	})
}
