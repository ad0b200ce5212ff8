package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime/debug"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"frontdesk/channels"
)

// Source reads one folder of one mailbox. It implements [channels.Source] and
// [channels.Parser]; see the package comment for what it promises.
//
// A connection that fails is opened again, after a wait that doubles. A refused
// login or folder is reported as Down with the server's words and tried again
// slowly: passwords get mended while the program runs.
//
// A mail whose transfer breaks the connection is found by halving what is asked
// for; it is then fetched with fewer items, and at last only its header, and
// presented with a Problem. So no mail stops those behind it, and none is left
// out.
type Source struct {
	channel string
	cfg     IMAPConfig
	end     endpoint
	parse   func(channels.Blob) channels.Inbound
	log     *slog.Logger
}

var (
	_ channels.Source = (*Source)(nil)
	_ channels.Parser = (*Source)(nil)
)

// NewSource checks cfg; it connects to nothing. parse is [Reader.Read], and may
// be called concurrently with itself.
func NewSource(channel string, cfg IMAPConfig, parse func(channels.Blob) channels.Inbound, log *slog.Logger) (*Source, error) {
	cfg = cfg.withDefaults()
	s := &Source{channel: channel, cfg: cfg, parse: parse, log: log.With("channel", channel)}
	s.end = endpoint{host: cfg.Host, port: cfg.Port, tls: cfg.TLS, dial: cfg.Dial, tlsConfig: cfg.TLSConfig, timeout: cfg.Timeout}
	if err := s.end.check(cfg.ForcePlain, [3]int{993, 143, 143}); err != nil {
		return nil, fmt.Errorf("imap: %w", err)
	}
	if cfg.User == "" {
		return nil, errors.New("imap: user is missing")
	}
	return s, nil
}

// Stream is the name of the source's only stream of cursors.
func (s *Source) Stream() string { return "imap:" + s.cfg.Folder }

// Parse reads the raw bytes of an earlier message again.
func (s *Source) Parse(_ context.Context, raw channels.Blob) (channels.Inbound, error) {
	return s.read(raw), nil
}

// read parses raw; a parser that panics leaves a message with a Problem.
func (s *Source) read(raw channels.Blob) (in channels.Inbound) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("parser panicked", "panic", p, "size", raw.Size, "stack", string(debug.Stack()))
			in = channels.Inbound{Channel: s.channel, Kind: channels.Message, Raw: raw, Problem: fmt.Sprintf("parser panicked: %v", p)}
		}
	}()
	return s.parse(raw)
}

// run is one Run under way.
type run struct {
	*Source
	h      channels.Handler
	pos    position // of the last message that h took
	health channels.Health
	sendID bool
	suspicion
	large *largeFetch // begun on an earlier connection
}

