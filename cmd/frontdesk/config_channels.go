package main

import (
	"fmt"
	"regexp"
	"time"
)

// channelTypes are the values of a channel's `type`.
var channelTypes = []string{"mail", "slack"}

// mailSnippet is a channel to paste.
const mailSnippet = "support: {type: mail, address: support@acme.example, " + imapSnippet + ", " + smtpSnippet + ", staff: escalations@acme.example}"

var channelName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

func (r *configReader) channels(v *configValue, loc *time.Location) []ChannelConfig {
	b := v.block()
	if b != nil && len(b.keys) == 0 {
		v.problem("there is no channel", "write `"+mailSnippet+"` below it")
	}
	var all []ChannelConfig
	b.each(func(name string, v *configValue) {
		if !channelName.MatchString(name) {
			v.problem(fmt.Sprintf("%q cannot be a channel's name", name), "write small letters, digits, - and _, at most 40")
		}
		all = append(all, r.channel(name, v.block(), loc))
	})
	return all
}

func (r *configReader) channel(name string, b *configBlock, loc *time.Location) ChannelConfig {
	c := ChannelConfig{Name: name, Type: b.need("type", "type: mail").oneOf(channelTypes...)}
	c.Observe = b.take("mode").oneOf("answer", "observe") == "observe"
	c.FromNow, c.Start = b.take("start").start(loc)
	if v := b.take("answer_within"); v != nil {
		c.Within = v.duration()
	}

	usual := Budget{3, 10, 5}
	if c.Type == "slack" {
		usual = Budget{60, 200, 20}
	}
	budget := b.take("budget").block()
	c.Budget = Budget{
		Hour: budget.take("hour").numberOr(usual.Hour, 1, 1000),
		Day:  budget.take("day").numberOr(usual.Day, 1, 10000),
		Talk: budget.take("talk").numberOr(usual.Talk, 1, 1000),
	}
	budget.end()

	switch {
	case b == nil: // reported
		return c
	case c.Type == "mail":
		c.Mail = r.mail(b)
	case c.Type == "slack":
		c.Slack = r.slack(name, b)
	default: // reported; nobody knows which keys belong here
		return c
	}
	b.end()
	return c
}

// start reads from when on the bot answers.
func (v *configValue) start(loc *time.Location) (fromNow bool, at time.Time) {
	if v == nil {
		return true, time.Time{}
	}
	switch s := v.text(); s {
	case "": // reported
	case "now":
		return true, time.Time{}
	case "all":
		return false, time.Time{}
	default:
		if loc == nil {
			loc = time.UTC
		}
		t, err := time.ParseInLocation(time.DateOnly, s, loc)
		if err == nil {
			return false, t
		}
		v.problem(fmt.Sprintf("there is no date %q", s), didYouMean(s, []string{"now", "all"}, "write now, all or a date like 2026-11-01"))
	}
	return true, time.Time{}
}
