package faq

import (
	"context"
	"math"
	"math/rand/v2"
)

// A model scores every entry at once: one row of weights per feature, one
// column per entry. It is made for up to [fullTopics] entries; what is larger
// is a [sparse].
//
// It is a multinomial logistic regression, trained when the FAQ is loaded with
// a fixed seed: the same FAQ gives the same model. With many examples a support
// vector machine, one against the rest, is blended in: it draws sharper lines
// where there is enough to draw them from, and minds unbalanced entries less.
type model struct {
	classes int
	weights []float32 // [feature][class]
}

// examples are what a model is trained on: example questions, and answers'
// texts, which only hint and count less.
type examples struct {
	vectors
	class  []int32
	weight []float32
}

func (e *examples) add(class int, weight float32) {
	e.class = append(e.class, int32(class))
	e.weight = append(e.weight, weight)
}

const (
	learnRate  = 16 // of plain SGD on length-one vectors, falling to 0
	batch      = 8
	epochs     = 15
	leastSteps = 1000

	// Every round costs more the more entries there are, and fewer do as well.
	manyTopics = 200
	manyEpochs = 12

	// blendFrom is the mean number of examples per entry from which the
	// support vector machine pays; below, it costs a point or two.
	blendFrom = 15
	// From there on, a step of the logistic regression also sees only so large
	// a share of an example's features, drawn anew each time: it learns not to
	// hang a topic on one word (Wager, Wang and Liang, "Dropout Training as
	// Adaptive Regularization", NIPS 2013).
	seenShare  = .5
	seenEpochs = 25
	// blendShare is what the logistic regression counts in the blend.
	blendShare = 1.0 / 3
)

// train makes the model of few entries. When ctx ends it returns soon, and what it
// returns is worth nothing.
func train(ctx context.Context, e *examples, features, classes int, perEach float64) *model {
	seen := 1.0
	if perEach >= blendFrom {
		seen = seenShare
	}
	m := logistic(ctx, e, features, classes, seen)
	if perEach >= blendFrom && classes > 1 {
		// The blend is brought to the size of the logistic regression, so
		// that its softmax is as sure as it is often right.
		sv := newMachine(e, features)
		for c := range classes {
			if ctx.Err() != nil {
				break
			}
			w := sv.train(c, nil)
			for id, v := range w {
				if v != 0 {
					m.weights[id*classes+c] += v / blendShare
				}
			}
		}
	}
	return m
}

func logistic(ctx context.Context, e *examples, features, classes int, seen float64) *model {
	m := &model{classes: classes, weights: make([]float32, features*classes)}
	n := e.len()
	if n == 0 || classes < 2 {
		return m
	}
	rnd := rand.New(rand.NewPCG(20, 26))
	rounds := epochs
	switch {
	case seen < 1:
		rounds = seenEpochs
	case classes > manyTopics:
		rounds = manyEpochs
	}
	steps := max((n*rounds+batch-1)/batch, leastSteps)
	decay := 1 / (50 * float64(n))
	order := rnd.Perm(n)
	next := 0
	scale := 1.0 // weights = scale · m.weights: shrinking costs one product per step
	probs := make([]float32, batch*classes)
	moved := make([]int32, 0, classes)
	var picked [batch]int
	var parts, drawn [batch][]point // what this step sees of them
	for step := range steps {
		if ctx.Err() != nil {
			break
		}
		rate := learnRate * (1 - float64(step)/float64(steps))
		for k := range batch {
			if next == n {
				rnd.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
				next = 0
			}
			i := order[next]
			next++
			picked[k] = i
			p := probs[k*classes : (k+1)*classes]
			clear(p)
			parts[k] = e.at(i)
			if seen < 1 {
				drawn[k] = part(parts[k], seen, rnd, drawn[k][:0])
				parts[k] = drawn[k]
			}
			for _, x := range parts[k] {
				addRow(p, m.weights[int(x.id)*classes:], x.value*float32(scale))
			}
			softmax(p)
			p[e.class[i]]--
		}
		scale *= 1 - rate*decay
		for k, i := range picked {
			moved = m.step(parts[k], probs[k*classes:(k+1)*classes], float32(-rate/batch/scale)*e.weight[i], moved[:0])
		}
	}
	for i := range m.weights {
		m.weights[i] *= float32(scale)
	}
	return m
}

// part draws a share of a text's features into out. They count for more, so that
// the sum is about that of all.
func part(x []point, share float64, rnd *rand.Rand, out []point) []point {
	least := uint64((1 - share) * 256)
	more := float32(1 / share)
	var bits uint64
	for i, p := range x {
		if i%8 == 0 {
			bits = rnd.Uint64()
		}
		if bits&0xff >= least {
			out = append(out, point{p.id, p.value * more})
		}
		bits >>= 8
	}
	return out
}

// settled: a class that is this sure to be wrong has nothing to learn here.
const settled = 2e-3

func (m *model) step(x []point, gradient []float32, rate float32, moved []int32) []int32 {
	for c, g := range gradient {
		if g > settled || g < -settled {
			moved = append(moved, int32(c))
		}
	}
	for _, p := range x {
		row := m.weights[int(p.id)*m.classes : (int(p.id)+1)*m.classes]
		r := rate * p.value
		for _, c := range moved {
			row[c] += float32(r * gradient[c])
		}
	}
	return moved
}

// logits writes each class's score for x into out.
func (m *model) logits(x []feature, out []float32) {
	clear(out)
	for i := range x {
		if f := &x[i]; f.id >= 0 {
			addRow(out, m.weights[int(f.id)*m.classes:], f.value)
		}
	}
}

// addRow adds v times the row to out. The conversions keep processors from
// fusing product and sum: the result is the same on all of them.
func addRow(out, row []float32, v float32) {
	row = row[:len(out)]
	for len(out) >= 4 {
		o, w := (*[4]float32)(out), (*[4]float32)(row)
		o[0] += float32(v * w[0])
		o[1] += float32(v * w[1])
		o[2] += float32(v * w[2])
		o[3] += float32(v * w[3])
		out, row = out[4:], row[4:]
	}
	for i := range out {
		out[i] += float32(v * row[i])
	}
}

func softmax(x []float32) {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float32
	for i, v := range x {
		if v -= top; v < -16 {
			x[i] = 0
			continue
		}
		e := float32(math.Exp(float64(v)))
		x[i] = e
		sum += e
	}
	for i := range x {
		x[i] /= sum
	}
}
