package faq

import (
	"slices"
	"strings"
)

// understand takes a message apart into sentences, and each sentence into
// pleasantries and content.
func (w *wordlists) understand(text string, like *likeness) []sentence {
	var out []sentence
	for _, l := range w.withoutSignature(linesOf(text)) {
		for _, s := range sentencesOf(l) {
			if len(out) < maxSentences {
				out = append(out, w.several(s)...)
			}
		}
	}
	out = out[:min(len(out), maxSentences)]
	thanked := false
	for i := range out {
		s := &out[i]
		w.clean(s, like, i == 0 && (len(out) > 1 || len(s.clauses) > 1))
		if slices.ContainsFunc(s.taken, func(t Intent) bool { return t.Name == Thanks }) {
			thanked = true
		}
		s.afterThanks = thanked
		s.takesBack = thanked && w.rules.takesBack(s.norm, s.asks)
	}
	return out
}

// clean leaves pleasantries out of a sentence and finds what the rest wants.
// opens: the sentence begins a message that goes on after its first clause.
func (w *wordlists) clean(s *sentence, like *likeness, opens bool) {
	norms := make([]string, 0, len(s.clauses))
	whole := make([]string, 0, len(s.clauses)) // pleasantries included: "urgent!" alone is one
	from, to := -1, 0
	defer func() { s.marks = w.rules.marks(strings.Join(whole, ", "), whole) }()
	for i, c := range s.clauses {
		whole = append(whole, c.norm)
		if c.end == '?' {
			whole[i] += "?"
		}
		rest, taken := c.rest, c.taken
		if rest != "" && opens && i == 0 && addressed(c.norm) {
			rest, taken = "", []Intent{{Name: Greeting, Score: strongScore, Why: c.norm}}
		}
		s.taken = append(s.taken, taken...)
		if slices.ContainsFunc(taken, func(t Intent) bool { return t.Name == signoff }) && rest == "" && i+1 < len(s.clauses) && len(strings.Fields(s.clauses[i+1].text)) <= 3 {
			break // what follows is a name
		}
		if rest == "" {
			if from >= 0 {
				norms = append(norms, "")
			}
			continue
		}
		if c.end == '?' {
			rest += "?"
		}
		if from < 0 {
			from = i
		}
		to = i + 1
		norms = append(norms, rest)
	}
	if from < 0 {
		return
	}
	norms = norms[:to-from]
	var b, t strings.Builder
	for i, c := range s.clauses[from:to] {
		if i > 0 {
			b.WriteString(", ")
			if ideographicEnd(c.text) || ideographicEnd(s.clauses[from+i-1].text) {
				t.WriteString("，")
			} else {
				t.WriteString(", ")
			}
		}
		b.WriteString(norms[i])
		t.WriteString(c.text)
	}
	s.norm, s.text = b.String(), t.String()
	if s.clauses[to-1].end == '?' {
		if ideographicEnd(s.text) {
			s.text += "？"
		} else {
			s.text += "?"
		}
	}
	s.units = len(w.units(atomize(s.norm)))
	for i := range norms {
		norms[i] = mend(norms[i])
	}
	s.wants = w.rules.wants(mend(s.norm), norms)
	like.add(w.rules, s, norms)
	s.asks = w.rules.is(asking, s.norm)
}

// addressed: a short first clause that only calls someone: "Hi Tom,", 客服，
func addressed(norm string) bool {
	if slices.Contains([]string{"客服", "在线客服", "小姐姐", "老师"}, norm) {
		return true
	}
	words := strings.Fields(norm)
	return len(words) > 1 && len(words) <= 4 && slices.Contains([]string{"hi", "hello", "hey", "dear"}, words[0])
}

func ideographicEnd(s string) bool {
	for _, r := range s {
		if ideographic(r) {
			return true
		}
	}
	return false
}

// withoutSignature drops what follows a closing formula such as "Best
// regards" or 此致敬礼, and the name under a final thanks.
func (w *wordlists) withoutSignature(lines []line) []line {
	const longest = 8 // lines of a signature
	for i, l := range lines {
		if l.text == "--" && i > 0 {
			return lines[:i]
		}
		if i == 0 || len(lines)-i > longest || width(l.text) > 60 {
			continue
		}
		if w.closing(l.text) && !slices.ContainsFunc(lines[i+1:], func(l line) bool { return strings.ContainsAny(l.text, "?？") }) {
			return lines[:i]
		}
	}
	if n := len(lines); n >= 2 && w.name(lines[n-1].text) && w.onlyThanks(lines[n-2].text) {
		return lines[:n-1]
	}
	return lines
}

func (w *wordlists) closing(text string) bool {
	_, taken := w.rules.strip(w.normalize(firstClause(text)))
	return slices.ContainsFunc(taken, func(t Intent) bool { return t.Name == signoff })
}

func (w *wordlists) onlyThanks(text string) bool {
	rest, taken := w.rules.strip(w.normalize(text))
	return rest == "" && slices.ContainsFunc(taken, func(t Intent) bool { return t.Name == Thanks })
}

func firstClause(s string) string {
	if i := strings.IndexAny(s, ",，!！.。"); i > 0 {
		return s[:i]
	}
	return s
}

// name: up to three words with capitals, or a Chinese surname and one or two
// characters.
func (w *wordlists) name(s string) bool {
	s = strings.Trim(s, " .,，。")
	if ideographicEnd(s) {
		runes := []rune(s)
		return len(runes) >= 2 && len(runes) <= 3 && w.surnames[runes[0]]
	}
	words := strings.Fields(s)
	for _, word := range words {
		if word[0] < 'A' || word[0] > 'Z' || strings.HasSuffix(word, "?") {
			return false
		}
	}
	return len(words) > 0 && len(words) <= 3
}
