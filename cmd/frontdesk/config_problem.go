package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong in the configuration, told so that the operator
// can mend it: where it is, what is wrong, what to write instead.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1
	Key     string `json:"key"`    // as channels.support.imap.port or staff[0].mail; empty when it is the file's
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d: ", p.File, p.Line)
	if p.Key != "" {
		s += p.Key + ": "
	}
	s += p.Message
	if p.Remedy != "" {
		s += "; " + p.Remedy
	}
	return s
}

// ConfigError is all that is wrong in the configuration, in the order of the
// file. There is at least one problem.
type ConfigError struct{ Problems []Problem }

// Error has one problem on each line.
func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// configPos is a place in the file. The zero value is the beginning.
type configPos struct{ line, column int }

func (r *configReader) problem(at configPos, key, message, remedy string) {
	r.problems = append(r.problems, Problem{r.file, max(at.line, 1), max(at.column, 1), key, message, remedy})
}

func (r *configReader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &ConfigError{r.problems}
}

// didYouMean returns a remedy for a word that is none of those known.
func didYouMean(word string, known []string, otherwise string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return otherwise
	}
	return fmt.Sprintf("did you mean %s?", best)
}

// editDistance counts letters inserted, deleted, replaced, or swapped with
// their neighbour.
func editDistance(a, b string) int {
	if len(a) > 50 { // no key is as long
		return len(a)
	}
	s, t := []rune(a), []rune(b)
	before, last := make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := range s {
		row := []int{i + 1}
		for j := range t {
			d := last[j]
			if s[i] != t[j] {
				d++
			}
			d = min(d, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				d = min(d, before[j-1]+1)
			}
			row = append(row, d)
		}
		before, last = last, row
	}
	return last[len(t)]
}
