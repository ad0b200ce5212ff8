package faq

import "regexp/syntax"

// needs finds strings of which one occurs in every text that matches, so that
// most rules are dismissed without running them. nil: none known.
func needs(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}
	case syntax.OpCharClass:
		var out []string
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if out = append(out, string(r)); len(out) > 12 {
					return nil
				}
			}
		}
		return out
	case syntax.OpCapture, syntax.OpPlus:
		return needs(re.Sub[0])
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if n := needs(sub); n != nil && better(n, best) {
				best = n
			}
		}
		return best
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			n := needs(sub)
			if n == nil {
				return nil
			}
			out = append(out, n...)
		}
		return out
	}
	return nil
}

// better prefers sets whose shortest string is longer, then smaller sets.
func better(a, b []string) bool {
	if b == nil {
		return true
	}
	shortest := func(x []string) int {
		n := len(x[0])
		for _, s := range x {
			n = min(n, len(s))
		}
		return n
	}
	if d := shortest(a) - shortest(b); d != 0 {
		return d > 0
	}
	return len(a) < len(b)
}
