package faq

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// clues are what a rule is dismissed by without running it: a text that matches
// has, for one of the alternatives, a string of every set. nil: none known.
type clues [][][]clue

// A clue is a string to look for, and where its first and last letters stand in
// a scan.
type clue struct {
	text        string
	first, last uint16
}

// in reports whether the clues are in s.
func (c clues) in(s *scan) bool {
	if c == nil {
		return true
	}
	for _, sets := range c {
		if s.hasAll(sets) {
			return true
		}
	}
	return false
}

// A scan is a text with a sketch of the runs of up to three bytes in it, so that
// a thousand strings are looked for at the price of a few.
type scan struct {
	text string
	runs [32]uint64
}

func newScan(text string) *scan {
	s := &scan{text: text}
	for i := range len(text) {
		for n := 1; n <= 3 && i+n <= len(text); n++ {
			at := sketch(text[i : i+n])
			s.runs[at>>6] |= 1 << (at & 63)
		}
	}
	return s
}

func (s *scan) hasAll(sets [][]clue) bool {
	for _, set := range sets {
		if !s.hasOne(set) {
			return false
		}
	}
	return true
}

func (s *scan) hasOne(set []clue) bool {
	for i := range set {
		c := &set[i]
		if s.runs[c.first>>6]>>(c.first&63)&1 == 1 && s.runs[c.last>>6]>>(c.last&63)&1 == 1 && strings.Contains(s.text, c.text) {
			return true
		}
	}
	return false
}

// sketch gives a run of up to three bytes its place in a scan.
func sketch(run string) uint16 {
	h := uint32(len(run))
	for i := range len(run) {
		h = (h ^ uint32(run[i])) * 0x9e3779b1
		h ^= h >> 15
	}
	return uint16(h & 2047)
}

func clueOf(text string) clue {
	n := min(3, len(text))
	return clue{text, sketch(text[:n]), sketch(text[len(text)-n:])}
}

// needs finds the clues of an expression.
func needs(re *syntax.Regexp) clues {
	switch re.Op {
	case syntax.OpCapture:
		return needs(re.Sub[0])
	case syntax.OpConcat: // \b(?:…|…)\b
		if subs := withoutEdges(re.Sub); len(subs) == 1 {
			return needs(subs[0])
		}
	case syntax.OpAlternate:
		var out clues
		for _, sub := range re.Sub {
			n := needs(sub)
			if n == nil {
				return nil
			}
			out = append(out, n...)
		}
		return out
	}
	sets := all(re)
	if sets == nil {
		return nil
	}
	out := make([][]clue, len(sets))
	for i, set := range sets {
		for _, text := range set {
			out[i] = append(out[i], clueOf(text))
		}
	}
	return clues{out}
}

func withoutEdges(subs []*syntax.Regexp) []*syntax.Regexp {
	return slices.DeleteFunc(slices.Clone(subs), func(re *syntax.Regexp) bool {
		switch re.Op {
		case syntax.OpWordBoundary, syntax.OpBeginText, syntax.OpEndText, syntax.OpEmptyMatch:
			return true
		}
		return false
	})
}

// all finds sets of strings, the most telling first: of every set one string
// occurs in every text that matches.
func all(re *syntax.Regexp) [][]string {
	const enough = 3
	switch re.Op {
	case syntax.OpLiteral:
		return [][]string{{string(re.Rune)}}
	case syntax.OpCharClass:
		var out []string
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if out = append(out, string(r)); len(out) > 12 {
					return nil
				}
			}
		}
		return [][]string{out}
	case syntax.OpCapture, syntax.OpPlus:
		return all(re.Sub[0])
	case syntax.OpConcat:
		var out [][]string
		for _, sub := range re.Sub {
			out = append(out, all(sub)...)
		}
		slices.SortStableFunc(out, func(a, b []string) int { return better(b, a) })
		return out[:min(len(out), enough)]
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			sets := all(sub)
			if sets == nil {
				return nil
			}
			out = append(out, sets[0]...)
		}
		return [][]string{out}
	}
	return nil
}

// better prefers sets whose shortest string is longer, then smaller sets: above
// 0 if a is better.
func better(a, b []string) int {
	shortest := func(x []string) int {
		n := len(x[0])
		for _, s := range x {
			n = min(n, len(s))
		}
		return n
	}
	if d := shortest(a) - shortest(b); d != 0 {
		return d
	}
	return len(b) - len(a)
}
