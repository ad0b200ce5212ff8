package extract

import (
	"strings"
	"time"
)

func (f *finder) readHanHalf(_ []int, p *part) bool {
	p.kind = aHalf
	switch w := f.s[p.from:p.to]; {
	case strings.ContainsAny(w, "夜晚") && w != "傍晚":
		p.half = night
	case strings.ContainsAny(w, "下后傍"):
		p.half = afternoon
	case strings.ContainsAny(w, "中正"):
		p.half = noon
	default:
		p.half = morning
	}
	return !f.nextIn(p.to, "好") // a greeting
}

func (f *finder) readHanClock(m []int, p *part) bool {
	h, ok := number(f.group(m, 1))
	if !ok || h > 24 || isWord(f.prev(p.from)) || f.prevIn(p.from, ".第几有这那") {
		return false
	}
	p.kind, p.clock, p.twelve = aClock, h*60, h <= 12
	switch f.group(m, 3) {
	case "半":
		p.clock += 30
	case "一刻":
		p.clock += 15
	case "三刻":
		p.clock += 45
	}
	minutes := f.group(m, 4) + f.group(m, 5) + f.group(m, 6)
	n, _ := number(minutes)
	p.clock += n % 60
	if p.clock > 24*60 {
		return false
	}
	certain := f.group(m, 2)+f.group(m, 3)+minutes+f.group(m, 7) != ""
	digits := f.s[p.from] <= '9'
	// 一点也不, 两点建议, 3点要求
	p.weak = !certain && (!digits || f.startsWith(p.to, "建议", "意见", "要求", "问题", "疑问", "不满", "原因", "希望"))
	return true
}

// readClock reads 15:30, either language.
func (f *finder) readClock(m []int, p *part) bool {
	n := f.ints(m, 1, 2)
	p.kind, p.clock, p.twelve = aClock, n[0]*60+n[1], n[0] >= 1 && n[0] <= 12
	return n[0] < 24 && n[1] < 60 && f.alone(p.stretch) && !f.prevIn(p.from, ":.") && !f.nextIn(p.to, ":")
}

var enMonths = map[string]int{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}

func (f *finder) readEnMonthDay(m []int, p *part) bool {
	return f.enMonthDay(f.group(m, 1), f.group(m, 2), f.group(m, 3), f.group(m, 4), p)
}

func (f *finder) readEnDayMonth(m []int, p *part) bool {
	return f.enMonthDay(f.group(m, 3), f.group(m, 1), f.group(m, 2), f.group(m, 4), p)
}

func (f *finder) enMonthDay(month, day, ordinal, year string, p *part) bool {
	if ordinal == "" && (month == "may" || month == "mar" || month == "march") && f.hasUpper {
		return false // "you may 3 times", from somebody who does use capitals
	}
	mon := enMonths[strings.ToLower(month)[:3]]
	d, _ := number(day)
	if y, ok := number(year); ok {
		return p.day(date(y, mon, d))
	}
	return p.day(f.yearless(mon, d))
}

func (f *finder) readEnMonth(m []int, p *part) bool {
	p.from = m[2]
	mon := enMonths[strings.ToLower(f.group(m, 1))[:3]]
	if y, ok := number(f.group(m, 2)); ok {
		t, ok := date(y, mon, 1)
		return ok && p.month(t)
	}
	t, ok := f.yearless(mon, 1)
	return ok && p.month(t)
}

func (f *finder) readEnOrdinal(m []int, p *part) bool {
	n := f.ints(m, 1)
	p.from = m[2]
	if f.startsWith(p.to, " floor", " time", " order", " item", " day", " attempt", " street", " Street", " Floor") {
		return false
	}
	return p.day(f.dayOfMonth(n[0], f.endsWith(p.from, "by the ", "By the ")))
}

