package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/mail/mailtest"
	"frontdesk/store"
)

// What is a mail among the real data, and what is not. A file that is neither is
// a mistake in this list.
var (
	corpusMails = []string{
		"zbateson/tests/_data/emails/*.txt",
		"sisimai/maildir/*/*",
		"enmime/testdata/*/*.raw",
		"cpython_test_email/data/msg_*.txt",
		"inbucket/pkg/test/testdata/*.txt",
	}
	corpusOthers = []string{
		"*/LICENSE", "*/README*", "zbateson/tests/_data/emails/README.md", // about the data
		"*/*/*/*.golden", "*/*/*/*/*.golden", // what parsers made of it
		"zbateson/tests/_data/headers/*",                                                                 // headers of nothing
		"enmime/testdata/attach/*", "zbateson/tests/_data/emails/files/*", "cpython_test_email/data/*.*", // attachments
	}
)

// corpus returns the real mails by path, in order.
func corpus(t testing.TB) (paths []string, raws [][]byte) {
	t.Helper()
	dir := os.Getenv("FRONTDESK_TESTDATA")
	if dir == "" {
		t.Skip("FRONTDESK_TESTDATA is not set: no real mail to read")
	}
	root := filepath.Join(dir, "mail", "raw")
	fits := func(patterns []string, path string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			ok, err := filepath.Match(p, path)
			return ok && err == nil
		})
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case fits(corpusMails, rel):
			b, err := os.ReadFile(path)
			paths, raws = append(paths, rel), append(raws, b)
			return err
		case !fits(corpusOthers, rel):
			t.Errorf("%s: a mail or not? Add it to a list", rel)
		}
		return nil
	})
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d mails in %s: %v", len(paths), root, err)
	}
	return paths, raws
}

// automatic returns what in a mail's header says that no person wrote it or that
// no answer is wanted: RFC 3834, lists, the null path, reports. It shares no code
// with the mail channel.
func automatic(raw []byte) (signs []string) {
	header := map[string][]string{}
	name := ""
	for i, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "" {
			break
		}
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			if v := header[name]; len(v) > 0 {
				v[len(v)-1] += " " + strings.TrimSpace(line)
			}
			continue
		}
		before, after, ok := strings.Cut(line, ":")
		if !ok || i == 0 && strings.HasPrefix(line, "From ") {
			name = ""
			continue
		}
		name = strings.ToLower(strings.TrimSpace(before))
		header[name] = append(header[name], strings.TrimSpace(after))
	}
	for name, values := range header {
		for _, v := range values {
			low := strings.ToLower(v)
			first := strings.TrimSpace(strings.FieldsFunc(low+" ", func(r rune) bool { return r == ';' || r == '(' })[0])
			is := false
			switch name {
			case "auto-submitted":
				is = first != "" && first != "no"
			case "precedence":
				is = slices.Contains([]string{"bulk", "list", "junk", "auto_reply"}, first)
			case "return-path":
				is = strings.ReplaceAll(low, " ", "") == "<>"
			case "content-type":
				is = first == "multipart/report"
			case "x-auto-response-suppress":
				is = strings.Contains(low, "all") || strings.Contains(low, "oof") || strings.Contains(low, "autoreply")
			case "list-id", "list-unsubscribe", "list-post", "list-help", "list-subscribe", "list-owner", "list-archive":
				is = low != ""
			case "x-autoreply", "x-autorespond":
				is = low != "" && low != "no"
			}
			if is {
				signs = append(signs, fmt.Sprintf("%s: %.60s", name, v))
			}
		}
	}
	slices.Sort(signs)
	return signs
}

// noSender is why a mail may count as failed: there is nobody to answer, so people
// are told of it.
const noSender = "no sender's address"

