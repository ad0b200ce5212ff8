package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/bot/extract"
	"frontdesk/channels"
	"frontdesk/faq"
	"frontdesk/store"
)

// route says whose conversation a message belongs to.
type route struct {
	thread store.Thread // where it goes on; zero: it begins a talk
	agent  *Agent       // a member of staff wrote it
	staff  bool         // in a thread of staff, so the words are for the engine to sort
	aside  bool         // a colleague wrote it to others
	joins  int64        // it begins another thread of this conversation, its author's own
	linked int64        // a stranger wrote it into this conversation
	remark bool         // … without turning to us
}

// route finds the thread by what the message answers, nearest first, and judges
// the sender against it:
//
//   - In a thread of staff, a member of staff acts. It takes the configured
//     address and a name of ours that nobody could guess; neither alone is enough,
//     and a subject proves nothing.
//   - In a customer's thread, a member of staff answers by hand, if the customer's
//     side got it too.
//   - In a customer's thread, who takes part goes on.
//   - Anybody else is a stranger and begins a talk, which is linked to the one
//     pointed to and sees nothing of it.
func (e *Engine) route(tx *store.Tx, in *channels.Inbound) (route, error) {
	agent, isAgent, err := e.agent(&tx.Snapshot, in.From)
	if err != nil {
		return route{}, err
	}
	isAgent = isAgent && in.Proof != channels.Refuted
	if a := in.Action; a != nil && (a.Name == actDetails || a.Name == actSay) { // pressed has seen that they take part
		conv, err := talkIn(&tx.Snapshot, in)
		if err != nil {
			return route{}, err
		}
		t, err := tx.ConversationPlace(conv.ID, in.Place)
		if err == store.ErrNotFound {
			t, err = tx.CustomerThread(conv.ID)
		}
		return route{thread: t}, err
	}
	amongStaff := false
	for _, name := range in.Refs {
		ref, err := tx.Ref(name)
		if err == store.ErrNotFound {
			continue
		} else if err != nil {
			return route{}, err
		}
		t := ref.Thread
		switch {
		case t.Audience == store.ForStaff && isAgent && ref.Ours:
			return route{thread: t, agent: &agent, staff: true}, nil
		case t.Audience == store.ForStaff && isAgent:
			amongStaff = true // a colleague's mail; what that one answers may be ours
			continue
		case t.Audience == store.ForStaff:
			return route{}, nil
		}
		member, err := tx.Participates(t.Conversation, in.From.Kind, in.From.Address)
		if err != nil {
			return route{}, err
		}
		switch {
		case isAgent && !member: // colleagues may be customers too
			got, err := e.reached(tx, in, t)
			if err != nil || !got { // the customer did not get it: they are told so
				return route{agent: &agent, staff: true}, err
			}
			return route{thread: t, agent: &agent}, nil
		case member && in.Proof != channels.Refuted:
			return route{thread: t}, nil
		}
		if own, err := e.placeThread(tx, in); err != store.ErrNotFound {
			return route{thread: own}, err // they have a talk of their own there
		}
		return route{linked: t.Conversation, remark: in.Toward == channels.ToRoom}, nil
	}
	if t, err := e.placeThread(tx, in); err == nil {
		return route{thread: t}, nil
	} else if err != store.ErrNotFound {
		return route{}, err
	}
	if !isAgent {
		return route{}, nil
	}
	// A colleague who acts on something that we cannot name is told so. What they
	// write to others with us in copy is none of our business.
	cmd := parseCommand(in.Text)
	acts := cmd.name != "" || cmd.unknown != ""
	_, relays, _ := e.relayed(in.Channel, in.Text)
	switch {
	case amongStaff, in.Place == "" && acts, e.cfg.staffPlace(in) && (cmd.name != "" || relays):
		return route{agent: &agent, staff: true}, nil
	case in.Place == "" && slices.ContainsFunc(in.To, func(p channels.Person) bool { return !e.cfg.own(p) && !p.Is(in.From) }):
		return route{aside: true}, nil
	case in.Place == "" && len(in.Refs) > 0:
		return route{agent: &agent, staff: true}, nil
	}
	return route{}, nil
}

