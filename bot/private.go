package bot

import (
	"encoding/json"

	"frontdesk/channels"
	"frontdesk/store"
)

// personalKind reports whether cases of a kind are for their customer alone.
func personalKind(kind string) bool {
	return kind == kindComplaint || kind == kindRequest || kind == kindPrivacy
}

// personal reports whether what the bot is going to say is for the customer alone:
// a complaint, a request, personal data, how a case is going.
func personal(d Decision, v *CaseView) bool {
	return d.Rule == "status" || v != nil && personalKind(v.Kind)
}

// direct returns the place where the customer of a public thread is written to
// alone; "" where what is personal stays where it is.
func (e *Engine) direct(t store.Thread) (string, error) {
	ch := e.cfg.Channels[t.Channel]
	direct, ok := ch.Sender.(channels.Direct)
	if !ok || !ch.Personal || !t.Public {
		return "", nil
	}
	to, err := person(t.Address)
	return direct.Direct(to), err
}

// goesPrivate reports whether a person's words, or the bot's about a promise, go to
// another place than the conversation's thread: whoever reads along there is not to
// know of a complaint.
func (e *Engine) goesPrivate(s *store.Snapshot, conv store.Conversation, t store.Thread) (bool, error) {
	place, err := e.direct(t)
	if err != nil || place == "" || conv.Case == 0 {
		return false, err
	}
	c, err := s.Case(conv.Case)
	return personalKind(c.Kind), err
}

// private moves what is for the customer alone from a place where others read along
// to one where they do not: in.thread is that place afterwards. It leaves one neutral
// line behind, which says nothing of the matter.
func (e *Engine) private(tx *store.Tx, in *incoming, lang string) error {
	place, err := e.direct(in.thread)
	if err != nil || place == "" {
		return err
	}
	conv, err := tx.Conversation(in.conv.ID)
	if err != nil {
		return err
	}
	var memory Memory
	if err := json.Unmarshal([]byte(conv.Memory), &memory); err != nil {
		return err
	}
	if !memory.Moved {
		memory.Moved = true
		conv.Memory = memory.String()
		if err := tx.UpdateConversation(conv); err != nil {
			return err
		}
		in.conv.Memory = conv.Memory
		line := saying{text: e.cfg.Texts.Customer(lang, "moved", textArgs{Company: e.cfg.Company}), format: channels.Markdown, answers: in.ref, lang: lang}
		if err := e.sendIn(tx, in, line); err != nil {
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
	in.thread = t
	return err
}
