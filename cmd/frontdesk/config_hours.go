package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"frontdesk/bot"
)

// hours reads the working hours. The calendar is nil if anything is wrong with
// them. Without a zone, which is reported elsewhere, they are checked in UTC.
func (r *configReader) hours(v *configValue, loc *time.Location, readFile func(string) ([]byte, error)) (bot.CalendarSpec, *bot.Calendar) {
	spec := bot.CalendarSpec{Location: loc, Days: map[string][]string{}}
	if loc == nil {
		spec.Location = time.UTC
	}
	b := v.block()
	if b == nil {
		return spec, nil
	}
	at := map[string]*configValue{} // by the path of a [bot.CalendarError]
	read := func(v *configValue, path ...string) (list []string) {
		key := strings.Join(path, ".")
		at[key] = v
		for _, item := range v.list() {
			if s := item.text(); s != "" {
				at[key+"."+strconv.Itoa(len(list))] = item
				list = append(list, s)
			}
		}
		return list
	}
	before := len(r.problems)
	days := b.need("days", `days: {mon-fri: ["09:00-17:00"]}`)
	at["days"] = days
	days.block().each(func(key string, v *configValue) { spec.Days[key] = read(v, "days", key) })
	spec.Holidays = read(b.take("holidays"), "holidays")
	spec.Workdays = read(b.take("workdays"), "workdays")
	spec.Imported = r.ics(b.take("ics"), readFile)
	b.end()

	calendar, errs := bot.NewCalendar(spec)
	for _, err := range errs {
		e, ok := errors.AsType[*bot.CalendarError](err)
		if !ok {
			v.problem(err.Error(), "")
			continue
		}
		path := strings.Join(e.Path, ".")
		if path == "days" && len(r.problems) > before {
			continue // nobody ever works, but only because the hours could not be read
		}
		message, remedy, _ := strings.Cut(e.Msg, "; ")
		cmp.Or(at[path], v).problem(message, remedy)
	}
	return spec, calendar
}

// ics reads calendar files. What is wrong in one is told at the line that names
// it, with the line in that file.
func (r *configReader) ics(v *configValue, readFile func(string) ([]byte, error)) (days map[string]bot.ICSDay) {
	for _, item := range v.list() {
		file := item.file()
		if file == "" {
			continue
		}
		data, err := readFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			item.problem("there is no file "+file, "put the calendar there, or remove the line")
			continue
		} else if err != nil {
			item.problem(fmt.Sprintf("%s cannot be read: %v", file, err), "make it readable for this program's user")
			continue
		}
		more, errs := bot.ReadICS(data, time.Now())
		for _, err := range errs {
			message, remedy, _ := strings.Cut(err.Error(), "; ")
			item.problem(file+", "+message, remedy)
		}
		days = bot.MergeICS(days, more)
	}
	return days
}
