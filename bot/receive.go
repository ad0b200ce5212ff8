package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/bot/extract"
	"frontdesk/channels"
	"frontdesk/faq"
	"frontdesk/store"
)

// incoming is a message of a customer on its way to a decision; several, where a
// channel gathers what one person says within seconds.
type incoming struct {
	now      time.Time
	arrived  time.Time
	reading  heard
	problem  string
	files    int
	messages []store.Message
	conv     store.Conversation
	thread   store.Thread
	identity store.Identity
	from     channels.Person
	answerTo channels.Person
	ref      string // of the newest message
	ledger   int64
	released bool // from quarantine, where it was for looking like bulk mail
}

func (in *incoming) text() string {
	var all []string
	for _, m := range in.messages {
		if strings.TrimSpace(m.Text) != "" {
			all = append(all, m.Text)
		}
	}
	return strings.Join(all, "\n")
}

func (in *incoming) last() int64 { return in.messages[len(in.messages)-1].ID }

// uploads are the bytes of a message, written before its transaction.
type uploads struct {
	raw   *store.Upload
	files []*store.Upload // parallel to Inbound.Files; nil: arrives by reference

	released bool // see incoming
}

// Receive implements [channels.Handler]. What it needs no lock for, it does
// first: reading the text, writing large bytes.
func (e *Engine) Receive(ctx context.Context, in channels.Inbound) (channels.Reply, error) {
	if len(in.Keys) == 0 || in.Channel == "" {
		return channels.Reply{}, fmt.Errorf("a message of channel %q has no key: the adapter must name the arrival", in.Channel)
	}
	if _, ok := e.cfg.Channels[in.Channel]; !ok {
		return channels.Reply{}, fmt.Errorf("there is no channel %q", in.Channel)
	}
	now := time.Now()
	if in.Arrived.IsZero() {
		in.Arrived = now
	}
	if a := in.Action; a != nil && a.Name == actSay && in.Text == "" {
		in.Text = a.Fields["text"] // a button that stands for words
	}
	var up uploads
	var err error
	if up.raw, err = e.upload(ctx, in.Raw, now); err != nil {
		return channels.Reply{}, fmt.Errorf("raw bytes of %s: %w", in.Keys[0], err)
	}
	up.files = make([]*store.Upload, len(in.Files))
	for i, f := range in.Files {
		if up.files[i], err = e.upload(ctx, f.Data, now); err != nil {
			if store.Unavailable(err) {
				return channels.Reply{}, fmt.Errorf("file %d of %s: %w", i, in.Keys[0], err)
			}
			// The raw bytes are kept, so nothing is lost.
			in.Signals = append(in.Signals, fmt.Sprintf("file %d cannot be read: %v", i+1, err))
		}
	}
	reading := e.read(&in)
	var reply channels.Reply
	err = e.db.Write(ctx, func(tx *store.Tx) (err error) {
		reply, err = e.receive(tx, now, &in, &up, reading)
		return err
	})
	if err != nil {
		e.cfg.Observer.Received(in.Channel, "refused", time.Since(now))
		return channels.Reply{}, fmt.Errorf("record %s: %w", in.Keys[0], err)
	}
	e.alive(in.Channel, time.Now())
	e.kick()
	return reply, nil
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

// understand reads the text, and the subject of what begins a talk: some people
// say all of it there, or the heart of it.
func (e *Engine) understand(in *channels.Inbound) faq.Reading {
	index := e.index()
	r := index.Read(in.Text)
	if in.Subject == "" || len(in.Refs) > 0 {
		return r
	}
	subject := index.Read(in.Subject)
	if r.Empty || len(r.Intents) == 0 && len([]rune(in.Text)) < 40 && !slices.ContainsFunc(r.Questions, asks) && slices.ContainsFunc(subject.Questions, isSure) {
		subject.Intents = append(r.Intents, subject.Intents...)
		return subject
	}
	for _, i := range subject.Intents {
		if i.Name == faq.Complaint || i.Name == faq.Human {
			r.Intents = append(r.Intents, i)
		}
	}
	return r
}

// receive records one message and what follows from it.
func (e *Engine) receive(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, reading heard) (channels.Reply, error) {
	var none channels.Reply
	if in.Cursor.Stream != "" {
		if err := tx.SetCursor(in.Channel, in.Cursor.Stream, in.Cursor.Position, now); err != nil {
			return none, err
		}
	}
	became := "again"
	tx.AfterCommit(func() { e.cfg.Observer.Received(in.Channel, became, time.Since(now)) })
	if seen, err := tx.Key(in.Keys[0]); err != nil || seen != 0 {
		return none, err
	}
	entry := store.Entry{Channel: in.Channel, Key: in.Keys[0], Kind: string(in.Kind), Disposition: store.Taken,
		Reason: reason(in), Sender: in.From.Address, Subject: in.Subject, Ref: in.Ref, Arrived: in.Arrived, Recorded: now}
	for _, k := range in.Keys[1:] {
		of, err := tx.Key(k)
		if err != nil {
			return none, err
		}
		if of != 0 {
			entry.Disposition, entry.Duplicate = store.Duplicate, of
			break
		}
	}
	if up.raw != nil {
		var err error
		if entry.Raw, err = tx.PutBlob(up.raw); err != nil {
			return none, fmt.Errorf("raw bytes: %w", err)
		}
	}
	id, err := tx.AddEntry(entry, in.Keys)
	became = string(entry.Disposition)
	if err != nil || entry.Disposition == store.Duplicate {
		return none, err
	}
	if in.Problem != "" && in.Kind == channels.Message {
		if err := e.failed(tx, now, eventUnreadable, in.Channel, id); err != nil {
			return none, err
		}
	}
	var reply channels.Reply
	err = tx.Try(func() (err error) {
		reply, err = e.sort(tx, now, in, up, reading, id)
		return err
	})
	if err != nil && !store.Unavailable(err) {
		e.failure("message not handled", err, "channel", in.Channel, "ledger", id)
		reply, err = none, e.recordFailure(tx, now, in, id, err)
	}
	if err != nil {
		return none, err
	}
	d, err := tx.Disposition(id)
	became = string(d)
	return reply, err
}

// reason is what the ledger says beside a message: what the channel noticed.
func reason(in *channels.Inbound) string {
	all := in.Signals
	if in.Problem != "" {
		all = append([]string{oneLine(in.Problem, 300)}, all...)
	}
	return strings.Join(all, "; ")
}

// sort does what the kind of a message asks for.
func (e *Engine) sort(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, reading heard, ledger int64) (channels.Reply, error) {
	var none channels.Reply
	switch in.Kind {
	case channels.Own:
		return none, tx.Dispose(ledger, store.Own, strings.Join(in.Signals, "; "))
	case channels.Bounce:
		return none, e.bounced(tx, now, in, up, ledger)
	case channels.AutoReply:
		if err := tx.Dispose(ledger, store.AutoReply, strings.Join(in.Signals, "; ")); err != nil {
			return none, err
		}
		_, err := e.attach(tx, now, in, up, ledger)
		return none, err
	case channels.Bulk, channels.Spam:
		return none, tx.Dispose(ledger, store.Quarantined, strings.Join(in.Signals, "; "))
	case channels.Edit, channels.Deletion, channels.Reaction:
		return none, e.amended(tx, now, in, ledger)
	}
	if in.From.Zero() && in.Problem != "" {
		return none, errors.New(in.Problem) // nobody can be answered, so people are told
	}
	if in.Proof == channels.Refuted && in.Place != "" {
		return none, tx.Dispose(ledger, store.Quarantined, "its sender is not who it says")
	}
	if in.From.Zero() {
		return none, tx.Dispose(ledger, store.Quarantined, "nobody is named as its sender")
	}
	if e.cfg.own(in.From) {
		return none, tx.Dispose(ledger, store.Own, "it comes from an address of ours")
	}
	if a := in.Action; a != nil && a.Name != actSay {
		return e.pressed(tx, now, in)
	}
	if _, agent := e.cfg.agent(in.From); !agent && e.cfg.operator(in.From) {
		return none, tx.Dispose(ledger, store.Taken, "it comes from an operator, who is no customer")
	}
	if _, agent := e.cfg.agent(in.From); !agent && e.cfg.deskAddress(in.From) {
		return none, e.fromDesk(tx, now, in, ledger)
	}
	to, err := e.route(tx, in)
	if err != nil {
		return none, err
	}
	switch {
	case to.agent != nil && to.staff:
		return e.fromAgent(tx, now, in, up, ledger, *to.agent, to.thread)
	case to.agent != nil:
		return none, e.byHand(tx, now, in, up, ledger, *to.agent, to.thread)
	case e.cfg.staffPlace(in): // whoever talks there is no customer
		return none, tx.Dispose(ledger, store.Taken, "talk among staff that answers no hand-over")
	}
	return none, e.fromCustomer(tx, now, in, up, reading, ledger, to)
}

// fromDesk keeps a mail from the address of a desk. Nobody is known by it, so it
// reaches no customer; whoever wrote it is told, but not every hour of the day,
// for it may be a machine.
func (e *Engine) fromDesk(tx *store.Tx, now time.Time, in *channels.Inbound, ledger int64) error {
	if err := tx.Dispose(ledger, store.Quarantined, "it comes from the address of a desk, by which nobody is known"); err != nil {
		return err
	}
	name := "told:" + in.From.Address
	v, err := tx.Setting(name)
	if err != nil {
		return err
	}
	if told, err := time.Parse(time.RFC3339, v); err == nil && now.Sub(told) < 24*time.Hour {
		return nil
	}
	if err := tx.SetSetting(name, now.UTC().Format(time.RFC3339)); err != nil {
		return err
	}
	return e.noticeTo(tx, now, in, e.staff("refused-desk", textArgs{To: in.From.Address, Ledger: ledger}))
}

// pressed does what a button or a form asks for. Only staff have any, and the
// transport must have proved who they are.
func (e *Engine) pressed(tx *store.Tx, now time.Time, in *channels.Inbound) (channels.Reply, error) {
	agent, ok := e.cfg.agent(in.From)
	if !ok || in.Proof != channels.Proven {
		return channels.Reply{Refusal: string(e.staff("refused-stranger", textArgs{}))}, nil
	}
	out, err := e.act(tx, now, agent, *in.Action, nil)
	if err != nil || !out.refused {
		return channels.Reply{}, err
	}
	return channels.Reply{Refusal: string(out.note)}, nil
}

// fromCustomer records a customer's message and decides on it, now or when what
// the customer says within a few seconds has been gathered.
func (e *Engine) fromCustomer(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, reading heard, ledger int64, to route) error {
	m, err := e.recordTalk(tx, now, in, up, ledger, to)
	if err != nil {
		return err
	}
	m.reading, m.problem = reading, in.Problem
	if gather := e.cfg.Channels[in.Channel].Gather; gather > 0 && in.Action == nil && in.Problem == "" {
		waiting, err := tx.Pending(m.conv.ID)
		if err != nil {
			return err
		}
		due := now.Add(gather)
		if latest := waiting[0].At.Add(5 * gather); due.After(latest) {
			due = latest
		}
		return tx.SetTimer(store.Timer{Kind: timerGather, Conversation: m.conv.ID, Due: due})
	}
	return e.judge(tx, m)
}

// judge decides and applies. If that fails, only that is undone: the message
// stands, and people are told.
func (e *Engine) judge(tx *store.Tx, in *incoming) error {
	conv := in.conv
	err := tx.Try(func() error {
		s, err := e.situation(tx, in)
		if err != nil {
			return err
		}
		return e.apply(tx, in, s, decide(s))
	})
	if err == nil || store.Unavailable(err) {
		return err
	}
	e.failure("decision failed", err, "conv", in.conv.ID, "msg", in.last())
	in.conv = conv // what was undone may have opened a case
	if err := tx.Dispose(in.ledger, store.Failed, oneLine(err.Error(), 300)); err != nil {
		return err
	}
	if err := e.failed(tx, in.now, eventFailed, in.conv.Channel, in.ledger); err != nil {
		return err
	}
	for _, m := range in.messages {
		if err := tx.Decided(m.ID); err != nil {
			return err
		}
	}
	// Doubt goes to a person; so does an error. Should that fail as well, what
	// remains is a notice.
	err2 := tx.Try(func() error {
		s, err := e.situation(tx, in)
		if err != nil {
			return err
		}
		d := Decision{State: s.State, Memory: s.Memory, Rule: "error", Why: "internal error"}
		if s.State == store.WithPerson {
			d.Relay = "relay"
		} else {
			d.handOver(s, kindQuestion, "error")
			if !s.Spent && !s.Early {
				d.say("human")
			}
		}
		return e.apply(tx, in, s, d)
	})
	if err2 == nil || store.Unavailable(err2) {
		return err2
	}
	e.failure("hand-over after an error failed", err2, "conv", in.conv.ID)
	return e.notice(tx, in.now, in.conv.Channel, e.cfg.Texts.Staff(e.cfg.staffLang(), "failed",
		textArgs{Ledger: in.ledger, Name: in.from.Address, Why: oneLine(err.Error(), 200)}))
}

// recordFailure keeps a message that could not even be sorted, and tells people.
func (e *Engine) recordFailure(tx *store.Tx, now time.Time, in *channels.Inbound, ledger int64, cause error) error {
	if err := tx.Dispose(ledger, store.Failed, oneLine(cause.Error(), 300)); err != nil {
		return err
	}
	if err := e.failed(tx, now, eventFailed, in.Channel, ledger); err != nil {
		return err
	}
	return e.notice(tx, now, in.Channel, e.cfg.Texts.Staff(e.cfg.staffLang(), "failed",
		textArgs{Ledger: ledger, Name: in.From.Address, Why: oneLine(cause.Error(), 200)}))
}

// failure logs an error with its stack, if it was a panic.
func (e *Engine) failure(msg string, err error, args ...any) {
	args = append(args, "err", err)
	var p *store.PanicError
	if errors.As(err, &p) {
		args = append(args, "stack", string(p.Stack))
	}
	e.log.Error(msg, args...)
}

// recordTalk records a customer's message in its conversation, which it opens
// where there is none.
func (e *Engine) recordTalk(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, ledger int64, to route) (*incoming, error) {
	answerTo := in.ReplyTo
	if answerTo.Zero() || e.cfg.ours(answerTo) {
		answerTo = in.From
	}
	m := &incoming{now: now, arrived: in.Arrived, from: in.From, answerTo: answerTo, ref: in.Ref, ledger: ledger, files: len(in.Files), released: up.released}
	var err error
	if m.identity, err = tx.Identify(in.From.Kind, in.From.Address, in.From.Name, now); err != nil {
		return nil, err
	}
	address, err := json.Marshal(answerTo)
	if err != nil {
		return nil, err
	}
	if to.thread.ID == 0 {
		m.conv = store.Conversation{Customer: m.identity.Customer, Channel: in.Channel, State: store.WithBot, Memory: "{}", Linked: to.linked, Opened: now, Updated: now}
		if m.conv.ID, err = tx.AddConversation(m.conv); err != nil {
			return nil, err
		}
		m.thread = store.Thread{Audience: store.ForCustomer, Conversation: m.conv.ID, Channel: in.Channel, Place: in.Place,
			Address: string(address), Subject: in.Subject, Token: token(), Created: now}
		if m.thread.ID, err = tx.AddThread(m.thread); err != nil {
			return nil, err
		}
		if err := tx.AddParticipant(m.conv.ID, store.Participant{Kind: in.From.Kind, Address: in.From.Address, Name: in.From.Name}); err != nil {
			return nil, err
		}
	} else {
		m.thread = to.thread
		if m.conv, err = tx.Conversation(to.thread.Conversation); err != nil {
			return nil, err
		}
		if m.conv.State == store.Ended {
			m.conv.State = store.WithBot
		}
		if m.identity.Customer == m.conv.Customer && m.thread.Address != string(address) {
			m.thread.Address = string(address)
			if err := tx.SetAddress(m.thread.ID, m.thread.Address); err != nil {
				return nil, err
			}
		}
	}
	if m.identity.Customer == m.conv.Customer && in.Place == "" {
		for _, p := range in.To {
			if !e.cfg.ours(p) {
				if err := tx.AddParticipant(m.conv.ID, store.Participant{Kind: p.Kind, Address: p.Address, Name: p.Name}); err != nil {
					return nil, err
				}
			}
		}
	}
	msg := store.Message{Thread: m.thread.ID, Audience: store.ForCustomer, Conversation: m.conv.ID, Case: m.conv.Case, Ledger: ledger,
		Author: store.ByCustomer, Identity: m.identity.ID, Name: in.From.Name, Text: in.Text, Whole: in.Full, At: in.Arrived, Pending: true}
	if msg.ID, err = e.addMessage(tx, in, up, msg); err != nil {
		return nil, err
	}
	m.messages = []store.Message{msg}
	return m, nil
}

// addMessage records a message with its name and its files.
func (e *Engine) addMessage(tx *store.Tx, in *channels.Inbound, up *uploads, m store.Message) (int64, error) {
	id, err := tx.AddMessage(m)
	if err != nil {
		return 0, err
	}
	if in.Ref != "" {
		if err := tx.AddRef(in.Ref, m.Thread, id, false); err != nil {
			return 0, err
		}
	}
	for i, f := range in.Files {
		a := store.Attachment{Name: f.Name, Type: f.Type, Ref: f.Ref, Size: f.Data.Size}
		if up.files[i] != nil {
			if a.Blob, err = tx.PutBlob(up.files[i]); err != nil {
				return 0, fmt.Errorf("file %d: %w", i+1, err)
			}
			a.Size = up.files[i].Size()
		}
		if _, err := tx.AddAttachment(id, a); err != nil {
			return 0, fmt.Errorf("file %d: %w", i+1, err)
		}
	}
	return id, nil
}
