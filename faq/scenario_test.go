package faq

import (
	"cmp"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A scenario is an FAQ drawn from a larger collection, and what it is asked:
// questions that belong to it, questions that belong to entries which were left
// out (near), and foreign ones (far).
type scenario struct {
	set    string
	each   int
	labels []string
	topics []topic
	asked  []labelled // label "oos" if near or far
}

// draw makes an FAQ of size entries with each examples. What is asked is a
// quarter near and a twentieth far, of those the collection has.
func draw(rnd *rand.Rand, set string, pool []labelled, far []string, size, each int) scenario {
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
	s := scenario{set: set, each: each, labels: labels[:size], topics: make([]topic, size)}
	const most = 400 // questions that belong
	var near []string
	for i, l := range labels {
		texts := slices.Clone(byLabel[l])
		rnd.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
		if i >= size {
			near = append(near, texts...)
			continue
		}
		spare := min(max(most/size, 1), max(1, len(texts)/4))
		k := min(each, len(texts)-spare)
		s.topics[i].questions = texts[:k]
		for _, q := range texts[k : k+spare] {
			s.asked = append(s.asked, labelled{q, l})
		}
	}
	n := len(s.asked)
	rnd.Shuffle(len(near), func(i, j int) { near[i], near[j] = near[j], near[i] })
	for _, q := range near[:min(len(near), n/3)] {
		s.asked = append(s.asked, labelled{q, OutOfScope})
	}
	for range min(len(far), n/15) {
		s.asked = append(s.asked, labelled{far[rnd.IntN(len(far))], OutOfScope})
	}
	return s
}

// fitRow is one candidate that a scenario's FAQ gave.
type fitRow struct {
	X        [signCount]float32
	Rank     int
	Right    bool
	Weight   float32
	Set      string
	Scenario int     // its number
	Each     int     // examples of an entry of its FAQ
	In       bool    // the FAQ has an answer
	PerEach  float64 // examples of an entry that it has
}

// learn trains a matcher.
func learn(t testing.TB, words *wordlists, topics []topic) *matcher {
	t.Helper()
	m, err := newMatcher(t.Context(), words, topics, Cache{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (s scenario) rows(t testing.TB, words *wordlists) []fitRow {
	m := learn(t, words, s.topics)
	var out []fitRow
	for _, e := range s.asked {
		for i, c := range m.search(e.text).candidates {
			if i == 3 || c.signs.content == 0 && c.signs.nearest < somewhatAlike {
				break
			}
			row := fitRow{Rank: i, Set: s.set, Each: s.each, In: e.label != OutOfScope, PerEach: m.perEach, Right: s.labels[c.topic] == e.label}
			row.X = c.signs.row()
			out = append(out, row)
		}
	}
	return out
}

// fitSets are the public collections whose licences allow to ship what is
// learnt from them.
var fitSets = []string{"banking77", "clinc150", "hwu64", "multidogo"}

// fitRows draws and asks all scenarios, with the same result every time. By the number
// of the scenario it also tells what each FAQ shows on itself.
func fitRows(t testing.TB) (rows []fitRow, own [][]echo) {
	words := words(t)
	rnd := rand.New(rand.NewPCG(7, 7))
	add := func(s scenario) {
		for _, r := range s.rows(t, words) {
			r.Scenario = len(own)
			rows = append(rows, r)
		}
		e, err := echoes(t.Context(), words, s.topics)
		if err != nil {
			t.Fatal(err)
		}
		own = append(own, e)
	}
	pools := map[string][]labelled{}
	for _, set := range fitSets {
		pools[set] = publicSet(t, set+"/train.tsv")
	}
	for i, set := range fitSets {
		var far []string
		for _, e := range pools[fitSets[(i+1)%len(fitSets)]] {
			far = append(far, e.text)
		}
		for _, each := range []int{1, 2, 3, 5, 8, 10, 15, 20} {
			for _, size := range []int{12, 25, 50, 1000} {
				add(draw(rnd, set, pools[set], far, size, each))
			}
		}
		for _, size := range []int{12, 25, 25, 50, 1000, 1000} {
			add(draw(rnd, set, pools[set], far, size, 1000))
		}
	}
	far := readLines(t, "testdata/fit_offtopic_zh.txt")
	files, err := filepath.Glob("testdata/fit_faq_*_zh.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no FAQs of our own", err)
	}
	for _, file := range files {
		pool := ownFAQ(t, file)
		for _, each := range []int{1, 2, 3, 4, 5} {
			for range 3 {
				for _, size := range []int{12, 20, 1000, 1000} {
					add(draw(rnd, "own", pool, far, size, each))
				}
			}
		}
	}
	for range 10 {
		add(bilingual(rnd, t))
	}
	// FAQs in two languages, as most of our users' are: one of each, joined.
	for i, file := range files {
		zh := ownFAQ(t, file)
		for _, set := range []string{fitSets[i%len(fitSets)], fitSets[(i+1)%len(fitSets)]} {
			for _, each := range []int{3, 5} {
				s := draw(rnd, set, pools[set], nil, 20, each)
				s.join(draw(rnd, set, zh, far, 20, each))
				add(s)
			}
		}
	}
	weigh(rows)
	return rows, own
}

// join adds another FAQ's questions to the entries of this one.
func (s *scenario) join(other scenario) {
	own := map[string]string{}
	for i := range min(len(s.labels), len(other.labels)) {
		own[other.labels[i]] = s.labels[i]
		s.topics[i].questions = append(s.topics[i].questions, other.topics[i].questions...)
	}
	for _, e := range other.asked {
		if label, ok := own[e.label]; ok || e.label == OutOfScope {
			s.asked = append(s.asked, labelled{e.text, cmp.Or(label, OutOfScope)})
		}
	}
}

// bilingual is the sample FAQ, with its answers, without a quarter of its entries
// and of the other entries' questions, of which it is asked.
func bilingual(rnd *rand.Rand, t testing.TB) scenario {
	s := scenario{set: "own"}
	for _, e := range sample(t).Entries() {
		left := rnd.IntN(4) == 0
		var tp topic
		for _, lang := range e.languages {
			for _, q := range e.Questions[lang] {
				switch {
				case left && rnd.IntN(4) == 0:
					s.asked = append(s.asked, labelled{q, OutOfScope})
				case !left && rnd.IntN(4) == 0:
					s.asked = append(s.asked, labelled{q, e.ID})
				default:
					tp.questions = append(tp.questions, q)
				}
			}
			tp.answers = append(tp.answers, e.Answers[lang])
		}
		if !left {
			s.labels, s.topics = append(s.labels, e.ID), append(s.topics, tp)
			s.each = max(s.each, len(tp.questions)/len(e.languages))
		}
	}
	return s
}

// ownWeight is what our own FAQs count beside a public set. They are small, and
// each question in them was written to differ from all others, as customers'
// rarely do: they are there so that the calibration has seen Chinese.
const ownWeight = .25

// weigh lets every public set count the same.
func weigh(rows []fitRow) {
	n := map[string]int{}
	for _, r := range rows {
		n[r.Set]++
	}
	for i := range rows {
		rows[i].Weight = float32(len(rows)) / float32(len(n)*n[rows[i].Set])
		if rows[i].Set == "own" {
			rows[i].Weight *= ownWeight
		}
	}
}

// ownFAQ reads an FAQ of our own: a line is `entry | question / question`.
func ownFAQ(t testing.TB, file string) []labelled {
	t.Helper()
	var out []labelled
	for _, line := range readLines(t, file) {
		label, text, ok := strings.Cut(line, " | ")
		if !ok {
			t.Fatalf("%s: %q is not `entry | question / question`", file, line)
		}
		for q := range strings.SplitSeq(text, " / ") {
			out = append(out, labelled{q, label})
		}
	}
	return out
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
