package faq

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// OutOfScope is the label of a question that no entry answers.
const OutOfScope = "oos"

// Labelled is a question and the id of the entry that answers it, or
// OutOfScope.
type Labelled struct{ Text, Label string }

// ReadLabelled reads lines of text<TAB>label, UTF-8, as collections of
// questions are usually kept. Empty lines are passed over.
func ReadLabelled(r io.Reader) ([]Labelled, error) {
	var out []Labelled
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSuffix(sc.Text(), "\r")
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		text, label, ok := strings.Cut(line, "\t")
		text, label = strings.TrimSpace(text), strings.TrimSpace(label)
		if !ok || text == "" || label == "" || strings.Contains(label, "\t") {
			return nil, fmt.Errorf("line %d is not `question<TAB>entry`: %q", n, cut(line, 80))
		}
		out = append(out, Labelled{text, label})
	}
	if err := sc.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// FromLabelled makes an index of questions alone, one entry for each label but
// OutOfScope, without answers. It is for measuring.
func FromLabelled(ctx context.Context, examples []Labelled, o Options) (*Index, error) {
	var entries []*Entry
	byID := map[string]*Entry{}
	for _, l := range examples {
		if l.Label == OutOfScope {
			continue
		}
		e := byID[l.Label]
		if e == nil {
			e = &Entry{ID: l.Label, Questions: map[string][]string{}, Answers: map[string]string{}}
			byID[l.Label] = e
			entries = append(entries, e)
		}
		lang := language(l.Text)
		if !slices.Contains(e.languages, lang) {
			e.languages = append(e.languages, lang)
		}
		e.Questions[lang] = append(e.Questions[lang], l.Text)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("no questions with an entry")
	}
	return newIndex(ctx, entries, o)
}

// Figures are what a collection of questions shows about an index. Shares are
// of 0 to 1.
type Figures struct {
	Questions  int     // all
	OutOfScope int     // of these, without an answer
	Top1, Top3 float64 // of those that have an answer: it is the best match, or among the best three
	AUROC      float64 // how well the score parts those that have an answer from the others; 0 if there are no others
	RAtP95     float64 // share of those that have an answer which is answered rightly at the loosest score with 95 % right

	// At the operating point:
	Point
	Answered  int     // questions
	Right     int     // of these
	Measured  float64 // precision: right of the answered
	Low, High float64 // its Wilson interval, 95 %
	Coverage  float64 // share of all questions that is answered
	Best      float64 // … at the loosest score at which the stated precision holds in hindsight
	Offered   int     // questions
	Among     int     // of these, the right one is among the choices

	P50, P99 time.Duration // per question
}

// result is what came of one question.
type result struct {
	in        bool    // it has an answer
	look      look    // see Question
	score     float64 // of the best match
	predicted string  // the best match
	choices   float64 // chance that the right one is among the choices
	rank      int     // of the right entry from 0 on, or -1
	outcome   Outcome
	among     bool // the right entry is among the choices
	took      time.Duration
}

func (r result) right() bool { return r.rank == 0 }

// Evaluate measures the matcher alone. Each text is taken whole, as the one question
// that its label says it is, whatever else it may want, and asked when and where that
// entry may be given. So figures on public collections can be compared with those of
// others. What the bot makes of a message, of which it answers the questions that no
// wish covers, [Index.Read] tells. The times are those of Read, which is what a
// message costs.
func (x *Index) Evaluate(questions []Labelled) Figures {
	return figuresOf(x.ask(questions), x.point)
}

// EvaluateTuned measures as Evaluate does, and also what the matcher does once it is
// tuned to such questions, see [Index.Tune]: one half of them to the texts of the other
// half, so that no label and no question has a part in how it is answered itself. The
// point it names follows from all of them. With fewer than 2 × TuneFrom questions nothing
// is tuned. The error is that of ctx, if it ends before.
func (x *Index) EvaluateTuned(ctx context.Context, questions []Labelled) (untuned, tuned Figures, err error) {
	results := x.ask(questions)
	untuned = figuresOf(results, x.point)
	if len(questions) < 2*TuneFrom {
		return untuned, untuned, nil
	}
	own, err := x.ownTest(ctx)
	if err != nil {
		return Figures{}, Figures{}, err
	}
	var halves [2][]look
	for i, r := range results {
		halves[i%2] = append(halves[i%2], r.look)
	}
	to := func(asked []look) Point { return x.point.tuned(x.matcher.calibration.weights.tuning(own, asked)) }
	points := [2]Point{to(halves[1]), to(halves[0])}
	for i := range results {
		results[i].decide(points[i%2])
	}
	return untuned, figuresOf(results, to(slices.Concat(halves[:]...))), nil
}

