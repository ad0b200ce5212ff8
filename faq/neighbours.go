package faq

import "math"

// neighbours finds how near a question is to the example questions, by cosine
// of their vectors, through an inverted index: only examples that share a
// feature with the question are touched.
type neighbours struct {
	postings [][]posting // by feature
	class    []int32     // of each example
	centroid []float32   // 1/length of each class's summed examples
}

type posting struct {
	example int32
	value   float32
}

func newNeighbours(examples []example, features, classes int) *neighbours {
	n := &neighbours{
		postings: make([][]posting, features),
		class:    make([]int32, len(examples)),
		centroid: make([]float32, classes),
	}
	for i, e := range examples {
		n.class[i] = int32(e.class)
		for _, f := range e.x {
			n.postings[f.id] = append(n.postings[f.id], posting{int32(i), f.value})
		}
	}
	sum := make([]float64, classes)
	length := make([]float64, classes)
	for _, list := range n.postings {
		for _, p := range list {
			sum[n.class[p.example]] += float64(p.value)
		}
		for _, p := range list {
			c := n.class[p.example]
			length[c] += sum[c] * sum[c]
			sum[c] = 0
		}
	}
	for c, l := range length {
		if l > 0 {
			n.centroid[c] = float32(1 / math.Sqrt(l))
		}
	}
	return n
}

// near is what the neighbours of one question say about one class.
type near struct {
	best     float32 // cosine of the nearest example
	example  int32   // which, or -1
	centroid float32 // cosine of the mean of the examples
}

func (n *neighbours) find(x []feature) []near { return n.findWithout(x, -1) }

// findWithout leaves one example out as nearest.
func (n *neighbours) findWithout(x []feature, without int) []near {
	cos := make([]float32, len(n.class))
	for i := range x {
		f := &x[i]
		if f.id < 0 {
			continue
		}
		for _, p := range n.postings[f.id] {
			cos[p.example] += f.value * p.value
		}
	}
	out := make([]near, len(n.centroid))
	for c := range out {
		out[c].example = -1
	}
	for i, v := range cos {
		if i == without {
			continue
		}
		o := &out[n.class[i]]
		o.centroid += v
		if v > o.best {
			o.best, o.example = v, int32(i)
		}
	}
	for c := range out {
		out[c].centroid *= n.centroid[c]
	}
	return out
}
