package bot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	fdmail "frontdesk/channels/mail"
	"frontdesk/channels/mail/mailtest"
	"frontdesk/faq"
	"frontdesk/store"
)

// The promises of doc.go, one test each. Promises 9 and 10, which have many
// ways to be broken, stand in promise_words_test.go and promise_stranger_test.go.

const (
	known    = "What are your opening hours?"                             // the FAQ is sure
	unknown  = "Can your warp core be tuned to 4.2 cochranes per parsec?" // nobody knows
	angry    = "I want to complain about your driver Mr Smith: he was rude to me yesterday at my door."
	forHuman = "I want to talk to a human"
)

func TestPromise1NothingThatArrivesIsLost(t *testing.T) {
	t.Run("a commit that fails", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.run()
			settle(time.Second)
			h.spoil()
			h.chat.Say("amy", "dm:amy", known)
			if _, err := h.engine.Receive(t.Context(), h.letter("tom@customers.example", known)); err == nil {
				t.Error("Receive took a mail although the commit failed")
			}
			settle(time.Minute)
			if got := h.ledger(); len(got) != 0 {
				t.Errorf("%d messages are recorded although no commit succeeded", len(got))
			}
			if got := h.raw("SELECT position FROM cursor WHERE channel = 'chat' AND stream <> 'begun'"); len(got) != 0 {
				t.Errorf("the cursor moved to %v past a message that is not recorded", got)
			}
			h.want(0, 0)
			h.heal()
			settle(5 * time.Minute) // the source presents it again
			if got := h.ledger(); len(got) != 1 || got[0].Disposition != store.Taken || got[0].Size == 0 {
				t.Errorf("after the database is well again: %+v, want the one message with its bytes", got)
			}
			if got := len(h.said(1, true)); got != 2 {
				t.Errorf("the conversation has %d messages, want the question and its answer", got)
			}
			if got := h.chat.Posts("dm:amy"); len(got) != 1 {
				t.Errorf("%d answers, want 1", len(got))
			}
		})
	})
	t.Run("a database that cannot be reached", func(t *testing.T) {
		h := newHouse(t)
		in := h.letter("tom@customers.example", known)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.engine.Receive(ended, in); !store.Unavailable(err) {
			t.Errorf("with a context that has ended: %v, want an error that says to try again", err)
		}
		if err := h.db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := h.engine.Receive(t.Context(), in); !store.Unavailable(err) {
			t.Errorf("with the database closed: %v, want an error that says to try again", err)
		}
		h.open()
		h.want(0, 0)
		h.receive(in)
		h.receive(in)
		h.want(1, 0)
		if got := h.ledger(); len(got) != 1 {
			t.Errorf("%d rows, want 1", len(got))
		}
	})
	t.Run("a database that another holds", func(t *testing.T) {
		if testing.Short() {
			t.Skip("waits for SQLite's own clock")
		}
		t.Parallel()
		h := newHouse(t)
		lock, err := sql.Open("sqlite3", "file:"+h.file+"?_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Close()
		tx, err := lock.Begin()
		if err != nil {
			t.Fatal(err)
		}
		in := h.letter("tom@customers.example", known)
		if _, err := h.engine.Receive(t.Context(), in); !store.Unavailable(err) {
			t.Errorf("while another writes: %v, want an error that says to try again", err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		h.receive(in)
		h.want(1, 0)
	})
	t.Run("bytes that nobody can read", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.run()
			h.chat.Garble([]byte("\x00 no event at all"))
			h.chat.Say("amy", "dm:amy", known)
			settle(time.Minute)
			got := h.ledger()
			if len(got) != 2 || got[0].Size == 0 || got[0].Disposition != store.Failed || got[0].Reason == "" {
				t.Errorf("%+v, want the bytes recorded as failed with a reason, and what came after", got)
			}
			if len(h.chat.Posts("dm:amy")) != 1 {
				t.Error("what came after it was not answered")
			}
			if !contains(postTexts(h.chat.Posts("room:agents")), "ledger 1") {
				t.Errorf("nobody was told: %q", postTexts(h.chat.Posts("room:agents")))
			}
		})
	})
	t.Run("a text that cannot be read", func(t *testing.T) {
		h := newHouse(t)
		in := h.mail("tom@customers.example", "what could be read", func(in *channels.Inbound) { in.Problem = "broken base64" })
		if got := h.conversationOf(in); got.State != store.Waiting || got.Case == 0 {
			t.Errorf("%+v, want people to have it", got)
		}
		h.want(1, 1)
	})
	t.Run("a panic while it is read", func(t *testing.T) {
		h := newHouse(t)
		h.index = func() *faq.Index { return nil }
		in := h.mail("tom@customers.example", known)
		if got := h.conversationOf(in); got.State != store.Waiting || got.Case == 0 {
			t.Errorf("%+v, want people to have it", got)
		}
		h.want(1, 1)
	})
	t.Run("a panic while it is decided on", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			in := h.mail("tom@customers.example", unknown)
			e := h.entry(in)
			if e.Disposition != store.Failed || !strings.Contains(e.Reason, "panic") || e.Message == 0 || e.Size == 0 {
				t.Errorf("%+v, want the message recorded as failed", e)
			}
			if m := h.said(h.conversationOf(in).ID, false); len(m) == 0 || m[0].Text != unknown || m[0].Pending {
				t.Errorf("%+v, want the message, decided on", m)
			}
		}, withTexts(t, `handed: "{{index .Quotes 5}}"`))
	})
}

