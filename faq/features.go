package faq

import (
	"math"
	"slices"
)

// A text is seen as three blocks of features, each a tf-idf vector of length
// one, joined with weights: words with the notions they stand for (for Chinese:
// characters, because customers put their words in any order), pairs of them (in
// English the first and the last also with the text's end), and pieces of words
// (for Chinese: runs of one to three characters). The pieces forgive spelling.
//
// An embedding joins as one more block whose features are its coordinates:
// whatever is trained or searched below takes features of any block.
const (
	blockWord = iota
	blockPair
	blockPiece
	blocks
)

// blockWeights are what the blocks count in FAQs of so many topics. Among very
// many, pieces are alike too often.
func blockWeights(topics int) [blocks]float64 {
	if topics > fullTopics {
		return [blocks]float64{blockWord: .85, blockPair: .15, blockPiece: .08}
	}
	return [blocks]float64{blockWord: .55, blockPair: .15, blockPiece: .30}
}

// minPiece and maxPiece bound the pieces of an alphabetic word, in bytes.
const (
	minPiece = 2
	maxPiece = 5
)

// notionWeight is what a notion (words/alike_*.txt) counts beside its word,
// given the mean number of examples per topic: with many, training finds out
// by itself which words mean the same here.
func notionWeight(perEach float64) float32 { return float32(.5 + 1/(1+perEach/15)) }

// functionWeight is what function words count beside others, given the mean
// number of examples per topic. With one example, "how do I" weighs as much as
// its idf says, which is too much; from ten on, training finds out by itself.
func functionWeight(perEach float64) float32 {
	return float32(1 - .35*math.Pow(max(perEach, 1), -.7))
}

// A feature is one coordinate of a text's vector. From and to say which atoms
// it came from, so that a score can be traced back to words.
type feature struct {
	hash     uint64
	value    float32
	id       int32 // row in the model, or -1
	from, to int16 // atoms [from, to)
	block    uint8
	kind     uint8
}

// Kinds of features that count more or less than others; a feature may be several.
const (
	functionWord = 1 << iota // of function words only
	notionWord               // a notion, not the word itself
	slipWord                 // of a word that was misspelt
	kinds
)

// extract lists the raw features of a text, each once, value = 1+ln(tf), in an
// order that depends on nothing but the text.
func (w *wordlists) extract(atoms []atom) []feature {
	out := make([]feature, 0, 32*len(atoms))
	bound := w.functionAtoms(atoms)
	kindOf := func(from, to int) (kind uint8) {
		if !slices.Contains(bound[from:to], false) {
			kind = functionWord
		}
		for i := from; i < to; i++ {
			if atoms[i].slip {
				kind |= slipWord
			}
		}
		return kind
	}
	add := func(block uint8, h uint64, from, to int, kind uint8) {
		out = append(out, feature{hash: h, value: 1, block: block, from: int16(from), to: int16(to), id: -1, kind: kind})
	}
	var word []byte
	for i, a := range atoms {
		kind := kindOf(i, i+1)
		add(blockWord, hashOf(blockWord, a.stem), i, i+1, kind)
		if a.cjk {
			add(blockPiece, hashOf(blockPiece, a.text), i, i+1, kind)
			if i+1 < len(atoms) && atoms[i+1].glue {
				pair := a.text + atoms[i+1].text
				kind := kindOf(i, i+2)
				add(blockPair, hashOf(blockPair, pair), i, i+2, kind)
				add(blockPiece, hashOf(blockPiece, pair), i, i+2, kind)
				if i+2 < len(atoms) && atoms[i+2].glue {
					add(blockPiece, hashOf(blockPiece, pair+atoms[i+2].text), i, i+3, kindOf(i, i+3))
				}
			}
			continue
		}
		if i+1 < len(atoms) && !atoms[i+1].cjk {
			add(blockPair, hashOf(blockPair, a.stem+" "+atoms[i+1].stem), i, i+2, kindOf(i, i+2))
		}
		if i == 0 {
			add(blockPair, hashOf(blockPair, "^ "+a.stem), i, i+1, kind)
		}
		if i+1 == len(atoms) {
			add(blockPair, hashOf(blockPair, a.stem+" $"), i, i+1, kind)
		}
		word = append(append(append(word[:0], ' '), a.text...), ' ')
		for k := range word {
			h := hashOf(blockPiece, "")
			for n := 1; n <= maxPiece && k+n <= len(word); n++ {
				if h = hashed(h, word[k+n-1]); n >= minPiece {
					add(blockPiece, h, i, i+1, kind)
				}
			}
		}
	}
	for _, n := range w.notions(atoms) {
		add(blockWord, hashOf(blockWord, "~"+n.name), n.from, n.to, kindOf(n.from, n.to)|notionWord)
	}
	return once(out)
}

// once joins equal features, and sorts by hash.
func once(x []feature) []feature {
	// Numbers sort several times as fast as features: the upper bits of the hash,
	// and which feature it is. The few whose lower bits decide are put right after.
	const bits = 20 // more than pieces of the longest text
	keys := make([]uint64, len(x))
	for i := range x {
		keys[i] = x[i].hash>>bits<<bits | uint64(i)
	}
	slices.Sort(keys)
	out := make([]feature, len(x))
	for i, k := range keys {
		f := x[k&(1<<bits-1)]
		for ; i > 0 && out[i-1].hash > f.hash; i-- {
			out[i] = out[i-1]
		}
		out[i] = f
	}
	n := 0
	for i := 0; i < len(out); {
		j := i + 1
		for j < len(out) && out[j].hash == out[i].hash {
			j++
		}
		out[n] = out[i]
		if j-i > 1 {
			out[n].value *= float32(1 + math.Log(float64(j-i)))
		}
		n++
		i = j
	}
	return out[:n]
}

// hashOf is FNV-1a with the block mixed in: the same on every machine, so that
// the same FAQ gives the same model.
func hashOf[T string | []byte](block uint8, s T) uint64 {
	h := hashed(14695981039346656037, block)
	for i := 0; i < len(s); i++ {
		h = hashed(h, s[i])
	}
	return h
}

func hashed(h uint64, c byte) uint64 { return (h ^ uint64(c)) * 1099511628211 }
