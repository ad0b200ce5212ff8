package bot

import (
	"slices"

	"frontdesk/faq"
	"frontdesk/store"
)

// decide is the policy, from top to bottom. It is pure.
func decide(s *Situation) Decision {
	d := Decision{State: s.State, Memory: s.Memory}
	d.Memory.Awaiting, d.Memory.Offered = "", nil

	switch human, wantsHuman := s.intent(faq.Human); {

	case s.Early:
		return d.because("before-start", "it arrived before the channel's start")

	// 3. A person is on it: relay, and be silent.
	case s.State == store.WithPerson:
		d.Relay, d.Memory = "relay", s.Memory
		if len(s.Form) > 0 && s.Case != nil {
			d.Case = &CaseOp{Kind: s.Case.Kind, Fields: fields(s)}
		}
		if _, ok := s.intent(faq.Complaint); ok && s.Case != nil && s.Case.Kind != kindComplaint {
			// In silence, but it is a complaint from now on, read at its own desk.
			d.handOver(s, kindComplaint, "complaint")
			d.State, d.Case.Promise, d.Memory = s.State, false, s.Memory
		}
		if s.Receipt && !s.Spent && !s.Paused && !s.Late {
			d.say("receipt")
		}
		return d.because("with-person", "a person has taken over")

	// The bot must not speak: what it would have answered goes to people, who are
	// told that the customer was not.
	case s.Robot:
		return silently(s, d, "robot")
	case s.Paused:
		return silently(s, d, "paused")
	case s.Late:
		return silently(s, d, "late")
	case s.Release:
		return silently(s, d, "released")
	case s.Spent:
		return silently(s, d, "budget")

	// 2. A person is never more than one sentence away.
	case wantsHuman:
		d.score(human)
		return humanAsked(s, d)

	case s.Case == nil && spam(s):
		d.Quarantine = true
		return d.because("spam", "it reads like advertising")

	case s.Problem != "":
		d.handOver(s, kindQuestion, "unreadable")
		d.say("unreadable")
		return d.because("unreadable", s.Problem)

	// 4. An answer that we are waiting for; a button says it whenever it is pressed.
	case s.Chosen == noneChosen:
		return chose(s, d, "")
	case s.Chosen != "":
		return chose(s, d, s.Chosen)
	case s.Memory.Awaiting == awaitChoice:
		if chosen, ok := choice(s); ok {
			return chose(s, d, chosen)
		}
	case s.Memory.Awaiting == awaitHelped:
		if after, ok := helped(s, d); ok {
			return after
		}
	case s.Memory.Awaiting == awaitDetails && s.State == store.Waiting && s.Case != nil && !closing(s) && !asksStatus(s):
		return details(s, d)
	}

	// 5. Complaints; a further one in the same talk joins its case.
	if i, ok := s.intent(faq.Complaint); ok {
		d.score(i)
		return complained(s, d)
	}
	if i, ok := s.intent(faq.StillNot, faq.NotHelped); ok && (len(s.Memory.Answered) > 0 || s.Case != nil) {
		d.score(i)
		return notHelped(s, d)
	}
	if i, ok := s.intent(faq.Status); ok {
		d.score(i)
		return status(s, d)
	}

	// 6. What the FAQ is sure of is answered, also while people are waited for.
	if after, ok := answer(s, d); ok {
		return after
	}
	if s.State == store.Waiting && s.Case != nil {
		return waiting(s, d)
	}

	// 7. Requests, privacy, suggestions, praise.
	if i, kind, ok := wish(s); ok {
		d.score(i)
		return requested(s, d, kind)
	}

	// 8. Two or three entries are close.
	if close := candidates(s); s.Buttons && len(close) > 0 && len(questions(s)) == 1 {
		d.Memory.Awaiting, d.Choices = awaitChoice, close
		for _, m := range close {
			d.Memory.Offered = append(d.Memory.Offered, m.Entry.ID)
		}
		d.Score = close[0].Score
		d.say("choices")
		return d.because("choices", "some entries are close, none is sure")
	}

	// 9. Small talk is answered in kind and becomes no case.
	if after, ok := smallTalk(s, d); ok {
		return after
	}

	// What an answer asked the customer to send, they send.
	if s.Memory.Awaiting == awaitHelped && len(s.Facts.Orders)+len(s.Facts.Models) > 0 && !slices.ContainsFunc(questions(s), asks) {
		return requested(s, d, kindRequest)
	}

	// 10. Otherwise, honestly: a person.
	d.handOver(s, kindQuestion, "unsure")
	if len(d.Case.Candidates) > 0 {
		d.Case.Why, d.Score = "close", d.Case.Candidates[0].Score
	}
	if s.Reading.Empty && s.Files > 0 {
		d.say("file")
	} else {
		d.say("handed")
	}
	return d.because("unsure", "no entry is sure")
}

