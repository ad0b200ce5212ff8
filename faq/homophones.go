package faq

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// homophone is a pair of characters of the FAQ that sounds like the pair at an
// atom, and how much speaks for it.
type homophone struct {
	at       int
	text     string
	evidence int
}

// paired: the atom and the next are two characters with nothing in between.
func paired(atoms []atom, i int) bool {
	return i >= 0 && i+1 < len(atoms) && atoms[i].cjk && atoms[i+1].glue
}

// mendPairs puts Chinese characters right, in place: those first for which most
// speaks.
func (s *slips) mendPairs(atoms []atom) []Slip {
	var found []homophone
	var bound []bool
	for i := range atoms {
		if !paired(atoms, i) || s.known(atoms[i].text+atoms[i+1].text) {
			continue
		}
		if bound == nil {
			bound = s.words.functionAtoms(atoms)
		}
		if h, ok := s.heard(atoms, bound, i); ok {
			found = append(found, h)
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b homophone) int { return cmp.Compare(b.evidence, a.evidence) })
	var made []Slip
	right := make([]bool, len(atoms)) // what belongs to a pair that was put right
	for _, h := range found {
		a, b := &atoms[h.at], &atoms[h.at+1]
		_, n := utf8.DecodeRuneInString(h.text)
		first, second := h.text[:n], h.text[n:]
		if a.slip || b.slip || right[h.at] && first != a.text || right[h.at+1] && second != b.text {
			continue
		}
		right[h.at], right[h.at+1] = true, true
		made = append(made, Slip{a.text + b.text, h.text})
		a.become(first)
		b.become(second)
	}
	return made
}

// become makes another character of one.
func (a *atom) become(text string) {
	if a.text != text {
		a.text, a.stem, a.slip = text, text, true
	}
}

// heard finds the pair of the FAQ that the pair at an atom was most probably meant
// to be. A character that makes a word with its other neighbour is right.
func (s *slips) heard(atoms []atom, bound []bool, i int) (homophone, bool) {
	x, y := atoms[i].text, atoms[i+1].text
	best := homophone{at: i}
	if bound[i] && bound[i+1] || s.words.isRealPair(x+y) {
		return best, false
	}
	before, after := "", "" // the characters around the pair
	if paired(atoms, i-1) {
		before = atoms[i-1].text
	}
	if paired(atoms, i+1) {
		after = atoms[i+2].text
	}
	wordBefore, wordAfter := before != "" && s.words.isRealPair(before+x), after != "" && s.words.isRealPair(y+after)
	knownBefore, knownAfter := before != "" && s.known(before+x), after != "" && s.known(y+after)
	s.sounds.alike(x, y, func(p sound, exactly bool) {
		_, n := utf8.DecodeRuneInString(p.text)
		c, d := p.text[:n], p.text[n:]
		first, second := c != x, d != y
		if first && (wordBefore || knownBefore) || second && (wordAfter || knownAfter) {
			return
		}
		evidence := 0
		add := func(yes bool, weight int) {
			if yes {
				evidence += weight
			}
		}
		add(s.words.isRealPair(p.text), 2)
		add(first && before != "" && s.known(before+c) || second && after != "" && s.known(d+after), 2)
		add(p.n > 1, 1)
		add(!exactly, -2)
		add(first && second, -2)
		add(first && bound[i] || second && bound[i+1], -1)
		add(first && s.known(x) || second && s.known(y), -1)
		add(!first && wordBefore || !second && wordAfter, -1)
		if evidence > best.evidence {
			best.text, best.evidence = p.text, evidence
		}
	})
	return best, best.evidence > 0
}
