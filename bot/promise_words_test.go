package bot

import (
	"fmt"
	"mime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/mail/mailtest"
	"frontdesk/store"
)

// TestPromise9InternalWordsNeverReachACustomer sends agents' words along every
// way there is, each with a secret of its own, over real mail and a chat, and
// then looks for the secrets in everything that a customer could read.
func TestPromise9InternalWordsNeverReachACustomer(t *testing.T) {
	secrets := 0
	secret := func() string { secrets++; return fmt.Sprintf("ZQXSECRET%dZQX", secrets) }

	t.Run("by mail", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			k := newTalk(t, "")
			k.begin(t)
			k.comes(step{who: "Tom<tom@customers.example>", how: "mails", text: unknown, opts: map[string]string{"subject": "Warp core", "as": "q1", "cc": "Jane <jane@customers.example>"}})
			k.ids["brief"] = k.last("escalations@acme.example").MessageID
			k.ids["reply"] = k.last("tom@customers.example").MessageID
			agent := func(text string, opts ...string) {
				t.Helper()
				s := step{who: "ana@acme.example", how: "mails", text: text, opts: map[string]string{"subject": "Re: it", "answers": "brief"}}
				for i := 0; i < len(opts); i += 2 {
					s.opts[opts[i]] = opts[i+1]
				}
				seen := len(entriesOf(k))
				k.comes(s)
				if n := len(entriesOf(k)); n != seen+1 {
					t.Errorf("%q left %d rows in the ledger, want 1: it went no way at all", text, n-seen)
				}
				// The customer goes on, so that the bot and people talk about it.
				k.comes(step{who: "Tom<tom@customers.example>", how: "mails", text: "It is the mark IV model.", opts: map[string]string{"answers": "reply q1"}})
			}
			ways := 0
			for _, form := range []string{
				"note: %s", "备注：%s", "備註: %s", "NOTE：%s", "Note:\n\n%s", "\ufeffnote: %s", "\n\n  note: %s", "/note %s", "/note: %s", "/备注 %s",
				"resovle: %s", "Internal: %s", "私下说：%s", "/frobnicate %s", "/ %s", "//%s", "take: %s", "/take %s",
			} {
				ways++
				agent(fmt.Sprintf(form, secret()))
			}
			// In copy to a colleague; colleagues and their desks are no customers.
			for _, with := range []string{"li@acme.example", "engineering@acme.example", "partner@elsewhere.example", "complaints@acme.example"} {
				agent(secret(), "cc", with)
				agent(secret(), "to", "support@acme.example, "+with)
			}
			// What is refused: taken by somebody else, a stale number, no words, no
			// thread, a thread of notices.
			agent("take: "+secret(), "answers", "brief")
			k.comes(step{who: "li@acme.example", how: "mails", text: "take: " + secret(), opts: map[string]string{"subject": "Re: it", "answers": "brief"}})
			agent("note: "+secret(), "answers", "")
			agent("resovle: "+secret(), "answers", "")
			agent("/frobnicate "+secret(), "answers", "")
			agent("reply: "+secret(), "answers", "", "subject", "[#1001] Warp core")
			k.ids["notice"] = k.last("ana@acme.example").MessageID
			agent(secret(), "answers", "notice")
			agent("reply: "+secret(), "answers", "notice")
			agent("> " + secret() + "\n> quoted") // nothing but a quote
			agent("Hello Tom,\n\nhere you are.\n\nOn Mon, 23 Nov 2026 at 10:00, Acme <support@acme.example> wrote:\n> " + secret())
			// To us alone, under a customer's mail that the agent had a copy of.
			agent("note: "+secret(), "answers", "q1")
			agent(secret(), "answers", "q1")
			// Files and subjects of notes.
			agent("note: "+secret(), "subject", secret())
			// By button, desk or command line.
			act := func(who string, a channels.Action) {
				t.Helper()
				if _, err := k.engine.Act(t.Context(), mailOf(who), a); err != nil {
					t.Error(err)
				}
				settle(time.Minute)
			}
			text := func() map[string]string { return map[string]string{"text": secret()} }
			act("ana@acme.example", channels.Action{Name: actNote, Case: 1001, Fields: text()})
			act("ana@acme.example", channels.Action{Name: actReply, Case: 1001, Version: 1, Fields: text()})
			act("ana@acme.example", channels.Action{Name: actReply, Case: 4711, Fields: text()})
			act("ana@acme.example", channels.Action{Name: "frobnicate", Case: 1001, Fields: text()})
			act("ana@acme.example", channels.Action{Name: actTake, Case: 1001, Fields: text()})
			act("ana@acme.example", channels.Action{Name: actBot, Case: 1001, Fields: text()})
			act("nobody@elsewhere.example", channels.Action{Name: actReply, Case: 1001, Fields: text()})
			// What is left undelivered comes back to staff with the notes in it.
			k.world.Fault(mailtest.Fault{Stage: mailtest.AtRcpt, To: "tom@customers.example", Code: 550, Text: "no such user", Times: 1})
			k.comes(step{who: "Tom<tom@customers.example>", how: "mails", text: forHuman, opts: map[string]string{"answers": "reply q1"}})
			// And everything in which the bot could quote: answers, a new brief, a
			// status, a complaint that takes the case to another desk.
			agent("bot: " + secret())
			for _, words := range []string{known, "How is my case #1001 going?", angry, forHuman, unknown, "Thanks, but it still fails."} {
				settle(3 * time.Hour)
				k.comes(step{who: "Tom<tom@customers.example>", how: "mails", text: words, opts: map[string]string{"answers": "reply q1"}})
				k.comes(step{who: "Jane<jane@customers.example>", how: "mails", text: words, opts: map[string]string{"answers": "reply q1"}})
				k.comes(step{who: "mallory@elsewhere.example", how: "mails", text: words, opts: map[string]string{"answers": "reply q1"}})
			}
			// The way that is meant for words to the customer is open.
			agent("reply: OPENLY said")
			k.noSecrets(t)
			if n := len(k.world.MailsTo("jane@customers.example")); n == 0 {
				t.Error("whom the customer put into copy got nothing, so nothing was tested")
			}
			if got := plainText(t, k.last("tom@customers.example").Raw); !strings.Contains(got, "OPENLY") {
				t.Errorf("what was meant for the customer did not arrive: %q", got)
			}
			if notes := k.staffWords(t); notes < ways {
				t.Errorf("%d notes are recorded, want at least %d: the ways were not gone", notes, ways)
			}
		})
	})

	t.Run("in a chat", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			k := newTalk(t, "")
			k.begin(t)
			k.ids["b1"] = k.chat.Say("bob", "room:help", unknown)
			settle(time.Minute)
			brief := k.chat.Posts("room:agents")[0].Ref
			says := func(who, place, text string, refs ...string) {
				k.chat.Say(who, place, text, refs...)
				settle(time.Minute)
				k.chat.Say("bob", "room:help", "It is the mark IV model.")
				settle(time.Minute)
			}
			says("ana", "room:agents", secret(), brief)           // talk among staff
			says("ana", "room:agents", "note: "+secret(), brief)  //
			says("ana", "room:agents", "/reply", brief)           // nothing to say
			says("ana", "room:agents", "rpely: "+secret(), brief) // a slip
			says("ana", "room:agents", secret())                  // outside of any thread
			says("ana", "room:agents", "reply: "+secret())        //
			says("ana", "room:agents", "resovle: "+secret())      //
			says("li", "room:agents", "What is "+secret()+"?")    //
			says("li", "room:agents", "I want to complain about "+secret()+"!")
			says("guest", "room:agents", "A colleague who is not on the list, about "+secret(), brief)
			says("guest", "room:agents", "A colleague who is not on the list, about "+secret())
			ref := k.chat.Say("ana", "room:agents", secret(), brief)
			settle(time.Minute)
			k.chat.Edit(ref, secret())
			settle(time.Minute)
			k.chat.Delete(ref)
			settle(time.Minute)
			k.chat.Do("ana", "room:agents", channels.Action{Name: actNote, Case: 1001, Fields: map[string]string{"text": secret()}})
			k.chat.Do("ana", "room:help", channels.Action{Name: actNote, Case: 1001, Fields: map[string]string{"text": secret()}})
			k.chat.Do("ana", "room:agents", channels.Action{Name: "reply ", Case: 1001, Fields: map[string]string{"text": secret()}})
			settle(time.Minute)
			for _, words := range []string{known, "How is my case going?", angry, forHuman} {
				says("bob", "room:help", words)
				says("cat", "room:help", words, k.ids["b1"])
			}
			says("ana", "room:agents", "reply: "+secret(), brief) // no prefix
			says("ana", "room:agents", "> OPENLY said", brief)
			k.noSecrets(t)
			posts := k.chat.Posts("room:help")
			if got := posts[len(posts)-1].Text; !contains(postTexts(posts), "OPENLY") {
				t.Errorf("what was meant for the customer did not arrive; the last post is %q", got)
			}
			for _, p := range k.chat.Posts("room:agents") {
				if p.Out.Audience != channels.Staff {
					t.Errorf("where staff talk, the bot took somebody for a customer: %q", p.Text)
				}
			}
		})
	})

	t.Run("in observe mode", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			k := newTalk(t, "mode: observe")
			k.begin(t)
			for i, words := range []string{known, unknown, angry, forHuman} {
				k.comes(step{who: "tom@customers.example", how: "mails", text: words, opts: map[string]string{}})
				k.chat.Say(fmt.Sprint("guest", i), "room:help", words)
				settle(time.Minute)
			}
			k.ids["proposal"] = k.world.MailsTo("escalations@acme.example")[0].MessageID
			for _, text := range []string{"note: " + secret(), "resovle: " + secret(), "take: " + secret(), "> " + secret()} {
				k.comes(step{who: "ana@acme.example", how: "mails", text: text, opts: map[string]string{"answers": "proposal"}})
			}
			k.comes(step{who: "ana@acme.example", how: "mails", text: secret(), opts: map[string]string{"answers": "proposal", "cc": "li@acme.example"}})
			k.noSecrets(t)
			if n := len(k.world.MailsTo("tom@customers.example")) + len(k.chat.Posts("room:help")); n != 0 {
				t.Errorf("%d messages went to customers", n)
			}
			if n := len(k.world.MailsTo("escalations@acme.example")); n < 3 {
				t.Errorf("staff got %d mails, want what the bot would have said", n)
			}
		})
	})
	t.Logf("%d secrets", secrets)
}

