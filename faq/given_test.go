package faq

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The hours of a holiday take the place of the others, in the company's zone, and
// both may have the same questions. What is for one channel is not given in
// another.
const seasons = `entries:
  - id: hours
    until: 2026-09-30
    en: {questions: [What are your opening hours?, When are you open?], answer: Nine to five.}
  - id: holiday
    from: 2026-10-01
    until: 2026-10-07 12:00
    en: {questions: [What are your opening hours?, When are you open?], answer: We are closed.}
  - id: members
    channels: [chat]
    en: {questions: [How do I reset my staff password?, I forgot my staff login], answer: Ask the help desk.}
  - id: password
    channels: [support]
    en: {questions: [How do I reset my password?, I forgot my login], answer: Use the link.}
  - id: parking
    en: {questions: [Where can I park my car?, Is there a car park?], answer: Behind the house.}
`

func TestForTimeAndChannel(t *testing.T) {
	zone := time.FixedZone("east", 8*3600)
	x, err := Load(t.Context(), []string{write(t, "faq.yaml", seasons)}, Options{Location: zone, Channels: []string{"chat", "support"}})
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		d, err := time.ParseInLocation("2006-01-02 15:04:05", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		now, channel, text, want string
	}{
		{"2026-09-30 23:59:59", "", "When are you open?", "hours"},
		{"2026-10-01 00:00:00", "", "When are you open?", "holiday"},
		{"2026-10-07 11:59:59", "", "When are you open?", "holiday"},
		{"2026-10-07 12:00:00", "", "When are you open?", ""},
		{"2026-10-07 12:00:00", "chat", "I forgot my staff login", "members"},
		{"2026-10-07 12:00:00", "support", "I forgot my login", "password"},
		{"2026-10-07 12:00:00", "support", "Where can I park?", "parking"},
		{"2026-10-07 12:00:00", "other", "I forgot my login", ""},
	} {
		q := x.For(at(c.now), c.channel).Read(c.text).Questions[0]
		got := ""
		if q.Outcome == Answer {
			got = q.Matches[0].Entry.ID
		}
		if got != c.want {
			t.Errorf("%s, %s: %q: %q, want %q; %s", c.now, c.channel, c.text, got, c.want, brief(q))
		}
		for _, m := range q.Matches {
			if !m.Entry.Given(at(c.now), c.channel) {
				t.Errorf("%s, %s: %q matches %s", c.now, c.channel, c.text, m.Entry.ID)
			}
		}
	}
	view := x.For(at("2026-10-08 00:00:00"), "chat")
	if _, ok := view.Entry("hours"); ok || len(view.Entries()) != 2 {
		t.Errorf("after the holidays, in the chat: %d entries", len(view.Entries()))
	}
	if _, ok := x.Entry("hours"); !ok || x.For(time.Time{}, "") != x {
		t.Error("a view changed the index, or one without limits is another index")
	}
	none, err := Load(t.Context(), []string{write(t, "faq.yaml", strings.Replace(seasons[:strings.Index(seasons, "  - id: holiday")], "hours?", "hours, please?", 1))}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if q := none.For(at("2027-01-01 00:00:00"), "").Read("When are you open?").Questions; len(q) != 1 || len(q[0].Matches) > 0 {
		t.Errorf("no entry holds any more, and there are matches: %+v", q)
	}
}

func TestGivenProblems(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"until: 2026-09-30", "until: 2026-09-31", `:3: until: "2026-09-31" is no date; write it like 2026-10-01`},
		{"from: 2026-10-01", "from: 2026-10-08", ":5: entry holiday ends before it begins"},
		{"until: 2026-09-30", "until: 2026-10-01", `:5: entry holiday asks "What are your opening hours?", and so does hours`},
		{"channels: [chat]", "channels: [chatt]", ":10: there is no channel chatt; did you mean chat?"},
		{"channels: [chat]", "audience: chat", ":10: unknown key audience in an entry; write `channels: [support]`"},
	} {
		_, err := Load(t.Context(), []string{write(t, "faq.yaml", strings.Replace(seasons, c.from, c.to, 1))}, Options{Channels: []string{"chat", "support"}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got\n%v\nwant %s", c.to, err, c.want)
		}
	}
}

func TestInclude(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	entry := func(id string) string {
		return "entries:\n  - id: " + id + "\n    en: {questions: [What is " + id + "?], answer: It is " + id + ".}\n"
	}
	main := put("main.yaml", "include: [more/one.yaml, two.yaml]\n"+entry("zero"))
	put("more/one.yaml", "include: ../two.yaml\n"+entry("one"))
	two := put("two.yaml", entry("two"))
	x, err := Load(t.Context(), []string{main, two}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range x.Entries() {
		ids = append(ids, e.ID)
	}
	if !slices.Equal(ids, []string{"two", "one", "zero"}) {
		t.Errorf("entries %v", ids)
	}

	put("two.yaml", "include:\n  - main.yaml\n  - gone.yaml\n"+entry("two"))
	_, err = Load(t.Context(), []string{main}, Options{})
	for _, want := range []string{
		"two.yaml:2: includes itself: " + main + " → " + filepath.Join(dir, "more/one.yaml") + " → " + two + " → " + main + "; remove one",
		"two.yaml:3: includes gone.yaml, which cannot be read: there is no such file; check the name",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got\n%v\nwant %s", err, want)
		}
	}
	if err != nil && len(strings.Split(err.Error(), "\n")) != 2 {
		t.Errorf("told more than once:\n%v", err)
	}
	put("two.yaml", "include: {a: b}\n"+entry("two"))
	if _, err = Load(t.Context(), []string{main}, Options{}); err == nil || !strings.Contains(err.Error(), "two.yaml:1: include should be a list") {
		t.Errorf("got %v", err)
	}
}
