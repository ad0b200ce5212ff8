package faq

import (
	"regexp"
	"slices"
	"strings"
)

// andAsks finds "… and where is my order": a second question that follows
// without a comma.
var andAsks = regexp.MustCompile(`(?i)\s+and\s+(?:also\s+)?(?:where|how|what|when|why|which|who|can i|could i|can you|could you|do you|does|is there|are there|is it|are you|will)\s`)

// several parts a sentence that asks more than one thing: 我的订单什么时候到，能
// 不能改地址. Every part asks and has content of its own; clauses that only
// state something stay with the question they lead up to. It also takes
// pleasantries off every clause.
func (w *wordlists) several(s sentence) []sentence {
	s.clauses = partAnds(s.clauses)
	for i := range s.clauses {
		c := &s.clauses[i]
		c.norm = w.normalize(c.text)
		c.rest, c.taken = w.rules.strip(c.norm)
	}
	if len(s.clauses) < 2 {
		return []sentence{s}
	}
	var out []sentence
	from := 0
	asked := false // the clauses since from ask something
	for i, c := range s.clauses {
		if !w.asksAlone(c.rest) {
			continue
		}
		if asked {
			part := s
			part.clauses = slices.Clone(s.clauses[from:i])
			out = append(out, part)
			from = i
		}
		asked = true
	}
	s.clauses = s.clauses[from:]
	return append(out, s)
}

func (w *wordlists) asksAlone(rest string) bool {
	if rest == "" || len(w.units(atomize(rest))) == 0 {
		return false
	}
	if ideographicEnd(rest) {
		return w.rules.is(asking, rest)
	}
	return w.rules.is(leading, rest)
}

func partAnds(clauses []clause) []clause {
	var out []clause
	for _, c := range clauses {
		for {
			at := andAsks.FindStringIndex(c.text)
			if at == nil || at[0] == 0 {
				break
			}
			out = append(out, clause{text: strings.TrimSpace(c.text[:at[0]]), end: ','})
			c.text = strings.TrimSpace(c.text[at[0]:])
		}
		out = append(out, c)
	}
	return out
}
