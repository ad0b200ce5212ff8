package faq

import (
	"slices"
	"strings"
	"testing"
)

func TestSortedWords(t *testing.T) {
	text := withoutHead("# some\n# words\nab abc\nb 退款 退货\n")
	for _, word := range strings.Fields(string(text)) {
		if !text.has(word) {
			t.Errorf("%s is missing", word)
		}
	}
	for _, word := range []string{"", "a", "abcd", "ac", "c", "退", "退款退", "some", "#", "ab abc", "\n", " "} {
		if text.has(word) {
			t.Errorf("%q is there", word)
		}
	}
	for _, text := range []sortedWords{"", "\n", "b", "b\n"} {
		if text.has("a") || text.has("c") || text.has("") || text.has("b") != strings.Contains(string(text), "b") {
			t.Errorf("%q", text)
		}
	}
}

// What is looked up by halving must be in order, and every word must be found.
func TestRealWordsAreSorted(t *testing.T) {
	w := words(t)
	for name, text := range map[string]sortedWords{"real_en.txt": w.real, "real_zh.txt": w.realPairs} {
		list := strings.FieldsFunc(string(text), func(r rune) bool { return r == ' ' || r == '\n' })
		if len(list) < 20000 || !slices.IsSorted(list) || len(slices.Compact(list)) != len(strings.Fields(string(text))) {
			t.Errorf("words/%s: %d words are not sorted, each once and apart by one space", name, len(list))
		}
		for _, word := range list {
			if !text.has(word) {
				t.Errorf("words/%s: %s is not found", name, word)
			}
			if text.has(word + "\x7f") {
				t.Errorf("words/%s: %q is found", name, word+"\x7f")
			}
		}
	}
}
