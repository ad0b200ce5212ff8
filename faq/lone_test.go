package faq

import (
	"fmt"
	"testing"
	"time"
)

// That only one entry can match does not make it the answer: the FAQ has no
// other, the others are not given now, or they are in another language.
func TestLoneEntryIsNoAnswer(t *testing.T) {
	refund := &Entry{ID: "refund", languages: []string{"en"}, Answers: map[string]string{"en": "Within 14 days."},
		Questions: map[string][]string{"en": {"How do I get a refund?", "Can I have my money back?", "refund please"}}}
	away := func(id string, questions ...string) *Entry {
		return &Entry{ID: id, languages: []string{"en"}, Channels: []string{"elsewhere"}, Answers: map[string]string{"en": "Yes."}, Questions: map[string][]string{"en": questions}}
	}
	foreign := []*Entry{{ID: "wifi", languages: []string{"zh"}, Answers: map[string]string{"zh": "12345678"},
		Questions: map[string][]string{"zh": {"wifi密码是多少", "怎么连wifi", "店里有wifi吗"}}}}
	for i := range fullTopics + 20 {
		e := &Entry{ID: fmt.Sprint("e", i), languages: []string{"zh"}, Answers: map[string]string{"zh": "好的"}, Questions: map[string][]string{}}
		for k := range 3 {
			e.Questions["zh"] = append(e.Questions["zh"], fmt.Sprintf("%c%c%c怎么办理", 0x4e00+i*7, 0x4e00+i*7+1+k, 0x5e00+i))
		}
		foreign = append(foreign, e)
	}
	for _, c := range []struct {
		name     string
		entries  []*Entry
		answered string
		not      []string
	}{
		{"one entry", []*Entry{refund}, "How do I get a refund?", []string{"What is the weather on Mars?", "I hate cucumbers", "blorf"}},
		{"the others are not given", []*Entry{refund, away("a", "Is there parking?", "Where can I park?"), away("b", "Do you ship abroad?", "Can you ship to France?")},
			"Can I have my money back?", []string{"What is the weather on Mars?", "How do I get there by bus?", "Is there parking?"}},
		{"the others are in another language", foreign, "wifi密码是多少", []string{"I forgot my umbrella", "Do you sell wifi cards", "blorf"}},
	} {
		x, err := newIndex(t.Context(), c.entries, Options{})
		if err != nil {
			t.Fatal(err)
		}
		x = x.For(time.Now(), "here")
		if q := x.Read(c.answered).Questions[0]; q.Outcome != Answer {
			t.Errorf("%s: %q is not answered: %s", c.name, c.answered, brief(q))
		}
		for _, text := range c.not {
			for _, q := range x.Read(text).Questions {
				if q.Outcome == Answer {
					t.Errorf("%s: %q is answered: %s", c.name, text, brief(q))
				}
			}
		}
	}
}

// What is asked in one view leaves nothing behind for what is asked in another.
func TestQuestionsDoNotMeet(t *testing.T) {
	entries := made(fullTopics + 20)
	for i, e := range entries {
		if i%2 == 0 {
			e.Channels = []string{"a"}
		}
	}
	x, err := newIndex(t.Context(), entries, Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := x.For(time.Now(), "a"), x.For(time.Now(), "b")
	ask := func(x *Index) string {
		return brief(x.Read(entries[7].Questions["en"][0] + " " + entries[8].Questions["en"][1]).Questions[0])
	}
	first := ask(a)
	for _, e := range entries[:20] {
		b.Read(e.Questions["zh"][0])
		b.Read(e.Answers["en"])
	}
	if again := ask(a); again != first {
		t.Errorf("%s, and then %s", first, again)
	}
}

// A hidden entry keeps its question from the others, however many entries there are,
// and does not crowd them out.
func TestHiddenEntriesInLargeFAQ(t *testing.T) {
	entries := made(2*fullTopics + 2)
	for i, e := range entries {
		if i%2 == 1 {
			e.Channels = []string{"a"}
		}
	}
	x, err := newIndex(t.Context(), entries, Options{})
	if err != nil {
		t.Fatal(err)
	}
	x = x.For(time.Now(), "b")
	for i := range 20 {
		q := x.Read(entries[i].Questions["en"][3]).Questions[0]
		if given := i%2 == 0; given != (q.Outcome == Answer && q.Matches[0].Entry == entries[i]) {
			t.Errorf("entry %d, given: %v: %s", i, given, brief(q))
		}
	}
}
