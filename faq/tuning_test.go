package faq

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// drawn are scores that lie around a mean.
func drawn(rnd *rand.Rand, n int, mean float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = max(min(mean+.2*rnd.NormFloat64(), .99), .02)
	}
	return out
}

func TestTuningFindsTheShareThatHasAnAnswer(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	own := &ownTest{in: drawn(rnd, 3000, .7), out: drawn(rnd, 1000, .3)}
	var before float64
	for _, share := range []float64{.6, .75, .9} {
		n := int(2000 * share)
		got := own.tuning(append(drawn(rnd, n, .7), drawn(rnd, 2000-n, .3)...))
		if math.Abs(got.Share-share) > .03 || got.Questions != 2000 {
			t.Errorf("of %.2f with an answer: %+v", share, got)
		}
		if share == .75 && math.Abs(got.Shift) > .1 {
			t.Errorf("the usual share moves scores by %.2f", got.Shift)
		}
		if share != .6 && got.Shift <= before {
			t.Errorf("the more have an answer the more a score counts: %.2f after %.2f", got.Shift, before)
		}
		before = got.Shift
	}
	if all := own.tuning(drawn(rnd, 2000, .9)).Share; all != mostShare {
		t.Errorf("of all with an answer: %.3f, want %.3f", all, mostShare)
	}
	if none := own.tuning(drawn(rnd, 2000, .1)).Share; none != leastShare {
		t.Errorf("of none with an answer: %.3f, want %.3f", none, leastShare)
	}
	// What little is known counts little.
	few := &ownTest{in: drawn(rnd, 21, .7), out: drawn(rnd, 9, .3)}
	if got := few.tuning(drawn(rnd, 40, .7)).Share; got < usualShare || got > .97 {
		t.Errorf("of few questions, all with an answer: %.3f", got)
	}
	if got := (&ownTest{in: drawn(rnd, 5, .7), out: drawn(rnd, 9, .3)}).tuning(drawn(rnd, 400, .7)); got.Shift != 0 {
		t.Errorf("of five examples: %+v", got)
	}
	if got := own.tuning([]float64{0, 0, .001}); got != (Tuning{}) {
		t.Errorf("of what is no question: %+v", got)
	}
}

// Where scores are too low by a constant, the own test finds it; of few it believes
// little.
func TestOwnTestFindsHowFarScoresAreOff(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	sample := func(n int, off float64) []scored {
		var out []scored
		for i := range n {
			s := scored{score: .45 + .25*rnd.Float64(), in: i%4 != 0} // as many without an answer as is usual
			s.right = s.in && rnd.Float64() < expit(logit(s.score)+off)*4/3
			out = append(out, s)
		}
		return out
	}
	for _, off := range []float64{-1, -.5, 0} {
		if got := newOwnTest(sample(20_000, off)).shift; math.Abs(got-off) > .1 {
			t.Errorf("off by %.1f: %.2f", off, got)
		}
	}
	if got := newOwnTest(sample(40, -1)).shift; got > -.05 || got < -.7 {
		t.Errorf("40 questions, off by -1: %.2f", got)
	}
}