func postTexts(posts []channeltest.Post) []string {
	var all []string
	for _, p := range posts {
		all = append(all, postText(p))
	}
	return all
}

// withTexts puts sentences into the place of our own. A sentence that fails must
// hide that from the check at loading.
func withTexts(t *testing.T, customer string) func(*Config) {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "en"), 0o700); err != nil {
		t.Fatal(err)
	}
	customer = strings.ReplaceAll(customer, "{{index", "{{if .Company}}{{index") // Load renders without a company
	customer = strings.ReplaceAll(customer, " 5}}", " 5}}{{end}}")
	if err := os.WriteFile(filepath.Join(dir, "en", "customer.yaml"), []byte(customer), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := texts.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config) { c.Texts = set }
}

func TestPromise2NothingIsRecordedOrAnsweredTwice(t *testing.T) {
	t.Run("the same arrival again", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.run()
			ref := h.chat.Say("amy", "dm:amy", known)
			settle(time.Minute)
			h.chat.Repeat(ref)
			settle(time.Minute)
			if got := h.ledger(); len(got) != 1 {
				t.Errorf("%d rows, want 1", len(got))
			}
			if got := h.chat.Posts("dm:amy"); len(got) != 1 {
				t.Errorf("%d answers, want 1", len(got))
			}
			h.restart() // the keys are unique for good
			h.chat.Repeat(ref)
			settle(time.Minute)
			if got := h.chat.Posts("dm:amy"); len(got) != 1 || len(h.ledger()) != 1 {
				t.Errorf("after a restart: %d answers, %d rows", len(got), len(h.ledger()))
			}
		})
	})
	t.Run("the same content under another key", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.run()
			ref := h.chat.Say("amy", "dm:amy", known)
			h.chat.Copy(ref)
			settle(time.Minute)
			h.chat.Copy(ref)
			settle(time.Minute)
			got := h.ledger()
			if len(got) != 3 || got[1].Disposition != store.Duplicate || got[2].Disposition != store.Duplicate || got[2].Duplicate != got[0].ID {
				t.Errorf("%+v, want one taken and two duplicates of it", got)
			}
			if got := h.chat.Posts("dm:amy"); len(got) != 1 {
				t.Errorf("%d answers, want 1", len(got))
			}
		})
	})
	t.Run("one mail to two of our mailboxes", func(t *testing.T) {
		h := newHouse(t, func(c *Config) {
			sales := c.Channels["support"]
			sales.Own = []channels.Person{who("sales@acme.example")}
			c.Channels["sales"] = sales
		})
		in := h.letter("tom@customers.example", known, cc("sales@acme.example"))
		again := in
		again.Channel, again.Keys = "sales", []string{"sales:INBOX:1:7", in.Keys[1]}
		h.receive(in)
		h.receive(again)
		if e := h.entry(again); e.Disposition != store.Duplicate {
			t.Errorf("%+v, want a duplicate", e)
		}
		h.want(1, 0)
	})
	t.Run("one arrival presented by many at once", func(t *testing.T) {
		h := newHouse(t)
		in := h.letter("tom@customers.example", known)
		errs := make(chan error)
		for range 20 {
			go func() { _, err := h.engine.Receive(t.Context(), in); errs <- err }()
		}
		for range 20 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		h.want(1, 0)
	})
	t.Run("a crash after the chat accepted", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.chat.FailNext(channeltest.ErrHangAccepted)
			h.run()
			h.chat.Say("amy", "dm:amy", known)
			settle(10 * time.Second) // it stands there, and nobody has recorded so
			if got := h.told(); len(got) != 1 || got[0].State != store.Sending || len(h.chat.Posts("dm:amy")) != 1 {
				t.Fatalf("%+v with %d posts: not the moment for a crash", got, len(h.chat.Posts("dm:amy")))
			}
			h.crash()
			settle(time.Minute)
			if got := h.told(); len(got) != 1 || got[0].State != store.Sent {
				t.Errorf("after the crash: %+v, want it sent", got)
			}
			if got := h.raw("SELECT outcome FROM attempt ORDER BY no"); !slices.Equal(got, []string{"unknown", "found"}) {
				t.Errorf("attempts: %v", got)
			}
			if got := h.chat.Posts("dm:amy"); len(got) != 1 || h.chat.Twice() != nil {
				t.Errorf("%d posts, want 1", len(got))
			}
		})
	})
	t.Run("a crash before the chat accepted", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.chat.FailNext(channeltest.ErrHang)
			h.run()
			h.chat.Say("amy", "dm:amy", known)
			settle(10 * time.Second)
			h.crash()
			settle(time.Minute)
			if got := h.chat.Posts("dm:amy"); len(got) != 1 {
				t.Errorf("%d posts, want 1", len(got))
			}
		})
	})
	for what, fault := range map[string]mailtest.Fault{
		"the server hangs after it accepted": {Stage: mailtest.AtAccepted, Hang: true, Times: 1},
		"the connection breaks":              {Stage: mailtest.AtAccepted, Drop: true, Times: 1},
	} {
		t.Run("mail: "+what, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				world := h.smtp(t)
				world.Fault(fault)
				h.run()
				h.mail("tom@customers.example", known)
				settle(10 * time.Second)
				if fault.Hang {
					h.crash()
				}
				settle(unsureWait + time.Minute)
				mails := world.MailsTo("tom@customers.example")
				if len(mails) < 2 {
					t.Fatalf("%d mails: a mail whose fate is unknown must be sent again", len(mails))
				}
				for _, m := range mails {
					if m.MessageID == "" || m.MessageID != mails[0].MessageID {
						t.Errorf("Message-IDs %q and %q: mailboxes show two mails", mails[0].MessageID, m.MessageID)
					}
				}
				if got := h.told(); len(got) != 1 || got[0].State != store.Sent || got[0].Ref != mails[0].MessageID {
					t.Errorf("%+v, want one delivery, sent as %s", got, mails[0].MessageID)
				}
			})
		})
	}
}

