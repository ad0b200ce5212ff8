package mail

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/emersion/go-imap/v2"
)

// window is for how many messages sizes are asked at once.
const window = 500

// fetch sends uids to batches, parsed, in order and without a gap, until it
// meets an error. What the server says it has no more is passed over.
func (r *run) fetch(ctx context.Context, b *mailbox, uids []imap.UID, batches chan<- []*letterIn) (err error) {
	send := func(batch []*letterIn) error {
		for _, l := range batch {
			r.inbound(l)
		}
		select {
		case batches <- batch:
			return nil
		case <-ctx.Done():
			for _, l := range batch {
				l.free()
			}
			return ctx.Err()
		}
	}
	for len(uids) > 0 {
		ask := uids[:min(len(uids), window, r.limit(window))]
		var sizes map[imap.UID]int64
		if r.level(ask[0]) != asUsual { // its size may be what breaks everything
			ask = ask[:1]
		} else if sizes, err = b.sizes(ask); err != nil {
			return r.suspect(b, ask, err)
		}
		for len(ask) > 0 {
			n, err := r.fetchSome(ctx, b, ask, sizes, send)
			if err != nil {
				return err
			}
			ask, uids = ask[n:], uids[n:]
		}
	}
	return nil
}

// fetchSome sends the first n of uids in one batch.
func (r *run) fetchSome(ctx context.Context, b *mailbox, uids []imap.UID, sizes map[imap.UID]int64, send func([]*letterIn) error) (n int, err error) {
	if first := uids[0]; sizes[first] > r.cfg.MaxHeld || r.level(first) != asUsual {
		l, err := r.fetchOne(b, first, sizes[first])
		if err != nil || l == nil {
			return 1, err
		}
		return 1, send([]*letterIn{l})
	}
	var bytes int64
	for n < min(len(uids), r.cfg.Batch, r.limit(r.cfg.Batch)) {
		size := sizes[uids[n]]
		if n > 0 && (bytes+size > r.cfg.BatchBytes || size > r.cfg.MaxHeld || r.level(uids[n]) != asUsual) {
			break
		}
		bytes += size
		n++
	}
	uids = uids[:n]
	got, err := b.bodies(uids, imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{wholeBody}})
	if err != nil {
		return 0, r.suspect(b, uids, err)
	}
	r.trust(n)
	var batch []*letterIn
	for _, uid := range uids {
		l := got[uid]
		delete(got, uid)
		if l == nil && err == nil {
			l, err = r.fetchOne(b, uid, sizes[uid])
		}
		if l != nil && err == nil {
			batch = append(batch, l)
		} else if l != nil {
			l.free()
		}
	}
	for _, l := range got { // never asked for
		l.free()
	}
	// What came before the error is whole and in order.
	if len(batch) > 0 {
		if err := send(batch); err != nil {
			return 0, err
		}
	}
	return n, err
}

// fetchOne fetches uid alone, in the way that its history asks for. It returns
// nil when the server has it no more.
func (r *run) fetchOne(b *mailbox, uid imap.UID, size int64) (l *letterIn, err error) {
	switch level := r.level(uid); {
	case size > r.cfg.MaxSize:
		l, err = b.header(uid)
		if l != nil {
			l.problem = fmt.Sprintf("a mail of %d bytes, over the limit of %d: only its header was fetched", size, r.cfg.MaxSize)
		}
	case level == hopeless:
		return r.park(&letterIn{uid: uid}), nil
	case level == headerOnly:
		if l, err = b.header(uid); l != nil {
			r.park(l)
		}
	case size > r.cfg.MaxHeld:
		l, err = r.fetchLarge(b, uid, size)
	default:
		l, err = r.fetchAlone(b, uid, level)
	}
	switch {
	case errors.Is(err, errGone):
		return r.missing(b, uid)
	case err != nil:
		return nil, r.suspect(b, []imap.UID{uid}, err)
	}
	r.trust(1)
	return l, nil
}

// fetchAlone asks again for one whose body did not come with the others, or
// disagreed with RFC822.SIZE. Some servers announce wrong sizes: here the
// length of the literal, which frames the bytes on the wire, is enough.
func (r *run) fetchAlone(b *mailbox, uid imap.UID, level level) (*letterIn, error) {
	opts := imap.FetchOptions{UID: true, InternalDate: level == asUsual, BodySection: []*imap.FetchItemBodySection{wholeBody}}
	got, err := b.bodies([]imap.UID{uid}, opts)
	if err != nil {
		return nil, err
	}
	l := got[uid]
	if l == nil {
		return nil, errGone
	}
	return l, nil
}

// fetchLarge fetches a mail in pieces and goes on with what an earlier
// connection has brought.
func (r *run) fetchLarge(b *mailbox, uid imap.UID, size int64) (*letterIn, error) {
	of := position{r.pos.validity, uid}
	if r.large != nil && (r.large.of != of || r.large.size != size) {
		r.dropLarge()
	}
	if r.large == nil {
		var err error
		if r.large, err = newLargeFetch(of, size); err != nil {
			return nil, err
		}
	}
	for {
		err := b.piece(r.large, r.cfg.Piece)
		if err == io.EOF {
			l := r.large.letter()
			r.large = nil
			return l, nil
		}
		if err != nil {
			return nil, err
		}
		r.progress++
		r.suspicion.forget()
	}
}

func (r *run) dropLarge() {
	if r.large != nil {
		r.large.free()
		r.large = nil
	}
}

// missing decides about a uid that the server answered without a body. Only the
// server's own word makes it gone.
func (r *run) missing(b *mailbox, uid imap.UID) (*letterIn, error) {
	has, err := b.has(uid)
	if err != nil {
		return nil, r.suspect(b, []imap.UID{uid}, err)
	}
	if !has {
		r.log.Info("message was expunged before it was fetched", "uid", uid)
		r.trust(1)
		return nil, nil
	}
	return nil, r.withheld(uid)
}
