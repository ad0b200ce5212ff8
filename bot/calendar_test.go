package bot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func calZone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func calMust(t testing.TB, spec CalendarSpec) *Calendar {
	t.Helper()
	c, errs := NewCalendar(spec)
	for _, err := range errs {
		t.Error(err)
	}
	if c == nil {
		t.FailNow()
	}
	return c
}

// calAt reads "2026-11-25 15:00" in c's zone.
func calAt(t testing.TB, c *Calendar, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, c.Location())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func calStr(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02 15:04")
}

// calOffice has a lunch break, the week of 1 October 2026 off, and Saturday
// 10 October to make up for it.
func calOffice(t testing.TB) *Calendar {
	return calMust(t, CalendarSpec{
		Location: calZone(t, "Asia/Shanghai"),
		Days:     map[string][]string{"mon-fri": {"09:00-12:00", "13:00-17:00"}},
		Holidays: []string{"2026-10-01..2026-10-07"},
		Workdays: []string{"2026-10-10"},
	})
}

func TestCalendarOffice(t *testing.T) {
	c := calOffice(t)
	// 2026-11-25 is a Wednesday.
	for _, tt := range []struct {
		t     string
		open  bool
		next  string
		hours float64
		add   string
	}{
		{"2026-11-25 09:00", true, "2026-11-25 09:00", 3, "2026-11-25 12:00"}, // closing time, not 13:00
		{"2026-11-25 09:00", true, "2026-11-25 09:00", 4, "2026-11-25 14:00"},
		{"2026-11-25 12:00", false, "2026-11-25 13:00", 1, "2026-11-25 14:00"},
		{"2026-11-25 16:00", true, "2026-11-25 16:00", 2, "2026-11-26 10:00"},
		{"2026-11-25 17:00", false, "2026-11-26 09:00", 7, "2026-11-26 17:00"},
		{"2026-11-27 16:30", true, "2026-11-27 16:30", 1, "2026-11-30 09:30"}, // over the weekend
		{"2026-11-28 11:00", false, "2026-11-30 09:00", 0, "2026-11-28 11:00"},
		{"2026-09-30 17:00", false, "2026-10-08 09:00", 1, "2026-10-08 10:00"}, // holidays
		{"2026-10-09 16:00", true, "2026-10-09 16:00", 2, "2026-10-10 10:00"},  // make-up Saturday has Monday's hours
		{"1969-12-30 10:00", true, "1969-12-30 10:00", 1, "1969-12-30 11:00"},  // before the epoch
		{"2026-10-10 17:00", false, "2026-10-12 09:00", 14, "2026-10-13 17:00"},
	} {
		at := calAt(t, c, tt.t)
		if got := c.Open(at); got != tt.open {
			t.Errorf("Open(%s) = %v", tt.t, got)
		}
		if next, ok := c.NextOpen(at); !ok || calStr(next) != tt.next {
			t.Errorf("NextOpen(%s) = %s, %v; want %s", tt.t, calStr(next), ok, tt.next)
		}
		working := time.Duration(tt.hours * float64(time.Hour))
		got, ok := c.Add(at, working)
		if !ok || calStr(got) != tt.add {
			t.Errorf("Add(%s, %v) = %s, %v; want %s", tt.t, working, calStr(got), ok, tt.add)
		}
		if b := c.Between(at, got); b != working {
			t.Errorf("Between(%s, %s) = %v; want %v", tt.t, calStr(got), b, working)
		}
		if b := c.Between(got, at); b != -working {
			t.Errorf("Between(%s, %s) = %v; want %v", calStr(got), tt.t, b, -working)
		}
	}
}

func TestCalendarClosed(t *testing.T) {
	c := calOffice(t)
	for _, tt := range []struct{ t, from, to string }{
		{"2026-11-25 12:00", "2026-11-25 12:00", "2026-11-25 13:00"},
		{"2026-11-25 17:00", "2026-11-25 17:00", "2026-11-26 09:00"},
		{"2026-11-26 08:59", "2026-11-25 17:00", "2026-11-26 09:00"},
		{"2026-11-29 03:00", "2026-11-27 17:00", "2026-11-30 09:00"},
		{"2026-10-04 12:00", "2026-09-30 17:00", "2026-10-08 09:00"},
	} {
		from, to, closed := c.Closed(calAt(t, c, tt.t))
		if !closed || calStr(from) != tt.from || calStr(to) != tt.to {
			t.Errorf("Closed(%s) = %s, %s, %v; want %s, %s", tt.t, calStr(from), calStr(to), closed, tt.from, tt.to)
		}
	}
	if from, to, closed := c.Closed(calAt(t, c, "2026-11-25 09:00")); closed || !from.IsZero() || !to.IsZero() {
		t.Errorf("Closed while open = %v, %v, %v", from, to, closed)
	}
}

