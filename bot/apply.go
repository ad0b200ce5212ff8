package bot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/store"
)

type textArgs = texts.Args

// apply turns a decision into rows, inside the caller's transaction.
func (e *Engine) apply(tx *store.Tx, in *incoming, s *Situation, d Decision) error {
	for _, m := range in.messages {
		if err := tx.Decided(m.ID); err != nil {
			return err
		}
	}
	if err := e.recordDecision(tx, in, s, d); err != nil {
		return err
	}
	conv := in.conv
	conv.Lang, conv.Updated = s.Lang, in.now
	if d.Quarantine {
		conv.State = store.Ended
		if err := tx.Dispose(in.ledger, store.Quarantined, d.Why); err != nil {
			return err
		}
		return tx.UpdateConversation(conv)
	}
	view, opened := s.Case, false
	if d.Case != nil {
		var err error
		if view, opened, err = e.applyCase(tx, in, s, d.Case); err != nil {
			return err
		}
		conv.Case = view.Number
		for _, m := range in.messages {
			if err := tx.SetMessageCase(m.ID, view.Number); err != nil {
				return err
			}
		}
	}
	conv.State = d.State
	if conv.State == store.WithBot {
		if err := tx.SetTimer(store.Timer{Kind: timerQuiet, Conversation: conv.ID, Due: in.now.Add(e.cfg.Quiet)}); err != nil {
			return err
		}
	}
	if e.cfg.Channels[conv.Channel].Observe {
		// The customer hears nothing, so nothing is awaited and nobody greeted.
		kept := s.Memory
		kept.Answered, kept.Asked = d.Memory.Answered, d.Memory.Asked
		d.Memory = kept
	} else if len(d.Say) > 0 {
		d.Memory.Greeted = true
	}
	conv.Memory = d.Memory.String()
	if err := tx.UpdateConversation(conv); err != nil {
		return err
	}
	in.conv = conv
	if len(d.Say) > 0 && personal(d, view) && !e.cfg.Channels[conv.Channel].Observe {
		if err := e.private(tx, in, s.Lang); err != nil {
			return err
		}
	}
	if opened && e.cfg.Channels[conv.Channel].Observe { // the proposal stands below the card
		if err := e.handOver(tx, in, s, d, view); err != nil {
			return err
		}
		return e.speak(tx, in, s, d, view)
	}
	if err := e.speak(tx, in, s, d, view); err != nil {
		return err
	}
	switch {
	case opened:
		return e.handOver(tx, in, s, d, view)
	case d.Relay != "":
		if err := e.relay(tx, in, d); err != nil {
			return err
		}
	}
	if view == nil {
		return nil
	}
	return e.refresh(tx, in.now, view.Number)
}

func (e *Engine) recordDecision(tx *store.Tx, in *incoming, s *Situation, d Decision) error {
	tx.AfterCommit(func() { e.cfg.Observer.Decided(d.Rule) })
	data := map[string]any{"rule": d.Rule, "score": round(d.Score), "why": d.Why, "lang": s.Lang}
	var entries []string
	for _, p := range d.Say {
		if p.Entry != "" {
			entries = append(entries, p.Entry)
		}
	}
	if entries != nil {
		data["answered"] = entries
	}
	var near []string
	for _, q := range s.Reading.Questions {
		if len(q.Matches) > 0 {
			near = append(near, fmt.Sprintf("%s %.2f", q.Matches[0].Entry.ID, q.Matches[0].Score))
		}
	}
	if near != nil {
		data["matches"] = near
	}
	var intents []string
	for _, i := range s.Reading.Intents {
		intents = append(intents, fmt.Sprintf("%s %.2f", i.Name, i.Score))
	}
	if intents != nil {
		data["intents"] = intents
	}
	return tx.AddEvent(store.Event{At: in.now, Kind: "decided", Actor: "bot", Channel: in.conv.Channel, Conversation: in.conv.ID, Case: in.conv.Case,
		Message: in.last(), Data: data})
}

func round(x float64) float64 { return float64(int(x*1000+.5)) / 1000 }

