package faq

import "strings"

// sortedWords is a text of words in the order of their bytes, each behind one space or
// line's end. It takes no time to load, and as long to search as a sorted slice.
type sortedWords string

// withoutHead is the text of an embedded file behind the comments that it begins with.
func withoutHead(file string) sortedWords {
	for strings.HasPrefix(file, "#") {
		_, file, _ = strings.Cut(file, "\n")
	}
	return sortedWords(file)
}

func (t sortedWords) has(word string) bool {
	lo, hi := 0, len(t) // if it is there, it begins in between; so does a word at lo
	for lo < hi {
		from := (lo + hi) / 2
		for from > lo && t[from-1] > ' ' {
			from--
		}
		to := from
		for to < len(t) && t[to] > ' ' {
			to++
		}
		switch at := string(t[from:to]); {
		case at < word:
			lo = to + 1
		case at > word:
			hi = from
		default:
			return word != ""
		}
	}
	return false
}