func TestCalendarNeverOpensAgain(t *testing.T) {
	c := calMust(t, CalendarSpec{
		Location: time.UTC,
		Days:     map[string][]string{"mon": {"09:00-17:00"}},
		Holidays: []string{"2027-01-01..2027-12-31", "2028-01-01..2028-12-31", "2029-01-01..2029-12-31"},
	})
	last := calAt(t, c, "2026-12-28 16:00") // the last Monday
	if at, ok := c.Add(last, time.Hour); !ok || calStr(at) != "2026-12-28 17:00" {
		t.Errorf("Add in the last hour = %s, %v", calStr(at), ok)
	}
	if at, ok := c.Add(last, 2*time.Hour); ok {
		t.Errorf("Add past the last hour = %s", calStr(at))
	}
	from, to, closed := c.Closed(calAt(t, c, "2027-05-01 00:00"))
	if !closed || calStr(from) != "2026-12-28 17:00" || !to.IsZero() {
		t.Errorf("Closed = %s, %s, %v", calStr(from), calStr(to), closed)
	}
	middle := calAt(t, c, "2028-03-01 00:00")
	if next, ok := c.NextOpen(middle); ok {
		t.Errorf("NextOpen = %s", calStr(next))
	}
	if from, to, closed := c.Closed(middle); !closed || !from.IsZero() || calStr(to) != "-" {
		t.Errorf("Closed = %s, %s, %v; want unbounded", calStr(from), calStr(to), closed)
	}
	if _, ok := c.Add(calAt(t, c, "2026-01-01 00:00"), 100000*time.Hour); ok {
		t.Error("Add of 100000 h should be refused")
	}
}

func TestCalendarDaylightSaving(t *testing.T) {
	for _, tt := range []struct {
		zone, hours, date string
		want              time.Duration
	}{
		{"America/New_York", "01:00-04:00", "2026-03-07", 3 * time.Hour}, // an ordinary day
		{"America/New_York", "01:00-04:00", "2026-03-08", 2 * time.Hour}, // 02:00 → 03:00
		{"America/New_York", "01:00-04:00", "2026-11-01", 4 * time.Hour}, // 02:00 → 01:00
		{"America/New_York", "02:00-04:00", "2026-03-08", 1 * time.Hour}, // opens at the jump
		{"America/New_York", "00:00-02:00", "2026-03-08", 2 * time.Hour}, // closes at the jump
		{"America/New_York", "02:10-02:50", "2026-03-08", 0},             // never comes
		{"America/New_York", "01:15-01:45", "2026-11-01", 1 * time.Hour}, // comes twice
		{"Europe/Berlin", "01:00-04:00", "2026-03-29", 2 * time.Hour},
		{"Europe/Berlin", "02:00-04:00", "2026-10-25", 3 * time.Hour},
		{"Australia/Lord_Howe", "01:00-04:00", "2026-10-04", 150 * time.Minute},
		{"Australia/Lord_Howe", "01:00-04:00", "2026-04-05", 210 * time.Minute},
		{"Asia/Shanghai", "01:00-04:00", "2026-03-29", 3 * time.Hour},
	} {
		c := calMust(t, CalendarSpec{Location: calZone(t, tt.zone), Days: map[string][]string{"mon-sun": {tt.hours}}})
		from := calAt(t, c, tt.date+" 00:00")
		if got := c.Between(from, from.AddDate(0, 0, 1)); got != tt.want {
			t.Errorf("%s %s %s lasts %v, want %v", tt.zone, tt.date, tt.hours, got, tt.want)
		}
	}
}

// calOracle knows opening hours minute by minute, from what the wall clock
// shows. It holds the whole minutes [from, from+len) and shares no arithmetic
// with Calendar.
type calOracle struct {
	from time.Time
	open []bool
}

