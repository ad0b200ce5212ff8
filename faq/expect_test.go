package faq

import (
	"slices"
	"testing"
)

// answers is a policy that gives what the FAQ is sure of.
func answers(_ string, r Reading, e *Entry) bool {
	return slices.ContainsFunc(r.Questions, func(q Question) bool { return q.Outcome == Answer && q.Matches[0].Entry == e })
}

func TestUnmet(t *testing.T) {
	entries := []*Entry{
		{ID: "hours", Questions: map[string][]string{"en": {"When are you open?", "What are your opening hours?"}}, languages: []string{"en"},
			Expect: map[string][]string{"en": {"What are your opening hours?", "Hello, when are you open?"}}},
		{ID: "refund", Questions: map[string][]string{"en": {"Can I have a refund?", "How do I get my money back?"}}, languages: []string{"en"},
			Expect: map[string][]string{"en": {"When are you open?", "Do you sell elephants?"}}},
	}
	x, err := newIndex(t.Context(), entries, Options{})
	if err != nil {
		t.Fatal(err)
	}
	unmet, asked := x.Unmet(answers)
	if asked != 4 || len(unmet) != 2 || unmet[0].Text != "When are you open?" || unmet[1].Text != "Do you sell elephants?" {
		t.Fatalf("%d asked, unmet: %+v", asked, unmet)
	}
	if m, ok := unmet[0].Nearest(); !ok || m.Entry.ID != "hours" {
		t.Errorf("nearest to %q: %+v", unmet[0].Text, m)
	}
	// Whether an answer goes out, the policy says.
	unmet, _ = x.Unmet(func(string, Reading, *Entry) bool { return false })
	if len(unmet) != 4 {
		t.Errorf("a policy that never answers: %d unmet", len(unmet))
	}
}
