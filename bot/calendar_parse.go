package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file is where a calendar meets words: the specification that an
// operator writes, and the sentences that a customer reads.

// CalendarSpec is a calendar as it is written down.
type CalendarSpec struct {
	// Location is the zone the hours are in. Required.
	Location *time.Location

	// Days gives the hours of each weekday: "mon-fri": ["09:00-12:00",
	// "13:00-17:00"]. A key is a day (mon tue wed thu fri sat sun), a range
	// (mon-fri; sat-mon goes over the weekend), or a list of either
	// (mon,wed-fri). 24:00 is allowed as an end. Hours of one day must not
	// overlap. A weekday that is not named, or has an empty list, is closed;
	// at least one must have hours.
	Days map[string][]string

	// Holidays are dates without hours: 2026-10-01, or 2026-10-01..2026-10-07
	// with both ends included.
	Holidays []string

	// Workdays are make-up workdays (调休), written like Holidays. Such a date
	// has the hours of its own weekday, or if that has none, those of the
	// first weekday from Monday on that has any.
	Workdays []string

	// Imported are dates out of calendar files, see [ReadICS]. Holidays and
	// Workdays have the last word.
	Imported map[string]ICSDay
}

// CalendarError is one thing wrong in a CalendarSpec.
type CalendarError struct {
	Path []string // where, e.g. days, mon-fri, 0 (the first interval of that key)
	Msg  string   // what is wrong, and what to write instead
}

func (e *CalendarError) Error() string { return strings.Join(e.Path, ".") + ": " + e.Msg }

// NewCalendar makes a calendar. When anything is wrong with the specification
// the calendar is nil, and the errors, each a *CalendarError, are all there
// are, in the order of the document (keys of Days alphabetically).
func NewCalendar(spec CalendarSpec) (*Calendar, []error) {
	p := calendarParser{Calendar: Calendar{loc: spec.Location, days: map[int64][]Interval{}}}
	if spec.Location == nil {
		p.fail("there is no time zone; write one like Asia/Shanghai", "location")
	}
	p.readDays(spec.Days)

	normal := p.week[time.Monday]
	for d := 1; d < 7 && normal == nil; d++ {
		normal = p.week[(d+1)%7]
	}
	if normal == nil && len(p.errs) == 0 {
		p.fail(`nobody ever works; write hours, for example mon-fri: ["09:00-17:00"]`, "days")
	}
	p.readImported(spec.Imported, normal)
	holiday := map[int64]bool{}
	for i, s := range spec.Holidays {
		for _, date := range p.readDates(s, "holidays", strconv.Itoa(i)) {
			p.days[date] = nil
			holiday[date] = true
		}
	}
	for i, s := range spec.Workdays {
		where := []string{"workdays", strconv.Itoa(i)}
		for _, date := range p.readDates(s, where...) {
			if holiday[date] {
				p.fail(fmt.Sprintf("%s is a holiday too; leave it in one of the two lists", calISO(date)), where...)
				continue
			}
			p.makeUp(date, normal)
		}
	}
	if p.errs != nil {
		return nil, p.errs
	}
	return &p.Calendar, nil
}

type calendarParser struct {
	Calendar
	errs []error
}

// makeUp makes a date a workday.
func (p *calendarParser) makeUp(date int64, normal []Interval) {
	delete(p.days, date) // an imported holiday
	if p.hours(date) == nil {
		p.days[date] = normal
	}
}

// readImported takes the dates of calendar files.
func (p *calendarParser) readImported(days map[string]ICSDay, normal []Interval) {
	for s, day := range days {
		date, err := time.Parse(time.DateOnly, s)
		switch d := calDateOf(date, 0); {
		case err != nil:
			p.fail(fmt.Sprintf("%q is no date", s), "ics")
		case day.Workday:
			p.makeUp(d, normal)
		default:
			p.days[d] = nil
		}
	}
}

func (p *calendarParser) fail(msg string, path ...string) {
	p.errs = append(p.errs, &CalendarError{path, msg})
}

var calWeekdayKeys = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // by time.Weekday

