// Command gen trains the tone scorer and writes its table, words/tone.txt, from text of
// our own (../*.txt) and from the training parts of BANKING77 (CC BY 4.0),
// CLINC150 (CC BY 3.0), HWU64 (CC BY 4.0) and MultiDoGO (CDLA-Permissive 1.0),
// whose messages are calm. The same inputs give the same table, which names
// their hash. It is run by go generate in package faq, with FRONTDESK_TESTDATA
// naming the folder of the public sets.
package main

import (
	"crypto/sha256"
	"fmt"
	"log"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"frontdesk/faq"
	"frontdesk/faq/internal/tone"
)

const (
	perLine = 24   // texts made of a line with names in it
	fewest  = 4    // that each line counts for
	public  = 3000 // messages taken of each public set
	epochs  = 12
	rate    = 1.5
	decay   = 2e-4 // L2
	least   = .25  // weights below this are left out
	folds   = 4    // of the cross-validation that finds the operating points
	alarms  = .015 // share of calm texts, not learnt from, that may reach faq.UpsetAt
)

// An example is one part of a text. Texts made of the same line are in the same
// fold: they are too alike to test each other.
type example struct {
	features []int
	upset    bool
	chinese  bool
	fold     int
}

func main() {
	root := os.Getenv("FRONTDESK_TESTDATA")
	if root == "" {
		log.Fatal("FRONTDESK_TESTDATA is not set: it names the folder with the public data sets")
	}
	hash := sha256.New()
	read := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		hash.Write(data)
		return string(data)
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	set := &set{ids: map[string]int{}}
	for _, lang := range []string{"en", "zh"} {
		for _, kind := range []string{"calm", "upset"} {
			for i, texts := range made(read(filepath.Join("internal/tone", kind+"_"+lang+".txt")), rnd) {
				for _, text := range texts {
					set.add(text, kind == "upset", i%folds)
				}
			}
		}
	}
	own := len(set.examples)
	for _, name := range []string{"banking77", "clinc150", "hwu64", "multidogo"} {
		lines := strings.Split(strings.TrimSpace(read(filepath.Join(root, "faq", name, "train.tsv"))), "\n")
		rnd.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		for i, line := range lines[:min(public, len(lines))] {
			text, label, _ := strings.Cut(line, "\t")
			if label != "social_post" { // some of these dictate a complaint
				set.add(text, false, i%folds)
			}
		}
	}
	shift := operatingPoints(set, rnd)
	weights, bias := train(set.examples, len(set.names), rnd)
	var b strings.Builder
	fmt.Fprintf(&b, "# How upset words sound: weight, tab, feature. Made by internal/tone/gen; do not edit.\n")
	fmt.Fprintf(&b, "# Calm examples also from BANKING77 (CC BY 4.0), CLINC150 (CC BY 3.0), HWU64 (CC BY 4.0), MultiDoGO (CDLA-Permissive 1.0).\n")
	fmt.Fprintf(&b, "# inputs sha256 %x\n", hash.Sum(nil))
	fmt.Fprintf(&b, "%.2f\t%s\n%.2f\t%s\n", bias+shift[false], tone.Latin, bias+shift[true], tone.Chinese)
	kept := map[string]float64{}
	for i, w := range weights {
		if math.Abs(w) >= least {
			kept[set.names[i]] = w
		}
	}
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		fmt.Fprintf(&b, "%.2f\t%s\n", kept[name], name)
	}
	if err := os.WriteFile("words/tone.txt", []byte(b.String()), 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d texts of our own, %d in all; %d features of %d\n", own, len(set.examples), len(kept), len(set.names))
}

// A set is what is learnt from.
type set struct {
	ids      map[string]int
	names    []string
	examples []example
}

func (s *set) add(text string, upset bool, fold int) {
	norm, err := faq.Normalize(text)
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range tone.Parts(norm) {
		e := example{upset: upset, fold: fold, chinese: tone.Language(part) == tone.Chinese}
		for _, f := range tone.Features(part) {
			id, ok := s.ids[f]
			if !ok {
				id = len(s.names)
				s.ids[f] = id
				s.names = append(s.names, f)
			}
			e.features = append(e.features, id)
		}
		if len(e.features) > 0 {
			s.examples = append(s.examples, e)
		}
	}
}

