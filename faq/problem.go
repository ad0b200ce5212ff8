package faq

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one mistake in an FAQ file, told so that whoever keeps the file
// can mend it: where it is, what is wrong, what to do.
type Problem struct {
	File         string
	Line, Column int // counted from 1; 0 when the problem is the whole file's
	Message      string
	Remedy       string
}

func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	s += ": " + p.Message
	if p.Remedy != "" {
		s += "; " + p.Remedy
	}
	return s
}

// Error holds all problems of all files, in the order of files and lines.
// [Load] returns it as *Error.
type Error struct{ Problems []Problem }

// Error gives one problem per line: file:line: message; remedy.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// nearestName finds among names the one that was probably meant, for "did you
// mean …"; "" if none is close.
func nearestName(name string, names []string) string {
	best, least := "", 1<<10
	for _, n := range names {
		d := editDistance(strings.ToLower(name), strings.ToLower(n))
		if d < least && d <= max(len(name), len(n))/2 {
			best, least = n, d
		}
	}
	return best
}

// editDistance counts single-character insertions, deletions, replacements and
// swaps of neighbours (optimal string alignment).
func editDistance(a, b string) int {
	s, t := []rune(cut(a, 100)), []rune(cut(b, 100))
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			change := 1
			if s[i-1] == t[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}

func sortProblems(p []Problem) {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
