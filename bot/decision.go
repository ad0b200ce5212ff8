package bot

import (
	"frontdesk/faq"
	"frontdesk/store"
)

// Kinds of case.
const (
	kindQuestion   = "question"
	kindComplaint  = "complaint"
	kindRequest    = "request"
	kindPrivacy    = "privacy"
	kindSuggestion = "suggestion"
	kindPraise     = "praise"
)

// Decision is what is to be done about a message.
type Decision struct {
	Rule  string  // the rule of the policy that decided
	Why   string  // in its own words, for the event
	Score float64 // of the best FAQ match, or of the intent that decided

	Say        []Part // one message to the customer; none: silence
	Choices    []faq.Match
	Case       *CaseOp // opens or joins a case, and hands it to people
	Relay      string  // tells staff what the customer wrote: a sentence of texts
	State      store.State
	Memory     Memory
	Quarantine bool
}

// Part is one paragraph of what the customer is told.
type Part struct {
	Key    string // a sentence of texts
	Entry  string // or the answer of this FAQ entry
	Quote  string
	Was    string // a time that was told before
	Quotes []string
	Fields []string // names of missing fields
}

// CaseOp opens a case, or joins or reopens the conversation's own.
type CaseOp struct {
	Kind       string
	Priority   store.Priority
	Title      string
	Why        string // "human", "unsure", …: a why- sentence of texts
	Fields     map[string]string
	Missing    []string
	Candidates []faq.Match
	Promise    bool // an answer time is promised
}

// AskedFAQ reports whether a message on which a rule decided was a question to the FAQ:
// answered, or not because nothing was sure. What was said to a person, by a robot or
// about a case is none.
func AskedFAQ(rule string) bool {
	switch rule {
	case "faq", "faq-partly", "choices", "unsure":
		return true
	}
	return false
}

func (d Decision) because(rule, why string) Decision {
	d.Rule, d.Why = rule, why
	return d
}

func (d *Decision) say(key string)     { d.Say = append(d.Say, Part{Key: key}) }
func (d *Decision) score(i faq.Intent) { d.Score = i.Score }

// handOver gives the message to people. A conversation has at most one open case;
// apply joins it or opens one.
func (d *Decision) handOver(s *Situation, kind, why string) {
	d.State = store.Waiting
	d.Memory.Told = false
	d.Case = &CaseOp{Kind: kind, Priority: store.Normal, Title: title(s), Why: why, Fields: fields(s), Candidates: candidates(s), Promise: true}
	if _, urgent := s.intent(faq.Urgent); urgent {
		d.Case.Priority = store.Urgent
	}
	if (why == "human" || why == "not-helped") && s.Memory.Asked != "" {
		d.Case.Title = s.Memory.Asked
	}
}

func (d *Decision) answered(s *Situation, ids ...string) {
	d.Memory.Awaiting = awaitHelped
	d.Memory.Answered = append(append([]string(nil), d.Memory.Answered...), ids...)
	d.Memory.Asked = title(s)
	d.say("helped")
}

// end closes a talk with the bot, never one that has an open case.
func (d *Decision) end(s *Situation) {
	if s.Case == nil || !s.Case.Open {
		d.State = store.Ended
	}
}

// answerKnown answers the other questions of a message that is about something
// else.
func (d *Decision) answerKnown(s *Situation) {
	for _, q := range questions(s) {
		if m, ok := s.answers(q); ok {
			d.Say = append(d.Say, Part{Key: "answer-to", Quote: q.Text}, Part{Entry: m.Entry.ID})
			d.Memory.Answered = append(append([]string(nil), d.Memory.Answered...), m.Entry.ID)
		}
	}
}

// AnswerRules are the rules by which the bot answers from the FAQ, and gives
// nothing of the message to people.
func AnswerRules() [2]string { return [2]string{"faq", "chosen"} }
