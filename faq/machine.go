package faq

import (
	"math"
	"math/rand/v2"
)

// machine trains support vector machines, one entry against the rest: squared
// hinge loss, C = 2, by dual coordinate descent (Hsieh et al., "A Dual
// Coordinate Descent Method for Large-scale Linear SVM", ICML 2008, algorithm 3
// with shrinking). It is scratch space for one goroutine; every class starts
// from nothing with its own seed, so that the order of classes does not matter.
type machine struct {
	e      *examples
	w      []float32 // of the class at hand
	alpha  []float64
	length []float64 // squared, of each example
	all    []int32
	index  []int32
	used   []int32 // examples whose features may be left in w
}

const (
	machineRounds = 20
	machineStop   = .1
	machineCost   = 2.0
)

func newMachine(e *examples, features int) *machine {
	m := &machine{e: e, w: make([]float32, features), alpha: make([]float64, e.len()), length: make([]float64, e.len()), all: make([]int32, e.len())}
	for i := range m.length {
		m.all[i] = int32(i)
		for _, p := range e.at(i) {
			m.length[i] += float64(p.value) * float64(p.value)
		}
	}
	return m
}

// train finds the weights of a class against the examples in use (nil: all).
// The result is valid until the next call.
func (m *machine) train(class int, use []int32) []float32 {
	if use == nil {
		use = m.all
	}
	m.wipe()
	m.used = use
	m.index = append(m.index[:0], use...)
	for _, i := range m.index {
		m.alpha[i] = 0
	}
	active := len(m.index)
	rnd := rand.New(rand.NewPCG(20, uint64(class)))
	bound := math.Inf(1)
	for range machineRounds {
		rnd.Shuffle(active, func(i, j int) { m.index[i], m.index[j] = m.index[j], m.index[i] })
		high, low := math.Inf(-1), math.Inf(1)
		for s := 0; s < active; s++ {
			i := m.index[s]
			gradient, ok := m.gradient(i, class, bound)
			if !ok { // far on the right side: out of sight until the end
				active--
				m.index[s], m.index[active] = m.index[active], m.index[s]
				s--
				continue
			}
			high, low = max(high, gradient), min(low, gradient)
		}
		if high-low < machineStop {
			break
		}
		if bound = high; bound <= 0 {
			bound = math.Inf(1)
		}
	}
	return m.w
}

// wipe clears w; with few examples of many features, only where they are.
func (m *machine) wipe() {
	if len(m.used)*50 > len(m.w) {
		clear(m.w)
		return
	}
	for _, i := range m.used {
		for _, p := range m.e.at(int(i)) {
			m.w[p.id] = 0
		}
	}
}

// gradient takes one step along the dual variable of example i and returns the
// projected gradient before it; ok is false if the example may be left out.
func (m *machine) gradient(i int32, class int, bound float64) (gradient float64, ok bool) {
	x := m.e.at(int(i))
	var dot float32
	for _, p := range x {
		dot += float32(m.w[p.id] * p.value)
	}
	sign := float32(-1)
	if int(m.e.class[i]) == class {
		sign = 1
	}
	ridge := 1 / (2 * machineCost * float64(m.e.weight[i]))
	g := float64(sign*dot) - 1 + ridge*m.alpha[i]
	projected := g
	if m.alpha[i] == 0 {
		if g > bound {
			return 0, false
		}
		projected = min(g, 0)
	}
	if math.Abs(projected) > 1e-9 {
		old := m.alpha[i]
		m.alpha[i] = max(old-g/(m.length[i]+ridge), 0)
		d := float32(m.alpha[i]-old) * sign
		for _, p := range x {
			m.w[p.id] += float32(d * p.value)
		}
	}
	return projected, true
}
