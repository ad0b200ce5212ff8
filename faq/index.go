package faq

import (
	"fmt"

	"frontdesk/faq/internal/tone"
)

// Index answers from one state of the FAQ. It never changes and may be used by
// any number of goroutines at once; a changed FAQ is a new Index, see [Live].
type Index struct {
	entries []*Entry
	byID    map[string]*Entry
	words   *wordlists
	matcher *matcher
	like    *likeness
	tone    *tone.Table
}

func newIndex(entries []*Entry, examples ...exampleGroup) (*Index, error) {
	words, err := wordlistsOnce()
	if err != nil {
		return nil, fmt.Errorf("faq: %w", err)
	}
	x := &Index{entries: entries, byID: map[string]*Entry{}, words: words}
	topics := make([]topic, len(entries))
	for i, e := range entries {
		x.byID[e.ID] = e
		for _, l := range e.languages {
			topics[i].questions = append(topics[i].questions, e.Questions[l]...)
			topics[i].answers = append(topics[i].answers, e.Answers[l])
		}
	}
	x.matcher = newMatcher(words, topics)
	if x.like, err = likenessWith(words, examples); err != nil {
		return nil, fmt.Errorf("faq: %w", err)
	}
	if x.tone, err = toneOnce(); err != nil {
		return nil, fmt.Errorf("faq: %w", err)
	}
	return x, nil
}

// Entry finds an entry by its id.
func (x *Index) Entry(id string) (*Entry, bool) {
	e, ok := x.byID[id]
	return e, ok
}

// Entries gives all entries in the order of the files. The slice is the
// caller's; the entries are shared and read-only.
func (x *Index) Entries() []*Entry {
	return append([]*Entry(nil), x.entries...)
}