// applyCase opens a case, or joins the conversation's open one, or reopens it.
// opened says whether people get a brief: not for fields alone.
func (e *Engine) applyCase(tx *store.Tx, in *incoming, s *Situation, op *CaseOp) (v *CaseView, opened bool, err error) {
	brief := op.Why != ""
	var c store.Case
	kind := op.Kind
	switch {
	case s.Case == nil:
		c = store.Case{Customer: in.conv.Customer, Channel: in.conv.Channel, Kind: kind, Stage: firstStage(kind), Priority: op.Priority,
			Title: op.Title, Owner: e.cfg.lead(), Opened: in.now}
		if c.ID, err = tx.AddCase(c); err != nil {
			return nil, false, err
		}
		c.Version = 1
		err = tx.AddEvent(store.Event{At: in.now, Kind: "case opened", Actor: "bot", Channel: in.conv.Channel, Conversation: in.conv.ID, Case: c.ID,
			Data: map[string]any{"kind": kind, "why": op.Why, "owner": c.Owner}, Words: op.Title})
	default:
		if c, err = tx.Case(s.Case.Number); err != nil {
			return nil, false, err
		}
		change, was := "", c.Stage
		if !c.IsOpen() && brief {
			change = "case reopened"
			c.Stage, c.Resolved, c.TakenBy, c.TakenAt = firstStage(c.Kind), time.Time{}, "", time.Time{}
		}
		if kind == kindComplaint && c.Kind != kindComplaint && brief {
			change = "case became a complaint"
		}
		if change != "" {
			if err = tx.AddEvent(store.Event{At: in.now, Kind: change, Actor: "bot", Channel: in.conv.Channel, Conversation: in.conv.ID, Case: c.ID,
				Data: map[string]any{"why": op.Why, "was": string(was), "kind": c.Kind}}); err != nil {
				return nil, false, err
			}
			if change == "case became a complaint" {
				// A complaint has stages, promises and readers of its own.
				if err = tx.Reclassify(c.ID, kindComplaint, firstStage(kindComplaint), op.Title); err != nil {
					return nil, false, err
				}
			} else if err = tx.UpdateCase(c); err != nil {
				return nil, false, err
			}
			if c, err = tx.Case(c.ID); err != nil {
				return nil, false, err
			}
		}
	}
	if err != nil {
		return nil, false, err
	}
	if c.Kind == kindComplaint && c.Stage == store.StageReceived && len(op.Missing) == 0 {
		// Nothing is missing, or the customer has said what they know.
		c.Stage = store.StageRecorded
		if err = tx.UpdateCase(c); err == nil {
			err = tx.AddEvent(store.Event{At: in.now, Kind: "stage", Actor: "bot", Conversation: in.conv.ID, Case: c.ID, Data: map[string]any{"stage": c.Stage}})
		}
		if err != nil {
			return nil, false, err
		}
	}
	for name, value := range op.Fields {
		if err = tx.SetField(c.ID, name, value); err != nil {
			return nil, false, err
		}
	}
	if v, err = caseView(&tx.Snapshot, c.ID); err != nil {
		return nil, false, err
	}
	// Where the customer is told nothing, nothing is promised.
	// A complaint is answered no later than complaints are.
	if op.Promise && !e.cfg.Channels[in.conv.Channel].Observe {
		due := e.cfg.due(kind, c.Priority, in.now)
		if !due.IsZero() && (v.Due.IsZero() || kind == kindComplaint && due.Before(v.Due)) {
			v.Due = due
			err = e.promise(tx, in.now, c.ID, in.conv.ID, due, "bot", "")
		}
	}
	return v, brief, err
}

func firstStage(kind string) store.Stage {
	if kind == kindComplaint {
		return store.StageReceived
	}
	return store.StageOpen
}

// saying is something for a customer: one message.
type saying struct {
	text     texts.Reply
	format   channels.Format
	byPerson bool
	author   string // a person's name; "" = the bot
	to       []channels.Person
	identity int64  // the correspondent, for the budget
	answers  string // ref of the message that it answers
	lang     string
	choices  []channels.Choice
	slot     string
	files    []store.Attachment
	origin   int64 // staff's own message in which the words stand
}

// tell records a message to a customer and puts it into the outbox. In observe
// mode what the bot would say goes to staff only.
func (e *Engine) tell(tx *store.Tx, in *incoming, s saying, d Decision) error {
	if e.cfg.Channels[in.conv.Channel].Observe && !s.byPerson {
		return e.propose(tx, in, s, d)
	}
	return e.send(tx, in, s)
}

// send is tell where nothing is held back. What is personal goes to where the
// customer alone reads it.
func (e *Engine) send(tx *store.Tx, in *incoming, s saying) error {
	conv, err := tx.Conversation(in.conv.ID)
	if err != nil {
		return err
	}
	private, err := e.goesPrivate(&tx.Snapshot, conv, in.thread)
	if err != nil {
		return err
	}
	if private {
		if err := e.private(tx, in, s.lang); err != nil {
			return err
		}
		s.answers = ""
	}
	return e.sendIn(tx, in, s)
}

