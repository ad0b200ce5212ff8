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

	// Membership: From came into Room (Text is [Joined]) or left it ([Left]).
	Membership Kind = "membership"
	// Service: the service tells something that nobody said to us, such as a
	// renamed team, or a robot speaks to others. It is recorded, and that is all.
	Service Kind = "service"
)

// What a Membership says.
const (
	Joined = "joined"
	Left   = "left"
)

// Toward says whom a message is meant for, as far as the place shows it.
type Toward string

const (
	ToUs   Toward = ""      // to us: a mail, a direct message, a mention, a button
	ToRoom Toward = "room"  // said in a room that is there for us to answer
	Aside  Toward = "aside" // said near us: taken only where it goes on with its author's own talk
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

	External bool `json:",omitempty"` // belongs to another organisation than we do
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
	// Room is the room that Place is a part of, such as the channel around a
	// thread; empty if Place is all of it.
	Room string
	// Root is the ref of the message below which the author wrote in a Place that
	// is not itself a thread; answers then hang below it too.
	Root string
	// Public says that others than the author read what is said in Place.
	Public bool
	Toward Toward

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
	Notice  string            // a word for the one who acted, whom alone it is shown
	Form    *Form             // to be shown next
}

// Query asks Show for a view.
type Query struct {
	Channel string
	From    Person
	Lang    string            // "" = the person's or the company's
	Name    string            // "home", "case", "preview", "prompts"
	Case    int64             // for "case", "preview"
	Fields  map[string]string // e.g. the text to preview
}

// View is plain data that adapters draw.
type View struct {
	Title   string
	Text    string
	Cards   []Card
	Choices []Choice // "prompts": what the person may want to say
}

// Form asks for fields. Submitted, it becomes Action, whose Fields are then
// joined by those that were filled in.
type Form struct {
	Action Action
	Title  string // some channels cut it at 24 characters
	Text   string // above the fields, plain: what the customer would get, say
	Submit string
	Cancel string
	Fields []FormField
}

// FormField is one field of a form.
type FormField struct {
	Name, Label, Value, Hint string
	Options                  []FormOption // a choice of these, if any
	Long, Required           bool
	Max                      int // characters; 0: no limit of ours
}

// FormOption is one value to choose, and how it reads.
type FormOption struct{ Value, Label string }