// operatingPoints finds by cross-validation what is added to the bias of each
// language, so that no more than the allowed share of calm texts reaches
// faq.UpsetAt, and prints what share of the upset ones does.
func operatingPoints(s *set, rnd *rand.Rand) map[bool]float64 {
	calm, upset := map[bool][]float64{}, map[bool][]float64{}
	for fold := range folds {
		var learn []example
		for _, e := range s.examples {
			if e.fold != fold {
				learn = append(learn, e)
			}
		}
		weights, bias := train(learn, len(s.names), rnd)
		for _, e := range s.examples {
			if e.fold == fold {
				z := bias + dot(weights, e)
				if e.upset {
					upset[e.chinese] = append(upset[e.chinese], z)
				} else {
					calm[e.chinese] = append(calm[e.chinese], z)
				}
			}
		}
	}
	shift := map[bool]float64{}
	for _, chinese := range []bool{false, true} {
		all := slices.Sorted(slices.Values(calm[chinese]))
		at := all[len(all)-1-int(alarms*float64(len(all)))]
		shift[chinese] = math.Log(faq.UpsetAt/(1-faq.UpsetAt)) - at
		found := 0
		for _, z := range upset[chinese] {
			if z > at {
				found++
			}
		}
		fmt.Printf("chinese %v: shift %.2f, finds %.3f of %d upset texts at %.3f of %d calm\n", chinese, shift[chinese], float64(found)/float64(len(upset[chinese])), len(upset[chinese]), alarms, len(all))
	}
	return shift
}

func dot(weights []float64, e example) float64 {
	z := 0.0
	for _, f := range e.features {
		z += weights[f]
	}
	return z * tone.Scale(len(e.features))
}

var slot = regexp.MustCompile(`\{([a-z]+)\}`)

// made gives the texts of a file: of each line, those with names replaced by
// words drawn for them.
func made(file string, rnd *rand.Rand) [][]string {
	lets := map[string][]string{}
	var out [][]string
	for line := range strings.SplitSeq(file, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "let "); ok {
			name, words, _ := strings.Cut(rest, " = ")
			lets[name] = strings.Split(words, "|")
			continue
		}
		var texts []string
		for range perLine {
			text := slot.ReplaceAllStringFunc(line, func(m string) string {
				words := lets[m[1:len(m)-1]]
				if words == nil {
					log.Fatalf("%q: there is no %s", line, m)
				}
				return words[rnd.IntN(len(words))]
			})
			if !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
		}
		for len(texts) < fewest { // said in few ways: it counts as much
			texts = append(texts, line)
		}
		if strings.Contains(texts[len(texts)-1], "{") {
			texts = slices.DeleteFunc(texts, func(s string) bool { return strings.Contains(s, "{") })
		}
		out = append(out, texts)
	}
	return out
}

// train is logistic regression by plain SGD; calm and upset weigh alike in each
// language.
func train(examples []example, features int, rnd *rand.Rand) (weights []float64, bias float64) {
	count := map[[2]bool]float64{}
	for _, e := range examples {
		count[[2]bool{e.chinese, e.upset}]++
	}
	weights = make([]float64, features)
	order := rnd.Perm(len(examples))
	steps, step := float64(epochs*len(examples)), 0.0
	for range epochs {
		rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, k := range order {
			e := &examples[k]
			lr := rate * (1 - step/steps)
			step++
			x := tone.Scale(len(e.features))
			g := 1 / (1 + math.Exp(-bias-dot(weights, *e)))
			if e.upset {
				g--
			}
			g *= float64(len(examples)) / 4 / count[[2]bool{e.chinese, e.upset}]
			for _, f := range e.features {
				weights[f] -= lr * (g*x + decay*weights[f])
			}
			bias -= lr * .1 * g
		}
	}
	return weights, bias
}
