package bot

import (
	"cmp"
	"maps"
	"strconv"
	"strings"

	"frontdesk/bot/extract"
	"frontdesk/faq"
)

// choice returns which offered entry the message names.
func choice(s *Situation) (string, bool) {
	t := strings.Trim(strings.ToLower(strings.TrimSpace(s.Text)), " .。!！、)）(（#第个條条號号")
	t = strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, t)
	if n, err := strconv.Atoi(t); err == nil && n >= 1 && n <= len(s.Memory.Offered) {
		return s.Memory.Offered[n-1], true
	}
	for i, words := range [][]string{{"一", "first", "the first"}, {"二", "second", "the second"}, {"三", "third", "the third"}} {
		for _, w := range words {
			if t == w && i < len(s.Memory.Offered) {
				return s.Memory.Offered[i], true
			}
		}
	}
	for _, w := range []string{"都不是", "none of these", "none", "neither", "no", "不是"} {
		if t == w {
			return "", true
		}
	}
	for _, id := range s.Memory.Offered { // a button's value
		if strings.TrimSpace(s.Text) == id {
			return id, true
		}
	}
	return "", false
}

func asksStatus(s *Situation) bool {
	_, ok := s.intent(faq.Status)
	return ok
}

// closing reports whether the message only ends the talk.
func closing(s *Situation) bool {
	_, ends := s.intent(faq.Thanks, faq.Goodbye, faq.Helped)
	return ends && len(questions(s)) == 0 && s.Files == 0
}

func spam(s *Situation) bool {
	i, ok := s.intent(faq.Spam)
	return ok && i.Score >= spamAt
}

func firstIntent(s *Situation) (faq.Intent, bool) {
	if len(s.Reading.Intents) == 0 {
		return faq.Intent{}, false
	}
	return s.Reading.Intents[0], true
}

// questions returns the segments that no intent covers.
func questions(s *Situation) []faq.Question {
	var qs []faq.Question
	for _, q := range s.Reading.Questions {
		if q.Intent == "" {
			qs = append(qs, q)
		}
	}
	return qs
}

func sure(q faq.Question) (faq.Match, bool) {
	if q.Outcome == faq.Answer && len(q.Matches) > 0 {
		return q.Matches[0], true
	}
	return faq.Match{}, false
}

// answers returns the match that answers a question in the customer's language:
// nobody gets one message in two.
func (s *Situation) answers(q faq.Question) (faq.Match, bool) {
	m, ok := sure(q)
	if !ok {
		return m, false
	}
	_, in, ok := m.Entry.Answer(s.Lang)
	return m, ok && in == s.Lang
}

func isSure(q faq.Question) bool {
	_, ok := sure(q)
	return ok
}

// asks reports whether a segment beside an answered one must be answered too. A
// statement that gives the background need not.
func asks(q faq.Question) bool {
	return strings.ContainsAny(q.Text, "?？") || q.Outcome != faq.HandOver
}

// candidates returns the entries that are close to the question that is left
// open, or else to the first one, best first.
func candidates(s *Situation) []faq.Match {
	qs := questions(s)
	if len(qs) == 0 {
		return nil
	}
	open := qs[0]
	for _, q := range qs {
		if _, ok := s.answers(q); !ok && asks(q) {
			open = q
			break
		}
	}
	if open.Outcome == faq.HandOver {
		return nil
	}
	return open.Choices()
}

// fields returns what the text says of a case.
func fields(s *Situation) map[string]string {
	all := map[string]string{}
	for name, facts := range map[string][]string{
		"time": words(s.Facts.Times), "place": words(s.Facts.Places), "people": words(s.Facts.People), "order": words(s.Facts.Orders),
		"model": words(s.Facts.Models), "amount": words(s.Facts.Amounts), "phone": words(s.Facts.Phones),
	} {
		if len(facts) > 0 {
			all[name] = strings.Join(facts, ", ")
		}
	}
	maps.Copy(all, s.Form)
	return all
}

// missing returns what a complaint does not say yet: description, time, people.
// A place is asked for only where something happened at one.
func missing(s *Situation) []string {
	var names []string
	if len([]rune(strings.TrimSpace(s.Text))) < 25 {
		names = append(names, "description")
	}
	if len(s.Facts.Times) == 0 {
		names = append(names, "time")
	}
	if len(s.Facts.People) > 0 && len(s.Facts.Places) == 0 && !remote(s.Text) {
		names = append(names, "place")
	}
	if len(s.Facts.People) == 0 && len(s.Facts.Orders) == 0 {
		names = append(names, "people", "order")
	}
	return names
}

// title names the matter: the longest segment, which says more than "I want to
// complain".
func title(s *Situation) string {
	best := ""
	for _, q := range s.Reading.Questions {
		if t := strings.TrimSpace(q.Text); len(t) > len(best) {
			best = t
		}
	}
	if best == "" {
		best = cmp.Or(strings.TrimSpace(s.Text), s.Subject)
	}
	return oneLine(best, 80)
}

func words(facts []extract.Fact) []string {
	var all []string
	for _, f := range facts {
		all = append(all, f.Text)
	}
	return all
}

// remote reports whether something happened by telephone or in writing, where
// asking for the place makes no sense.
func remote(text string) bool {
	text = strings.ToLower(text)
	for _, w := range []string{"phone", "called", "hotline", "e-mail", "email", "by mail", "chat", "online", "电话", "热线", "邮件", "微信", "网上", "线上", "在线"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
