package faq

import (
	"strings"
	"unicode/utf8"
)

// A sentence is the smallest piece of a message that is asked or stated. Its
// clauses are what commas and colons part.
type sentence struct {
	clauses []clause
	item    bool
	para    int

	text        string // the customer's own words, pleasantries left out
	norm        string // the same, normalized
	units       int    // number of content units
	asks        bool
	wants       []Intent
	marks       []Intent // how it is said: haste, failure
	taken       []Intent // pleasantries that were left out
	takesBack   bool     // after thanks: it is not done
	afterThanks bool
}

type clause struct {
	text string // as written
	end  rune   // what ended it; 0 at the end of a line

	norm  string   // normalized
	rest  string   // … and pleasantries taken off
	taken []Intent // these
}

// maxSentences bounds the work for one message.
const maxSentences = 60

// sentencesOf takes a line apart.
func sentencesOf(l line) []sentence {
	var out []sentence
	var cur sentence
	from := 0
	s := l.text
	clauseTo := func(to, next int, end rune) {
		if t := strings.TrimSpace(s[from:to]); t != "" {
			cur.clauses = append(cur.clauses, clause{text: t, end: end})
		} else if n := len(cur.clauses); n > 0 && end == '?' {
			cur.clauses[n-1].end = end
		}
		from = next
	}
	flush := func() {
		if len(cur.clauses) > 0 {
			cur.item, cur.para = l.item, l.para
			out = append(out, cur)
		}
		cur = sentence{}
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		next, _ := utf8.DecodeRuneInString(s[i+n:])
		atEnd := i+n == len(s)
		switch r {
		case '?', '？':
			clauseTo(i, i+n, '?')
			flush()
		case '!', '！', '。', '；', ';', '…', '~', '～':
			clauseTo(i, i+n, '.')
			flush()
		case '.':
			if atEnd || next == ' ' || next == '.' || ideographic(next) {
				if !abbreviation(s[from:i]) || atEnd {
					clauseTo(i, i+n, '.')
					flush()
				}
			}
		case ',', '，', ':', '：', '、', '—', '–':
			if ideographic(next) || r >= utf8.RuneSelf || atEnd || next == ' ' {
				clauseTo(i, i+n, ',')
			}
		}
		i += n
	}
	clauseTo(len(s), len(s), 0)
	flush()
	return out
}

// abbreviation: the text before a full stop ends in one of the few short forms
// that do not end a sentence, or in an initial.
func abbreviation(s string) bool {
	word := s[strings.LastIndexAny(s, " (")+1:]
	switch strings.ToLower(word) {
	case "mr", "mrs", "ms", "dr", "st", "no", "nr", "e.g", "i.e", "etc", "vs", "approx", "tel", "inc", "ltd", "co":
		return true
	}
	return len(word) == 1 && word != "I"
}
