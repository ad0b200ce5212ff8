package faq

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestFitConfidence finds the constants of signWeights and prints them. It
// takes its examples from four public collections whose licences allow it
// (BANKING77, CLINC150, HWU64, MultiDoGO; their training parts only) and from
// our own sample FAQ: many small FAQs are drawn from each, and asked what
// belongs to them, what belongs to left-out entries, and what is foreign.
//
//	FRONTDESK_FIT=1 FRONTDESK_TESTDATA=… go test -run FitConfidence -v ./faq
func TestFitConfidence(t *testing.T) {
	if os.Getenv("FRONTDESK_FIT") == "" {
		t.Skip("FRONTDESK_FIT is not set: the constants are in place already")
	}
	words, err := readWordlists()
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	pools := map[string][]labelled{}
	for _, name := range []string{"banking77", "clinc150", "hwu64", "multidogo"} {
		pools[name] = publicSet(t, name+"/train.tsv")
	}
	var rows []fitRow
	names := []string{"banking77", "clinc150", "hwu64", "multidogo"}
	for _, name := range names {
		foreign := pools[names[(slices.Index(names, name)+1)%len(names)]]
		for _, size := range []int{12, 25, 25, 50, 1000} {
			for _, each := range []int{3, 5, 8, 15} {
				s := drawScenario(rnd, pools[name], size, each)
				for range 120 {
					s.oos = append(s.oos, foreign[rnd.IntN(len(foreign))].text)
				}
				rows = append(rows, s.rows(words, 1)...)
			}
		}
	}
	public := len(rows)
	var zh, en []labelled
	for _, e := range sample(t).Entries() {
		for _, q := range e.Questions["zh"] {
			zh = append(zh, labelled{q, e.ID})
		}
		for _, q := range e.Questions["en"] {
			en = append(en, labelled{q, e.ID})
		}
	}
	offtopic := readLines(t, "testdata/fit_offtopic_zh.txt")
	for range 40 {
		s := drawScenario(rnd, zh, 21, 4)
		s.oos = append(s.oos, offtopic...)
		// An index holds both languages.
		for _, e := range en {
			for i, l := range s.labels {
				if l == e.label {
					s.topics[i].questions = append(s.topics[i].questions, e.text)
				}
			}
		}
		rows = append(rows, s.rows(words, .5)...)
		s = drawScenario(rnd, en, 21, 4)
		for range 60 {
			s.oos = append(s.oos, pools["hwu64"][rnd.IntN(len(pools["hwu64"]))].text)
		}
		rows = append(rows, s.rows(words, .5)...)
	}
	fmt.Printf("%d rows from public sets, %d of our own\n", public, len(rows)-public)
	w := logisticRegression(rows)
	fmt.Print("\treturn [signCount]float64{\n")
	for _, v := range w {
		fmt.Printf("\t\t%.4f,\n", v)
	}
	fmt.Print("\t}\n")
}

func readLines(t testing.TB, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// scenario is a small FAQ and what it is asked.
type scenario struct {
	labels []string
	topics []topic
	in     []labelled
	oos    []string
}

func drawScenario(rnd *rand.Rand, pool []labelled, size, each int) scenario {
	byLabel := map[string][]string{}
	var labels []string
	for _, e := range pool {
		if byLabel[e.label] == nil {
			labels = append(labels, e.label)
		}
		byLabel[e.label] = append(byLabel[e.label], e.text)
	}
	rnd.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	size = min(size, len(labels)*3/4)
	s := scenario{labels: labels[:size], topics: make([]topic, size)}
	const most = 300
	for i, l := range labels {
		texts := slices.Clone(byLabel[l])
		rnd.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
		if i >= size {
			s.oos = append(s.oos, texts[:min(len(texts), 1+most/2/(len(labels)-size))]...)
			continue
		}
		k := min(each, len(texts)-1)
		s.topics[i].questions = texts[:k]
		for _, q := range texts[k:min(len(texts), k+1+most/size)] {
			s.in = append(s.in, labelled{q, l})
		}
	}
	return s
}

type fitRow struct {
	x      [signCount]float64
	right  float64
	weight float64
}

func (s scenario) rows(words *wordlists, weight float64) []fitRow {
	m := newMatcher(words, s.topics)
	var out []fitRow
	ask := func(text, label string) {
		for i, c := range m.search(text).candidates {
			if i == 3 || c.signs.content == 0 {
				break
			}
			row := fitRow{x: c.signs.row(), weight: weight}
			if i > 0 {
				row.weight *= .3
			}
			if s.labels[c.topic] == label {
				row.right = 1
			}
			out = append(out, row)
		}
	}
	for _, e := range s.in {
		ask(e.text, e.label)
	}
	for _, q := range s.oos {
		ask(q, "oos")
	}
	return out
}

// logisticRegression by Newton's method with a little shrinkage.
func logisticRegression(rows []fitRow) [signCount]float64 {
	var w [signCount]float64
	for range 25 {
		var grad [signCount]float64
		var hess [signCount][signCount + 1]float64
		for _, r := range rows {
			var z float64
			for i := range w {
				z += w[i] * r.x[i]
			}
			p := 1 / (1 + math.Exp(-z))
			for i := range w {
				grad[i] += r.weight * (r.right - p) * r.x[i]
				for j := range w {
					hess[i][j] += r.weight * p * (1 - p) * r.x[i] * r.x[j]
				}
			}
		}
		for i := range w {
			hess[i][i] += 1
			hess[i][signCount] = grad[i] - w[i]
		}
		for i := range w { // Gauss–Jordan; the matrix is positive definite
			for j := range w {
				if j == i {
					continue
				}
				f := hess[j][i] / hess[i][i]
				for k := i; k <= signCount; k++ {
					hess[j][k] -= f * hess[i][k]
				}
			}
		}
		for i := range w {
			w[i] += hess[i][signCount] / hess[i][i]
		}
	}
	return w
}
