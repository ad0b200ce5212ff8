package faq

// Suggested operating points.
const (
	AnswerAt = 0.6
	OfferAt  = 0.35
)

// confidence estimates the probability that the topic is the right answer.
func (g *signs) confidence(rank int) float64 {
	if g.content == 0 {
		return 0
	}
	return 0.5
}
