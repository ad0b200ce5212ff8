package bot

import (
	"encoding/json"
	"fmt"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

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
	if err := e.lookUp(tx, now, in, &m.identity); err != nil {
		return nil, err
	}
	address, err := json.Marshal(answerTo)
	if err != nil {
		return nil, err
	}
	if to.thread.ID == 0 {
		if to.joins != 0 {
			m.conv, err = tx.Conversation(to.joins)
		} else {
			m.conv = store.Conversation{Customer: m.identity.Customer, Channel: in.Channel, State: store.WithBot, Memory: "{}", Linked: to.linked, Opened: now, Updated: now}
			m.conv.ID, err = tx.AddConversation(m.conv)
		}
		if err != nil {
			return nil, err
		}
		m.thread = store.Thread{Audience: store.ForCustomer, Conversation: m.conv.ID, Channel: in.Channel, Place: in.Place,
			Address: string(address), Subject: in.Subject, Token: token(), Created: now, Room: in.Room, Root: in.Root, Public: in.Public}
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
		if m.thread.Place == in.Place && m.thread.Root != in.Root && m.identity.Customer == m.conv.Customer {
			m.thread.Root = in.Root // answers stand where the customer wrote last
			if err := tx.SetRoot(m.thread.ID, in.Root); err != nil {
				return nil, err
			}
		}
		// From proves nothing, so it does not send the whole talk elsewhere.
		member, err := tx.Participates(m.conv.ID, answerTo.Kind, answerTo.Address)
		if err != nil {
			return nil, err
		}
		if m.identity.Customer == m.conv.Customer && m.thread.Address != string(address) && (member || in.Proof == channels.Proven) {
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
	open, err := openCase(&tx.Snapshot, m.conv)
	if err != nil {
		return nil, err
	}
	msg := store.Message{Thread: m.thread.ID, Audience: store.ForCustomer, Conversation: m.conv.ID, Case: open, Ledger: ledger,
		Author: store.ByCustomer, Identity: m.identity.ID, Name: in.From.Name, Text: in.Text, Whole: in.Full, At: in.Arrived, Pending: true}
	if msg.ID, err = e.addMessage(tx, in, up, msg); err != nil {
		return nil, err
	}
	m.messages = []store.Message{msg}
	return m, nil
}

// openCase returns the number of a conversation's case, unless that is closed: what
// is said then belongs to it no more.
func openCase(s *store.Snapshot, conv store.Conversation) (int64, error) {
	if conv.Case == 0 {
		return 0, nil
	}
	c, err := s.Case(conv.Case)
	if err != nil || c.Stage == store.StageClosed {
		return 0, err
	}
	return c.ID, nil
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
		later := up.files[i] == nil && f.Ref != "" && e.fetches(in.Channel)
		if up.files[i] != nil {
			if a.Blob, err = tx.PutBlob(up.files[i]); err != nil {
				return 0, fmt.Errorf("file %d: %w", i+1, err)
			}
			a.Size = up.files[i].Size()
		}
		file, err := tx.AddAttachment(id, a)
		if err == nil && later {
			err = e.fetchLater(tx, in.Channel, file)
		}
		if err != nil {
			return 0, fmt.Errorf("file %d: %w", i+1, err)
		}
	}
	return id, nil
}