func (p *calendarParser) readDays(days map[string][]string) {
	keys := make([]string, 0, len(days))
	for k := range days {
		keys = append(keys, k)
	}
	slices.Sort(keys)

	var givenBy [7]string
	for _, key := range keys {
		weekdays, msg := parseCalWeekdays(key)
		if msg != "" {
			p.fail(msg, "days", key)
		}
		hours := p.readHours(key, days[key])
		for _, d := range weekdays {
			if other := givenBy[d]; other != "" {
				p.fail(fmt.Sprintf("%s is already given by %q; write each day once", calWeekdayKeys[d], other), "days", key)
				continue
			}
			givenBy[d] = key
			p.week[d] = hours
		}
	}
}

// parseCalWeekdays reads "mon-fri", "sat-mon", "mon,wed".
func parseCalWeekdays(key string) (days []int, msg string) {
	for part := range strings.SplitSeq(key, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from := slices.Index(calWeekdayKeys, strings.ToLower(strings.TrimSpace(first)))
		to := from
		if isRange {
			to = slices.Index(calWeekdayKeys, strings.ToLower(strings.TrimSpace(last)))
		}
		if from < 0 || to < 0 {
			return nil, fmt.Sprintf("%q is no weekday; write mon tue wed thu fri sat sun, a range like mon-fri, or a list like mon,wed", strings.TrimSpace(part))
		}
		for d := from; ; d = (d + 1) % 7 {
			if slices.Contains(days, d) {
				return nil, fmt.Sprintf("%s is in it twice; write each day once", calWeekdayKeys[d])
			}
			days = append(days, d)
			if d == to {
				break
			}
		}
	}
	return days, ""
}

// readHours reads the intervals of one key and puts them in order.
func (p *calendarParser) readHours(key string, list []string) []Interval {
	var hours []Interval
	for i, s := range list {
		where := []string{"days", key, strconv.Itoa(i)}
		h, msg := parseCalInterval(s)
		if msg == "" {
			for _, o := range hours {
				if h.From < o.To && o.From < h.To {
					msg = fmt.Sprintf("%s overlaps %s; write one interval, or two that do not overlap", h.text("-"), o.text("-"))
					break
				}
			}
		}
		if msg != "" {
			p.fail(msg, where...)
			continue
		}
		hours = append(hours, h)
	}
	slices.SortFunc(hours, func(a, b Interval) int { return a.From - b.From })
	return hours
}

// parseCalInterval reads "09:00-17:00".
func parseCalInterval(s string) (h Interval, msg string) {
	from, to, ok := strings.Cut(s, "-")
	var ok1, ok2 bool
	h.From, ok1 = parseCalClock(from)
	h.To, ok2 = parseCalClock(to)
	switch {
	case !ok || !ok1 || !ok2:
		return h, fmt.Sprintf("%q is no interval; write it like 09:00-17:00, with a plain hyphen and hours from 00:00 to 24:00", s)
	case h.From == h.To:
		return h, fmt.Sprintf("%q has no length; for a whole day write 00:00-24:00, for a closed one leave it out", s)
	case h.From > h.To:
		return h, fmt.Sprintf("%q ends before it begins; hours over midnight are two intervals, %s-24:00 on this day and 00:00-%s on the next",
			s, calClock(h.From), calClock(h.To))
	}
	return h, ""
}

// parseCalClock reads 9:00, 09:00, 24:00 as minutes since midnight.
func parseCalClock(s string) (minutes int, ok bool) {
	hh, mm, ok := strings.Cut(strings.TrimSpace(s), ":")
	if !ok || len(hh) < 1 || len(hh) > 2 || len(mm) != 2 || strings.Trim(hh+mm, "0123456789") != "" {
		return 0, false
	}
	h, _ := strconv.Atoi(hh)
	m, _ := strconv.Atoi(mm)
	return h*60 + m, m < 60 && h*60+m <= 24*60
}

// readDates reads 2026-10-01 or 2026-10-01..2026-10-07.
func (p *calendarParser) readDates(s string, where ...string) []int64 {
	first, last, isRange := strings.Cut(s, "..")
	if !isRange {
		last = first
	}
	from, err1 := time.Parse(time.DateOnly, strings.TrimSpace(first))
	to, err2 := time.Parse(time.DateOnly, strings.TrimSpace(last))
	switch {
	case err1 != nil || err2 != nil:
		p.fail(fmt.Sprintf("%q is no date; write 2026-10-01, or 2026-10-01..2026-10-07", s), where...)
		return nil
	case to.Before(from):
		p.fail(fmt.Sprintf("%q ends before it begins; write the earlier date first", s), where...)
		return nil
	case to.Sub(from) > 366*calDay:
		p.fail(fmt.Sprintf("%q is longer than a year; check the years", s), where...)
		return nil
	}
	var dates []int64
	for d := calDateOf(from, 0); d <= calDateOf(to, 0); d++ {
		dates = append(dates, d)
	}
	return dates
}

