package faq

import (
	"cmp"
	"slices"
)

// A ranker compares a question with all topics. There is one for FAQs of up to
// [fullTopics] entries, which looks at every topic, and one for larger FAQs,
// which looks at those that share words with the question. Both are immutable
// and safe for concurrent use.
type ranker interface {
	rank(x []feature) ranking
	// weight is how much a feature speaks for a topic beyond other topics.
	weight(feature, topic int32) float32
}

// fullTopics is how many topics are trained all against all: beyond, time and
// memory grow with the square of the FAQ.
const fullTopics = 300

// A ranking is the best topics for a question, and who is nearest to it.
type ranking struct {
	best         []ranked // best first, at most maxCandidates
	nearest      float32  // cosine of the nearest example of all
	nearestTopic int32    // whose that is, or -1
	second       float32  // cosine of the nearest example of any other topic
}

type ranked struct {
	topic int32
	share float32 // probability among all topics
	near
}

const maxCandidates = 5

// note takes a topic's nearest example into account.
func (r *ranking) note(topic int32, best float32) {
	switch {
	case best > r.nearest:
		r.second, r.nearest, r.nearestTopic = r.nearest, best, topic
	case best > r.second:
		r.second = best
	}
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

func (d *dense) rank(x []feature) ranking {
	r := ranking{nearestTopic: -1, best: make([]ranked, 0, maxCandidates)}
	share := make([]float32, d.model.classes)
	d.model.logits(x, share)
	near := d.near.find(x)
	for c := range share {
		share[c] = d.calm * (share[c] + d.pull*near[c].best)
		r.note(int32(c), near[c].best)
	}
	softmax(share)
	for c, p := range share {
		if len(r.best) < maxCandidates || p > r.best[maxCandidates-1].share {
			r.offer(ranked{int32(c), p, near[c]})
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
