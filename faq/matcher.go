package faq

import (
	"context"
	"math"
)

// A topic is what the matcher chooses between: the texts of one entry, in all
// its languages.
type topic struct {
	questions []string
	languages []string // of each question, where an entry says it
	answers   []string // weak hints; may be empty
}

// An answer's text is a weak example of its topic: answerWeight is what it
// counts in training beside a question, answerText how much of it is read
// (answers begin with what matters and go on with what many share), and from
// answerUntil questions on it is not needed.
const (
	answerWeight = .3
	answerText   = 300
	answerUntil  = 8
)

// matcher ranks topics by how well they answer a question. It is immutable and
// safe for concurrent use.
type matcher struct {
	words   *wordlists
	topics  int
	perEach float64 // mean number of example questions per topic
	texts   []string
	vocab   *vocabulary
	ranker  ranker
	known   *known
	slips   *slips
	counts  []int // example questions of each topic
	habits  habits

	calibration *calibration // nil: none is known yet
}

// newMatcher learns the topics; its only error is that of a context that ends before.
func newMatcher(ctx context.Context, words *wordlists, topics []topic, cache Cache) (*matcher, error) {
	m := &matcher{words: words, topics: len(topics), known: newKnown(), counts: make([]int, len(topics))}
	corpus, usage := newCorpus(), newUsage()
	var class []int32
	var weight []float32
	for c, t := range topics {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.counts[c] = len(t.questions)
		for _, q := range t.questions {
			atoms := atomize(words.normalize(q))
			m.known.add(c, words.units(atoms))
			usage.add(words, atoms)
			m.texts = append(m.texts, q)
			corpus.add(words.extract(atoms))
			class, weight = append(class, int32(c)), append(weight, 1)
		}
	}
	m.perEach = float64(len(class)) / float64(max(1, len(topics)))
	questions := len(class)
	for c, t := range topics {
		if len(t.questions) >= answerUntil {
			continue
		}
		for _, a := range t.answers {
			corpus.add(words.extract(atomize(words.normalize(cut(a, answerText)))))
			class, weight = append(class, int32(c)), append(weight, answerWeight)
		}
	}
	corpus.weigh(blockWeights(len(topics)), m.perEach)
	m.vocab = new(corpus.vocabulary) // a copy, which does not keep the rest
	m.slips = newSlips(words, usage, m.vocab.ids)
	e := &examples{vectors: corpus.vectors, class: class, weight: weight}
	features := len(corpus.idf)
	if len(e.points)*len(topics) < worthKeeping {
		cache = Cache{}
	}
	if len(topics) <= fullTopics {
		d := &dense{
			model: cache.dense(ctx, e, features, len(topics), m.perEach),
			near:  newNeighbours(&e.vectors, class[:questions], features, len(topics)),
		}
		d.calm = 1
		if m.perEach >= blendFrom {
			d.calm, d.pull = blendCalm, blendPull
		}
		m.ranker = d
	} else {
		m.ranker = newSparse(ctx, e, questions, features, len(topics), cache)
	}
	if err := ctx.Err(); err != nil { // what was trained is worth nothing
		return nil, err
	}
	m.habits = m.findHabits(class[:questions])
	return m, nil
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
	slips      []Slip // what was put right in them
	units      []unit
	x          []feature
	absent     near        // the hidden topic that is nearest
	candidates []candidate // best first, at most maxCandidates
}

func (m *matcher) search(text string) search { return m.searchWithout(text, nil) }

// searchWithout is search as if the hidden topics were not there.
func (m *matcher) searchWithout(text string, hidden []bool) search {
	var s search
	s.atoms, s.slips = m.slips.mend(atomize(m.words.normalize(text)))
	s.units = m.words.units(s.atoms)
	if len(s.atoms) == 0 || m.topics == 0 {
		return s
	}
	s.x = m.vocab.vector(m.words.extract(s.atoms))
	r := m.ranker.rank(s.x, hidden)
	s.absent = r.absent
	m.cover(&r, s.units)
	for rank, g := range m.signs(&r, s.units, len(s.slips)) {
		c := &r.best[rank]
		s.candidates = append(s.candidates, candidate{int(c.topic), m.calibration.confidence(&g, rank), int(c.example), g})
	}
	// The classifier's order stands; an estimate may not contradict it.
	for i := 1; i < len(s.candidates); i++ {
		s.candidates[i].score = min(s.candidates[i].score, s.candidates[i-1].score)
	}
	return s
}

func logOf(p float32) float64 { return math.Log(max(float64(p), 1e-6)) }
