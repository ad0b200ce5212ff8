package extract

import (
	"strconv"
	"strings"
)

var hanDigit = map[rune]int{'零': 0, '〇': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9, '半': 0}

// number reads 12, 十二, 一百二十, 三万五千; false for anything else or above 99,999,999.
func number(s string) (int, bool) {
	if s == "" {
		return 0, false
	}
	if strings.Trim(s, "0123456789") == "" {
		n, err := strconv.Atoi(s)
		return n, err == nil && n <= 99_999_999
	}
	total, section, digit := 0, 0, 0
	lastUnit := 1
	for _, r := range s {
		if d, ok := hanDigit[r]; ok && r != '半' {
			digit = d
			if d == 0 {
				lastUnit = 1
			}
			continue
		}
		unit := map[rune]int{'十': 10, '百': 100, '千': 1000, '万': 10_000}[r]
		switch {
		case unit == 0:
			return 0, false
		case unit == 10_000:
			total, section, digit = (section+digit)*unit, 0, 0
		default:
			section += max(digit, 1) * unit
			digit = 0
		}
		lastUnit = unit
	}
	if digit > 0 && lastUnit >= 100 {
		digit *= lastUnit / 10 // 一百二 is 120
	}
	total += section + digit
	return total, total <= 99_999_999
}

// enNumbers are the number words people use with "ago".
var enNumbers = map[string]int{
	"a": 1, "an": 1, "one": 1, "two": 2, "a couple of": 2, "couple of": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
	"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}
