package faq

import "unicode"

// language tells in which language a text is written, by its script: "zh",
// "en" (any Latin script), "ja", "ko", "ru", "ar", "th", "el", "he", "hi", or
// "" when no letter tells. One Chinese character weighs as much as one word of
// an alphabet, so that "我的 order 什么时候到" is Chinese and "where is the 北京
// store" is English. Addresses should be taken out before.
func language(s string) string {
	var han, kana int
	words := map[string]int{}
	word := ""
	end := func() {
		if word != "" {
			words[word]++
		}
		word = ""
	}
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Han, r):
			end()
			han++
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			end()
			kana++
		case unicode.IsLetter(r):
			if l := scriptLanguage(r); l != "" && word == "" {
				word = l
			}
		case r == '\'' || unicode.Is(unicode.M, r):
		default:
			end()
		}
	}
	end()
	best, most := "", 0
	for _, l := range []string{"en", "ko", "ru", "ar", "th", "el", "he", "hi"} {
		if words[l] > most {
			best, most = l, words[l]
		}
	}
	switch {
	case kana > 0 && kana*4 >= han && kana+han >= most:
		return "ja"
	case han > 0 && han >= most:
		return "zh"
	}
	return best
}

func scriptLanguage(r rune) string {
	switch {
	case unicode.Is(unicode.Latin, r):
		return "en"
	case unicode.Is(unicode.Hangul, r):
		return "ko"
	case unicode.Is(unicode.Cyrillic, r):
		return "ru"
	case unicode.Is(unicode.Arabic, r):
		return "ar"
	case unicode.Is(unicode.Thai, r):
		return "th"
	case unicode.Is(unicode.Greek, r):
		return "el"
	case unicode.Is(unicode.Hebrew, r):
		return "he"
	case unicode.Is(unicode.Devanagari, r):
		return "hi"
	}
	return ""
}
