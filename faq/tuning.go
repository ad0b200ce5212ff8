package faq

import (
	"context"
	"fmt"
	"math"
)

// A Tuning fits the score from which questions are answered to one FAQ and to what
// its customers ask. The calibration holds for FAQs in general, where every fourth
// question has no answer: where nearly all have one, or this FAQ's entries are easier to
// tell apart than others', the stated precision holds from a lower score on, and
// otherwise from a higher one. No question needs a label for it. The zero value changes
// nothing.
type Tuning struct {
	// Questions is how many questions of customers it follows from.
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
	// the time and the memory of training it, four times.
	tuneUpTo = 20_000

	usualShare = .75 // of the questions that the calibration was fitted on have an answer
	leastShare = .5  // is believed, and no less: foreign questions cannot be told from near ones
	mostShare  = .98 // is believed: nobody's customers ask only what the FAQ answers
	shareDoubt = .15 // standard deviation of the estimated share, from FAQ to FAQ
	mostShift  = 2

	countsFrom = .01 // a text with a lower score is no question
	ownFrom    = .4  // lower scores say nothing of those near the point from which to answer
	ownBelief  = 20  // as many questions' worth of belief that this FAQ is like others
	leastApart = .02 // between the mean scores of what has an answer and of what has none; so near, the share is all doubt
)

// An echo is an example that was asked of an FAQ without it.
type echo struct {
	signs signs // of the best match
	in    bool  // its entry was there
	right bool  // and was the best match
}

// echoes asks an FAQ its own examples. Four times a fourth of the entries is left out,
// and a fourth of the questions of all others: what is left out is asked, so that
// some of it has its answer there and some has not, but a near one. A question that
// stands in the FAQ more than once is never asked, nor is the only one that an entry
// has in its language.
func echoes(ctx context.Context, words *wordlists, topics []topic) ([]echo, error) {
	const folds = 4
	type ask struct {
		text  string
		topic int // of those that are there, or -1
	}
	seen := map[string]int{}
	for _, t := range topics {
		for _, q := range t.questions {
			seen[QuestionKey(q)]++
		}
	}
	var out []echo
	for fold := range folds {
		var there []topic
		var asks []ask
		for i, t := range topics {
			alike := map[string]int{} // questions by language
			for _, q := range t.questions {
				alike[language(q)]++
			}
			var kept []string
			for j, q := range t.questions {
				switch left := i%folds == fold; {
				case seen[QuestionKey(q)] > 1:
					kept = append(kept, q)
				case left && (j%folds == fold || j == 0 && len(t.questions) <= fold):
					asks = append(asks, ask{q, -1})
				case !left && (i+j)%folds == fold && alike[language(q)] > 1:
					asks = append(asks, ask{q, len(there)})
				default:
					kept = append(kept, q)
				}
			}
			if i%folds != fold {
				there = append(there, topic{kept, t.answers})
			}
		}
		m, err := newMatcher(ctx, words, there, Cache{})
		if err != nil {
			return nil, err
		}
		for _, a := range asks {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if c := m.search(a.text).candidates; len(c) > 0 {
				out = append(out, echo{c[0].signs, a.topic >= 0, c[0].topic == a.topic})
			}
		}
	}
	return out, nil
}

// scored is the score of a question's best match.
type scored struct {
	score     float64
	in, right bool // see echo
}

// ownTest is what an FAQ shows on itself.
type ownTest struct {
	in, out []float64 // scores of questions whose entry is there, and of the others
	shift   float64   // by how much the log odds of scores are too low
}

