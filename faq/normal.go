package faq

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxText bounds the work that one message can cause: what lies beyond is not
// read. A customer's own words are rarely a tenth of it.
const maxText = 16 << 10

var (
	webAddress  = regexp.MustCompile(`(?:https?://|www\.)[^\s<>"'，。；！？）】》]+`)
	mailAddress = regexp.MustCompile(`[\pL\pN._%+\-]+@[\pL\pN\-]+(?:\.[\pL\pN\-]+)+`)
	mention     = regexp.MustCompile(`<[@#!][^>\s]*>|(?:^|\s)@[\pL\pN_.\-]+`)
)

// normalize brings a piece of text into the one form that rules and matching
// see: NFKC, lower case, simplified Chinese, straight apostrophes, English
// contractions spelt out, one space between words; web addresses, mail
// addresses, mentions and invisible characters are gone.
func (w *wordlists) normalize(s string) string {
	s = cut(strings.ToValidUTF8(s, " "), maxText)
	s = norm.NFKC.String(s)
	if strings.Contains(s, "://") || strings.Contains(s, "www.") {
		s = webAddress.ReplaceAllString(s, " ")
	}
	if strings.Contains(s, "@") {
		s = mailAddress.ReplaceAllString(s, " ")
		s = mention.ReplaceAllString(s, " ")
	}
	var b strings.Builder
	b.Grow(len(s))
	space := true // swallow leading space
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) && r >= 0xFE00 && r <= 0xFE0F:
			continue
		case r == '’' || r == '‘' || r == 'ʼ' || r == '`' || r == '´':
			r = '\''
		case r == '“' || r == '”':
			r = '"'
		}
		r = unicode.ToLower(r)
		if t, ok := w.simplified[r]; ok {
			r = t
		}
		b.WriteRune(r)
		space = false
	}
	return w.spellOut(strings.TrimRight(b.String(), " "))
}

// spellOut replaces the English short forms of words/short_en.txt by the words
// they stand for, so that a rule or an example needs to be written once only.
func (w *wordlists) spellOut(s string) string {
	if !strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		if !wordByte(s[i]) {
			b.WriteByte(s[i])
			i++
			continue
		}
		j := i
		for j < len(s) && (wordByte(s[j]) || s[j] == '\'' && j+1 < len(s) && wordByte(s[j+1])) {
			j++
		}
		b.WriteString(w.spellOutWord(s[i:j]))
		i = j
	}
	return b.String()
}

func (w *wordlists) spellOutWord(word string) string {
	if long, ok := w.short[word]; ok {
		return long
	}
	stem, tail, ok := strings.Cut(word, "'")
	if !ok {
		return word
	}
	switch tail {
	case "t":
		if strings.HasSuffix(stem, "n") && len(stem) > 2 {
			return stem[:len(stem)-1] + " not"
		}
	case "re":
		return stem + " are"
	case "ll":
		return stem + " will"
	case "ve":
		return stem + " have"
	case "d":
		return stem + " would"
	case "m":
		return stem + " am"
	case "s":
		switch stem {
		case "what", "where", "how", "who", "when", "why", "that", "it", "there", "here", "he", "she":
			return stem + " is"
		}
		return stem
	}
	return word
}

func wordByte(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// cut shortens s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
