package faq

// A notion is what several words have in common: 还款 and 还钱, cancel and stop.
// words/alike_*.txt lists them. Customers put the same matter into other words
// than the FAQ; where that has few example questions, notions are what the two
// share.
type notion struct {
	name     string
	from, to int // atoms [from, to)
}

// longestAlike bounds the characters of a Chinese word in words/alike_zh.txt.
const longestAlike = 6

func (w *wordlists) notions(atoms []atom) []notion {
	var out []notion
	for i := 0; i < len(atoms); i++ {
		a := atoms[i]
		if !a.cjk {
			if name := w.notionOf(a); name != "" {
				out = append(out, notion{name, i, i + 1})
			}
			continue
		}
		n := notion{from: i}
		var text [longestAlike * 4]byte
		b := text[:0]
		for j := i; j < len(atoms) && j < i+longestAlike && atoms[j].cjk && (j == i || atoms[j].glue); j++ {
			b = append(b, atoms[j].text...)
			if name := w.alike[string(b)]; name != "" {
				n.name, n.to = name, j+1
			}
		}
		if n.name != "" {
			out = append(out, n)
			i = n.to - 1
		}
	}
	return out
}

func (w *wordlists) notionOf(a atom) string {
	if name := w.alike[a.text]; name != "" {
		return name
	}
	return w.alikeStem[a.stem]
}
