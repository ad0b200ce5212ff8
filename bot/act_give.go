package bot

import (
	"fmt"
	"strings"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/store"
)

// give makes a colleague accountable for a case. Taking it is their own act: until
// then nobody has it. They alone get the brief.
func (e *Engine) give(tx *store.Tx, in *incoming, c store.Case, agent Agent, to, why string, mail *mailed, refuse refusal) (acted, error) {
	colleague, ok := e.cfg.colleague(to)
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
	place := e.cfg.desk(in.conv.Channel, c.Kind)
	top, err := e.receivers(&tx.Snapshot, in.conv, place)
	if err != nil {
		return err
	}
	card, err := e.brief(&tx.Snapshot, in.now, in.conv, c, Decision{})
	if err != nil {
		return err
	}
	d := desk{note: first + "\n\n" + top, card: card}
	if to != nil {
		for _, id := range to.Identities {
			if id.Kind == place.To.Kind {
				d.only = &id
			}
		}
	}
	return e.toDesk(tx, in.now, in.conv, d)
}

// colleague returns the member of staff of this name or address.
func (c *Config) colleague(name string) (Agent, bool) {
	name = strings.TrimSpace(name)
	for _, a := range c.Staff {
		if strings.EqualFold(a.Name, name) {
			return a, true
		}
		for _, id := range a.Identities {
			if strings.EqualFold(id.Address, name) {
				return a, true
			}
		}
	}
	return Agent{}, false
}

func (c *Config) names() string {
	var all []string
	for _, a := range c.Staff {
		all = append(all, a.Name)
	}
	return strings.Join(all, ", ")
}