// smtp puts a real mail sender into the place of the postbox.
func (h *house) smtp(t *testing.T) *mailtest.World {
	t.Helper()
	world, err := mailtest.New("acme.example", mailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { world.Close() })
	support := h.cfg.Channels["support"]
	snd, err := fdmail.NewSender("support", fdmail.SMTPConfig{Host: "127.0.0.1", Port: 25, TLS: fdmail.TLSNone,
		Address: "support@acme.example", Company: "Acme", Dial: world.Dial}, h.engine.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { snd.Close() })
	support.Sender = snd
	h.cfg.Channels["support"] = support
	h.engine.cfg.Channels["support"] = support
	return world
}

func TestPromise3NothingIsSentThatWasNotRecorded(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		// What another process sees at the moment of sending.
		other, err := store.Open(t.Context(), h.file)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		looks := 0
		h.post.look = func(out channels.Outbound) {
			looks++
			err := other.Read(context.Background(), func(s *store.Snapshot) error {
				under, err := s.Outbox(store.Sending, 0)
				if err != nil {
					return err
				}
				for _, d := range under {
					if d.Key != out.Key {
						continue
					}
					if d.Attempts < 1 {
						return fmt.Errorf("delivery %d has no attempt", d.ID)
					}
					if d.Message == 0 && d.Audience == store.ForCustomer {
						return fmt.Errorf("delivery %d belongs to no message", d.ID)
					}
					return nil
				}
				return fmt.Errorf("nothing with the key %s is being sent; under way: %+v", out.Key, under)
			})
			if err != nil {
				t.Errorf("while %q is being sent: %v", out.Body.Text, err)
			}
			if got := h.raw("SELECT count(*) FROM attempt a JOIN outbox o ON o.id = a.outbox WHERE o.key = ? AND a.ended IS NULL AND a.no = o.attempts", out.Key); got[0] != "1" {
				t.Errorf("%s stamped attempts are open while it is being sent, want 1", got[0])
			}
		}
		h.post.plan(channeltest.Temporary("busy"), &channels.SendError{Unknown: true, Err: errors.New("cut")}, nil, channeltest.Permanent("no such user"))
		h.run()
		h.mail("tom@customers.example", known)
		settle(time.Hour)
		h.mail("eve@customers.example", known)
		settle(time.Hour)
		got := h.told()
		if len(got) != 2 || got[0].State != store.Sent || got[0].Ref == "" || got[1].State != store.Refused || got[1].Error == "" {
			t.Errorf("%+v, want one sent and one refused for good", got)
		}
		want := []string{"1 temporary", "1 unknown", "1 sent", "2 permanent", "3 sent"} // the last tells staff
		if got := h.raw("SELECT outbox || ' ' || outcome FROM attempt ORDER BY outbox, no"); !slices.Equal(got, want) {
			t.Errorf("attempts %v, want %v", got, want)
		}
		if open := h.raw("SELECT outbox FROM attempt WHERE ended IS NULL"); len(open) != 0 {
			t.Errorf("attempts without an outcome: %v", open)
		}
		if looks != len(want) {
			t.Errorf("%d attempts were made, %d are recorded", looks, len(want))
		}
	})
}

