package extract

import (
	"strings"
	"unicode/utf8"
)

// folded is a text in which patterns need to know one form of everything:
// full-width letters, digits and punctuation are ASCII, odd spaces and dashes
// plain, and the traditional characters that occur in our tables simplified.
type folded struct {
	original string
	s        string
	at       []int // at[i] is where s[i] comes from in original; at[len(s)] == len(original)
}

// foldRunes holds, in pairs, the characters to replace and what by.
var foldRunes = func() map[rune]rune {
	m := map[rune]rune{}
	pairs := []rune("單单號号編编訂订電电話话週周點点經经師师員员後后個个時时陳陈張张黃黄劉刘楊杨趙赵吳吴門门區区樓楼廳厅產产圓元圆元塊块禮礼幾几兩两" +
		"萬万總总務务遞递貨货車车場场臺台櫃柜館馆醫医鄧邓羅罗蕭萧葉叶許许鄭郑韓韩馮冯謝谢孫孙馬马龍龙們们這这裡里裏里機机過过鐘钟剛刚開开銷销營营業业顧顾問问" +
		"\u201c\"\u201d\"\u2018'\u2019'\u2013-\u2014-\u2212-\u2010-\u2011-\u00a0 \u2009 \u202f \u3000 \u3002.\u3001,")
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}()

func fold(text string) folded {
	var b strings.Builder
	b.Grow(len(text))
	at := make([]int, 0, len(text)+1)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		n := b.Len()
		switch to, ok := foldRunes[r]; {
		case r == utf8.RuneError && size == 1:
			b.WriteByte(text[i]) // not UTF-8: kept, no pattern matches it
		case r >= 0xff01 && r <= 0xff5e: // full-width ASCII
			b.WriteRune(r - 0xff01 + '!')
		case ok:
			b.WriteRune(to)
		default:
			b.WriteString(text[i : i+size])
		}
		for range b.Len() - n {
			at = append(at, i)
		}
		i += size
	}
	return folded{text, b.String(), append(at, len(text))}
}

// prev and next are the runes around a position, 0 at the ends.
func (f folded) prev(i int) rune {
	r, n := utf8.DecodeLastRuneInString(f.s[:i])
	if n == 0 {
		return 0
	}
	return r
}

func (f folded) next(i int) rune {
	r, n := utf8.DecodeRuneInString(f.s[i:])
	if n == 0 {
		return 0
	}
	return r
}

func (f folded) nextIn(i int, set string) bool {
	r := f.next(i)
	return r != 0 && strings.ContainsRune(set, r)
}

func (f folded) prevIn(i int, set string) bool {
	r := f.prev(i)
	return r != 0 && strings.ContainsRune(set, r)
}

// startsWith and endsWith look for any of several words at a position.
func (f folded) startsWith(i int, words ...string) bool {
	for _, w := range words {
		if strings.HasPrefix(f.s[i:], w) {
			return true
		}
	}
	return false
}

func (f folded) endsWith(i int, words ...string) bool {
	for _, w := range words {
		if strings.HasSuffix(f.s[:i], w) {
			return true
		}
	}
	return false
}

func isHan(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }

func isWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
}

// alone reports that a stretch of digits or letters is not part of a longer one.
func (f folded) alone(s stretch) bool {
	return !isWord(f.prev(s.from)) && !isWord(f.next(s.to))
}
