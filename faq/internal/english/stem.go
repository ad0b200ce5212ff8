// Package english knows how the words of English are formed.
package english

import "strings"

// Stem brings the forms of an English word together: refunds, refunded and
// refunding become refund. It is deliberately light: it needs to agree with
// itself, not with a dictionary, and two different words that fall together
// cost more than two forms that stay apart (character n-grams join those). It
// takes lower case; words of other scripts come back unchanged.
func Stem(w string) string {
	if len(w) < 4 || !(w[0] >= 'a' && w[0] <= 'z' || w[0] >= '0' && w[0] <= '9') {
		return w
	}
	w = stemPlural(w)
	switch {
	case strings.HasSuffix(w, "ing") && stemmable(w[:len(w)-3]):
		w = undouble(w[:len(w)-3])
	case strings.HasSuffix(w, "ied") && len(w) > 4:
		w = w[:len(w)-3] + "y"
	case strings.HasSuffix(w, "ed") && stemmable(w[:len(w)-2]):
		w = undouble(w[:len(w)-2])
	case strings.HasSuffix(w, "ment") && len(w) > 6 && stemmable(w[:len(w)-4]):
		w = w[:len(w)-4]
	case strings.HasSuffix(w, "ation") && len(w) > 8 && stemmable(w[:len(w)-5]):
		w = undouble(w[:len(w)-5])
	case strings.HasSuffix(w, "ly") && len(w) > 5:
		w = w[:len(w)-2]
	}
	if len(w) > 3 && w[len(w)-1] == 'e' {
		w = w[:len(w)-1]
	}
	return w
}

func stemPlural(w string) string {
	switch {
	case strings.HasSuffix(w, "ies") && len(w) > 4:
		return w[:len(w)-3] + "y"
	case strings.HasSuffix(w, "sses"), strings.HasSuffix(w, "xes"), strings.HasSuffix(w, "ches"), strings.HasSuffix(w, "shes"):
		return w[:len(w)-2]
	case strings.HasSuffix(w, "ss"), strings.HasSuffix(w, "us"), strings.HasSuffix(w, "is"):
		return w
	case strings.HasSuffix(w, "s"):
		return w[:len(w)-1]
	}
	return w
}

// stemmable: what is left has a vowel and is long enough to mean something.
func stemmable(w string) bool { return len(w) >= 3 && strings.ContainsAny(w, "aeiouy") }

// undouble turns shipp (of shipping) into ship, but leaves bill and pass alone.
func undouble(w string) string {
	n := len(w)
	if n > 3 && w[n-1] == w[n-2] && !strings.ContainsRune("sz", rune(w[n-1])) && (w[n-1] != 'l' || n > 5) {
		return w[:n-1]
	}
	return w
}