func mailOf(address string) channels.Person { return channels.Person{Kind: "mail", Address: address} }

// begin lets time come to a Monday 10:00 and starts the engine.
func (k *talk) begin(t *testing.T) {
	time.Sleep(time.Until(k.time("2026-11-23 10:00")))
	t.Cleanup(k.start())
	settle(time.Second)
}

// comes plays a step now and lets what follows from it happen.
func (k *talk) comes(s step) {
	k.t.Helper()
	s.when = time.Now().Add(time.Minute).In(k.location()).Format("2006-01-02 15:04")
	if s.opts["subject"] == "" {
		s.opts["subject"] = "Re: Warp core"
	}
	k.step(s)
	settle(time.Minute)
}

// last returns the newest mail to an address.
func (k *talk) last(address string) mailtest.Mail {
	k.t.Helper()
	all := k.world.MailsTo(address)
	if len(all) == 0 {
		k.t.Fatalf("nothing went to %s", address)
	}
	return all[len(all)-1]
}

func entriesOf(k *talk) (all []store.Entry) {
	k.t.Helper()
	if err := k.db.Read(k.t.Context(), func(s *store.Snapshot) (err error) { all, err = s.Ledger("", "", 0); return err }); err != nil {
		k.t.Fatal(err)
	}
	return all
}

