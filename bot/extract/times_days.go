package extract

import (
	"strings"
	"time"
)

// This file turns what a row of timeRows matched into days and clock times.

func (f *finder) today() time.Time {
	y, m, d := f.now.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) // a date; UTC has no skipped midnights
}

// date is a day that exists, in a year somebody may write about.
func date(y, m, d int) (time.Time, bool) {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, y >= 1990 && y <= 2100 && m >= 1 && m <= 12 && t.Day() == d
}

// yearless picks the year of a day that was written without one: people mostly
// write about what happened, so the latest such day, unless the next one is
// within two months.
func (f *finder) yearless(m, d int) (time.Time, bool) {
	today := f.today()
	for _, y := range []int{today.Year() + 1, today.Year(), today.Year() - 1, today.Year() - 2, today.Year() - 3, today.Year() - 4} {
		if t, ok := date(y, m, d); ok && t.Before(today.AddDate(0, 0, 61)) {
			return t, true
		}
	}
	return time.Time{}, false
}

// dayOfMonth picks the month of a day written alone: the latest such day,
// today included, or the next one.
func (f *finder) dayOfMonth(d int, next bool) (time.Time, bool) {
	today := f.today()
	for _, shift := range []time.Month{0, 1, 2} {
		if !next {
			shift = -shift
		}
		first := time.Date(today.Year(), today.Month()+shift, 1, 0, 0, 0, 0, time.UTC)
		t, ok := date(first.Year(), int(first.Month()), d)
		if ok && (t.Equal(today) || t.After(today) == next) {
			return t, true
		}
	}
	return time.Time{}, false
}

// week is the Monday of the week n weeks from now.
func (f *finder) week(n int) time.Time {
	today := f.today()
	return today.AddDate(0, 0, 7*n-(int(today.Weekday())+6)%7)
}

// latest is the latest such weekday; today counts if it may.
func (f *finder) latest(w time.Weekday, mayBeToday bool) time.Time {
	t := f.today()
	if !mayBeToday {
		t = t.AddDate(0, 0, -1)
	}
	return t.AddDate(0, 0, -(int(t.Weekday()-w)+7)%7)
}

func (p *part) day(t time.Time, ok bool) bool { p.first = t; return ok }

func (p *part) weekFrom(monday time.Time) bool {
	p.first, p.last = monday, monday.AddDate(0, 0, 6)
	return true
}

func (p *part) month(t time.Time) bool { p.value = t.Format("2006-01"); return true }

func (f *finder) ints(m []int, groups ...int) (n [4]int) {
	for i, g := range groups {
		n[i], _ = number(f.group(m, g))
	}
	return n
}

func (f *finder) readYMD(m []int, p *part) bool {
	n := f.ints(m, 1, 2, 3)
	return f.alone(p.stretch) && p.day(date(n[0], n[1], n[2]))
}

func (f *finder) readYM(m []int, p *part) bool {
	n := f.ints(m, 1, 2)
	t, ok := date(n[0], n[1], 1)
	return ok && f.alone(p.stretch) && p.month(t)
}

// readDMY reads 13/11/2026 and 11/13/2026; 03/11/2026 is a time whose day is
// not known.
func (f *finder) readDMY(m []int, p *part) bool {
	n := f.ints(m, 1, 2, 3)
	a, ok1 := date(n[2], n[1], n[0])
	b, ok2 := date(n[2], n[0], n[1])
	switch {
	case !f.alone(p.stretch) || !ok1 && !ok2:
		return false
	case !ok2 || ok1 && a.Equal(b):
		p.first = a
	case !ok1:
		p.first = b
	}
	return true
}

