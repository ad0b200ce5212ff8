package faq

import "math"

// signs are what confidence is judged by. None of them depends on what the FAQ
// is about, so that a calibration found on other collections holds for this
// one.
type signs struct {
	share       float64 // log of the classifier's probability for the topic
	margin      float64 // log ratio to its strongest rival
	entropy     float64 // of the classifier's probabilities
	mass        float64 // log of the sum of exp(logit): how much spoke for anything
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
	habits      habits
}

const signCount = 25

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
		3:  g.share + g.mass,
		4:  g.mass,
		5:  g.nearest,
		6:  g.nearGap,
		7:  g.centroid,
		8:  g.centroidGap,
		9:  g.known,
		10: g.owned,
		11: g.ownedGap,
		12: n,
		13: n * (1 - g.known),
		14: flag(g.content == 1),
		15: flag(g.agree),
		16: math.Log(float64(max(g.topics, 2))),
		17: math.Log(max(g.perEach, 1)),
		18: math.Log(float64(max(g.examples, 1))),
	}
	if h.n > 0 {
		row[19] = 1
		row[20] = h.own.z(g.nearest)
		row[21] = h.other.z(g.nearest)
		row[22] = h.right
		row[23] = h.own.mean - h.other.mean
		row[24] = g.known - h.known
	}
	var out [signCount]float32
	for i, v := range row {
		out[i] = float32(v)
	}
	return out
}

// evidence is what the parts of the matcher found in one question.
type evidence struct {
	probs   []float32 // by topic
	mass    float64
	near    []near    // by topic
	known   float64   // see signs
	owned   []float64 // by topic
	content int
}

// signs gives those of the topics, which are in the classifier's order.
func (m *matcher) signs(e *evidence, topics []int) []signs {
	var nearest, centroid, owned runner
	var entropy float64
	for c, p := range e.probs {
		nearest.see(c, float64(e.near[c].best))
		centroid.see(c, float64(e.near[c].centroid))
		owned.see(c, e.owned[c])
		if p > 1e-6 {
			entropy -= float64(p) * math.Log(float64(p))
		}
	}
	out := make([]signs, len(topics))
	for rank, c := range topics {
		rival := float32(0)
		if rank > 0 {
			rival = e.probs[topics[0]]
		} else if len(topics) > 1 {
			rival = e.probs[topics[1]]
		}
		out[rank] = signs{
			share:       logOf(e.probs[c]),
			margin:      logOf(e.probs[c]) - logOf(rival),
			entropy:     entropy,
			mass:        e.mass,
			nearest:     float64(e.near[c].best),
			nearGap:     float64(e.near[c].best) - nearest.besides(c),
			centroid:    float64(e.near[c].centroid),
			centroidGap: float64(e.near[c].centroid) - centroid.besides(c),
			known:       e.known,
			owned:       e.owned[c],
			ownedGap:    e.owned[c] - owned.besides(c),
			content:     e.content,
			agree:       c == nearest.best,
			topics:      m.topics,
			perEach:     m.perEach,
			examples:    m.counts[c],
			habits:      m.habits,
		}
	}
	return out
}

// runner keeps the best of many values and the second.
type runner struct {
	best          int
	first, second float64
	any           bool
}

func (r *runner) see(id int, v float64) {
	if !r.any || v > r.first {
		r.best, r.second, r.first, r.any = id, r.first, v, true
	} else {
		r.second = max(r.second, v)
	}
}

// besides is the best value of any other than id.
func (r *runner) besides(id int) float64 {
	if id == r.best {
		return r.second
	}
	return r.first
}

// habits are how the example questions of one FAQ relate to each other: what
// likeness there is ordinary between two questions of one topic, and what is
// ordinary between questions of different topics. They make signs of different
// FAQs comparable. They are found by asking the FAQ some of its own examples,
// each time without that example.
type habits struct {
	n     int     // examples asked; 0: no topic has two
	own   spread  // cosine of the nearest other example of the same topic
	other spread  // cosine of the nearest example of another topic
	right float64 // share of examples whose nearest other example is of the same topic
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

func (m *matcher) findHabits(examples []example) habits {
	count := make([]int, m.topics)
	for _, e := range examples {
		count[e.class]++
	}
	var candidates []int
	for i, e := range examples {
		if count[e.class] > 1 {
			candidates = append(candidates, i)
		}
	}
	var h habits
	var own, other []float64
	n := min(asked, len(candidates))
	for k := range n {
		i := candidates[k*len(candidates)/n]
		near := m.near.findWithout(examples[i].x, i)
		var best float32
		for c := range near {
			if c != examples[i].class {
				best = max(best, near[c].best)
			}
		}
		mine := near[examples[i].class].best
		own = append(own, float64(mine))
		other = append(other, float64(best))
		if mine > best {
			h.right += 1 / float64(n)
		}
		var all, known float64
		for _, u := range m.words.units(atomize(m.words.normalize(m.texts[i]))) {
			w := m.known.idf(u.hash)
			all += w
			if m.known.count[u.hash] > 1 {
				known += w
			}
		}
		if all > 0 {
			h.known += known / all / float64(n)
		}
	}
	h.n, h.own, h.other = n, spreadOf(own), spreadOf(other)
	return h
}
