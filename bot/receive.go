package bot

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// incoming is a message of a customer on its way to a decision; several, where a
// channel gathers what one person says within seconds.
type incoming struct {
	now           time.Time
	arrived       time.Time
	reading       heard
	problem       string
	files         int
	messages      []store.Message
	conv          store.Conversation
	thread        store.Thread
	identity      store.Identity
	from          channels.Person
	answerTo      channels.Person
	correspondent int64  // whom answers are counted for
	robot         bool   // it may be a machine's: nobody is answered
	ref           string // of the newest message
	ledger        int64
	chosen        string            // see fieldChosen
	form          map[string]string // what a form says of the case, by field
	moved         bool              // the answer goes to another place than where it was asked
	released      bool              // from quarantine, where it was for looking like bulk mail
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
	if in.Toward == channels.Aside || e.chatter(tx, in) {
		if goesOn, err := e.goesOn(tx, in); err != nil || !goesOn {
			became = string(store.Taken)
			return none, errors.Join(err, e.overheard(tx, now, in))
		}
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
	if early, err := e.tooEarly(tx, now, in); err != nil || early {
		became = string(store.Quarantined)
		return none, cmp.Or(err, e.setAside(tx, now, in, id))
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
	if in.Action != nil && (reply.Refusal != "" || reply.Form != nil || len(reply.Errors) > 0) {
		// Nothing was done, so the same may be tried again.
		if err := tx.Unkey(id, in.Keys[1:]); err != nil {
			return none, err
		}
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
	if maybeHuman(in) && !e.cfg.ours(in.From) {
		known, err := e.ofOurs(tx, in)
		if err != nil {
			return none, err
		}
		if !known && !in.From.Zero() {
			in.Kind = channels.Message // a person looks at it; nobody is answered
			reading.Robot = true
		}
	}
	switch in.Kind {
	case channels.Own:
		return none, e.fromOurselves(tx, now, in, up, ledger)
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
	case channels.Service:
		return none, nil
	case channels.Membership:
		return none, e.membership(tx, now, in)
	}
	_, agent, err := e.agent(&tx.Snapshot, in.From)
	if err != nil {
		return none, err
	}
	early := in.Arrived.Before(e.cfg.Channels[in.Channel].Start)
	if early && (agent || in.From.Zero() || e.cfg.deskAddress(in.From)) {
		return none, tx.Dispose(ledger, store.Taken, "it arrived before the channel's start")
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
	if in.Action != nil {
		if reply, done, err := e.pressed(tx, now, in); err != nil || done {
			return reply, err
		}
	}
	if !agent && e.cfg.operator(in.From) {
		return none, tx.Dispose(ledger, store.Taken, "it comes from an operator, who is no customer")
	}
	if !agent && e.cfg.deskAddress(in.From) {
		return none, e.fromDesk(tx, now, in, ledger)
	}
	to, err := e.route(tx, in)
	if err != nil {
		return none, err
	}
	if to.agent == nil && !agent {
		if err := e.joinOwn(tx, in, reading, &to); err != nil {
			return none, err
		}
	}
	switch {
	case to.aside:
		return none, tx.Dispose(ledger, store.Taken, "a colleague wrote it to others")
	case to.agent != nil && to.staff:
		return e.fromAgent(tx, now, in, up, ledger, *to.agent, to.thread)
	case to.agent != nil:
		return none, e.byHand(tx, now, in, up, ledger, *to.agent, to.thread)
	case e.cfg.staffPlace(in) && !agent:
		return e.strange(tx, now, in, ledger)
	case e.cfg.staffPlace(in): // whoever talks there is no customer
		return none, tx.Dispose(ledger, store.Taken, "talk among staff that answers no hand-over")
	case to.remark:
		return none, tx.Dispose(ledger, store.Taken, "a remark in somebody else's thread")
	case agent && in.Toward == channels.ToRoom && to.thread.ID == 0 && in.Action == nil:
		return none, tx.Dispose(ledger, store.Taken, "a colleague wrote it where customers ask")
	}
	if err := e.fromCustomer(tx, now, in, up, reading, ledger, to); err != nil {
		return none, err
	}
	return e.asked(tx, in, reading)
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

// maybeHuman reports whether only its subject makes a message look like a
// machine's. People have unlucky subjects.
func maybeHuman(in *channels.Inbound) bool {
	return (in.Kind == channels.AutoReply || in.Kind == channels.Bounce) && len(in.Signals) > 0 &&
		!slices.ContainsFunc(in.Signals, func(s string) bool { return !strings.HasPrefix(s, "weak: Subject") })
}

// ofOurs reports whether a message answers something that we sent.
func (e *Engine) ofOurs(tx *store.Tx, in *channels.Inbound) (bool, error) {
	for _, name := range in.Refs {
		if ref, err := tx.Ref(name); err == nil && ref.Ours {
			return true, nil
		} else if err != nil && err != store.ErrNotFound {
			return false, err
		}
	}
	return false, nil
}

// fromOurselves records mail from an address of ours. What a person wrote from
// the support mailbox into a customer's thread has taken it over; what we sent
// ourselves comes back only by detours.
func (e *Engine) fromOurselves(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, ledger int64) error {
	if err := tx.Dispose(ledger, store.Own, strings.Join(in.Signals, "; ")); err != nil {
		return err
	}
	if _, err := tx.Ref(in.Ref); err != store.ErrNotFound {
		return err // nil: we sent it
	}
	for _, name := range in.Refs {
		ref, err := tx.Ref(name)
		if err == store.ErrNotFound {
			continue
		} else if err != nil {
			return err
		}
		if ref.Thread.Audience != store.ForCustomer {
			return nil
		}
		if got, err := e.reached(tx, in, ref.Thread); err != nil || !got {
			return err
		}
		return e.byHand(tx, now, in, up, ledger, Agent{Name: e.cfg.Company}, ref.Thread)
	}
	return nil
}

// fromCustomer records a customer's message and decides on it, now or when what
// the customer says within a few seconds has been gathered.
func (e *Engine) fromCustomer(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, reading heard, ledger int64, to route) error {
	m, err := e.recordTalk(tx, now, in, up, ledger, to)
	if err != nil {
		return err
	}
	m.reading, m.problem, m.form = reading, in.Problem, formOf(in.Action)
	if in.Action != nil {
		m.chosen = in.Action.Fields[fieldChosen]
	}
	m.robot = reading.Robot
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
