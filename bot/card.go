package bot

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/store"
)

// slotCard is the slot of a case's card: it is posted once and then changed in its
// place.
const slotCard = "card"

// toBrief gives staff the brief of a case, below what d says first. A letter has
// all of it; in a chat it is a card with buttons, and the conversation stands below
// it.
func (e *Engine) toBrief(tx *store.Tx, now time.Time, conv store.Conversation, c store.Case, h handed, d desk) error {
	place := e.cfg.desk(conv.Channel, c.Kind)
	top, err := e.receivers(&tx.Snapshot, conv, place)
	if err != nil {
		return err
	}
	letter := e.cfg.Channels[place.Channel].Letter
	if !letter && h.Why == "" {
		if h, err = e.lastHanded(&tx.Snapshot, c.ID); err != nil {
			return err
		}
	}
	card, err := e.brief(&tx.Snapshot, now, conv, c, h)
	if err != nil {
		return err
	}
	d.note = texts.Note(noteText(d.note, top))
	if letter {
		d.card = card
		return e.toDesk(tx, now, conv, d)
	}
	lines := card.Lines
	if err := e.toDesk(tx, now, conv, e.cardOf(c, card, now)); err != nil {
		return err
	}
	d.lines = lines
	return e.toDesk(tx, now, conv, d)
}

// cardOf is the card of a case with the buttons that it has now.
func (e *Engine) cardOf(c store.Case, card *channels.Card, now time.Time) desk {
	lang := e.cfg.staffLang()
	status := e.staff("card-open", textArgs{})
	button := func(name, style string) channels.Choice {
		return channels.Choice{Label: string(e.staff("button-"+name, textArgs{})), Style: style, Action: channels.Action{Name: name, Case: c.ID},
			Hint: string(e.staff("button-"+name, textArgs{})) + fmt.Sprintf(" #%d", c.ID)}
	}
	choices := []channels.Choice{button(actTake, "primary"), button(actReply, ""), button(actResolve, "")}
	switch {
	case !c.IsOpen():
		status = e.staff("card-"+string(c.Stage), textArgs{})
		choices = []channels.Choice{button(actReopen, "")}
	case c.TakenBy != "":
		status = e.staff("card-taken", textArgs{Who: c.TakenBy, When: e.time(c.TakenAt, lang, now)})
		choices = []channels.Choice{button(actReply, "primary"), button(actResolve, "")}
	}
	shown := *card
	shown.Lines = nil
	shown.Fields = append([]channels.Field{{Label: string(e.staff("label-status", textArgs{})), Value: string(status)}}, card.Fields...)
	return desk{card: &shown, slot: slotCard, choices: choices}
}

// lastHanded returns why a case was handed to people the last time.
func (e *Engine) lastHanded(s *store.Snapshot, caseID int64) (h handed, err error) {
	ev, err := s.LastCaseEvent(caseID, eventHanded)
	if err != nil {
		return h, ignore(err, store.ErrNotFound)
	}
	data, err := json.Marshal(ev.Data)
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(data, &h)
}

// currentCard is the card of a case as it would be posted now.
func (e *Engine) currentCard(s *store.Snapshot, now time.Time, conv store.Conversation, c store.Case) (desk, error) {
	h, err := e.lastHanded(s, c.ID)
	if err != nil {
		return desk{}, err
	}
	card, err := e.brief(s, now, conv, c, h)
	if err != nil {
		return desk{}, err
	}
	return e.cardOf(c, card, now), nil
}

// refresh changes a case's card where that says something else than is true now.
func (e *Engine) refresh(tx *store.Tx, now time.Time, caseID int64) error {
	c, err := tx.Case(caseID)
	if err != nil {
		return ignore(err, store.ErrNotFound)
	}
	conv, err := talkOf(&tx.Snapshot, caseID)
	if err != nil {
		return ignore(err, errNoTalk)
	}
	t, err := tx.StaffThread(caseID, conv.ID)
	if err != nil {
		return ignore(err, store.ErrNotFound)
	}
	last, err := tx.InSlot(t.ID, slotCard, false)
	if err != nil { // it has none
		return ignore(err, store.ErrNotFound)
	}
	d, err := e.currentCard(&tx.Snapshot, now, conv, c)
	if err != nil {
		return err
	}
	var before channels.Outbound
	if err := json.Unmarshal(last.Payload, &before); err != nil {
		return err
	}
	if reflect.DeepEqual(before.Card, d.card) && reflect.DeepEqual(before.Choices, d.choices) {
		return nil
	}
	return e.toThread(tx, now, t, channels.Person{}, d)
}

// moveCard empties the card of a case that is read elsewhere from now on: a
// complaint is not for everybody who read the question.
func (e *Engine) moveCard(tx *store.Tx, now time.Time, t store.Thread, caseID int64) error {
	if _, err := tx.InSlot(t.ID, slotCard, false); err != nil {
		return ignore(err, store.ErrNotFound)
	}
	return e.toThread(tx, now, t, channels.Person{}, desk{note: e.staff("card-moved", textArgs{Number: caseID}), slot: slotCard})
}
