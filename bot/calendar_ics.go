package bot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
)

// This file reads holidays and make-up workdays out of iCalendar files (RFC 5545),
// as authorities and calendar programs publish them.

// ICSDay is a date out of a calendar file.
type ICSDay struct {
	Name    string // the event's summary
	Workday bool   // a make-up workday; otherwise a holiday
}

// ICSError is one thing wrong in a calendar file.
type ICSError struct {
	Line int    // from 1: of the mistake, or where its event begins
	Msg  string // what is wrong, and after a semicolon what to do
}

func (e *ICSError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// How far around now events are repeated. A process may run for a year before it
// reads the file again.
const (
	icsBack  = calMaxClosed
	icsAhead = 2 * calMaxClosed
)

// ReadICS returns the days of a calendar file by their dates, 2026-10-01. Every
// all-day event is a holiday, except where its summary calls it a workday (班,
// 补班, 调休上班, 工作日, workday, working day). The end of an event is the day after its
// last one (RFC 5545 3.6.1). Where the two meet on a date, it is a workday. What
// repeats (RRULE, with EXDATE and RDATE) is followed for some 400 days back and 800
// ahead. Events at a time of day and cancelled ones are passed over.
//
// When anything is wrong, the errors, each an *ICSError, are all that could be
// found. A file without any all-day event is wrong.
func ReadICS(data []byte, now time.Time) (map[string]ICSDay, []error) {
	p := icsParser{days: map[string]ICSDay{}, now: now}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if line := icsNotUTF8(data); line > 0 {
		p.fail(line, "this is not UTF-8 text; save the file with the encoding UTF-8")
		return nil, p.errs
	}
	events := p.read(data)
	exceptions := map[string][]string{} // by UID: days of a series that have an event of their own
	for _, e := range events {
		if at := e.Props.Get(ical.PropRecurrenceID); at != nil {
			if uid := e.Props.Get(ical.PropUID); uid != nil {
				exceptions[uid.Value] = append(exceptions[uid.Value], at.Value)
			}
		}
	}
	for _, e := range events {
		p.event(e, exceptions)
	}
	if len(p.errs) == 0 && p.used == 0 {
		p.fail(1, fmt.Sprintf("there is no all-day event in it, of %d events; it needs some with DTSTART;VALUE=DATE", len(events)))
	}
	if p.errs != nil {
		return nil, p.errs
	}
	return p.days, nil
}

type icsParser struct {
	days map[string]ICSDay
	now  time.Time
	used int // all-day events
	errs []error
}

func (p *icsParser) fail(line int, msg string) { p.errs = append(p.errs, &ICSError{line, msg}) }

// icsEvent is an event and where it begins.
type icsEvent struct {
	*ical.Component
	line int
}

// read returns the events of a file. The library can say one thing only about a
// file that is none, and panics on some of them.
func (p *icsParser) read(data []byte) (events []icsEvent) {
	r := &icsLines{rest: data}
	defer func() {
		if recover() != nil {
			p.fail(r.at(), "this cannot be understood as iCalendar; export the calendar again")
			events = nil
		}
	}()
	var all []*ical.Component
	var collect func(c *ical.Component)
	collect = func(c *ical.Component) {
		if c.Name == ical.CompEvent {
			all = append(all, c)
		}
		for _, child := range c.Children {
			collect(child)
		}
	}
	dec := ical.NewDecoder(r)
	for calendars := 0; ; calendars++ {
		cal, err := dec.Decode()
		if errors.Is(err, io.EOF) && calendars > 0 && r.blank {
			break
		}
		if err != nil {
			msg := strings.TrimPrefix(err.Error(), "ical: ")
			if errors.Is(err, io.EOF) {
				msg = "the file ends too early"
			}
			p.fail(r.at(), "this is not iCalendar: "+msg+"; export the calendar again")
			return nil
		}
		collect(cal.Component)
		r.blank = true
	}
	for i, c := range all {
		e := icsEvent{Component: c, line: 1}
		if i < len(r.events) {
			e.line = r.events[i]
		}
		events = append(events, e)
	}
	return events
}

// icsNotUTF8 returns the first line that is no UTF-8; 0 if all are. A letter may
// be cut in two where a line is folded (RFC 5545 3.1).
func icsNotUTF8(data []byte) int {
	var whole []byte
	var ends []int // of each line, in whole
	for line := range bytes.Lines(data) {
		if len(ends) > 0 && (line[0] == ' ' || line[0] == '\t') {
			whole, line = bytes.TrimRight(whole, "\r\n"), line[1:]
		}
		whole = append(whole, line...)
		ends = append(ends, len(whole))
	}
	for i := 0; i < len(whole); {
		c, n := utf8.DecodeRune(whole[i:])
		if c == utf8.RuneError && n == 1 {
			line, _ := slices.BinarySearch(ends, i+1)
			return line + 1
		}
		i += n
	}
	return 0
}

// icsLines gives the decoder one line at a time, so that it is known how far the
// decoder has come.
type icsLines struct {
	rest   []byte
	line   int
	end    bool
	blank  bool  // since it was set, nothing but empty lines
	events []int // lines on which events begin
}

func (r *icsLines) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		r.end = true
		return 0, io.EOF
	}
	n := bytes.IndexByte(r.rest, '\n') + 1
	if n == 0 {
		n = len(r.rest)
	}
	line := r.rest[:n]
	copied := copy(b, line)
	r.rest = r.rest[copied:]
	if copied < n {
		r.blank = false
		return copied, nil
	}
	r.line++
	word := strings.TrimRight(string(line), "\r\n")
	if strings.EqualFold(word, "BEGIN:VEVENT") {
		r.events = append(r.events, r.line)
	}
	r.blank = r.blank && word == ""
	return copied, nil
}