func (x *Index) ask(questions []Labelled) []result {
	out := make([]result, len(questions))
	for i, l := range questions {
		view := x
		if e, ok := x.byID[l.Label]; ok {
			view = x.where(e)
		}
		out[i] = view.askOne(l)
	}
	return out
}

func (x *Index) askOne(l Labelled) result {
	start := time.Now()
	x.Read(l.Text)
	r := result{took: time.Since(start), rank: -1}
	_, r.in = x.byID[l.Label]
	q := x.question(segment{text: l.Text, norm: x.words.normalize(l.Text)})
	if len(q.Matches) > 0 {
		r.look, r.score, r.predicted, r.choices = q.look, q.Matches[0].Score, q.Matches[0].Entry.ID, chanceOf(q.Choices())
		is := func(m Match) bool { return m.Entry.ID == l.Label }
		r.rank = slices.IndexFunc(q.Matches, is)
		r.among = slices.ContainsFunc(q.Choices(), is)
	}
	r.decide(x.point)
	return r
}

// decide says what a match is good for at a point.
func (r *result) decide(at Point) { r.outcome = at.outcomeOf(r.score, r.choices) }

func figuresOf(results []result, at Point) Figures {
	f := Figures{Questions: len(results), Point: at}
	if len(results) == 0 {
		return f
	}
	times := make([]time.Duration, len(results))
	for i, r := range results {
		times[i] = r.took
		if !r.in {
			f.OutOfScope++
		}
		if r.rank == 0 {
			f.Top1++
		}
		if r.rank >= 0 && r.rank < 3 {
			f.Top3++
		}
		switch {
		case r.outcome == Answer:
			f.Answered++
			if r.right() {
				f.Right++
			}
		case r.outcome == Offer:
			f.Offered++
			if r.among {
				f.Among++
			}
		}
	}
	in := f.Questions - f.OutOfScope
	f.Top1 /= float64(max(in, 1))
	f.Top3 /= float64(max(in, 1))
	f.Measured = float64(f.Right) / float64(max(f.Answered, 1))
	f.Low, f.High = Wilson(f.Right, f.Answered)
	f.Coverage = float64(f.Answered) / float64(f.Questions)
	slices.Sort(times)
	f.P50, f.P99 = times[len(times)/2], times[(len(times)-1)*99/100]

	results = slices.Clone(results)
	slices.SortStableFunc(results, func(a, b result) int { return cmp.Compare(b.score, a.score) })
	right := 0
	var pairs float64
	foreign := 0
	for i := 0; i < len(results); {
		// Questions with the same score are answered together or not at all.
		j, insiders, outsiders := i, 0, 0
		for ; j < len(results) && results[j].score == results[i].score; j++ {
			if results[j].in {
				insiders++
			} else {
				outsiders++
			}
			if results[j].right() {
				right++
			}
		}
		pairs += float64(insiders) * (float64(f.OutOfScope-foreign-outsiders) + float64(outsiders)/2)
		foreign += outsiders
		if results[i].score > 0 {
			if float64(right) >= .95*float64(j) {
				f.RAtP95 = float64(right) / float64(max(in, 1))
			}
			if float64(right) >= at.Precision*float64(j) {
				f.Best = float64(j) / float64(f.Questions)
			}
		}
		i = j
	}
	if in > 0 && f.OutOfScope > 0 {
		f.AUROC = pairs / float64(in) / float64(f.OutOfScope)
	}
	return f
}

// Wilson gives the interval in which a share lies with 95 % confidence, seen k
// times of n (Wilson 1927). Of nothing seen it is 0 to 1.
func Wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959964
	p, m := float64(k)/float64(n), float64(n)
	center := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(center-half, 0), min(center+half, 1)
}
