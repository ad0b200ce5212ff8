package channels

import (
	"fmt"
	"time"
)

// Audience says who reads a thread. The type of the engine's words decides it,
// all the way to the wire: internal words never reach a customer.
type Audience string

const (
	Customer Audience = "customer"
	Staff    Audience = "staff"
)

// Op is what a delivery does.
type Op string

const (
	Post  Op = "post"
	Amend Op = "edit"  // change the message named by Target
	React Op = "react" // put Sign on the message named by Target
)

// Format of a body.
type Format string

const (
	Plain    Format = "plain"    // customers' and agents' words: nothing in them is markup
	Markdown Format = "markdown" // the bot's own texts and FAQ answers (CommonMark, no HTML)
)

// Body is a text and how to read it.
type Body struct {
	Format Format
	Text   string
}

// Outbound is one message to be sent: everything an adapter needs, so that a
// delivery can be attempted again after a restart from its row alone.
type Outbound struct {
	// Key is the same at every attempt and unguessable. It becomes the local
	// part of the Message-ID, or Slack metadata.
	Key     string
	Channel string
	Thread  string // deliveries with the same Thread are sent one after the other, in order

	To      []Person // mail: the envelope; chat: the person talked to
	Place   string   // chat: where to post
	Subject string   // mail: the subject of the talk, without "Re:"
	Refs    []string // what this answers, nearest first
	// Root is the ref of the message below which this is to stand, in places that
	// have room for talks below messages; empty: below none.
	Root string `json:",omitempty"`
	// Since is when this was put into the outbox: no attempt was earlier.
	Since time.Time `json:",omitzero"`
	// Attempt counts the attempts, this one included: of the first nothing can be out
	// there yet. 0: it is not known to be another.
	Attempt int `json:",omitempty"`

	Op     Op
	Slot   string // a newer delivery for a slot replaces an unsent older one
	Target string // for Amend and React: the ref of the message concerned
	// Sign is what React puts on the message: "ok" or "warning".
	Sign string `json:",omitempty"`

	Audience Audience
	ByPerson bool   // a person wrote the words; otherwise it is automatic and says so (RFC 3834)
	From     string // the name to send as: the company's, or a person at the company
	Lang     string

	Body    Body
	Card    *Card
	Choices []Choice // buttons, for channels that have them
	Files   []File
}

// Card is a brief for staff: labelled facts and a transcript. Everything in it
// is plain text. Labels come with it; an adapter adds no word.
type Card struct {
	Title  string
	Fields []Field
	Lines  []Line
	Footer string
}

// Field is a labelled fact.
type Field struct {
	Label, Value string
	URL          string `json:",omitempty"` // where Value leads; empty: nowhere
}

// Line is one message of a transcript.
type Line struct {
	Who  string
	When string // formatted in the company's time zone
	Text string
	Note bool // internal
}

// Choice is a button.
type Choice struct {
	Label  string
	Action Action
	Style  string // "", "primary", "danger"
	Hint   string `json:",omitempty"` // what a screen reader says instead of Label
}

// SendError is what a Sender knows about a failed attempt.
type SendError struct {
	Permanent  bool          // refused for good: no retry can help
	Unknown    bool          // it may have been accepted
	RetryAfter time.Duration // the outside's own wish; 0: none
	Err        error
}

func (e *SendError) Error() string {
	switch {
	case e.Permanent:
		return fmt.Sprintf("refused for good: %v", e.Err)
	case e.Unknown:
		return fmt.Sprintf("outcome unknown: %v", e.Err)
	}
	return e.Err.Error()
}

func (e *SendError) Unwrap() error { return e.Err }
