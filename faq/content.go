package faq

import (
	"math"
	"slices"
	"strings"
)

// A unit is a piece of a text that names something: a word that is not a
// function word, or two neighbouring Chinese characters outside of function
// words (one, where it stands alone).
type unit struct {
	hash     uint64
	from, to int
}

// units lists the content of a text. None means that the text names nothing:
// it is a fragment, a pleasantry, or consists of numbers only.
func (w *wordlists) units(atoms []atom) []unit {
	var out []unit
	bound := w.functionAtoms(atoms)
	for i := 0; i < len(atoms); i++ {
		if bound[i] {
			continue
		}
		a := atoms[i]
		if !a.cjk {
			out = append(out, unit{hashOf(blockWord, a.stem), i, i + 1})
			continue
		}
		j := i + 1
		for j < len(atoms) && atoms[j].glue && !bound[j] {
			out = append(out, unit{hashOf(blockWord, atoms[j-1].text+atoms[j].text), j - 1, j + 1})
			j++
		}
		if j == i+1 {
			out = append(out, unit{hashOf(blockWord, a.text), i, j})
		}
		i = j - 1
	}
	return out
}

// functionAtoms marks the atoms that belong to function words.
func (w *wordlists) functionAtoms(atoms []atom) []bool {
	bound := make([]bool, len(atoms))
	for i := 0; i < len(atoms); i++ {
		a := atoms[i]
		if !a.cjk {
			bound[i] = w.function[a.text]
			continue
		}
		for n := w.functionAt(atoms[i:]); n > 0; n-- {
			bound[i+n-1] = true
		}
		for i+1 < len(atoms) && bound[i+1] {
			i++
		}
	}
	return bound
}

// functionAt gives the length of the longest Chinese function word that the
// atoms begin with.
func (w *wordlists) functionAt(atoms []atom) int {
	var b [8]string
	n := 0
	for n < len(b) && n < len(atoms) && atoms[n].cjk && (n == 0 || atoms[n].glue) {
		b[n] = atoms[n].text
		n++
	}
	for ; n > 0; n-- {
		if w.function[strings.Join(b[:n], "")] {
			return n
		}
	}
	return 0
}

// known remembers which content the example questions have, and in which
// entries it occurs.
type known struct {
	entries  map[uint64][]int32
	count    map[uint64]int
	examples int
}

func newKnown() *known { return &known{entries: map[uint64][]int32{}, count: map[uint64]int{}} }

// add takes the content of one example in; classes come in rising order.
func (k *known) add(class int, units []unit) {
	k.examples++
	for _, u := range units {
		k.count[u.hash]++
		if list := k.entries[u.hash]; len(list) == 0 || list[len(list)-1] != int32(class) {
			k.entries[u.hash] = append(list, int32(class))
		}
	}
}

func (k *known) idf(h uint64) float64 {
	return math.Log(float64(1+k.examples)/float64(1+k.count[h])) + 1
}

// coverage is how much of a question's content, by rarity, the FAQ knows at
// all, and how much the topic's own questions have.
func (k *known) coverage(units []unit, topic int32) (all, owned float64) {
	var total float64
	for _, u := range units {
		w := k.idf(u.hash)
		total += w
		list := k.entries[u.hash]
		if len(list) > 0 {
			all += w
		}
		if _, ok := slices.BinarySearch(list, topic); ok {
			owned += w
		}
	}
	if total == 0 {
		return 0, 0
	}
	return all / total, owned / total
}