func newCalOracle(spec CalendarSpec, from time.Time, days int) calOracle {
	week := map[time.Weekday][]string{}
	for d := time.Sunday; d <= time.Saturday; d++ {
		week[d] = spec.Days[strings.ToLower(d.String()[:3])]
	}
	var normal []string
	for _, d := range []time.Weekday{1, 2, 3, 4, 5, 6, 0} {
		if len(week[d]) > 0 {
			normal = week[d]
			break
		}
	}
	o := calOracle{from: from, open: make([]bool, days*24*60)}
	for i := range o.open {
		local := from.Add(time.Duration(i) * time.Minute).In(spec.Location)
		hours := week[local.Weekday()]
		switch date := local.Format(time.DateOnly); {
		case slices.Contains(spec.Holidays, date):
			hours = nil
		case slices.Contains(spec.Workdays, date) && len(hours) == 0:
			hours = normal
		}
		now := local.Format("15:04")
		for _, h := range hours {
			first, last, _ := strings.Cut(h, "-")
			if first <= now && now < last {
				o.open[i] = true
			}
		}
	}
	return o
}

func (o calOracle) at(i int) time.Time { return o.from.Add(time.Duration(i) * time.Minute) }

func calRandomSpec(r *rand.Rand, loc *time.Location, from time.Time) CalendarSpec {
	spec := CalendarSpec{Location: loc, Days: map[string][]string{}}
	for len(spec.Days) == 0 {
		for _, d := range calWeekdayKeys {
			if r.IntN(3) == 0 {
				continue
			}
			var cuts []int
			for range 2 * (1 + r.IntN(3)) {
				if m := r.IntN(24*60 + 1); r.IntN(2) == 0 {
					cuts = append(cuts, m)
				} else { // near the hours at which clocks change, and at midnight
					cuts = append(cuts, []int{0, 24 * 60, 60, 90, 120, 150, 180, 240, 540, 1020}[r.IntN(10)])
				}
			}
			slices.Sort(cuts)
			for i := 0; i+1 < len(cuts); i += 2 {
				if cuts[i] < cuts[i+1] {
					spec.Days[d] = append(spec.Days[d], calClock(cuts[i])+"-"+calClock(cuts[i+1]))
				}
			}
		}
	}
	for i := range 12 {
		date := from.AddDate(0, 0, i).Format(time.DateOnly)
		switch r.IntN(6) {
		case 0:
			spec.Holidays = append(spec.Holidays, date)
		case 1:
			spec.Workdays = append(spec.Workdays, date)
		}
	}
	return spec
}

func TestCalendarAgainstOracle(t *testing.T) {
	starts := map[string][]string{ // a window of 12 days around each change of clocks, and an ordinary one
		"Asia/Shanghai":       {"2026-09-28", "2026-12-25"},
		"Europe/Berlin":       {"2026-03-24", "2026-10-20", "2026-06-01"},
		"America/New_York":    {"2026-03-03", "2026-10-27", "2026-06-01"},
		"Australia/Lord_Howe": {"2026-04-01", "2026-09-30", "2026-06-01"},
	}
	for zone, dates := range starts {
		t.Run(zone, func(t *testing.T) {
			loc := calZone(t, zone)
			r := rand.New(rand.NewPCG(20261125, 7))
			for round := range 12 {
				from, _ := time.ParseInLocation(time.DateOnly, dates[round%len(dates)], loc)
				spec := calRandomSpec(r, loc, from)
				calCompare(t, r, spec, newCalOracle(spec, from, 12))
			}
		})
	}
}

func calCompare(t *testing.T, r *rand.Rand, spec CalendarSpec, o calOracle) {
	t.Helper()
	c := calMust(t, spec)
	bad := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("%s\nspec: %v\nholidays %v workdays %v", fmt.Sprintf(format, args...), spec.Days, spec.Holidays, spec.Workdays)
	}
	for i, open := range o.open {
		second := o.at(i).Add(time.Duration(r.IntN(60)) * time.Second)
		if c.Open(second) != open {
			bad("Open(%v) = %v", second.In(spec.Location), !open)
		}
	}
	for range 200 {
		i, j := r.IntN(len(o.open)), r.IntN(len(o.open))
		if i > j {
			i, j = j, i
		}
		a := o.at(i)

		minutes := 0
		for _, open := range o.open[i:j] {
			if open {
				minutes++
			}
		}
		if got := c.Between(a, o.at(j)); got != time.Duration(minutes)*time.Minute {
			bad("Between(%v, %v) = %v, want %d min", a, o.at(j), got, minutes)
		}

		if k := slices.Index(o.open[i:], true); k >= 0 {
			if got, ok := c.NextOpen(a); !ok || !got.Equal(o.at(i+k)) {
				bad("NextOpen(%v) = %v, %v, want %v", a, got, ok, o.at(i+k))
			}
			if first := max(slices.Index(o.open, true), 0); k > 0 && first < i {
				last := i
				for !o.open[last-1] {
					last--
				}
				if from, to, closed := c.Closed(a); !closed || !from.Equal(o.at(last)) || !to.Equal(o.at(i+k)) {
					bad("Closed(%v) = %v, %v, %v, want %v, %v", a, from, to, closed, o.at(last), o.at(i+k))
				}
			}
		}

		working, end := 1+r.IntN(20*60), -1
		for k, left := i, working; k < len(o.open); k++ {
			if o.open[k] {
				if left--; left == 0 {
					end = k + 1
					break
				}
			}
		}
		if end >= 0 {
			got, ok := c.Add(a, time.Duration(working)*time.Minute)
			if !ok || !got.Equal(o.at(end)) {
				bad("Add(%v, %d min) = %v, %v, want %v", a, working, got, ok, o.at(end))
			}
		}
	}
}

