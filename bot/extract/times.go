package extract

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// A time in the text is put together from parts that stand next to each other:
// a day ("last Tuesday", 11月3日), a part of the day (下午, "evening"), a clock
// time ("at 5pm", 三点半). Each table row below finds one part.

type partKind int

const (
	aDay partKind = iota
	aWeekday
	aHalf
	aClock
)

// dayHalf says how a clock time of up to twelve beside it is to be read.
type dayHalf int

const (
	noHalf dayHalf = iota
	morning
	noon      // 中午1点 is 13:00, 中午11点 is not 23:00
	afternoon // and evening: 8 is 20:00
	night     // 11 is 23:00, but 2 and 12 are the next day's, or were meant so: no telling
)

type part struct {
	stretch
	kind        partKind
	first, last time.Time // aDay, aWeekday: the days meant, both included; zero when not derivable
	value       string    // aDay: when the value is no day: a month, a year
	clock       int       // aClock: minutes since midnight
	twelve      bool      // aClock: may be on a twelve hour clock
	half        dayHalf   // aHalf, and aDay where it is said with it: 昨晚
	weak        bool      // counts only beside another part
}

type timeRow struct {
	re   *regexp.Regexp
	read func(f *finder, m []int, p *part) bool // false: not a time after all
}

const (
	hanNum   = `(\d{1,3}|[一二两三四五六七八九十百]{1,4})`
	hanSmall = `(\d{1,2}|[一二两三四五六七八九十]{1,3})`
	hanWeek  = `(?:周|星期|礼拜)`

	enMonth = `(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)`
	enDay   = `(monday|tuesday|wednesday|thursday|friday|saturday|sunday)`
	enDayAb = `(mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)`
	enNum   = `(\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:a )?couple of|(?:a )?few|several|half an?)`
)

// timeRows are days by number and clock times, in either language. Where two
// rows find the same words the earlier and longer find wins, then the earlier row.
var timeRows = []timeRow{
	{re(`(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?:\s?[日号])?`), (*finder).readYMD},
	{re(`(\d{4})年(\d{1,2})月(?:份|[初底])?`), (*finder).readYM},
	{re(`(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})`), (*finder).readDMY},
	{re(`(on )?(\d{1,2})([/.])(\d{1,2})([号日])?`), (*finder).readMD},
	{re(`(\d{1,2}):(\d{2})(?::\d{2})?`), (*finder).readClock},
}

var hanTimeRows = []timeRow{
	{re(`(去年|今年|明年|前年)?的?` + hanSmall + `月(?:份)?(?:` + hanSmall + `[日号]?|[初底]|[上中下]旬)?`), (*finder).readHanMonthDay},
	{re(hanSmall + `([号日])`), (*finder).readHanDay},
	{re(`(上上|上|这|本|下下|下)个?` + hanWeek + `([一二三四五六日天末])?`), (*finder).readHanWeek},
	{re(hanWeek + `([一二三四五六日天])|周末`), (*finder).readHanWeekday},
	{re(`(上上|上|这|本|下)个?月(?:` + hanSmall + `[日号])?(?:初|底|中旬|月初|月底)?`), (*finder).readHanMonth},
	{re(`大前天|前天|前日|昨天|昨日|昨儿|今天|今日|今儿|明天|明日|大后天|后天|前[几两些]天|前(?:阵子|段时间|段日子|些日子)|这[几两]天|刚才|刚刚|方才|适才|去年|前年`), (*finder).readHanRelative},
	{re(`([昨今明前])(晚上|晚|早上|早|晨|夜)`), (*finder).readHanTonight},
	{re(`(半|几|数|` + hanNum + `)个?(半|多)?(分钟|小时|钟头|天|日|周|星期|礼拜|月|年)多?(?:之前|以前|前)`), (*finder).readHanAgo},
	{re(`元旦|春节|除夕|大年初[一二三四五六]|国庆节?|五一|端午节?|中秋节?|清明节?|双十一|双11|双十二|双12|圣诞节?`), (*finder).readHoliday},

	// Parts of a day and clock times.
	{re(`凌晨|清晨|大清早|早晨|早上|一大早|一早|上午|中午|正午|午后|下午|傍晚|晚上|晚间|夜里|夜间|半夜|深夜`), (*finder).readHanHalf},
	{re(hanSmall + `点(?:(钟|整)|(半|一刻|三刻)|零?(\d{1,2}|[二三四五]?十[一二三四五六七八九]?)分?|零?([一二三四五六七八九])分|零([一二三四五六七八九]))?(左右|多)?`), (*finder).readHanClock},
}

