package bot

import (
	"frontdesk/faq"
	"frontdesk/store"
)

// answer answers what the FAQ is sure of. A message may hold several questions:
// the rest is handed over, what is wanted besides is recorded, and the customer is
// told which is which.
func answer(s *Situation, d Decision) (Decision, bool) {
	qs := questions(s)
	var known []faq.Match
	var asked, rest []string
	for _, q := range qs {
		if m, ok := s.answers(q); ok {
			known, asked = append(known, m), append(asked, q.Text)
			d.Score = max(d.Score, m.Score)
		} else if asks(q) {
			rest = append(rest, oneLine(q.Text, 60))
		}
	}
	if len(known) == 0 {
		return d, false
	}
	_, kind, wants := wish(s)
	// A suggestion promises no reply: with a question left open, people get both.
	wants = wants && kind != kindPraise && (kind != kindSuggestion || len(rest) == 0)
	var ids []string
	seen := map[string]bool{}
	for i, m := range known {
		if seen[m.Entry.ID] {
			continue
		}
		seen[m.Entry.ID] = true
		if len(known) > 1 || len(rest) > 0 || wants {
			d.Say = append(d.Say, Part{Key: "answer-to", Quote: oneLine(asked[i], 60)})
		}
		d.Say = append(d.Say, Part{Entry: m.Entry.ID})
		ids = append(ids, m.Entry.ID)
	}
	waits := s.State == store.Waiting && s.Case != nil && s.Case.Open
	switch {
	case waits:
		d.Relay, d.Memory = "relay-by-bot", s.Memory
		d.Memory.Answered = append(append([]string(nil), s.Memory.Answered...), ids...)
		return d.because("faq", "the FAQ is sure, and people have the case"), true
	case wants || len(rest) > 0:
		d.Memory.Answered = append(append([]string(nil), s.Memory.Answered...), ids...)
		if len(rest) > 0 {
			d.Say = append(d.Say, Part{Key: "rest", Quotes: rest})
		}
		if wants {
			return requested(s, d, kind), true
		}
		d.handOver(s, kindQuestion, "partly")
		return d.because("faq-partly", "the FAQ is sure of a part"), true
	}
	d.State = store.WithBot
	d.answered(s, ids...)
	return d.because("faq", "the FAQ is sure"), true
}