// at is the line that the decoder was reading: it looks one ahead, because that
// may continue it.
func (r *icsLines) at() int {
	if r.end {
		return max(r.line, 1)
	}
	return max(r.line-1, 1)
}

// event takes the days of one event.
func (p *icsParser) event(e icsEvent, exceptions map[string][]string) {
	start := e.Props.Get(ical.PropDateTimeStart)
	if start == nil {
		p.fail(e.line, "this event has no DTSTART; remove it")
		return
	}
	if status := e.Props.Get(ical.PropStatus); status != nil && strings.EqualFold(status.Value, "CANCELLED") {
		return
	}
	if len(start.Value) != len("20061002") { // at a time of day
		return
	}
	p.used++
	name := ""
	if s := e.Props.Get(ical.PropSummary); s != nil {
		var err error
		if name, err = s.Text(); err != nil {
			name = s.Value // an escape that does not exist
		}
	}
	first, err := icsDate(start.Value)
	if err != nil {
		p.fail(e.line, fmt.Sprintf("DTSTART of this event: %v", err))
		return
	}
	length, msg := icsLength(e, first)
	if msg != "" {
		p.fail(e.line, msg)
		return
	}
	starts, msg := p.starts(e, first, exceptions)
	if msg != "" {
		p.fail(e.line, msg)
		return
	}
	day := ICSDay{Name: strings.TrimSpace(name), Workday: icsWorkday(name)}
	for _, s := range starts {
		for i := range length {
			date := s.AddDate(0, 0, i).Format(time.DateOnly)
			if old, ok := p.days[date]; !ok || day.Workday && !old.Workday {
				p.days[date] = day
			}
		}
	}
}