func calISO(date int64) string { return time.Unix(date*86400, 0).UTC().Format(time.DateOnly) }

func calClock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func (h Interval) text(dash string) string { return calClock(h.From) + dash + calClock(h.To) }

// calendarWords are the words of one language. Days are by time.Weekday.
type calendarWords struct {
	days                                         [7]string
	every, allDay, through, and, hours, halfStop string
}

var (
	calendarZh = calendarWords{
		days:  [7]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"},
		every: "每天", through: "至", and: "、", hours: "、", halfStop: "\uff1b", allDay: "全天",
	}
	calendarEn = calendarWords{
		days:  [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
		every: "every day", through: "–", and: ", ", hours: ", ", halfStop: "; ", allDay: "all day",
	}
)

func calIsChinese(lang string) bool { return lang == "zh" || strings.HasPrefix(lang, "zh-") }

// Describe says the weekly hours, without holidays, in zh or, for any other
// language, en: "周一至周五 09:00–17:00", "Mon–Fri 09:00–12:00, 13:00–17:00; Sat 10:00–14:00".
func (c *Calendar) Describe(lang string) string {
	w := calendarEn
	if calIsChinese(lang) {
		w = calendarZh
	}
	var groups []string
	var done [7]bool
	for d := range 7 { // Monday first
		first := (d + 1) % 7
		if done[first] || len(c.week[first]) == 0 {
			continue
		}
		var same []int // 0 is Monday
		for e := d; e < 7; e++ {
			if x := (e + 1) % 7; slices.Equal(c.week[first], c.week[x]) {
				same = append(same, e)
				done[x] = true
			}
		}
		groups = append(groups, w.weekdays(same)+" "+w.intervals(c.week[first]))
	}
	return strings.Join(groups, w.halfStop)
}

// weekdays joins days (0 is Monday, ascending); three in a row become a range.
func (w calendarWords) weekdays(days []int) string {
	if len(days) == 7 {
		return w.every
	}
	name := func(d int) string { return w.days[(d+1)%7] }
	var parts []string
	for i := 0; i < len(days); {
		j := i
		for j+1 < len(days) && days[j+1] == days[j]+1 {
			j++
		}
		if j-i >= 2 {
			parts = append(parts, name(days[i])+w.through+name(days[j]))
			i = j + 1
			continue
		}
		parts = append(parts, name(days[i]))
		i++
	}
	return strings.Join(parts, w.and)
}

func (w calendarWords) intervals(hours []Interval) string {
	if len(hours) == 1 && hours[0] == (Interval{0, 24 * 60}) {
		return w.allDay
	}
	var parts []string
	for _, h := range hours {
		parts = append(parts, h.text("–"))
	}
	return strings.Join(parts, w.hours)
}

// FormatTime says a time to a customer, on the clock of loc, which must not be
// nil: "11月25日(周三)15:00" in zh, "Wed 25 Nov, 15:00" in any other language.
// The year is added when it is not now's: "2027年1月4日(周一)09:00",
// "Mon 4 Jan 2027, 09:00". Seconds are cut off, so round up first.
func FormatTime(t time.Time, lang string, loc *time.Location, now time.Time) string {
	t = t.In(loc)
	otherYear := t.Year() != now.In(loc).Year()
	if calIsChinese(lang) {
		year := ""
		if otherYear {
			year = fmt.Sprintf("%d年", t.Year())
		}
		return fmt.Sprintf("%s%d月%d日(%s)%s", year, t.Month(), t.Day(), calendarZh.days[t.Weekday()], t.Format("15:04"))
	}
	if otherYear {
		return t.Format("Mon 2 Jan 2006, 15:04")
	}
	return t.Format("Mon 2 Jan, 15:04")
}
