package faq

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

func sampleOptions() Options {
	vars := map[string]map[string]string{
		"":   {"phone": "123-456-7890", "website": "https://acme.example", "email": "support@acme.example", "company": "Acme"},
		"zh": {"hours": "周一至周五 9:00–17:00"},
		"en": {"hours": "Monday to Friday, 9:00–17:00"},
	}
	return Options{Languages: []string{"zh", "en"}, Vars: vars}
}

const samplePath = "../cmd/frontdesk/init/faq.yaml"

func loadSample() (*Index, error) {
	return Load(context.Background(), []string{samplePath}, sampleOptions())
}

// An index never changes, so that one serves all tests.
var sampleOnce = sync.OnceValues(loadSample)

func sample(t testing.TB) *Index {
	t.Helper()
	x, err := sampleOnce()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// The sample FAQ as `frontdesk init` writes it has to answer what people ask in
// their own words, rarely wrongly, and nothing that it has no answer to.
func TestSampleAnswers(t *testing.T) {
	x := sample(t)
	for _, lang := range []string{"en", "zh"} {
		var right, wrong, close, n int
		for _, line := range readLines(t, "testdata/ask_"+lang+".txt") {
			id, text, _ := strings.Cut(line, " | ")
			if _, ok := x.Entry(id); !ok {
				t.Fatalf("no entry %s", id)
			}
			n++
			r := x.Read(text)
			if len(r.Questions) != 1 {
				t.Errorf("%q: %d questions", text, len(r.Questions))
				continue
			}
			q := r.Questions[0]
			switch top := q.Matches[0]; {
			case q.Outcome == Answer && top.Entry.ID == id:
				right++
				continue
			case q.Outcome == Answer:
				wrong++
			case q.Outcome == Offer && slices.ContainsFunc(q.Choices(), func(m Match) bool { return m.Entry.ID == id }):
				close++
			}
			t.Logf("%q wants %s: %s", text, id, brief(q))
		}
		t.Logf("%s: %d questions: answered rightly %d, wrongly %d, offered %d, else %d", lang, n, right, wrong, close, n-right-wrong-close)
		if n < 60 || right*100 < n*55 || wrong*100 > n*2 || (right+close)*100 < n*87 {
			t.Errorf("%s: want at least 60 questions, 68 %% answered rightly, 82 %% rightly or offered, at most 3 %% wrongly", lang)
		}
		var answered, offered, m int
		for _, text := range readLines(t, "testdata/oos_"+lang+".txt") {
			m++
			for _, q := range x.Read(text).Questions {
				if q.Outcome == Answer {
					answered++
					t.Logf("answered: %q: %s", text, brief(q))
				} else if q.Outcome == Offer {
					offered++
					t.Logf("offered: %q: %s", text, brief(q))
				}
			}
		}
		t.Logf("%s: %d without answer: answered %d, offered %d", lang, m, answered, offered)
		if m < 40 || answered > 0 || offered*20 > m {
			t.Errorf("%s: want at least 40 questions, none answered, at most 5 %% offered", lang)
		}
	}
}

func brief(q Question) string {
	var b strings.Builder
	for i, m := range q.Matches {
		if i < 2 {
			fmt.Fprintf(&b, "%s %.2f ", m.Entry.ID, m.Score)
		}
	}
	return b.String() + q.Intent
}

// H1's three questions, in their own words, and the acts that look like them.
func TestSampleHandbookQuestions(t *testing.T) {
	x := sample(t)
	for text, want := range map[string]string{
		"如何联系客服？":                             "contact",
		"客服的工作时间是？":                           "office-hours",
		"是否提供退款？":                             "refund",
		"如何查看订单状态？":                           "order-status",
		"How can I contact customer service?": "contact",
		"Is there a refund?":                  "refund",
		"How can I see my order's status?":    "order-status",
	} {
		q := x.Read(text).Questions[0]
		if q.Intent != "" || q.Matches[0].Entry.ID != want || q.Outcome != Answer {
			t.Errorf("%q wants %s: %s", text, want, brief(q))
		}
	}
}

func TestSampleSpeaksBothLanguages(t *testing.T) {
	bad := []string{"马上", "立即", "尽快", "亲，", "你们", "按规定", "必须", "应该可以", "immediately", "!", "！"}
	for _, e := range sample(t).Entries() {
		for _, lang := range []string{"zh", "en"} {
			text, got, _ := e.Answer(lang)
			if got != lang || len(e.Questions[lang]) < 4 {
				t.Errorf("%s: %d questions in %s, answer in %s", e.ID, len(e.Questions[lang]), lang, got)
			}
			for _, b := range bad {
				if strings.Contains(text, b) {
					t.Errorf("%s, %s: the answer says %q", e.ID, lang, b)
				}
			}
		}
	}
}
