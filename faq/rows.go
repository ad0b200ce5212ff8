package faq

import (
	"math/bits"
	"slices"
)

// rows are the weights of all topics' machines, by feature, since a question has
// few features and its shortlist few topics. Of a feature that many topics have a
// weight for, a bit for each topic tells which; of others, the topics are listed.
// They are immutable.
type rows struct {
	topics int
	start  []int32   // of feature f: value[start[f]:start[f+1]], by topic
	value  []float32 // never 0
	at     []int32   // where the topics of feature f begin, in bits or in listed
	bits   []uint64
	before []int32 // by word of bits: weights of its feature that come before it
	listed []int32
}

// newRows turns the weights of each topic, by feature, around.
func newRows(machines [][]point, features int) *rows {
	r := &rows{topics: len(machines), start: make([]int32, features+1)}
	for _, m := range machines {
		for _, p := range m {
			r.start[p.id+1]++
		}
	}
	for f := range features {
		r.start[f+1] += r.start[f]
	}
	words, listed := r.layout()
	r.bits, r.listed, r.value = make([]uint64, words), make([]int32, listed), make([]float32, r.start[features])
	next := slices.Clone(r.start[:features])
	for c, m := range machines {
		for _, p := range m {
			i := next[p.id]
			next[p.id]++
			r.value[i] = p.value
			if at := r.at[p.id]; r.manyHave(p.id) {
				r.bits[int(at)+c>>6] |= 1 << (c & 63)
			} else {
				r.listed[at+i-r.start[p.id]] = int32(c)
			}
		}
	}
	r.countBefore()
	return r
}

// layout finds the place of each feature's topics from start, and how much room
// they take.
func (r *rows) layout() (words, listed int) {
	features := len(r.start) - 1
	r.at = make([]int32, features)
	for f := range features {
		if r.manyHave(int32(f)) {
			r.at[f] = int32(words)
			words += r.words()
		} else {
			r.at[f] = int32(listed)
			listed += int(r.start[f+1] - r.start[f])
		}
	}
	return words, listed
}

func (r *rows) countBefore() {
	r.before = make([]int32, len(r.bits))
	for i, w := range r.bits {
		if (i+1)%r.words() > 0 {
			r.before[i+1] = r.before[i] + int32(bits.OnesCount64(w))
		}
	}
}

// words is how many words have a bit for each topic.
func (r *rows) words() int { return (r.topics + 63) / 64 }

// manyHave tells how the topics of a feature are kept: as what takes less room.
func (r *rows) manyHave(feature int32) bool {
	return int(r.start[feature+1]-r.start[feature]) > r.topics/32
}

// of is the weight of one feature for one topic.
func (r *rows) of(feature, topic int32) float32 {
	from, to, at := r.start[feature], r.start[feature+1], r.at[feature]
	if r.manyHave(feature) {
		i := at + topic>>6
		if w := r.bits[i]; w>>(topic&63)&1 == 1 {
			return r.value[from+r.before[i]+int32(bits.OnesCount64(w&(1<<(topic&63)-1)))]
		}
		return 0
	}
	i, ok := slices.BinarySearch(r.listed[at:at+to-from], topic)
	if !ok {
		return 0
	}
	return r.value[int(from)+i]
}

// add adds v times the weight of a feature to the sums of some topics. place has,
// for every topic, one more than its place among these, or 0.
func (r *rows) add(sums []float32, topics []int32, place []uint8, feature int32, v float32) {
	from, to, at := r.start[feature], r.start[feature+1], int(r.at[feature])
	value := r.value[from:to]
	if !r.manyHave(feature) {
		for i, c := range r.listed[at : at+len(value)] {
			if p := place[c]; p > 0 {
				sums[p-1] += float32(v * value[i])
			}
		}
		return
	}
	has, before := r.bits[at:at+r.words()], r.before[at:at+r.words()]
	for i, c := range topics { // without a branch that is hard to foresee
		w := has[c>>6]
		k := int(before[c>>6]) + bits.OnesCount64(w&(1<<(c&63)-1))
		sums[i] += float32(v*value[min(k, len(value)-1)]) * float32(w>>(c&63)&1)
	}
}
