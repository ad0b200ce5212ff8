package extract

import (
	"strings"
)

var mail = re(`[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,5}[A-Za-z]{2,24}`)

func (f *finder) findMails() {
	var cands []find
	f.each(mail, func(m []int) {
		s := stretch{m[0], m[1]}
		if f.alone(s) {
			cands = append(cands, find{s, strings.ToLower(f.s[s.from:s.to])})
		}
	})
	f.facts.Mails = f.asFacts(f.take(settle(cands)))
}

var phones = re(`(?:\+\d{1,3}[ -]?)?(?:` +
	`1[3-9]\d[ -]?\d{4}[ -]?\d{4}` + // mobile, China
	`|0\d{2,3}[ -]?\d{7,8}(?:-\d{1,5})?` + // landline with area code, China
	`|[48]00[ -]?\d{3,4}[ -]?\d{3,4}` + // service numbers
	`|\(\d{3}\)[ -]?\d{3}[ -]\d{4}|\d{3}-\d{3}-\d{4}` + // North America
	`)|\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6}` + // international
	`|0\d{3,4} \d{3} ?\d{3,4}`) // national, elsewhere

func (f *finder) findPhones() {
	var cands []find
	f.each(phones, func(m []int) {
		s := stretch{m[0], m[1]}
		n := countDigits(f.s[s.from:s.to])
		if n < 8 || n > 16 || !f.free(s) || !f.alone(s) || f.prevIn(s.from, "-/.#") || f.nextIn(s.to, "-/") {
			return
		}
		value := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == '+' {
				return r
			}
			return -1
		}, f.s[s.from:s.to])
		cands = append(cands, find{s, value})
	})
	f.facts.Phones = f.asFacts(f.take(settle(cands)))
}
