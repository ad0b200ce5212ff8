package faq

import "time"

// An Entry is one thing that customers ask and its approved answer, in one or
// more languages. It is read-only.
type Entry struct {
	ID        string
	Questions map[string][]string // by language: how customers ask it
	Answers   map[string]string   // by language: Markdown, variables filled in
	Written   map[string]string   // by language: the answers as they stand in the file
	Not       map[string][]string // by language: questions that this entry must not answer
	Expect    map[string][]string // by language: questions that it must answer, kept for tests: nothing is learned from them
	Tags      []string
	Related   []string  // ids of entries worth offering beside this one
	Channels  []string  // that may give the answer; none means all
	From      time.Time // the answer holds from then on; zero: always did
	Until     time.Time // the first moment at which it holds no more; zero: none
	File      string    // where it was read
	Line      int

	places    map[string]int // lines of its texts, and of its languages
	languages []string       // of this entry, in the order of Options.Languages
}

// Title is what a customer sees on a choice button: the first question in the
// language, or in the first language that the entry has.
func (e *Entry) Title(lang string) string {
	if q := e.Questions[lang]; len(q) > 0 {
		return q[0]
	}
	for _, l := range e.languages {
		if q := e.Questions[l]; len(q) > 0 {
			return q[0]
		}
	}
	return e.ID
}

// Answer gives the answer in the language, or failing that in the first
// language that the entry has, and says which; ok is false only if there is no
// answer at all.
func (e *Entry) Answer(lang string) (text, textLang string, ok bool) {
	if a, ok := e.Answers[lang]; ok {
		return a, lang, true
	}
	for _, l := range e.languages {
		if a, ok := e.Answers[l]; ok {
			return a, l, true
		}
	}
	return "", "", false
}
