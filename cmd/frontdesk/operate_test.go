package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/channels/mail"
	"frontdesk/channels/mail/mailtest"
	"frontdesk/store"
)

// operated is a site beside servers in this process.
type operated struct {
	*site
	world *mailtest.World
	as    string // who acts, where a command does not say
}

func newOperated(t *testing.T) *operated {
	t.Helper()
	w, err := mailtest.New("acme.example", mailtest.Options{Sockets: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	w.Account("support", "secret")
	host, port := w.IMAP()
	smtpHost, smtpPort := w.SMTP()
	return &operated{newSite(t, &mailtest.DovecotServer{Host: host, Port: port}, smtpHost, smtpPort), w, ""}
}

func (o *operated) deliver(raw []byte) {
	o.t.Helper()
	if err := o.world.Deliver("support", raw); err != nil {
		o.t.Fatal(err)
	}
}

func (o *operated) next(address string) string {
	o.t.Helper()
	m, err := o.world.Next(within(o.t, 10*time.Second), address)
	if err != nil {
		o.t.Fatal(err)
	}
	return textOf(o.t, m)
}

// try runs a command and returns its exit code and what it printed.
func (o *operated) try(in string, args ...string) (code int, out, errs string) {
	o.t.Helper()
	acts := args[0] == "pause" || args[0] == "resume" || args[0] == "case" && args[1] != "show" && args[1] != "list"
	if acts && o.as != "" && !slices.Contains(args, "--as") {
		args = append(args, "--as", o.as)
	}
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), append(args, "--config", o.config()), strings.NewReader(in), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// cli runs a command that must succeed.
func (o *operated) cli(args ...string) string {
	o.t.Helper()
	code, out, errs := o.try("", args...)
	if code != 0 {
		o.t.Fatalf("frontdesk %s: exit %d\n%s", strings.Join(args, " "), code, errs)
	}
	return out
}

// askJSON runs a command with --json and reads what it printed.
func askJSON[T any](o *operated, args ...string) (v T) {
	o.t.Helper()
	out := o.cli(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		o.t.Fatalf("frontdesk %s --json: %v\n%s", strings.Join(args, " "), err, out)
	}
	return v
}

// refused fails unless a command exits 1 and says this.
func (o *operated) refused(want string, args ...string) {
	o.t.Helper()
	code, out, errs := o.try("", args...)
	if code != 1 || !strings.Contains(errs, want) || strings.Contains(errs, "Usage:") {
		o.t.Errorf("frontdesk %s: exit %d\n%s%s, want 1 and %q", strings.Join(args, " "), code, out, errs, want)
	}
}

const hard = "Can your warp core be tuned to 4.2 cochranes per parsec?"

// A whole case from the command line, beside a running serve, which sends within
// seconds what others write.
func TestCaseCommands(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	o.serve()
	o.deliver(letterFrom("tom@customers.example", "q1", "Warp core", hard))
	o.next("tom@customers.example")
	o.next(escalations)

	o.refused("--as NAME", "case", "take", "1001")
	o.refused("Li Wei, Ana", "case", "take", "1001")
	o.refused(`"Tom" is not on the staff list`, "case", "take", "1001", "--as", "Tom")
	o.refused("没有这个编号", "case", "take", "1042", "--as", "Ana")
	o.refused("Write its number", "case", "take", "--as", "Ana")
	o.refused("quotes", "case", "note", "1001", "two", "words", "--as", "Ana")
	o.refused("there is no text", "case", "reply", "1001", "--as", "Ana")
	o.refused("还没有答复过客户", "case", "resolve", "1001", "--as", "Ana")
	o.as = "ana"
	if out := o.cli("case", "take", "1001"); !strings.Contains(out, "taken by Ana") {
		t.Errorf("take says %q", out)
	}
	o.refused("已由Ana", "case", "take", "1001", "--as", "li wei")

	began := time.Now()
	if c := askJSON[store.Case](o, "case", "reply", "1001", "It can, with a spanner."); c.TakenBy != "Ana" || c.ID != 1001 {
		t.Errorf("reply --json prints %+v", c)
	}
	if got := o.next("tom@customers.example"); !strings.Contains(got, "spanner") || !strings.Contains(got, "Ana") {
		t.Errorf("the customer got %q", got)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("serve noticed after %v, want about a second", took)
	}
	if code, _, errs := o.try("from a file\nwith two lines\n", "case", "note", "1001"); code != 0 {
		t.Errorf("a note from stdin: %s", errs)
	}

	o.refused("不在工作时间内", "case", "promise", "1001", "--at", "2199-11-24 15:00") // a Sunday
	o.refused(`required flag(s) "at"`, "case", "promise", "1001")
	o.cli("case", "promise", "1001", "--at", "2199-11-25 15:00")
	if got := o.next("tom@customers.example"); !strings.Contains(got, "25 Nov 2199, 15:00") || strings.Contains(got, "sorry") {
		t.Errorf("the customer got %q, want the time", got)
	}
	o.refused("写上原因", "case", "promise", "1001", "--at", "2199-11-26 15:00")
	o.cli("case", "promise", "1001", "the spanner broke", "--at", "2199-11-26 15:00")
	if got := o.next("tom@customers.example"); !strings.Contains(got, "sorry") || strings.Contains(got, "spanner") {
		t.Errorf("the customer got %q, want an apology and not the reason", got)
	}

	o.refused("工作人员名单里没有“Bob”", "case", "give", "1001", "--to", "Bob")
	if out := o.cli("case", "give", "1001", "she knows spanners", "--to", "Li Wei"); !strings.Contains(out, "Li Wei is accountable, nobody has taken it") {
		t.Errorf("give says %q", out)
	}
	if got := o.next("li@acme.example"); !strings.Contains(got, "she knows spanners") || !strings.Contains(got, "with two lines") {
		t.Errorf("Li Wei got %q, want the reason and the conversation with the note", got)
	}
	o.cli("case", "resolve", "1001")
	o.next("tom@customers.example")
	o.refused("已经解决", "case", "give", "1001", "--to", "Ana")
	if c := askJSON[store.Case](o, "case", "reopen", "1001", "it broke again"); c.Stage != store.StageOpen {
		t.Errorf("reopen --json prints %+v", c)
	}
	if got := o.next(escalations); !strings.Contains(got, "it broke again") {
		t.Errorf("the desk got %q", got)
	}

	show := o.cli("case", "show", "1001")
	for _, part := range []string{"with two lines", "postponed", "given by Ana", "case reopened by Ana"} {
		if !strings.Contains(show, part) {
			t.Errorf("case show says nothing of %q:\n%s", part, show)
		}
	}
	events := askJSON[[]store.Event](o, "event", "list", "--case", "1001", "--kind", "given")
	if len(events) != 1 || events[0].Actor != "Ana" || events[0].Words != "she knows spanners" {
		t.Errorf("event list: %+v", events)
	}
	if out := o.cli("event", "list", "--limit", "2"); strings.Count(out, "\n") != 3 {
		t.Errorf("event list --limit 2 prints\n%s", out)
	}
}

func TestPauseAndStats(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	o.as = "Ana"
	o.serve()
	o.deliver(letterFrom("tom@customers.example", "q1", "Hours", "What are your opening hours?"))
	o.next("tom@customers.example")
	o.refused("staff list", "pause", "--as", "Tom")
	if out := o.cli("pause", "--reason", "wrong price list"); !strings.Contains(out, "silent") || !strings.Contains(out, "Ana") {
		t.Errorf("pause says %q", out)
	}
	o.deliver(letterFrom("amy@customers.example", "q2", "Hours", "What are your opening hours?"))
	if got := o.next(escalations); !strings.Contains(got, "机器人已暂停") {
		t.Errorf("staff got %q", got)
	}
	v := askJSON[shownStats](o, "stats", "--since", "7d")
	if !strings.Contains(v.Paused, "Ana") || v.Answered != 1 || v.Share != 0.5 || total(v.Decisions) != 2 || total(v.Messages) != 2 || total(v.Cases) != 1 || total(v.Opened) != 1 {
		t.Errorf("stats: %+v", v)
	}
	if out := o.cli("stats"); !strings.Contains(out, "THE BOT IS PAUSED") || !strings.Contains(out, "1 of 2 (50 %)") || !strings.Contains(out, "taken 2") {
		t.Errorf("stats prints\n%s", out)
	}
	o.refused("no span of time", "stats", "--since", "yesterday")
	o.refused("no span of time", "stats", "--since", "-3h")
	if out := o.cli("resume"); !strings.Contains(out, "speaks") {
		t.Errorf("resume says %q", out)
	}
	o.deliver(letterFrom("eve@customers.example", "q3", "Hours", "What are your opening hours?"))
	o.next("eve@customers.example")
	if v := askJSON[shownStats](o, "stats"); v.Paused != "" {
		t.Errorf("stats: paused %q", v.Paused)
	}

	c := askJSON[shownCustomer](o, "customer", "show", "Amy@customers.example")
	if len(c.Identities) != 1 || c.Identities[0].Address != "amy@customers.example" || len(c.Conversations) != 1 || len(c.Cases) != 1 {
		t.Errorf("customer show: %+v", c)
	}
	if out := o.cli("customer", "show", strconv.FormatInt(c.Number, 10)); !strings.Contains(out, "mail:amy@customers.example") || !strings.Contains(out, "#1001") {
		t.Errorf("customer show prints\n%s", out)
	}
	o.refused("no customer has the address", "customer", "show", "nobody@customers.example")
	o.refused("there is no customer 99", "customer", "show", "99")
}

func TestOutboxCommands(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	o.world.Fault(mailtest.Fault{Stage: mailtest.AtRcpt, To: "tom@customers.example", Times: 1, Code: 550, Text: "no such user"})
	o.serve()
	o.deliver(letterFrom("tom@customers.example", "q1", "Hours", "What are your opening hours?"))
	o.next(escalations) // it was not delivered
	v := askJSON[struct {
		State   string
		Tries   []store.Attempt
		Payload struct{ To []struct{ Address string } }
	}](o, "outbox", "show", "1")
	if v.State != store.Refused || len(v.Tries) != 1 || v.Tries[0].Outcome != "permanent" || v.Payload.To[0].Address != "tom@customers.example" {
		t.Errorf("outbox show: %+v", v)
	}
	if out := o.cli("outbox", "show", "1"); !strings.Contains(out, "no such user") || !strings.Contains(out, "permanent") || !strings.Contains(out, "tom@customers.example") {
		t.Errorf("outbox show prints\n%s", out)
	}
	o.refused("no row 99", "outbox", "show", "99")
	o.refused("no row 99", "outbox", "retry", "99")
	o.refused("is failed: only what is queued", "outbox", "drop", "1", "--reason", "x")
	if out := o.cli("outbox", "retry", "1"); !strings.Contains(out, "queued") {
		t.Errorf("retry says %q", out)
	}
	if got := o.next("tom@customers.example"); !strings.Contains(got, "service hours") {
		t.Errorf("after the retry the customer got %q", got)
	}
	o.settled(within(t, 10*time.Second), 1)
	o.refused("was sent", "outbox", "retry", "1")
}

// What was dropped stays so, until it is put back.
func TestOutboxDrop(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	_, end := o.serve()
	o.deliver(letterFrom("tom@customers.example", "q1", "Warp core", hard))
	o.next(escalations)
	o.settled(within(t, 10*time.Second), 1)
	end() // nobody sends
	o.cli("case", "reply", "1001", "It can.", "--as", "Ana")
	id := strconv.FormatInt(askJSON[[]store.Delivery](o, "outbox", "list", "--state", "queued")[0].ID, 10)
	o.refused("goes out by itself", "outbox", "retry", id)
	o.refused(`required flag(s) "reason"`, "outbox", "drop", id)
	if d := askJSON[store.Delivery](o, "outbox", "drop", id, "--reason", "answered by phone"); d.State != store.Dropped || d.Error != "answered by phone" {
		t.Errorf("drop: %+v", d)
	}
	events := askJSON[[]store.Event](o, "event", "list", "--kind", "dropped")
	if len(events) != 1 || events[0].Actor != "operator" || events[0].Words != "answered by phone" {
		t.Errorf("events %+v", events)
	}
	o.cli("outbox", "retry", id)
	o.serve()
	for {
		if got := o.next("tom@customers.example"); strings.Contains(got, "It can.") {
			break
		}
	}
}

func TestLedgerCheckAndReplay(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	if code, _, errs := o.try("", "ledger", "check"); code != 1 || !strings.Contains(errs, "no database yet") {
		t.Errorf("without a database: %d, %s", code, errs)
	}
	_, end := o.serve()
	o.deliver(letterFrom("tom@customers.example", "q1", "Hours", "What are your opening hours?"))
	o.deliver(letterFrom("eve@customers.example", "q2", "Hours", "What are your opening hours?", "X-Spam-Flag: YES"))
	o.next("tom@customers.example")
	o.settled(within(t, 10*time.Second), 2)
	end()
	o.deliver(letterFrom("amy@customers.example", "q3", "Hours", "What are your opening hours?"))
	check := func() mail.Comparison {
		t.Helper()
		_, out, _ := o.try("", "ledger", "check", "--json")
		var all []checked
		if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 1 || all[0].Channel != "support" {
			t.Fatalf("ledger check --json prints %q: %v", out, err)
		}
		return all[0].Comparison
	}
	if c := check(); c.Held != 3 || c.Known != 2 || c.ToCome != 1 || len(c.Lost) != 0 {
		t.Errorf("%+v, want two known and one to come", c)
	}
	if out := o.cli("ledger", "check"); !regexp.MustCompile(`support: 3 mails in INBOX, 2 of them in the ledger, 1 still to come, 0 lost`).MatchString(out) {
		t.Errorf("ledger check prints %q", out)
	}

	rows := askJSON[[]store.Entry](o, "ledger", "list", "--disposition", "quarantined")
	if len(rows) != 1 {
		t.Fatalf("%d rows are quarantined, want 1", len(rows))
	}
	o.refused("only what failed or was quarantined", "ledger", "replay", "1")
	o.refused("no such row", "ledger", "replay", "99")
	if e := askJSON[store.Entry](o, "ledger", "replay", strconv.FormatInt(rows[0].ID, 10)); e.Disposition != store.Taken || e.Message == 0 {
		t.Errorf("replay: %+v", e)
	}
	o.refused("it is taken", "ledger", "replay", strconv.FormatInt(rows[0].ID, 10))
	_, end = o.serve()
	o.next("eve@customers.example")
	o.next("amy@customers.example")
	end()
	if c := check(); c.Known != 3 || c.ToCome != 0 {
		t.Errorf("%+v, want all known", c)
	}

	// A row that is gone, as after a restore from an old copy with a newer cursor.
	o.forget()
	code, out, errs := o.try("", "ledger", "check")
	if code != 1 || !strings.Contains(out, "UID 1 is not in the ledger") || !strings.Contains(errs, "passed over") {
		t.Errorf("with a lost mail: exit %d\n%s%s", code, out, errs)
	}
	o.world.Close()
	if code, out, errs := o.try("", "ledger", "check"); code != 1 || !strings.Contains(out, "not looked at") || !strings.Contains(errs, "doctor") {
		t.Errorf("without a server: exit %d\n%s%s", code, out, errs)
	}
}

// forget makes the first arrival one that was never recorded.
func (o *operated) forget() {
	o.t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(o.dir, "frontdesk.db"))
	if err != nil {
		o.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE ledger SET key = 'another' WHERE id = 1"); err != nil {
		o.t.Fatal(err)
	}
}

func TestStaffMember(t *testing.T) {
	cfg := &Config{File: "frontdesk.yaml", Staff: []StaffMember{{Name: "Li Wei", Mail: "li@acme.example"}, {Name: "Ana", Mail: "ana@acme.example"}}}
	for _, tt := range []struct{ env, as, want string }{
		{"", "Ana", "Ana"}, {"", "ana@acme.example", "Ana"}, {"Ana", "", "Ana"}, {"Ana", "li wei", "Li Wei"}, {"", "", ""}, {"Tom", "", ""}, {"Ana", "Tom", ""},
	} {
		t.Setenv(envAs, tt.env)
		if m, err := staffMember(cfg, tt.as); m.Name != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s=%q --as %q: %q, %v, want %q", envAs, tt.env, tt.as, m.Name, err, tt.want)
		}
	}
}