// TestCorpus puts every real mail there is into a Dovecot and lets serve take
// them: none is lost, none breaks anything, no robot is answered, nobody is
// answered twice, and another run adds nothing.
func TestCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	paths, raws := corpus(t)
	d := mailtest.Dovecot(t)
	world, err := mailtest.New("acme.example", mailtest.Options{Sockets: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { world.Close() })
	host, port := world.SMTP()
	s := newSite(t, d, host, port)
	d.DeliverMany("support", raws...)

	ctx := within(t, 2*time.Minute)
	began := time.Now()
	log, end := s.serve()
	if err := log.wait(ctx, logUp, 1); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	s.settled(ctx, 0)
	end()
	for line := range strings.Lines(log.String()) {
		known := strings.Contains(line, noSender) || strings.Contains(line, "msg=alarm what=failed") // which tells of the same
		if strings.Contains(line, "panic") || strings.Contains(line, "level=ERROR") && !known {
			t.Errorf("serve logged %s", line)
		}
	}

	// Files get UIDs in the order in which they were delivered, and the UID is the
	// last part of the key.
	entries := s.ledger()
	if len(entries) != len(paths) {
		t.Fatalf("%d rows in the ledger for %d mails", len(entries), len(paths))
	}
	path := map[int64]string{} // by ledger row
	seen := map[int]bool{}
	for _, e := range entries {
		uid, err := strconv.Atoi(e.Key[strings.LastIndexByte(e.Key, ':')+1:])
		if err != nil || uid < 1 || uid > len(paths) || seen[uid] {
			t.Fatalf("row %d has the key %s", e.ID, e.Key)
		}
		seen[uid] = true
		path[e.ID] = paths[uid-1]
		if e.Size == 0 && len(raws[uid-1]) > 0 {
			t.Errorf("%s: no bytes in the ledger", paths[uid-1])
		}
		if e.Disposition == store.Failed && !strings.Contains(e.Reason, noSender) {
			t.Errorf("%s: failed: %s", paths[uid-1], e.Reason)
		}
	}
	raw := func(path string) []byte { return raws[slices.Index(paths, path)] }

	answers := answersOf(t, s)
	dispositions := map[store.Disposition]int{}
	var machines, answeredMachines []string
	answered := 0
	for _, e := range entries {
		dispositions[e.Disposition]++
		p := path[e.ID]
		if len(answers[e.ID]) > 1 {
			t.Errorf("%s was answered %d times", p, len(answers[e.ID]))
		}
		answered += len(answers[e.ID])
		switch {
		case e.Disposition == store.Duplicate:
			// Parsers' tests are full of variants of one mail.
			if o := path[e.Duplicate]; messageIDOf(raw(p)) != messageIDOf(raw(o)) {
				t.Errorf("%s counts as a duplicate of %s", p, o)
			}
		case e.Disposition == store.Taken && len(answers[e.ID]) == 0 && !handedOver(s, e):
			t.Errorf("%s was neither answered nor handed over", p)
		}
		signs := automatic(raw(p))
		switch {
		case len(signs) > 0 && len(answers[e.ID]) > 0:
			t.Errorf("%s was answered, and its header says %q", p, signs)
		case len(signs) == 0 && strings.HasPrefix(p, "sisimai/"):
			machines = append(machines, p)
			if len(answers[e.ID]) > 0 {
				answeredMachines = append(answeredMachines, fmt.Sprintf("%s  from %s, subject %q, rule %s", p, e.Sender, e.Subject, ruleOf(s, e)))
			}
		}
	}
	t.Logf("%d mails in %v: %v; %d answered", len(entries), took.Round(time.Millisecond), dispositions, answered)
	t.Logf("%d of sisimai's %d files carry no such sign; %d of these were answered:\n%s",
		len(machines), countPrefix(paths, "sisimai/"), len(answeredMachines), strings.Join(answeredMachines, "\n"))

	// What went over the wire is what the outbox says, and answers no robot.
	known := map[string]store.Audience{}
	for _, o := range s.outbox() {
		known[o.Ref] = o.Audience
		if o.State != store.Sent {
			t.Logf("delivery %d to %s is %s: %s", o.ID, o.Audience, o.State, o.Error)
		}
	}
	robots := map[string]string{}
	people := map[string]bool{}
	for i, r := range raws {
		id := messageIDOf(r)
		if len(automatic(r)) > 0 {
			robots[id] = paths[i]
		} else {
			people[id] = true
		}
	}
	sent := world.Mails()
	twice := map[string]bool{}
	for _, m := range sent {
		audience, ok := known[m.MessageID]
		if !ok || twice[m.MessageID] {
			t.Errorf("a mail to %v with the id %s is not in the outbox, or was sent twice", m.To, m.MessageID)
		}
		twice[m.MessageID] = true
		if audience != store.ForCustomer {
			continue
		}
		if m.Header.Get("Auto-Submitted") != "auto-replied" {
			t.Errorf("an answer to %v does not say that it is automatic", m.To)
		}
		for _, id := range ids(m, "In-Reply-To") {
			if p, ok := robots[id]; ok && !people[id] {
				t.Errorf("%s got an answer", p)
			}
		}
	}

	log, end = s.serve()
	if err := log.wait(ctx, logUp, 1); err != nil {
		t.Fatal(err)
	}
	s.settled(ctx, 0)
	end()
	if n := len(s.ledger()); n != len(entries) {
		t.Errorf("a second run left %d rows, and the first %d", n, len(entries))
	}
	if n := len(world.Mails()); n != len(sent) {
		t.Errorf("a second run sent %d mails", n-len(sent))
	}
}