func TestPromise4InAThreadWhatWeSendArrivesInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		first := h.mail("tom@customers.example", unknown)
		for range 4 { // the case's thread with staff gets five messages
			h.mail("tom@customers.example", "It is the mark IV model, by the way.", answers(first.Ref))
		}
		h.act(h.cases()[0].ID, actReply, "First word.")
		h.act(h.cases()[0].ID, actReply, "Second word.")
		h.mail("eve@customers.example", known)
		var want []string
		for _, d := range h.told() {
			if d.out.To[0].Address == "tom@customers.example" {
				want = append(want, d.out.Body.Text)
			}
		}
		var brief []string
		for _, d := range h.staff() {
			brief = append(brief, d.Key)
		}
		if len(want) != 4 || len(brief) != 5 {
			t.Fatalf("%d to the customer, %d to staff: not what this test needs", len(want), len(brief))
		}
		fail := make([]error, 9)
		for i := range fail {
			fail[i] = channeltest.Temporary("busy")
		}
		h.post.plan(fail...)
		h.run()
		settle(time.Second)
		if got := h.post.texts("tom@customers.example"); len(got) != 0 {
			t.Fatalf("%q overtook a message that is to be tried again", got)
		}
		settle(3 * time.Hour)
		if got := h.post.texts("tom@customers.example"); !slices.Equal(got, want) {
			t.Errorf("the customer got\n%q\nwant\n%q", got, want)
		}
		var order []string
		for _, out := range h.post.sent {
			if out.Audience == channels.Staff {
				order = append(order, out.Key)
			}
		}
		if !slices.Equal(order, brief) {
			t.Errorf("staff got %v, want %v", order, brief)
		}
		if len(h.post.texts("eve@customers.example")) != 1 {
			t.Error("another thread was held up")
		}
		if h.post.twice {
			t.Error("two of a thread were under way at once")
		}
	})
}

func TestPromise5DoubtGoesToAPerson(t *testing.T) {
	fails := func(keys ...string) func(*Config) {
		var y string
		for _, k := range keys {
			y += k + `: "{{index .Quotes 5}}"` + "\n"
		}
		return withTexts(t, y)
	}
	for what, c := range map[string]struct {
		text   string
		kind   string
		told   string // in what the customer reads
		change func(*Config)
		index  func(h *house)
	}{
		"doubt":                       {text: unknown, kind: kindQuestion, told: "not certain"},
		"doubt about a part":          {text: known + "\n\n" + unknown, kind: kindQuestion, told: "cochranes"},
		"a complaint":                 {text: angry, kind: kindComplaint, told: "complaint"},
		"somebody asks for a person":  {text: forHuman, kind: kindQuestion, told: "colleague"},
		"one word for a person":       {text: "human", kind: kindQuestion, told: "colleague"},
		"a request":                   {text: "I want a refund for order 12345678.", kind: kindRequest, told: "request"},
		"a sentence that fails":       {text: known, kind: kindQuestion, told: "colleague", change: fails("helped")},
		"a hand-over that fails":      {text: unknown, kind: kindQuestion, told: "colleague", change: fails("handed")},
		"a complaint that fails":      {text: angry, kind: kindQuestion, told: "colleague", change: fails("complaint")},
		"an answer that is gone":      {text: known, kind: kindQuestion, told: "colleague", index: gone},
		"an answer gone in complaint": {text: angry + "\n\n" + known, kind: kindQuestion, told: "colleague", index: gone},
		"an FAQ that fails":           {text: unknown, kind: kindQuestion, told: "无法读取", index: func(h *house) { h.index = func() *faq.Index { panic("no FAQ") } }},
	} {
		t.Run(what, func(t *testing.T) {
			var change []func(*Config)
			if c.change != nil {
				change = append(change, c.change)
			}
			bubble(t, func(t *testing.T, h *house) {
				if c.index != nil {
					c.index(h)
				}
				in := h.mail("tom@customers.example", c.text)
				conv, cases := h.conversationOf(in), h.cases()
				if conv.State != store.Waiting || len(cases) != 1 || conv.Case != cases[0].ID {
					t.Fatalf("conversation %+v, cases %+v: want one case that people have", conv, cases)
				}
				if cases[0].Kind != c.kind || cases[0].Owner != "Li Wei" {
					t.Errorf("%+v, want a %s of Li Wei's", cases[0], c.kind)
				}
				h.want(1, 1)
				if got := h.told()[0].out.Body.Text; !strings.Contains(got, c.told) {
					t.Errorf("the customer reads %q, which does not say %q", got, c.told)
				}
				brief := h.staff()[0]
				desk := h.cfg.desk("support", c.kind).To
				if !brief.out.To[0].Is(desk) || brief.out.Card == nil || !strings.Contains(brief.words(), "tom@customers.example") {
					t.Errorf("staff got %s, want a brief at %s", brief.words(), desk.Address)
				}
			}, change...)
		})
	}
	t.Run("when even the hand-over fails, people get a notice", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			in := h.mail("tom@customers.example", unknown)
			if e := h.entry(in); e.Disposition != store.Failed {
				t.Errorf("%+v, want failed", e)
			}
			h.want(0, 1)
			if got := h.staff()[0]; !strings.Contains(got.words(), fmt.Sprintf("ledger %d", h.entry(in).ID)) || !strings.Contains(got.words(), "tom@customers.example") {
				t.Errorf("staff got %s", got.words())
			}
		}, fails("handed", "human"))
	})
	t.Run("a message that cannot be sorted", func(t *testing.T) {
		h := newHouse(t)
		h.raw("CREATE TRIGGER no BEFORE INSERT ON conversation BEGIN SELECT raise(ABORT, 'no conversations today'); END")
		in := h.mail("tom@customers.example", known)
		if e := h.entry(in); e.Disposition != store.Failed || e.Size == 0 {
			t.Errorf("%+v, want failed with its bytes", e)
		}
		h.want(0, 1)
	})
	t.Run("in the middle of a talk with a person", func(t *testing.T) {
		h := newHouse(t)
		in := h.mail("tom@customers.example", unknown)
		h.act(h.cases()[0].ID, actTake, "")
		h.raw("UPDATE conversation SET memory = '[]'") // nobody can read that
		before := len(h.staff())
		h.mail("tom@customers.example", "Another thing.", answers(in.Ref))
		if got := h.staff(); len(got) != before+1 || !strings.Contains(got[before].words(), "ledger 2") {
			t.Errorf("staff got %d more messages", len(got)-before)
		}
	})
}