// Run presents the folder to h until ctx ends.
func (s *Source) Run(ctx context.Context, cursors map[string]string, h channels.Handler) error {
	r := &run{Source: s, h: h, sendID: true}
	defer r.dropLarge()
	var err error
	if r.pos, err = parsePosition(cursors[s.Stream()]); err != nil {
		// The keys make it harmless to begin again; to stop would lose mail.
		s.log.Error("cursor is unreadable, the folder is read from its beginning", "err", err)
	}
	for failures := 0; ; {
		before, began := r.progress, time.Now()
		err := r.session(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if r.progress != before || time.Since(began) > s.cfg.Poll {
			failures = 0
		}
		wait := min(s.cfg.RetryMax, s.cfg.RetryMin<<min(failures, 30))
		failures++
		if errors.As(err, new(refusedError)) {
			wait = s.cfg.RetryMax
		}
		wait = wait/2 + rand.N(wait/2+1)
		r.report(ctx, channels.Down, reason(err))
		s.log.Debug("connecting again", "wait", wait, "err", err)
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// session works on one connection until it breaks.
func (r *run) session(ctx context.Context) error {
	if r.health.State != channels.Down { // a server that is down stays Down until it is up
		r.report(ctx, channels.Starting, "connecting")
	}
	b, err := r.open(ctx, r.sendID)
	if err != nil {
		r.sendID = r.sendID && !errors.As(err, new(idError))
		return err
	}
	defer b.close()
	if b.validity != r.pos.validity {
		if r.pos.validity != 0 {
			r.log.Warn("folder has another UIDVALIDITY, it is read again from its beginning", "was", r.pos.validity, "is", b.validity)
		}
		r.pos = position{validity: b.validity}
		r.suspicion.forget()
		r.dropLarge()
	}
	for {
		uids, err := b.newer(r.pos.uid)
		if err != nil {
			return err
		}
		if len(uids) == 0 {
			r.report(ctx, channels.Up, "")
			if err := b.wait(ctx, r.cfg.Poll); err != nil {
				return err
			}
			continue
		}
		if r.health.State != channels.Up {
			r.report(ctx, channels.Starting, fmt.Sprintf("%d messages to take in", len(uids)))
		}
		if err := r.take(ctx, b, uids); err != nil {
			return err
		}
	}
}

// take presents uids in order, and fetches and parses the next batch meanwhile.
func (r *run) take(ctx context.Context, b *mailbox, uids []imap.UID) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan []*letterIn)
	var failed error
	go func() {
		defer close(batches)
		failed = r.fetch(ctx, b, uids, batches)
	}()
	var stopped error
	for batch := range batches {
		if stopped == nil {
			if stopped = r.present(ctx, batch); stopped != nil {
				cancel()
			}
		}
		for _, l := range batch {
			l.free()
		}
	}
	if stopped != nil {
		return stopped
	}
	return failed
}

// present gives messages to the handler until it takes them. Only the end of ctx
// is an error: a message that is not recorded holds back all behind it.
func (r *run) present(ctx context.Context, batch []*letterIn) error {
	for tries := 0; len(batch) > 0; tries++ {
		n, err := r.offer(ctx, batch)
		if n > 0 {
			r.pos.uid = batch[n-1].uid
			batch, tries = batch[n:], 0
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if tries&(tries-1) == 0 { // 1st, 2nd, 3rd, 5th, 9th … time
			r.log.Warn("message is not taken, presenting it again", "uid", batch[0].uid, "tries", tries+1, "err", err)
		}
		if !sleep(ctx, min(30*time.Second, 50*time.Millisecond<<min(tries, 20))) {
			return ctx.Err()
		}
	}
	return nil
}

// offer presents messages once and returns how many were taken.
func (r *run) offer(ctx context.Context, batch []*letterIn) (n int, err error) {
	if all, ok := r.h.(channels.Batcher); ok {
		ins := make([]channels.Inbound, len(batch))
		for i, l := range batch {
			ins[i] = l.in
		}
		return all.ReceiveAll(ctx, ins)
	}
	if _, err := r.h.Receive(ctx, batch[0].in); err != nil {
		return 0, err
	}
	return 1, nil
}

// inbound fills in what the transport knows.
func (r *run) inbound(l *letterIn) {
	if l.raw.Zero() {
		l.in = channels.Inbound{Kind: channels.Message}
	} else {
		l.in = r.read(l.raw)
	}
	in := &l.in
	in.Channel = r.channel
	in.Arrived = l.date
	if in.Arrived.IsZero() {
		in.Arrived = time.Now()
	}
	at := position{r.pos.validity, l.uid}
	in.Keys = append([]string{"imap:" + r.cfg.account() + ":" + at.String()}, in.Keys...)
	in.Cursor = channels.Cursor{Stream: r.Stream(), Position: at.String()}
	if l.problem != "" {
		if in.Problem != "" {
			in.Problem = "; " + in.Problem
		}
		in.Problem = l.problem + in.Problem
	}
}

// report tells the handler about a change, and after every full look at the
// folder that the mailbox is up.
func (r *run) report(ctx context.Context, state channels.State, reason string) {
	same := r.health.State == state && r.health.Reason == reason
	if same && state != channels.Up {
		return
	}
	r.health = channels.Health{Channel: r.channel, State: state, Reason: reason, At: time.Now()}
	if !same {
		r.log.Debug("mailbox is "+string(state), "reason", reason)
	}
	r.h.Report(ctx, r.health)
}

// reason is err without the port of our own that changes every time, so that
// the same trouble has the same words.
func reason(err error) string {
	s := err.Error()
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Source != nil {
		s = strings.ReplaceAll(s, op.Source.String()+"->", "")
	}
	return s
}

// sleep waits and reports whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
