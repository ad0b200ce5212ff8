package faq

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
)

// A Validation is what an FAQ shows about itself. Each of its questions is
// asked of an FAQ without it, and some of an FAQ without their entry, so that
// a fifth of what is asked has no answer, and a near one: what customers ask
// beyond the FAQ is usually about the same company. A question is asked when and
// where its entry may be given, also if it is not there: what is never given beside
// it is no rival. Like [Index.Evaluate] it measures the matcher alone.
//
// It is honest as far as the examples are like what customers really write. It
// errs on the careful side in that each FAQ asked has a fifth less examples.
type Validation struct {
	Figures
	Entries []EntryFigures // one for each entry and language, those that need most first
}

// EntryFigures are what became of the questions of one entry in one language.
type EntryFigures struct {
	Entry    *Entry
	Lang     string
	Examples int    // that it has
	Asked    int    // of these; 0 if it has but one
	Answered int    // rightly
	Offered  int    // with it among the choices
	Wrong    int    // answered with another entry
	Rival    string // the entry that was taken for it most often; "" if none was
	More     int    // examples that it needs beside those it has, roughly; see aimed
}

const (
	folds = 5
	// aimed is the share of its questions to which customers should get an
	// entry, as the answer or among the choices.
	aimed = .8
)

// MostMore is the most examples that are asked for: it stands for that many and
// more, and says that the examples are too different from each other to tell, or
// too much like another entry's.
const MostMore = 20

// CrossValidate measures an index on its own examples. It trains ten indexes
// and takes ten times as long as loading, on as many cores as there are. The error
// is that of ctx, if it ends before.
func (x *Index) CrossValidate(ctx context.Context) (Validation, error) {
	type ask struct {
		fold int // to folds: without the question; from there: without the entry
		lang int // of Entry.languages
		q    Labelled
		e    int
	}
	var asks []ask
	every := 0
	folding := x.folding()
	for i, e := range x.entries {
		for l, lang := range e.languages {
			questions := e.Questions[lang]
			for _, q := range questions {
				if len(questions) > 1 {
					asks = append(asks, ask{folding[QuestionKey(q)].fold, l, Labelled{q, e.ID}, i})
				}
				// What another entry asks too still has its answer without this one.
				if every++; every%(folds-1) == 0 && len(x.entries) > 1 && !folding[QuestionKey(q)].shared {
					asks = append(asks, ask{folds + i%folds, l, Labelled{q, OutOfScope}, i})
				}
			}
		}
	}
	results := make([]result, len(asks))
	errs := make([]error, 2*folds)
	var wg sync.WaitGroup
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	for fold := range 2 * folds {
		wg.Add(1)
		go func() {
			defer wg.Done()
			turn <- struct{}{}
			defer func() { <-turn }()
			without, err := x.without(ctx, fold, folding)
			if err != nil {
				errs[fold] = err
				return
			}
			for k, a := range asks {
				if a.fold == fold {
					results[k] = without.where(x.entries[a.e]).askOne(a.q)
				}
			}
		}()
	}
	wg.Wait()
	if err := cmp.Or(errs...); err != nil {
		return Validation{}, err
	}
	v := Validation{Figures: figuresOf(results, x.point)}
	rivals := map[*EntryFigures]map[string]int{}
	at := map[[2]int]int{}
	for i, e := range x.entries {
		for l, lang := range e.languages {
			at[[2]int{i, l}] = len(v.Entries)
			v.Entries = append(v.Entries, EntryFigures{Entry: e, Lang: lang, Examples: len(e.Questions[lang])})
		}
	}
	for k, a := range asks {
		if a.fold >= folds {
			continue
		}
		f, r := &v.Entries[at[[2]int{a.e, a.lang}]], results[k]
		f.Asked++
		switch {
		case r.right() && r.outcome == Answer:
			f.Answered++
		case r.among && r.outcome == Offer:
			f.Offered++
		case r.outcome == Answer:
			f.Wrong++
		}
		if !r.right() && r.predicted != "" {
			if rivals[f] == nil {
				rivals[f] = map[string]int{}
			}
			rivals[f][r.predicted]++
			if n := rivals[f]; f.Rival == "" || n[r.predicted] > n[f.Rival] {
				f.Rival = r.predicted
			}
		}
	}
	x.needs(v.Entries)
	slices.SortStableFunc(v.Entries, func(a, b EntryFigures) int {
		return cmp.Or(cmp.Compare(b.More, a.More), cmp.Compare(a.Answered+a.Offered, b.Answered+b.Offered), cmp.Compare(a.Examples, b.Examples))
	})
	return v, nil
}

// folded says where a question is left out.
type folded struct {
	entry, fold int
	shared      bool // by entries that are never given together
}

// folding gives each question, as sameQuestion tells them apart, its fold: one that
// two entries have is left out of both at once.
func (x *Index) folding() map[string]folded {
	out := map[string]folded{}
	for i, e := range x.entries {
		for _, lang := range e.languages {
			for j, q := range e.Questions[lang] {
				key := QuestionKey(q)
				f, ok := out[key]
				if !ok {
					f = folded{entry: i, fold: (i + j) % folds}
				}
				f.shared = f.shared || f.entry != i
				out[key] = f
			}
		}
	}
	return out
}

// without is the index of one fold.
func (x *Index) without(ctx context.Context, fold int, folding map[string]folded) (*Index, error) {
	var entries []*Entry
	for i, e := range x.entries {
		if fold >= folds {
			if i%folds != fold-folds {
				entries = append(entries, e)
			}
			continue
		}
		c := *e
		c.Questions = map[string][]string{}
		for _, lang := range e.languages {
			all := e.Questions[lang]
			for _, q := range all {
				if len(all) == 1 || folding[QuestionKey(q)].fold != fold {
					c.Questions[lang] = append(c.Questions[lang], q)
				}
			}
		}
		entries = append(entries, &c)
	}
	return newIndex(ctx, entries, Options{Precision: x.point.Precision, Tuning: x.point.Tuning})
}

// needs estimates how many more examples entries need. The odds that a question
// is answered grow as a power of the number of examples; by which, the
// calibration has learnt on other FAQs. An entry's own few questions are
// weighed against what is usual in this FAQ.
func (x *Index) needs(entries []EntryFigures) {
	var asked, found float64
	for _, f := range entries {
		asked, found = asked+float64(f.Asked), found+float64(f.Answered+f.Offered)
	}
	usual := (found + 1) / (asked + 2)
	const belief = 3 // questions that the usual counts for
	for i := range entries {
		f := &entries[i]
		got := float64(f.Answered + f.Offered)
		share := (got + belief*usual) / (float64(f.Asked) + belief)
		if share >= aimed || f.Asked > 0 && got >= aimed*float64(f.Asked) {
			continue
		}
		gap := logit(aimed) - logit(share)
		more := float64(f.Examples) * (math.Exp(gap/x.matcher.calibration.slope) - 1)
		f.More = int(min(math.Ceil(more), MostMore))
	}
}
