package faq

import "slices"

// What a message can want beyond an answer. Human, Complaint, Status,
// Suggestion, Praise, Privacy, Request, StillNot, Abuse and Spam are found
// anywhere in a message. The others close or open a talk; they are reported
// only when nothing else of content remains.
const (
	Human      = "human"      // a person, instead of the bot
	Complaint  = "complaint"  // to complain; not: to know how complaints work
	Status     = "status"     // to know how the own case is going
	Suggestion = "suggestion" // to propose something
	Praise     = "praise"     // to praise
	Privacy    = "privacy"    // own data exported, corrected or deleted
	Request    = "request"    // an act, named by Intent.Topic; not: to know about it
	StillNot   = "still-not"  // thanks, but it still fails
	Abuse      = "abuse"      // insults
	Spam       = "spam"       // advertising

	// Marks: they say how, not what, and cover no question.
	Urgent = "urgent" // danger, or haste asked for in so many words; not: about urgent delivery
	Failed = "failed" // begins by saying that something failed; means something only after an answer

	Thanks    = "thanks"
	Greeting  = "greeting" // also 在吗, anyone there?
	Goodbye   = "goodbye"
	Yes       = "yes"
	No        = "no"
	Helped    = "helped"     // that solved it
	NotHelped = "not-helped" // that did not
)

// Topics of Request.
const (
	TopicRefund       = "refund"
	TopicReturn       = "return"
	TopicExchange     = "exchange"
	TopicRepair       = "repair"
	TopicAfterSales   = "after-sales"
	TopicCancel       = "cancel"
	TopicCompensation = "compensation"
	TopicCallback     = "callback"
	TopicInvoice      = "invoice"
)

func topicNames() []string {
	return []string{TopicRefund, TopicReturn, TopicExchange, TopicRepair, TopicAfterSales, TopicCancel, TopicCompensation, TopicCallback, TopicInvoice}
}

func intentNames() []string {
	return []string{Human, Complaint, Status, Suggestion, Praise, Privacy, Request, StillNot, Abuse, Spam,
		Thanks, Greeting, Goodbye, Yes, No, Helped, NotHelped, Urgent, Failed}
}

// marks: whether an intent says how something is said, not what is wanted. A
// question stays a question beside it.
func marks(name string) bool { return name == Urgent || name == Failed }

// weight orders intents that are equally sure.
func weight(name string) int { return slices.Index(intentNames(), name) }

// none is what the examples of a file call to want nothing beyond an answer.
const none = "none"

// Groups of rules that are no intents: words that only lead to a question,
// words that open a signature, words that show that something is asked.
const (
	filler  = "filler"
	signoff = "signoff"
	asking  = "asking"
	leading = "leading" // the same, at the beginning of a clause
	contra  = "contra"  // but …: after thanks it takes the thanks back
	fails   = "fails"   // still not …: the same, whatever else is said
	done    = "done"    // found it, never mind: a "but" before it takes nothing back
)

func helper(name string) bool {
	return name == filler || name == signoff || name == asking || name == leading ||
		name == contra || name == fails || name == done
}

// closes: whether a clause of this kind has no content of its own.
func closes(name string) bool {
	switch name {
	case Thanks, Greeting, Goodbye, Yes, No, Helped, NotHelped, filler, signoff:
		return true
	}
	return false
}
