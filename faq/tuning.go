package faq

import (
	"context"
	"math"
)

// A Tuning fits the scores from which questions are answered to one FAQ and to what
// its customers ask. The calibration holds for FAQs in general, of which every fourth
// question has no answer in it: where nearly all have one, or this FAQ's entries are
// easier to tell apart than others', the stated precision holds from a lower score on,
// and otherwise from a higher one. No question needs a label for it. The zero value
// changes nothing.
type Tuning struct {
	// Questions is how many questions of customers it follows from.
	Questions int `json:"questions"`
	// Share is of how many of them, of 0 to 1, the FAQ seems to have the answer.
	Share float64 `json:"share"`
	// Shift is how much more likely than it seems an answer is to be right, in log
	// odds: scores count for so much more.
	Shift float64 `json:"shift"`
}

const (
	// TuneFrom is the fewest questions of customers that tell anything.
	TuneFrom = 200
	// tuneUpTo is the most examples of an FAQ that is tuned: what tests an FAQ on
	// itself trains it four times, and takes as much memory again as it has.
	tuneUpTo = 20_000

	usualShare = .75 // of the questions that the calibration was fitted on have an answer
	leastShare = .5  // is believed, and no less: foreign questions look like many near ones
	mostShare  = .98 // is believed: nobody's customers ask the FAQ alone

	shareWeight = .35 // of the log odds of the share, see TestTuningWeights
	echoWeight  = .7  // of what the FAQ shows on itself
	shareDoubt  = .15 // standard deviation between FAQs of the share, as estimated of many questions

	countsFrom = .01 // scores below say that a text is no question
	ownFrom    = .4  // scores below are never near the point from which to answer
	ownBelief  = 20  // questions' worth of belief that this FAQ is like others
)

// An echo is an example that was asked of an FAQ without it.
type echo struct {
	signs signs // of the best match
	in    bool  // its entry was there
	right bool  // and was the best match
}

// echoes asks an FAQ its own examples. Four times a fourth of the entries is left out,
// and a fourth of the questions of all others: what is left out is asked, so that
// some of it has its answer there and some has not, but a near one.
func echoes(ctx context.Context, words *wordlists, topics []topic) ([]echo, error) {
	const folds = 4
	type ask struct {
		text  string
		topic int // of those that are there, or -1
	}
	var out []echo
	for fold := range folds {
		var there []topic
		var asks []ask
		for i, t := range topics {
			var kept []string
			for j, q := range t.questions {
				switch left := i%folds == fold; {
				case left && (j%folds == fold || j == 0 && len(t.questions) <= fold):
					asks = append(asks, ask{q, -1})
				case !left && (i+j)%folds == fold && len(t.questions) > 1:
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
// questions have an answer as in the calibration, and some belief that there is none.
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

// tuning is what follows for customers' questions of such scores. Their share that has
// an answer is estimated as the scaled probability average (Bella, Ferri, Hernández-Orallo
// and Ramírez-Quintana, Quantification via Probability Estimators, ICDM 2010), and
// weighed by its variance against the usual one.
func (t *ownTest) tuning(scores []float64) Tuning {
	var asked []float64
	for _, s := range scores {
		if s >= countsFrom {
			asked = append(asked, s)
		}
	}
	tuning := Tuning{Questions: len(asked)}
	if len(asked) == 0 || !t.tells() {
		return tuning
	}
	a, in, out := spreadOf(asked), spreadOf(t.in), spreadOf(t.out)
	apart := max(in.mean-out.mean, .1)
	share := (a.mean - out.mean) / apart
	variance := (a.ofMean(asked) + share*share*in.ofMean(t.in) + (1-share)*(1-share)*out.ofMean(t.out)) / (apart * apart)
	const doubt = shareDoubt * shareDoubt
	share = (share*doubt + usualShare*variance) / (doubt + variance)
	tuning.Share = max(min(share, mostShare), leastShare)
	tuning.Shift = echoWeight*t.shift + shareWeight*(logit(tuning.Share)-logit(usualShare))
	return tuning
}

// ofMean is the variance of the mean of values.
func (s spread) ofMean(values []float64) float64 {
	return s.deviation * s.deviation / float64(len(values))
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }
func expit(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// ownTest asks the FAQ its own examples; it takes a few times as long as loading.
func (x *Index) ownTest(ctx context.Context) (*ownTest, error) {
	if len(x.matcher.texts) > tuneUpTo {
		return &ownTest{}, nil
	}
	all, err := echoes(ctx, x.words, topicsOf(x.entries))
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

// Tune finds the tuning for what customers have asked: whole messages, the more like
// all that arrive the better, a thousand are plenty. The FAQ is trained four times on
// parts of itself for it, on one core, which the end of ctx ends with its error. It
// changes nothing where fewer than TuneFrom questions were asked, where entries have
// one example each, and above 20,000 examples.
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
	if len(scores) < TuneFrom {
		return Tuning{Questions: len(scores)}, nil
	}
	own, err := x.ownTest(ctx)
	if err != nil {
		return Tuning{}, err
	}
	return own.tuning(scores), nil
}

// With is the same index at the operating point of a tuning, which may have been found
// on an earlier state of the FAQ. Scores stay what they are.
func (x *Index) With(t Tuning) *Index {
	view := *x
	view.point = x.matcher.calibration.at(x.point.Precision, x.matcher.perEach).with(t)
	return &view
}

// with tunes a point that is not tuned.
func (p Point) with(t Tuning) Point {
	p.Tuning = t
	if t.Shift != 0 {
		p.Answer = min(expit(logit(p.Answer)-t.Shift), verbatimScore)
	}
	return p
}
