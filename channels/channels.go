// Package channels is the contract between the engine and a channel, and
// nothing else: what a message is when it comes in, what it is when it goes
// out, and what each side may rely on.
//
// A channel (a mailbox, a Slack workspace, a web page) translates and labels;
// the engine judges. An adapter therefore holds no policy, no SQL, no FAQ and
// no sentence that a customer or an agent reads: words arrive in an [Outbound]
// ready to be drawn.
//
// # Durability
//
// [Handler.Receive] returning nil is the only licence to acknowledge to the
// outside: by then the message, its raw bytes and the source's [Cursor] are
// committed in one transaction. Until then the source must be able to present
// the same message again after a crash. Presenting it twice is harmless: its
// keys are unique for good.
//
// A [Sender] makes one attempt and reports what it knows. What it cannot know
// (the connection broke after the server might have accepted) it says with
// [SendError].Unknown, and the engine then looks with [Finder], where a channel
// has one, before it sends the same [Outbound].Key again.
package channels

import (
	"context"
	"io"
	"time"
)

// Handler is what a source calls. The engine is the only implementation
// outside tests. All methods may be called concurrently.
type Handler interface {
	// Receive takes one message in. A nil error means that the message, its
	// keys, its raw bytes and its cursor are durable; only then may the source
	// acknowledge it. Any error means that nothing was recorded and that the
	// source must present the same message again later: the database is busy,
	// full or broken, or ctx ended. A message that the engine cannot
	// understand is not an error; it is recorded as failed and people are told.
	//
	// The Reply holds only what may be lost.
	Receive(ctx context.Context, in Inbound) (Reply, error)

	// Show answers a question about the present state. It changes nothing.
	Show(ctx context.Context, q Query) (View, error)

	// Report says how a channel is. A change of state becomes an event; the same
	// state again costs nothing.
	Report(ctx context.Context, h Health)
}

// Batcher is a Handler that takes several messages with one commit, which is
// several times as fast when a source has many to present.
type Batcher interface {
	// ReceiveAll is Receive for messages of one stream, in their order. The first
	// n are taken: for them a nil error of Receive holds. err says why the next
	// one is not; it is nil only if all are taken.
	ReceiveAll(ctx context.Context, ins []Inbound) (n int, err error)
}

// Source brings messages in.
type Source interface {
	// Run presents every message to h, for ever: it reconnects by itself and
	// returns only when ctx ends (with ctx's error) or when it can never work
	// (a setting that no retry mends). The cursors are what h committed last,
	// by stream; Run presents everything after them, in order within a stream,
	// and never commits a position while an earlier message of that stream is
	// unrecorded.
	//
	// Among the cursors is always [Begun].
	//
	// Run reports Up each time that it has completed a look at the outside and
	// found nothing more, at least every five minutes while all is well: silence
	// of a source is how its death is noticed.
	Run(ctx context.Context, cursors map[string]string, h Handler) error
}

// Begun is a stream of every source: its position is when the source ran for the
// first time, in RFC 3339. What was said before is none of its business; what was
// said after is, although nothing may have been recorded yet.
const Begun = "begun"

// Sender brings messages out.
type Sender interface {
	// Send makes one attempt within ctx's deadline. On success it returns the
	// ref by which the outside will name the message (a Message-ID, a Slack
	// timestamp); it is never empty when err is nil. An error that is no
	// [SendError] counts as temporary. Send may be called concurrently for
	// different threads, never for the same one.
	Send(ctx context.Context, out Outbound) (ref string, err error)
}

// Finder is a Sender that can tell whether an earlier attempt got through.
type Finder interface {
	// Find looks for a message by its Key. found is true only on proof.
	Find(ctx context.Context, out Outbound) (ref string, found bool, err error)
}

// Pacer is a Sender whose outside limits how often a place may be written to.
type Pacer interface {
	// Pace says how long to wait before out may be sent; 0 means now. Waiting
	// is no attempt.
	Pace(out Outbound) time.Duration
}

// Parser is a Source that can turn the raw bytes of a ledger row into the
// Inbound that they were, so that a message can be replayed.
type Parser interface {
	Parse(ctx context.Context, raw Blob) (Inbound, error)
}

// Fetcher is a Source whose files arrive by reference.
type Fetcher interface {
	// Fetch opens the bytes behind f.Ref; the caller closes them. What the service
	// only now tells of the file, its name and type, it fills in. A [SendError] with
	// Permanent says that the bytes will never be had: deleted, too large, not ours to
	// read. Any other error is temporary.
	Fetch(ctx context.Context, f *File) (io.ReadCloser, error)
}

// Directory is a Source that can tell more of people than their messages do.
// Errors are those of [Fetcher].
type Directory interface {
	// Profile returns what the service knows of p.
	Profile(ctx context.Context, p Person) (Profile, error)
	// Members returns everybody in a room, ourselves left out.
	Members(ctx context.Context, room string) ([]Person, error)
}

// Profile is what a service knows of a person. It proves nothing.
type Profile struct {
	Name     string
	Mail     string // lower case; empty if the service does not tell
	Org      string // the organisation, as the service names it
	Lang     string // BCP 47, as the person has set it
	External bool   // belongs to another organisation than we do
	Robot    bool
}

// Direct is a Sender that can write to one person alone.
type Direct interface {
	// Direct names the place where p and we talk alone; "" if there is none for
	// such a person. It asks nobody.
	Direct(p Person) (place string)
}

// Linker is a Sender that can tell where a message is seen in the outside's own
// program.
type Linker interface {
	// Link returns an address for browsers; "" if there is none, or it is not known
	// yet.
	Link(ref string) string
}

// Rememberer is a Handler that knows which talks a source must look after when
// it catches up on what it missed.
type Rememberer interface {
	// Talks returns the places of a channel where something was said since a
	// time, the newest first.
	Talks(ctx context.Context, channel string, since time.Time) ([]Talk, error)
}

// Talk is a place where people talk with us.
type Talk struct {
	Place  string // as in [Inbound].Place; of a staff thread the room
	Root   string // ref of the message that the others hang below; empty if there is none
	Newest string // ref of the newest message there
}

// State of a channel.
type State string

const (
	Up       State = "up"       // connected and up to date
	Starting State = "starting" // connecting, or catching up
	Down     State = "down"     // not connected; the source keeps trying
	Fatal    State = "fatal"    // no retry can help; an operator must act
)

// Health is how a channel is at a moment.
type Health struct {
	Channel string
	State   State
	Reason  string // for the operator: what is wrong, in the words of the outside
	At      time.Time
}