// farAway promises nothing soon, so that nothing has to be taken back.
func farAway(c *Config) {
	c.Promises = map[string]map[store.Priority]time.Duration{kindRequest: {store.Normal: 200 * time.Hour}, kindComplaint: {store.Normal: 200 * time.Hour}}
}

// gone makes entries vanish between reading and answering, as when the FAQ is
// reloaded.
func gone(h *house) {
	file := filepath.Join(h.t.TempDir(), "faq.yaml")
	if err := os.WriteFile(file, []byte("entries:\n  - id: other\n    en:\n      questions: [Something else?]\n      answer: Yes.\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	other, err := faq.Load(h.t.Context(), []string{file}, faq.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	sample, calls := h.index(), 0
	h.index = func() *faq.Index {
		if calls++; calls == 1 {
			return sample
		}
		return other
	}
}

func TestPromise6TheBotDoesNotTalkToRobots(t *testing.T) {
	for k, want := range map[channels.Kind]store.Disposition{
		channels.AutoReply: store.AutoReply, channels.Bounce: store.Bounce, channels.Bulk: store.Quarantined,
		channels.Spam: store.Quarantined, channels.Own: store.Own,
	} {
		t.Run(string(k), func(t *testing.T) {
			h := newHouse(t)
			first := h.mail("tom@customers.example", unknown) // so that there is a thread to fall into
			h.want(1, 1)
			for _, text := range []string{known, forHuman, angry, unknown} {
				for _, refs := range [][]string{nil, {first.Ref}} {
					in := h.mail("robot@customers.example", text, kind(k), answers(refs...))
					if e := h.entry(in); e.Disposition != want {
						t.Errorf("%q: %s, want %s", text, e.Disposition, want)
					}
				}
			}
			h.want(1, 1)
		})
	}
	t.Run("mail from ourselves", func(t *testing.T) {
		h := newHouse(t)
		if e := h.entry(h.mail("support@acme.example", known)); e.Disposition != store.Own {
			t.Errorf("%+v, want it recognised", e)
		}
		h.want(0, 0)
	})
	t.Run("spam that no filter marked", func(t *testing.T) {
		h := newHouse(t)
		in := h.mail("win@casino.example", "Congratulations! You have won the lottery. Click here to claim your prize now: http://casino.example")
		if e := h.entry(in); e.Disposition != store.Quarantined {
			t.Errorf("%s, want it quarantined", e.Disposition)
		}
		h.want(0, 0)
	})
	t.Run("a bounce of what we sent tells people", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.run()
			h.mail("tom@customers.example", unknown)
			settle(time.Second)
			to, staff := h.told()[0].Ref, h.staff()[0].Ref
			h.mail("mailer-daemon@customers.example", "no such user", kind(channels.Bounce), answers(to))
			h.want(1, 2)
			if got := h.staff()[1].words(); !strings.Contains(got, "tom@customers.example") {
				t.Errorf("staff got %s", got)
			}
			h.mail("mailer-daemon@acme.example", "no such desk", kind(channels.Bounce), answers(staff))
			h.want(1, 2) // no report begets another
		})
	})
	t.Run("the budget of an hour, a day and a talk", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			hours := func() (n int) {
				for _, d := range h.told() {
					if d.Created.After(time.Now().Add(-time.Hour)) {
						n++
					}
				}
				return n
			}
			for range 30 { // a new talk every ten minutes
				h.mail("tom@customers.example", known)
				if n := hours(); n > 3 {
					t.Fatalf("%d automatic messages within an hour, want 3 at most", n)
				}
				settle(10 * time.Minute)
			}
			if n := len(h.told()); n != 10 {
				t.Errorf("%d automatic messages in five hours, want the 10 of a day", n)
			}
			h.want(10, 20) // people hear of every other
			if c := h.cases()[0]; len(look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(c.ID) })) != 0 {
				t.Error("a time was promised that nobody was told")
			}
			in := h.mail("eve@customers.example", known)
			h.want(11, 20) // others are not affected
			for range 10 {
				settle(2 * time.Hour)
				h.mail("eve@customers.example", known, answers(in.Ref))
			}
			n := 0
			for _, d := range h.told() {
				if d.out.To[0].Address == "eve@customers.example" {
					n++
				}
			}
			if n != 5 {
				t.Errorf("%d automatic messages in one talk, want 5", n)
			}
		})
	})
	t.Run("a person may ask for a person even then", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			var in channels.Inbound
			for range 3 {
				in = h.mail("tom@customers.example", known)
			}
			h.mail("tom@customers.example", forHuman, answers(in.Ref))
			h.want(3, 1)
			if got := h.conversationOf(in); got.State != store.Waiting {
				t.Errorf("%+v, want people to have it", got)
			}
		})
	})
	for what, answer := range map[string]string{
		"it quotes us":          "", // what we said
		"it asks":               known,
		"it understands little": unknown,
		"it thanks":             "Thank you!",
		"it complains":          angry,
	} {
		for _, threads := range []bool{true, false} {
			t.Run(fmt.Sprintf("a bot that does not say so: %s, in a thread %v", what, threads), func(t *testing.T) {
				bubble(t, func(t *testing.T, h *house) {
					h.run()
					h.mail("bot@other.example", known)
					seen := 0
					for range 400 { // nearly three days; it answers whatever it gets
						settle(10 * time.Minute)
						for _, d := range h.told()[seen:] {
							seen++
							in := h.letter("bot@other.example", answer)
							if answer == "" {
								in.Text = d.out.Body.Text
							}
							if threads {
								in.Refs = []string{d.Ref}
							}
							h.receive(in)
						}
					}
					if seen > 10 {
						t.Errorf("two bots exchanged %d messages", seen)
					}
					last := h.told()[len(h.told())-1].Created
					if time.Since(last) < 24*time.Hour {
						t.Errorf("two bots were still talking at %s", last)
					}
				}, farAway)
			})
		}
	}
}

