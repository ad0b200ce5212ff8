package bot

import (
	"testing"

	"frontdesk/store"
)

// What is foreseen is what is decided on the first message of a talk.
func TestForesee(t *testing.T) {
	x := sampleIndex(t, talkConfig(t).Calendar)
	for _, c := range []struct{ text, rule, gives, lang string }{
		{"Are you open on weekends?", "faq", "office-hours", "en"},
		{"你们周末上班吗", "faq", "office-hours", "zh"},
		{"I want a refund for my order", "request", "", "en"},
		{"I want to complain about your courier", "complaint", "", "en"},
		{"我要投诉。另外周末上班吗？", "complaint", "office-hours", "zh"},
		{"Are you open on weekends? I want to speak to a person", "human", "", "en"},
		{"How is my case 1042 going? And are you open on weekends?", "status", "", "en"},
		{"Can you tune forty pianos?", "unsure", "", "en"},
		{"hello", "greeting", "", "en"},
	} {
		r := x.Read(c.text)
		d, lang := Foresee(c.text, r, []string{"zh", "en"}, false)
		if d.Rule != c.rule || lang != c.lang {
			t.Errorf("%q: rule %s in %s, want %s in %s", c.text, d.Rule, lang, c.rule, c.lang)
		}
		for _, e := range x.Entries() {
			if d.Gives(e.ID) != (e.ID == c.gives) {
				t.Errorf("%q: gives %s: %v, want %q", c.text, e.ID, d.Gives(e.ID), c.gives)
			}
		}
		s := moment{state: store.WithBot}.situation(t, c.text)
		s.Lang = lang
		if want := decide(s); d.Rule != want.Rule {
			t.Errorf("%q: foreseen %s, decided %s", c.text, d.Rule, want.Rule)
		}
	}
	// Who serves no language of the customer's answers in English if it can, else in
	// its first.
	for _, c := range []struct {
		languages []string
		want      string
	}{{[]string{"zh", "en"}, "en"}, {[]string{"zh"}, "zh"}} {
		if _, lang := Foresee("営業時間", x.Read("営業時間を教えてください"), c.languages, false); lang != c.want {
			t.Errorf("Japanese, of %v: %s, want %s", c.languages, lang, c.want)
		}
	}
}
