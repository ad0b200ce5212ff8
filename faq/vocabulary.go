package faq

import (
	"math"
	"slices"
)

// vocabulary knows the features of the example questions and how rare each is.
type vocabulary struct {
	ids     map[uint64]int32
	idf     []float32
	new     float32         // weight of a feature that no example has
	kind    [kinds]float32  // weight by kind
	balance [blocks]float64 // weight by block
}

// A point is one coordinate of a training text, packed: an FAQ has millions.
type point struct {
	id    int32
	value float32
}

// vectors are the training texts, one after the other.
type vectors struct {
	points []point
	start  []int32 // text i is points[start[i]:start[i+1]]
}

func (v *vectors) at(i int) []point { return v.points[v.start[i]:v.start[i+1]] }
func (v *vectors) len() int         { return len(v.start) - 1 }

// corpus gathers training texts while their features are still being counted.
type corpus struct {
	vocabulary
	vectors
	df    []int32
	block []uint8 // by feature
	kinds []uint8
}

func newCorpus() *corpus {
	return &corpus{vocabulary: vocabulary{ids: map[uint64]int32{}}, vectors: vectors{start: []int32{0}}}
}

// add takes one text in. Raw features in, nothing kept of them.
func (c *corpus) add(x []feature) {
	for i := range x {
		f := &x[i]
		id, ok := c.ids[f.hash]
		if !ok {
			id = int32(len(c.df))
			c.ids[f.hash] = id
			c.df = append(c.df, 0)
			c.block, c.kinds = append(c.block, f.block), append(c.kinds, f.kind)
		}
		c.df[id]++
		c.points = append(c.points, point{id, f.value})
	}
	c.start = append(c.start, int32(len(c.points)))
}

// weigh ends counting: the vectors get the values that vector gives.
func (c *corpus) weigh(balance [blocks]float64, perEach float64) {
	c.points = slices.Clone(c.points) // without the room for more
	n := float64(c.len() + 1)
	c.idf = make([]float32, len(c.df))
	for i, d := range c.df {
		c.idf[i] = rarity(n / float64(1+d))
	}
	c.new = rarity(n)
	function, notion := functionWeight(perEach), notionWeight(perEach)
	c.kind = [kinds]float32{1, functionWord: function, notionWord: notion, functionWord | notionWord: function * notion}
	for k := range slipWord {
		c.kind[k|slipWord] = c.kind[k] * slipWeight
	}
	c.balance = balance
	var s scale
	for i := range c.len() {
		s.reset()
		x := c.at(i)
		for k := range x {
			p := &x[k]
			p.value *= c.idf[p.id] * c.kind[c.kinds[p.id]]
			s.add(c.block[p.id], p.value)
		}
		s.finish(&c.balance)
		for k := range x {
			x[k].value *= s.factor[c.block[x[k].id]]
		}
	}
}

// rarity is the idf, a little flattened: both texts that are compared carry it.
func rarity(share float64) float32 { return float32(math.Pow(math.Log(share)+1, .7)) }

// vector weighs raw features by idf, brings each block to its weight and the
// whole to length one, in place. Features that no example has stay in: they
// carry no score, but they make the rest count for less, as they should.
func (v *vocabulary) vector(x []feature) []feature {
	var s scale
	for i := range x {
		f := &x[i]
		if id, ok := v.ids[f.hash]; ok {
			f.id = id
			f.value *= v.idf[id]
		} else {
			f.id = -1
			f.value *= v.new
		}
		f.value *= v.kind[f.kind]
		s.add(f.block, f.value)
	}
	s.finish(&v.balance)
	for i := range x {
		x[i].value *= s.factor[x[i].block]
	}
	return x
}

// scale brings the blocks of one text to their weights.
type scale struct {
	square [blocks]float64
	factor [blocks]float32
}

func (s *scale) reset() { *s = scale{} }

func (s *scale) add(block uint8, value float32) {
	s.square[block] += float64(value) * float64(value)
}

func (s *scale) finish(weight *[blocks]float64) {
	var total float64
	for b, q := range s.square {
		if q > 0 {
			total += weight[b]
		}
	}
	for b, q := range s.square {
		if q > 0 {
			s.factor[b] = float32(math.Sqrt(weight[b] / total / q))
		}
	}
}
