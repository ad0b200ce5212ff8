package faq

import "math"

// vocabulary knows the features of the example questions and how rare each is.
type vocabulary struct {
	ids      map[uint64]int32
	idf      []float32
	new      float32 // weight of a feature that no example has
	function float32 // weight of function words beside others
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
	flags []uint8 // by feature: its block, and functionFlag
}

const functionFlag = 1 << 7

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
			flag := f.block
			if f.function {
				flag |= functionFlag
			}
			c.flags = append(c.flags, flag)
		}
		c.df[id]++
		c.points = append(c.points, point{id, f.value})
	}
	c.start = append(c.start, int32(len(c.points)))
}

// weigh ends counting: the vectors get the values that vector gives.
func (c *corpus) weigh(perEach float64) {
	n := float64(c.len() + 1)
	c.idf = make([]float32, len(c.df))
	for i, d := range c.df {
		c.idf[i] = float32(math.Log(n/float64(1+d)) + 1)
	}
	c.new = float32(math.Log(n) + 1)
	c.function = functionWeight(perEach)
	var s scale
	for i := range c.len() {
		s.reset()
		x := c.at(i)
		for k := range x {
			p := &x[k]
			p.value *= c.idf[p.id]
			if c.flags[p.id]&functionFlag != 0 {
				p.value *= c.function
			}
			s.add(c.flags[p.id]&^functionFlag, p.value)
		}
		s.finish()
		for k := range x {
			x[k].value *= s.factor[c.flags[x[k].id]&^functionFlag]
		}
	}
}

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
		if f.function {
			f.value *= v.function
		}
		s.add(f.block, f.value)
	}
	s.finish()
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

func (s *scale) finish() {
	weight := [blocks]float64{wordWeight, pairWeight, pieceWeight}
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
