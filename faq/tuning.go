package faq

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// A Tuning fits the score from which questions are answered to one FAQ and to what
// its customers ask. The calibration holds for FAQs in general, where every fourth
// question has no answer: where nearly all have one, or this FAQ's entries are easier to
// tell apart than others', the stated precision holds from a lower score on, and
// otherwise from a higher one. No question needs a label for it. The zero value changes
// nothing.
type Tuning struct {
	// Questions is how many questions of customers it follows from: those that are not
	// foreign to the FAQ.
	Questions int `json:"questions"`
	// Share is of how many of them the FAQ seems to have the answer: an estimate from .5,
	// which stands for less too, to .98, nearer to .75 the fewer questions and examples
	// there are.
	Share float64 `json:"share"`
	// Shift is how much more likely than it seems an answer is to be right, in log odds:
	// scores count for so much more. It follows from Share and from how the FAQ does on
	// its own examples. More than ±2 is taken for ±2.
	Shift float64 `json:"shift"`
}

// String tells a customer service what the tuning found.
func (t Tuning) String() string {
	about := "about "
	switch t.Share {
	case leastShare:
		about = "half or less, at most "
	case mostShare:
		about = "nearly all, at least "
	}
	return fmt.Sprintf("of %d questions %s%.0f%% have an answer here", t.Questions, about, 100*t.Share)
}

const (
	// TuneFrom is the fewest questions of customers that tell anything.
	TuneFrom = 200
	// tuneUpTo is the most examples of an FAQ that is tuned: to test it on itself takes
	// the time of training it several times.
	tuneUpTo = 20_000

	usualShare = .75 // of the questions that the calibration was fitted on have an answer, apart from foreign ones
	leastShare = .5  // is believed, and no less: nobody keeps an FAQ that answers less of what it is near to
	mostShare  = .98 // is believed: nobody's customers ask only what the FAQ answers
	shareDoubt = .15 // standard deviation of the estimated share, from FAQ to FAQ
	mostShift  = 2

	ownFrom    = .4  // lower scores say nothing of those near the point from which to answer
	ownBelief  = 20  // as many questions' worth of belief that this FAQ is like others
	missFrom   = .5  // from here on, what is wrong tells what goes wrong near that point
	missBelief = 20  // as many wrong matches' worth of belief that usualMiss of them want an entry
	usualMiss  = .78 // of all wrong matches that TestCalibrate sees; it tells
	leastApart = .02 // between the mean estimates of what has an answer and of what has none; so near, the share is all doubt

	// A question with a lower score is almost surely foreign to the FAQ. It never comes near
	// to being answered, so that it is no matter how many such there are.
	foreignBelow = .03
)

// A look is what the calibration makes of a question's best match.
type look struct {
	score   float64 // see [Match.Score]
	belongs float64 // estimate that the FAQ has the question's answer at all
}

// An echo is an example that was asked of an FAQ without it.
type echo struct {
	signs  signs   // of the best match
	in     bool    // its entry was there
	right  bool    // and was the best match
	weight float64 // 1/n, where examples are asked n times
}

// echoes asks an FAQ its own examples: each once where its entry is, but not the example
// itself, and once where the entry is not, but most of the others are. A small FAQ is
// asked a second time, with the entries grouped anew. Never asked is a question that
// stands in the FAQ more than once; nor, where its entry is, the only one that the entry
// has in its language.
func echoes(ctx context.Context, words *wordlists, topics []topic) ([]echo, error) {
	const small = 2000 // examples
	examples := 0
	for _, t := range topics {
		examples += len(t.questions)
	}
	rounds := 1
	if examples < small {
		rounds = 2
	}
	var out []echo
	for n := range rounds * echoFolds {
		there, asks := leaveOut(topics, n/echoFolds, n%echoFolds)
		m, err := newMatcher(ctx, words, there, Cache{})
		if err != nil {
			return nil, err
		}
		for _, a := range asks {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if c := m.search(a.text).candidates; len(c) > 0 {
				out = append(out, echo{c[0].signs, a.topic >= 0, c[0].topic == a.topic, 1 / float64(rounds)})
			}
		}
	}
	return out, nil
}

