package faq

import (
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// This file holds when and where an entry may be given: `from`, `until` and
// `channels` of the file.

// For returns the index as it is for a question in a channel at a time: entries
// that do not hold then, or are not for that channel, are not there. The others
// are matched as if they had never been, but do not answer what is clearly a
// question of theirs. The zero time and the empty name leave nothing out. It costs
// nothing where no entry has a limit.
func (x *Index) For(now time.Time, channel string) *Index {
	var hidden []bool
	for _, i := range x.limited {
		if x.entries[i].Given(now, channel) {
			continue
		}
		if hidden == nil {
			hidden = make([]bool, len(x.entries))
		}
		hidden[i] = true
	}
	if hidden == nil && x.hidden == nil {
		return x
	}
	view := *x
	view.hidden = hidden
	return &view
}

// where is the index as it is at a time and in a channel at which an entry, of this
// index or of one like it, may be given: what customers find who get it.
func (x *Index) where(e *Entry) *Index {
	if !e.limited() {
		return x
	}
	now, channel := e.From, ""
	if now.IsZero() && !e.Until.IsZero() {
		now = e.Until.Add(-1)
	}
	if len(e.Channels) > 0 {
		channel = e.Channels[0]
	}
	return x.For(now, channel)
}

// Given reports whether the entry may be given in a channel at a time. The zero
// time is any, and so is the empty name.
func (e *Entry) Given(now time.Time, channel string) bool {
	switch {
	case channel != "" && len(e.Channels) > 0 && !slices.Contains(e.Channels, channel):
		return false
	case now.IsZero():
		return true
	}
	return !now.Before(e.From) && (e.Until.IsZero() || now.Before(e.Until))
}

func (e *Entry) limited() bool {
	return len(e.Channels) > 0 || !e.From.IsZero() || !e.Until.IsZero()
}

// meets reports whether there is a channel and a time at which both entries may be
// given. Two that never meet may have the same questions: the hours of the
// holidays and those of the rest of the year.
func (e *Entry) meets(o *Entry) bool {
	if !e.Until.IsZero() && !o.From.Before(e.Until) || !o.Until.IsZero() && !e.From.Before(o.Until) {
		return false
	}
	return len(e.Channels) == 0 || len(o.Channels) == 0 ||
		slices.ContainsFunc(e.Channels, func(c string) bool { return slices.Contains(o.Channels, c) })
}

// date reads a day, or a minute, in the company's zone. end: a day means its end.
func (r *reader) date(n ast.Node, what string, end bool) time.Time {
	s, ok := r.text(n, what)
	if !ok {
		return time.Time{}
	}
	zone := r.options.Location
	if zone == nil {
		zone = time.UTC
	}
	if t, err := time.ParseInLocation("2006-01-02", s, zone); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
	if err != nil {
		r.problem(n, fmt.Sprintf("%s: %q is no date", what, s), "write it like 2026-10-01 or 2026-10-01 09:00")
	}
	return t
}

func (r *reader) channels(n ast.Node) []string {
	names := r.texts(n, "channels")
	for _, name := range names {
		if len(r.options.Channels) > 0 && !slices.Contains(r.options.Channels, name) {
			r.problem(n, fmt.Sprintf("there is no channel %s", name), didYouMean(name, r.options.Channels, "write the name that it has below `channels` in the configuration"))
		}
	}
	return names
}
