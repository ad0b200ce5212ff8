package faq

import (
	"slices"
	"strings"
)

// A Reading is what one message says, as far as rules and the FAQ can tell.
type Reading struct {
	// Lang is "zh" or "en" (any Latin script), another two-letter code for a
	// language told by its script ("ja", "ko", "ru", "ar", …), or "" when the
	// text has no letters that tell.
	Lang string
	// Intents: what the message wants beyond questions, strongest first.
	Intents []Intent
	// Questions: what the message asks or states, in its order; greetings,
	// thanks, signatures and other pleasantries are left out.
	Questions []Question
	// Tone: how it sounds. A grumble is no complaint: this alone opens no case.
	Tone Tone
	// Empty: no content, only a greeting, a fragment, numbers, addresses.
	Empty bool
}

// Wants reports whether the message wants anything beyond an answer. How it is
// said, with haste for example, does not count.
func (r Reading) Wants() bool {
	return slices.ContainsFunc(r.Intents, func(i Intent) bool { return !marks(i.Name) })
}

// An Intent is one thing that a message wants.
type Intent struct {
	Name  string
	Topic string  // of a Request: which act
	Score float64 // 0..1
	Why   string  // the words that decided
}

// A Question is one segment of a message.
type Question struct {
	Text    string   // the customer's words
	Intent  string   // the intent that covers this segment; "" for an ordinary question
	Topic   string   // of a Request
	Matches []Match  // best first, at most 5
	Vetoed  []Match  // entries that would have matched; Example is the question, not for them to answer, that is nearer
	Outcome Outcome  // what they are good for
	Point   Point    // by what that was decided
	Slips   []Slip   // what was misspelt, and read as words of the FAQ
	Unknown []string // words that no example question has
	look    look     // of the best match; zero where another was vetoed
}

// A Match is an entry that may answer a question.
type Match struct {
	Entry   *Entry
	Score   float64 // estimate, 0..1, that this answer is right
	Example string  // the nearest example question
	Why     []Term  // what spoke for it, strongest first
}

// A Term is a word of the question and its share in a match.
type Term struct {
	Text   string
	Weight float64 // the shares of all words add up to at most 1
}

// MaxQuestions is the most that Read finds in one message; what comes later is
// part of the last.
const MaxQuestions = 8

// Read tells what a message wants. It depends on nothing but the text and the
// index, never fails, and takes well under a millisecond for a usual message
// and a usual FAQ. It may be called concurrently.
func (x *Index) Read(text string) Reading {
	text = cut(strings.ToValidUTF8(text, " "), maxText)
	r := Reading{Lang: language(withoutAddresses(text))}
	r.Tone = x.toneOf(text)
	sentences := x.words.understand(text, x.like)
	var closers []Intent
	content := false
	for _, s := range sentences {
		closers = append(closers, s.taken...)
		if s.units > 0 || len(s.wants) > 0 {
			content = true
		}
		for _, w := range s.wants {
			r.Intents = addIntent(r.Intents, w)
		}
	}
	r.Intents = append(r.Intents, x.words.stillNot(sentences)...)
	if !content && len(r.Intents) == 0 {
		for _, c := range closers {
			r.Intents = addIntent(r.Intents, c)
		}
		r.Intents = decided(r.Intents)
		r.Tone = Tone{} // pleasantries say nothing about it
	}
	for i, s := range sentences {
		for _, m := range s.marks {
			// A reply begins with its verdict, which matters if nothing says more.
			if m.Name == Urgent || i == 0 && len(r.Intents) == 0 {
				r.Intents = addIntent(r.Intents, m)
			}
		}
	}
	sortIntents(r.Intents)
	for _, seg := range segments(sentences) {
		r.Questions = append(r.Questions, x.question(seg))
	}
	r.Empty = len(r.Questions) == 0
	return r
}

func withoutAddresses(s string) string {
	if strings.Contains(s, "@") {
		s = mailAddress.ReplaceAllString(s, " ")
	}
	if strings.Contains(s, "://") || strings.Contains(s, "www.") {
		s = webAddress.ReplaceAllString(s, " ")
	}
	return s
}

// addIntent keeps one of each name and topic, the strongest.
func addIntent(list []Intent, i Intent) []Intent {
	if i.Name == filler || i.Name == signoff {
		return list
	}
	for k := range list {
		if list[k].Name == i.Name && list[k].Topic == i.Topic {
			if i.Score > list[k].Score {
				list[k] = i
			}
			return list
		}
	}
	return append(list, i)
}

// decided settles pleasantries that say less than another beside them: after
// "hello" comes what is meant, and "no, that did not help" is not a bare no.
func decided(list []Intent) []Intent {
	rank := func(name string) int {
		switch name {
		case Greeting:
			return 1
		case Yes, No:
			return 3
		case Thanks:
			return 2
		case Goodbye:
			return 4
		}
		return 5
	}
	top := 0
	for _, i := range list {
		top = max(top, rank(i.Name))
	}
	for k := range list {
		list[k].Score -= .1 * float64(top-rank(list[k].Name))
	}
	return list
}

// stillNot: the message says thanks and takes it back.
func (w *wordlists) stillNot(sentences []sentence) []Intent {
	for _, s := range sentences {
		if slices.ContainsFunc(s.wants, func(i Intent) bool { return i.Name == StillNot }) {
			return nil
		}
	}
	for _, s := range sentences {
		if !s.afterThanks {
			continue
		}
		if s.takesBack && s.units > 0 {
			return []Intent{{Name: StillNot, Score: strongScore, Why: s.norm}}
		}
		for _, t := range s.taken {
			if t.Name == NotHelped && (w.rules.is(contra, t.Why) || w.rules.is(fails, t.Why)) {
				return []Intent{{Name: StillNot, Score: strongScore, Why: t.Why}}
			}
		}
	}
	return nil
}
