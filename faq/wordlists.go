package faq

import (
	"embed"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"frontdesk/faq/internal/english"
)

//go:generate go run ./internal/realwords
//go:generate go run ./internal/traditional

//go:embed words/*.txt words/*.rules
var wordFiles embed.FS

var (
	//go:embed words/real_en.txt
	realEnglish string
	//go:embed words/real_zh.txt
	realChinese string
)

// wordlists holds what the program knows about language before it has seen any
// FAQ. Each is a file in words/, written to be read and, unless its head says that it
// was made by a program, edited by hand.
type wordlists struct {
	simplified map[rune]rune     // traditional character → simplified
	short      map[string]string // English short form → the words it stands for
	function   map[string]bool   // words that ask or bind but name nothing
	alike      map[string]string // word → the notion it stands for
	alikeStem  map[string]string // … of English stems
	surnames   map[rune]bool     // Chinese family names of one character
	real       sortedWords       // stems of English words that are no slips
	realOwn    map[string]bool   // … of words that real lacks
	realPairs  sortedWords       // Chinese words of two characters that are no slips
	rules      *rules
}

// wordlistsOnce shares one copy: they never change, and compiling the rules
// takes longer than reading an FAQ.
var wordlistsOnce = sync.OnceValues(readWordlists)

// readWordlists reads the embedded files; a mistake in one is a programming
// error that the tests find, reported here by file and line.
func readWordlists() (*wordlists, error) {
	w := &wordlists{simplified: map[rune]rune{}, short: map[string]string{}, function: map[string]bool{}, alike: map[string]string{}, alikeStem: map[string]string{}, surnames: map[rune]bool{}, realOwn: map[string]bool{}}
	for _, name := range []string{"traditional.txt", "variants_zh.txt"} {
		if err := eachLine(name, w.readPairs); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"alike_en.txt", "alike_zh.txt"} {
		if err := eachLine(name, w.readAlike); err != nil {
			return nil, err
		}
	}
	err := eachLine("short_en.txt", func(line string) error {
		short, long, ok := strings.Cut(line, " ")
		if !ok {
			return fmt.Errorf("%q has no long form", line)
		}
		w.short[short] = long
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"function_en.txt", "function_zh.txt"} {
		err := eachLine(name, func(line string) error {
			for _, word := range strings.Fields(line) {
				w.function[word] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	err = eachLine("surnames_zh.txt", func(line string) error {
		for _, r := range line {
			w.surnames[r] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := w.readReal(); err != nil {
		return nil, err
	}
	w.rules, err = readRules("zh.rules", "en.rules")
	return w, err
}

// readPairs reads characters that are folded into another.
func (w *wordlists) readPairs(line string) error {
	for _, pair := range strings.Fields(line) {
		from, n := utf8.DecodeRuneInString(pair)
		to, m := utf8.DecodeRuneInString(pair[n:])
		if n+m != len(pair) {
			return fmt.Errorf("%q is not a pair of characters", pair)
		}
		w.simplified[from] = to
	}
	return nil
}

// readAlike reads words of one notion; the first names it.
func (w *wordlists) readAlike(line string) error {
	words := strings.Fields(line)
	for _, word := range words {
		if old, ok := w.alike[word]; ok && old != words[0] {
			return fmt.Errorf("%s stands for %s already", word, old)
		}
		w.alike[word] = words[0]
	}
	for _, word := range words {
		if s := english.Stem(word); w.alikeStem[s] == "" {
			w.alikeStem[s] = words[0]
		}
	}
	return nil
}

// eachLine calls f for every line of an embedded file that is neither empty
// nor a comment, and adds file and line to its error.
func eachLine(name string, f func(line string) error) error {
	data, err := wordFiles.ReadFile("words/" + name)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := f(line); err != nil {
			return fmt.Errorf("words/%s:%d: %w", name, i+1, err)
		}
	}
	return nil
}

// readReal reads the words that are no slips, whatever an FAQ has. The large lists are
// looked up as they are embedded: taking them apart would take longer than the rest.
func (w *wordlists) readReal() error {
	w.real, w.realPairs = withoutHead(realEnglish), withoutHead(realChinese)
	return eachLine("real_own_en.txt", func(line string) error {
		for word := range strings.FieldsSeq(line) {
			w.realOwn[english.Stem(word)] = true
		}
		return nil
	})
}

// isReal reports whether a list has an English word.
func (w *wordlists) isReal(a atom) bool {
	if w.function[a.text] || w.notionOf(a) != "" {
		return true
	}
	return w.realOwn[a.stem] || w.real.has(a.stem)
}

// isRealPair reports whether a list has a Chinese word of two characters.
func (w *wordlists) isRealPair(pair string) bool {
	return w.realPairs.has(pair) || w.alike[pair] != "" || w.function[pair]
}
