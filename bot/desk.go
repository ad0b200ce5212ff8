package bot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/bot/extract"
	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/store"
)

// attachBelow is how many bytes of files go along with a message to staff; the
// names of the others are told.
const attachBelow = 20 << 20

// desk is something for staff: one message in the thread of a case, or of a
// conversation that has none.
type desk struct {
	note  texts.Note
	lines []channels.Line // what a customer just wrote
	card  *channels.Card  // or a whole brief
	files []store.Attachment
	only  *channels.Person // to one colleague and not to the whole desk
	refs  []string         // what it answers

	slot    string            // see channels.Outbound
	root    string            // stands below this message, where the thread has none
	choices []channels.Choice // buttons
	message int64             // the message of staff's that this shows
}

// toDesk puts a message into the staff thread of the conversation's case, which
// it opens where there is none. A complaint is read at its own desk.
func (e *Engine) toDesk(tx *store.Tx, now time.Time, conv store.Conversation, d desk) error {
	kind, title := kindQuestion, ""
	if conv.Case != 0 {
		c, err := tx.Case(conv.Case)
		if err != nil {
			return fmt.Errorf("case %d: %w", conv.Case, err)
		}
		kind, title = c.Kind, c.Title
	}
	to := e.cfg.desk(conv.Channel, kind)
	address, err := json.Marshal(to.To)
	if err != nil {
		return err
	}
	t, err := tx.StaffThread(conv.Case, conv.ID)
	if err == store.ErrNotFound || err == nil && (t.Channel != to.Channel || t.Place != to.Place || t.Address != string(address)) {
		if err == nil {
			if err := e.moveCard(tx, now, t, conv.Case); err != nil {
				return err
			}
		}
		customer, cerr := tx.CustomerThread(conv.ID)
		if cerr != nil {
			return cerr
		}
		subject := e.staff("talk-subject", textArgs{Title: extract.Mask(customer.Subject)})
		if conv.Case != 0 {
			subject = e.staff("handover-subject", textArgs{Number: conv.Case, Kind: string(e.kind(kind)), Title: extract.Mask(title)})
		}
		t = store.Thread{Audience: store.ForStaff, Conversation: conv.ID, Case: conv.Case, Channel: to.Channel, Place: to.Place,
			Address: string(address), Subject: string(subject), Token: token(), Created: now}
		if t.ID, err = tx.AddThread(t); err != nil {
			return err
		}
		if conv.Case != 0 && d.slot != slotCard && !e.cfg.Channels[to.Channel].Letter { // it came here just now: its card first
			c, err := tx.Case(conv.Case)
			if err != nil {
				return err
			}
			card, err := e.currentCard(&tx.Snapshot, now, conv, c)
			if err != nil {
				return err
			}
			if err := e.toThread(tx, now, t, channels.Person{}, card); err != nil {
				return err
			}
		}
	}
	if err != nil {
		return err
	}
	return e.toThread(tx, now, t, to.To, d)
}

// toThread puts a message into a thread of staff.
func (e *Engine) toThread(tx *store.Tx, now time.Time, t store.Thread, to channels.Person, d desk) error {
	if d.only != nil {
		to = *d.only
	}
	card := d.card
	if d.lines != nil {
		card = &channels.Card{Lines: d.lines}
	}
	files, left := attachable(d.files)
	if len(d.files) > 0 {
		if card == nil {
			card = &channels.Card{}
		}
		card.Footer = string(e.staff("files", textArgs{Count: len(d.files), Left: left}))
	}
	out := channels.Outbound{Channel: t.Channel, Thread: t.Token, Place: t.Place, Subject: t.Subject, Op: channels.Post, Slot: d.slot, Choices: d.choices, Root: d.root,
		Audience: channels.Staff, Refs: d.refs, From: e.cfg.Company, Lang: e.cfg.staffLang(), Body: channels.Body{Format: channels.Plain, Text: string(d.note)}, Card: card}
	if d.slot != "" {
		out.Op = channels.Amend // of what the slot holds; see complete
	}
	if !to.Zero() {
		out.To = []channels.Person{to}
	}
	return e.enqueue(tx, now, out, t, store.Delivery{Message: d.message}, files)
}

// attachable returns which files go along, and the names of the others. One that
// is still to be fetched goes along too: its delivery waits for it.
func attachable(all []store.Attachment) (files []store.Attachment, left string) {
	var size int64
	var names []string
	for _, f := range all {
		if size += f.Size; (f.Blob != 0 || f.Ref != "") && size <= attachBelow {
			files = append(files, f)
		} else {
			names = append(names, f.Name)
		}
	}
	return files, strings.Join(names, ", ")
}

// notice tells the staff of a channel something that belongs to no conversation.
func (e *Engine) notice(tx *store.Tx, now time.Time, channel string, note texts.Note) error {
	t, err := e.noticeThread(tx, now, channel)
	if err != nil {
		return err
	}
	return e.toThread(tx, now, t, e.cfg.Channels[channel].Staff.To, desk{note: note})
}

func (e *Engine) noticeThread(tx *store.Tx, now time.Time, channel string) (store.Thread, error) {
	return e.threadWith(tx, now, e.cfg.Channels[channel].Staff, e.staff("notice-subject", textArgs{}))
}

// alert tells staff something about a customer's thread.
func (e *Engine) alert(tx *store.Tx, now time.Time, t store.Thread, note texts.Note) error {
	conv, err := tx.Conversation(t.Conversation)
	if err != nil {
		return err
	}
	return e.toDesk(tx, now, conv, desk{note: note})
}

