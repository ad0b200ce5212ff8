package faq

import "math"

// Suggested operating points for Match.Score. At AnswerAt and above the best
// match may be sent as the answer; from OfferAt up to there the best few are
// close enough to be offered as choices; below, the honest reply is that we do
// not know.
const (
	AnswerAt = 0.6
	OfferAt  = 0.35
)

// signs are what confidence is judged by. None of them depends on what the FAQ
// is about, so that constants found on other collections hold for this one.
type signs struct {
	share    float64 // log of the classifier's probability for the topic
	margin   float64 // log ratio to its strongest rival
	nearest  float64 // cosine of the topic's nearest example
	nearGap  float64 // … minus that of any other topic's
	centroid float64 // cosine of the mean of its examples
	known    float64 // share of the question's content that the FAQ knows
	owned    float64 // share that this topic's questions have
	content  int     // number of content units
	agree    bool    // classifier and nearest example name the same topic
	topics   int
	perEach  float64 // examples per topic
	cjk      bool
}

const signCount = 15

func (g signs) row() [signCount]float64 {
	flag := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	n := math.Log(1 + float64(g.content))
	return [signCount]float64{
		1,
		max(g.share, -6),
		max(min(g.margin, 6), -6),
		g.nearest,
		g.nearGap,
		g.centroid,
		g.known,
		g.owned,
		n,
		n * g.known,
		flag(g.content == 1),
		flag(g.agree),
		math.Log(float64(max(g.topics, 2))),
		math.Log(max(g.perEach, 1)),
		flag(g.cjk),
	}
}

// signWeights were found by logistic regression; see TestFitConfidence, which
// prints them anew.
func signWeights() [signCount]float64 {
	return [signCount]float64{
		0.4443,  // constant
		1.6009,  // share
		0.3993,  // margin
		-0.5059, // nearest
		0.2547,  // nearGap
		-0.0441, // centroid
		-1.3659, // known
		2.0738,  // owned
		0.2334,  // length
		0.7953,  // length × known
		0.2462,  // a single unit
		0.0694,  // agree
		0.3688,  // topics
		-0.7279, // examples per topic
		0.8086,  // Chinese
	}
}

// confidence estimates the probability that the topic is the right answer.
func (g signs) confidence() float64 {
	if g.content == 0 {
		return 0
	}
	var z float64
	w := signWeights()
	for i, v := range g.row() {
		z += w[i] * v
	}
	return 1 / (1 + math.Exp(-z))
}