func (f *finder) readEnRelative(_ []int, p *part) bool {
	w := strings.TrimPrefix(strings.ToLower(f.s[p.from:p.to]), "the ")
	today := f.today()
	switch w {
	case "last night", "tonight":
		p.half = night
	case "this morning":
		p.half = morning
	case "this afternoon", "this evening":
		p.half = afternoon
	}
	switch w {
	case "day before yesterday":
		p.first = today.AddDate(0, 0, -2)
	case "yesterday", "last night":
		p.first = today.AddDate(0, 0, -1)
	case "today", "tonight", "this morning", "this afternoon", "this evening", "earlier today", "just now", "a moment ago":
		p.first = today
	case "tomorrow":
		p.first = today.AddDate(0, 0, 1)
	case "day after tomorrow":
		p.first = today.AddDate(0, 0, 2)
	case "earlier this week":
		return p.weekFrom(f.week(0))
	case "earlier this month":
		return p.month(today)
	}
	return true
}

func (f *finder) readEnAgo(m []int, p *part) bool {
	w := strings.ToLower(f.group(m, 1))
	half := strings.HasPrefix(w, "half")
	n, ok := number(w)
	if !ok {
		n, ok = enNumbers[w]
	}
	if !ok && !half {
		return true // a few days ago
	}
	return f.ago(n, half, strings.ToLower(f.group(m, 2)), p)
}

var enWeekdays = map[string]time.Weekday{"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 0}

func (f *finder) readEnLast(m []int, p *part) bool {
	n := map[string]int{"last": -1, "past": -1, "this": 0, "next": 1}[strings.ToLower(f.group(m, 1))]
	switch w := strings.ToLower(f.group(m, 2)); w {
	case "week":
		return p.weekFrom(f.week(n))
	case "weekend":
		p.first = f.week(n).AddDate(0, 0, 5)
		p.last = p.first.AddDate(0, 0, 1)
	case "month":
		today := f.today()
		return p.month(time.Date(today.Year(), today.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC))
	case "year":
		p.value = time.Date(f.today().Year()+n, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006")
	default:
		day := enWeekdays[w[:3]]
		if n < 0 { // the latest one, which is how most people use it
			p.first = f.latest(day, false)
		} else {
			p.first = f.week(n).AddDate(0, 0, (int(day)+6)%7)
		}
	}
	return true
}

// readEnWeekday reads Tuesday, the latest, today included. Short names count
// only after "on" or beside a date: people also sat in the sun.
func (f *finder) readEnWeekday(m []int, p *part) bool {
	if f.endsWith(p.from, "every ", " to ", "-") || f.startsWith(p.to, "-", " to ", "s ") {
		return false // opening hours
	}
	w := strings.ToLower(f.group(m, 2))
	p.kind = aWeekday
	p.weak = len(w) < 6 && f.group(m, 1) == ""
	p.first = f.latest(enWeekdays[w[:3]], true)
	p.from = m[4]
	return true
}

func (f *finder) readEnHalf(m []int, p *part) bool {
	p.kind = aHalf
	p.half = map[string]dayHalf{"morning": morning, "afternoon": afternoon, "evening": afternoon, "night": night}[strings.ToLower(f.group(m, 3))]
	p.weak = f.group(m, 1) != "in the"
	return !f.endsWith(p.from, "good ", "Good ", "lovely ", "nice ")
}

func (f *finder) readEnClock(m []int, p *part) bool {
	n := f.ints(m, 1, 2)
	p.kind, p.clock = aClock, n[0]*60+n[1]
	if n[0] > 12 || n[1] > 59 || isWord(f.prev(p.from)) {
		return false
	}
	switch strings.ToLower(f.group(m, 3)) {
	case "p":
		p.clock = (n[0]%12+12)*60 + n[1]
	case "a":
		p.clock = n[0]%12*60 + n[1]
	default:
		p.twelve = true
	}
	return true
}

func (f *finder) readEnQuarter(m []int, p *part) bool {
	w := strings.ToLower(f.group(m, 3))
	hour, ok := number(w)
	if !ok {
		hour = enNumbers[w]
	}
	p.kind, p.twelve = aClock, true
	past := 15
	if strings.ToLower(f.group(m, 1)) == "half" {
		past = 30
	}
	if strings.ToLower(f.group(m, 2)) == "to" {
		past = -past
	}
	p.clock = hour*60 + past
	return hour >= 1 && hour <= 12
}

func (f *finder) readEnNoon(m []int, p *part) bool {
	p.kind, p.from = aClock, m[2]
	if strings.ToLower(f.group(m, 1)) != "midnight" {
		p.clock = 12 * 60
	}
	return true
}
