package faq

import (
	"math"
	"sync"
)

// neighbours finds how near a question is to the example questions, by cosine
// of their vectors, through an inverted index: only examples that share a
// feature with the question are touched.
type neighbours struct {
	postings []posting
	start    []int32   // those of feature f are postings[start[f]:start[f+1]]
	class    []int32   // of each example
	centroid []float32 // 1/length of each class's summed examples
	pool     sync.Pool // of *[]float32, one value per example
}

type posting struct {
	of    int32 // example, or class
	value float32
}

func newNeighbours(v *vectors, class []int32, features, classes int) *neighbours {
	n := &neighbours{
		class:    class,
		start:    make([]int32, features+1),
		centroid: make([]float32, classes),
	}
	points := v.points[:v.start[len(class)]]
	for _, p := range points {
		n.start[p.id+1]++
	}
	for f := range features {
		n.start[f+1] += n.start[f]
	}
	n.postings = make([]posting, len(points))
	next := append([]int32(nil), n.start[:features]...)
	for i := range class {
		for _, p := range v.at(i) {
			n.postings[next[p.id]] = posting{int32(i), p.value}
			next[p.id]++
		}
	}
	sum := make([]float64, classes)
	length := make([]float64, classes)
	for f := range features {
		list := n.of(int32(f))
		for _, p := range list {
			sum[class[p.of]] += float64(p.value)
		}
		for _, p := range list {
			c := class[p.of]
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

func (n *neighbours) of(feature int32) []posting {
	return n.postings[n.start[feature]:n.start[feature+1]]
}

// near is what the neighbours of one question say about one class.
type near struct {
	best     float32 // cosine of the nearest example
	next     float32 // … of the next nearest
	example  int32   // which, or -1
	centroid float32 // cosine of the mean of the examples
}

func (n *neighbours) find(x []feature) []near {
	buffer, ok := n.pool.Get().(*[]float32)
	if !ok {
		b := make([]float32, len(n.class))
		buffer = &b
	}
	defer n.pool.Put(buffer)
	cos := *buffer
	clear(cos)
	for i := range x {
		f := &x[i]
		if f.id < 0 {
			continue
		}
		for _, p := range n.of(f.id) {
			cos[p.of] += float32(f.value * p.value)
		}
	}
	out := make([]near, len(n.centroid))
	for c := range out {
		out[c].example = -1
	}
	for i, v := range cos {
		o := &out[n.class[i]]
		o.centroid += v
		if v > o.best {
			o.next, o.best, o.example = o.best, v, int32(i)
		} else if v > o.next {
			o.next = v
		}
	}
	for c := range out {
		out[c].centroid *= n.centroid[c]
	}
	return out
}
