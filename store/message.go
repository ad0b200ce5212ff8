package store

import "time"

// Author says what kind of being wrote a message.
type Author string

const (
	ByCustomer Author = "customer"
	ByBot      Author = "bot"
	ByStaff    Author = "staff"
	ByRobot    Author = "robot" // somebody else's
)

// Message is something that was said. Audience says who reads it; with
// [ForStaff] it is a note.
type Message struct {
	ID           int64
	Thread       int64
	Audience     Audience
	Conversation int64
	Case         int64
	Ledger       int64 // 0: sent by us
	Author       Author
	Identity     int64
	Name         string
	Text         string
	Whole        string // all of the text, where it is more
	Lang         string
	At           time.Time
	Pending      bool // recorded, not yet decided on
}

// Attachment is a file of a message.
type Attachment struct {
	ID   int64
	Name string
	Type string
	Ref  string
	Size int64
	Blob int64 // 0: not fetched
}

// AddMessage records a message.
func (tx *Tx) AddMessage(m Message) (int64, error) {
	return tx.insert(`INSERT INTO message (thread, audience, conversation, case_id, ledger, author, identity, name, text, whole, lang, at, pending)
		VALUES (?, ?, nullif(?, 0), nullif(?, 0), nullif(?, 0), ?, nullif(?, 0), ?, ?, nullif(?, ''), ?, ?, ?)`,
		m.Thread, string(m.Audience), m.Conversation, m.Case, m.Ledger, string(m.Author), m.Identity, m.Name, m.Text, m.Whole, m.Lang, ms(m.At), m.Pending)
}

const messageColumns = `SELECT id, thread, audience, coalesce(conversation, 0), coalesce(case_id, 0), coalesce(ledger, 0), author, coalesce(identity, 0),
	name, text, coalesce(whole, ''), lang, at, pending FROM message `

func scanMessage(r scanner) (m Message, err error) {
	var t int64
	err = r.Scan(&m.ID, &m.Thread, &m.Audience, &m.Conversation, &m.Case, &m.Ledger, &m.Author, &m.Identity,
		&m.Name, &m.Text, &m.Whole, &m.Lang, &t, &m.Pending)
	m.At = at(t)
	return m, err
}

// Message returns a message by its id.
func (s *Snapshot) Message(id int64) (Message, error) {
	return one(s, scanMessage, messageColumns+"WHERE id = ?", id)
}

// Said returns the newest messages of a conversation, oldest of them first, as
// its readers saw them; with notes, those of its staff threads too.
func (s *Snapshot) Said(conversation int64, notes bool, limit int) ([]Message, error) {
	return list(s, scanMessage, "SELECT * FROM ("+messageColumns+`WHERE conversation = ? AND deleted IS NULL AND (? OR audience = 'customer')
		ORDER BY id DESC LIMIT ?) ORDER BY id`, conversation, notes, limitOr(limit))
}

// SaidFor returns the newest messages of a conversation that readers of a case may
// see, oldest of them first: what belongs to it or to no case, with the notes. Words
// of staff's that went to the customer stand there once.
func (s *Snapshot) SaidFor(conversation, caseID int64, limit int) ([]Message, error) {
	return list(s, scanMessage, "SELECT * FROM ("+messageColumns+`WHERE conversation = ?1 AND deleted IS NULL AND coalesce(case_id, ?2) = ?2
		AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.origin = message.id) ORDER BY id DESC LIMIT ?3) ORDER BY id`, conversation, caseID, limitOr(limit))
}

// SetMessageCase records that a message belongs to a case.
func (tx *Tx) SetMessageCase(message, caseID int64) error {
	return tx.one("UPDATE message SET case_id = ? WHERE id = ?", caseID, message)
}

// SaidOnCase returns what was said in all conversations of a case and about it,
// in the order in which it was recorded.
func (s *Snapshot) SaidOnCase(caseID int64) ([]Message, error) {
	return list(s, scanMessage, messageColumns+`WHERE deleted IS NULL AND (case_id = ?1 OR conversation IN (SELECT conversation FROM case_conversation WHERE case_id = ?1))
		ORDER BY id`, caseID)
}

// Pending returns the messages of a conversation that wait for a decision, in the
// order in which they were said.
func (s *Snapshot) Pending(conversation int64) ([]Message, error) {
	return list(s, scanMessage, messageColumns+"WHERE conversation = ? AND pending = 1 ORDER BY at, id", conversation)
}

// Decided says that a message waits no longer.
func (tx *Tx) Decided(message int64) error {
	return tx.one("UPDATE message SET pending = 0 WHERE id = ?", message)
}

// EditMessage replaces a message's text; what stood there before is for the
// event that tells of it.
func (tx *Tx) EditMessage(id int64, text string) error {
	return tx.one("UPDATE message SET text = ?, whole = NULL WHERE id = ?", text, id)
}

// DeleteMessage marks a message as taken back by its author.
func (tx *Tx) DeleteMessage(id int64, now time.Time) error {
	return tx.one("UPDATE message SET deleted = ?, pending = 0 WHERE id = ?", ms(now), id)
}

// AddAttachment records a file of a message.
func (tx *Tx) AddAttachment(message int64, a Attachment) (int64, error) {
	return tx.insert("INSERT INTO attachment (message, name, type, ref, size, blob) VALUES (?, ?, ?, ?, ?, nullif(?, 0))",
		message, a.Name, a.Type, a.Ref, a.Size, a.Blob)
}

func scanAttachment(r scanner) (a Attachment, err error) {
	return a, r.Scan(&a.ID, &a.Name, &a.Type, &a.Ref, &a.Size, &a.Blob)
}

// Attachments returns the files of a message.
func (s *Snapshot) Attachments(message int64) ([]Attachment, error) {
	return list(s, scanAttachment, "SELECT id, name, type, ref, size, coalesce(blob, 0) FROM attachment WHERE message = ? ORDER BY id", message)
}

// Attachment returns one file.
func (s *Snapshot) Attachment(id int64) (Attachment, error) {
	return one(s, scanAttachment, "SELECT id, name, type, ref, size, coalesce(blob, 0) FROM attachment WHERE id = ?", id)
}
