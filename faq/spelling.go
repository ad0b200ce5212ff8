package faq

import (
	"cmp"
	"slices"
	"strings"

	"frontdesk/faq/internal/english"
)

// spelling finds the English word of an FAQ that a misspelt word was meant to
// be. Words are found by what is left of them without one letter or two: words
// that are a slip apart have such a rest in common (symmetric deletion, Garbe
// 2012). It is immutable and safe for concurrent use.
type spelling struct {
	words []spelt // by text
	rests []rest  // by hash
}

type spelt struct {
	text string
	n    int32 // how often the example questions have it
}

// rest is the hash of a word without some of its letters.
type rest struct {
	hash uint32
	word int32
}

const (
	leastWrong   = 3  // letters of a word that may be misspelt
	leastMeant   = 4  // letters of the word that was meant
	twoSlips     = 8  // … from which on there may be two slips in it
	longestSpelt = 24 // letters
)

func newSpelling(count map[string]int32) *spelling {
	s := &spelling{words: make([]spelt, 0, len(count))}
	for text, n := range count {
		s.words = append(s.words, spelt{text, n})
	}
	slices.SortFunc(s.words, func(a, b spelt) int { return strings.Compare(a.text, b.text) })
	for i, w := range s.words {
		if len(w.text) < leastMeant || len(w.text) > longestSpelt {
			continue
		}
		from := len(s.rests)
		add := func(hash uint32) { s.rests = append(s.rests, rest{hash, int32(i)}) }
		eachRest(w.text, 0, add)
		eachRest(w.text, 1, add)
		if len(w.text) >= twoSlips {
			eachRest(w.text, 2, add)
		}
		own := s.rests[from:]
		slices.SortFunc(own, func(a, b rest) int { return cmp.Compare(a.hash, b.hash) })
		s.rests = s.rests[:from+len(slices.Compact(own))]
	}
	slices.SortFunc(s.rests, func(a, b rest) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.word, b.word)) })
	s.rests = slices.Clip(s.rests)
	return s
}

// eachRest hashes what is left of a word without some of its letters.
func eachRest(word string, without int, f func(hash uint32)) {
	hash := func(i, j int) {
		h := uint32(2166136261)
		for k := range len(word) {
			if k != i && k != j {
				h = (h ^ uint32(word[k])) * 16777619
			}
		}
		f(h)
	}
	switch without {
	case 0:
		hash(-1, -1)
	case 1:
		for i := range len(word) {
			hash(i, -1)
		}
	case 2:
		for i := range len(word) {
			for j := i + 1; j < len(word); j++ {
				hash(i, j)
			}
		}
	}
}

// uses tells how often the example questions have a word.
func (s *spelling) uses(word string) int32 {
	i, ok := slices.BinarySearchFunc(s.words, word, func(w spelt, text string) int { return strings.Compare(w.text, text) })
	if !ok {
		return 0
	}
	return s.words[i].n
}

// meant finds the word that a misspelt one was most probably meant to be; of two
// that are as near, the one that the FAQ has more often. If nothing tells them
// apart, it is none.
func (s *spelling) meant(word string) (string, bool) {
	if len(word) < leastWrong || len(word) > longestSpelt {
		return "", false
	}
	var best spelt
	least, doubt := impossible, false
	consider := func(hash uint32) {
		i, _ := slices.BinarySearchFunc(s.rests, hash, func(r rest, hash uint32) int { return cmp.Compare(r.hash, hash) })
		for ; i < len(s.rests) && s.rests[i].hash == hash; i++ {
			w := s.words[s.rests[i].word]
			if w.text == best.text {
				continue
			}
			cost := slipCost(word, w.text)
			switch order := cmp.Or(cmp.Compare(cost, least), cmp.Compare(best.n, w.n)); {
			case order > 0 || cost == impossible:
			case order == 0:
				doubt = doubt || english.Stem(w.text) != english.Stem(best.text)
				if w.text < best.text {
					best = w
				}
			default:
				least, best, doubt = cost, w, false
			}
		}
	}
	eachRest(word, 0, consider)
	eachRest(word, 1, consider)
	if best.text == "" && len(word) >= twoSlips-1 {
		eachRest(word, 2, consider)
	}
	return best.text, best.text != "" && !doubt
}

// What a slip costs: the lower, the more often it happens.
const (
	fingerSlip = iota // a key beside the right one, two letters exchanged, one missing or written twice
	otherSlip         // one wrong letter, or one too many
	secondSlip        // two slips
	impossible
)

// slipCost tells how a word may have become another. The first letter is hardly
// ever wrong, and then by a finger's breadth.
func slipCost(wrong, right string) int {
	short, long := min(len(wrong), len(right)), max(len(wrong), len(right))
	p := 0
	for p < short && wrong[p] == right[p] {
		p++
	}
	q := 0
	for q < short-p && wrong[len(wrong)-1-q] == right[len(right)-1-q] {
		q++
	}
	w, r := wrong[p:len(wrong)-q], right[p:len(right)-q]
	cost := secondSlip
	switch {
	case len(w) == 2 && len(r) == 2 && w[0] == r[1] && w[1] == r[0]:
		cost = fingerSlip
	case len(w) == 1 && len(r) == 1:
		cost = otherSlip
		if adjacent(w[0], r[0]) {
			cost = fingerSlip
		}
	case len(w) == 0 && len(r) == 1:
		cost = fingerSlip
	case len(w) == 1 && len(r) == 0:
		cost = otherSlip
		if p > 0 && (wrong[p-1] == w[0] || adjacent(wrong[p-1], w[0])) || p+1 < len(wrong) && (wrong[p+1] == w[0] || adjacent(wrong[p+1], w[0])) {
			cost = fingerSlip
		}
	}
	switch {
	case cost == secondSlip && (len(right) < twoSlips || long-short > 2 || wrong[0] != right[0] || editDistance(wrong, right) > 2),
		p == 0 && cost != fingerSlip && cost != secondSlip, p == 0 && len(w) != len(r):
		return impossible
	}
	return cost
}

// keyboard holds the rows of the letters of an English keyboard, each about half
// a key to the right of the one above.
var keyboard = [3]string{"qwertyuiop", "asdfghjkl", "zxcvbnm"}

// beside holds, for each letter, the letters of the keys around its own, as bits.
var beside = func() (out [26]uint32) {
	join := func(a, b byte) {
		out[a-'a'] |= 1 << (b - 'a')
		out[b-'a'] |= 1 << (a - 'a')
	}
	for y, row := range keyboard {
		for x := range len(row) {
			if x > 0 {
				join(row[x-1], row[x])
			}
			if y > 0 {
				join(row[x], keyboard[y-1][x])
				if x+1 < len(keyboard[y-1]) {
					join(row[x], keyboard[y-1][x+1])
				}
			}
		}
	}
	return out
}()

// adjacent reports whether two letters lie side by side on a keyboard.
func adjacent(a, b byte) bool { return beside[a-'a']&(1<<(b-'a')) != 0 }

// latin reports whether a word consists of the letters a to z.
func latin(word string) bool {
	for i := range len(word) {
		if word[i] < 'a' || word[i] > 'z' {
			return false
		}
	}
	return word != ""
}
