package faq

import (
	"math"
	"math/rand/v2"
)

// A model is a multinomial logistic regression over the entries: one row of
// weights per feature, one column per entry. It is trained when the FAQ is
// loaded, with a fixed seed: the same FAQ gives the same model.
type model struct {
	classes int
	weights []float32 // [feature][class]
}

// An example is one training text: an example question, or an answer.
type example struct {
	class  int
	x      []feature
	weight float32 // 1; less for an answer's text, which only hints
}

const (
	learnRate  = 12 // of plain SGD on length-one vectors, falling to 0
	batch      = 8
	epochs     = 15
	leastSteps = 1000
)

func train(examples []example, features, classes int) *model {
	m := &model{classes: classes, weights: make([]float32, features*classes)}
	if len(examples) == 0 || classes < 2 {
		return m
	}
	rnd := rand.New(rand.NewPCG(20, 26))
	steps := max((len(examples)*epochs+batch-1)/batch, leastSteps)
	decay := 1 / (50 * float64(len(examples)))
	order := rnd.Perm(len(examples))
	next := 0
	scale := 1.0 // weights = scale · m.weights: shrinking costs one product per step
	probs := make([]float32, batch*classes)
	var picked [batch]*example
	for step := range steps {
		rate := learnRate * (1 - float64(step)/float64(steps))
		for k := range batch {
			if next == len(order) {
				rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
				next = 0
			}
			e := &examples[order[next]]
			next++
			picked[k] = e
			p := probs[k*classes : (k+1)*classes]
			m.logits(e.x, float32(scale), p)
			softmax(p)
			p[e.class]--
		}
		scale *= 1 - rate*decay
		for k, e := range picked {
			m.step(e, probs[k*classes:(k+1)*classes], float32(-rate/batch/scale)*e.weight)
		}
	}
	for i := range m.weights {
		m.weights[i] *= float32(scale)
	}
	return m
}

// settled: a class that is this sure to be wrong has nothing to learn here.
const settled = 2e-3

func (m *model) step(e *example, gradient []float32, rate float32) {
	var classes [64]int32
	moved := classes[:0]
	for c, g := range gradient {
		if g > settled || g < -settled {
			moved = append(moved, int32(c))
		}
	}
	for i := range e.x {
		f := &e.x[i]
		if f.id < 0 {
			continue
		}
		row := m.weights[int(f.id)*m.classes : (int(f.id)+1)*m.classes]
		r := rate * f.value
		for _, c := range moved {
			row[c] += r * gradient[c]
		}
	}
}

// logits writes each class's score for x into out.
func (m *model) logits(x []feature, scale float32, out []float32) {
	clear(out)
	n := m.classes
	for i := range x {
		f := &x[i]
		if f.id < 0 {
			continue
		}
		row := m.weights[int(f.id)*n : int(f.id)*n+n]
		v := f.value * scale
		o := out[:len(row)]
		for c, w := range row {
			o[c] += v * w
		}
	}
}

// softmax turns logits into probabilities and returns the log of the sum of
// their exponentials.
func softmax(x []float32) float64 {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float64
	for i, v := range x {
		e := math.Exp(float64(v - top))
		x[i] = float32(e)
		sum += e
	}
	for i := range x {
		x[i] = float32(float64(x[i]) / sum)
	}
	return float64(top) + math.Log(sum)
}
