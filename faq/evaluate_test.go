package faq

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestReadLabelled(t *testing.T) {
	got, err := ReadLabelled(strings.NewReader("\ufeffWhere is it?\torder\r\n\n能退款吗\trefund\nhi there \toos\n"))
	want := []Labelled{{"Where is it?", "order"}, {"能退款吗", "refund"}, {"hi there", OutOfScope}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, broken := range []string{"no label", "text\t", "\tlabel", "a\tb\tc"} {
		if _, err := ReadLabelled(strings.NewReader("fine\tx\n" + broken)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{0, 0, 0, 1}, {95, 100, .888, .978}, {0, 10, 0, .278}, {10, 10, .722, 1}} {
		low, high := Wilson(c.k, c.n)
		if math.Abs(low-c.low) > .001 || math.Abs(high-c.high) > .001 {
			t.Errorf("%d of %d: %.3f–%.3f, want %.3f–%.3f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

func TestFigures(t *testing.T) {
	results := []result{
		{in: true, rank: 0, score: .9, outcome: Answer},
		{in: true, rank: 0, score: .8, outcome: Answer},
		{in: false, rank: -1, score: .7, outcome: Answer},
		{in: true, rank: 1, score: .6, outcome: Offer, among: true},
		{in: true, rank: 4, score: .5, outcome: Offer},
		{in: false, rank: -1, score: .2},
	}
	f := figuresOf(results, Point{Precision: .95})
	if f.Questions != 6 || f.OutOfScope != 2 || f.Top1 != .5 || f.Top3 != .75 || f.RAtP95 != .5 || f.Answered != 3 || f.Right != 2 || f.Coverage != .5 ||
		math.Abs(f.Best-2./6) > 1e-9 || f.Offered != 2 || f.Among != 1 || math.Abs(f.AUROC-6./8) > 1e-9 {
		t.Errorf("got %+v", f)
	}
}

// A higher precision asks for a higher score, whatever the size of the FAQ; and
// what is stated between two points lies between them.
func TestOperatingPoints(t *testing.T) {
	c, err := calibrationOnce()
	if err != nil {
		t.Fatal(err)
	}
	for _, examples := range []float64{1, 2, 5, 10, 40, 1000} {
		var last Point
		for p := MinPrecision; p <= MaxPrecision; p += .01 {
			at := c.at(p, examples)
			if min(at.Answer, at.ifTuned) <= 0 || max(at.Answer, at.ifTuned) > 1 || at.Answer < last.Answer || at.ifTuned < last.ifTuned {
				t.Errorf("%.2f with %v examples: %+v, below it %+v", p, examples, at, last)
			}
			if more := at.tuned(Tuning{Shift: 1e-9}).Answer; math.Abs(more-min(at.ifTuned, verbatimScore)) > 1e-6 {
				t.Errorf("%.2f with %v examples: tuned from %.3f on, not %.3f", p, examples, more, at.ifTuned)
			}
			last = at
		}
	}
	if got := c.at(0, 5); got != c.at(DefaultPrecision, 5) {
		t.Errorf("no precision stated: %+v", got)
	}
}

func TestOutcome(t *testing.T) {
	p := Point{Answer: .9, Offer: .6}
	for _, c := range []struct {
		scores  []float64
		want    Outcome
		choices int
	}{
		{nil, HandOver, 0},
		{[]float64{.95, .3}, Answer, 2},
		{[]float64{.5, .2, .05}, Offer, 2},
		{[]float64{.3, .2, .1, .1}, Offer, 3},
		{[]float64{.3, .1}, HandOver, 2},
		{[]float64{.05}, HandOver, 0},
	} {
		var q Question
		for _, s := range c.scores {
			q.Matches = append(q.Matches, Match{Score: s})
		}
		if got := p.outcome(q.Matches); got != c.want || len(q.Choices()) != c.choices {
			t.Errorf("%v: %v with %d choices, want %v with %d", c.scores, got, len(q.Choices()), c.want, c.choices)
		}
	}
}

// A text that names nothing is never answered, whatever it is like.
func TestNoContentNoAnswer(t *testing.T) {
	x := sample(t)
	for _, text := range []string{"12345678", "ok", "那个", "it", "https://acme.example/a", "13800138000", "?"} {
		for _, q := range x.Read(text).Questions {
			if q.Outcome == Answer {
				t.Errorf("%q is answered: %s", text, brief(q))
			}
		}
	}
}

func TestCrossValidate(t *testing.T) {
	v, err := sample(t).CrossValidate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if v.Questions < 250 || v.OutOfScope*4 < v.Questions/2 || v.OutOfScope*3 > v.Questions {
		t.Errorf("%d asked, %d without an answer", v.Questions, v.OutOfScope)
	}
	if _, high := Wilson(v.Right, v.Answered); high < DefaultPrecision {
		t.Errorf("the sample FAQ, at %.0f %%: %d of %d answers are right", 100*DefaultPrecision, v.Right, v.Answered)
	}
	for _, e := range v.Entries {
		if e.Answered+e.Offered+e.Wrong > e.Asked || e.More < 0 || e.More > MostMore || e.Asked != e.Examples {
			t.Errorf("%+v", e)
		}
	}
	again, err := sample(t).CrossValidate(t.Context())
	if err != nil || again.Right != v.Right || again.Answered != v.Answered {
		t.Errorf("the second time: %d of %d, %v", again.Right, again.Answered, err)
	}
}

// twins are two entries with one set of questions, which are never given together.
const twins = `entries:
  - id: hours
    LIMIT1
    en:
      questions: [When are you open?, What are your opening hours?, Are you open on Sunday?, When do you open?, Until when are you open?, opening hours]
      expect: [Tell me your opening hours]
      answer: Nine to five.
  - id: other-hours
    LIMIT2
    en:
      questions: [When are you open?, What are your opening hours?, Are you open on Sunday?, When do you open?, Until when are you open?, opening hours]
      expect: [Tell me your opening hours]
      answer: We are closed.
  - id: refund
    en: {questions: [How do I get a refund?, Can I have my money back?, Refund an order, Is a refund possible?, How does a refund work?], answer: Yes.}
  - id: parking
    en: {questions: [Where can I park my car?, Is there a car park?, Is there parking?, Where to park, Parking], answer: Behind.}
`

// Entries that are never given together are no rivals: each is asked when and where it
// is given.
func TestTwinsAreMeasuredApart(t *testing.T) {
	for _, limits := range [][2]string{{"until: 2026-12-23", "from: 2026-12-24"}, {"channels: [chat]", "channels: [mail]"}} {
		text := strings.NewReplacer("LIMIT1", limits[0], "LIMIT2", limits[1]).Replace(twins)
		x, err := Load(t.Context(), []string{write(t, "faq.yaml", text)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if unmet, asked := x.Unmet(answers); asked != 2 || len(unmet) > 0 {
			t.Errorf("%v: of %d expected questions unmet: %+v", limits, asked, unmet)
		}
		f := x.Evaluate([]Labelled{{"When are you open on Sunday?", "hours"}, {"When are you open on Sunday?", "other-hours"}})
		if f.Top1 != 1 || f.Right != 2 {
			t.Errorf("%v: asked of both: %+v", limits, f)
		}
		v, err := x.CrossValidate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range v.Entries {
			if e.Rival != "" || e.Wrong > 0 || e.Answered+e.Offered < 4 {
				t.Errorf("%v: %s: %+v", limits, e.Entry.ID, e)
			}
		}
		// Of 22 questions every fourth is asked without its entry, but not the three
		// that the twin has too.
		if v.Right != v.Answered || v.OutOfScope != 2 {
			t.Errorf("%v: %d of %d right, %d without an answer", limits, v.Right, v.Answered, v.OutOfScope)
		}
	}
}

func TestNothingToMeasure(t *testing.T) {
	x, err := FromLabelled(t.Context(), []Labelled{{"When are you open?", "hours"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := x.CrossValidate(t.Context()); err != nil || v.Questions != 0 {
		t.Errorf("one question: %+v, %v", v.Figures, err)
	}
}

// calibrationLine is the first line that has a word, from there on.
func calibrationLine(t *testing.T, word string) string {
	t.Helper()
	_, rest, ok := strings.Cut(calibrationText, word)
	if !ok {
		t.Fatalf("no %q", word)
	}
	line, _, _ := strings.Cut(rest, "\n")
	return word + line
}

func TestBrokenCalibration(t *testing.T) {
	if _, err := readCalibration(""); err == nil {
		t.Error("nothing is taken for a calibration")
	}
	for _, broken := range []string{"point 1 .95 .9 x", "point 1 .95 .9", "point 1 .9 .9 NaN", "first.tree 1 2 3", "first.linear 1", "last" + calibrationLine(t, ".linear"), "what 1"} {
		if _, err := readCalibration(calibrationText + broken); err == nil {
			t.Errorf("%q is taken", broken)
		}
	}
	for _, line := range []string{"slope ", "tuning ", "belongs.linear "} {
		before, rest, ok := strings.Cut(calibrationText, "\n"+line)
		if _, after, _ := strings.Cut(rest, "\n"); !ok {
			t.Errorf("no line %q", line)
		} else if _, err := readCalibration(before + "\n" + after); err == nil {
			t.Errorf("taken without %q", line)
		}
	}
}
