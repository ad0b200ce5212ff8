package extract

import "strings"

// Mask hides payment card numbers and Chinese identity numbers in text: all
// digits but the last four become •, everything else stays as it is, so that
// the length in characters is kept.
//
// A card number is 13 to 19 digits, in one piece or in groups parted by a
// space, dash or dot, that pass the Luhn check; an identity number is 18
// characters (the last may be X) that pass theirs (GB 11643). One in ten
// other long numbers passes Luhn and is hidden too: better than to show one
// card. Only what begins with a date of this century, as order numbers do and
// cards never, is spared.
func Mask(text string) string {
	f := fold(text)
	hide := make([]bool, len(f.s)) // by byte of f.s
	for i := 0; i < len(f.s); {
		groups, end := digitGroups(f.s, i)
		maskRun(f.s, groups, hide)
		i = max(end, i+1)
	}
	var b strings.Builder
	for i := 0; i < len(f.s); {
		j := i + 1
		for j < len(f.s) && f.at[j] == f.at[i] { // the bytes of one rune
			j++
		}
		if hide[i] {
			b.WriteString("•")
		} else {
			b.WriteString(text[f.at[i]:f.at[j]])
		}
		i = j
	}
	return b.String()
}

// digitGroups reads the groups of digits that start at i; an X may end the
// last one. end is where the run is over, i when there is none.
func digitGroups(s string, i int) (groups []stretch, end int) {
	end = i
	for i < len(s) && isDigit(s[i]) {
		from := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		if i < len(s) && (s[i] == 'X' || s[i] == 'x') && (i+1 == len(s) || !isWord(rune(s[i+1]))) {
			groups, end = append(groups, stretch{from, i + 1}), i+1
			return groups, end
		}
		groups, end = append(groups, stretch{from, i}), i
		for n := 0; n < 2 && i < len(s) && strings.IndexByte(" -.\t", s[i]) >= 0; n++ {
			i++
		}
	}
	return groups, end
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// maskRun marks the digits to hide of every sequence of whole groups that is a
// card or identity number. Where such sequences overlap, all are hidden.
func maskRun(s string, groups []stretch, hide []bool) {
	for i := range groups {
		var digits []byte
		var at []int
		for _, g := range groups[i:] {
			for k := g.from; k < g.to; k++ {
				digits = append(digits, s[k])
				at = append(at, k)
			}
			if len(digits) > 19 {
				break
			}
			if isCard(digits) || isIdentity(digits) {
				for _, k := range at[:len(at)-4] {
					hide[k] = true
				}
			}
		}
	}
}

// isCard is the Luhn check (ISO/IEC 7812-1, annex B).
func isCard(d []byte) bool {
	if len(d) < 13 || len(d) > 19 || startsWithDate(d) {
		return false
	}
	sum, zero := 0, true
	for i := range d {
		c := d[len(d)-1-i]
		if !isDigit(c) {
			return false
		}
		n := int(c - '0')
		zero = zero && n == 0
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0 && !zero
}

// startsWithDate recognises 20261103…
func startsWithDate(d []byte) bool {
	two := func(i int) int { return int(d[i]-'0')*10 + int(d[i+1]-'0') }
	return d[0] == '2' && d[1] == '0' && two(4) >= 1 && two(4) <= 12 && two(6) >= 1 && two(6) <= 31
}

// isIdentity is the check of GB 11643-1999 (ISO 7064, MOD 11-2).
func isIdentity(d []byte) bool {
	if len(d) != 18 || d[0] == '0' {
		return false
	}
	sum := 0
	for i, w := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		if !isDigit(d[i]) {
			return false
		}
		sum += w * int(d[i]-'0')
	}
	last := d[17]
	if last == 'x' {
		last = 'X'
	}
	return last == "10X98765432"[sum%11]
}
