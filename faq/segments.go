package faq

import "strings"

// A segment is what becomes one Question: what is asked, with the statements
// that lead up to it.
type segment struct {
	text string // the customer's words
	norm string
	core string // what is asked alone; "" if that is all
	want *Intent
	item bool
}

// segments joins sentences that belong together. A statement is context of the
// question that follows it, or else of the one before it in the same
// paragraph; a question without content of its own ("how much?", 怎么办) goes
// with what it refers to; a list item stands by itself.
func segments(sentences []sentence) []segment {
	var out []segment
	var pending []*sentence // statements that wait for their question
	lastPara := -1
	emit := func(s *sentence) {
		seg := segment{item: s != nil && s.item}
		all := pending
		if s != nil {
			all = append(all, s)
			lastPara = s.para
			if len(s.wants) > 0 {
				seg.want = &s.wants[0]
			}
			if len(pending) > 0 {
				seg.core = s.norm
			}
		}
		for _, p := range all {
			seg.text = join(seg.text, p.text)
			seg.norm = join(seg.norm, p.norm)
		}
		pending = nil
		out = append(out, seg)
	}
	attach := func(s *sentence) {
		last := &out[len(out)-1]
		if last.core == "" {
			last.core = last.norm
		}
		last.text, last.norm = join(last.text, s.text), join(last.norm, s.norm)
		lastPara = s.para
	}
	flush := func() {
		if len(pending) > 0 {
			emit(nil)
		}
	}
	for i := range sentences {
		s := &sentences[i]
		if s.norm == "" || s.units == 0 && len(s.wants) == 0 && len(pending) == 0 && len(out) == 0 {
			continue
		}
		switch {
		case s.item && i > 0 && sentences[i-1].item && len(pending) > 0 && s.para != pending[0].para:
			flush()
			fallthrough
		case s.asks || len(s.wants) > 0:
			if s.units == 0 && len(s.wants) == 0 && len(pending) == 0 {
				attach(s)
				continue
			}
			emit(s)
		case s.item:
			flush()
			emit(s)
		case s.units == 0 && len(pending) == 0:
			attach(s)
		default:
			pending = append(pending, s)
			if len(pending) > 6 {
				flush()
			}
		}
	}
	if len(pending) > 0 {
		if len(out) > 0 && pending[0].para == lastPara && !out[len(out)-1].item {
			for _, p := range pending {
				attach(p)
			}
		} else {
			flush()
		}
	}
	for len(out) > MaxQuestions {
		n := len(out)
		out[n-2].text = join(out[n-2].text, out[n-1].text)
		out[n-2].norm = join(out[n-2].norm, out[n-1].norm)
		out = out[:n-1]
	}
	return out
}

func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	case strings.HasSuffix(a, "?"), strings.HasSuffix(a, "？"):
		return a + " " + b
	case ideographicEnd(a):
		return a + "。" + b
	}
	return a + ". " + b
}