var enTimeRows = []timeRow{
	{re(`(?i)\b` + enMonth + `\b\.?\s+(?:the\s+)?(\d{1,2})(st|nd|rd|th)?\b(?:,?\s+(\d{4})\b)?`), (*finder).readEnMonthDay},
	{re(`(?i)\b(\d{1,2})(st|nd|rd|th)?\s+(?:of\s+)?` + enMonth + `\b(?:\.?,?\s+(\d{4})\b)?`), (*finder).readEnDayMonth},
	{re(`(?i)\b(?:in|since|during)\s+(?:early\s+|late\s+)?` + enMonth + `\b(?:\s+(\d{4})\b)?`), (*finder).readEnMonth},
	{re(`(?i)\b(?:on|since|by|from)\s+the\s+(\d{1,2})(?:st|nd|rd|th)\b`), (*finder).readEnOrdinal},
	{re(`(?i)\b(?:(?:the )?day before yesterday|yesterday|last night|today|tonight|this (?:morning|afternoon|evening)|earlier (?:today|this (?:week|month))|just now|a moment ago|a while ago|the other day|(?:the )?day after tomorrow|tomorrow)\b`), (*finder).readEnRelative},
	{re(`(?i)\b` + enNum + `\s+(minute|min|hour|hr|day|week|month|year)s?\s+(?:ago|back|earlier)\b`), (*finder).readEnAgo},
	{re(`(?i)\b(last|past|this|next)\s+(weekend|week|month|year|` + enDay[1:len(enDay)-1] + `|` + enDayAb[1:len(enDayAb)-1] + `)\b`), (*finder).readEnLast},
	{re(`(?i)\b(on\s+)?` + enDay + `\b`), (*finder).readEnWeekday},
	{re(`(?i)\b(on\s+)?` + enDayAb + `\b\.?`), (*finder).readEnWeekday},
	{re(`(?i)\b(?:(?:last|over|on|at)\s+)?(?:christmas(?: (?:day|eve))?|new year'?s (?:day|eve)|black friday|easter(?: (?:sunday|monday))?|thanksgiving)\b`), (*finder).readHoliday},

	// Parts of a day and clock times.
	{re(`(?i)\b(?:(in the|that|early|late) )?(?:(early|late) )?(morning|afternoon|evening|night)\b`), (*finder).readEnHalf},
	{re(`(?i)(\d{1,2})(?:[:.](\d{2}))?\s?([ap])\.?m\b\.?`), (*finder).readEnClock},
	{re(`(?i)\b(\d{1,2})\s?o'?clock\b`), (*finder).readEnClock},
	{re(`(?i)\b(half|(?:a )?quarter)\s+(past|to)\s+(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b`), (*finder).readEnQuarter},
	{re(`(?i)\b(?:at|around|about|by|before|after)\s+(noon|midnight|midday|lunchtime|lunch)\b`), (*finder).readEnNoon},
}

func re(s string) *regexp.Regexp { return regexp.MustCompile(s) }

// glue is what may stand between two parts of one time.
var glue = re(`^(?i:\s*,?\s*(?:的|在|at|around|about|on|in the|of|at around|at about|大概|大约|差不多|约)?\s*\(?)$`)

func (f *finder) findTimes() {
	parts := f.timeParts()
	var cands []find
	for i := 0; i < len(parts); {
		j := i + 1
		for j < len(parts) && f.joins(parts[i:j], parts[j]) {
			j++
		}
		if j-i > 1 || !parts[i].weak {
			s := stretch{parts[i].from, parts[j-1].to}
			cands = append(cands, find{s, f.timeValue(parts[i:j])})
		}
		i = j
	}
	f.times = settle(cands)
	f.facts.Times = f.asFacts(f.times)
}

// timeParts are all parts that do not overlap, in order.
func (f *finder) timeParts() []part {
	var all []part
	rows := slices.Clone(timeRows)
	if f.hasHan {
		rows = append(rows, hanTimeRows...)
	}
	if f.hasLatin {
		rows = append(rows, enTimeRows...)
	}
	for _, row := range rows {
		f.each(row.re, func(m []int) {
			p := part{stretch: stretch{m[0], m[1]}}
			if f.free(p.stretch) && row.read(f, m, &p) {
				all = append(all, p)
			}
		})
	}
	slices.SortStableFunc(all, func(a, b part) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	kept := all[:0]
	end := 0
	for _, p := range all {
		if p.from >= end {
			kept = append(kept, p)
			end = p.to
		}
	}
	return kept
}

// joins reports whether next continues the time that parts make up.
func (f *finder) joins(parts []part, next part) bool {
	last := parts[len(parts)-1]
	gap := f.s[last.to:next.from]
	if len(gap) > 16 || !glue.MatchString(gap) {
		return false
	}
	for _, p := range parts {
		same := p.kind == next.kind
		bothDays := p.kind <= aWeekday && next.kind <= aWeekday
		if same || bothDays && (p.value != "" || next.value != "") {
			return false
		}
	}
	// "今天下午, 昨天" are two times, and so are a clock time and a far date
	return next.kind != aDay || last.kind != aDay
}

// timeValue is the normal form of the parts of one time.
func (f *finder) timeValue(parts []part) string {
	var value string
	clock, twelve, half := -1, false, noHalf
	for _, p := range parts {
		switch p.kind {
		case aDay, aWeekday:
			if v := p.days(); v != "" && (value == "" || p.kind == aDay) {
				value = v
			}
			if p.clock > 0 { // "two hours ago" knows both
				clock = p.clock
			}
		case aClock:
			clock, twelve = p.clock, p.twelve
		}
		half = max(half, p.half)
	}
	if half == night && value == "" && twelve && clock >= 12*60 {
		clock -= 12 * 60 // 半夜12点: midnight, of whatever day
	}
	if half != night || value != "" || clock >= 5*60 {
		clock = half.clock(clock, twelve)
	}
	at := ""
	if clock >= 0 {
		at = time.Date(2000, 1, 1, 0, clock, 0, 0, time.UTC).Format("15:04")
	}
	if strings.Contains(value, "..") || len(value) < len(time.DateOnly) && value != "" {
		return value
	}
	return strings.TrimSpace(value + " " + at)
}

// clock is the clock time, in minutes, in this part of the day; -1 if it cannot
// be told.
func (h dayHalf) clock(minutes int, twelve bool) int {
	hour := minutes / 60
	switch {
	case minutes < 0 || h == night && (hour < 5 || hour == 12):
		return -1
	case !twelve || hour >= 12 || h <= morning || h == noon && hour > 3:
		return minutes
	}
	return minutes + 12*60
}

func (p part) days() string {
	switch {
	case p.value != "":
		return p.value
	case p.first.IsZero():
		return ""
	case p.last.IsZero() || p.last.Equal(p.first):
		return p.first.Format(time.DateOnly)
	}
	return p.first.Format(time.DateOnly) + ".." + p.last.Format(time.DateOnly)
}