const echoFolds = 4

// leftOut is a question that was left out of an FAQ.
type leftOut struct {
	text  string
	topic int // of those that are there, or -1
}

// leaveOut leaves a fourth of the entries out, and a third of the examples of the others.
func leaveOut(topics []topic, round, fold int) (there []topic, asks []leftOut) {
	seen := map[string]int{}
	for _, t := range topics {
		for _, q := range t.questions {
			seen[QuestionKey(q)]++
		}
	}
	for i, t := range topics {
		lang := func(j int) string {
			if t.languages != nil {
				return t.languages[j]
			}
			return language(t.questions[j])
		}
		alike := map[string]int{} // questions by language
		for j := range t.questions {
			alike[lang(j)]++
		}
		away := (i + i/echoFolds*round) % echoFolds // the fold without the entry
		var kept []string
		for j, q := range t.questions {
			switch {
			case seen[QuestionKey(q)] > 1:
				kept = append(kept, q)
			case away == fold:
				asks = append(asks, leftOut{q, -1})
			case (away+1+(j+round)%(echoFolds-1))%echoFolds == fold && alike[lang(j)] > 1:
				asks = append(asks, leftOut{q, len(there)})
			default:
				kept = append(kept, q)
			}
		}
		if away != fold {
			there = append(there, topic{questions: kept, answers: t.answers})
		}
	}
	return there, asks
}

// scored is what the calibration makes of an echo.
type scored struct {
	look
	in, right bool // see echo
	weight    float64
}

// by is how a calibration sees an echo.
func (e *echo) by(c *calibration) scored {
	return scored{look{c.confidence(&e.signs, 0), c.belonging(&e.signs)}, e.in, e.right, e.weight}
}

// ownTest is what an FAQ shows on itself.
type ownTest struct {
	in, out []float64 // look.belongs of questions whose entry is there, and of the others, without what is foreign
	weight  float64   // of each
	wrong   float64   // matches near the point, where usualShare of all questions have an answer
	missing float64   // of these, for want of an entry
	shift   float64   // by how much the log odds of scores are too low there
}

// newOwnTest sums up echoes. The shift makes the scores most likely, where as many
// questions have an answer as in the calibration, and with some belief that it is 0.
func newOwnTest(all []scored) *ownTest {
	t := &ownTest{}
	var in, out float64
	for _, s := range all {
		t.weight = s.weight
		if s.in {
			in++
		} else {
			out++
		}
		switch {
		case s.score < foreignBelow:
		case s.in:
			t.in = append(t.in, s.belongs)
		default:
			t.out = append(t.out, s.belongs)
		}
	}
	if !t.tells() {
		return t
	}
	absent := in * (1 - usualShare) / usualShare / out // what a question without an answer counts
	for _, s := range all {
		switch {
		case s.right || s.score < missFrom:
		case s.in:
			t.wrong += s.weight
		default:
			t.wrong, t.missing = t.wrong+s.weight*absent, t.missing+s.weight*absent
		}
	}
	for range 10 { // Newton's method, in small steps
		g, h := -ownBelief*t.shift, float64(ownBelief)
		for _, s := range all {
			if s.score < ownFrom {
				continue
			}
			w, p := s.weight, expit(logit(s.score)+t.shift)
			if !s.in {
				w *= absent
			}
			if s.right {
				g += w
			}
			g, h = g-w*p, h+w*p*(1-p)
		}
		t.shift += max(min(g/h, 1), -1)
	}
	return t
}

// tells reports whether there is enough to go by.
func (t *ownTest) tells() bool { return t.weight*float64(min(len(t.in), len(t.out))) >= 20 }

