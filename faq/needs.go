package faq

import (
	"regexp/syntax"
	"slices"
)

// clues are what a rule is dismissed by without running it: a text that matches
// has, for one of the alternatives, a string of every set. nil: none known.
type clues [][][]string

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
	return clues{sets}
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
