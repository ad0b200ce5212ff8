package extract

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

const (
	money    = `(\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,9}(?:\.\d{1,2})?)`
	hanMoney = `([一二两三四五六七八九十百千万]{1,9})`
)

// currencies are how people write them; longer before shorter.
var currencies = map[string]string{
	"¥": "CNY", "￥": "CNY", "rmb": "CNY", "cny": "CNY", "人民币": "CNY", "元": "CNY", "块": "CNY", "块钱": "CNY", "yuan": "CNY",
	"$": "USD", "us$": "USD", "usd": "USD", "美元": "USD", "美金": "USD", "刀": "USD", "dollar": "USD", "dollars": "USD", "bucks": "USD",
	"€": "EUR", "eur": "EUR", "欧元": "EUR", "euro": "EUR", "euros": "EUR",
	"£": "GBP", "gbp": "GBP", "英镑": "GBP", "pound": "GBP", "pounds": "GBP", "quid": "GBP",
	"hk$": "HKD", "hkd": "HKD", "港币": "HKD", "港元": "HKD",
}

var amountRows = []struct {
	re           *regexp.Regexp
	num, unit, w int // groups: the number, the currency, 万
}{
	{re(`(?i)(US\$|HK\$|\$|¥|￥|€|£|\b(?:RMB|CNY|USD|EUR|GBP|HKD)\b|人民币)\s?` + money + `(?:\s?(万))?元?`), 2, 1, 3},
	{re(money + `\s?(万)?\s?(元|块钱|块|人民币|美元|美金|欧元|英镑|港币|港元)`), 1, 3, 2},
	{re(`(?i)` + money + `()\s?(€|£|\$|(?:RMB|CNY|USD|EUR|GBP|HKD|dollars?|bucks|euros?|pounds?|quid|yuan)\b)`), 1, 3, 2},
	{re(hanMoney + `()(元|块钱|块|美元|欧元|英镑|港币)`), 1, 3, 2},
}

func (f *finder) findAmounts() {
	var cands []find
	for _, row := range amountRows {
		f.each(row.re, func(m []int) {
			s := stretch{m[0], m[1]}
			unit := strings.ToLower(f.group(m, row.unit))
			if !f.free(s) || isWord(f.prev(s.from)) && f.s[s.from] < 0x80 || f.prevIn(s.from, ".,") && isWord(f.prev(s.from-1)) || !f.isMoney(m[2*row.num:2*row.num+2], unit, s.to) {
				return
			}
			if value, ok := plainNumber(f.group(m, row.num), f.group(m, row.w) != ""); ok {
				cands = append(cands, find{s, currencies[unit] + " " + value})
			}
		})
	}
	f.facts.Amounts = f.asFacts(f.take(settle(cands)))
}

// isMoney refuses what only looks like an amount: 3块蛋糕, 一块儿, 元素, pounds of weight.
func (f *finder) isMoney(num []int, unit string, end int) bool {
	digits := f.s[num[0]:num[1]]
	switch unit {
	case "元":
		return !f.nextIn(end, "素件器旦宵")
	case "块":
		short := len(digits) < 2 || digits[0] > '9' && !strings.ContainsAny(digits, "十百千万")
		return !short && (!isHan(f.next(end)) || f.nextIn(end, "的了多呢吧啊也都就还退扣买卖左"))
	case "pound", "pounds":
		return !f.startsWith(end, " of ", " overweight", " heav")
	}
	return true
}

// plainNumber is 1299.50 for 1,299.50; 50000 for 5万.
func plainNumber(s string, wan bool) (string, bool) {
	s = strings.ReplaceAll(s, ",", "")
	if s[0] > '9' {
		n, ok := number(s)
		return strconv.Itoa(n), ok && n > 0
	}
	if wan {
		x, err := strconv.ParseFloat(s, 64)
		return strconv.FormatFloat(x*10_000, 'f', -1, 64), err == nil
	}
	whole, cents, hasCents := strings.Cut(s, ".")
	n, err := strconv.Atoi(whole)
	if hasCents {
		return fmt.Sprintf("%d.%s", n, (cents + "0")[:2]), err == nil
	}
	return strconv.Itoa(n), err == nil
}
