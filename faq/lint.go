package faq

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Finding is something in an FAQ that loads and is still not as it should be.
type Finding struct {
	Problem
	Check  string // which check found it, such as near-duplicate
	Entry  string // id
	Severe bool   // an error; otherwise a warning
}

// What Lint measures by.
const (
	// fewQuestions is how many an entry should have at least in each language: with
	// fewer the matcher learns one wording and not the matter.
	fewQuestions = 3
	// longAnswer is how many characters fit into one screen of a chat; Slack cuts
	// what is above 12,000 into several messages.
	longAnswer = 3000
	// almostTheSame is the cosine from which two questions differ in nothing that
	// tells two answers apart.
	almostTheSame = .84
)

// Lint looks for what loads and is still probably a mistake, in the order of files
// and lines: the same question twice, questions of two entries that hardly differ,
// two entries with one answer, languages that an entry lacks, links that lead
// nowhere, answers that are too long, questions without words, entries with too few
// questions or out of date, expected questions that test nothing or contradict each other. languages are
// those that the company serves.
func (x *Index) Lint(languages []string, now time.Time) []Finding {
	l := &linter{x: x, languages: languages, now: now}
	for _, e := range x.entries {
		l.entry(e)
	}
	l.sameAnswers()
	l.nearDuplicates()
	l.expected()
	slices.SortStableFunc(l.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return l.found
}

type linter struct {
	x         *Index
	languages []string
	now       time.Time
	found     []Finding
}

// warn notes a finding at a text of an entry, or at the entry.
func (l *linter) warn(check string, e *Entry, at, message, remedy string) *Finding {
	f := Finding{Problem: Problem{File: e.File, Line: e.line(at), Column: 1, Message: message, Remedy: remedy}, Check: check, Entry: e.ID}
	l.found = append(l.found, f)
	return &l.found[len(l.found)-1]
}

// line is where a text of the entry, or the answer of a language, stands.
func (e *Entry) line(text string) int {
	if n := e.places[text]; n > 0 {
		return n
	}
	return e.Line
}

func (l *linter) entry(e *Entry) {
	for _, lang := range l.languages {
		if _, ok := e.Answers[lang]; !ok {
			l.warn("missing-translation", e, "", fmt.Sprintf("entry %s has no %s", e.ID, lang), "write `"+lang+":` with questions and an answer; until then such questions go to a person")
		}
	}
	for _, lang := range e.languages {
		seen := map[string]bool{}
		for _, q := range e.Questions[lang] {
			if len(l.x.vector(q)) == 0 {
				l.warn("no-content", e, q, fmt.Sprintf("entry %s has the question %q, in which there are no words", e.ID, q), "write it in words, or remove it: it is never found")
				continue
			}
			if seen[QuestionKey(q)] {
				l.warn("duplicate", e, q, fmt.Sprintf("entry %s asks %q twice", e.ID, q), "remove one of the two")
			}
			seen[QuestionKey(q)] = true
		}
		if n := len(seen); n < fewQuestions {
			l.warn("few-questions", e, lang, fmt.Sprintf("entry %s, %s: %s", e.ID, lang, plural(n, "question")),
				fmt.Sprintf("write at least %d, in customers' own words", fewQuestions))
		}
		if n := utf8.RuneCountInString(e.Answers[lang]); n > longAnswer {
			l.warn("long-answer", e, lang, fmt.Sprintf("entry %s, %s: the answer has %d characters", e.ID, lang, n),
				fmt.Sprintf("shorten it to %d, or link to a page: nobody reads more in a chat, and Slack splits it above 12000", longAnswer))
		}
	}
	if !e.Until.IsZero() && !l.now.Before(e.Until) {
		l.warn("out-of-date", e, "", fmt.Sprintf("entry %s is given no longer since %s", e.ID, e.Until.Format("2006-01-02 15:04")), "remove it, or change `until`")
	}
	for _, id := range e.Related {
		switch o := l.x.byID[id]; {
		case id == e.ID:
			l.warn("dead-link", e, "", fmt.Sprintf("entry %s is related to itself", e.ID), "remove it from `related`")
		case !e.meets(o):
			l.warn("dead-link", e, "", fmt.Sprintf("entry %s is related to %s, which is never given at the same time and in the same channel", e.ID, id), "remove it from `related`")
		}
	}
}

func (l *linter) sameAnswers() {
	first := map[string]*Entry{}
	for _, e := range l.x.entries {
		for _, lang := range e.languages {
			key := lang + "\n" + strings.Join(strings.Fields(e.Answers[lang]), " ")
			switch o := first[key]; {
			case o == nil:
				first[key] = e
			case o != e && o.meets(e):
				l.warn("duplicate", e, lang, fmt.Sprintf("entry %s, %s: the answer is that of %s (%s:%d)", e.ID, lang, o.ID, o.File, o.line(lang)), "make them one entry with the questions of both")
			}
		}
	}
}

// nearDuplicates compares every question with those of other entries. Two entries
// are named once, by the two questions that are most alike.
func (l *linter) nearDuplicates() {
	type asked struct {
		entry *Entry
		text  string
	}
	type pair struct{ a, b *Entry }
	type alike struct {
		a, b   asked
		cosine float32
	}
	var all []asked
	closest := map[pair]alike{}
	var order []pair
	like := l.x.newNearby()
	for _, e := range l.x.entries {
		for _, lang := range e.languages {
			for _, q := range e.Questions[lang] {
				v := l.x.vector(q)
				like.like(v, almostTheSame, func(n int, c float32) {
					o := all[n]
					if o.entry == e || !o.entry.meets(e) {
						return
					}
					p := pair{o.entry, e}
					was, ok := closest[p]
					if !ok {
						order = append(order, p)
					}
					if c > was.cosine {
						closest[p] = alike{o, asked{e, q}, c}
					}
				})
				like.add(v)
				all = append(all, asked{e, q})
			}
		}
	}
	for _, p := range order {
		f := closest[p]
		l.warn("near-duplicate", f.b.entry, f.b.text, fmt.Sprintf("entry %s asks %q, which is almost %q of %s (%s:%d)", f.b.entry.ID, f.b.text,
			f.a.text, f.a.entry.ID, f.a.entry.File, f.a.entry.line(f.a.text)), "say it so that the two can be told apart, or leave it in the entry whose answer fits it")
	}
}

func (l *linter) expected() {
	first, learned := map[string][]*Entry{}, map[string][]*Entry{}
	for _, e := range l.x.entries {
		for _, lang := range e.languages {
			for _, q := range e.Questions[lang] {
				learned[QuestionKey(q)] = append(learned[QuestionKey(q)], e)
			}
		}
	}
	for _, e := range l.x.entries {
		for _, lang := range e.languages {
			for _, q := range e.Expect[lang] {
				key := QuestionKey(q)
				for _, o := range first[key] {
					if o != e && o.meets(e) {
						l.warn("expect", e, q, fmt.Sprintf("entry %s expects %q, and so does %s (%s:%d)", e.ID, q, o.ID, o.File, o.line(q)), "leave it where the answer fits").Severe = true
					}
				}
				first[key] = append(first[key], e)
				for _, o := range slices.Compact(learned[key]) {
					if o == e {
						l.warn("expect", e, q, fmt.Sprintf("entry %s expects %q, which is one of its questions", e.ID, q), "a test with what was learned shows nothing: write it in other words")
					} else if o.meets(e) {
						l.warn("expect", e, q, fmt.Sprintf("entry %s expects %q, which is a question of %s (%s:%d)", e.ID, q, o.ID, o.File, o.line(q)), "decide whose it is, and remove the other").Severe = true
					}
				}
			}
		}
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