func TestPromise7OnceAPersonHasTakenOverTheBotIsSilent(t *testing.T) {
	// How a person takes over, and what the customer got by it.
	for what, take := range map[string]func(h *house, first channels.Inbound){
		"takes":   func(h *house, _ channels.Inbound) { h.act(h.cases()[0].ID, actTake, "") },
		"replies": func(h *house, _ channels.Inbound) { h.act(h.cases()[0].ID, actReply, "Hello Tom.") },
		"replies by mail": func(h *house, _ channels.Inbound) {
			h.mail("ana@acme.example", "Hello Tom.", answers(h.staff()[0].Ref))
		},
		"answers by hand": func(h *house, first channels.Inbound) {
			h.mail("ana@acme.example", "Hello Tom.", answers(first.Ref), cc("tom@customers.example"))
		},
		"answers us all by hand": func(h *house, _ channels.Inbound) {
			h.mail("ana@acme.example", "Hello Tom.", answers(h.staff()[0].Ref), cc("tom@customers.example"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				h.run()
				first := h.mail("tom@customers.example", unknown)
				settle(time.Minute)
				take(h, first)
				settle(time.Minute)
				if got := h.conversationOf(first); got.State != store.WithPerson {
					t.Fatalf("the conversation is %q", got.State)
				}
				if c := h.cases()[0]; c.TakenBy != "Ana" || c.Stage != store.StageInHand {
					t.Errorf("%+v, want it to be Ana's, in hand", c)
				}
				bot := func() (n int) {
					for _, d := range h.told() {
						if !d.ByPerson {
							n++
						}
					}
					return n
				}
				before, relayed := bot(), len(h.staff())
				write := func(text string) { h.mail("tom@customers.example", text, answers(first.Ref)); relayed++ }
				for _, text := range []string{known, unknown, angry, forHuman, "Thanks!", "How is my case going?", "hm"} {
					write(text)
				}
				if n := bot(); n != before {
					t.Errorf("the bot spoke: %q", h.told()[len(h.told())-1].out.Body.Text)
				}
				if n := len(h.staff()); n != relayed {
					t.Errorf("%d of 7 messages were relayed", n-relayed+7)
				}
				// One receipt for each closed period.
				for day, at := range []string{"11-23 19:00", "11-23 23:00", "11-24 08:59"} {
					h.until(at)
					write("Is anybody there?")
					if n := bot(); n != before+1 {
						t.Errorf("at %s: %d receipts, want 1 (message %d of this night)", at, n-before, day+1)
					}
				}
				receipt := h.told()[len(h.told())-1].out.Body.Text
				if !strings.Contains(receipt, "Tue 24 Nov, 09:00") || strings.Contains(receipt, "by Tue") {
					t.Errorf("the receipt says %q", receipt)
				}
				h.until("11-24 12:00")
				write("Hello?")
				if n := bot(); n != before+1 {
					t.Errorf("%d receipts after we opened again, want 1", n-before)
				}
				h.until("11-26 12:00") // a holiday on a Thursday
				write("Hello?")
				write("Hello?")
				if n := bot(); n != before+2 {
					t.Errorf("%d receipts after the second closed period, want 2", n-before)
				}
				h.until("11-27 10:00")
				h.act(h.cases()[0].ID, actBot, "")
				h.mail("tom@customers.example", known, answers(first.Ref))
				if n := bot(); n != before+3 {
					t.Errorf("handed back, the bot is silent")
				}
			}, farAway)
		})
	}
	t.Run("in the customer's own room", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.run()
			ref := h.chat.Say("bob", "room:help", known)
			settle(time.Minute)
			h.chat.Say("ana", "room:help", "I'll take it from here.", ref)
			settle(time.Minute)
			before := len(h.chat.Posts("room:help"))
			h.chat.Say("bob", "room:help", known)
			h.chat.Say("bob", "room:help", forHuman, ref)
			settle(time.Minute)
			if got := h.chat.Posts("room:help"); len(got) != before {
				t.Errorf("the bot interrupted: %q", got[len(got)-1].Text)
			}
		})
	})
}

