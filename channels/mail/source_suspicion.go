package mail

import (
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"
)

// level says how a mail is to be fetched, after what happened to earlier
// attempts.
type level int

const (
	asUsual    level = iota
	bodyOnly         // without INTERNALDATE and RFC822.SIZE, which a server may get wrong
	headerOnly       // parked: presented with a Problem
	hopeless         // parked without even a header
)

// networkTries is how often one and the same mail may break the connection in a
// way that could be the network's fault, with doubling waits between, before the
// mail is held responsible: about twenty minutes.
const networkTries = 10

// suspicion narrows down which mail breaks the connection. It outlives the
// connections.
type suspicion struct {
	progress int // counts what went well
	most     int // ask for no more than so many at once; 0: as usual
	uid      imap.UID
	at       level
	tries    int
	cause    error
}

func (s *suspicion) forget() { s.most, s.uid, s.at, s.tries, s.cause = 0, 0, asUsual, 0, nil }

func (s *suspicion) limit(usual int) int {
	if s.most == 0 {
		return usual
	}
	return min(s.most, usual)
}

func (s *suspicion) level(uid imap.UID) level {
	if uid == s.uid {
		return s.at
	}
	return asUsual
}

// trust notes that n mails were fetched at once without harm.
func (s *suspicion) trust(n int) {
	s.progress++
	if s.most > 0 && n >= s.most {
		if s.most *= 2; s.most >= window {
			s.most = 0
		}
	}
}

// suspect notes that asking for uids ended with err, which it returns.
func (s *suspicion) suspect(b *mailbox, uids []imap.UID, err error) error {
	switch {
	case errors.As(err, new(localError)):
		return err
	case !b.broken() && !refused(err):
		return err
	case len(uids) > 1:
		s.most = max(1, len(uids)/2)
		if b.garbled() {
			s.progress++ // the search narrows: no need to wait longer and longer
		}
		return err
	}
	if s.uid != uids[0] {
		s.uid, s.at, s.tries = uids[0], asUsual, 0
	}
	s.most, s.cause = 1, err
	if s.tries++; b.garbled() || refused(err) || s.tries >= networkTries {
		s.tries = 0
		s.at++
		s.progress++
		if !b.garbled() && !refused(err) && s.at == bodyOnly {
			s.at = headerOnly // fewer items do not help against a broken line
		}
	}
	return fmt.Errorf("uid %d: %w", uids[0], err)
}

// withheld notes that the server has uid and answers a FETCH without a body. A
// few attempts later the mail is parked.
func (s *suspicion) withheld(uid imap.UID) error {
	if s.uid != uid {
		s.uid, s.at, s.tries = uid, asUsual, 0
	}
	err := fmt.Errorf("uid %d: the server has the message and does not deliver it", uid)
	s.cause = err
	if s.tries++; s.tries >= 3 || s.at > asUsual {
		s.tries = 0
		s.at++
		s.progress++
	}
	return err
}

// park marks what could be had of a mail.
func (r *run) park(l *letterIn) *letterIn {
	what := "only its header"
	if l.raw.Zero() {
		what = "not even its header"
	}
	l.problem = fmt.Sprintf("the mailbox holds this mail, but %s could be fetched: %v", what, r.cause)
	r.log.Error("message cannot be fetched, it is presented with what there is", "uid", l.uid, "err", r.cause)
	return l
}
