package faq

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"frontdesk/faq/internal/english"
)

// An atom is the smallest piece of text that carries meaning of its own: a
// word, or one character of a script that is written without spaces.
type atom struct {
	text string // as normalized
	stem string // text, or its stem
	cjk  bool
	glue bool // follows the atom before it with nothing in between
	slip bool // not as written: put right, see slips
}

// maxAtoms bounds how much of one question takes part in matching.
const maxAtoms = 160

// atomize takes normalized text apart. Tokens that are at least half digits
// (order numbers, telephone numbers, amounts, dates) are left out: they are
// different in every message and say nothing about what is asked.
func atomize(s string) []atom {
	out := make([]atom, 0, 24)
	glue := false
	for i := 0; i < len(s) && len(out) < maxAtoms; {
		r, n := utf8.DecodeRuneInString(s[i:])
		if ideographic(r) {
			out = append(out, atom{text: s[i : i+n], stem: s[i : i+n], cjk: true, glue: glue})
			glue = true
			i += n
			continue
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			glue = false
			i += n
			continue
		}
		j, letters, digits := i, 0, 0
		for j < len(s) {
			r, n := utf8.DecodeRuneInString(s[j:])
			if ideographic(r) {
				break
			}
			if unicode.IsDigit(r) {
				digits++
			} else if unicode.IsLetter(r) || unicode.Is(unicode.M, r) {
				letters++
			} else if r != '\'' || j+1 >= len(s) || !wordByte(s[j+1]) {
				break
			}
			j += n
		}
		if digits < letters {
			w := strings.Clone(s[i:j])
			out = append(out, atom{text: w, stem: english.Stem(w)})
		}
		glue = false
		i = j
	}
	return out
}

// ideographic reports whether r belongs to a script in which single
// characters, not spaces, delimit what can be matched.
func ideographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}