func TestCalendarErrors(t *testing.T) {
	_, errs := NewCalendar(CalendarSpec{
		Days: map[string][]string{
			"mon-fri": {"09:00-12:00", "11:00-17:00", "17:00-9:00", "9-5", "10:00-10:00", "9:00–17:00", "20:00-24:01"},
			"fri":     {"09:00-10:00"},
			"monday":  {"09:00-10:00"},
			"sat,sat": nil,
		},
		Holidays: []string{"1 Oct", "2026-10-07..2026-10-01", "2026-10-01..2062-10-07", "2026-10-10"},
		Workdays: []string{"2026-10-09..2026-10-11", "2026-02-29"},
	})
	want := []string{
		`location: there is no time zone; write one like Asia/Shanghai`,
		`days.mon-fri.1: 11:00-17:00 overlaps 09:00-12:00; write one interval, or two that do not overlap`,
		`days.mon-fri.2: "17:00-9:00" ends before it begins; hours over midnight are two intervals, 17:00-24:00 on this day and 00:00-09:00 on the next`,
		`days.mon-fri.3: "9-5" is no interval; write it like 09:00-17:00, with a plain hyphen and hours from 00:00 to 24:00`,
		`days.mon-fri.4: "10:00-10:00" has no length; for a whole day write 00:00-24:00, for a closed one leave it out`,
		`days.mon-fri.5: "9:00–17:00" is no interval; write it like 09:00-17:00, with a plain hyphen and hours from 00:00 to 24:00`,
		`days.mon-fri.6: "20:00-24:01" is no interval; write it like 09:00-17:00, with a plain hyphen and hours from 00:00 to 24:00`,
		`days.mon-fri: fri is already given by "fri"; write each day once`,
		`days.monday: "monday" is no weekday; write mon tue wed thu fri sat sun, a range like mon-fri, or a list like mon,wed`,
		`days.sat,sat: sat is in it twice; write each day once`,
		`holidays.0: "1 Oct" is no date; write 2026-10-01, or 2026-10-01..2026-10-07`,
		`holidays.1: "2026-10-07..2026-10-01" ends before it begins; write the earlier date first`,
		`holidays.2: "2026-10-01..2062-10-07" is longer than a year; check the years`,
		`workdays.0: 2026-10-10 is a holiday too; leave it in one of the two lists`,
		`workdays.1: "2026-02-29" is no date; write 2026-10-01, or 2026-10-01..2026-10-07`,
	}
	var got []string
	for _, err := range errs {
		if _, ok := err.(*CalendarError); !ok {
			t.Errorf("%T is no *CalendarError", err)
		}
		got = append(got, err.Error())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	c, errs := NewCalendar(CalendarSpec{Location: time.UTC, Days: map[string][]string{"sun": {}}})
	if c != nil || len(errs) != 1 || !strings.Contains(errs[0].Error(), "nobody ever works") {
		t.Errorf("no hours: %v, %v", c, errs)
	}
}

func TestCalendarDescribe(t *testing.T) {
	for _, tt := range []struct {
		days   map[string][]string
		zh, en string
	}{
		{map[string][]string{"mon-fri": {"9:00-17:00"}}, "周一至周五 09:00–17:00", "Mon–Fri 09:00–17:00"},
		{map[string][]string{"mon-fri": {"13:00-17:00", "09:00-12:00"}, "sat": {"10:00-14:00"}},
			"周一至周五 09:00–12:00、13:00–17:00\uff1b周六 10:00–14:00", "Mon–Fri 09:00–12:00, 13:00–17:00; Sat 10:00–14:00"},
		{map[string][]string{"sat-mon": {"00:00-24:00"}, "Wed": {"08:00-24:00"}}, "周一、周六、周日 全天\uff1b周三 08:00–24:00", "Mon, Sat, Sun all day; Wed 08:00–24:00"},
		{map[string][]string{"mon-wed, sat": {"09:00-17:00"}, "thu,fri": {"09:00-12:00"}}, "周一至周三、周六 09:00–17:00\uff1b周四、周五 09:00–12:00", "Mon–Wed, Sat 09:00–17:00; Thu, Fri 09:00–12:00"},
		{map[string][]string{"sun-sat": {"00:00-24:00"}}, "每天 全天", "every day all day"},
	} {
		c := calMust(t, CalendarSpec{Location: time.UTC, Days: tt.days})
		if got := c.Describe("zh"); got != tt.zh {
			t.Errorf("zh %q, want %q", got, tt.zh)
		}
		if got := c.Describe("en"); got != tt.en {
			t.Errorf("en %q, want %q", got, tt.en)
		}
	}
}

func TestFormatTime(t *testing.T) {
	loc := calZone(t, "Asia/Shanghai")
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, loc)
	for _, tt := range []struct {
		t            time.Time
		lang, expect string
	}{
		{time.Date(2026, 11, 25, 15, 0, 0, 0, loc), "zh", "11月25日(周三)15:00"},
		{time.Date(2026, 11, 25, 15, 0, 0, 0, loc), "en", "Wed 25 Nov, 15:00"},
		{time.Date(2027, 1, 4, 9, 0, 0, 0, loc), "zh-CN", "2027年1月4日(周一)09:00"},
		{time.Date(2027, 1, 4, 9, 0, 0, 0, loc), "en", "Mon 4 Jan 2027, 09:00"},
		{time.Date(2026, 12, 31, 20, 0, 0, 0, time.UTC), "en", "Fri 1 Jan 2027, 04:00"}, // the year is the reader's
	} {
		if got := FormatTime(tt.t, tt.lang, loc, now); got != tt.expect {
			t.Errorf("FormatTime(%v, %s) = %q, want %q", tt.t, tt.lang, got, tt.expect)
		}
	}
}

