package faq

import (
	"slices"

	"frontdesk/faq/internal/english"
)

// A Slip is what a question has misspelt, and the words of the FAQ that it was
// read as.
type Slip struct{ Written, Read string }

// slips puts right what a question has misspelt, by the words of the example
// questions: refnud is read as refund, 推款 as 退款. Only what neither the FAQ nor
// a word list knows is touched, and what comes of it counts a little less than
// what was written so. The examples stay as they are, and so does everything that
// is learnt from them. It is immutable and safe for concurrent use.
type slips struct {
	words    *wordlists
	ids      map[uint64]int32 // features that the FAQ has
	spelling *spelling
	sounds   *sounds
}

// slipWeight is what features of a word that was put right count beside others.
// One that was put wrong does little harm then.
const slipWeight = .85

// leastPart and leastWhole are letters of words that were written as one or apart
// by mistake.
const (
	leastPart  = 3
	leastWhole = 6
)

// usage counts, in the example questions, what slips are put right by.
type usage struct {
	words map[string]int32 // English
	pairs map[string]int32 // neighbouring Chinese characters outside of function words
}

func newUsage() *usage { return &usage{map[string]int32{}, map[string]int32{}} }

func (u *usage) add(w *wordlists, atoms []atom) {
	bound := w.functionAtoms(atoms)
	for i, a := range atoms {
		switch {
		case !a.cjk && len(a.text) >= leastPart && latin(a.text):
			u.words[a.text]++
		case paired(atoms, i) && !bound[i] && !bound[i+1]:
			u.pairs[a.text+atoms[i+1].text]++
		}
	}
}

func newSlips(w *wordlists, u *usage, ids map[uint64]int32) *slips {
	return &slips{words: w, ids: ids, spelling: newSpelling(u.words), sounds: newSounds(u.pairs)}
}

// mend puts atoms right, in place where their number stays, and says what it
// changed.
func (s *slips) mend(atoms []atom) ([]atom, []Slip) {
	if s == nil {
		return atoms, nil
	}
	atoms, made := s.mendWords(atoms)
	return atoms, append(made, s.mendPairs(atoms)...)
}

func (s *slips) mendWords(atoms []atom) ([]atom, []Slip) {
	var made []Slip
	looked := false
	for i := 0; i < len(atoms); i++ {
		if !s.strange(atoms[i]) {
			continue
		}
		if !looked && s.foreign(atoms) {
			break
		}
		looked = true
		written := atoms[i].text
		if right, ok := s.spelling.meant(written); ok {
			atoms[i] = meant(right)
			made = append(made, Slip{written, right})
		} else if a, b, ok := s.apart(written); ok && len(atoms) < maxAtoms {
			atoms = slices.Replace(atoms, i, i+1, meant(a), meant(b))
			made = append(made, Slip{written, a + " " + b})
			i++
		} else if from, ok := s.together(atoms, i); ok {
			a, b := atoms[from].text, atoms[from+1].text
			atoms = slices.Replace(atoms, from, from+2, meant(a+b))
			made = append(made, Slip{a + " " + b, a + b})
			i = from
		}
	}
	return atoms, made
}

func meant(word string) atom { return atom{text: word, stem: english.Stem(word), slip: true} }

// strange: neither the FAQ nor a word list knows the word.
func (s *slips) strange(a atom) bool {
	return !a.cjk && !a.slip && len(a.text) >= leastWrong && latin(a.text) && !s.known(a.stem) && !s.words.isReal(a)
}

// foreign: nobody knows most of the words. They are not misspelt, but of another
// language.
func (s *slips) foreign(atoms []atom) bool {
	words, strange := 0, 0
	for _, a := range atoms {
		if !a.cjk {
			words++
		}
		if s.strange(a) {
			strange++
		}
	}
	return strange > max(2, words/2)
}

// known reports whether the FAQ has a word, given as its stem, or a character or
// two.
func (s *slips) known(stem string) bool {
	_, word := s.ids[hashOf(blockWord, stem)]
	_, pair := s.ids[hashOf(blockPair, stem)]
	return word || pair
}

// apart finds two words that were written as one.
func (s *slips) apart(word string) (a, b string, ok bool) {
	var most int32
	for i := leastPart; len(word) >= leastWhole && i <= len(word)-leastPart; i++ {
		if n := min(s.spelling.uses(word[:i]), s.spelling.uses(word[i:])); n > most {
			a, b, most = word[:i], word[i:], n
		}
	}
	return a, b, most > 0
}

// together finds a word that was written as two, one of which is the atom and
// neither of which was put right before.
func (s *slips) together(atoms []atom, i int) (from int, ok bool) {
	for from = max(i-1, 0); from <= i && from+1 < len(atoms); from++ {
		a, b := atoms[from], atoms[from+1]
		if !a.cjk && !b.cjk && !a.slip && !b.slip && len(a.text)+len(b.text) >= leastWhole && s.spelling.uses(a.text+b.text) > 0 {
			return from, true
		}
	}
	return 0, false
}
