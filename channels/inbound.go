package channels

import "time"

// Kind says what sort of message came in, as far as the transport shows it.
type Kind string

const (
	Message   Kind = "message"    // somebody's words, or the press of a button
	AutoReply Kind = "auto-reply" // an absence note, a receipt: RFC 3834
	Bounce    Kind = "bounce"     // a delivery report: RFC 3464
	Bulk      Kind = "bulk"       // a list, a newsletter, a feedback report
	Spam      Kind = "spam"       // so marked by the transport's own filter
	Own       Kind = "own"        // sent by us
	Edit      Kind = "edit"       // Ref names the message whose text changed; Text is the new one
	Deletion  Kind = "deletion"   // Ref names the message that was taken back
	Reaction  Kind = "reaction"   // Refs names the message; Text is the sign
)

// Proof says what the transport proves about the sender.
type Proof string

const (
	Unproven Proof = ""        // nothing either way
	Proven   Proof = "proven"  // the sender is who From says
	Refuted  Proof = "refuted" // the sender is not who From says
)

// Person names somebody on a channel. Kind and Address together are an
// identity: two channels of one kind share their identities.
type Person struct {
	Kind    string // the name space of Address: "mail", "slack", "web", "chat"
	Address string // canonical: a mail address is lower case
	Name    string // as the outside shows it; may be empty, never trusted
}

// Zero reports whether nobody is named.
func (p Person) Zero() bool { return p.Address == "" }

// Is reports whether p and q are the same identity; names do not matter.
func (p Person) Is(q Person) bool { return p.Kind == q.Kind && p.Address == q.Address }

// Inbound is one message as it came in.
type Inbound struct {
	Channel string // the name of the channel in the configuration
	Kind    Kind
	Signals []string // why Kind is not Message, for the ledger: "Auto-Submitted: auto-replied"

	// Keys make the message unique. Keys[0] names this arrival (mailbox,
	// UIDVALIDITY and UID; an event id): presented again, it is the same
	// arrival and leaves no second trace. The other keys name the content: a
	// message with a known one is recorded as a duplicate. All are unique over
	// all channels and for good. There is at least one.
	Keys []string
	// Ref is how later messages will name this one, unique over all channels;
	// empty if nothing can name it. Refs is what this one answers, nearest
	// first.
	Ref  string
	Refs []string

	From    Person
	ReplyTo Person   // where the sender wants answers, if not From
	To      []Person // everybody addressed, ourselves included
	Proof   Proof

	// Place is where the message was said, for channels that have places: a
	// room, a direct message. A message in a place that answers nothing by
	// Refs continues its author's talk there. Empty for mail, where a message
	// that answers nothing begins a talk.
	Place string
	// Public says that others than the author read what is said in Place.
	Public bool

	Subject string
	Text    string // what the author wrote now: without quotes and signature
	Full    string // all of the text, if Text is less
	Problem string // why the message could not be read; Text is then what could be

	Action *Action
	Files  []File
	Raw    Blob // the bytes as they came, for the ledger

	Sent    time.Time // as the author's machine says; only for show
	Arrived time.Time // when the outside took it in; orders and dates everything
	Cursor  Cursor    // committed with the message; zero for sources without one
}

// Cursor is how far a source has come. Positions mean something to the source
// alone.
type Cursor struct{ Stream, Position string }

// Action is something a person did other than by writing: a button, a form, a
// command. An action on a case names the version it was drawn from, so that
// two people's clicks cannot both win.
type Action struct {
	Name    string
	Case    int64 // number of the case; 0: none
	Version int64 // version of the case that the person saw; 0: not checked
	Fields  map[string]string
}

// Reply is what Receive may say at once to the one who acted. It may be lost.
type Reply struct {
	Errors  map[string]string // by field of the form
	Refusal string            // why nothing was done, in the person's language
	Form    *Form             // to be shown next
}

// Query asks Show for a view.
type Query struct {
	Channel string
	From    Person
	Lang    string            // "" = the person's or the company's
	Name    string            // "home", "case", "form", "preview"
	Case    int64             // for "case", "form", "preview"
	Fields  map[string]string // e.g. the text to preview
}

// View is plain data that adapters draw.
type View struct {
	Title string
	Text  string
	Cards []Card
	Form  *Form
}

// Form asks for fields.
type Form struct {
	Action string // the name of the Action that it becomes
	Title  string
	Submit string
	Fields []FormField
}

// FormField is one field of a form.
type FormField struct {
	Name, Label, Value string
	Options            []string // a choice of these, if any
	Long, Required     bool
}
