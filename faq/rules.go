package faq

import (
	"cmp"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// Rules recognise what a message wants beyond a question. They are regular
// expressions over normalized text, kept in words/*.rules; the head of
// en.rules explains the format.
type rules struct {
	groups []*group
	byName map[string]*group
}

// A group holds the rules of one intent (and topic) in one language.
type group struct {
	intent, topic string
	strong, weak  []rule // anywhere in a sentence
	traps         []rule // what they cover is blanked before the others look
	whole         []rule // a clause, or the sentence, consists of nothing else
	edge          []rule // taken off the beginning or end of a clause
}

type rule struct {
	re   *regexp.Regexp
	need []string // one of these occurs in every text that matches
}

const (
	strongScore = .95
	weakScore   = .7
)

func (r rule) possible(s string) bool {
	for _, n := range r.need {
		if strings.Contains(s, n) {
			return true
		}
	}
	return r.need == nil
}

func (r rule) find(s string) (from, to int, ok bool) {
	if !r.possible(s) {
		return 0, 0, false
	}
	at := r.re.FindStringIndex(s)
	if at == nil || at[0] == at[1] {
		return 0, 0, false
	}
	return at[0], at[1], true
}

// wants finds the intents in one normalized sentence, strongest first.
func (r *rules) wants(sentence string, clauses []string) []Intent {
	var out []Intent
	for _, g := range r.groups {
		if closes(g.intent) || helper(g.intent) {
			continue
		}
		if i, ok := g.wants(sentence, clauses); ok {
			out = append(out, i)
		}
	}
	sortIntents(out)
	return out
}

func (g *group) wants(sentence string, clauses []string) (Intent, bool) {
	found := func(score float64, why string) (Intent, bool) {
		return Intent{Name: g.intent, Topic: g.topic, Score: score, Why: strings.TrimSpace(why)}, true
	}
	for _, w := range g.whole {
		for _, c := range append(slices.Clip(clauses), sentence) {
			if c = trimMarks(c); w.possible(c) && w.re.MatchString(c) {
				return found(strongScore, c)
			}
		}
	}
	likely := slices.ContainsFunc(g.strong, func(r rule) bool { return r.possible(sentence) }) ||
		slices.ContainsFunc(g.weak, func(r rule) bool { return r.possible(sentence) })
	if !likely {
		return Intent{}, false
	}
	for _, t := range g.traps {
		if t.possible(sentence) {
			sentence = t.re.ReplaceAllString(sentence, "\n")
		}
	}
	for _, s := range g.strong {
		if from, to, ok := s.find(sentence); ok {
			return found(strongScore, sentence[from:to])
		}
	}
	for _, s := range g.weak {
		if from, to, ok := s.find(sentence); ok {
			return found(weakScore, sentence[from:to])
		}
	}
	return Intent{}, false
}

// strip takes pleasantries off a normalized clause: whatever remains is
// content. It returns the intents of what it took off.
func (r *rules) strip(clause string) (rest string, taken []Intent) {
	rest = trimMarks(clause)
again:
	for rest != "" {
		for _, g := range r.groups {
			if !closes(g.intent) {
				continue
			}
			for _, w := range g.whole {
				if w.possible(rest) && w.re.MatchString(rest) {
					return "", append(taken, Intent{Name: g.intent, Score: strongScore, Why: rest})
				}
			}
		}
		for _, g := range r.groups {
			for _, e := range g.edge {
				from, to, ok := e.find(rest)
				if !ok {
					continue
				}
				taken = append(taken, Intent{Name: g.intent, Score: strongScore, Why: rest[from:to]})
				rest = trimMarks(rest[:from] + rest[to:])
				continue again
			}
		}
		break
	}
	return rest, taken
}

// is reports whether the named helper group matches anywhere in s.
func (r *rules) is(name, s string) bool {
	g := r.byName[name]
	return g != nil && slices.ContainsFunc(g.strong, func(x rule) bool { _, _, ok := x.find(s); return ok })
}

// trimMarks takes off what surrounds words: blanks, punctuation, emoji.
func trimMarks(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r != '#' && !isWord(r) })
}

func sortIntents(x []Intent) {
	slices.SortStableFunc(x, func(a, b Intent) int { return cmp.Compare(b.Score, a.Score) })
}

var macro = regexp.MustCompile(`\{([a-z]+)\}`)

// readRules compiles embedded rule files.
func readRules(names ...string) (*rules, error) {
	out := &rules{byName: map[string]*group{}}
	for _, name := range names {
		latin := !strings.HasPrefix(name, "zh")
		lets := map[string]string{}
		var g *group
		err := eachLine(name, func(line string) error {
			kind, body, ok := strings.Cut(line, " ")
			switch {
			case strings.HasPrefix(line, "["):
				intent, topic, _ := strings.Cut(strings.Trim(line, "[]"), " ")
				g = &group{intent: intent, topic: topic}
				out.groups = append(out.groups, g)
				if helper(intent) {
					if old := out.byName[intent]; old != nil {
						g = old
					}
					out.byName[intent] = g
				} else if !slices.Contains(intentNames(), intent) {
					return fmt.Errorf("unknown intent %s", intent)
				}
				return nil
			case kind == "let":
				key, value, ok := strings.Cut(body, " = ")
				if !ok {
					return fmt.Errorf("want let NAME = PATTERN")
				}
				v, err := expand(value, lets)
				lets[key] = v
				return err
			case !ok || g == nil:
				return fmt.Errorf("%q belongs to no group", line)
			}
			pattern, err := expand(body, lets)
			if err != nil {
				return err
			}
			return g.add(kind, pattern, latin)
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func expand(s string, lets map[string]string) (string, error) {
	var missing error
	s = macro.ReplaceAllStringFunc(s, func(m string) string {
		v, ok := lets[m[1:len(m)-1]]
		if !ok {
			missing = fmt.Errorf("no such name %s", m)
		}
		return "(?:" + v + ")"
	})
	return s, missing
}

func (g *group) add(kind, pattern string, latin bool) error {
	p := "(?:" + pattern + ")"
	if latin {
		p = `\b` + p
		if !strings.Contains(pattern, "$") { // else the rule says itself where it ends
			p += `\b`
		}
	}
	var list *[]rule
	switch kind {
	case "+":
		list = &g.strong
	case "~":
		list = &g.weak
	case "-":
		list = &g.traps
	case "=":
		list, p = &g.whole, "^(?:"+pattern+")$"
	case "<":
		list, p = &g.edge, "^"+p
	case ">":
		list, p = &g.edge, p+"$"
	default:
		return fmt.Errorf("unknown kind of rule %q", kind)
	}
	re, err := regexp.Compile(p)
	if err != nil {
		return err
	}
	tree, err := syntax.Parse(p, syntax.Perl)
	if err != nil {
		return err
	}
	*list = append(*list, rule{re, needs(tree.Simplify())})
	return nil
}

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
