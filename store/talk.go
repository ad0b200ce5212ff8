package store

import (
	"time"
)

// Audience of a thread. It is part of every reference to one.
type Audience string

const (
	ForCustomer Audience = "customer"
	ForStaff    Audience = "staff"
)

// Identity is one address of one customer.
type Identity struct {
	ID       int64
	Customer int64
	Kind     string
	Address  string
	Name     string

	// What the service tells, which proves nothing.
	Mail, Org, Lang string
	External        bool      // belongs to another organisation than we do
	Looked          time.Time // when the service was asked last; zero: never
}

// State says who has a conversation.
type State string

const (
	WithBot    State = "bot"
	Waiting    State = "waiting" // for people; the bot still answers what it is sure of
	WithPerson State = "person"
	Ended      State = "closed"
)

// Conversation is one talk with one customer.
type Conversation struct {
	ID       int64
	Customer int64
	Channel  string
	State    State
	Memory   string // JSON: what the bot waits for, offered and answered
	Case     int64  // its open case; 0: none
	Linked   int64
	Lang     string
	Opened   time.Time
	Updated  time.Time
}

// Thread is one place where a conversation or a case is talked about.
type Thread struct {
	ID           int64
	Audience     Audience
	Conversation int64
	Case         int64
	Channel      string
	Place        string
	Address      string
	Subject      string
	Token        string
	Created      time.Time

	Room   string // the room that Place is a part of; "": Place is all of it
	Root   string // ref of the message below which answers stand; "": of none
	Public bool   // others than the customer read it
}

const identityColumns = "SELECT id, customer, kind, address, name, mail, org, lang, external, coalesce(looked, 0) FROM identity "

func scanIdentity(r scanner) (i Identity, err error) {
	var looked int64
	err = r.Scan(&i.ID, &i.Customer, &i.Kind, &i.Address, &i.Name, &i.Mail, &i.Org, &i.Lang, &i.External, &looked)
	i.Looked = at(looked)
	return i, err
}

// FindIdentity returns the identity with this address.
func (s *Snapshot) FindIdentity(kind, address string) (Identity, error) {
	return one(s, scanIdentity, identityColumns+"WHERE kind = ? AND address = ?", kind, address)
}

// Identity returns an identity by its id.
func (s *Snapshot) Identity(id int64) (Identity, error) {
	return one(s, scanIdentity, identityColumns+"WHERE id = ?", id)
}

// Identify returns the identity with this address, and makes it and a customer
// where there is none. A name fills an empty one.
func (tx *Tx) Identify(kind, address, name string, now time.Time) (Identity, error) {
	i, err := tx.FindIdentity(kind, address)
	if err == nil {
		if i.Name == "" && name != "" {
			i.Name = name
			err = tx.one("UPDATE identity SET name = ? WHERE id = ?", name, i.ID)
			if err == nil {
				err = tx.exec("UPDATE customer SET name = ? WHERE id = ? AND name = ''", name, i.Customer)
			}
		}
		return i, err
	}
	if err != ErrNotFound {
		return i, err
	}
	i = Identity{Kind: kind, Address: address, Name: name}
	if i.Customer, err = tx.insert("INSERT INTO customer (name, created) VALUES (?, ?)", name, ms(now)); err != nil {
		return i, err
	}
	i.ID, err = tx.insert("INSERT INTO identity (customer, kind, address, name, created) VALUES (?, ?, ?, ?, ?)",
		i.Customer, kind, address, name, ms(now))
	return i, err
}

// Describe records what a service tells of an identity. The customer is called by
// the new name too, unless somebody has named them otherwise.
func (tx *Tx) Describe(i Identity) error {
	before, err := tx.Identity(i.ID)
	if err != nil {
		return err
	}
	if i.Name == "" {
		i.Name = before.Name
	}
	if err := tx.one("UPDATE identity SET name = ?, mail = ?, org = ?, lang = ?, external = ?, looked = nullif(?, 0) WHERE id = ?",
		i.Name, i.Mail, i.Org, i.Lang, i.External, ms(i.Looked), i.ID); err != nil {
		return err
	}
	return tx.exec("UPDATE customer SET name = ? WHERE id = ? AND name IN ('', ?)", i.Name, i.Customer, before.Name)
}

