package faq

import (
	"cmp"
	"math"
	"slices"
)

// A ranker compares a question with all topics. There is one for FAQs of up to
// [fullTopics] entries, which looks at every topic, and one for larger FAQs,
// which looks at those that share words with the question. Both are immutable
// and safe for concurrent use.
type ranker interface {
	// rank ranks the topics but for the hidden ones; nil hides none.
	rank(x []feature, hidden []bool) ranking
	// weight is how much a feature speaks for a topic beyond other topics.
	weight(feature, topic int32) float32
}

// fullTopics is how many topics are trained all against all: beyond, time and
// memory grow with the square of the FAQ.
const fullTopics = 300

// A ranking is the best topics for a question, and what is known of the others.
type ranking struct {
	best     []ranked // best first, at most maxCandidates
	nearest  foremost // topics by the cosine of their nearest example
	centroid foremost // … of the mean of their examples
	entropy  float64  // of the probabilities
	absent   near     // of the hidden topic whose example is nearest
}

type ranked struct {
	topic int32
	share float32 // probability among all topics
	near
	known, owned float64 // see known.coverage; 0 until cover was called
}

const maxCandidates = 5

// note takes a topic's examples into account.
func (r *ranking) note(topic int32, n near) {
	r.nearest.note(topic, n.best)
	r.centroid.note(topic, n.centroid)
}

// hide takes a hidden topic's examples into account.
func (r *ranking) hide(n near) {
	if n.best > r.absent.best {
		r.absent = n
	}
}

// foremost is the topic with the highest value, and the second highest value.
type foremost struct {
	topic         int32
	first, second float32
}

func (f *foremost) note(topic int32, v float32) {
	switch {
	case v > f.first:
		f.second, f.first, f.topic = f.first, v, topic
	case v > f.second:
		f.second = v
	}
}

// besides is the highest value of any other topic.
func (f *foremost) besides(topic int32) float32 {
	if f.topic == topic {
		return f.second
	}
	return f.first
}

// cover finds how much of a question's content its best topics have in their own
// questions, and lets that speak for them.
func (m *matcher) cover(r *ranking, units []unit) {
	pull := ownedPull
	if m.topics > fullTopics {
		pull = ownedPullLarge
	}
	var before, after float32
	for i := range r.best {
		c := &r.best[i]
		c.known, c.owned = m.known.coverage(units, c.topic)
		before += c.share
		c.share *= float32(math.Exp(pull * c.owned))
		after += c.share
	}
	for i := range r.best {
		r.best[i].share *= before / after
	}
	slices.SortStableFunc(r.best, func(a, b ranked) int { return cmp.Compare(b.share, a.share) })
}

// ownedPull is what a topic's logit gains if its questions have all that a
// question is about, in FAQs of few topics and of many.
const (
	ownedPull      = .5
	ownedPullLarge = 3
)

func entropy(shares []float32) float64 {
	var sum float64
	for _, p := range shares {
		if p > 1e-6 {
			sum -= float64(p) * math.Log(float64(p))
		}
	}
	return sum
}

// offer keeps the few best of many without sorting all; the first of equals
// stays before.
func (r *ranking) offer(c ranked) {
	at, _ := slices.BinarySearchFunc(r.best, c, func(a, b ranked) int {
		if a.share >= b.share {
			return -1
		}
		return cmp.Compare(b.share, a.share)
	})
	if at == maxCandidates {
		return
	}
	if len(r.best) == maxCandidates {
		r.best = r.best[:maxCandidates-1]
	}
	r.best = slices.Insert(r.best, at, c)
}

// dense ranks few topics.
type dense struct {
	model *model
	near  *neighbours
	calm  float32 // what logits are multiplied by, so that shares are about as high as answers are often right
	pull  float32 // what the cosine of the nearest example adds to a topic's logit
}

// blendPull goes with the blend of two models: what they lose on a question
// that stands in the FAQ nearly word for word, the nearest example brings back.
// blendCalm takes back what the blend is too sure of.
const (
	blendPull = 2 / blendShare
	blendCalm = .5
)

func (d *dense) rank(x []feature, hidden []bool) ranking {
	r := ranking{best: make([]ranked, 0, maxCandidates)}
	share := make([]float32, d.model.classes)
	d.model.logits(x, share)
	near := d.near.find(x)
	for c := range share {
		if hidden != nil && hidden[c] {
			share[c] = -1e30
			r.hide(near[c])
			continue
		}
		share[c] = d.calm * (share[c] + d.pull*near[c].best)
		r.note(int32(c), near[c])
	}
	softmax(share)
	r.entropy = entropy(share)
	for c, p := range share {
		if hidden != nil && hidden[c] {
			continue
		}
		if len(r.best) < maxCandidates || p > r.best[maxCandidates-1].share {
			r.offer(ranked{topic: int32(c), share: p, near: near[c]})
		}
	}
	return r
}

func (d *dense) weight(feature, topic int32) float32 {
	n := d.model.classes
	row := d.model.weights[int(feature)*n : (int(feature)+1)*n]
	var mean float32
	for _, w := range row {
		mean += w
	}
	return row[topic] - mean/float32(n)
}
