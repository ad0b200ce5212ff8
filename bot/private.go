package bot

import (
	"encoding/json"

	"frontdesk/channels"
	"frontdesk/faq"
	"frontdesk/store"
)

// personal reports whether what the bot is going to say is for the customer alone:
// a complaint, a request, personal data, how a case is going.
func personal(s *Situation, d Decision, v *CaseView) bool {
	if _, ok := s.intent(faq.Status); ok && d.Rule == "status" {
		return true
	}
	if v == nil {
		return false
	}
	switch v.Kind {
	case kindComplaint, kindRequest, kindPrivacy:
		return true
	}
	return false
}

// aside moves what is for the customer alone from a place where others read along
// to one where they do not. It leaves one neutral line behind, which says nothing
// of the matter.
func (e *Engine) aside(tx *store.Tx, in *incoming, s *Situation, d Decision, v *CaseView) error {
	ch := e.cfg.Channels[in.thread.Channel]
	direct, ok := ch.Sender.(channels.Direct)
	if !ok || !ch.Personal || !in.thread.Public || len(d.Say) == 0 || ch.Observe || !personal(s, d, v) {
		return nil
	}
	place := direct.Direct(in.answerTo)
	if place == "" {
		return nil
	}
	var memory Memory
	if err := json.Unmarshal([]byte(in.conv.Memory), &memory); err != nil {
		return err
	}
	if !memory.Moved {
		memory.Moved = true
		in.conv.Memory = memory.String()
		if err := tx.UpdateConversation(in.conv); err != nil {
			return err
		}
		line := saying{text: e.cfg.Texts.Customer(s.Lang, "moved", textArgs{Company: e.cfg.Company}), format: channels.Markdown,
			to: []channels.Person{in.answerTo}, answers: in.ref, lang: s.Lang}
		if err := e.send(tx, in, line); err != nil {
			return err
		}
	}
	in.moved = true
	t, err := tx.ConversationPlace(in.conv.ID, place)
	if err == store.ErrNotFound {
		t = store.Thread{Audience: store.ForCustomer, Conversation: in.conv.ID, Channel: in.thread.Channel, Place: place, Address: in.thread.Address,
			Subject: in.thread.Subject, Token: token(), Created: in.now}
		t.ID, err = tx.AddThread(t)
	}
	if err != nil {
		return err
	}
	in.thread = t
	return nil
}