// Identities returns every address of a customer.
func (s *Snapshot) Identities(customer int64) ([]Identity, error) {
	return list(s, scanIdentity, identityColumns+"WHERE customer = ? ORDER BY id", customer)
}

// CustomerName returns a customer's name, which may be empty.
func (s *Snapshot) CustomerName(id int64) (string, error) {
	return one(s, scanned[string], "SELECT name FROM customer WHERE id = ?", id)
}

const conversationColumns = `SELECT c.id, c.customer, c.channel, c.state, c.memory, coalesce(c.case_id, 0), coalesce(c.linked, 0),
	c.lang, c.opened, c.updated FROM conversation c `

func scanConversation(r scanner) (c Conversation, err error) {
	var opened, updated int64
	err = r.Scan(&c.ID, &c.Customer, &c.Channel, &c.State, &c.Memory, &c.Case, &c.Linked, &c.Lang, &opened, &updated)
	c.Opened, c.Updated = at(opened), at(updated)
	return c, err
}

// Conversation returns a conversation by its id.
func (s *Snapshot) Conversation(id int64) (Conversation, error) {
	return one(s, scanConversation, conversationColumns+"WHERE c.id = ?", id)
}

// AddConversation opens a conversation, and notes its case for good.
func (tx *Tx) AddConversation(c Conversation) (int64, error) {
	id, err := tx.insert(`INSERT INTO conversation (customer, channel, state, memory, case_id, linked, lang, opened, updated)
		VALUES (?, ?, ?, coalesce(nullif(?, ''), '{}'), nullif(?, 0), nullif(?, 0), ?, ?, ?)`,
		c.Customer, c.Channel, string(c.State), c.Memory, c.Case, c.Linked, c.Lang, ms(c.Opened), ms(c.Updated))
	if err != nil || c.Case == 0 {
		return id, err
	}
	return id, tx.addCaseConversation(c.Case, id)
}

// UpdateConversation writes what can change of a conversation, and notes its
// case for good.
func (tx *Tx) UpdateConversation(c Conversation) error {
	if err := tx.one("UPDATE conversation SET state = ?, memory = coalesce(nullif(?, ''), '{}'), case_id = nullif(?, 0), lang = ?, updated = ? WHERE id = ?",
		string(c.State), c.Memory, c.Case, c.Lang, ms(c.Updated), c.ID); err != nil || c.Case == 0 {
		return err
	}
	return tx.addCaseConversation(c.Case, c.ID)
}

func (tx *Tx) addCaseConversation(caseID, conversation int64) error {
	return tx.exec("INSERT INTO case_conversation (case_id, conversation) VALUES (?, ?) ON CONFLICT DO NOTHING", caseID, conversation)
}

// Participant is an address that may write in a conversation.
type Participant struct{ Kind, Address, Name string }

// AddParticipant lets an address write in a conversation.
func (tx *Tx) AddParticipant(conversation int64, p Participant) error {
	return tx.exec("INSERT INTO participant (conversation, kind, address, name) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
		conversation, p.Kind, p.Address, p.Name)
}

// Participates reports whether an address may write in a conversation.
func (s *Snapshot) Participates(conversation int64, kind, address string) (bool, error) {
	return one(s, scanned[bool], "SELECT EXISTS (SELECT 1 FROM participant WHERE conversation = ? AND kind = ? AND address = ?)", conversation, kind, address)
}

// Participants returns who may write in a conversation.
func (s *Snapshot) Participants(conversation int64) ([]Participant, error) {
	return list(s, func(r scanner) (p Participant, err error) { return p, r.Scan(&p.Kind, &p.Address, &p.Name) },
		"SELECT kind, address, name FROM participant WHERE conversation = ? ORDER BY kind, address", conversation)
}

