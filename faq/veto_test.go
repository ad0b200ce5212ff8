package faq

import (
	"strings"
	"testing"
)

const withNot = `entries:
  - id: refund
    en:
      questions: [How do I get a refund?, Can I have my money back?, When is my refund paid?]
      not: [How do I cancel my refund request?, Do you charge a fee for a refund?]
      answer: Within 14 days.
    zh:
      questions: [怎么退款, 可以退钱吗, 退款多久到账]
      not: [怎么取消退款申请]
      answer: 十四天内。
  - id: parking
    en: {questions: [Where can I park my car?, Is there a car park?], answer: Behind the house.}
`

func TestNotExamplesVeto(t *testing.T) {
	with, err := Load(t.Context(), []string{write(t, "faq.yaml", withNot)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(withNot) {
		if !strings.Contains(line, "not:") {
			kept = append(kept, line)
		}
	}
	without, err := Load(t.Context(), []string{write(t, "faq.yaml", strings.Join(kept, ""))}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	answered := func(x *Index, text string) bool {
		q := x.Read(text).Questions[0]
		return len(q.Matches) > 0 && q.Matches[0].Entry.ID == "refund" && q.Outcome != HandOver
	}
	for _, text := range []string{"How can I cancel the refund request?", "how do i cancel my refund", "Is there a fee for a refund?", "怎样取消退款申请", "我想问一下怎么取消退款的申请"} {
		if !answered(without, text) {
			t.Errorf("%q: without `not:` it is not taken for a refund, so that the test shows nothing", text)
		}
		if answered(with, text) {
			t.Errorf("%q is answered in spite of `not:`", text)
		}
		q := with.Read(text).Questions[0]
		if len(q.Vetoed) != 1 || !strings.Contains(q.Explain(), "which is not for that entry to answer") {
			t.Errorf("%q: what was ruled out is not told: %+v", text, q.Vetoed)
		}
	}
	for _, text := range []string{"How do I get my refund?", "can i get my money back", "退款多久能到账", "怎么申请退款", "How do I request a refund?"} {
		if !answered(with, text) {
			t.Errorf("%q is not answered: %s", text, brief(with.Read(text).Questions[0]))
		}
	}
	if e, _ := with.Entry("refund"); len(e.Not["en"]) != 2 || len(e.Not["zh"]) != 1 {
		t.Errorf("not: %v", e.Not)
	}
	_, err = Load(t.Context(), []string{write(t, "faq.yaml", strings.Replace(withNot, "not: [怎么取消退款申请]", "not: [怎么退款？]", 1))}, Options{})
	if err == nil || !strings.Contains(err.Error(), `:2: entry refund has "怎么退款？" under questions and under not`) {
		t.Errorf("got %v", err)
	}
}