// silently gives the message to people without a word to the customer.
func silently(s *Situation, d Decision, why string) Decision {
	kind := kindQuestion
	switch i, _ := s.intent(faq.Complaint, faq.Privacy, faq.Request); i.Name {
	case faq.Complaint:
		kind = kindComplaint
	case faq.Privacy:
		kind = kindPrivacy
	case faq.Request:
		kind = kindRequest
	}
	switch {
	case closing(s):
		d.Memory = s.Memory
	case s.State == store.Waiting && s.Case != nil && s.Case.Open:
		d.Relay, d.Memory = "relay", s.Memory
	default:
		d.handOver(s, kind, why)
		d.Case.Promise = false
	}
	return d.because(why, "the bot must not speak")
}

func humanAsked(s *Situation, d Decision) Decision {
	if s.State == store.Waiting && s.Case != nil && s.Case.Open {
		d.Relay, d.Memory = "relay", s.Memory
		d.say("human-again")
		return d.because("human", "the customer asks for a person again")
	}
	d.handOver(s, kindQuestion, "human")
	d.say("human")
	return d.because("human", "the customer asks for a person")
}

// chose answers what was chosen; nothing chosen goes to a person.
func chose(s *Situation, d Decision, id string) Decision {
	if id == "" {
		d.handOver(s, kindQuestion, "close")
		d.say("handed")
		return d.because("none-chosen", "none of the offered entries is it")
	}
	d.Say = []Part{{Entry: id}}
	d.answered(s, id)
	return d.because("chosen", "the customer chose "+id)
}

// helped takes the answer to "did this help?".
func helped(s *Situation, d Decision) (Decision, bool) {
	if i, ok := s.intent(faq.NotHelped, faq.StillNot, faq.No); ok {
		d.score(i)
		return notHelped(s, d), true
	}
	if _, failed := s.intent(faq.Failed); failed && !slices.ContainsFunc(questions(s), isSure) {
		return notHelped(s, d), true
	}
	if i, ok := s.intent(faq.Helped, faq.Yes); ok {
		d.score(i)
		d.end(s)
		if !s.Letter {
			d.say("glad")
		}
		return d.because("helped", "the answer helped"), true
	}
	return d, false
}

func notHelped(s *Situation, d Decision) Decision {
	why := "not-helped"
	if s.Case != nil && !s.Case.Open {
		why = "reopened"
	}
	if s.State == store.Waiting && s.Case != nil && s.Case.Open {
		return waiting(s, d)
	}
	kind := kindQuestion
	if s.Case != nil {
		kind = s.Case.Kind
	}
	d.handOver(s, kind, why)
	d.say("still")
	return d.because("not-helped", "the customer says that it is not solved")
}

// details takes what the customer adds to a complaint. It is asked for once.
func details(s *Situation, d Decision) Decision {
	d.Relay = "relay"
	d.Case = &CaseOp{Kind: s.Case.Kind, Fields: fields(s)}
	d.Memory.Told = true
	d.say("details")
	d.answerKnown(s)
	return d.because("details", "what was missing from the complaint")
}