// readMD reads 11/3 in Chinese texts, "on 3/11" in English ones.
func (f *finder) readMD(m []int, p *part) bool {
	n := f.ints(m, 2, 4)
	marked := f.group(m, 5) != ""
	if !f.alone(p.stretch) || f.nextIn(p.to, "/%楼店") || f.prevIn(p.from, "/.-$") ||
		f.group(m, 3) == "." && !marked || n[0] == 0 || n[1] == 0 {
		return false
	}
	if f.zh {
		return p.day(f.yearless(n[0], n[1]))
	}
	a, ok1 := f.yearless(n[1], n[0])
	b, ok2 := f.yearless(n[0], n[1])
	switch {
	case f.group(m, 1) == "" || !ok1 && !ok2:
		return false
	case !ok2 || ok1 && a.Equal(b):
		p.first = a
	case !ok1:
		p.first = b
	}
	p.from = m[4]
	return true
}

func (f *finder) readHanMonthDay(m []int, p *part) bool {
	n := f.ints(m, 2, 3)
	if f.nextIn(p.to, "卡票供") || isWord(f.prev(m[4])) || n[0] < 1 || n[0] > 12 {
		return false
	}
	year := 0
	if w := f.group(m, 1); w != "" {
		year = f.today().Year() + map[string]int{"前年": -2, "去年": -1, "明年": 1}[w]
	}
	if f.group(m, 3) == "" {
		t, ok := f.yearless(n[0], 1)
		if year != 0 {
			t, ok = date(year, n[0], 1)
		}
		return ok && p.month(t)
	}
	if year != 0 {
		return p.day(date(year, n[0], n[1]))
	}
	return p.day(f.yearless(n[0], n[1]))
}

// What 3号 is not: a building, a shop, a bus line …
const notAfterDay = "楼店线门窗桌房柜机院馆厅仓铺车台床口码字电员工位座栋梯厂室井卡池文东收包"

func (f *finder) readHanDay(m []int, p *part) bool {
	n := f.ints(m, 1)
	if isWord(f.prev(p.from)) || f.prevIn(p.from, "单编账型帐第卡号百千-.") || f.nextIn(p.to, notAfterDay) {
		return false
	}
	// 七日无理由, 3日内 are spans
	if f.group(m, 2) == "日" && !(f.nextIn(p.to, "上下早晚中凌,.的在 ") || f.next(p.to) == 0) {
		return false
	}
	return p.day(f.dayOfMonth(n[0], f.startsWith(p.to, "前", "之前", "以前"))) // 30号前: a deadline
}

