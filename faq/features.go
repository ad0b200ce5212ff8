package faq

import (
	"cmp"
	"math"
	"slices"
)

// A text is seen as three blocks of features, each a tf-idf vector of length
// one, joined with these weights: words, pairs of words, and pieces of words
// (for Chinese: runs of one to three characters). The pieces forgive spelling.
const (
	wordWeight  = .35
	pairWeight  = .15
	pieceWeight = .50
	maxPiece    = 5 // longest piece of an alphabetic word, in bytes
	minPiece    = 2
)

const (
	blockWord = iota
	blockPair
	blockPiece
	blocks
)

// A feature is one coordinate of a text's vector. From and to say which atoms
// it came from, so that a score can be traced back to words.
type feature struct {
	hash     uint64
	value    float32
	block    uint8
	from, to int16 // atoms [from, to)
	id       int32 // row in the model, or -1
}

// extract lists the raw features of a text, each once, value = 1+ln(tf).
func extract(atoms []atom) []feature {
	out := make([]feature, 0, 32*len(atoms))
	add := func(block uint8, h uint64, from, to int) {
		out = append(out, feature{hash: h, value: 1, block: block, from: int16(from), to: int16(to)})
	}
	var word []byte
	for i, a := range atoms {
		add(blockWord, hashOf(blockWord, a.stem), i, i+1)
		joined := i+1 < len(atoms) && (!a.cjk || !atoms[i+1].cjk || atoms[i+1].glue)
		if a.cjk {
			add(blockPiece, hashOf(blockPiece, a.text), i, i+1)
			if i+1 < len(atoms) && atoms[i+1].glue {
				pair := a.text + atoms[i+1].text
				add(blockWord, hashOf(blockWord, pair), i, i+2)
				add(blockPiece, hashOf(blockPiece, pair), i, i+2)
				if i+2 < len(atoms) && atoms[i+2].glue {
					add(blockPiece, hashOf(blockPiece, pair+atoms[i+2].text), i, i+3)
				}
			}
			continue
		}
		if joined && !atoms[i+1].cjk {
			add(blockPair, hashOf(blockPair, a.stem+" "+atoms[i+1].stem), i, i+2)
		}
		word = append(append(append(word[:0], ' '), a.text...), ' ')
		for n := minPiece; n <= maxPiece; n++ {
			for k := 0; k+n <= len(word); k++ {
				add(blockPiece, hashOf(blockPiece, word[k:k+n]), i, i+1)
			}
		}
	}
	slices.SortFunc(out, func(a, b feature) int { return cmp.Compare(a.hash, b.hash) })
	n := 0
	for i := 0; i < len(out); {
		j := i + 1
		for j < len(out) && out[j].hash == out[i].hash {
			j++
		}
		out[n] = out[i]
		if j-i > 1 {
			out[n].value = float32(1 + math.Log(float64(j-i)))
		}
		n++
		i = j
	}
	return out[:n]
}

// hashOf is FNV-1a with the block mixed in: the same on every machine, so that
// the same FAQ gives the same model.
func hashOf[T string | []byte](block uint8, s T) uint64 {
	h := (uint64(14695981039346656037) ^ uint64(block)) * 1099511628211
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// vocabulary counts in how many examples each feature occurs.
type vocabulary struct {
	ids map[uint64]int32
	idf []float32
	new float32 // weight of a feature that no example has
}

func newVocabulary(examples [][]feature) *vocabulary {
	v := &vocabulary{ids: map[uint64]int32{}}
	var df []int
	for _, x := range examples {
		for _, f := range x {
			id, ok := v.ids[f.hash]
			if !ok {
				id = int32(len(df))
				v.ids[f.hash] = id
				df = append(df, 0)
			}
			df[id]++
		}
	}
	n := float64(1 + len(examples))
	v.idf = make([]float32, len(df))
	for i, d := range df {
		v.idf[i] = float32(math.Log(n/float64(1+d)) + 1)
	}
	v.new = float32(math.Log(n) + 1)
	return v
}

// vector weighs raw features by idf, brings each block to its weight and the
// whole to length one, in place. Features that no example has stay in: they
// carry no score, but they make the rest count for less, as they should.
func (v *vocabulary) vector(x []feature) []feature {
	var norm [blocks]float64
	for i := range x {
		f := &x[i]
		id, ok := v.ids[f.hash]
		if !ok {
			f.id = -1
			f.value *= v.new
		} else {
			f.id = id
			f.value *= v.idf[id]
		}
		norm[f.block] += float64(f.value) * float64(f.value)
	}
	weight := [blocks]float64{wordWeight, pairWeight, pieceWeight}
	var total float64
	for b := range norm {
		if norm[b] > 0 {
			total += weight[b]
		}
	}
	for i := range x {
		b := x[i].block
		x[i].value *= float32(math.Sqrt(weight[b] / total / norm[b]))
	}
	return x
}