// receivers says at the top of what staff get who will read a reply, and how to
// say something else.
func (e *Engine) receivers(s *store.Snapshot, conv store.Conversation, d Desk) (texts.Note, error) {
	to, err := e.readersList(s, conv)
	if err != nil {
		return "", err
	}
	style := "-chat" // talk there is internal by default
	if e.cfg.Channels[d.Channel].Letter {
		style = ""
	}
	return e.staff("who-receives"+style, textArgs{To: to, Command: e.prefix(d.Channel)}) + "\n" + e.staff("how"+style, textArgs{}), nil
}

// topOf is receivers where each message stands alone, as a letter does. In a chat it
// stands once, below the card.
func (e *Engine) topOf(tx *store.Tx, conv store.Conversation, kind string) (texts.Note, error) {
	d := e.cfg.desk(conv.Channel, kind)
	if !e.cfg.Channels[d.Channel].Letter {
		return "", nil
	}
	return e.receivers(&tx.Snapshot, conv, d)
}

// readersList names who gets what an agent replies.
func (e *Engine) readersList(s *store.Snapshot, conv store.Conversation) (string, error) {
	to, err := e.readers(s, conv)
	if err != nil {
		return "", err
	}
	var names []string
	for _, p := range to {
		name, err := e.describe(s, p)
		if err != nil {
			return "", err
		}
		names = append(names, name)
	}
	return strings.Join(names, ", "), nil
}

// readers returns who gets what an agent replies: the customer, and in letters
// whom the customer put into copy.
func (e *Engine) readers(s *store.Snapshot, conv store.Conversation) ([]channels.Person, error) {
	t, err := s.CustomerThread(conv.ID)
	if err != nil {
		return nil, err
	}
	to, err := person(t.Address)
	if err != nil {
		return nil, err
	}
	all := []channels.Person{to}
	if !e.cfg.Channels[conv.Channel].Letter {
		return all, nil
	}
	members, err := s.Participants(conv.ID)
	if err != nil {
		return nil, err
	}
	owner, err := s.Identities(conv.Customer)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		p := channels.Person{Kind: m.Kind, Address: m.Address, Name: m.Name}
		own := slices.ContainsFunc(owner, func(i store.Identity) bool { return i.Kind == p.Kind && i.Address == p.Address })
		if !own && !p.Is(to) && p.Kind == to.Kind && !e.cfg.ours(p) {
			all = append(all, p)
		}
	}
	return all, nil
}

// describe names somebody for staff: by name and address, or, where the address
// says nothing to people, by what the service tells: the organisation, and that it
// is another one than ours.
func (e *Engine) describe(s *store.Snapshot, p channels.Person) (string, error) {
	id, err := s.FindIdentity(p.Kind, p.Address)
	if err != nil && err != store.ErrNotFound {
		return "", err
	}
	p.Name = cmp.Or(id.Name, p.Name)
	if id.Looked.IsZero() && !id.External {
		return e.display(p), nil
	}
	all := []string{cmp.Or(p.Name, p.Address)}
	if id.Mail != "" {
		all[0] += " <" + id.Mail + ">"
	}
	if id.Org != "" {
		all = append(all, id.Org)
	}
	if id.External {
		all = append(all, string(e.staff("external", textArgs{})))
	}
	return strings.Join(all, " · "), nil
}

func (e *Engine) display(p channels.Person) string {
	if p.Name == "" || p.Name == p.Address {
		return p.Address
	}
	return fmt.Sprintf("%s <%s>", oneLine(p.Name, 60), p.Address)
}

// propose shows staff what the bot would have said, in observe mode.
func (e *Engine) propose(tx *store.Tx, in *incoming, s saying, d Decision) error {
	top, err := e.topOf(tx, in.conv, kindQuestion)
	if err != nil {
		return err
	}
	note := e.staff("observe", textArgs{To: s.to[0].Address, Why: string(e.staff("rule-"+d.Rule, textArgs{})), Score: fmt.Sprintf("%.2f", d.Score)})
	var lines []channels.Line
	for _, m := range in.messages {
		lines = append(lines, e.line(&tx.Snapshot, m, in.now))
	}
	lines = append(lines, channels.Line{Who: string(e.staff("proposed", textArgs{})), Text: string(s.text)})
	return e.toDesk(tx, in.now, in.conv, desk{note: texts.Note(noteText(note, top)), lines: lines})
}

// relay shows staff what the customer wrote while people have the case.
func (e *Engine) relay(tx *store.Tx, in *incoming, d Decision) error {
	files, err := e.filesOf(tx, in)
	if err != nil {
		return err
	}
	line := e.line(&tx.Snapshot, in.messages[len(in.messages)-1], in.now)
	var words []string
	for _, m := range in.messages {
		if w := strings.TrimSpace(e.shown(&tx.Snapshot, m)); w != "" {
			words = append(words, w)
		}
	}
	line.Text = extract.Mask(strings.Join(words, "\n"))
	kind := kindQuestion
	if in.conv.Case != 0 {
		c, err := tx.Case(in.conv.Case)
		if err != nil {
			return err
		}
		kind = c.Kind
	}
	top, err := e.topOf(tx, in.conv, kind)
	if err != nil {
		return err
	}
	return e.toDesk(tx, in.now, in.conv, desk{note: texts.Note(noteText(top, e.staff(d.Relay, textArgs{}))), lines: []channels.Line{line}, files: files})
}

func (e *Engine) filesOf(tx *store.Tx, in *incoming) ([]store.Attachment, error) {
	var all []store.Attachment
	for _, m := range in.messages {
		files, err := tx.Attachments(m.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}
