package mail

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"frontdesk/channels"
)

// ProbeHeader marks a mail of [ProbeRoundTrip]; its value is the token.
const ProbeHeader = "X-Frontdesk-Doctor"

// Marked is a mail that a probe sends to our own address. Token must be
// unguessable and fit into a Message-ID.
type Marked struct{ Token, Subject, Text string }

// Trip is how a marked mail got on.
type Trip struct {
	ID       string        // its Message-ID
	Sending  time.Duration // until the server had it
	Arriving time.Duration // from then until it was seen in the folder
	Arrived  time.Time     // INTERNALDATE: when the IMAP server says that it came
	Received time.Time     // in the newest Received field; zero without
}

// ProbeRoundTrip sends a marked mail from our address to our address, and waits
// at most for wait until it is in the folder. The mail stays there. It comes from
// us, so that a running [Source] presents it as our own. An error is a
// [*ProbeError]; a mail that arrived in another folder is CauseElsewhere.
func ProbeRoundTrip(ctx context.Context, in IMAPConfig, out SMTPConfig, m Marked, wait time.Duration) (*Trip, error) {
	src, err := NewSource("probe", in, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, probeError(StepSettings, err)
	}
	snd, err := NewSender("probe", out, slog.New(slog.DiscardHandler))
	if err == nil && flag.Lookup("test.v") != nil && !loopback(out.Host) {
		err = fmt.Errorf("this is a test, and %s is not this machine", out.Host)
	}
	if err != nil {
		return nil, probeError(StepSettings, err)
	}
	defer snd.Close()
	b, err := src.open(ctx, true)
	if err != nil {
		return nil, probeError(StepFolder, err)
	}
	defer b.close()
	after, err := b.last(src.cfg.Folder)
	if err != nil {
		return nil, probeError(StepFolder, err)
	}

	began := time.Now()
	trip := &Trip{}
	if trip.ID, err = snd.sendMarked(ctx, m); err != nil {
		return nil, probeError(StepSend, err)
	}
	trip.Sending = time.Since(began)

	began = time.Now()
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	defer context.AfterFunc(waiting, func() { b.conn.Close() })()
	err = b.await(waiting, after, m, trip)
	trip.Arriving = time.Since(began)
	switch {
	case err == nil:
		return trip, nil
	case waiting.Err() == nil || ctx.Err() != nil:
		return nil, probeError(StepArrival, err)
	}
	e := &ProbeError{Step: StepArrival, Cause: CauseSilent, Err: context.DeadlineExceeded}
	if folder := src.elsewhere(ctx, m); folder != "" {
		e.Cause, e.Names = CauseElsewhere, []string{folder}
	}
	return nil, e
}

// sendMarked sends m and returns its Message-ID.
func (s *Sender) sendMarked(ctx context.Context, m Marked) (string, error) {
	l, err := s.compose.letter(channels.Outbound{Key: "doctor-" + m.Token, To: []channels.Person{{Kind: "mail", Address: s.compose.address}},
		Subject: m.Subject, Op: channels.Post, Audience: channels.Staff, Body: channels.Body{Format: channels.Plain, Text: m.Text}})
	if err != nil {
		return "", err
	}
	l.header.Set(ProbeHeader, m.Token)
	ctx, cancel := context.WithTimeout(ctx, 5*s.cfg.Timeout)
	defer cancel()
	c, err := s.dial(ctx)
	if err != nil {
		return "", err
	}
	defer c.raw.Close()
	defer context.AfterFunc(ctx, func() { c.raw.Close() })()
	if err := s.transact(c, l); err != nil {
		return "", because(ctx, err)
	}
	_ = c.Quit() // the mail is sent
	return l.id, nil
}

// last returns the highest UID that the folder has given out.
func (b *mailbox) last(folder string) (last imap.UID, err error) {
	err = b.do("EXAMINE", func() error {
		data, err := b.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err == nil && data.UIDNext > 0 {
			last = data.UIDNext - 1
		}
		return err
	})
	if err != nil || last > 0 {
		return last, err
	}
	all, err := b.newer(0)
	if len(all) > 0 {
		last = slices.Max(all)
	}
	return last, err
}

// await looks at what comes after the UID until the marked mail is there.
func (b *mailbox) await(ctx context.Context, after imap.UID, m Marked, trip *Trip) error {
	for {
		uids, err := b.newer(after)
		if err != nil {
			return err
		}
		for _, uid := range uids {
			after = uid
			got, err := b.bodies([]imap.UID{uid}, imap.FetchOptions{UID: true, InternalDate: true,
				BodySection: []*imap.FetchItemBodySection{{Specifier: imap.PartSpecifierHeader, Peek: true}}})
			if err != nil {
				return err
			}
			l := got[uid]
			if l == nil {
				continue // gone already
			}
			found, received := l.marked(m, trip.ID)
			trip.Arrived, trip.Received = l.date, received
			l.free()
			if found {
				return nil
			}
		}
		if err := b.wait(ctx, 2*time.Second); err != nil {
			return err
		}
	}
}

// marked reports whether l is the mail m, by whichever mark its way has left on
// it, and when the last server received it.
func (l *letterIn) marked(m Marked, id string) (found bool, received time.Time) {
	r, err := l.raw.Open()
	if err != nil {
		return false, received
	}
	defer r.Close()
	msg, err := netmail.ReadMessage(io.LimitReader(io.MultiReader(r, strings.NewReader("\r\n\r\n")), 1<<20))
	if err != nil {
		return false, received
	}
	h := msg.Header
	if all := h["Received"]; len(all) > 0 {
		if t, err := netmail.ParseDate(strings.TrimSpace(all[0][strings.LastIndexByte(all[0], ';')+1:])); err == nil {
			received = t
		}
	}
	return h.Get(ProbeHeader) == m.Token || strings.Trim(h.Get("Message-Id"), "<> ") == id || h.Get("Subject") == m.Subject, received
}

// elsewhere looks for m in the other folders; "" if it is in none of them.
func (s *Source) elsewhere(ctx context.Context, m Marked) string {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	b, err := s.open(ctx, true)
	if err != nil {
		return ""
	}
	defer b.close()
	folders, err := b.folders()
	if err != nil {
		return ""
	}
	slices.SortStableFunc(folders, func(x, y string) int { return cmp.Compare(likely(x), likely(y)) })
	for _, folder := range folders {
		if folder == s.cfg.Folder || likely(folder) == nowhere {
			continue
		}
		err := b.do("SEARCH", func() error {
			if _, err := b.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
				return err
			}
			data, err := b.client.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: ProbeHeader, Value: m.Token}}}, nil).Wait()
			if err == nil && len(data.AllUIDs()) == 0 {
				err = errors.New("not here")
			}
			return err
		})
		switch {
		case err == nil:
			return folder
		case b.broken():
			return ""
		}
	}
	return ""
}

// nowhere is the rank of folders with our own copies of what we sent: to be there
// is no arrival.
const nowhere = 2

// likely ranks folders: those for spam are looked at first.
func likely(folder string) int {
	low := strings.ToLower(folder)
	for rank, words := range map[int][]string{0: {"spam", "junk", "bulk", "垃圾"}, nowhere: {"sent", "已发送", "draft", "all mail", "outbox"}} {
		for _, w := range words {
			if strings.Contains(low, w) {
				return rank
			}
		}
	}
	return 1
}
