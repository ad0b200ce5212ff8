package mail

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"frontdesk/channels"
)

// What is asked for is only what go-imap can read on every server: any other
// item costs the connection.
var wholeBody = &imap.FetchItemBodySection{Peek: true}

// sizes asks for the sizes of uids. Those that the server has no more are
// missing.
func (b *mailbox) sizes(uids []imap.UID) (map[imap.UID]int64, error) {
	sizes := make(map[imap.UID]int64, len(uids))
	err := b.do("UID FETCH RFC822.SIZE", func() error {
		cmd := b.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true})
		defer cmd.Close()
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			var uid imap.UID
			size := int64(-1)
			for item := msg.Next(); item != nil; item = msg.Next() {
				switch item := item.(type) {
				case imapclient.FetchItemDataUID:
					uid = item.UID
				case imapclient.FetchItemDataRFC822Size:
					size = item.Size
				}
			}
			if size >= 0 {
				sizes[uid] = size
			}
		}
		return cmd.Close()
	})
	return sizes, err
}

// bodies fetches whole mails. What comes back is complete: as many bytes as the
// server announced, from a FETCH that ended well; go-imap itself takes a body
// that was cut for whole. What is missing was not delivered, for one reason or
// another: it is never an empty mail. The caller must free what it gets, also
// with an error.
func (b *mailbox) bodies(uids []imap.UID, opts imap.FetchOptions) (map[imap.UID]*letterIn, error) {
	got := map[imap.UID]*letterIn{}
	err := b.do("UID FETCH BODY", func() error {
		cmd := b.client.Fetch(imap.UIDSetNum(uids...), &opts)
		defer cmd.Close()
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			l, err := b.readBody(msg)
			if err != nil {
				return err
			}
			if l == nil {
				continue
			}
			if old := got[l.uid]; old != nil {
				old.free()
			}
			got[l.uid] = l
		}
		return cmd.Close()
	})
	if err != nil {
		for _, l := range got {
			l.free()
		}
		return nil, err
	}
	return got, nil
}

// readBody reads one answer to its end; nil if it holds no whole body.
func (b *mailbox) readBody(msg *imapclient.FetchMessageData) (*letterIn, error) {
	l := &letterIn{}
	size, whole := int64(-1), false
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			l.uid = item.UID
		case imapclient.FetchItemDataInternalDate:
			l.date = item.Time
		case imapclient.FetchItemDataRFC822Size:
			size = item.Size
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue
			}
			l.free()
			var err error
			l.raw, l.done, err = channels.Spool(item.Literal)
			if whole = err == nil && l.raw.Size == item.Literal.Size(); whole {
				continue
			}
			l.free()
			return nil, b.cut(err)
		}
	}
	if !whole || size >= 0 && size != l.raw.Size || l.uid == 0 {
		l.free()
		return nil, nil
	}
	return l, nil
}

// cut is called when a body ends early: either the network broke, or err is
// this machine's. In the first case it waits until go-imap's reader has noticed,
// because leaving the FETCH reads from its buffer once more.
func (b *mailbox) cut(err error) error {
	if !b.conn.failed.Load() {
		return localError{err}
	}
	b.conn.Close()
	<-b.client.Closed()
	return errors.New("connection broke inside a body")
}

// localError is this machine's fault, such as a full disk: no mail and no
// server is to blame.
type localError struct{ error }

func (e localError) Unwrap() error { return e.error }

// header fetches only the header of uid.
func (b *mailbox) header(uid imap.UID) (*letterIn, error) {
	got, err := b.bodies([]imap.UID{uid}, imap.FetchOptions{UID: true,
		BodySection: []*imap.FetchItemBodySection{{Specifier: imap.PartSpecifierHeader, Peek: true}}})
	if err != nil {
		return nil, err
	}
	if got[uid] == nil {
		return nil, errGone
	}
	return got[uid], nil
}

// largeFetch is a large mail on its way to a file. It outlives a connection:
// the next one goes on where this one broke.
type largeFetch struct {
	of   position
	size int64 // RFC822.SIZE
	date time.Time
	file *os.File
	have int64
}

func newLargeFetch(of position, size int64) (*largeFetch, error) {
	f, err := os.CreateTemp("", "frontdesk-mail-*")
	if err != nil {
		return nil, localError{err}
	}
	return &largeFetch{of: of, size: size, file: f}, nil
}

func (g *largeFetch) free() {
	g.file.Close()
	os.Remove(g.file.Name())
}

func (g *largeFetch) letter() *letterIn {
	name := g.file.Name()
	return &letterIn{uid: g.of.uid, date: g.date, done: g.free,
		raw: channels.Blob{Size: g.have, Open: func() (io.ReadCloser, error) { return os.Open(name) }}}
}

// piece fetches the next piece of g. It returns io.EOF when there is none left.
func (b *mailbox) piece(g *largeFetch, piece int64) error {
	if g.have >= g.size {
		return io.EOF
	}
	n := int64(-1) // bytes that came
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: g.have, Size: min(piece, g.size-g.have)}}
	opts := &imap.FetchOptions{UID: true, InternalDate: g.have == 0, BodySection: []*imap.FetchItemBodySection{section}}
	err := b.do(fmt.Sprintf("UID FETCH BODY from byte %d of %d", g.have, g.size), func() error {
		cmd := b.client.Fetch(imap.UIDSetNum(g.of.uid), opts)
		defer cmd.Close()
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			for item := msg.Next(); item != nil; item = msg.Next() {
				switch item := item.(type) {
				case imapclient.FetchItemDataInternalDate:
					g.date = item.Time
				case imapclient.FetchItemDataBodySection:
					if item.Literal == nil || n >= 0 {
						continue
					}
					w, err := io.Copy(io.NewOffsetWriter(g.file, g.have), item.Literal)
					if err != nil || w != item.Literal.Size() {
						return b.cut(err)
					}
					n = w
				}
			}
		}
		return cmd.Close()
	})
	switch {
	case err != nil:
		return err
	case n < 0:
		return errGone
	case n == 0: // RFC 3501 6.4.5: there is no more, whatever was announced
		g.size = g.have
		return io.EOF
	}
	g.have += n
	return nil
}
