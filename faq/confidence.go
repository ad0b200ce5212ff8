package faq

import "math"

// An Outcome is what the match of a question is good for, at the precision that
// the operator states.
type Outcome int

const (
	// HandOver: nothing is likely enough; say so honestly.
	HandOver Outcome = iota
	// Offer: one of the choices is probably right, but which is not sure.
	Offer
	// Answer: the best match may be sent as the answer.
	Answer
)

func (o Outcome) String() string { return [...]string{"hand over", "offer", "answer"}[o] }

// DefaultPrecision is the share of answers that should be right, unless the
// operator states another.
const DefaultPrecision = .95

// MinPrecision and MaxPrecision bound what may be stated: below, the bot would
// be wrong too often to be of use; above, no measurement backs the figure.
const (
	MinPrecision = .80
	MaxPrecision = .99
)

// A Point is an operating point: the scores from which matches are used.
type Point struct {
	Precision float64 // as stated: so large a share of the answers should be right
	Answer    float64 // from this score on, the best match is an answer
	Untuned   float64 // what Answer would be without Tuning
	Offer     float64 // from this sum of the best three on, they are offered
	Tuning    Tuning  // that Answer follows from, beside Precision
	ifTuned   float64 // what Answer would be tuned, but for the shift
}

// Choices are at most three, and none that is hardly likely itself.
const (
	maxChoices  = 3
	offerShare  = .60 // one of the choices is right so often, at least
	choiceLeast = .08
)

// at gives the operating point of a stated precision, 0 meaning the default, in
// an FAQ with so many examples for each entry.
func (c *calibration) at(precision, examples float64) Point {
	if precision == 0 {
		precision = DefaultPrecision
	}
	var sizes, untuned, tuned []float64
	for i := 0; i < len(c.points); {
		var stated, before, after []float64
		j := i
		for ; j < len(c.points) && c.points[j].examples == c.points[i].examples; j++ {
			stated, before, after = append(stated, c.points[j].precision), append(before, c.points[j].untuned), append(after, c.points[j].tuned)
		}
		sizes = append(sizes, math.Log(c.points[i].examples))
		untuned, tuned = append(untuned, between(stated, before, precision)), append(tuned, between(stated, after, precision))
		i = j
	}
	size := math.Log(max(examples, 1))
	answer := between(sizes, untuned, size)
	return Point{Precision: precision, Offer: offerShare, Answer: answer, Untuned: answer, ifTuned: between(sizes, tuned, size)}
}

// tuned is the point with another tuning.
func (p Point) tuned(t Tuning) Point {
	t.Shift = max(min(t.Shift, mostShift), -mostShift)
	p.Tuning, p.Answer = t, p.Untuned
	if t.Shift != 0 {
		p.Answer = min(expit(logit(p.ifTuned)-t.Shift), verbatimScore)
	}
	return p
}

// between interpolates y at x; beyond the ends it is what it is there.
func between(xs, ys []float64, x float64) float64 {
	for i := range xs {
		if x > xs[i] {
			continue
		}
		if i == 0 {
			return ys[0]
		}
		return ys[i-1] + (ys[i]-ys[i-1])*(x-xs[i-1])/(xs[i]-xs[i-1])
	}
	return ys[len(ys)-1]
}

// outcome judges matches, best first.
func (p Point) outcome(matches []Match) Outcome {
	if len(matches) == 0 {
		return HandOver
	}
	return p.outcomeOf(matches[0].Score, chanceOf(choices(matches)))
}

// outcomeOf judges by the score of the best match and the chance that one of the choices
// is right.
func (p Point) outcomeOf(best, choices float64) Outcome {
	switch {
	case best > 0 && best >= p.Answer:
		return Answer
	case choices >= p.Offer:
		return Offer
	}
	return HandOver
}

func chanceOf(choices []Match) (sum float64) {
	for _, m := range choices {
		sum += m.Score
	}
	return sum
}

func choices(matches []Match) []Match {
	n := 0
	for n < len(matches) && n < maxChoices && matches[n].Score >= choiceLeast {
		n++
	}
	return matches[:n]
}

// Choices are the matches that are worth showing where the question is not
// answered: to the customer if the outcome is Offer, else to a colleague.
func (q Question) Choices() []Match { return choices(q.Matches) }