const threadColumns = `SELECT t.id, t.audience, coalesce(t.conversation, 0), coalesce(t.case_id, 0), t.channel, t.place, t.address, t.subject, t.token, t.created,
	t.room, t.root, t.public FROM thread t `

func scanThread(r scanner) (t Thread, err error) {
	var created int64
	err = r.Scan(&t.ID, &t.Audience, &t.Conversation, &t.Case, &t.Channel, &t.Place, &t.Address, &t.Subject, &t.Token, &created,
		&t.Room, &t.Root, &t.Public)
	t.Created = at(created)
	return t, err
}

// AddThread opens a thread. Token must be unguessable.
func (tx *Tx) AddThread(t Thread) (int64, error) {
	return tx.insert(`INSERT INTO thread (audience, conversation, case_id, channel, place, address, subject, token, created, room, root, public)
		VALUES (?, nullif(?, 0), nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(t.Audience), t.Conversation, t.Case, t.Channel, t.Place, t.Address, t.Subject, t.Token, ms(t.Created), t.Room, t.Root, t.Public)
}

// SetAddress records where a thread's answers go from now on.
func (tx *Tx) SetAddress(thread int64, address string) error {
	return tx.one("UPDATE thread SET address = ? WHERE id = ?", address, thread)
}

// SetRoot records below which message answers stand from now on.
func (tx *Tx) SetRoot(thread int64, root string) error {
	return tx.one("UPDATE thread SET root = ? WHERE id = ?", root, thread)
}

// CustomerThread returns a conversation's newest thread with the customer.
func (s *Snapshot) CustomerThread(conversation int64) (Thread, error) {
	return one(s, scanThread, threadColumns+"WHERE t.conversation = ? AND t.audience = 'customer' ORDER BY t.id DESC LIMIT 1", conversation)
}

// StaffThread returns the newest thread in which a case is talked about with
// staff; for case 0, the conversation's.
func (s *Snapshot) StaffThread(caseID, conversation int64) (Thread, error) {
	if caseID != 0 {
		return one(s, scanThread, threadColumns+"WHERE t.case_id = ? AND t.audience = 'staff' ORDER BY t.id DESC LIMIT 1", caseID)
	}
	return one(s, scanThread, threadColumns+"WHERE t.conversation = ? AND t.case_id IS NULL AND t.audience = 'staff' ORDER BY t.id DESC LIMIT 1", conversation)
}

// NoticeThread returns the thread for notices to one reader of a channel (a place
// or an address there) that belong to no conversation.
func (s *Snapshot) NoticeThread(channel, place, address string) (Thread, error) {
	return one(s, scanThread, threadColumns+`WHERE t.channel = ? AND t.place = ? AND t.address = ? AND t.conversation IS NULL AND t.case_id IS NULL
		AND t.audience = 'staff' ORDER BY t.id DESC LIMIT 1`, channel, place, address)
}

// PlaceThread returns the customer thread in a place in which something was said
// last, of those whose conversation belongs to this customer and is not closed.
func (s *Snapshot) PlaceThread(channel, place string, customer int64) (Thread, error) {
	return one(s, scanThread, threadColumns+`JOIN conversation c ON c.id = t.conversation
		WHERE t.channel = ? AND t.place = ? AND t.audience = 'customer' AND c.customer = ? AND c.state <> 'closed'
		ORDER BY (SELECT max(m.id) FROM message m WHERE m.thread = t.id) DESC, t.id DESC LIMIT 1`,
		channel, place, customer)
}

// ConversationPlace returns the newest thread of a conversation in a place.
func (s *Snapshot) ConversationPlace(conversation int64, place string) (Thread, error) {
	return one(s, scanThread, threadColumns+"WHERE t.conversation = ? AND t.place = ? AND t.audience = 'customer' ORDER BY t.id DESC LIMIT 1", conversation, place)
}

// PendingThread returns the newest customer thread in a room in which something
// that this customer said there waits for a decision.
func (s *Snapshot) PendingThread(channel, room string, customer int64) (Thread, error) {
	return one(s, scanThread, threadColumns+`JOIN conversation c ON c.id = t.conversation
		WHERE t.channel = ? AND t.room = ? AND t.audience = 'customer' AND c.customer = ?
		AND EXISTS (SELECT 1 FROM message m WHERE m.conversation = c.id AND m.pending = 1) ORDER BY t.id DESC LIMIT 1`,
		channel, room, customer)
}

// Talk is a place of a channel where people talk with us.
type Talk struct{ Place, Root, Newest string }

// Talks returns where something was said on a channel since a time, the newest
// first. Root is the thread's, or of staff's threads the first message.
func (s *Snapshot) Talks(channel string, since time.Time) ([]Talk, error) {
	return list(s, func(r scanner) (t Talk, err error) { return t, r.Scan(&t.Place, &t.Root, &t.Newest) },
		`SELECT t.place, iif(t.audience = 'staff', first.ref, t.root), last.ref
		FROM thread t JOIN ref first ON first.rowid = (SELECT min(rowid) FROM ref WHERE thread = t.id)
		JOIN ref last ON last.rowid = (SELECT max(rowid) FROM ref WHERE thread = t.id)
		JOIN conversation c ON c.id = t.conversation
		WHERE t.channel = ? AND t.place <> '' AND c.updated >= ? ORDER BY c.updated DESC`, channel, ms(since))
}

// Ref says what a name given by the outside stands for.
type Ref struct {
	Thread  Thread
	Message int64
	Ours    bool // we sent it: nobody could guess its name
}

// Ref returns what a ref stands for.
func (s *Snapshot) Ref(ref string) (Ref, error) {
	return one(s, func(r scanner) (f Ref, err error) {
		t := &f.Thread
		var created int64
		err = r.Scan(&t.ID, &t.Audience, &t.Conversation, &t.Case, &t.Channel, &t.Place, &t.Address, &t.Subject, &t.Token, &created,
			&t.Room, &t.Root, &t.Public, &f.Message, &f.Ours)
		t.Created = at(created)
		return f, err
	}, `SELECT t.id, t.audience, coalesce(t.conversation, 0), coalesce(t.case_id, 0), t.channel, t.place, t.address, t.subject, t.token, t.created,
		t.room, t.root, t.public, coalesce(r.message, 0), r.ours FROM ref r JOIN thread t ON t.id = r.thread WHERE r.ref = ?`, ref)
}

// AddRef records that the outside names a message by ref. A name that is known
// already keeps its meaning.
func (tx *Tx) AddRef(ref string, thread, message int64, ours bool) error {
	return tx.exec("INSERT INTO ref (ref, thread, message, ours) VALUES (?, ?, nullif(?, 0), ?) ON CONFLICT DO NOTHING", ref, thread, message, ours)
}

// Refs returns the names of a thread's messages, newest first.
func (s *Snapshot) Refs(thread int64, limit int) ([]string, error) {
	return list(s, scanned[string], "SELECT ref FROM ref WHERE thread = ? ORDER BY rowid DESC LIMIT ?", thread, limitOr(limit))
}

// FirstRef returns the name of the first message in a thread, or of the first that
// we sent there; "" if there is none.
func (s *Snapshot) FirstRef(thread int64, ours bool) (string, error) {
	ref, err := one(s, scanned[string], "SELECT ref FROM ref WHERE thread = ? AND ours >= ? ORDER BY rowid LIMIT 1", thread, ours)
	if err == ErrNotFound {
		return "", nil
	}
	return ref, err
}

// RefOf returns the name of a message; "" if the outside has none.
func (s *Snapshot) RefOf(message int64) (string, error) {
	ref, err := one(s, scanned[string], "SELECT ref FROM ref WHERE message = ? LIMIT 1", message)
	if err == ErrNotFound {
		return "", nil
	}
	return ref, err
}

// Thread returns a thread by its id.
func (s *Snapshot) Thread(id int64) (Thread, error) {
	return one(s, scanThread, threadColumns+"WHERE t.id = ?", id)
}