// share estimates of how many questions, of which none is foreign, the FAQ has the
// answer: the scaled probability average (Bella, Ferri, Hernández-Orallo and
// Ramírez-Quintana, Quantification via Probability Estimators, ICDM 2010), weighed by
// its variance against the usual share. Beyond 1 it says that customers' questions are
// unlike the examples, and is the more in doubt.
func (t *ownTest) share(asked []look) float64 {
	belongs := make([]float64, len(asked))
	for i, l := range asked {
		belongs[i] = l.belongs
	}
	all, in, out := spreadOf(belongs), spreadOf(t.in), spreadOf(t.out)
	apart := max(in.mean-out.mean, leastApart)
	share := (all.mean - out.mean) / apart
	// The same examples are in both, so that their errors may add up.
	own := math.Abs(share)*in.standardError(len(t.in)) + math.Abs(1-share)*out.standardError(len(t.out))
	asking := all.standardError(len(belongs))
	variance := (asking*asking + own*own/t.weight) / (apart * apart)
	const doubt = shareDoubt * shareDoubt
	share = (share*doubt + usualShare*variance) / (doubt + variance)
	return max(min(share, mostShare), leastShare)
}

// standardError is that of the mean of n values.
func (s spread) standardError(n int) float64 { return s.deviation / math.Sqrt(float64(n)) }

// gain is by how much the log odds that a match is right rise where so many questions
// have an answer. Of what goes wrong, only what wants an entry gets rarer by that.
func (t *ownTest) gain(share float64) float64 {
	missing := (t.missing + missBelief*usualMiss) / (t.wrong + missBelief)
	more := logit(share) - logit(usualShare)
	return more - math.Log((1-missing)*math.Exp(more)+missing)
}

// tuningWeights are what the two findings count.
type tuningWeights struct{ own, gain float64 }

// tuning is what follows for customers' questions that look so.
func (w tuningWeights) tuning(t *ownTest, asked []look) Tuning {
	asked = nearOnes(asked)
	tuning := Tuning{Questions: len(asked)}
	if len(asked) >= TuneFrom && t.tells() {
		tuning.Share = t.share(asked)
		tuning.Shift = w.own*t.shift + w.gain*t.gain(tuning.Share)
	}
	return tuning
}

// nearOnes leaves out what is foreign to the FAQ.
func nearOnes(asked []look) []look {
	return slices.DeleteFunc(slices.Clone(asked), func(l look) bool { return l.score < foreignBelow })
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }
func expit(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// ownTest asks the FAQ its own examples.
func (x *Index) ownTest(ctx context.Context) (*ownTest, error) {
	if len(x.matcher.texts) > tuneUpTo {
		return &ownTest{}, nil
	}
	all, err := echoes(ctx, x.words, topicsOf(x.Entries()))
	if err != nil {
		return nil, err
	}
	scores := make([]scored, len(all))
	for i := range all {
		scores[i] = all[i].by(x.matcher.calibration)
	}
	return newOwnTest(scores), nil
}

// Tune finds the tuning for what customers have asked of the FAQ: whole messages, as
// they arrive; a thousand are plenty. Entries that this view hides, see [Index.For], are
// taken for absent. It takes several times as long as loading the FAQ took, and as much
// memory; when ctx ends, it stops soon and returns its error. It changes nothing where
// there are fewer than TuneFrom questions in the messages, where the entries have too
// few examples to be told apart by, and above 20,000 examples.
func (x *Index) Tune(ctx context.Context, asked []string) (Tuning, error) {
	var looks []look
	for _, text := range asked {
		if err := ctx.Err(); err != nil {
			return Tuning{}, err
		}
		for _, q := range x.Read(text).Questions {
			if q.Intent == "" && len(q.Matches) > 0 {
				looks = append(looks, q.look)
			}
		}
	}
	if n := len(nearOnes(looks)); n < TuneFrom { // the test takes long
		return Tuning{Questions: n}, nil
	}
	own, err := x.ownTest(ctx)
	if err != nil {
		return Tuning{}, err
	}
	return x.matcher.calibration.weights.tuning(own, looks), nil
}

// With is the same index at the operating point of a tuning, which may have been found
// on an earlier state of the FAQ. Scores stay what they are.
func (x *Index) With(t Tuning) *Index {
	view := *x
	view.point = x.point.tuned(t)
	return &view
}
