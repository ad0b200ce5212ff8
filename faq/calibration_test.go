package faq

import "testing"

// A text that names nothing has no answer, however sure the classifier is, unless
// the FAQ has one like it.
func TestTextWithoutContentHasNoAnswer(t *testing.T) {
	c, err := calibrationOnce()
	if err != nil {
		t.Fatal(err)
	}
	sure := signs{margin: 8, nearest: somewhatAlike - .01, nearGap: .4, centroid: .8, centroidGap: .5, known: 1, owned: 1, ownedGap: 1, agree: true, topics: 20, perEach: 5, examples: 5}
	for rank := range 2 {
		if p := c.confidence(&sure, rank); p != 0 {
			t.Errorf("rank %d, nothing like it: %.3f, want 0", rank, p)
		}
		like := sure
		like.nearest = somewhatAlike
		if c.confidence(&like, rank) == 0 {
			t.Errorf("rank %d: 0 for what the FAQ has a text like", rank)
		}
		named := sure
		named.content = 1
		if c.confidence(&named, rank) == 0 {
			t.Errorf("rank %d: 0 for what names something", rank)
		}
	}
}

// A question that stands in the FAQ is answered by its entry, however unsure the
// classifier is, as long as it names the same.
func TestVerbatimQuestionIsAnswered(t *testing.T) {
	c, err := calibrationOnce()
	if err != nil {
		t.Fatal(err)
	}
	unsure := signs{share: -3, margin: .1, entropy: 3, nearest: verbatim, content: 1, agree: true, topics: 200, perEach: 1, examples: 1}
	if p := c.confidence(&unsure, 0); p != verbatimScore {
		t.Errorf("verbatim: %.3f, want %.3f", p, verbatimScore)
	}
	if p := c.confidence(&unsure, 1); p >= verbatimScore {
		t.Errorf("verbatim, but second: %.3f", p)
	}
	for what, change := range map[string]func(*signs){
		"almost":                   func(g *signs) { g.nearest -= .01 },
		"of another entry's words": func(g *signs) { g.agree = false },
	} {
		g := unsure
		change(&g)
		if p := c.confidence(&g, 0); p >= verbatimScore {
			t.Errorf("%s: %.3f", what, p)
		}
	}
}
