package faq

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const good = `entries:
  - id: hours
    tags: [contact]
    related: [phone]
    zh:
      questions: [你们的上班时间是什么时候?, 周末上班吗]
      answer: |
        我们的人工服务时间是 {{hours}}。

        欢迎留言。
    en:
      questions: What are your opening hours?
      answer: We are open {{ hours }}.
  - id: phone
    en:
      questions:
        - What is your phone number?
        - "Phone: which one?"
      answer: Call **{{phone}}**.
`

func TestLoad(t *testing.T) {
	x, err := Load(t.Context(), []string{write(t, "faq.yaml", "\ufeff"+strings.ReplaceAll(good, "\n", "\r\n"))}, sampleOptions())
	if err != nil {
		t.Fatal(err)
	}
	e, ok := x.Entry("hours")
	if !ok || len(x.Entries()) != 2 {
		t.Fatalf("entries: %v", x.Entries())
	}
	if got, want := e.Answers["zh"], "我们的人工服务时间是 周一至周五 9:00–17:00。\n\n欢迎留言。"; got != want {
		t.Errorf("zh answer %q, want %q", got, want)
	}
	if got := e.Title("zh"); got != "你们的上班时间是什么时候?" {
		t.Errorf("zh title %q", got)
	}
	if e.Line != 2 || len(e.Tags) != 1 || len(e.Related) != 1 || len(e.Questions["en"]) != 1 {
		t.Errorf("entry %+v", e)
	}
	p, _ := x.Entry("phone")
	if text, lang, ok := p.Answer("zh"); !ok || lang != "en" || text != "Call **123-456-7890**." {
		t.Errorf("fallback answer %q %q %v", text, lang, ok)
	}
	if got := p.Title("zh"); got != "What is your phone number?" {
		t.Errorf("fallback title %q", got)
	}
}

func TestLoadProblems(t *testing.T) {
	entry := func(rest string) string { return "entries:\n  - id: a\n" + rest }
	const en = "    en: {questions: [How?], answer: So.}\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "no entries"},
		{"unknown top key", "entry: []\n", ":1: unknown key entry; did you mean entries?"},
		{"unknown entry key", entry("    tag: [x]\n" + en), ":3: unknown key tag in an entry; did you mean tags?"},
		{"unknown part key", entry("    en: {question: [How?], answer: So.}\n"), ":3: entry a, en: unknown key question; did you mean questions?"},
		{"no questions", entry("    en: {questions: [], answer: So.}\n"), ":3: entry a, en: no questions"},
		{"empty question", entry("    en:\n      questions:\n        - How?\n        -\n      answer: So.\n"), ":6: an item of questions is empty"},
		{"no answer", entry("    en: {questions: [How?]}\n"), ":3: entry a, en: answer missing"},
		{"empty answer", entry("    en: {questions: [How?], answer: ' '}\n"), ":3: entry a, en: the answer is empty"},
		{"empty language", entry("    en:\n"), ":3: entry a, en: empty"},
		{"nothing in it", entry(""), "entry a has no questions and answer"},
		{"no id", "entries:\n  - en: {questions: [How?], answer: So.}\n", ":2: an entry has no id"},
		{"bad id", "entries:\n  - id: a b\n" + en, `:2: id "a b" has characters`},
		{"duplicate id", entry(en) + "  - id: a\n    en: {questions: [Why?], answer: So.}\n", ":4: entry a exists already"},
		{"duplicate question", entry(en) + "  - id: b\n    en: {questions: [how], answer: No.}\n", `:4: entry b asks "how", and so does a`},
		{"related", entry("    related: [b]\n" + en), ":2: entry a is related to b, which does not exist"},
		{"related typo", "entries:\n  - id: office\n    related: [ofice]\n" + en, "did you mean office?"},
		{"variable", entry("    en: {questions: [How?], answer: 'Call {{fone}}.'}\n"), ":3: entry a, en: unknown variable {{fone}}; did you mean phone?"},
		{"unset variable", entry("    en: {questions: [How?], answer: 'Fax {{fax}}.'}\n"), ":3: entry a, en: {{fax}} has no value in language en"},
		{"language", entry(en + "    fr: {questions: [Comment?], answer: Ainsi.}\n"), ":4: language fr is not served (zh, en)"},
		{"colon in a question", "entries:\n  - id: a\n    en:\n      questions:\n        - How: so?\n      answer: So.\n", ":5: an item of questions should be a text but contains `: `"},
		{"not utf-8", "entries:\n  - id: \xff\n", ":2: is not UTF-8 text"},
		{"tab", "entries:\n\t- id: a\n", ":2: "},
		{"broken", "entries: [\n", ":1: "},
		{"list of texts", "entries:\n  - a\n", ":2: an entry should be a list of `key: value`"},
		{"alias", entry("    en: {questions: *q, answer: So.}\n"), ":3: questions should be a list"},
		{"second document", good + "---\nentries: []\n", "a second YAML document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := sampleOptions()
			o.Vars[""]["fax"] = ""
			path := write(t, "faq.yaml", c.text)
			x, err := Load(t.Context(), []string{path}, o)
			var e *Error
			if x != nil || !errors.As(err, &e) {
				t.Fatalf("got %v, %v; want an *Error", x, err)
			}
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestLoadTellsAllProblemsOfAllFiles(t *testing.T) {
	one := write(t, "one.yaml", "entries:\n  - id: a\n    colour: red\n    en: {questions: [How?], answer: '{{nope}}'}\n")
	two := write(t, "two.yaml", "entries:\n  - id: a\n    en: {questions: [How?], answer: ''}\n")
	missing := filepath.Join(t.TempDir(), "three.yaml")
	_, err := Load(t.Context(), []string{one, two, missing}, sampleOptions())
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if len(e.Problems) != 5 {
		t.Errorf("%d problems, want 5:\n%v", len(e.Problems), err)
	}
	for _, p := range e.Problems {
		if p.File == "" || p.Message == "" || p.Remedy == "" {
			t.Errorf("incomplete: %+v", p)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("entries:\n  - id: a\n    en: {questions: *x, answer: !!t &y So.}\n"))
	f.Add([]byte("entries: {a: [}\n"))
	f.Add([]byte("? entries\n: - id\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 {
			return
		}
		x, err := load(t.Context(), []source{{path: "faq.yaml", data: data}}, sampleOptions())
		if (x == nil) == (err == nil) {
			t.Fatalf("index %v, error %v", x, err)
		}
		if x == nil {
			return
		}
		for _, e := range x.Entries() {
			if _, _, ok := e.Answer("zh"); !ok || e.ID == "" || e.Title("en") == "" {
				t.Fatalf("accepted without id, title or answer: %+v", e)
			}
		}
	})
}