func TestRoundUp(t *testing.T) {
	loc := calZone(t, "Asia/Kathmandu") // +05:45
	at := func(h, m, s, ns int) time.Time { return time.Date(2026, 11, 25, h, m, s, ns, loc) }
	for _, tt := range []struct{ in, want time.Time }{
		{at(15, 0, 0, 0), at(15, 0, 0, 0)},
		{at(15, 0, 0, 1), at(15, 5, 0, 0)},
		{at(15, 3, 27, 0), at(15, 5, 0, 0)},
		{at(16, 59, 59, 999), at(17, 0, 0, 0)},
		{at(23, 56, 0, 0), at(24, 0, 0, 0)},
		{time.Unix(-1, 0), time.Unix(0, 0)},
	} {
		if got := RoundUp(tt.in, loc); !got.Equal(tt.want) || got.Location() != loc {
			t.Errorf("RoundUp(%v) = %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestPromiseNeverPastClosing(t *testing.T) {
	c := calMust(t, CalendarSpec{Location: time.UTC, Days: map[string][]string{"mon-fri": {"09:00-17:02"}}})
	for _, tt := range []struct {
		from string
		add  time.Duration
		want string
	}{
		{"2026-11-25 15:01", time.Hour, "2026-11-25 16:05"},
		{"2026-11-25 16:00", 61 * time.Minute, "2026-11-25 17:02"},
		{"2026-11-25 16:00", 62 * time.Minute, "2026-11-25 17:02"},
		{"2026-11-25 16:00", 63 * time.Minute, "2026-11-26 09:05"},
	} {
		if got, ok := c.Promise(calAt(t, c, tt.from), tt.add); !ok || calStr(got) != tt.want {
			t.Errorf("Promise(%s, %v) = %s, %v; want %s", tt.from, tt.add, calStr(got), ok, tt.want)
		}
	}
}

func BenchmarkCalendarAdd(b *testing.B) {
	c := calOffice(b)
	at := calAt(b, c, "2026-09-30 16:00")
	b.ReportAllocs()
	for b.Loop() {
		c.Add(at, 40*time.Hour)
	}
}
