package faq

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"sync"
)

//go:embed words/intents_*.yaml
var exampleFiles embed.FS

// An exampleGroup is the examples of one intent (and topic): messages that have
// it, and messages that look like it and do not.
type exampleGroup struct {
	intent, topic string
	examples, not []string
}

// likeness tells what a sentence wants by the examples that it is like, where
// no rule says anything. It is the matcher's engine over intents: the same
// features, the same classifier, the nearest example as the reason. Class 0 is
// to want nothing beyond an answer; it has all counter-examples. It is
// immutable.
type likeness struct {
	words   *wordlists
	classes []exampleGroup
	texts   []string
	exact   map[string][]said // normalized text → what it is an example of
	vocab   *vocabulary
	model   *model
	near    *neighbours
}

// said is one example.
type said struct {
	intent, topic string
	not           bool
}

const (
	likeEnough = .7  // share of the classifier's belief from which an intent counts
	nearLeast  = .25 // cosine of its nearest example below which it does not; nor where a counter-example is nearer
)

// embeddedExamples reads the files in words/, once.
var embeddedExamples = sync.OnceValues(func() ([]exampleGroup, error) {
	var all []exampleGroup
	names, err := exampleFiles.ReadDir("words")
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		data, err := exampleFiles.ReadFile("words/" + n.Name())
		if err != nil {
			return nil, err
		}
		r := reader{file: "words/" + n.Name()}
		all = append(all, r.intents(data)...)
		if len(r.problems) > 0 {
			return nil, fmt.Errorf("%s", r.problems[0])
		}
	}
	return all, nil
})

var embeddedLikeness = sync.OnceValues(func() (*likeness, error) {
	w, err := wordlistsOnce()
	if err != nil {
		return nil, err
	}
	groups, err := embeddedExamples()
	if err != nil {
		return nil, err
	}
	return newLikeness(w, groups), nil
})

// likenessWith adds an operator's examples to those of the program.
func likenessWith(w *wordlists, more []exampleGroup) (*likeness, error) {
	if len(more) == 0 {
		return embeddedLikeness()
	}
	groups, err := embeddedExamples()
	if err != nil {
		return nil, err
	}
	return newLikeness(w, append(groups[:len(groups):len(groups)], more...)), nil
}

func newLikeness(w *wordlists, groups []exampleGroup) *likeness {
	l := &likeness{words: w, classes: []exampleGroup{{}}, exact: map[string][]said{}}
	corpus := newCorpus()
	e := &examples{}
	add := func(class int, g exampleGroup, texts []string, not bool) {
		for _, text := range texts {
			norm := trimMarks(w.normalize(text))
			if g.intent != none {
				l.exact[norm] = append(l.exact[norm], said{g.intent, g.topic, not})
			}
			l.texts = append(l.texts, text)
			corpus.add(w.extract(atomize(norm)))
			e.add(class, 1)
		}
	}
	for _, g := range groups {
		class := 0
		if g.intent != none {
			class = slices.IndexFunc(l.classes, func(c exampleGroup) bool { return c.intent == g.intent && c.topic == g.topic })
		}
		if class < 0 {
			class = len(l.classes)
			l.classes = append(l.classes, exampleGroup{intent: g.intent, topic: g.topic})
		}
		add(class, g, g.examples, false)
		add(0, g, g.not, true)
	}
	corpus.weigh(phraseWeights, float64(len(e.class))/float64(len(l.classes)))
	e.vectors = corpus.vectors
	l.vocab = new(corpus.vocabulary)
	// A fiftieth of a second: neither worth a file nor worth stopping.
	l.model = logistic(context.Background(), e, len(corpus.idf), len(l.classes), 1)
	l.near = newNeighbours(&e.vectors, e.class, len(corpus.idf), len(l.classes))
	return l
}

// phraseWeights are what the blocks of features count here: what a message wants
// lies in its phrases, more than what it is about.
var phraseWeights = [blocks]float64{blockWord: .40, blockPair: .25, blockPiece: .35}

// literally settles what an example says word for word: it adds what the text
// is an example of, and takes away what it is a counter-example of, whatever
// the rules made of it.
func (l *likeness) literally(norm string, wants []Intent) []Intent {
	for _, e := range l.exact[trimMarks(norm)] {
		if !e.not {
			wants = addIntent(wants, Intent{Name: e.intent, Topic: e.topic, Score: strongScore, Why: norm})
			continue
		}
		wants = slices.DeleteFunc(wants, func(i Intent) bool { return i.Name == e.intent && (e.topic == "" || i.Topic == e.topic) })
	}
	return wants
}

// wants finds the intent that a text most probably has.
func (l *likeness) wants(norm string) (Intent, bool) {
	atoms := atomize(norm)
	if len(atoms) < 2 || len(l.words.units(atoms)) == 0 {
		return Intent{}, false // a fragment is like anything
	}
	x := l.vocab.vector(l.words.extract(atoms))
	probs := make([]float32, len(l.classes))
	l.model.logits(x, probs)
	softmax(probs)
	best := 0
	for c, p := range probs {
		if p > probs[best] {
			best = c
		}
	}
	if best == 0 || probs[best] < likeEnough {
		return Intent{}, false
	}
	near := l.near.find(x)
	n := near[best]
	if n.best < nearLeast || n.best < near[0].best {
		return Intent{}, false
	}
	c := l.classes[best]
	return Intent{Name: c.intent, Topic: c.topic, Score: min(float64(probs[best]), strongScore), Why: "like " + l.texts[n.example]}, true
}

// add completes what rules found in a sentence.
func (l *likeness) add(r *rules, s *sentence, clauses []string) {
	s.wants = l.literally(s.norm, s.wants)
	if len(s.wants) > 0 || s.norm == "" || l.ruledOut(s.norm) {
		return
	}
	parts := []string{s.norm}
	if len(clauses) > 1 {
		parts = append(parts, clauses...)
	}
	for _, part := range parts {
		if i, ok := l.wants(part); ok && !l.ruledOut(part) && !r.trapped(i, part) {
			s.wants = addIntent(s.wants, i)
		}
	}
	sortIntents(s.wants)
}

// ruledOut: the text is word for word a counter-example.
func (l *likeness) ruledOut(norm string) bool {
	return slices.ContainsFunc(l.exact[trimMarks(norm)], func(e said) bool { return e.not })
}