// icsLength is how many days an event lasts.
func icsLength(e icsEvent, first time.Time) (days int, msg string) {
	days = 1
	if end := e.Props.Get(ical.PropDateTimeEnd); end != nil {
		last, err := icsDate(end.Value)
		if err != nil {
			return 0, fmt.Sprintf("DTEND of this event: %v", err)
		}
		if last.Before(first) {
			return 0, "this event ends before it begins; DTEND is the day after its last one"
		}
		days = max(1, int(last.Sub(first)/calDay)) // some programs write the same day twice
	} else if d := e.Props.Get(ical.PropDuration); d != nil {
		length, err := d.Duration()
		if err != nil || length < calDay || length%calDay != 0 {
			return 0, fmt.Sprintf("DURATION %q of this event is no number of days; write it like P3D", d.Value)
		}
		days = int(length / calDay)
	}
	if days > 366 {
		return 0, "this event is longer than a year; check its DTSTART and DTEND"
	}
	return days, ""
}

// starts are the days on which an event begins: one, or as its rule says.
func (p *icsParser) starts(e icsEvent, first time.Time, exceptions map[string][]string) (all []time.Time, msg string) {
	all = []time.Time{first}
	if rule := e.Props.Get(ical.PropRecurrenceRule); rule != nil {
		for _, f := range []string{"SECONDLY", "MINUTELY", "HOURLY"} { // RFC 5545 3.3.10: not with dates
			if strings.Contains(strings.ToUpper(rule.Value), f) {
				return nil, fmt.Sprintf("RRULE %q repeats an all-day event within a day; remove the rule", rule.Value)
			}
		}
		// The library reads one EXDATE of many, so it gets none.
		plain := ical.NewComponent(ical.CompEvent)
		from := ical.NewProp(ical.PropDateTimeStart)
		from.SetDate(first)
		plain.Props.Set(from)
		plain.Props.Set(rule)
		set, err := plain.RecurrenceSet(time.UTC)
		if err != nil || set == nil {
			return nil, fmt.Sprintf("RRULE %q cannot be understood; write the dates as single events", rule.Value)
		}
		all = set.Between(p.now.Add(-icsBack), p.now.Add(icsAhead), true)
	}
	more, msg := icsDates(e, ical.PropRecurrenceDates)
	if msg != "" {
		return nil, msg
	}
	without, msg := icsDates(e, ical.PropExceptionDates)
	if msg != "" {
		return nil, msg
	}
	if uid := e.Props.Get(ical.PropUID); uid != nil && e.Props.Get(ical.PropRecurrenceID) == nil {
		for _, v := range exceptions[uid.Value] {
			if d, err := icsDate(v); err == nil {
				without = append(without, d)
			}
		}
	}
	return slices.DeleteFunc(append(all, more...), func(t time.Time) bool { return slices.ContainsFunc(without, t.Equal) }), ""
}

// icsDates reads a property that may come often and have several dates.
func icsDates(e icsEvent, name string) (all []time.Time, msg string) {
	for _, prop := range e.Props[name] {
		for v := range strings.SplitSeq(prop.Value, ",") {
			d, err := icsDate(v)
			if err != nil {
				return nil, fmt.Sprintf("%s of this event: %v", name, err)
			}
			all = append(all, d)
		}
	}
	return all, ""
}

// icsDate reads 20261001; of a date with a time of day, the date.
func icsDate(v string) (time.Time, error) {
	day, _, _ := strings.Cut(strings.TrimSpace(v), "T")
	d, err := time.Parse("20060102", day)
	if err != nil || d.Year() < 1900 {
		return d, fmt.Errorf("%q is no date; write it like 20261001", v)
	}
	return d, nil
}

// icsWorkday reports whether a summary calls a day a make-up workday.
func icsWorkday(summary string) bool {
	s := strings.ToLower(summary)
	for _, not := range []string{"non-work", "non work", "nonwork", "not a work", "no work", "不上班", "停班", "休班", "无需上班", "非工作日"} {
		if strings.Contains(s, not) {
			return false
		}
	}
	for _, word := range []string{"班", "工作日", "workday", "work day", "working day"} {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}

// MergeICS puts the days of several files together.
func MergeICS(into, more map[string]ICSDay) map[string]ICSDay {
	if into == nil {
		return maps.Clone(more)
	}
	for date, day := range more {
		if old, ok := into[date]; !ok || day.Workday && !old.Workday {
			into[date] = day
		}
	}
	return into
}
