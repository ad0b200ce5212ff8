package faq

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type labelled struct{ text, label string }

// publicSet reads text<TAB>label lines of a data set that is not part of the
// project, or skips.
func publicSet(t testing.TB, name string) []labelled {
	t.Helper()
	root := os.Getenv("FRONTDESK_TESTDATA")
	if root == "" {
		t.Skip("FRONTDESK_TESTDATA is not set: it names the folder with the public data sets")
	}
	f, err := os.Open(filepath.Join(root, "faq", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []labelled
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		text, label, ok := strings.Cut(sc.Text(), "\t")
		if ok {
			out = append(out, labelled{text, label})
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func topicsOf(set []labelled) (topics []topic, ids map[string]int) {
	ids = map[string]int{}
	for _, e := range set {
		id, ok := ids[e.label]
		if !ok {
			id = len(topics)
			ids[e.label] = id
			topics = append(topics, topic{})
		}
		topics[id].questions = append(topics[id].questions, e.text)
	}
	return topics, ids
}

// figures are what one collection of questions shows about a matcher.
type figures struct {
	n, oos             int
	top1, top3         float64 // of the questions that have an answer
	auroc              float64 // does the score part those from the others?
	recallAt95         float64 // answered rightly at the loosest score with 95 % right
	precision, answers float64 // at AnswerAt: right of the answered; answered of all
}

func (f figures) String() string {
	return fmt.Sprintf("n %d oos %d: top1 %.1f top3 %.1f auroc %.3f R@P95 %.2f; at AnswerAt precision %.3f, answered %.2f",
		f.n, f.oos, 100*f.top1, 100*f.top3, f.auroc, f.recallAt95, f.precision, f.answers)
}

func evaluate(m *matcher, ids map[string]int, questions []labelled) figures {
	type result struct {
		score     float64
		in, right bool
	}
	var f figures
	var results []result
	answered, good := 0, 0
	for _, e := range questions {
		want, in := ids[e.label]
		if !in {
			want = -1
			f.oos++
		} else {
			f.n++
		}
		r := result{in: in}
		for i, c := range m.search(e.text).candidates {
			if i == 0 {
				r.score, r.right = c.score, c.topic == want
			}
			if c.topic == want && i == 0 {
				f.top1++
			}
			if c.topic == want && i < 3 {
				f.top3++
			}
		}
		if r.score >= AnswerAt {
			answered++
			if r.right {
				good++
			}
		}
		results = append(results, r)
	}
	f.top1 /= float64(f.n)
	f.top3 /= float64(f.n)
	f.precision = float64(good) / float64(max(answered, 1))
	f.answers = float64(answered) / float64(len(results))
	slices.SortFunc(results, func(a, b result) int { return cmp.Compare(b.score, a.score) })
	seenOos, pairs, right := 0, 0, 0
	for i, r := range results {
		if r.in {
			pairs += f.oos - seenOos
		} else {
			seenOos++
		}
		if r.right {
			right++
		}
		if float64(right) >= .95*float64(i+1) {
			f.recallAt95 = float64(right) / float64(f.n)
		}
	}
	f.auroc = float64(pairs) / float64(max(1, f.n*f.oos))
	return f
}

func TestPublicSets(t *testing.T) {
	if testing.Short() {
		t.Skip("the public sets take seconds")
	}
	for _, c := range []struct {
		train, test          string
		top1, auroc, rightAt float64 // floors, a little below what was measured
	}{
		{"banking77/shots/5_s0.tsv", "banking77/test.tsv", .65, 0, .85},
		{"bq_faq/shots/5_s0.tsv", "bq_faq/test.tsv", .75, 0, .88},
		{"bitext/shots/5_s0.tsv", "bitext/test.tsv", .81, 0, .91},
		{"clinc150/shots/5_s0.tsv", "clinc150/test.tsv", .74, .87, .89},
		{"banking77/near_oos/train_5_s0.tsv", "banking77/near_oos/test_s0.tsv", .69, .77, .79},
		{"bq_faq/near_oos/train_5_s0.tsv", "bq_faq/near_oos/test_s0.tsv", .76, .79, .81},
		{"hint3_curekart/train.tsv", "hint3_curekart/test.tsv", .81, .87, .81},
	} {
		topics, ids := topicsOf(publicSet(t, c.train))
		f := evaluate(newMatcher(words(t), topics), ids, publicSet(t, c.test))
		t.Logf("%-35s %v", c.train, f)
		if f.top1 < c.top1 || f.auroc < c.auroc || f.precision < c.rightAt {
			t.Errorf("%s: top1 %.3f, auroc %.3f, precision %.3f; want at least %.3f, %.3f, %.3f", c.train, f.top1, f.auroc, f.precision, c.top1, c.auroc, c.rightAt)
		}
	}
}

func TestPublicIntents(t *testing.T) {
	if testing.Short() {
		t.Skip("the public sets take seconds")
	}
	x := sample(t)
	for _, c := range []struct {
		intent, set, positive string
		recall, alarms        float64 // floor; ceiling of the share of other messages
	}{
		{Human, "human_request_en/train.tsv", "human", .93, .001},
		{Human, "human_request_zh/train.tsv", "human", .80, .005},
		{Complaint, "bitext/test.tsv", "complaint", .70, .005},
		{Complaint, "banking77/test.tsv", "", 0, .01},
		{Complaint, "bq_faq/test.tsv", "", 0, .01},
		{Human, "bq_faq/test.tsv", "", 0, .01},
		{Status, "bq_faq/test.tsv", "", 0, .01},
		{Abuse, "banking77/test.tsv", "", 0, .005},
		{Privacy, "banking77/test.tsv", "", 0, .005},
		{Suggestion, "bitext/test.tsv", "", 0, .005},
	} {
		var found, positive, alarms, other int
		for _, e := range publicSet(t, c.set) {
			got := slices.ContainsFunc(x.Read(e.text).Intents, func(i Intent) bool { return i.Name == c.intent && i.Score >= actOn })
			if e.label == c.positive {
				positive++
				if got {
					found++
				}
				continue
			}
			other++
			if got {
				alarms++
			}
		}
		recall, share := float64(found)/float64(max(1, positive)), float64(alarms)/float64(other)
		k := counts{hits: found, alarms: alarms, missed: positive - found}
		t.Logf("%-10s %-28s recall %.3f of %d, false alarms %d of %d (%.2f %%), F1 %.3f", c.intent, c.set, recall, positive, alarms, other, 100*share, k.f1())
		if recall < c.recall || share > c.alarms {
			t.Errorf("%s on %s: recall %.3f, false alarms %.4f; want at least %.3f, at most %.4f", c.intent, c.set, recall, share, c.recall, c.alarms)
		}
	}
}
