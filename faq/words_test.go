package faq

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
)

func words(t testing.TB) *wordlists {
	t.Helper()
	w, err := readWordlists()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestNormalize(t *testing.T) {
	w := words(t)
	for in, want := range map[string]string{
		"  Ｈｅｌｌｏ，\tWORLD！ ":               "hello, world!",
		"I can’t, don't, won't; it's u":   "i can not, do not, will not; it is you",
		"退款，謝謝您！":                         "退款,谢谢您!",
		"see https://example.com/a?b=c 吧": "see 吧",
		"mail tom.b@example.com now":      "mail now",
		"hi <@U123> and @anna":            "hi and",
		"zero\u200bwidth\ufe0f":           "zerowidth",
		"bad \xff bytes":                  "bad bytes",
		"order's":                         "order",
		"they're we've i'll he'd":         "they are we have i will he would",
	} {
		if got := w.normalize(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestAtoms(t *testing.T) {
	for in, want := range map[string]string{
		"my order 12345 of a4 paper b12c3": "my|order|of|paper",
		"iphone15坏了吗":                      "iphone15|坏|了|吗",
		"привет мир":                       "привет|мир",
		"9:00-17:00":                       "",
	} {
		var got []string
		for _, a := range atomize(in) {
			got = append(got, a.text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %q, want %q", in, strings.Join(got, "|"), want)
		}
	}
}

func TestUnitsAreContentOnly(t *testing.T) {
	w := words(t)
	for in, want := range map[string]int{"请问 你们 的": 0, "how do i": 0, "退款": 1, "我的退款": 1, "上班时间": 3, "where is my refund": 1, "12345": 0} {
		if got := len(w.units(atomize(w.normalize(in)))); got != want {
			t.Errorf("%q: %d units, want %d", in, got, want)
		}
	}
}

// A rule is skipped when the strings it needs do not occur; they must therefore
// occur in everything it matches.
func TestNeeds(t *testing.T) {
	for pattern, want := range map[string]string{
		`talk to (a |an )?(human|agent)`: "[[[talk to ] [human agent]]]",
		`(human|agent) x?`:               "[[[human agent] [ ]]]",
		`\b(?:call (me|us)|ring)\b`:      "[[[call ] [me us]] [[ring]]]",
		`a?b*`:                           "[]",
		`[他她]们`:                          "[[[们] [他 她]]]",
		`(abc|x*)`:                       "[]",
	} {
		re, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(needs(re.Simplify())); got != want {
			t.Errorf("%q needs %s, want %s", pattern, got, want)
		}
	}
	w := words(t)
	for _, file := range []string{"human_en.txt", "human_zh.txt", "complaint_en.txt", "complaint_zh.txt"} {
		for i, m := range labelledMessages(t, file) {
			if i%10 > 0 {
				continue // the rules take their time
			}
			norm := w.normalize(m.text)
			for _, g := range w.rules.groups {
				for _, r := range slices.Concat(g.strong, g.weak, g.traps, g.whole, g.edge) {
					if !r.possible(w.rules.scanner.scan(norm)) && r.re.MatchString(norm) {
						t.Errorf("%q is matched by %s, which needs %s", norm, r.re, fmt.Sprint(r.need))
					}
				}
			}
		}
	}
}
