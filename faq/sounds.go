package faq

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

// sounds finds the two Chinese characters of an FAQ that two others, which sound
// alike, were meant to be: who writes by sound takes the wrong one of what the
// keyboard offers. It is immutable and safe for concurrent use.
type sounds struct {
	pairs []sound // by key, those that the FAQ has more often first
}

// sound is two neighbouring characters of the example questions, as they sound
// to somebody who parts neither zh from z nor ang from an.
type sound struct {
	key  uint32
	n    int32
	text string
}

func newSounds(count map[string]int32) *sounds {
	s := &sounds{}
	for text, n := range count {
		a, b := twoRunes(text)
		for _, x := range syllables(a) {
			for _, y := range syllables(b) {
				s.pairs = append(s.pairs, sound{pairKey(x, y), n, text})
			}
		}
	}
	slices.SortFunc(s.pairs, func(a, b sound) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(b.n, a.n), strings.Compare(a.text, b.text))
	})
	s.pairs = slices.Clip(slices.Compact(s.pairs)) // of two readings that fall together
	return s
}

// alike yields the pairs of the example questions that sound like two characters,
// in a fixed order; exactly is false where only a careless ear takes them for the
// same.
func (s *sounds) alike(x, y string, yield func(p sound, exactly bool)) {
	a, _ := utf8.DecodeRuneInString(x)
	b, _ := utf8.DecodeRuneInString(y)
	firsts, seconds := syllables(a), syllables(b)
	for _, first := range firsts {
		for _, second := range seconds {
			key := pairKey(first, second)
			i, _ := slices.BinarySearchFunc(s.pairs, key, func(p sound, key uint32) int { return cmp.Compare(p.key, key) })
			for ; i < len(s.pairs) && s.pairs[i].key == key; i++ {
				c, d := twoRunes(s.pairs[i].text)
				yield(s.pairs[i], sameSyllable(firsts, c) && sameSyllable(seconds, d))
			}
		}
	}
}

func twoRunes(text string) (a, b rune) {
	a, n := utf8.DecodeRuneInString(text)
	b, _ = utf8.DecodeRuneInString(text[n:])
	return a, b
}

// sameSyllable reports whether a character has one of the readings.
func sameSyllable(readings []syllable, r rune) bool {
	return slices.ContainsFunc(syllables(r), func(s syllable) bool { return slices.Contains(readings, s) })
}

// A syllable is a reading of a character without its tone, as it is typed.
type syllable struct {
	exact uint32 // hash
	loose uint32 // … of what it falls together with in the speech of many
}

func pairKey(a, b syllable) uint32 { return a.loose*16777619 ^ b.loose }

// mostReadings is how many readings of a character count: the usual ones come
// first, and what follows is mostly found in names and old texts.
const mostReadings = 2

// syllables gives the readings of a character; none if it is not Chinese.
func syllables(r rune) []syllable {
	all := pinyin.PinyinDict[int(r)]
	var out []syllable
	for reading := range strings.SplitSeq(all, ",") {
		var b [8]byte
		plain := appendPlain(b[:0], reading)
		if len(plain) == 0 {
			continue
		}
		s := syllable{hash32(plain), hash32(loosen(plain))}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
		if len(out) == mostReadings {
			break
		}
	}
	return out
}

// appendPlain appends a reading without its tone; ü is v, as it is typed.
func appendPlain(b []byte, reading string) []byte {
	for _, r := range reading {
		switch r {
		case 'ā', 'á', 'ǎ', 'à':
			r = 'a'
		case 'ē', 'é', 'ě', 'è', 'ê', 'ế', 'ề':
			r = 'e'
		case 'ī', 'í', 'ǐ', 'ì':
			r = 'i'
		case 'ō', 'ó', 'ǒ', 'ò':
			r = 'o'
		case 'ū', 'ú', 'ǔ', 'ù':
			r = 'u'
		case 'ü', 'ǖ', 'ǘ', 'ǚ', 'ǜ':
			r = 'v'
		case 'ń', 'ň', 'ǹ':
			r = 'n'
		case 'ḿ':
			r = 'm'
		}
		if r >= 'a' && r <= 'z' {
			b = append(b, byte(r))
		}
	}
	return b
}

// loosen makes one of the syllables that many speakers do not tell apart: zh and
// z, ch and c, sh and s, l and n, ang and an, eng and en, ing and in.
func loosen(plain []byte) []byte {
	n := len(plain)
	if n > 2 && plain[n-1] == 'g' && plain[n-2] == 'n' && plain[n-3] != 'o' {
		plain = plain[:n-1]
	}
	if len(plain) > 1 && plain[1] == 'h' {
		plain = append(plain[:1], plain[2:]...)
	}
	if plain[0] == 'n' && len(plain) > 1 {
		plain[0] = 'l'
	}
	return plain
}

func hash32(b []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}