// newOwnTest finds the shift that makes the scores most likely, where as many
// questions have an answer as in the calibration, and with some belief that it is 0.
func newOwnTest(all []scored) *ownTest {
	t := &ownTest{}
	var in, out float64
	for _, s := range all {
		if s.in {
			in++
		} else {
			out++
		}
		switch {
		case s.score < countsFrom:
		case s.in:
			t.in = append(t.in, s.score)
		default:
			t.out = append(t.out, s.score)
		}
	}
	if !t.tells() {
		return t
	}
	foreign := in * (1 - usualShare) / usualShare / out // what a question without an answer counts
	for range 10 {                                      // Newton's method, in small steps
		g, h := -ownBelief*t.shift, float64(ownBelief)
		for _, s := range all {
			if s.score < ownFrom {
				continue
			}
			w, p := 1., expit(logit(s.score)+t.shift)
			if !s.in {
				w = foreign
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
func (t *ownTest) tells() bool { return len(t.in) >= 20 && len(t.out) >= 8 }

// share estimates of how many questions with such scores the FAQ has the answer: the
// scaled probability average (Bella, Ferri, Hernández-Orallo and Ramírez-Quintana,
// Quantification via Probability Estimators, ICDM 2010), weighed by its variance against
// the usual share. Beyond 1 it says that customers' questions are unlike the examples,
// and is the more in doubt.
func (t *ownTest) share(asked []float64) float64 {
	all, in, out := spreadOf(asked), spreadOf(t.in), spreadOf(t.out)
	apart := max(in.mean-out.mean, leastApart)
	share := (all.mean - out.mean) / apart
	variance := (all.ofMean(asked) + share*share*in.ofMean(t.in) + (1-share)*(1-share)*out.ofMean(t.out)) / (apart * apart)
	const doubt = shareDoubt * shareDoubt
	share = (share*doubt + usualShare*variance) / (doubt + variance)
	return max(min(share, mostShare), leastShare)
}

// ofMean is the variance of the mean of values.
func (s spread) ofMean(values []float64) float64 {
	return s.deviation * s.deviation / float64(len(values))
}

// tuningWeights are what the two findings count.
type tuningWeights struct{ own, share float64 }

// tuning is what follows for customers' questions with such scores.
func (w tuningWeights) tuning(t *ownTest, scores []float64) Tuning {
	asked := questionsOf(scores)
	tuning := Tuning{Questions: len(asked)}
	if len(asked) > 0 && t.tells() {
		tuning.Share = t.share(asked)
		tuning.Shift = w.own*t.shift + w.share*moreThanUsual(tuning.Share)
	}
	return tuning
}

// moreThanUsual is how much larger the log odds of a share are than usual.
func moreThanUsual(share float64) float64 { return logit(share) - logit(usualShare) }

// questionsOf leaves out the scores of what is no question.
func questionsOf(scores []float64) []float64 {
	var out []float64
	for _, s := range scores {
		if s >= countsFrom {
			out = append(out, s)
		}
	}
	return out
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
		e := &all[i]
		scores[i] = scored{x.matcher.calibration.confidence(&e.signs, 0), e.in, e.right}
	}
	return newOwnTest(scores), nil
}

// Tune finds the tuning for what customers have asked of the FAQ: whole messages, as
// they arrive; a thousand are plenty. Entries that this view hides, see [Index.For], are
// taken for absent. It takes a few times the time and the memory that loading the FAQ
// took; when ctx ends, it stops soon and returns its error. It changes nothing where
// there are fewer than TuneFrom questions in the messages, where the entries have too
// few examples to be told apart by, and above 20,000 examples.
func (x *Index) Tune(ctx context.Context, asked []string) (Tuning, error) {
	var scores []float64
	for _, text := range asked {
		if err := ctx.Err(); err != nil {
			return Tuning{}, err
		}
		for _, q := range x.Read(text).Questions {
			if q.Intent == "" && len(q.Matches) > 0 {
				scores = append(scores, q.Matches[0].Score)
			}
		}
	}
	if n := len(questionsOf(scores)); n < TuneFrom {
		return Tuning{Questions: n}, nil
	}
	own, err := x.ownTest(ctx)
	if err != nil {
		return Tuning{}, err
	}
	return x.matcher.calibration.weights.tuning(own, scores), nil
}

// With is the same index at the operating point of a tuning, which may have been found
// on an earlier state of the FAQ. Scores stay what they are.
func (x *Index) With(t Tuning) *Index {
	view := *x
	view.point = x.point.tuned(t)
	return &view
}
