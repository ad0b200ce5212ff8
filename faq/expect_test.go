package faq

import "testing"

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
	unmet, asked := x.Unmet()
	if asked != 4 || len(unmet) != 2 || unmet[0].Text != "When are you open?" || unmet[0].Got.Matches[0].Entry.ID != "hours" || unmet[1].Text != "Do you sell elephants?" {
		t.Errorf("%d asked, unmet: %+v", asked, unmet)
	}
}