var weeks = map[string]int{"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}

var hanWeekdays = map[string]int{"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5}

func (f *finder) readHanWeek(m []int, p *part) bool {
	monday := f.week(weeks[f.group(m, 1)])
	d := f.group(m, 2)
	if d == "" {
		return p.weekFrom(monday)
	}
	p.first = monday.AddDate(0, 0, hanWeekdays[d])
	if d == "末" {
		p.last = p.first.AddDate(0, 0, 1)
	}
	return true
}

func (f *finder) readHanWeekday(m []int, p *part) bool {
	if f.prevIn(p.from, "每至到隔") || f.startsWith(p.to, "至", "到周", "到星期") {
		return false // opening hours, not an event
	}
	p.kind = aWeekday
	d := f.group(m, 1)
	if d == "" { // the latest weekend that has begun
		p.first = f.latest(time.Saturday, true)
		p.last = p.first.AddDate(0, 0, 1)
		return true
	}
	p.first = f.latest(time.Weekday((hanWeekdays[d]+1)%7), true)
	return true
}

func (f *finder) readHanMonth(m []int, p *part) bool {
	today := f.today()
	first := time.Date(today.Year(), today.Month()+time.Month(weeks[f.group(m, 1)]), 1, 0, 0, 0, 0, time.UTC)
	if d := f.ints(m, 2)[0]; d > 0 {
		return p.day(date(first.Year(), int(first.Month()), d))
	}
	return p.month(first)
}

var hanRelative = map[string]int{
	"大前天": -3, "前天": -2, "前日": -2, "昨天": -1, "昨日": -1, "昨儿": -1, "今天": 0, "今日": 0, "今儿": 0,
	"明天": 1, "明日": 1, "后天": 2, "大后天": 3, "刚才": 0, "刚刚": 0, "方才": 0, "适才": 0,
}

func (f *finder) readHanRelative(_ []int, p *part) bool {
	w := f.s[p.from:p.to]
	if w == "刚刚" && f.nextIn(p.to, "好") {
		return false // just enough
	}
	if w == "去年" || w == "前年" {
		p.value = f.today().AddDate(map[string]int{"去年": -1, "前年": -2}[w], 0, 0).Format("2006")
		return true
	}
	if n, ok := hanRelative[w]; ok {
		p.first = f.today().AddDate(0, 0, n)
	}
	return true
}

// readHanTonight reads 昨晚: a day with the part of the day in it.
func (f *finder) readHanTonight(m []int, p *part) bool {
	if f.group(m, 1) == "前" && f.group(m, 2) != "晚" {
		return false
	}
	p.first = f.today().AddDate(0, 0, map[string]int{"前": -2, "昨": -1, "今": 0, "明": 1}[f.group(m, 1)])
	p.half = morning
	if strings.ContainsAny(f.group(m, 2), "晚夜") {
		p.half = night
	}
	return true
}

var hanUnits = map[string]string{"分钟": "minute", "小时": "hour", "钟头": "hour", "天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month", "年": "year"}

func (f *finder) readHanAgo(m []int, p *part) bool {
	if isWord(f.prev(p.from)) || f.nextIn(p.to, "台往") {
		return false
	}
	n, ok := number(f.group(m, 2))
	half := f.group(m, 1) == "半" || f.group(m, 3) == "半"
	if !ok && !half {
		return true // 几天前
	}
	return f.ago(n, half, hanUnits[f.group(m, 4)], p)
}

// ago goes back in time by n, or n and a half, units.
func (f *finder) ago(n int, half bool, unit string, p *part) bool {
	var clock time.Duration
	switch unit {
	case "minute", "min":
		clock = time.Minute
	case "hour", "hr":
		clock = time.Hour
	case "day":
		p.first = f.today().AddDate(0, 0, -n)
	case "week":
		p.first = f.today().AddDate(0, 0, -7*n)
	case "month":
		if half {
			p.first = f.today().AddDate(0, -n, -15)
			return true
		}
		return p.month(f.today().AddDate(0, 0, 1-f.today().Day()).AddDate(0, -n, 0))
	case "year":
		if half {
			return p.month(f.today().AddDate(0, 0, 1-f.today().Day()).AddDate(-n, -6, 0))
		}
		p.value = f.today().AddDate(-n, 0, 0).Format("2006")
	}
	if clock > 0 {
		back := time.Duration(n) * clock
		if half {
			back += clock / 2
		}
		t := f.now.Add(-back)
		p.first = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		p.clock = t.Hour()*60 + t.Minute()
	}
	return true
}

// holidays on a fixed date. The others are times whose day is not known.
var holidays = map[string][2]int{
	"元旦": {1, 1}, "五一": {5, 1}, "国庆": {10, 1}, "国庆节": {10, 1}, "双十一": {11, 11}, "双11": {11, 11}, "双十二": {12, 12}, "双12": {12, 12},
	"圣诞": {12, 25}, "圣诞节": {12, 25}, "christmas": {12, 25}, "christmas day": {12, 25}, "christmas eve": {12, 24},
	"new year's day": {1, 1}, "new year's eve": {12, 31},
}

func (f *finder) readHoliday(_ []int, p *part) bool {
	w := strings.ToLower(f.s[p.from:p.to])
	for _, prefix := range []string{"last ", "over ", "on ", "at "} {
		w = strings.TrimPrefix(w, prefix)
	}
	if f.startsWith(p.to, "路", "广场", "快乐", " sale", " gift") {
		return false
	}
	if md, ok := holidays[w]; ok {
		if t, ok := f.yearless(md[0], md[1]); ok && f.startsWith(p.from, "last ", "Last ") && t.After(f.today()) {
			return p.day(t.AddDate(-1, 0, 0), true)
		}
		return p.day(f.yearless(md[0], md[1]))
	}
	return true
}
