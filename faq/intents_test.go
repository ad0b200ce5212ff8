package faq

import (
	"slices"
	"strings"
	"testing"
)

// actOn is the score from which an intent counts in these tests.
const actOn = .5

func namesOf(r Reading) []string {
	var out []string
	for _, i := range r.Intents {
		if i.Score < actOn {
			continue
		}
		name := i.Name
		if i.Topic != "" {
			name += ":" + i.Topic
		}
		out = append(out, name)
	}
	return out
}

// closers may stand beside the one that a line names: "yes, that helped".
func withoutSmall(names []string, want []string) []string {
	return slices.DeleteFunc(names, func(n string) bool {
		return closes(n) && !slices.Contains(want, n) && len(want) > 0 && closes(want[0])
	})
}

func TestIntents(t *testing.T) {
	x := sample(t)
	for _, file := range []string{"testdata/intents_en.txt", "testdata/intents_zh.txt"} {
		n := 0
		for _, line := range readLines(t, file) {
			wants, text, ok := strings.Cut(line, " | ")
			if !ok {
				t.Fatalf("%s: %q has no |", file, line)
			}
			n++
			text = strings.ReplaceAll(text, `\n`, "\n")
			want := strings.Fields(strings.Trim(wants, "-"))
			if strings.Contains(wants, "still-not") || strings.Contains(wants, "not-helped") || strings.Contains(wants, "after-sales") {
				want = strings.Fields(wants)
			}
			r := x.Read(text)
			got := withoutSmall(namesOf(r), want)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q wants %v, read as %v", file, text, want, r.Intents)
			}
		}
		if n < 80 {
			t.Errorf("%s has %d messages", file, n)
		}
	}
}
