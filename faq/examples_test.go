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

func has(r Reading, name, topic string) bool {
	return slices.ContainsFunc(r.Intents, func(i Intent) bool { return i.Name == name && i.Topic == topic && i.Score >= actOn })
}

// writeIntents writes an operator's file of examples.
func writeIntents(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "intents.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func loadWith(t *testing.T, path string) (*Index, error) {
	t.Helper()
	o := sampleOptions()
	o.Intents = []string{path}
	return Load(t.Context(), []string{samplePath}, o)
}

// An operator's examples are understood, and so is what is like them; the rest
// is read as before.
func TestOwnExamplesAreUnderstood(t *testing.T) {
	x, err := loadWith(t, "../cmd/frontdesk/init/intents.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"Get me the concierge!":                Human,
		"please get me the concierge":          Human,
		"叫管家来":                                 Human,
		"麻烦叫管家来一下":                             Human,
		"what does the concierge service cost": "",
		"管家服务怎么收费":                             "",
		"我要投诉":                                 Complaint,
		"where is my parcel":                   "",
	} {
		r := x.Read(text)
		got := ""
		if len(r.Intents) > 0 {
			got = r.Intents[0].Name
		}
		if got != want {
			t.Errorf("%q wants %q, read as %v", text, want, r.Intents)
		}
	}
	if !has(x.Read("让值班的打到我办公室"), Request, TopicCallback) {
		t.Errorf("read as %v", x.Read("让值班的打到我办公室").Intents)
	}
}

// A counter-example has the last word over rules, for that very message.
func TestCounterExampleOverrulesRules(t *testing.T) {
	x, err := loadWith(t, writeIntents(t, "intents: {human: {not: [\"Live Agent\"]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if has(x.Read("live agent"), Human, "") || !has(x.Read("live agent please"), Human, "") || !has(sample(t).Read("live agent"), Human, "") {
		t.Errorf("read as %v and %v", x.Read("live agent").Intents, x.Read("live agent please").Intents)
	}
}

func TestMistakesInExamplesAreToldWithTheirLine(t *testing.T) {
	path := writeIntents(t, `intents:
  humans:
    examples: [a]
  request refnd:
    examples: [a]
  complaint:
    exmples: [b]
  praise:
    not: [""]
others: []
`)
	_, err := loadWith(t, path)
	var all *Error
	if !errors.As(err, &all) {
		t.Fatalf("%v, want the mistakes", err)
	}
	var got []string
	for _, p := range all.Problems {
		got = append(got, strings.TrimPrefix(p.String(), path))
	}
	want := []string{
		":2: there is no intent humans; did you mean human?",
		":4: there is no intent request refnd; did you mean request refund?",
		":7: unknown key exmples; did you mean examples?",
		":9: an item of not is empty; write it or remove the line",
		":10: unknown key others; a file of intents has the single key `intents`",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if _, err := loadWith(t, path+".none"); err == nil || !strings.Contains(err.Error(), "`intents:` in the configuration") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// Live follows files of examples as it follows the FAQ.
func TestExamplesAreReadAgain(t *testing.T) {
	path := writeIntents(t, "intents: {human: {examples: [fetch the butler]}}\n")
	o := sampleOptions()
	o.Intents = []string{path}
	l, err := NewLive(t.Context(), []string{samplePath}, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !has(l.Index().Read("fetch the butler"), Human, "") || has(l.Index().Read("summon Jeeves"), Human, "") {
		t.Fatal("the examples are not in use")
	}
	if err := os.WriteFile(path, []byte("intents: {human: {examples: [summon Jeeves]}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	l.look(t.Context())
	if !has(l.Index().Read("summon Jeeves"), Human, "") || has(l.Index().Read("fetch the butler"), Human, "") {
		t.Error("the changed examples are not in use")
	}
}

// What is measured must not be learnt: no labelled message is an example.
func TestExamplesHoldNoLabelledMessage(t *testing.T) {
	like, err := embeddedLikeness()
	if err != nil {
		t.Fatal(err)
	}
	w := words(t)
	for _, lang := range []string{"en", "zh"} {
		for _, set := range []string{"human", "complaint", "urgent"} {
			for _, m := range labelledMessages(t, set+"_"+lang+".txt") {
				if m.has && len(like.exact[trimMarks(w.normalize(m.text))]) > 0 {
					t.Errorf("%s_%s.txt: %q is an example", set, lang, m.text)
				}
			}
		}
	}
}
