package faq

import (
	"math"
	"slices"
)

// signs are what confidence is judged by. None of them depends on what the FAQ
// is about, so that a calibration found on other collections holds for this
// one.
type signs struct {
	share       float64 // log of the classifier's probability for the topic
	margin      float64 // log ratio to its strongest rival
	entropy     float64 // of the classifier's probabilities
	nearest     float64 // cosine of the topic's nearest example
	nearGap     float64 // … minus that of any other topic's
	centroid    float64 // cosine of the mean of its examples
	centroidGap float64 // … minus that of any other topic's
	known       float64 // share of the question's content that the FAQ knows
	owned       float64 // share that this topic's questions have
	ownedGap    float64 // … minus that of any other topic's
	content     int     // number of content units
	agree       bool    // classifier and nearest example name the same topic
	topics      int
	perEach     float64 // examples per topic
	examples    int     // of this topic
	slips       int     // words that were put right
	habits      habits
}

const signCount = 22

// row is the form in which the calibration sees signs.
func (g *signs) row() [signCount]float32 {
	flag := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	n := math.Log(1 + float64(g.content))
	h := &g.habits
	row := [signCount]float64{
		0:  max(g.share, -6),
		1:  max(min(g.margin, 8), -8),
		2:  g.entropy,
		3:  g.nearest,
		4:  g.nearGap,
		5:  g.centroid,
		6:  g.centroidGap,
		7:  g.known,
		8:  g.owned,
		9:  g.ownedGap,
		10: n,
		11: n * (1 - g.known),
		12: flag(g.content == 1),
		13: flag(g.agree),
		14: math.Log(float64(max(g.topics, 2))),
		15: math.Log(max(g.perEach, 1)),
		16: math.Log(float64(max(g.examples, 1))),
	}
	if h.n > 0 {
		row[17] = 1
		row[18] = h.own.z(g.nearest)
		row[19] = h.other.z(g.nearest)
		row[20] = g.known - h.known
	}
	row[21] = math.Log(1 + float64(g.slips))
	var out [signCount]float32
	for i, v := range row {
		out[i] = float32(v)
	}
	return out
}

// signs gives those of the best topics of a ranking.
func (m *matcher) signs(r *ranking, units []unit, slips int) []signs {
	out := make([]signs, len(r.best))
	var owned foremost
	for _, c := range r.best {
		owned.note(c.topic, float32(c.owned))
	}
	for i, c := range r.best {
		rival := float32(.5)
		if i > 0 {
			rival = r.best[0].share
		} else if len(r.best) > 1 {
			rival = r.best[1].share
		} else { // that it is the only topic does not speak for it
			c.share = min(c.share, .5)
		}
		g := &out[i]
		g.share = logOf(c.share)
		g.known, g.owned = c.known, c.owned
		g.margin = logOf(c.share) - logOf(rival)
		g.entropy = r.entropy
		g.nearest = float64(c.best)
		g.nearGap = float64(c.best - r.nearest.besides(c.topic))
		g.centroid = float64(c.centroid)
		g.centroidGap = float64(c.centroid - r.centroid.besides(c.topic))
		g.ownedGap = g.owned - float64(owned.besides(c.topic))
		g.content = len(units)
		g.agree = c.topic == r.nearest.topic && r.nearest.first > 0
		g.topics = m.topics
		g.perEach = m.perEach
		g.examples = m.counts[c.topic]
		g.habits = m.habits
		g.slips = slips
	}
	return out
}

// habits are how the example questions of one FAQ relate to each other: what
// likeness there is ordinary between two questions of one topic, and what is
// ordinary between questions of different topics. They make signs of different
// FAQs comparable. They are found by asking the FAQ some of its own examples,
// each time without that example. How well that goes is no sign: whoever writes an
// FAQ with care writes examples that differ, and would be told that it is hard.
type habits struct {
	n     int     // examples asked; 0: no topic has two
	own   spread  // cosine of the nearest other example of the same topic
	other spread  // cosine of the nearest example of another topic
	known float64 // mean share of content that another example knows
}

type spread struct{ mean, deviation float64 }

// z is how far v is from what is ordinary, in standard deviations.
func (s spread) z(v float64) float64 {
	return max(min((v-s.mean)/max(s.deviation, .02), 4), -4)
}

func spreadOf(values []float64) spread {
	var s spread
	for _, v := range values {
		s.mean += v / float64(len(values))
	}
	for _, v := range values {
		s.deviation += (v - s.mean) * (v - s.mean) / float64(len(values))
	}
	s.deviation = math.Sqrt(s.deviation)
	return s
}

// asked is how many examples habits are taken from at most.
const asked = 150

func (m *matcher) findHabits(class []int32) habits {
	var candidates []int
	for i, c := range class {
		if m.counts[c] > 1 {
			candidates = append(candidates, i)
		}
	}
	var h habits
	var own, other []float64
	var known float64
	n := min(asked, len(candidates))
	for k := range n {
		i := candidates[k*len(candidates)/n]
		atoms := atomize(m.words.normalize(m.texts[i]))
		r := m.ranker.rank(m.vocab.vector(m.words.extract(atoms)), nil)
		at := slices.IndexFunc(r.best, func(c ranked) bool { return c.topic == class[i] })
		if at < 0 {
			continue // its own topic does not know it: nothing is like it
		}
		// The nearest example of its topic is itself.
		mine, others := r.best[at].next, r.nearest.besides(class[i])
		own, other = append(own, float64(mine)), append(other, float64(others))
		var all, shared float64
		for _, u := range m.words.units(atoms) {
			w := m.known.idf(u.hash)
			all += w
			if m.known.count[u.hash] > 1 {
				shared += w
			}
		}
		if all > 0 {
			known += shared / all
		}
	}
	if h.n = len(own); h.n > 0 {
		h.own, h.other = spreadOf(own), spreadOf(other)
		h.known = known / float64(h.n)
	}
	return h
}
