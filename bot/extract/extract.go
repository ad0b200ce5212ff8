// Package extract finds plain facts in what a customer wrote, in Chinese or
// English: when, where, who, which order, which model, how much, and how to
// reach them. It serves two ends: to ask only for what is missing, and to fill
// the fields of a case with what was already said.
//
// [Find] is a pure function of its arguments. It knows patterns, not meaning,
// and its tables lean to one side or the other on purpose: times, places and
// people are taken generously, because asking somebody for what they have
// just told us is worse than missing a question; order numbers, models and
// amounts are taken only where the text says that this is what they are,
// because a wrong number in a case misleads whoever works on it.
//
// A fact is always a stretch of the text, so that people can see what it was
// read from. [Mask] hides card and identity numbers before a text is shown
// where it need not be complete.
package extract

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Facts are what Find found, each kind in the order of the text. Facts of one
// kind do not overlap. An order number, model, phone number or address is
// never an amount or a time as well.
type Facts struct {
	Times   []Fact // 2026-11-03, 2026-11-03 15:00, 15:00, 2026-11-16..2026-11-22, 2026-10, 2025; "" if not derivable
	Orders  []Fact // upper case, without spaces: SO-1234
	Models  []Fact // as written, ASCII: XR-5
	Amounts []Fact // currency and plain number: CNY 1299.50
	Places  []Fact // as written, ASCII digits
	People  []Fact // as written, ASCII digits
	Phones  []Fact // digits, with + in front where it was written
	Mails   []Fact // lower case
}

// Fact is one find: text[Start:End] == Text.
type Fact struct {
	Text       string // as the customer wrote it
	Value      string // normalised; see Facts for the form of each kind
	Start, End int    // byte offsets
}

// Find returns the facts in text. lang (zh, or en for anything else) settles
// only what is ambiguous, such as 11/3; both languages are always looked for,
// since people mix them. now anchors relative times, in its own location.
//
// Any bytes are allowed as text. The time taken is linear in its length.
func Find(text, lang string, now time.Time) Facts {
	f := finder{folded: fold(text), zh: lang == "zh" || strings.HasPrefix(lang, "zh-"), now: now}
	f.taken = make([]bool, len(f.s))
	for _, r := range f.s {
		f.hasHan = f.hasHan || isHan(r)
		f.hasLatin = f.hasLatin || r >= 'A' && r <= 'z'
		f.hasUpper = f.hasUpper || r >= 'A' && r <= 'Z'
	}
	// The order decides who gets a number that two kinds could claim.
	f.findMails()
	f.findOrders()
	f.findModels()
	f.findAmounts()
	f.findPhones()
	f.findTimes()
	f.findPeople()
	f.findPlaces()
	return f.facts
}

// Happened is the first time in the text that can be when something happened:
// one that does not lie after now. A delivery promised for tomorrow is not.
func (f Facts) Happened(now time.Time) (Fact, bool) {
	today := now.Format(time.DateOnly)
	for _, t := range f.Times {
		day := t.Value[:min(len(t.Value), len(today))]
		if day <= today || strings.Contains(day, ":") { // 2026-11 and "" sort before any of its days
			return t, true
		}
	}
	return Fact{}, false
}

// finder is one run of Find.
type finder struct {
	folded
	zh                         bool // the language of the customer
	hasHan, hasLatin, hasUpper bool // what the text has in it
	now                        time.Time
	facts                      Facts
	times, people              []find
	taken                      []bool // by byte of the folded text: numbers that belong to somebody
}

// stretch is a part of the folded text.
type stretch struct{ from, to int }

// find is one candidate; several tables may claim the same stretch.
type find struct {
	stretch
	value string
}

// free reports that no kind has taken any of s; take takes it.
func (f *finder) free(s stretch) bool { return !slices.Contains(f.taken[s.from:s.to], true) }

func (f *finder) take(finds []find) []find {
	for _, c := range finds {
		for i := c.from; i < c.to; i++ {
			f.taken[i] = true
		}
	}
	return finds
}

// each calls yield with the groups of every match of re, as indexes into s.
func (f *finder) each(re *regexp.Regexp, yield func(m []int)) {
	for _, m := range re.FindAllStringSubmatchIndex(f.s, -1) {
		yield(m)
	}
}

// group is the text of group n of a match, or "" when it took no part.
func (f *finder) group(m []int, n int) string {
	if 2*n+1 >= len(m) || m[2*n] < 0 {
		return ""
	}
	return f.s[m[2*n]:m[2*n+1]]
}

// settle orders candidates by position and drops those that overlap an
// earlier or, from the same start, longer one.
func settle(cands []find) []find {
	slices.SortStableFunc(cands, func(a, b find) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	kept := cands[:0]
	end := 0
	for _, c := range cands {
		if c.from >= end && c.from < c.to {
			kept = append(kept, c)
			end = c.to
		}
	}
	return kept
}

// asFacts says finds in terms of the original text.
func (f *finder) asFacts(finds []find) []Fact {
	var facts []Fact
	for _, c := range finds {
		start, end := f.at[c.from], f.at[c.to]
		facts = append(facts, Fact{f.original[start:end], c.value, start, end})
	}
	return facts
}