// complained acknowledges and apologises before it asks anything.
func complained(s *Situation, d Decision) Decision {
	again := s.Case != nil && s.Case.Open && s.Case.Kind == kindComplaint
	d.handOver(s, kindComplaint, "complaint")
	if again {
		d.Relay, d.Case, d.Memory = "relay", &CaseOp{Kind: kindComplaint, Fields: fields(s)}, s.Memory
		if s.Memory.Told {
			return d.because("complaint", "a further complaint in the same talk")
		}
		d.Memory.Told = true
		d.say("complaint-more")
		return d.because("complaint", "a further complaint in the same talk")
	}
	d.Say = append(d.Say, Part{Key: "complaint", Quote: d.Case.Title})
	d.Case.Missing = missing(s)
	if len(d.Case.Missing) > 0 {
		d.Say = append(d.Say, Part{Key: "complaint-missing", Fields: d.Case.Missing})
		d.Memory.Awaiting = awaitDetails
	}
	if s.Files == 0 {
		d.say("complaint-evidence")
	}
	d.say("complaint-secret")
	d.answerKnown(s)
	d.say("complaint-due")
	return d.because("complaint", "the customer complains")
}

func status(s *Situation, d Decision) Decision {
	d.Memory = s.Memory
	if s.Case == nil || !s.Owner {
		// What we do not know, or may not tell to whoever asks, a person looks up.
		if s.Case != nil && s.Case.Open {
			d.Relay = "relay"
		} else {
			d.handOver(s, kindQuestion, "status")
		}
		d.say("status-none")
		return d.because("status", "no case in this conversation")
	}
	if s.State == store.Waiting {
		d.Relay = "relay"
	}
	d.say("status")
	return d.because("status", "the recorded state of the case")
}

// waiting adds the message to the case; the customer is told so once.
func waiting(s *Situation, d Decision) Decision {
	d.Relay, d.Memory = "relay", s.Memory
	if len(s.Facts.Orders) > 0 || len(s.Facts.Times) > 0 || len(s.Form) > 0 {
		d.Case = &CaseOp{Kind: s.Case.Kind, Fields: fields(s)}
	}
	if !s.Memory.Told && !closing(s) {
		d.Memory.Told = true
		d.say("added")
	}
	return d.because("waiting", "people are waited for")
}

// wish finds what a message wants done or said beyond an answer, and the kind of
// case that becomes of it.
func wish(s *Situation) (i faq.Intent, kind string, ok bool) {
	for _, k := range []struct{ intent, kind string }{
		{faq.Privacy, kindPrivacy}, {faq.Request, kindRequest}, {faq.Suggestion, kindSuggestion}, {faq.Praise, kindPraise},
	} {
		if i, ok := s.intent(k.intent); ok {
			return i, k.kind, true
		}
	}
	return faq.Intent{}, "", false
}

func requested(s *Situation, d Decision, kind string) Decision {
	d.handOver(s, kind, kind)
	d.Case.Promise = kind == kindRequest || kind == kindPrivacy
	if !d.Case.Promise {
		d.State = store.WithBot
	}
	d.say(kind)
	return d.because(kind, "the customer wants something done or said")
}

func smallTalk(s *Situation, d Decision) (Decision, bool) {
	if len(questions(s)) > 0 && !s.Reading.Empty {
		if _, ok := s.intent(faq.Abuse); !ok {
			return d, false
		}
	}
	switch i, has := firstIntent(s); {
	case has && i.Name == faq.Abuse:
		d.score(i)
		d.say("abuse")
		return d.because("abuse", "stay polite, offer a person"), true
	case closing(s):
		// Thanks end a talk with the bot, never a case, and reopen nothing. A letter
		// of thanks needs no answer.
		d.end(s)
		if !s.Letter && s.State != store.Ended {
			d.say("thanks")
		}
		return d.because("thanks", "nothing more is asked"), true
	case has && i.Name == faq.Greeting:
		d.score(i)
		d.say("greeting")
		return d.because("greeting", "a greeting"), true
	case s.Reading.Empty && s.Files > 0:
		return d, false // a file without words: a person looks at it
	case s.Reading.Empty:
		d.say("fragment")
		return d.because("fragment", "there is no question in it"), true
	}
	return d, false
}
