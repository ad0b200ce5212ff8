package faq

import (
	"context"
	"fmt"
	"slices"

	"frontdesk/faq/internal/tone"
)

// Index answers from one state of the FAQ. It never changes and may be used by
// any number of goroutines at once; a changed FAQ is a new Index, see [Live].
type Index struct {
	entries []*Entry
	byID    map[string]*Entry
	words   *wordlists
	matcher *matcher
	limited []int    // entries that hold only at times, or in some channels
	hidden  []bool   // by entry: not for this view, see For; nil: all are
	nots    []barred // by entry: its `not:` examples
	like    *likeness
	tone    *tone.Table
	point   Point
}

func newIndex(ctx context.Context, entries []*Entry, o Options, examples ...exampleGroup) (*Index, error) {
	words, err := wordlistsOnce()
	if err != nil {
		return nil, fmt.Errorf("faq: %w", err)
	}
	calibration, err := calibrationOnce()
	if err != nil {
		return nil, fmt.Errorf("faq: %w", err)
	}
	x := &Index{entries: entries, byID: map[string]*Entry{}, words: words}
	for i, e := range entries {
		x.byID[e.ID] = e
		if e.limited() {
			x.limited = append(x.limited, i)
		}
	}
	if x.matcher, err = newMatcher(ctx, words, topicsOf(entries), o.Cache); err != nil {
		return nil, err
	}
	x.prepareVetoes()
	if x.like, err = likenessWith(words, examples); err != nil {
		return nil, fmt.Errorf("faq: %w", err)
	}
	if x.tone, err = toneOnce(); err != nil {
		return nil, fmt.Errorf("faq: %w", err)
	}
	x.matcher.calibration = calibration
	x.point = calibration.at(o.Precision, x.matcher.perEach).tuned(o.Tuning)
	return x, nil
}

// topicsOf gives what entries say in all their languages.
func topicsOf(entries []*Entry) []topic {
	topics := make([]topic, len(entries))
	for i, e := range entries {
		for _, l := range e.languages {
			topics[i].questions = append(topics[i].questions, e.Questions[l]...)
			topics[i].languages = append(topics[i].languages, slices.Repeat([]string{l}, len(e.Questions[l]))...)
			if a := e.Answers[l]; a != "" {
				topics[i].answers = append(topics[i].answers, a)
			}
		}
	}
	return topics
}

// Point is the operating point that follows from Options.Precision and the tuning.
func (x *Index) Point() Point { return x.point }

// Entry finds an entry by its id.
func (x *Index) Entry(id string) (*Entry, bool) {
	e, ok := x.byID[id]
	if ok && x.hidden != nil {
		ok = !x.hidden[slices.Index(x.entries, e)]
	}
	return e, ok
}

// Entries gives all entries in the order of the files. The slice is the
// caller's; the entries are shared and read-only.
func (x *Index) Entries() []*Entry {
	var out []*Entry
	for i, e := range x.entries {
		if x.hidden == nil || !x.hidden[i] {
			out = append(out, e)
		}
	}
	return out
}