// joinOwn lets somebody who asks how their case is going in a new place of a chat go
// on in the conversation of that case, if they have one open case.
func (e *Engine) joinOwn(tx *store.Tx, in *channels.Inbound, reading heard, to *route) error {
	if in.Place == "" || to.thread.ID != 0 || in.Proof != channels.Proven || !slices.ContainsFunc(reading.Intents, func(i faq.Intent) bool { return i.Name == faq.Status }) {
		return nil
	}
	id, err := tx.FindIdentity(in.From.Kind, in.From.Address)
	if err != nil {
		return ignore(err, store.ErrNotFound)
	}
	cases, err := tx.OpenCases(id.Customer)
	if err != nil || len(cases) != 1 {
		return err
	}
	conv, err := talkOf(&tx.Snapshot, cases[0].ID)
	if err != nil || conv.Channel != in.Channel {
		return ignore(err, errNoTalk)
	}
	to.joins, to.linked = conv.ID, 0
	return nil
}

// placeThread returns the thread that goes on in the place of a message: its
// author's own there; or, where each message of a room begins a talk, the one that
// the author began in that room a moment ago and that still waits for a decision,
// for people say one thing in several messages.
func (e *Engine) placeThread(tx *store.Tx, in *channels.Inbound) (store.Thread, error) {
	if in.Place == "" || in.Proof == channels.Refuted {
		return store.Thread{}, store.ErrNotFound
	}
	id, err := tx.FindIdentity(in.From.Kind, in.From.Address)
	if err != nil {
		return store.Thread{}, err
	}
	t, err := tx.PlaceThread(in.Channel, in.Place, id.Customer)
	if err == store.ErrNotFound && in.Room != "" && in.Toward == channels.ToRoom && len(in.Refs) == 0 {
		return tx.PendingThread(in.Channel, in.Room, id.Customer)
	}
	return t, err
}

// reached reports whether somebody who takes part in a talk got a message too.
func (e *Engine) reached(tx *store.Tx, in *channels.Inbound, t store.Thread) (bool, error) {
	if in.Place != "" {
		return true, nil // it stands there
	}
	for _, p := range in.To {
		if member, err := tx.Participates(t.Conversation, p.Kind, p.Address); err != nil || member {
			return member, err
		}
	}
	return false, nil
}

// attach records a message of a robot where it belongs, if that is known.
func (e *Engine) attach(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, ledger int64) (store.Ref, error) {
	for _, name := range in.Refs {
		ref, err := tx.Ref(name)
		if err == store.ErrNotFound {
			continue
		} else if err != nil {
			return ref, err
		}
		_, err = e.addMessage(tx, in, up, store.Message{Thread: ref.Thread.ID, Audience: ref.Thread.Audience, Conversation: ref.Thread.Conversation,
			Case: ref.Thread.Case, Ledger: ledger, Author: store.ByRobot, Name: in.From.Name, Text: in.Text, Whole: in.Full, At: in.Arrived})
		return ref, err
	}
	return store.Ref{}, nil
}

// bounced attaches a delivery report to what it is about. If a customer did not
// get something that we sent, people are told; a report on mail to staff is
// recorded and logged, so that no report begets another.
func (e *Engine) bounced(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, ledger int64) error {
	if err := tx.Dispose(ledger, store.Bounce, strings.Join(in.Signals, "; ")); err != nil {
		return err
	}
	ref, err := e.attach(tx, now, in, up, ledger)
	if err != nil || ref.Thread.ID == 0 || !ref.Ours {
		return err
	}
	t := ref.Thread
	if err := tx.AddEvent(store.Event{At: now, Kind: "bounced", Actor: "channel", Channel: in.Channel, Conversation: t.Conversation, Case: t.Case,
		Message: ref.Message, Data: map[string]any{"ledger": ledger}}); err != nil {
		return err
	}
	if t.Audience == store.ForStaff {
		e.log.Error("mail to staff came back", "channel", in.Channel, "ledger", ledger)
		return nil
	}
	to, err := person(t.Address)
	if err != nil {
		return err
	}
	return e.alert(tx, now, t, e.cfg.Texts.Staff(e.cfg.staffLang(), "bounced", textArgs{To: to.Address, Why: oneLine(in.Subject, 100)}))
}

// about returns what an edit, a deletion or a reaction is about.
func (e *Engine) about(tx *store.Tx, in *channels.Inbound) (store.Ref, error) {
	if in.Kind == channels.Reaction && len(in.Refs) > 0 {
		return tx.Ref(in.Refs[0])
	}
	return tx.Ref(in.Ref)
}

