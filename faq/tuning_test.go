package faq

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// drawn are estimates that lie around a mean.
func drawn(rnd *rand.Rand, n int, mean float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = max(min(mean+.2*rnd.NormFloat64(), .99), .02)
	}
	return out
}

// looks are questions which seem to belong to the FAQ so much, and none of them foreign.
func looks(belongs []float64) []look {
	out := make([]look, len(belongs))
	for i, b := range belongs {
		out[i] = look{.5, b}
	}
	return out
}

// shown is what an FAQ shows on itself that can be told apart so well, and is else like
// others.
func shown(in, out []float64) *ownTest {
	return &ownTest{in: in, out: out, weight: 1}
}

func TestTuningFindsTheShareThatHasAnAnswer(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	weights := tuningWeights{own: .5, gain: .9}
	tuning := func(t *ownTest, belongs []float64) Tuning { return weights.tuning(t, looks(belongs)) }
	own := shown(drawn(rnd, 3000, .7), drawn(rnd, 1000, .3))
	var before float64
	for _, share := range []float64{.6, .75, .9} {
		n := int(2000 * share)
		got := tuning(own, append(drawn(rnd, n, .7), drawn(rnd, 2000-n, .3)...))
		if math.Abs(got.Share-share) > .03 || got.Questions != 2000 {
			t.Errorf("of %.2f with an answer: %+v", share, got)
		}
		if share == .75 && math.Abs(got.Shift) > .1 {
			t.Errorf("the usual share moves scores by %.2f", got.Shift)
		}
		easier := *own
		easier.shift = 1
		if more := tuning(&easier, drawn(rnd, 2000, .7)); math.Abs(more.Shift-(.5+.9*own.gain(more.Share))) > 1e-9 {
			t.Errorf("both findings together: %+v", more)
		}
		if share != .6 && got.Shift <= before {
			t.Errorf("the more have an answer the more a score counts: %.2f after %.2f", got.Shift, before)
		}
		before = got.Shift
	}
	if all := tuning(own, drawn(rnd, 2000, .9)).Share; all != mostShare {
		t.Errorf("of all with an answer: %.3f, want %.3f", all, mostShare)
	}
	if none := tuning(own, drawn(rnd, 2000, .1)).Share; none != leastShare {
		t.Errorf("of none with an answer: %.3f, want %.3f", none, leastShare)
	}
	before = 0
	for mean := .3; mean < 1; mean += .05 {
		got := tuning(shown(drawn(rnd, 600, .7), drawn(rnd, 200, .3)), drawn(rnd, 300, mean)).Share
		if got < before-.05 {
			t.Errorf("with surer estimates, %.2f on average, fewer have an answer: %.3f after %.3f", mean, got, before)
		}
		before = got
	}
	// What little is known counts little.
	last := usualShare
	for n := 10; n <= 1000; n *= 10 {
		got := tuning(shown(slices.Repeat([]float64{.5, .9}, n), slices.Repeat([]float64{.1, .5}, n)), slices.Repeat([]float64{.5, .9, .1, .5}, 100)).Share
		if got >= last-.001 || got < .5 {
			t.Errorf("half have an answer, by %d examples it seems %.3f, and by fewer %.3f", 2*n, got, last)
		}
		last = got
	}
	twice := shown(own.in[:60], own.out[:60])
	once := *twice
	twice.weight = .5
	if asked := looks(drawn(rnd, 400, .55)); once.share(asked) >= twice.share(asked) {
		t.Errorf("each example asked once it seems %.3f, each twice %.3f", once.share(asked), twice.share(asked))
	}
	bad := func(in, out int, weight float64) *ownTest {
		t := shown(drawn(rnd, in, .7), drawn(rnd, out, .3))
		t.shift, t.weight = 1, weight
		return t
	}
	for name, bad := range map[string]*ownTest{
		"few with their entry":    bad(19, 500, 1),
		"few without their entry": bad(500, 19, 1),
		"few, asked twice":        bad(38, 38, .5),
		"nothing was asked it":    {},
	} {
		if got := tuning(bad, drawn(rnd, 400, .7)); got != (Tuning{Questions: 400}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for n, want := range map[int]bool{TuneFrom - 1: false, TuneFrom: true} {
		if got := tuning(bad(20, 20, 1), drawn(rnd, n, .7)); got.Questions != n || (got.Shift != 0) != want {
			t.Errorf("%d questions: %+v", n, got)
		}
	}
	for name, vague := range map[string]*ownTest{
		"nothing tells apart": shown(drawn(rnd, 50, .3), drawn(rnd, 50, .3)),
		"the wrong way round": shown(drawn(rnd, 500, .3), drawn(rnd, 500, .5)),
	} {
		if got := tuning(vague, drawn(rnd, 400, .7)).Share; math.Abs(got-usualShare) > .05 {
			t.Errorf("%s: %.2f", name, got)
		}
	}
	foreign := slices.Repeat([]look{{.02, .05}}, 500)
	if got := weights.tuning(own, foreign); got != (Tuning{}) {
		t.Errorf("of what is foreign: %+v", got)
	}
	near := append(looks(drawn(rnd, 1500, .7)), looks(drawn(rnd, 500, .3))...)
	if a, b := weights.tuning(own, near), weights.tuning(own, append(foreign, near...)); a != b {
		t.Errorf("what is foreign changes %+v to %+v", a, b)
	}
}

// Where the share is larger, what has no entry gets rarer, and only that.
func TestGain(t *testing.T) {
	for _, c := range []struct{ wrong, missing, share, want float64 }{
		{1e9, 1e9, .9, logit(.9) - logit(.75)}, // nothing else goes wrong
		{1e9, 0, .9, 0},                        // nothing of what goes wrong gets rarer
		{1e9, 6e8, .75, 0},
		{1e9, 5e8, .9, math.Log(3 / (.5*3 + .5))}, // odds three times the usual
		{1e9, 5e8, .5, math.Log(1. / 3 / (.5/3 + .5))},
		{0, 0, .9, math.Log(3 / ((1-usualMiss)*3 + usualMiss))},
		{missBelief, 0, .9, math.Log(3 / ((1-usualMiss/2)*3 + usualMiss/2))}, // half belief, half seen
	} {
		own := shown(nil, nil)
		own.wrong, own.missing = c.wrong, c.missing
		if got := own.gain(c.share); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("of %.0f wrong matches %.0f want an entry, share %.2f: %.3f, want %.3f", c.wrong, c.missing, c.share, got, c.want)
		}
	}
}

// Where scores are too low by a constant, the own test finds it; of few it believes
// little.
func TestOwnTestFindsHowFarScoresAreOff(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	sample := func(n int, off float64) []scored {
		var out []scored
		for i := range n {
			s := scored{look: look{.45 + .25*rnd.Float64(), .7}, in: i%4 != 0, weight: 1} // as many without an answer as is usual
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
	few := sample(160, -1)
	got := newOwnTest(few).shift
	if got > -.05 || got < -.7 {
		t.Errorf("160 questions, off by -1: %.2f", got)
	}
	for i := range few {
		few[i].weight = .5
	}
	if half := newOwnTest(few).shift; half <= got || half > -.05 {
		t.Errorf("80 asked twice, off by -1: %.2f, 160 asked once %.2f", half, got)
	}
}

// It finds what goes wrong for want of an entry, and how many are not foreign.
func TestOwnTestFindsWhatGoesWrong(t *testing.T) {
	times := func(n int, s scored) []scored { s.weight = 1; return slices.Repeat([]scored{s}, n) }
	all := slices.Concat(
		times(700, scored{look: look{.9, .9}, in: true, right: true}),
		times(100, scored{look: look{.6, .9}, in: true}),
		times(100, scored{look: look{.3, .8}, in: true}), // too far from being answered
		times(100, scored{look: look{.01, .1}, in: true}),
		times(300, scored{look: look{.6, .5}}),
		times(100, scored{look: look{.3, .3}}),
		times(600, scored{look: look{.01, .1}}),
	)
	got := newOwnTest(all)
	if len(got.in) != 900 || len(got.out) != 400 {
		t.Errorf("%d and %d are not foreign", len(got.in), len(got.out))
	}
	// A question without an entry counts a third: .25/.75, as there are as many.
	if math.Abs(got.wrong-200) > 1e-9 || math.Abs(got.missing-100) > 1e-9 {
		t.Errorf("%.4f of %.4f wrong matches want an entry, want 100 of 200", got.missing, got.wrong)
	}
	for i := range all {
		all[i].weight = .5
	}
	if got := newOwnTest(all); math.Abs(got.wrong-100) > 1e-9 || math.Abs(got.missing-50) > 1e-9 {
		t.Errorf("each asked twice, %.4f of %.4f wrong matches want an entry, want 50 of 100", got.missing, got.wrong)
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
	if !testing.Short() {
		if v, err := tuned.CrossValidate(t.Context()); err != nil || v.Point != tuned.Point() {
			t.Errorf("measured at %+v, %v", v.Point, err)
		}
	}
	if x.Point().Tuning != (Tuning{}) || tuned.With(Tuning{}).Point() != x.Point() {
		t.Error("what was tuned is not as it was")
	}
	if a, b := x.Read(known[0]).Questions[0], tuned.Read(known[0]).Questions[0]; a.Matches[0].Score != b.Matches[0].Score || b.Point != tuned.Point() {
		t.Errorf("scores %v and %v", a, b)
	}
	if why := Explain(tuned.Read(known[0])); !strings.Contains(why, "what customers asked lately: of 386 questions") {
		t.Errorf("not explained:\n%s", why)
	}

	for text, p := range map[string]Point{
		"at the cap":  x.Point().tuned(Tuning{Shift: -5}),
		"at the base": x.Point().tuned(Tuning{Shift: 50}),
	} {
		if p.Answer > verbatimScore || p.Answer < expit(logit(x.Point().ifTuned)-mostShift)-1e-9 || p.Untuned != x.Point().Answer {
			t.Errorf("%s: %+v", text, p)
		}
	}
	for share, want := range map[float64]string{.5: "half or less, at most 50%", .7: "about 70%", .98: "nearly all, at least 98%"} {
		if got := (Tuning{Questions: 300, Share: share}).String(); got != "of 300 questions "+want+" have an answer here" {
			t.Error(got)
		}
	}

	if few, err := x.Tune(t.Context(), times(known, TuneFrom-50)); err != nil || few.Shift != 0 || few.Questions == 0 || few.Questions >= TuneFrom {
		t.Errorf("few questions: %+v, %v", few, err)
	}
	if wishes, err := x.Tune(t.Context(), times([]string{"转人工", "谢谢"}, 400)); err != nil || wishes != (Tuning{}) {
		t.Errorf("no questions but wishes: %+v, %v", wishes, err)
	}
	// It stops at every step: while it reads, while it trains, and while it asks.
	for checks := 0; !testing.Short(); checks++ { // it trains many times
		ctx := until(t, checks)
		_, err := x.Tune(ctx, times(known, TuneFrom+20))
		if err == nil {
			if checks < 250 {
				t.Errorf("it looked no more than %d times whether to stop", checks)
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if n := ctx.after(); n > 5+runtime.GOMAXPROCS(0) {
			t.Errorf("ended at step %d, it went on for %d", checks, n)
		}
		checks += checks / 8
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

// Each example is asked once where its entry is, but not itself, and once where the entry
// is not; and in another round, others are left out with it.
func TestLeaveOut(t *testing.T) {
	x, _ := helpDesk(t)
	topics := topicsOf(x.entries)
	together := map[string]map[string]int{} // how often entries are left out together, by their first questions
	for round := range 2 {
		in, out := map[string]int{}, map[string]int{}
		for fold := range echoFolds {
			there, asks := leaveOut(topics, round, fold)
			if len(there) < len(topics)*7/10 || len(there) > len(topics)*8/10 {
				t.Errorf("of %d entries %d are there", len(topics), len(there))
			}
			var away []string
			for _, a := range asks {
				for _, tp := range there {
					if slices.Contains(tp.questions, a.text) {
						t.Errorf("%q is asked where it is", a.text)
					}
				}
				if a.topic < 0 {
					out[a.text]++
					away = append(away, a.text)
					continue
				}
				in[a.text]++
				if i := slices.IndexFunc(topics, func(tp topic) bool { return slices.Contains(tp.questions, a.text) }); !slices.Contains(topics[i].questions, there[a.topic].questions[0]) {
					t.Errorf("%q does not belong to the entry of %q", a.text, there[a.topic].questions[0])
				}
			}
			for _, a := range away {
				if together[a] == nil {
					together[a] = map[string]int{}
				}
				for _, b := range away {
					together[a][b]++
				}
			}
		}
		for _, tp := range topics {
			for _, q := range tp.questions {
				if in[q] != 1 || out[q] != 1 {
					t.Errorf("%q is asked %d times where its entry is and %d times where it is not", q, in[q], out[q])
				}
			}
		}
	}
	var never int
	for _, tp := range topics {
		all := true
		for _, other := range topics {
			a, b := tp.questions[0], other.questions[0]
			all = all && (together[a][b] != 1 || a == b)
		}
		if all {
			never++ // it has the same company in both rounds
		}
	}
	if never > 4 {
		t.Errorf("%d entries are left out with the same others twice", never)
	}
}

func TestEchoes(t *testing.T) {
	x, _ := helpDesk(t)
	all, err := echoes(t.Context(), x.words, topicsOf(x.entries))
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
		if e.weight != .5 {
			t.Fatalf("in two rounds each counts %.2f", e.weight)
		}
	}
	questions := len(x.matcher.texts)
	if in != 2*questions || out != 2*questions || right < in/2 {
		t.Errorf("of %d questions %d were asked, %d found, and %d asked without their entry", questions, in, right, out)
	}
}

// The same question in two entries, as where each is for another channel, tells nothing:
// one would be asked of an FAQ that has the other. Nor does an entry that has one
// question in each language.
func TestEchoesOfTwins(t *testing.T) {
	x, _ := helpDesk(t)
	topics := topicsOf(x.entries)
	doubled := append(slices.Clone(topics), topics[:10]...)
	all, err := echoes(t.Context(), x.words, doubled)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.signs.nearest >= verbatim {
			t.Fatal("a question was asked of an FAQ that has it")
		}
	}
	var bilingual []topic
	for i, tp := range topics {
		bilingual = append(bilingual, topic{questions: []string{tp.questions[0], fmt.Sprintf("question %d about parcel %d", i, 7*i)}})
	}
	if all, err = echoes(t.Context(), x.words, bilingual); err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.in {
			t.Fatal("the question of one language was asked of an FAQ that has only the other")
		}
	}
	if len(all) == 0 {
		t.Error("nothing was asked of an FAQ without the entry")
	}
	// Languages are those that the entry says, even in the same script.
	two := topic{questions: []string{"Where is my parcel?", "Wo ist mein Paket?"}, languages: []string{"en", "de"}}
	for fold := range echoFolds {
		_, asks := leaveOut([]topic{two}, 0, fold)
		for _, a := range asks {
			if a.topic >= 0 {
				t.Errorf("%q was asked of an FAQ that has only the other language", a.text)
			}
		}
	}
}

// A hidden entry is neither asked nor asked for.
func TestOwnTestOfAView(t *testing.T) {
	x, _ := helpDesk(t)
	whole, err := x.ownTest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	view := *x
	view.hidden = make([]bool, len(x.entries))
	for i := range 10 {
		view.hidden[i] = true
	}
	part, err := view.ownTest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(part.in) >= len(whole.in) || len(part.out) >= len(whole.out) || len(part.in) == 0 {
		t.Errorf("with entries hidden %d and %d were asked, else %d and %d", len(part.in), len(part.out), len(whole.in), len(whole.out))
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
	l.Use(Tuning{})
	if p := l.Index().Point(); p.Answer != p.Untuned || p.Tuning != (Tuning{}) {
		t.Errorf("tuned no more: %+v", p)
	}
}

func TestEvaluateTuned(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains an FAQ many times")
	}
	x, asked := helpDesk(t)
	if untuned, tuned, err := x.EvaluateTuned(t.Context(), asked); err != nil || tuned.Point != untuned.Point || tuned.Answered != untuned.Answered {
		t.Errorf("%d questions: %+v, %+v, %v", len(asked), untuned, tuned, err)
	}
	var many []Labelled
	for i := 0; len(many) < 2*TuneFrom; i++ {
		l := asked[i%len(asked)]
		many = append(many, l, l) // so that both halves are alike
	}
	untuned, tuned, err := x.EvaluateTuned(t.Context(), many)
	if err != nil {
		t.Fatal(err)
	}
	if got := x.Evaluate(many); got.Answered != untuned.Answered || got.Top1 != tuned.Top1 {
		t.Errorf("untuned %+v, but Evaluate %+v", untuned, got)
	}
	var looks []look
	for _, r := range x.ask(many) {
		looks = append(looks, r.look)
	}
	if tuned.Tuning.Questions != len(nearOnes(looks)) || tuned.Tuning.Shift == 0 || tuned.Point == untuned.Point {
		t.Errorf("tuned: %+v", tuned.Point)
	}
	if more, less := tuned.Answered > untuned.Answered, tuned.Answered < untuned.Answered; more && tuned.Answer > untuned.Answer || less && tuned.Answer < untuned.Answer {
		t.Errorf("answered %d from %.3f on, tuned %d from %.3f", untuned.Answered, untuned.Point.Answer, tuned.Answered, tuned.Point.Answer)
	}
}
