package bot

import (
	"fmt"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/store"
)

// give makes a colleague accountable for a case. Taking it is their own act: until
// then nobody has it. They alone get the brief.
func (e *Engine) give(tx *store.Tx, in *incoming, c store.Case, agent Agent, to, why string, mail *mailed, refuse refusal) (acted, error) {
	colleague, ok, err := e.colleague(&tx.Snapshot, to)
	if err != nil {
		return acted{}, err
	}
	switch {
	case !ok:
		return refuse("refused-nobody", textArgs{Name: oneLine(to, 60), Who: e.cfg.names()})
	case !c.IsOpen():
		return refuse("refused-done", textArgs{})
	}
	if err := e.noteMail(tx, mail, agent, in.conv); err != nil {
		return acted{}, err
	}
	was := c.Owner
	c.Owner, c.TakenBy, c.TakenAt = colleague.Name, "", time.Time{}
	if err := tx.UpdateCase(c); err != nil {
		return acted{}, err
	}
	if err := tx.AddEvent(store.Event{At: in.now, Kind: "given", Actor: agent.Name, Channel: in.conv.Channel, Conversation: in.conv.ID, Case: c.ID,
		Data: map[string]any{"to": c.Owner, "was": was}, Words: why}); err != nil {
		return acted{}, err
	}
	top := e.staff("given", textArgs{Number: c.ID, Who: agent.Name, To: colleague.Name, Why: why})
	if err := e.passOn(tx, in, c, top, &colleague); err != nil {
		return acted{}, err
	}
	return acted{note: e.staff("done-give", textArgs{Number: c.ID, Who: colleague.Name})}, nil
}

// reopen puts a case that was resolved or closed back to its first stage, where
// nobody has it, and tells the desk.
func (e *Engine) reopen(tx *store.Tx, in *incoming, c store.Case, agent Agent, why string, mail *mailed, refuse refusal) (acted, error) {
	if c.IsOpen() {
		return refuse("refused-open", textArgs{})
	}
	if in.conv.Case != c.ID && in.conv.Case != 0 { // a talk has one open case at most
		other, err := tx.Case(in.conv.Case)
		if err != nil {
			return acted{}, fmt.Errorf("case %d: %w", in.conv.Case, err)
		}
		if other.IsOpen() {
			return refuse("refused-other", textArgs{Count: int(other.ID)})
		}
	}
	if err := e.noteMail(tx, mail, agent, in.conv); err != nil {
		return acted{}, err
	}
	was := c.Stage
	c.Stage, c.Resolved, c.Closed, c.TakenBy, c.TakenAt = firstStage(c.Kind), time.Time{}, time.Time{}, "", time.Time{}
	if err := tx.UpdateCase(c); err != nil {
		return acted{}, err
	}
	in.conv.Case, in.conv.State, in.conv.Updated = c.ID, store.Waiting, in.now
	if err := tx.UpdateConversation(in.conv); err != nil {
		return acted{}, err
	}
	if err := tx.AddEvent(store.Event{At: in.now, Kind: "case reopened", Actor: agent.Name, Channel: in.conv.Channel, Conversation: in.conv.ID, Case: c.ID,
		Data: map[string]any{"was": string(was), "kind": c.Kind}, Words: why}); err != nil {
		return acted{}, err
	}
	if err := e.passOn(tx, in, c, e.staff("reopened", textArgs{Number: c.ID, Who: agent.Name, Why: why}), nil); err != nil {
		return acted{}, err
	}
	return acted{note: e.staff("done-reopen", textArgs{Number: c.ID})}, nil
}

// passOn gives people the brief of a case: one colleague alone, or the desk.
// Whoever cannot be reached where the desk reads is told through the desk.
func (e *Engine) passOn(tx *store.Tx, in *incoming, c store.Case, first texts.Note, to *Agent) error {
	d := desk{note: first}
	if to != nil {
		var err error
		if d.only, err = e.reachable(&tx.Snapshot, e.cfg.desk(in.conv.Channel, c.Kind), to.Name); err != nil {
			return err
		}
	}
	return e.toBrief(tx, in.now, in.conv, c, handed{}, d)
}

// reachable returns the colleague of this name as one can be told something at a
// desk: in a letter by its own address, in a chat by a mention; nil if neither.
func (e *Engine) reachable(s *store.Snapshot, d Desk, name string) (*channels.Person, error) {
	for _, a := range e.cfg.Staff {
		for _, id := range a.Identities {
			if a.Name == name && id.Kind == d.To.Kind {
				return &id, nil
			}
		}
	}
	p, err := e.identityOn(s, d, name)
	if err != nil || p.Zero() {
		return nil, err
	}
	return &p, nil
}
