package bot

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var icsNow = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func TestReadICS(t *testing.T) {
	data, err := os.ReadFile("testdata/ics/holidays.ics")
	if err != nil {
		t.Fatal(err)
	}
	days, errs := ReadICS(append([]byte("\xef\xbb\xbf"), data...), icsNow)
	if errs != nil {
		t.Fatal(errs)
	}
	var got []string
	for date, d := range days {
		if date >= "2026-01-01" && date < "2028-01-01" {
			got = append(got, fmt.Sprintf("%s %t %s", date, d.Workday, d.Name))
		}
	}
	slices.Sort(got)
	want := []string{
		"2026-05-01 false Labour Day",
		"2026-10-01 false 国庆节, 休", "2026-10-02 false 国庆节, 休", "2026-10-03 false 国庆节, 休", "2026-10-04 false 国庆节, 休",
		"2026-10-05 false 国庆节, 休", "2026-10-06 false 国庆节, 休", "2026-10-07 false 国庆节, 休",
		"2026-10-10 true 国庆节 补班",
		"2026-11-26 false Thanksgiving", "2026-11-27 false Thanksgiving",
		"2026-12-19 true Working day instead of the 24th",
		"2026-12-24 false Non-working day", "2026-12-31 false Non-working day",
		"2027-01-01 false 元旦",
		"2027-05-03 false Labour Day (moved)",
		"2027-11-25 false Thanksgiving", "2027-11-26 false Thanksgiving",
	}
	if !slices.Equal(got, want) {
		t.Errorf("days\n got  %q\n want %q", got, want)
	}

	// The lists of the configuration have the last word; 10 October is a Saturday.
	shanghai := calZone(t, "Asia/Shanghai")
	cal := calMust(t, CalendarSpec{Location: shanghai, Days: map[string][]string{"mon-thu": {"09:00-17:00"}, "fri": {"09:00-12:00"}}, Imported: days,
		Holidays: []string{"2026-12-19"}, Workdays: []string{"2026-10-02", "2026-10-05"}})
	for _, tt := range []struct {
		at   string
		open bool
	}{
		{"2026-09-30 10:00", true}, {"2026-10-01 10:00", false}, {"2026-10-07 10:00", false}, {"2026-10-08 10:00", true},
		{"2026-10-10 16:00", true}, // a make-up workday has Monday's hours
		{"2026-10-17 10:00", false},
		{"2026-12-19 10:00", false}, {"2026-10-05 16:00", true},
		{"2026-10-02 11:00", true}, {"2026-10-02 16:00", false}, // a workday again, with its own hours
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", tt.at, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		if cal.Open(at) != tt.open {
			t.Errorf("open at %s: %t, want %t", tt.at, !tt.open, tt.open)
		}
	}
}

func TestICSWorkday(t *testing.T) {
	for summary, want := range map[string]bool{
		"班": true, "国庆节 补班": true, "调休上班": true, "工作日": true, "Workday": true, "Make-up working day": true, "春节（班）": true,
		"": false, "国庆节": false, "国庆节 休": false, "调休": false, "Christmas": false,
		"Non-working day": false, "non working day": false, "Not a working day": false, "不上班": false, "颱風停班停課": false, "非工作日": false,
	} {
		if got := icsWorkday(summary); got != want {
			t.Errorf("%q: %t, want %t", summary, got, want)
		}
	}
}

func TestReadICSMistakes(t *testing.T) {
	event := func(lines ...string) string {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "line 1: this is not iCalendar: the file ends too early"},
		{"a page", "<html>\n<body>\n", "line 1: this is not iCalendar"},
		{"another encoding", "BEGIN:VCALENDAR\nX:\xb9\xfa\xc7\xec\n", "line 2: this is not UTF-8"},
		{"cut off", "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261001\n", "line 4: this is not iCalendar: the file ends too early"},
		{"no colon", event("DTSTART;VALUE=DATE:20261001", "SUMMARY", "UID:1"), "line 5: this is not iCalendar: malformed content line"},
		{"a quote that makes the library panic", event("UID:1", `X;Y="a"b:c`), "line 5: this cannot be understood"},
		{"no events", "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", "line 1: there is no all-day event in it, of 0 events"},
		{"only meetings", event("DTSTART:20261001T090000Z"), "line 1: there is no all-day event in it, of 1 events"},
		{"no start", event("SUMMARY:x"), "line 3: this event has no DTSTART"},
		{"no date", event("DTSTART;VALUE=DATE:20260230"), `line 3: DTSTART of this event: "20260230" is no date`},
		{"ends before it begins", event("DTSTART;VALUE=DATE:20261001", "DTEND;VALUE=DATE:20260930"), "line 3: this event ends before it begins"},
		{"too long", event("DTSTART;VALUE=DATE:20261001", "DTEND;VALUE=DATE:20371001"), "line 3: this event is longer than a year"},
		{"half a day", event("DTSTART;VALUE=DATE:20261001", "DURATION:PT12H"), "line 3: DURATION"},
		{"every hour", event("DTSTART;VALUE=DATE:20261001", "RRULE:FREQ=HOURLY"), "line 3: RRULE"},
		{"no rule", event("DTSTART;VALUE=DATE:20261001", "RRULE:whenever"), "line 3: RRULE"},
		{"no exception", event("DTSTART;VALUE=DATE:20261001", "EXDATE:never"), "line 3: EXDATE"},
		{"something behind it", event("DTSTART;VALUE=DATE:20261001") + "\r\nmore\r\n", "line 8: this is not iCalendar"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			days, errs := ReadICS([]byte(tt.text), icsNow)
			if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), tt.want) || days != nil {
				t.Errorf("got %v and %v, want %q", errs, days, tt.want)
			}
		})
	}
	two := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:1\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20269999\nEND:VEVENT\nEND:VCALENDAR\n"
	if _, errs := ReadICS([]byte(two), icsNow); len(errs) != 2 || !strings.HasPrefix(errs[0].Error(), "line 2:") || !strings.HasPrefix(errs[1].Error(), "line 7:") {
		t.Errorf("%v, want both mistakes with the lines of their events", errs)
	}
	// Two calendars in one file, as some programs export them.
	both := event("DTSTART;VALUE=DATE:20261001") + "\r\n" + event("DTSTART;VALUE=DATE:20261002")
	if days, errs := ReadICS([]byte(both), icsNow); errs != nil || len(days) != 2 {
		t.Errorf("two calendars: %v, %v", days, errs)
	}
}

func FuzzReadICS(f *testing.F) {
	data, err := os.ReadFile("testdata/ics/holidays.ics")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Add("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261001\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\nEND:VCALENDAR\n")
	f.Add("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;X=\"a\"b:1\nEND:VEVENT\nEND:VCALENDAR\n")
	f.Fuzz(func(t *testing.T, text string) {
		days, errs := ReadICS([]byte(text), icsNow)
		if (errs == nil) == (days == nil) {
			t.Errorf("days %v and errors %v", days, errs)
		}
		for date := range days {
			if _, err := time.Parse(time.DateOnly, date); err != nil {
				t.Errorf("%q is no date", date)
			}
		}
	})
}
