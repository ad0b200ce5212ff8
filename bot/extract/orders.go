package extract

import (
	"regexp"
	"strings"
)

// code is what an order or model number may look like: SO-1234, 2026-00123.
const code = `[A-Za-z0-9](?:[A-Za-z0-9]|[-_][A-Za-z0-9]){1,31}`

// is stands between the name of a number and the number.
const is = `\s*(?:是|为|is|was|:|=|#|\(|no\.|nr\.)?\s*(?:是|为|is|was|:|#|\(|no\.|nr\.)?\s*#?\s*`

// orderRow is one way to name an order number. The weaker the words, the more
// digits it takes to be believed.
type orderRow struct {
	re     *regexp.Regexp // group 1: the number
	digits int            // at least so many
}

var orderRows = []orderRow{
	{re(`(?i)(?:订单号码?|订单编号|订单ID|单号|订购号|交易号|流水号|合同号|运单号|发票号码?|发票编号)` + is + `(` + code + `)`), 2},
	{re(`(?i)订单` + is + `(` + code + `)`), 4},
	{re(`(?i)\b(?:order|purchase|booking|reservation|invoice|tracking|confirmation|reference|ref)\s*(?:numbers?|num|no|nr|id|code|ref(?:erence)?|#)\b?\.?\s*` + is + `(` + code + `)`), 2},
	{re(`(?i)\b(?:order|booking|reservation|invoice)s?\s*(?:#|:|-\s|number:|\()\s*#?\s*(` + code + `)`), 3},
	{re(`(?i)\b(?:orders?|po|booking|reservation|invoice|parcel|shipment)\s+(` + code + `)`), 5},
	{re(`(?i)\b(` + code + `)\s*,?\s*(?:is|was) (?:my|the|our) (?:order|booking)`), 4},
	{re(`(` + code + `)\s*号?(?:这个|这笔|这张|这单|的)?订单`), 5},
}

// next joins the second and further numbers of a list: 123456、234567和345678.
var nextOrder = re(`^\s*(?:,|、|;|/|&|和|及|与|还有|and|or)\s*(?:and\s*)?#?(` + code + `)`)

func (f *finder) findOrders() {
	var cands []find
	for _, row := range orderRows {
		f.each(row.re, func(m []int) {
			s := stretch{m[2], m[3]}
			if !f.isOrder(s, row.digits) {
				return
			}
			cands = append(cands, find{s, orderValue(f.s[s.from:s.to])})
			for {
				m := nextOrder.FindStringSubmatchIndex(f.s[s.to:min(len(f.s), s.to+80)])
				if m == nil {
					return
				}
				s = stretch{s.to + m[2], s.to + m[3]}
				if !f.isOrder(s, 5) {
					return
				}
				cands = append(cands, find{s, orderValue(f.s[s.from:s.to])})
			}
		})
	}
	f.facts.Orders = f.asFacts(f.take(settle(cands)))
}

var dateLike = re(`^(?:19|20)\d\d[-/](?:0?[1-9]|1[0-2])[-/](?:[0-2]?\d|3[01])$`)

// isOrder refuses what only stands where a number would: dates, quantities,
// words.
func (f *finder) isOrder(s stretch, digits int) bool {
	c := f.s[s.from:s.to]
	n := countDigits(c)
	lettered := strings.ContainsAny(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && n >= min(4, max(digits-1, 2))
	if n < digits && !lettered || dateLike.MatchString(c) || !f.alone(s) || !f.free(s) {
		return false
	}
	if f.nextIn(s.to, "年月日元块个件套台份箱瓶岁点%@楼栋店") || f.nextIn(s.to, ".:") && isWord(f.next(s.to+1)) {
		return false
	}
	return !quantity.MatchString(f.s[s.to:min(len(f.s), s.to+16)])
}

// quantity follows a number that counts something: order 15000 flyers.
var quantity = re(`^(?i:\s*(?:pcs|pieces|units|items|copies|flyers|boxes|usd|eur|rmb|cny|dollars|euros|yuan|days|hours)\b|-day)`)

func orderValue(s string) string { return strings.ToUpper(strings.ReplaceAll(s, " ", "")) }

func countDigits(s string) (n int) {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// modelCode may have more signs in it than code.
const modelCode = `[A-Za-z0-9](?:[A-Za-z0-9]|[-_/.+][A-Za-z0-9]){1,31}`

var modelRows = []*regexp.Regexp{
	re(`(?:产品型号|设备型号|机器型号|型号|机型)` + is + `(\p{Han}{0,3}` + modelCode + `(?: (?:Pro|Max|Plus|Ultra|Mini|SE)\b)*)`),
	re(`(?i)\bmodel\s*(?:numbers?|no|nr|name|code)?\.?` + is + `(` + modelCode + `(?: (?:Pro|Max|Plus|Ultra|Mini|SE)\b)*)`),
	re(`(` + modelCode + `)\s*(?:这个|这款|的)?(?:型号|机型|型的)`),
	re(`(?i)\b(?:the|your|an?|my|our)\s+(` + modelCode + `)\s+model\b`),
}

func (f *finder) findModels() {
	var cands []find
	for _, re := range modelRows {
		f.each(re, func(m []int) {
			s := stretch{m[2], m[3]}
			c := f.s[s.from:s.to]
			if f.alone(s) && f.free(s) && (countDigits(c) > 0 || len(c) >= 3 && strings.ToUpper(c) == c) && !f.nextIn(s.to, "年月") && !dateLike.MatchString(c) {
				cands = append(cands, find{s, c})
			}
		})
	}
	f.facts.Models = f.asFacts(f.take(settle(cands)))
}
