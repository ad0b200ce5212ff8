package faq

import (
	"math/rand/v2"
	"testing"
)

// Turned around, the weights are the same: one by one, and added up.
func TestRows(t *testing.T) {
	const topics, features = 200, 70
	rnd := rand.New(rand.NewPCG(1, 2))
	machines := make([][]point, topics)
	want := [features][topics]float32{}
	for c := range topics {
		for f := range features {
			if rnd.IntN(features) < f { // the first features are rare, the last common
				want[f][c] = rnd.Float32() - .5
				machines[c] = append(machines[c], point{int32(f), want[f][c]})
			}
		}
	}
	r := newRows(machines, features)
	some := []int32{199, 3, 64, 63, 0, 128, 77}
	place := make([]uint8, topics)
	for i, c := range some {
		place[c] = uint8(i + 1)
	}
	kinds := map[bool]int{}
	for f := range int32(features) {
		kinds[r.manyHave(f)]++
		for c := range int32(topics) {
			if got := r.of(f, c); got != want[f][c] {
				t.Fatalf("feature %d, topic %d: %v, want %v", f, c, got, want[f][c])
			}
		}
		sums := make([]float32, len(some))
		r.add(sums, some, place, f, 3)
		for i, c := range some {
			if sums[i] != 3*want[f][c] {
				t.Fatalf("feature %d, topic %d: adds %v, want %v", f, c, sums[i], 3*want[f][c])
			}
		}
	}
	if kinds[true] == 0 || kinds[false] == 0 {
		t.Errorf("only one kind of row was tried: %v", kinds)
	}
}
