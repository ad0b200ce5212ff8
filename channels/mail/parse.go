package mail

import (
	"fmt"
	"net/mail"
	"strings"
	"time"

	"frontdesk/channels"
)

// Reader reads mail. The zero Reader reads any mail, knows none of our own
// addresses and believes nobody. It may be used concurrently.
type Reader struct {
	Channel string // for Inbound.Channel

	// Own are our own addresses, in any case. Each stands for its
	// plus-addresses as well: support@ for support+anything@.
	Own       []string
	Delimiter string // between an address and what is plussed on; "" = "+"

	// AuthservID is the authserv-id (RFC 8601 2.5) by which the server that
	// takes in our mail signs its Authentication-Results. Only that server's
	// word counts, and without an id nothing is ever proven.
	AuthservID string
}

// Read reads one mail into the Inbound that it is. It never fails: what can't
// be read is in Problem, and Raw always holds all the bytes. Keys has one
// entry, for the content; the source puts the arrival's own key before it, and
// sets Arrived and Cursor. Place stays empty.
//
// The bytes are read once as a stream, and the texts once more. A mail takes a
// few MB of memory at most, whatever its size: files are decoded from raw when
// they are opened.
func (r Reader) Read(raw channels.Blob) channels.Inbound {
	in := channels.Inbound{Channel: r.Channel, Kind: channels.Message, Raw: raw}
	tree, err := mailTree(raw)
	var trouble []string
	if err != nil {
		trouble = append(trouble, fmt.Sprintf("cannot be read to its end: %v", err))
	}
	trouble = append(trouble, tree.trouble...)
	h := &tree.head

	in.Ref, in.Keys = mailNames(tree)
	in.Refs = mailRefs(h)
	in.Subject = cutRunes(headerText(h.get("Subject")), 255)
	in.Sent = mailDate(h.get("Date"))

	from, certain := mailFrom(h)
	in.From = from
	in.ReplyTo = r.replyTo(h, in.From)
	in.To = mailTo(h)
	if certain {
		in.Proof = r.proof(h, in.From)
	}

	if raw.Zero() {
		raw = channels.Bytes(nil)
	}
	body := readBody(raw, tree.root)
	in.Text, in.Full, in.Files = body.text, body.full, body.files
	if in.Full == in.Text {
		in.Full = ""
	}
	trouble = append(trouble, body.trouble...)

	in.Kind, in.Signals = r.kind(h, tree.root, in)
	if in.From.Zero() && in.Kind == channels.Message {
		trouble = append(trouble, "no sender's address")
	}
	if in.Kind == channels.Bounce {
		in.Refs = mailJoinRefs(bouncedIDs(raw, tree.root, h, body.full), in.Refs)
	}
	in.Problem = strings.Join(trouble, "; ")
	return in
}

func mailTree(raw channels.Blob) (mimeTree, error) {
	if raw.Zero() {
		return scanMIME(strings.NewReader(""))
	}
	f, err := raw.Open()
	if err != nil {
		return mimeTree{root: &mimePart{}}, err
	}
	defer f.Close()
	return scanMIME(f)
}

// mailDate reads a Date field. A date that no clock shows is no date: it is
// only for show, and nothing may stumble over it.
func mailDate(v string) time.Time {
	t, err := mail.ParseDate(v)
	if err != nil {
		t, err = mail.ParseDate(mimeUncomment(v))
	}
	if err != nil || t.Year() < 1980 || t.Year() > 2100 {
		return time.Time{}
	}
	return t.UTC()
}
