package faq

import (
	"cmp"
	"slices"
	"strings"
)

// question matches one segment. Where statements lead up to what is asked, the
// whole and the question alone are both looked up, and the clearer result is
// taken: sometimes the context carries the matter, sometimes it hides it.
func (x *Index) question(seg segment) Question {
	q := Question{Text: seg.text}
	if seg.want != nil {
		q.Intent, q.Topic = seg.want.Name, seg.want.Topic
	}
	s := x.matcher.searchWithout(seg.norm, x.hidden)
	if seg.core != "" {
		if alone := x.matcher.searchWithout(seg.core, x.hidden); alone.score() > s.score() {
			s = alone
		}
	}
	for _, c := range s.candidates {
		if not, ok := x.vetoed(c, s); ok {
			q.Vetoed = append(q.Vetoed, Match{Entry: x.entries[c.topic], Score: c.score, Example: not})
			continue
		}
		m := Match{Entry: x.entries[c.topic], Score: c.score}
		if c.example >= 0 {
			m.Example = x.matcher.texts[c.example]
		}
		if len(q.Matches)+len(q.Vetoed) == 0 {
			q.look = look{c.score, x.matcher.calibration.belonging(&c.signs)}
		}
		if len(q.Matches) < 3 {
			m.Why = x.matcher.why(s, c.topic)
		}
		q.Matches = append(q.Matches, m)
	}
	q.Point = x.point
	q.Outcome = q.Point.outcome(q.Matches)
	q.Slips = s.slips
	q.Unknown = x.matcher.unknown(s)
	return q
}

func (s search) score() float64 {
	if len(s.candidates) == 0 {
		return 0
	}
	return s.candidates[0].score
}

// why traces a topic's score back to words: what each feature added for this
// topic beyond the average topic, spread over the atoms it came from.
func (m *matcher) why(s search, topic int) []Term {
	share := make([]float64, len(s.atoms))
	for i := range s.x {
		f := &s.x[i]
		if f.id < 0 {
			continue
		}
		v := float64(f.value*m.ranker.weight(f.id, int32(topic))) / float64(f.to-f.from)
		for a := f.from; a < f.to; a++ {
			share[a] += v
		}
	}
	var total float64
	for _, v := range share {
		total += max(v, 0)
	}
	if total <= 0 {
		return nil
	}
	var out []Term
	for i := 0; i < len(share); {
		t := Term{s.atoms[i].text, share[i]}
		j := i + 1
		// Neighbouring Chinese characters that speak for it are one word to
		// the reader.
		for j < len(share) && s.atoms[i].cjk && s.atoms[j].glue && share[i] > 0 && share[j] > .02*total {
			t.Text += s.atoms[j].text
			t.Weight += share[j]
			j++
		}
		if t.Weight > .02*total {
			t.Weight /= total
			out = append(out, t)
		}
		i = j
	}
	slices.SortStableFunc(out, func(a, b Term) int { return cmp.Compare(b.Weight, a.Weight) })
	return out[:min(len(out), 5)]
}

// unknown lists the content of a question that no example question has.
func (m *matcher) unknown(s search) []string {
	seen := make([]bool, len(s.atoms))
	content := make([]bool, len(s.atoms))
	for _, u := range s.units {
		for a := u.from; a < u.to; a++ {
			content[a] = true
			if m.known.count[u.hash] > 0 {
				seen[a] = true
			}
		}
	}
	var out []string
	for i := 0; i < len(s.atoms); {
		if seen[i] || !content[i] {
			i++
			continue
		}
		var b strings.Builder
		b.WriteString(s.atoms[i].text)
		j := i + 1
		for j < len(s.atoms) && s.atoms[i].cjk && s.atoms[j].glue && content[j] && !seen[j] {
			b.WriteString(s.atoms[j].text)
			j++
		}
		if !slices.Contains(out, b.String()) {
			out = append(out, b.String())
		}
		i = j
	}
	return out
}