// answersOf returns what the bot told customers, by the ledger row of the mail
// that it answers: the customer's last one before it in the conversation.
func answersOf(t testing.TB, s *site) map[int64][]store.Delivery {
	t.Helper()
	all := map[int64][]store.Delivery{}
	deliveries := s.outbox()
	s.read(func(snap *store.Snapshot) error {
		for _, o := range deliveries {
			if o.Audience != store.ForCustomer {
				continue
			}
			var out channels.Outbound
			if err := json.Unmarshal(o.Payload, &out); err != nil {
				return err
			}
			m, err := snap.Message(o.Message)
			if err != nil {
				return err
			}
			said, err := snap.Said(m.Conversation, false, 0)
			if err != nil {
				return err
			}
			var last store.Message
			for _, before := range said {
				if before.ID < m.ID && before.Author != store.ByBot && before.Author != store.ByStaff {
					last = before
				}
			}
			if last.Ledger == 0 {
				t.Errorf("delivery %d answers nothing", o.ID)
			}
			all[last.Ledger] = append(all[last.Ledger], o)
		}
		return nil
	})
	return all
}

// ruleOf returns the rule that decided about a mail, and why.
func ruleOf(s *site, e store.Entry) (rule string) {
	s.t.Helper()
	s.read(func(snap *store.Snapshot) error {
		m, err := snap.Message(e.Message)
		if err != nil {
			return err
		}
		events, err := snap.ConversationEvents(m.Conversation)
		for _, ev := range events {
			if ev.Kind == "decided" && ev.Message == m.ID {
				rule = fmt.Sprintf("%v (%v)", ev.Data["rule"], ev.Data["why"])
			}
		}
		return err
	})
	return rule
}

// handedOver reports whether people have the conversation of a mail.
func handedOver(s *site, e store.Entry) (yes bool) {
	s.t.Helper()
	s.read(func(snap *store.Snapshot) error {
		m, err := snap.Message(e.Message)
		if err != nil {
			return err
		}
		conv, err := snap.Conversation(m.Conversation)
		yes = conv.Case != 0
		return err
	})
	return yes
}

func countPrefix(all []string, prefix string) (n int) {
	for _, s := range all {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

// messageIDOf returns the id of a raw mail, or something that is no id.
func messageIDOf(raw []byte) string {
	for _, line := range strings.Split(string(raw), "\n") {
		if strings.TrimSpace(line) == "" {
			break
		}
		if name, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Message-ID") {
			return strings.Trim(strings.TrimSpace(v), "<>")
		}
	}
	return "none"
}
