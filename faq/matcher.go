package faq

import "math"

// A topic is what the matcher chooses between: the texts of one entry, in all
// its languages.
type topic struct {
	questions []string
	answers   []string // weak hints; may be empty
}

// answerWeight is how much an answer's text counts beside one example question
// in training, and answerText how much of it is read: answers begin with what
// matters and go on with what many share.
const (
	answerWeight = .3
	answerText   = 300
)

// matcher ranks topics by how well they answer a question. It is immutable and
// safe for concurrent use.
type matcher struct {
	words   *wordlists
	topics  int
	perEach float64 // mean number of example questions per topic
	texts   []string
	vocab   *vocabulary
	model   *model
	near    *neighbours
	known   *known
	counts  []int // examples of each topic
	habits  habits

	calibration *calibration // nil: none is known yet
}

func newMatcher(words *wordlists, topics []topic) *matcher {
	m := &matcher{words: words, topics: len(topics), known: newKnown(), counts: make([]int, len(topics))}
	var raw [][]feature
	var examples []example
	for c, t := range topics {
		for _, q := range t.questions {
			atoms := atomize(words.normalize(q))
			m.known.add(c, words.units(atoms))
			m.texts = append(m.texts, q)
			m.counts[c]++
			x := extract(atoms)
			raw = append(raw, x)
			examples = append(examples, example{class: c, x: x, weight: 1})
		}
	}
	m.perEach = float64(len(examples)) / float64(max(1, len(topics)))
	questions := len(examples)
	for c, t := range topics {
		for _, a := range t.answers {
			x := extract(atomize(words.normalize(cut(a, answerText))))
			raw = append(raw, x)
			examples = append(examples, example{class: c, x: x, weight: answerWeight})
		}
	}
	m.vocab = newVocabulary(raw)
	for i := range examples {
		examples[i].x = m.vocab.vector(examples[i].x)
	}
	m.model = train(examples, len(m.vocab.idf), len(topics))
	m.near = newNeighbours(examples[:questions], len(m.vocab.idf), len(topics))
	m.habits = m.findHabits(examples[:questions])
	return m
}

// A candidate is one topic that may answer the question.
type candidate struct {
	topic   int
	score   float64 // estimate that this is the right answer
	example int     // nearest example question, or -1
	signs   signs
}

// A search is what the matcher saw in one question.
type search struct {
	atoms      []atom
	units      []unit
	x          []feature
	candidates []candidate // best first, at most maxCandidates
}

const maxCandidates = 5

func (m *matcher) search(text string) search {
	s := search{atoms: atomize(m.words.normalize(text))}
	s.units = m.words.units(s.atoms)
	if len(s.atoms) == 0 || m.topics == 0 {
		return s
	}
	s.x = m.vocab.vector(extract(s.atoms))
	probs := make([]float32, m.topics)
	m.model.logits(s.x, 1, probs)
	e := evidence{probs: probs, mass: softmax(probs), near: m.near.find(s.x), content: len(s.units)}
	e.known, e.owned = m.known.coverage(s.units, m.topics)
	var top ranking
	for c, p := range probs {
		top.offer(c, p)
	}
	for rank, g := range m.signs(&e, top.topics()) {
		c := top.ids[rank]
		s.candidates = append(s.candidates, candidate{c, m.calibration.confidence(&g, rank), int(e.near[c].example), g})
	}
	// The classifier's order stands; an estimate may not contradict it.
	for i := 1; i < len(s.candidates); i++ {
		s.candidates[i].score = min(s.candidates[i].score, s.candidates[i-1].score)
	}
	return s
}

func logOf(p float32) float64 { return math.Log(max(float64(p), 1e-6)) }

// ranking keeps the few best of many without sorting all.
type ranking struct {
	ids   [maxCandidates]int
	probs [maxCandidates]float32
	n     int
}

func (r *ranking) offer(id int, p float32) {
	if r.n == maxCandidates && p <= r.probs[r.n-1] {
		return
	}
	if r.n < maxCandidates {
		r.n++
	}
	i := r.n - 1
	for ; i > 0 && r.probs[i-1] < p; i-- {
		r.ids[i], r.probs[i] = r.ids[i-1], r.probs[i-1]
	}
	r.ids[i], r.probs[i] = id, p
}

func (r *ranking) topics() []int { return r.ids[:r.n] }
