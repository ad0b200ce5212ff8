package faq

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const untidy = `entries:
  - id: hours
    related: [hours, old]
    zh: {questions: [几点开门, 营业时间, 周末上班吗], answer: 九点。}
    en:
      questions: [When are you open?, what are the opening hours, When are you open, Until when are you open?]
      expect: ["When are you open?", "Where can I park my car?", "Do you open late?"]
      answer: Nine to five.
  - id: parking
    en:
      questions:
        - Where can I park my car?
        - Is there a car park?
        - What are the opening hours of the car park?
      expect: [Do you open late?]
      answer: Behind the house.
  - id: garage
    zh: {questions: [停车场在哪里, 哪里可以停车, 有车库吗], answer: 屋后。}
    en:
      questions: [Where can I park my car please?, Do you have a garage?]
      answer: Behind  the house.
  - id: old
    until: 2026-01-01
    channels: [chat]
    zh: {questions: [春节上班吗, 春节放假吗, 过年开门吗], answer: LONG}
    en: {questions: [Are you open at the spring festival?, Spring festival hours, New year hours], answer: We are.}
  - id: visits
    channels: [support]
    related: [old]
    zh: {questions: [可以上门吗, 能来我家吗, 有上门服务吗], answer: 可以。}
    en: {questions: [Do you visit?, Can you come to my home?, Home visits], answer: Yes.}
`

func TestLint(t *testing.T) {
	text := strings.Replace(untidy, "LONG", strings.Repeat("长", 3001), 1)
	x, err := Load(t.Context(), []string{write(t, "faq.yaml", text)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range x.Lint([]string{"zh", "en"}, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) {
		if f.Remedy == "" || !strings.HasSuffix(f.File, "faq.yaml") {
			t.Errorf("incomplete: %+v", f)
		}
		message := strings.ReplaceAll(f.Message, f.File, "faq.yaml")
		got = append(got, fmt.Sprintf("%d %s %v %s", f.Line, f.Check, f.Severe, message))
	}
	want := `2 dead-link false entry hours is related to itself
6 duplicate false entry hours asks "When are you open" twice
7 expect false entry hours expects "When are you open?", which is one of its questions
7 expect true entry hours expects "Where can I park my car?", which is a question of parking (faq.yaml:12)
9 missing-translation false entry parking has no zh
15 expect true entry parking expects "Do you open late?", and so does hours (faq.yaml:7)
20 near-duplicate false entry garage asks "Where can I park my car please?", which is almost "Where can I park my car?" of parking (faq.yaml:12)
21 few-questions false entry garage, en: 2 questions
21 duplicate false entry garage, en: the answer is that of parking (faq.yaml:16)
22 out-of-date false entry old is given no longer since 2026-01-02 00:00
25 long-answer false entry old, zh: the answer has 3001 characters
27 dead-link false entry visits is related to old, which is never given at the same time and in the same channel`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}

func TestLintTellsQuestionsWithoutWords(t *testing.T) {
	const text = `entries:
  - id: hours
    en:
      questions:
        - When are you open?
        - "?"
        - "..."
        - "12345"
        - Opening hours
        - Are you open on Sunday?
      answer: Nine to five.
  - id: parking
    en:
      questions: [Where can I park?, Is there a car park?, "!"]
      answer: Behind the house.
`
	x, err := Load(t.Context(), []string{write(t, "faq.yaml", text)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range x.Lint([]string{"en"}, time.Now()) {
		got = append(got, fmt.Sprintf("%d %s %s", f.Line, f.Check, f.Message))
	}
	want := `6 no-content entry hours has the question "?", in which there are no words
7 no-content entry hours has the question "...", in which there are no words
8 no-content entry hours has the question "12345", in which there are no words
14 no-content entry parking has the question "!", in which there are no words
15 few-questions entry parking, en: 2 questions`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}

func TestSampleIsTidy(t *testing.T) {
	for _, f := range sample(t).Lint([]string{"zh", "en"}, time.Now()) {
		t.Error(f)
	}
}

func TestGroup(t *testing.T) {
	groups := sample(t).Group([]string{"Do you sell gift cards?", "有礼品卡吗", "Can I buy a gift card?", "Is the lift working?", "可以买礼品卡吗", "gift cards"})
	if got := fmt.Sprint(groups); got != "[[0 2 5] [1 4] [3]]" {
		t.Error(got)
	}
}
