// Package tone tells how upset a text sounds, by its words alone: a logistic
// regression over words, pairs of words and runs of Chinese characters, whose
// weights are a small table that gen makes. It knows nothing of what the text is
// about, and must not decide anything alone: many a calm report of a problem
// uses the same words as an angry one.
package tone

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// A Table holds the weights of features. It does not change.
type Table struct {
	weights map[string]float64
}

// Latin and Chinese stand in a table for the bias of each language.
const (
	Latin   = "<latin>"
	Chinese = "<chinese>"
)

// Language is that of a part: Chinese if it has any Chinese character.
func Language(part string) string {
	if strings.ContainsFunc(part, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return Chinese
	}
	return Latin
}

// Parse reads a table: lines of weight, tab, feature. Lines that begin with #
// are comments.
func Parse(text string) (*Table, error) {
	t := &Table{weights: map[string]float64{}}
	for i, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		value, feature, ok := strings.Cut(line, "\t")
		w, err := strconv.ParseFloat(value, 64)
		if err != nil || !ok {
			return nil, fmt.Errorf("line %d: want weight, tab, feature", i+1)
		}
		t.weights[feature] = w
	}
	return t, nil
}

// Score gives how upset the angriest part of a normalized text sounds, 0 to 1,
// and the words that say so.
func (t *Table) Score(norm string) (score float64, why string) {
	for _, part := range Parts(norm) {
		features := Features(part)
		if len(features) == 0 {
			continue
		}
		sum, best := 0.0, 0.0
		word := ""
		for _, f := range features {
			w := t.weights[f]
			sum += w
			if w > best {
				best, word = w, f
			}
		}
		p := 1 / (1 + math.Exp(-t.weights[Language(part)]-sum*Scale(len(features))))
		if p > score {
			score, why = p, word
		}
	}
	return score, why
}

// Scale is the value of each of n features: long parts weigh no more than short.
func Scale(n int) float64 { return 1 / math.Sqrt(float64(n)) }

// Parts cuts a text into what is said at a time. Chinese writes whole sentences
// between commas.
func Parts(norm string) []string {
	var out []string
	from := 0
	runes := []rune(norm)
	for i, r := range runes {
		cjkComma := (r == ',' || r == ' ' || r == '、') && i > from && unicode.Is(unicode.Han, runes[i-1])
		if strings.ContainsRune(".!?。;~\n…", r) || cjkComma {
			// What ends it belongs to it: "!!" is said with force.
			if i+1 < len(runes) && strings.ContainsRune(".!?", runes[i+1]) {
				continue
			}
			out = append(out, string(runes[from:i+1]))
			from = i + 1
		}
	}
	return append(out, string(runes[from:]))
}

// Features lists the features of a part, each once: words and pairs of words;
// of Chinese, runs of two to four characters; and marks of force.
func Features(part string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(f string) {
		if !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	last := ""
	runes := []rune(part)
	for i := 0; i < len(runes); {
		switch r := runes[i]; {
		case unicode.Is(unicode.Han, r):
			for n := 2; n <= 4 && i+n <= len(runes) && unicode.Is(unicode.Han, runes[i+n-1]); n++ {
				add(string(runes[i : i+n]))
			}
			last = ""
			i++
		case unicode.IsLetter(r):
			j := i
			for j < len(runes) && unicode.IsLetter(runes[j]) && !unicode.Is(unicode.Han, runes[j]) {
				j++
			}
			word := string(runes[i:j])
			add(word)
			if last != "" {
				add(last + " " + word)
			}
			last = word
			i = j
		case unicode.IsDigit(r):
			last = "0"
			i++
		default:
			i++
		}
	}
	if len(out) > 0 {
		for _, mark := range []string{"!!", "??", "?!"} {
			if strings.Contains(part, mark) {
				add(mark)
			}
		}
	}
	return out
}
