package faq

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Rules recognise what a message wants beyond a question. They are regular
// expressions over normalized text, kept in words/*.rules; the head of
// en.rules explains the format.
type rules struct {
	groups  []*group
	byName  map[string]*group
	scanner *scanner
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
	need clues
	id   int32 // its number in scans
}

const (
	strongScore = .95
	weakScore   = .7
)

func (r *rule) possible(s *scan) bool { return s.mayMatch(r.id) }

func (r *rule) matches(s *scan) bool { return r.possible(s) && r.re.MatchString(s.text) }

func (r *rule) find(s *scan) (from, to int, ok bool) {
	if !r.possible(s) {
		return 0, 0, false
	}
	at := r.re.FindStringIndex(s.text)
	if at == nil || at[0] == at[1] {
		return 0, 0, false
	}
	return at[0], at[1], true
}

// wants finds the intents in one normalized sentence, strongest first.
func (r *rules) wants(sentence string, clauses []string) []Intent {
	var out []Intent
	s, parts := r.scanned(sentence, clauses)
	for _, g := range r.groups {
		if closes(g.intent) || helper(g.intent) || marks(g.intent) {
			continue
		}
		if i, ok := r.wantsOf(g, s, parts); ok {
			out = append(out, i)
		}
	}
	sortIntents(out)
	return out
}

// trapped: a trap of the intent covers a part of the sentence.
func (r *rules) trapped(i Intent, sentence string) bool {
	s := r.scanner.scan(sentence)
	return slices.ContainsFunc(r.groups, func(g *group) bool {
		return g.intent == i.Name && g.topic == i.Topic && anyFound(g.traps, s)
	})
}

// marks finds the marks in one normalized sentence.
func (r *rules) marks(sentence string, clauses []string) []Intent {
	var out []Intent
	s, parts := r.scanned(sentence, clauses)
	for _, g := range r.groups {
		if marks(g.intent) {
			if i, ok := r.wantsOf(g, s, parts); ok {
				out = append(out, i)
			}
		}
	}
	return out
}

// scanned gives what wants looks at: the sentence, and all that a whole rule may
// match.
func (r *rules) scanned(sentence string, clauses []string) (*scan, []*scan) {
	s := r.scanner.scan(sentence)
	var parts []*scan
	for _, c := range append(slices.Clip(clauses), sentence) {
		c = trimMarks(c)
		if slices.ContainsFunc(parts, func(p *scan) bool { return p.text == c }) {
			continue
		}
		part := s
		if c != sentence {
			part = r.scanner.scan(c)
		}
		parts = append(parts, part)
	}
	return s, parts
}

func (r *rules) wantsOf(g *group, sentence *scan, parts []*scan) (Intent, bool) {
	found := func(score float64, why string) (Intent, bool) {
		return Intent{Name: g.intent, Topic: g.topic, Score: score, Why: strings.TrimSpace(why)}, true
	}
	for i := range g.whole {
		for _, c := range parts {
			if g.whole[i].matches(c) {
				return found(strongScore, c.text)
			}
		}
	}
	if !anyPossible(g.strong, sentence) && !anyPossible(g.weak, sentence) {
		return Intent{}, false
	}
	for i := range g.traps {
		if t := &g.traps[i]; t.possible(sentence) {
			if left := t.re.ReplaceAllString(sentence.text, "\n"); left != sentence.text {
				sentence = r.scanner.scan(left)
			}
		}
	}
	for i := range g.strong {
		if from, to, ok := g.strong[i].find(sentence); ok {
			return found(strongScore, sentence.text[from:to])
		}
	}
	for i := range g.weak {
		if from, to, ok := g.weak[i].find(sentence); ok {
			return found(weakScore, sentence.text[from:to])
		}
	}
	return Intent{}, false
}

func anyPossible(rules []rule, s *scan) bool {
	for i := range rules {
		if rules[i].possible(s) {
			return true
		}
	}
	return false
}

func anyFound(rules []rule, s *scan) bool {
	for i := range rules {
		if _, _, ok := rules[i].find(s); ok {
			return true
		}
	}
	return false
}

// strip takes pleasantries off a normalized clause: whatever remains is
// content. It returns the intents of what it took off.
func (r *rules) strip(clause string) (rest string, taken []Intent) {
	rest = trimMarks(clause)
again:
	for rest != "" {
		left := r.scanner.scan(rest)
		for _, g := range r.groups {
			if !closes(g.intent) {
				continue
			}
			for i := range g.whole {
				if !g.whole[i].matches(left) {
					continue
				}
				if g.intent == Thanks && (r.isIn(contra, left) || r.isIn(fails, left)) {
					break // "thanks for the reply but …" goes on
				}
				return "", append(taken, Intent{Name: g.intent, Score: strongScore, Why: rest})
			}
		}
		for _, g := range r.groups {
			for i := range g.edge {
				from, to, ok := g.edge[i].find(left)
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
func (r *rules) is(name, s string) bool { return r.isIn(name, r.scanner.scan(s)) }

func (r *rules) isIn(name string, s *scan) bool {
	g := r.byName[name]
	return g != nil && anyFound(g.strong, s)
}

// takesBack: after thanks, the sentence says that it is not done. A question
// that follows is another one, "but what about the second parcel?", unless it is
// about what still fails.
func (r *rules) takesBack(sentence string, asks bool) bool {
	s := r.scanner.scan(sentence)
	return r.isIn(fails, s) || !asks && r.isIn(contra, s) && !r.isIn(done, s)
}

// trimMarks takes off what surrounds words: blanks, punctuation, emoji.
func trimMarks(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r != '#' && !isWord(r) })
}

// sortIntents puts the strongest first; of equals, what matters more.
func sortIntents(x []Intent) {
	slices.SortStableFunc(x, func(a, b Intent) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(weight(a.Name), weight(b.Name)))
	})
}