// sendIn sends in the thread that in names.
func (e *Engine) sendIn(tx *store.Tx, in *incoming, s saying) error {
	t := in.thread
	if t.Audience != store.ForCustomer {
		return errors.New("a reply may only enter a customer's thread")
	}
	open, err := openCase(&tx.Snapshot, in.conv)
	if err != nil {
		return err
	}
	author := store.ByBot
	if s.byPerson {
		author = store.ByStaff
	}
	msg, err := tx.AddMessage(store.Message{Thread: t.ID, Audience: store.ForCustomer, Conversation: in.conv.ID, Case: open, Author: author,
		Name: s.author, Text: string(s.text), Lang: s.lang, At: in.now})
	if err != nil {
		return err
	}
	from := e.cfg.Company
	if s.author != "" {
		from = s.author + " (" + e.cfg.Company + ")"
	}
	subject := t.Subject
	if subject == "" {
		subject = e.cfg.Texts.Plain(s.lang, "subject", textArgs{Company: e.cfg.Company})
	}
	out := channels.Outbound{Channel: t.Channel, Thread: t.Token, To: s.to, Place: t.Place, Subject: subject, Op: channels.Post, Slot: s.slot,
		Audience: channels.Customer, ByPerson: s.byPerson, From: from, Lang: s.lang, Body: channels.Body{Format: s.format, Text: string(s.text)}, Choices: s.choices}
	if s.answers != "" {
		out.Refs = []string{s.answers}
	}
	return e.enqueue(tx, in.now, out, t, store.Delivery{Message: msg, Identity: s.identity, Origin: s.origin}, s.files)
}

// enqueue puts a message into the outbox; d says what else is known of it.
func (e *Engine) enqueue(tx *store.Tx, now time.Time, out channels.Outbound, t store.Thread, d store.Delivery, files []store.Attachment) error {
	out.Key, out.Root, out.Since = token(), cmp.Or(out.Root, t.Root), now
	payload, err := json.Marshal(out)
	if err != nil {
		return err
	}
	d.Key, d.Channel, d.Thread, d.Audience, d.ByPerson, d.Slot = out.Key, out.Channel, t.ID, t.Audience, out.ByPerson, out.Slot
	d.Payload, d.Next, d.Created = payload, now, now
	for _, f := range files {
		d.Files = append(d.Files, f.ID)
	}
	_, err = tx.Enqueue(d)
	return err
}

// answered records that a person has answered: the case is theirs if nobody had
// taken it, and the promise to answer is kept, or broken if it is late.
func (e *Engine) answered(tx *store.Tx, in *incoming, c store.Case, agent Agent) (store.Case, error) {
	if err := e.promiseEnds(tx, in, c, agent); err != nil {
		return c, err
	}
	if c.TakenBy != "" && c.IsOpen() {
		return c, nil
	}
	return e.taken(tx, in, c, agent)
}

// promiseEnds ends the open promise to answer, if there is one, and all that time
// was to do about it.
func (e *Engine) promiseEnds(tx *store.Tx, in *incoming, c store.Case, agent Agent) error {
	v, err := caseView(&tx.Snapshot, c.ID)
	if err != nil || v.Due.IsZero() {
		return err
	}
	state := store.Kept
	if in.now.After(v.Due) {
		state = store.Broken
	}
	if err := tx.EndPromise(c.ID, store.PromiseAnswer, state, in.now); err != nil {
		return err
	}
	if err := tx.ClearTimers(c.ID, timerRemind, timerWarn, timerBreak); err != nil {
		return err
	}
	// An apology that still waits to be sent would come too late.
	if err := tx.DropSlot(in.thread.ID, slotPostponed, in.now, "answered meanwhile"); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: in.now, Kind: "promise " + state, Actor: agent.Name, Case: c.ID, Conversation: in.conv.ID,
		Data: map[string]any{"kind": store.PromiseAnswer, "due": v.Due.UTC()}})
}

// taken records that a person has the case.
func (e *Engine) taken(tx *store.Tx, in *incoming, c store.Case, agent Agent) (store.Case, error) {
	if !c.IsOpen() {
		c.Resolved, c.Closed = time.Time{}, time.Time{}
		if err := tx.AddEvent(store.Event{At: in.now, Kind: "case reopened", Actor: agent.Name, Case: c.ID, Conversation: in.conv.ID,
			Data: map[string]any{"was": c.Stage}}); err != nil {
			return c, err
		}
	}
	c.TakenBy, c.TakenAt, c.Owner = agent.Name, in.now, agent.Name
	c.Stage = store.StageInHand
	if c.Kind == kindComplaint {
		c.Stage = store.StageInvestigating
	}
	if err := tx.UpdateCase(c); err != nil {
		return c, err
	}
	c.Version++
	return c, tx.AddEvent(store.Event{At: in.now, Kind: "taken", Actor: agent.Name, Case: c.ID, Conversation: in.conv.ID})
}

// person reads an address that a thread recorded.
func person(address string) (channels.Person, error) {
	var p channels.Person
	if err := json.Unmarshal([]byte(address), &p); err != nil {
		return p, fmt.Errorf("address %q of a thread: %w", address, err)
	}
	return p, nil
}
