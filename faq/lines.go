package faq

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A line is one logical line of a message: lines that a mail program wrapped
// are joined again, list marks are taken off.
type line struct {
	text string
	item bool // began with a list mark
	para int  // counts blank lines before it
}

// wrapWidth: a line at least this wide that ends in the middle of a sentence
// was wrapped by a program.
const wrapWidth = 55

func linesOf(text string) []line {
	var out []line
	para := 0
	open := false // the last line may go on
	for raw := range strings.SplitSeq(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		s := strings.TrimFunc(raw, func(r rune) bool { return unicode.IsSpace(r) || r == '>' || r == '*' && strings.Count(raw, "*") > 1 })
		if s == "" {
			if open || len(out) > 0 {
				para++
			}
			open = false
			continue
		}
		s, item := unmark(s)
		if open && !item {
			last := &out[len(out)-1]
			last.text += " " + s
		} else {
			out = append(out, line{s, item, para})
		}
		open = width(s) >= wrapWidth && !ends(s)
	}
	return out
}

// unmark takes off list marks: "1." "2)" "三、" "（一）" "①" "-" "•" "Q1:".
func unmark(s string) (string, bool) {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case strings.ContainsRune("-•·*–—▪●○■◆", r) && len(s) > n && (s[n] == ' ' || r != '-' && r != '–'):
		return strings.TrimSpace(s[n:]), true
	case r >= '①' && r <= '⑳':
		return strings.TrimSpace(s[n:]), true
	}
	rest := strings.TrimLeft(s, "(（[第")
	rest = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(rest, "问题"), "Q"), "q")
	i := 0
	for i < len(rest) {
		r, n := utf8.DecodeRuneInString(rest[i:])
		if !(r >= '0' && r <= '9' || r >= '０' && r <= '９' || strings.ContainsRune("一二三四五六七八九十", r)) {
			break
		}
		i += n
	}
	if i == 0 || i > 6 {
		return s, false
	}
	mark, n := utf8.DecodeRuneInString(rest[i:])
	after := rest[i+n:]
	switch {
	case strings.ContainsRune("、．)）]：:", mark), mark == '.' && (after == "" || after[0] == ' ' || after[0] >= utf8.RuneSelf || unicode.IsLetter(rune(after[0]))):
		after = strings.TrimLeft(after, " 、.．:：)）　")
		if after != "" && !(after[0] >= '0' && after[0] <= '9' && mark != '、') {
			return after, true
		}
	}
	return s, false
}

// width counts columns: a Chinese character takes two.
func width(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 {
			n++
		}
	}
	return n
}

// ends: the line ends a sentence.
func ends(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(s, ` "'”’)）`))
	return strings.ContainsRune(".!?。！？…;；:：", r)
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}
