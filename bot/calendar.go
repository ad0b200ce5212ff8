package bot

import (
	"iter"
	"math"
	"time"
)

// Calendar is a working calendar: weekly hours in a time zone, holidays, and
// make-up workdays (调休). It is immutable and safe for concurrent use; make
// one with [NewCalendar].
//
// The rule behind every method: the desk is open at an instant when a clock on
// the wall in the calendar's zone then shows a time inside that date's hours;
// from the opening minute, up to but not including the closing one. Working
// time is real elapsed time while open. Daylight saving follows from that:
// 01:00–04:00 lasts 2 h on a night that skips an hour and 4 h on a night that
// repeats one. Hours that begin or end at a time that is skipped begin or end
// at the jump, and a time that comes twice counts twice. (time.Date would move
// a skipped 02:00 back to 01:00 in some zones, and open an hour early.)
//
// Results are in the calendar's zone.
type Calendar struct {
	loc  *time.Location
	week [7][]Interval        // by time.Weekday, each day's in order
	days map[int64][]Interval // by date (days since 1970-01-01): no hours on holidays, borrowed hours on make-up days
}

// Interval is a part of one day, in minutes since local midnight:
// 0 <= From < To <= 24*60. To is not part of it.
type Interval struct{ From, To int }

const (
	calDay = 24 * time.Hour

	// calMaxClosed is how long a closure may last before the calendar counts as
	// never opening: a year and a long holiday.
	calMaxClosed = 400 * calDay

	// calMaxAhead bounds Add. A promise that far away is a mistake in the configuration.
	calMaxAhead = 3660 * calDay
)

// Location is the zone the hours are in; never nil.
func (c *Calendar) Location() *time.Location { return c.loc }

// Open reports whether somebody is at work at t.
func (c *Calendar) Open(t time.Time) bool {
	for range c.open(t, t.Add(1)) {
		return true
	}
	return false
}

// NextOpen is t itself when open, otherwise the next opening.
// It is false when there is none within 400 days.
func (c *Calendar) NextOpen(t time.Time) (time.Time, bool) {
	for s := range c.open(t, t.Add(calMaxClosed)) {
		return s.from.In(c.loc), true
	}
	return time.Time{}, false
}

// Add is the instant at which the given working time has elapsed, counting
// only open time from t. When that is exactly at closing time, it is that
// closing time and not the next opening, since a promise for 17:00 is what
// people expect to read. Add of nothing, or less, is t, open or not.
//
// It is false when the calendar does not open for 400 days on the way, or
// when the answer lies more than ten years ahead.
//
// Between(t, Add(t, d)) == d for every d that is not negative.
func (c *Calendar) Add(t time.Time, working time.Duration) (time.Time, bool) {
	at, _, ok := c.add(t, working)
	return at, ok
}

// Promise is Add rounded up for people (see [RoundUp]), but never past the
// closing time of the hours it falls in: closing at 17:02, it says 17:02.
func (c *Calendar) Promise(t time.Time, working time.Duration) (time.Time, bool) {
	at, closing, ok := c.add(t, working)
	if !ok {
		return time.Time{}, false
	}
	at = RoundUp(at, c.loc)
	if !closing.IsZero() && at.After(closing) {
		at = closing
	}
	return at, true
}

// add also returns when the hours that the result falls in end; zero when
// there was nothing to add.
func (c *Calendar) add(t time.Time, working time.Duration) (at, closing time.Time, ok bool) {
	if working <= 0 {
		return t.In(c.loc), time.Time{}, true
	}
	last := t
	for s := range c.open(t, t.Add(calMaxAhead)) {
		if s.from.Sub(last) > calMaxClosed {
			break
		}
		if d := s.to.Sub(s.from); working > d {
			working -= d
			last = s.to
			continue
		}
		return s.from.Add(working).In(c.loc), s.to.In(c.loc), true
	}
	return time.Time{}, time.Time{}, false
}

// Between is the working time from a to b; negative when b is before a.
func (c *Calendar) Between(a, b time.Time) time.Duration {
	if b.Before(a) {
		return -c.Between(b, a)
	}
	var sum time.Duration
	for s := range c.open(a, b) {
		d := s.to.Sub(s.from)
		if sum > math.MaxInt64-d {
			return math.MaxInt64 // centuries: somebody passed a zero time
		}
		sum += d
	}
	return sum
}

// Closed returns the closed period that t is in: from the closing before it to
// the opening after it. It is the same for every t in one such period, which
// makes from a name for it ("one receipt per closed period"). A lunch break is
// a closed period too. from or to is zero when there is no open time within
// 400 days on that side; closed is false, and both are zero, when t is open.
func (c *Calendar) Closed(t time.Time) (from, to time.Time, closed bool) {
	if c.Open(t) {
		return time.Time{}, time.Time{}, false
	}
	for back := calDay; back <= calMaxClosed && from.IsZero(); back += calDay {
		for s := range c.open(t.Add(-back), t.Add(calDay-back)) {
			from = s.to.In(c.loc)
		}
	}
	to, _ = c.NextOpen(t)
	return from, to, true
}

type calSpan struct{ from, to time.Time }

// open yields the open time within [a, b), in order. Spans never overlap, but
// may touch: hours that end at midnight and go on are two.
//
// It goes from one change of the zone's offset to the next. Between two
// changes the wall clock is simple arithmetic, so no time that is skipped or
// repeated ever has to be resolved.
func (c *Calendar) open(a, b time.Time) iter.Seq[calSpan] {
	return func(yield func(calSpan) bool) {
		for a.Before(b) {
			local := a.In(c.loc)
			_, offset := local.Zone()
			_, end := local.ZoneBounds()
			if end.IsZero() || end.After(b) {
				end = b
			}
			for date := calDateOf(a, offset); ; date++ {
				midnight := date*86400 - int64(offset)
				if midnight > end.Unix() {
					break
				}
				for _, h := range c.hours(date) {
					s := calSpan{time.Unix(midnight+int64(h.From)*60, 0), time.Unix(midnight+int64(h.To)*60, 0)}
					if s.from.Before(a) {
						s.from = a
					}
					if s.to.After(end) {
						s.to = end
					}
					if s.from.Before(s.to) && !yield(s) {
						return
					}
				}
			}
			a = end
		}
	}
}

// hours are those of a date, given as days since 1970-01-01 (a Thursday).
func (c *Calendar) hours(date int64) []Interval {
	if h, ok := c.days[date]; ok {
		return h
	}
	return c.week[((date+4)%7+7)%7]
}

// calDateOf is the date on the wall at t, where clocks are offset seconds ahead of UTC.
func calDateOf(t time.Time, offset int) int64 {
	s := t.Unix() + int64(offset)
	if s < 0 {
		s -= 86399 // round down, also before 1970
	}
	return s / 86400
}

// RoundUp moves t up to the next full five minutes on the wall clock of loc,
// so that people are promised 15:05 and not 15:03:27. A t that is on one stays.
//
// It knows no hours. It is monotonic, so that a time not after closing stays
// not after closing as long as closing is itself on five minutes; for any
// other closing use [Calendar.Promise], which never goes past it.
func RoundUp(t time.Time, loc *time.Location) time.Time {
	t = t.In(loc)
	_, offset := t.Zone()
	const step = 300
	s := t.Unix() + int64(offset)
	if t.Nanosecond() > 0 {
		s++
	}
	s += (step - (s%step+step)%step) % step
	return time.Unix(s-int64(offset), 0).In(loc)
}
