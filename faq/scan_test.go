package faq

import (
	"slices"
	"strings"
	"testing"
)

// A scan finds the same as looking for each string by itself.
func TestScan(t *testing.T) {
	rules := words(t).rules
	has := func(text string, need clues) bool {
		return need == nil || slices.ContainsFunc(need, func(sets [][]string) bool {
			return !slices.ContainsFunc(sets, func(set []string) bool {
				return !slices.ContainsFunc(set, func(s string) bool { return strings.Contains(text, s) })
			})
		})
	}
	for _, text := range append(readLines(t, "testdata/ask_en.txt"), append(readLines(t, "testdata/ask_zh.txt"), "", "a", "我", "é?")...) {
		s := rules.scanner.scan(text)
		for _, g := range rules.groups {
			for _, r := range slices.Concat(g.strong, g.weak, g.traps, g.whole, g.edge) {
				if r.possible(s) != has(text, r.need) {
					t.Fatalf("%q and %s, which needs %s: may match is %v", text, r.re, r.need, r.possible(s))
				}
			}
		}
	}
}
