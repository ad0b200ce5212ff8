package bot

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"frontdesk/bot/extract"
	"frontdesk/channels"
	"frontdesk/faq"
	"frontdesk/store"
)

// uploads are the bytes of a message, written before its transaction.
type uploads struct {
	raw   *store.Upload
	files []*store.Upload // parallel to Inbound.Files; nil: arrives by reference

	released bool // see incoming
}

// prepared is a message for which everything is done that needs no lock: its
// text is read, and its larger bytes are written.
type prepared struct {
	now     time.Time
	in      channels.Inbound
	up      uploads
	reading heard
	err     error // the source must present it again
}

// Receive implements [channels.Handler].
func (e *Engine) Receive(ctx context.Context, in channels.Inbound) (channels.Reply, error) {
	p := e.prepare(ctx, in)
	if p.err != nil {
		return channels.Reply{}, p.err
	}
	var reply channels.Reply
	err := e.db.Write(ctx, func(tx *store.Tx) (err error) {
		reply, err = e.receive(tx, p.now, &p.in, &p.up, p.reading)
		return err
	})
	return reply, e.received(p, err)
}

// together is how many messages share a commit at most.
const together = 32

// ReceiveAll implements [channels.Batcher]. While some messages are written, the
// next are prepared.
func (e *Engine) ReceiveAll(ctx context.Context, ins []channels.Inbound) (n int, err error) {
	next := e.prepareAll(ctx, ins[:min(together, len(ins))])
	for n < len(ins) {
		now := <-next
		after := n + len(now)
		next = e.prepareAll(ctx, ins[after:min(after+together, len(ins))])
		taken, err := e.receiveAll(ctx, now)
		if n += taken; err != nil {
			<-next // it may still be reading what the caller frees
			return n, err
		}
	}
	return n, nil
}

// prepareAll prepares messages on every core; the channel gets them once.
func (e *Engine) prepareAll(ctx context.Context, ins []channels.Inbound) <-chan []*prepared {
	done := make(chan []*prepared, 1)
	go func() {
		all := make([]*prepared, len(ins))
		var g errgroup.Group
		g.SetLimit(runtime.GOMAXPROCS(0))
		for i := range ins {
			g.Go(func() error {
				all[i] = e.prepare(ctx, ins[i])
				return nil
			})
		}
		g.Wait() // each says for itself what went wrong
		done <- all
	}()
	return done
}

// receiveAll records messages with one commit, up to the first that fails.
func (e *Engine) receiveAll(ctx context.Context, all []*prepared) (n int, failed error) {
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		n, failed = 0, nil
		for _, p := range all {
			// The cursor must not move past a message that is not recorded.
			if failed = p.err; failed == nil {
				failed = tx.Try(func() error {
					_, err := e.receive(tx, p.now, &p.in, &p.up, p.reading)
					return err
				})
			}
			if failed != nil {
				break
			}
			n++
		}
		return nil
	})
	if err != nil {
		n, failed = 0, err
	}
	for _, p := range all[:n] {
		e.received(p, nil)
	}
	if n < len(all) {
		failed = e.received(all[n], failed)
	}
	return n, failed
}

// prepare does what needs no lock.
func (e *Engine) prepare(ctx context.Context, in channels.Inbound) *prepared {
	p := &prepared{now: time.Now(), in: in}
	if len(in.Keys) == 0 || in.Channel == "" {
		p.err = fmt.Errorf("a message of channel %q has no key: the adapter must name the arrival", in.Channel)
		return p
	}
	if _, ok := e.cfg.Channels[in.Channel]; !ok {
		p.err = fmt.Errorf("there is no channel %q", in.Channel)
		return p
	}
	if in.Arrived.IsZero() {
		p.in.Arrived = p.now
	}
	if again := pressKey(&in); again != "" {
		p.in.Keys = append(slices.Clone(in.Keys), again)
	}
	if a := in.Action; a != nil && in.Text == "" {
		p.in.Text = e.saysWhat(a)
	}
	var err error
	if p.up.raw, err = e.upload(ctx, in.Raw, p.now); err != nil {
		p.err = fmt.Errorf("raw bytes of %s: %w", in.Keys[0], err)
		return p
	}
	p.up.files = make([]*store.Upload, len(in.Files))
	for i, f := range in.Files {
		if p.up.files[i], err = e.upload(ctx, f.Data, p.now); err != nil {
			if store.Unavailable(err) {
				p.err = fmt.Errorf("file %d of %s: %w", i, in.Keys[0], err)
				return p
			}
			// The raw bytes are kept, so nothing is lost.
			p.in.Signals = append(slices.Clip(in.Signals), fmt.Sprintf("file %d cannot be read: %v", i+1, err))
		}
	}
	p.reading = e.read(&p.in)
	if in.Action != nil {
		p.reading = meant(in.Action, p.reading)
	}
	return p
}

// received counts what became of a message and wakes who waits for it.
func (e *Engine) received(p *prepared, err error) error {
	if err != nil {
		e.cfg.Observer.Received(p.in.Channel, "refused", time.Since(p.now))
		return fmt.Errorf("record %s: %w", strings.Join(p.in.Keys[:min(1, len(p.in.Keys))], ""), err)
	}
	e.alive(p.in.Channel, time.Now())
	e.kick()
	return nil
}

func (e *Engine) upload(ctx context.Context, b channels.Blob, now time.Time) (*store.Upload, error) {
	if b.Zero() {
		return nil, nil
	}
	r, err := b.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return e.db.Upload(ctx, r, now)
}

// heard is what the engine makes of a text.
type heard struct {
	faq.Reading
	Facts extract.Facts
	Robot bool // see incoming
}

// read asks the FAQ. Should it panic, the message is unreadable, not lost.
func (e *Engine) read(in *channels.Inbound) (h heard) {
	defer func() {
		if v := recover(); v != nil {
			e.log.Error("reading a message panicked", "key", in.Keys[0], "panic", v)
			in.Problem = "internal error while reading it"
			h = heard{}
		}
	}()
	if in.Kind != channels.Message {
		return heard{}
	}
	h.Reading = e.understand(in)
	// Facts are for people: what the FAQ is sure of needs none.
	if len(h.Intents) > 0 || len(h.Questions) == 0 || slices.ContainsFunc(h.Questions, func(q faq.Question) bool { return !isSure(q) }) {
		h.Facts = extract.Find(in.Text, h.Lang, time.Now().In(e.cfg.Calendar.Location()))
	}
	return h
}

// understand asks the FAQ as it is now in the message's channel. It reads the text, and the subject of what begins a talk: some people
// say all of it there, or the heart of it.
func (e *Engine) understand(in *channels.Inbound) faq.Reading {
	index := e.index().For(time.Now(), in.Channel)
	r := index.Read(in.Text)
	if in.Subject == "" || len(in.Refs) > 0 {
		return r
	}
	subject := index.Read(in.Subject)
	if r.Empty || !r.Wants() && len([]rune(in.Text)) < 40 && !slices.ContainsFunc(r.Questions, asks) && slices.ContainsFunc(subject.Questions, isSure) {
		subject.Intents = append(r.Intents, subject.Intents...)
		return subject
	}
	for _, i := range subject.Intents {
		if i.Name == faq.Complaint || i.Name == faq.Human || i.Name == faq.Urgent {
			r.Intents = append(r.Intents, i)
		}
	}
	return r
}