// staffWords counts what staff said to one another.
func (k *talk) staffWords(t *testing.T) (n int) {
	t.Helper()
	if err := k.db.Read(t.Context(), func(s *store.Snapshot) error {
		said, err := s.SaidOnCase(1001)
		for _, m := range said {
			if m.Author == store.ByStaff && m.Audience == store.ForStaff {
				n++
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// noSecrets looks at everything that a customer could read: the outbox, the mails
// on the wire, the places of the chat; and for addresses of staff in it.
func (k *talk) noSecrets(t *testing.T) {
	t.Helper()
	look := func(what, words string, automatic bool) {
		t.Helper()
		if i := strings.Index(words, "ZQXSECRET"); i >= 0 {
			t.Errorf("%s contains %s:\n%s", what, words[i:min(len(words), i+14)], words)
		}
		for _, address := range []string{"ana@acme", "li@acme", "escalations@", "complaints@", "room:agents"} {
			if strings.Contains(words, address) {
				t.Errorf("%s contains the address %s of staff:\n%s", what, address, words)
			}
		}
	}
	checked := 0
	if err := k.db.Read(t.Context(), func(s *store.Snapshot) error {
		all, err := s.Outbox("", 0)
		for _, d := range all {
			if d.Audience == store.ForCustomer {
				checked++
				look(fmt.Sprintf("delivery %d to a customer", d.ID), string(d.Payload), !d.ByPerson)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, m := range k.world.Mails() {
		for _, to := range m.To {
			if !strings.HasSuffix(to, "@acme.example") {
				checked++
				subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
				if err != nil {
					t.Fatal(err)
				}
				look("a mail to "+to, subject+"\n"+string(m.Raw)+"\n"+plainText(t, m.Raw), m.Header.Get("Auto-Submitted") != "")
			}
		}
	}
	for _, p := range k.chat.Posts("") {
		if p.Place != "room:agents" && p.Place != "room:complaints" {
			checked++
			look("a post in "+p.Place, postText(p), true)
		}
	}
	t.Logf("%d messages looked at", checked)
}