func TestPromise8WhatWeToldACustomerWeKeepOrTakeBackInTime(t *testing.T) {
	type want struct{ at, due, told string }
	// 16 working hours to a reply, 8 for a complaint; Mon–Fri 09:00–17:00, closed
	// on Thu 26 Nov, open on Sat 28 Nov.
	for what, c := range map[string]struct {
		text string
		want want
	}{
		"in working hours":   {unknown, want{"11-23 10:00", "11-25 10:00", "Wed 25 Nov, 10:00"}},
		"at night":           {unknown, want{"11-23 20:00", "11-25 17:00", "Wed 25 Nov, 17:00"}},
		"before a holiday":   {unknown, want{"11-25 10:00", "11-28 10:00", "Sat 28 Nov, 10:00"}},
		"over the weekend":   {unknown, want{"11-27 10:00", "11-30 10:00", "Mon 30 Nov, 10:00"}},
		"a complaint":        {angry, want{"11-23 10:00", "11-24 10:00", "Tue 24 Nov, 10:00"}},
		"somebody's request": {"I want a refund for order 12345678.", want{"11-23 10:00", "11-25 10:00", "Wed 25 Nov, 10:00"}},
		"for a person":       {forHuman, want{"11-23 10:00", "11-25 10:00", "Wed 25 Nov, 10:00"}},
	} {
		for when, state := range map[string]string{"in time": store.Kept, "too late": store.Broken} {
			t.Run(what+", answered "+when, func(t *testing.T) {
				bubble(t, func(t *testing.T, h *house) {
					h.until(c.want.at)
					first := h.mail("tom@customers.example", c.text)
					if got := h.told(); len(got) != 1 || !strings.Contains(got[0].out.Body.Text, c.want.told) {
						t.Fatalf("the customer was told %q, want %q in it", got[0].out.Body.Text, c.want.told)
					}
					if got := h.staff()[0].words(); !strings.Contains(got, "11月") {
						t.Errorf("staff were not told the time: %s", got)
					}
					n := h.cases()[0].ID
					promises := func() []store.Promise {
						return look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(n) })
					}
					var due time.Time
					if p := promises(); len(p) != 1 || p[0].Kind != store.PromiseAnswer || p[0].State != "open" {
						t.Fatalf("%+v, want one open promise to answer", p)
					} else if due = p[0].Due; due.In(h.cfg.Calendar.Location()).Format("01-02 15:04") != c.want.due {
						t.Errorf("due %s, want %s", due, c.want.due)
					}
					if when == "too late" {
						settle(time.Until(due) + time.Second)
					} else {
						settle(time.Until(due) - time.Second)
					}
					h.act(n, actNote, "Still looking.") // tells the customer nothing
					h.act(n, actTake, "")
					if p := promises(); p[0].State != "open" {
						t.Errorf("%s before anybody answered", p[0].State)
					}
					if when == "in time" { // through us, or by hand
						h.act(n, actReply, "Here it is.")
					} else {
						h.mail("ana@acme.example", "Here it is.", answers(first.Ref), cc("tom@customers.example"))
					}
					if p := promises(); len(p) != 1 || p[0].State != state || p[0].Ended.IsZero() {
						t.Errorf("%+v, want it %s", p, state)
					}
					if ev := look(h, func(s *store.Snapshot) ([]store.Event, error) { return s.Events("promise "+state, 0) }); len(ev) != 1 || ev[0].Actor != "Ana" || ev[0].Case != n {
						t.Errorf("events %+v, want one of Ana's", ev)
					}
				})
			})
		}
	}
	t.Run("what the customer did not get keeps nothing", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			first := h.mail("tom@customers.example", unknown)
			h.mail("ana@acme.example", "No idea. Does anybody know?", answers(first.Ref)) // to us alone
			if ps := look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(1001) }); ps[0].State != "open" {
				t.Errorf("the promise is %s though the customer got nothing", ps[0].State)
			}
			if got := h.conversationOf(first).State; got != store.Waiting {
				t.Errorf("the conversation is %q though nobody took over", got)
			}
			if h.want(1, 2); !h.staff()[1].out.To[0].Is(who("ana@acme.example")) {
				t.Errorf("Ana was not told: %s", h.staff()[1].words())
			}
		})
	})
	t.Run("resolved, and then a complaint", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			first := h.mail("tom@customers.example", unknown)
			h.act(1001, actResolve, "It can.")
			h.mail("tom@customers.example", angry, answers(first.Ref))
			c := h.cases()[0]
			if len(h.cases()) != 1 || c.Kind != kindComplaint || !c.IsOpen() || !c.Resolved.IsZero() {
				t.Errorf("%+v, want the case to be an open complaint", c)
			}
			ps := look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(1001) })
			if len(ps) != 2 || ps[1].State != "open" || ps[1].Due.In(h.cfg.Calendar.Location()).Format("01-02 15:04") != "11-24 10:00" {
				t.Errorf("%+v, want a second promise, as for a complaint", ps)
			}
		})
	})
	for what, taken := range map[string]bool{"nobody has it": false, "a person has it": true} {
		t.Run("announced before it breaks, once: "+what, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				h.run()
				h.mail("tom@customers.example", unknown) // by Wed 25 Nov, 10:00
				n := h.cases()[0].ID
				if taken {
					h.act(n, actTake, "")
				}
				h.until("11-25 09:00")
				if got := h.told(); len(got) != 1 {
					t.Fatalf("an hour before: %q", got[len(got)-1].out.Body.Text)
				}
				h.until("11-25 09:59")
				if got := h.told(); len(got) != 2 || !strings.Contains(got[1].out.Body.Text, "due by Wed 25 Nov, 10:00") || !strings.Contains(got[1].out.Body.Text, "by Sat 28 Nov, 09:30") {
					t.Fatalf("a minute before: %d messages, %q", len(got), got[len(got)-1].out.Body.Text)
				}
				staff := len(h.staff())
				h.until("12-04 17:00")
				if got := h.told(); len(got) != 2 {
					t.Errorf("taken back more than once: %q", got[len(got)-1].out.Body.Text)
				}
				if len(h.staff()) <= staff {
					t.Error("nobody was told that the second time broke")
				}
				if ps := look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(n) }); len(ps) != 2 || ps[0].State != store.Postponed || ps[1].State != store.Broken {
					t.Errorf("%+v, want one postponed and one broken", ps)
				}
			})
		})
	}
	t.Run("after a downtime, one message", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.mail("tom@customers.example", unknown)
			h.until("11-25 12:00")
			h.run()
			settle(time.Hour)
			if got := h.told(); len(got) != 2 || !strings.Contains(got[1].out.Body.Text, "sorry") {
				t.Errorf("the customer got %d messages, the last %q", len(got), got[len(got)-1].out.Body.Text)
			}
			if ps := look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(1001) }); len(ps) != 2 || ps[0].State != store.Broken {
				t.Errorf("%+v, want the first one broken", ps)
			}
		})
	})
	t.Run("nothing is taken back that was kept", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.run()
			h.mail("tom@customers.example", unknown)
			settle(time.Minute)
			h.act(1001, actReply, "It can.")
			told, staff := len(h.told()), len(h.staff())
			h.until("12-04 17:00")
			h.want(told, staff)
		})
	})
	t.Run("a time that has passed is not told again", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			first := h.mail("tom@customers.example", unknown)
			h.until("11-25 11:00")
			h.mail("tom@customers.example", forHuman, answers(first.Ref))
			if got := h.told()[1].out.Body.Text; strings.Contains(got, "Nov") {
				t.Errorf("the customer was told %q", got)
			}
		})
	})
	t.Run("reopened, a new time", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			first := h.mail("tom@customers.example", unknown)
			n := h.cases()[0].ID
			h.act(n, actResolve, "It can.")
			h.until("11-23 15:00")
			h.mail("tom@customers.example", "It still does not work.", answers(first.Ref))
			ps := look(h, func(s *store.Snapshot) ([]store.Promise, error) { return s.Promises(n) })
			if len(ps) != 2 || ps[0].State != store.Kept || ps[1].State != "open" || h.cases()[0].Stage != store.StageOpen || !h.cases()[0].Resolved.IsZero() {
				t.Errorf("%+v of a case that is %q, want a second one", ps, h.cases()[0].Stage)
			}
			if got := h.told()[2].out.Body.Text; !strings.Contains(got, "Wed 25 Nov, 15:00") {
				t.Errorf("the customer was told %q", got)
			}
		})
	})
}
