package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"frontdesk/channels/slack/slacktest"
)

// slackPlace is where people read in Slack, and what has been shown of it.
type slackPlace struct {
	*slacktest.Channel
	with *slacktest.User // whose direct messages with the bot these are
	desk bool            // staff read there
	seen map[string]slacktest.Message
}

// lookAtSlack shows what is new in Slack, place by place: what was said, what reads
// otherwise than before, signs on messages, and what is shown to one person alone.
// It reports whether there was anything.
func (d *demo) lookAtSlack() (news bool) {
	for _, p := range d.slack.places {
		for _, m := range d.slack.Messages(p.Channel) {
			before, known := p.seen[m.TS]
			p.seen[m.TS] = m
			if !known || before.Readable != m.Readable {
				d.showMessage(p, m, before.Readable)
				news = true
			}
			for _, name := range slices.Sorted(maps.Keys(m.Reactions)) {
				if len(before.Reactions[name]) == 0 {
					fmt.Fprintf(d.out, "\n%s  on what %s wrote: %s\n", signs[name][0], d.slack.names[m.By], signs[name][1])
					news = true
				}
			}
		}
	}
	return d.lookOver() || news
}

// signs are how the bot tells an agent that the customer has got a message, or not.
var signs = map[string][2]string{"white_check_mark": {"✅", "the customer has it"}, "warning": {"⚠", "the customer has not got it"}}

// showMessage shows a message, or what it reads now otherwise than before.
func (d *demo) showMessage(p slackPlace, m slacktest.Message, before string) {
	text, header := m.Readable, d.slack.header(p, m)
	if before != "" {
		text, header = changes(before, text), header+" (the card now reads)"
	}
	if m.Ours {
		text = shortQuotes(text)
	}
	fmt.Fprintf(d.out, "\n%s  %s\n%s", p.mark(m), header, indented(text))
	d.handedOver(p, m)
}

// lookOver shows what one person alone sees: notices, and forms. In the demo
// nobody fills in forms.
func (d *demo) lookOver() (news bool) {
	s := &d.slack
	for _, u := range s.people {
		all := u.SeesEphemeral()
		for _, m := range all[s.notices[u]:] {
			fmt.Fprintf(d.out, "\n↩  Frontdesk to %s, whom alone it is shown to\n%s", s.names[u], indented(m.Readable))
			news = true
		}
		s.notices[u] = len(all)
		for _, v := range u.Views() {
			fmt.Fprintf(d.out, "\n▤  %s sees a form: %s\n%s   (In this terminal nobody can fill it in; words do the same.)\n",
				s.names[u], v.Title, indented(v.Readable+"\n["+v.Submit+"] ["+v.Close+"]"))
			u.Dismiss()
			news = true
		}
	}
	return news
}

func (p slackPlace) mark(m slacktest.Message) string {
	switch {
	case !m.Ours:
		return "✎"
	case p.desk:
		return "⚑"
	}
	return "↩"
}

// header says who wrote m, and where.
func (s *demoSlack) header(p slackPlace, m slacktest.Message) string {
	by, where := s.names[m.By], "#"+p.Name
	switch {
	case p.with == m.By:
		where = "Frontdesk, in a direct message"
	case p.with != nil:
		where = s.names[p.with] + ", in a direct message"
	case m.Thread != "":
		where += ", in the thread"
	}
	return by + " → " + where
}

// changes are the lines of after that before does not have, and behind a minus those
// that are gone; … stands for others.
func changes(before, after string) string {
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	var lines []string
	for _, l := range is {
		if slices.Contains(was, l) {
			l = "…"
		}
		if len(lines) == 0 || l != "…" || lines[len(lines)-1] != "…" {
			lines = append(lines, l)
		}
	}
	for _, l := range was {
		label, _, field := strings.Cut(l, ": ")
		if field && !strings.Contains(after, label+": ") {
			lines = append(lines, "− "+l)
		}
	}
	return strings.Join(lines, "\n")
}

// shortQuotes draws a bar before quoted lines, so that nobody takes them for an
// agent's >, and leaves out most of a long quote: it was shown where it was said.
func shortQuotes(text string) string {
	const most = 5
	lines := strings.Split(text, "\n")
	var kept []string
	quoted := 0
	for i, l := range lines {
		rest, ok := strings.CutPrefix(l, ">")
		if !ok {
			quoted = 0
		} else if quoted++; quoted > most {
			if i+1 == len(lines) || !strings.HasPrefix(lines[i+1], ">") {
				kept = append(kept, fmt.Sprintf("▎ … (%d more lines of the conversation)", quoted-most))
			}
			continue
		} else {
			l = "▎" + rest
		}
		kept = append(kept, l)
	}
	return strings.Join(kept, "\n")
}

// handedOver remembers what staff were shown, for who wants to answer the newest.
func (d *demo) handedOver(p slackPlace, m slacktest.Message) {
	if !p.desk || !m.Ours {
		return
	}
	root := m.TS
	if m.Thread != "" {
		root = m.Thread
	}
	agent := d.slack.staff[d.cfg.Staff[len(d.cfg.Staff)-1].Name]
	d.newest = func(text string) error {
		if !commandLine.MatchString(text) {
			text = "> " + text // anything else stays among colleagues
		}
		d.say(agent, p.Channel, root, text)
		return nil
	}
}