// amended follows an edit, a deletion or a reaction.
func (e *Engine) amended(tx *store.Tx, now time.Time, in *channels.Inbound, ledger int64) error {
	ref, err := e.about(tx, in)
	if err == store.ErrNotFound || err == nil && ref.Message == 0 {
		return tx.Dispose(ledger, store.Taken, "it is about a message that is not recorded")
	} else if err != nil {
		return err
	}
	m, err := tx.Message(ref.Message)
	if err != nil {
		return err
	}
	ev := store.Event{At: now, Kind: string(in.Kind), Actor: "customer", Channel: in.Channel, Conversation: m.Conversation, Case: m.Case, Message: m.ID}
	by, err := tx.FindIdentity(in.From.Kind, in.From.Address)
	if err != nil && err != store.ErrNotFound {
		return err
	}
	if in.Kind == channels.Reaction {
		ev.Words = in.Text
		return tx.AddEvent(ev)
	}
	if m.Author == store.ByStaff && m.Audience == store.ForStaff {
		return e.tooLate(tx, now, in, m, ev)
	}
	if by.ID == 0 || by.ID != m.Identity {
		return tx.Dispose(ledger, store.Taken, "only its author can change a message")
	}
	if in.Kind == channels.Edit && in.Text == m.Text {
		return nil
	}
	ev.Words = m.Text // what stood there before
	if err := tx.AddEvent(ev); err != nil {
		return err
	}
	key := "edited"
	if in.Kind == channels.Edit {
		err = tx.EditMessage(m.ID, in.Text)
	} else {
		key, in.Text = "deleted", ""
		err = tx.DeleteMessage(m.ID, now)
	}
	if err != nil || m.Pending {
		return err // it will be decided on as it is then
	}
	conv, err := tx.Conversation(m.Conversation)
	if err != nil || conv.Case == 0 {
		return err
	}
	return e.toDesk(tx, now, conv, desk{note: e.cfg.Texts.Staff(e.cfg.staffLang(), key, textArgs{}), lines: []channels.Line{{Who: e.who(&tx.Snapshot, m), Text: extract.Mask(in.Text)}}})
}

// tooLate follows a change that staff make to a message of theirs. Where that went to
// a customer they are told that it has: the customer keeps what they got.
func (e *Engine) tooLate(tx *store.Tx, now time.Time, in *channels.Inbound, m store.Message, ev store.Event) error {
	agent, ok, err := e.agent(&tx.Snapshot, in.From)
	if err != nil || !ok {
		return err
	}
	ev.Actor, ev.Words = agent.Name, m.Text
	if in.Kind == channels.Edit && in.Text == m.Text {
		return nil
	}
	if err := tx.AddEvent(ev); err != nil {
		return err
	}
	if went, err := tx.HasOrigin(m.ID); err != nil || !went {
		return err
	}
	t, err := tx.Thread(m.Thread)
	if err != nil {
		return err
	}
	return e.toThread(tx, now, t, in.From, desk{note: e.staff("edited-late", textArgs{}), only: &in.From})
}

// byHand records what a member of staff wrote into a customer's thread by hand:
// they have taken over.
func (e *Engine) byHand(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, ledger int64, agent Agent, t store.Thread) error {
	conv, err := tx.Conversation(t.Conversation)
	if err != nil {
		return err
	}
	id, err := e.addMessage(tx, in, up, store.Message{Thread: t.ID, Audience: store.ForCustomer, Conversation: conv.ID, Case: conv.Case, Ledger: ledger,
		Author: store.ByStaff, Name: agent.Name, Text: in.Text, Whole: in.Full, At: in.Arrived})
	if err != nil {
		return err
	}
	if err := tx.AddEvent(store.Event{At: now, Kind: "taken over", Actor: agent.Name, Channel: in.Channel, Conversation: conv.ID, Case: conv.Case, Message: id}); err != nil {
		return err
	}
	conv.State, conv.Updated = store.WithPerson, now
	if err := tx.UpdateConversation(conv); err != nil || conv.Case == 0 {
		return err
	}
	c, err := tx.Case(conv.Case)
	if err != nil {
		return fmt.Errorf("case %d: %w", conv.Case, err)
	}
	if _, err = e.answered(tx, &incoming{now: now, conv: conv, thread: t}, c, agent); err != nil {
		return err
	}
	if !e.cfg.Channels[e.cfg.desk(conv.Channel, c.Kind).Channel].Letter {
		if err := e.toDesk(tx, now, conv, desk{note: e.staff("by-hand", textArgs{}), lines: []channels.Line{{Who: agent.Name, Text: in.Text}}}); err != nil {
			return err
		}
	}
	return e.refresh(tx, now, c.ID)
}