// helpDesk is an FAQ of our own, and questions that it is not told.
func helpDesk(t *testing.T) (x *Index, asked []Labelled) {
	t.Helper()
	var examples []Labelled
	for i, e := range ownFAQ(t, "testdata/fit_faq_parcel_zh.txt") {
		if i%3 == 2 {
			asked = append(asked, Labelled{e.text, e.label})
		} else {
			examples = append(examples, Labelled{e.text, e.label})
		}
	}
	x, err := FromLabelled(t.Context(), examples, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x, asked
}

// times repeats texts until there are enough.
func times(texts []string, n int) []string {
	var out []string
	for len(out) < n {
		out = append(out, texts[len(out)%len(texts)])
	}
	return out
}

func TestTune(t *testing.T) {
	x, in := helpDesk(t)
	var known []string
	for _, l := range in {
		known = append(known, l.Text)
	}
	foreign := readLines(t, "testdata/fit_offtopic_zh.txt")

	most, err := x.Tune(t.Context(), times(known, 400))
	if err != nil {
		t.Fatal(err)
	}
	half, err := x.Tune(t.Context(), append(times(known, 200), times(foreign, 200)...))
	if err != nil {
		t.Fatal(err)
	}
	if most.Share <= half.Share+.05 || most.Shift <= half.Shift {
		t.Errorf("asked what it knows: %+v; asked also what it does not: %+v", most, half)
	}
	if again, err := x.Tune(t.Context(), times(known, 400)); err != nil || again != most {
		t.Errorf("not the same twice: %+v and %+v (%v)", most, again, err)
	}

	tuned := x.With(most)
	if p := tuned.Point(); p.Answer >= x.With(half).Point().Answer || p.Tuning != most || p.Precision != x.Point().Precision {
		t.Errorf("points %+v and %+v", p, x.With(half).Point())
	}
	if x.Point().Tuning != (Tuning{}) || tuned.With(Tuning{}).Point() != x.Point() {
		t.Error("what was tuned is not as it was")
	}
	if a, b := x.Read(known[0]).Questions[0], tuned.Read(known[0]).Questions[0]; a.Matches[0].Score != b.Matches[0].Score || b.Point != tuned.Point() {
		t.Errorf("scores %v and %v", a, b)
	}
	if why := Explain(tuned.Read(known[0])); !strings.Contains(why, "of what customers asked lately, about") {
		t.Errorf("not explained:\n%s", why)
	}

	if few, err := x.Tune(t.Context(), times(known, TuneFrom-50)); err != nil || few.Shift != 0 || few.Questions == 0 || few.Questions >= TuneFrom {
		t.Errorf("few questions: %+v, %v", few, err)
	}
	if wishes, err := x.Tune(t.Context(), times([]string{"转人工", "谢谢"}, 400)); err != nil || wishes != (Tuning{}) {
		t.Errorf("no questions but wishes: %+v, %v", wishes, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Tune(ctx, times(known, 400)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}

	var one []Labelled
	for _, l := range in {
		if len(one) == 0 || one[len(one)-1].Label != l.Label {
			one = append(one, l)
		}
	}
	y, err := FromLabelled(t.Context(), one, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := y.Tune(t.Context(), times(known, 400)); err != nil || got.Shift != 0 || got.Questions < TuneFrom {
		t.Errorf("one example per entry: %+v, %v", got, err)
	}
}

// An entry's examples are asked of an FAQ that has its others, and of one that does
// not have it; never of one that has the example itself.
func TestEchoes(t *testing.T) {
	x, _ := helpDesk(t)
	topics := topicsOf(x.entries)
	all, err := echoes(t.Context(), x.words, topics)
	if err != nil {
		t.Fatal(err)
	}
	var in, right, out int
	for _, e := range all {
		if e.in {
			in++
		} else {
			out++
		}
		if e.right {
			right++
		}
		if e.right && !e.in {
			t.Error("an entry was found that is not there")
		}
		if e.signs.nearest >= verbatim {
			t.Error("a question was asked of an FAQ that has it")
		}
	}
	if questions := len(x.matcher.texts); in < questions/2 || out < questions/8 || right < in/3 {
		t.Errorf("of %d questions %d were asked, %d found, and %d asked without their entry", questions, in, right, out)
	}
}

func TestLiveKeepsItsTuning(t *testing.T) {
	path := write(t, "faq.yaml", good)
	l, err := NewLive(t.Context(), []string{path}, sampleOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Use(Tuning{Questions: 300, Share: .9, Shift: .5})
	point := l.Index().Point()
	if point.Tuning.Shift != .5 {
		t.Errorf("not in use: %+v", point)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(good, "We are open", "Come", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l.Index().Point() != point {
		t.Errorf("after a reload: %+v, was %+v", l.Index().Point(), point)
	}
	// What cannot be tuned is as it was at first.
	if got, err := l.Tune(t.Context(), []string{"When are you open?"}); err != nil || got.Questions != 1 || l.Index().Point().Tuning != got {
		t.Errorf("%+v, %v, in use %+v", got, err, l.Index().Point())
	}
}

func TestEvaluateTuned(t *testing.T) {
	x, asked := helpDesk(t)
	if untuned, tuned, err := x.EvaluateTuned(t.Context(), asked); err != nil || tuned.Point != untuned.Point || tuned.Answered != untuned.Answered {
		t.Errorf("%d questions: %+v, %+v, %v", len(asked), untuned, tuned, err)
	}
	var many []Labelled
	for len(many) < 2*TuneFrom {
		many = append(many, asked...)
	}
	untuned, tuned, err := x.EvaluateTuned(t.Context(), many)
	if err != nil {
		t.Fatal(err)
	}
	if got := x.Evaluate(many); got.Answered != untuned.Answered || got.Top1 != tuned.Top1 {
		t.Errorf("untuned %+v, but Evaluate %+v", untuned, got)
	}
	if tuned.Tuning.Questions != len(many) || tuned.Tuning.Shift == 0 || tuned.Point == untuned.Point {
		t.Errorf("tuned: %+v", tuned.Point)
	}
	if more, looser := tuned.Answered > untuned.Answered, tuned.Point.Answer < untuned.Point.Answer; more != looser {
		t.Errorf("answered %d from %.3f on, tuned %d from %.3f", untuned.Answered, untuned.Point.Answer, tuned.Answered, tuned.Point.Answer)
	}
}
