package store

import "time"

// What a job asks a service for.
const (
	JobProfile = "profile" // subject: an identity
	JobMembers = "members" // subject: a room
	JobFile    = "file"    // subject: an attachment
	JobAgain   = "again"   // subject: a row of the ledger, to be read again
)

// Job is something that is still to be asked of a service. There is at most one
// of a kind about a subject; what is done is gone.
type Job struct {
	ID       int64
	Channel  string
	Kind     string
	Subject  string
	Due      time.Time
	Created  time.Time
	Attempts int
	Error    string
}

// AddJob adds a job, or makes the one that there is due no later than this one.
func (tx *Tx) AddJob(j Job) error {
	return tx.exec(`INSERT INTO job (channel, kind, subject, due, created) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (channel, kind, subject) DO UPDATE SET due = min(due, excluded.due)`, j.Channel, j.Kind, j.Subject, ms(j.Due), ms(j.Created))
}

// RenewJob adds a job in place of the one that there is: what is being done for that
// ends without effect.
func (tx *Tx) RenewJob(j Job) error {
	if err := tx.exec("DELETE FROM job WHERE channel = ? AND kind = ? AND subject = ?", j.Channel, j.Kind, j.Subject); err != nil {
		return err
	}
	return tx.AddJob(j)
}

const jobColumns = "SELECT id, channel, kind, subject, due, created, attempts, error FROM job "

func scanJob(r scanner) (j Job, err error) {
	var due, created int64
	err = r.Scan(&j.ID, &j.Channel, &j.Kind, &j.Subject, &due, &created, &j.Attempts, &j.Error)
	j.Due, j.Created = at(due), at(created)
	return j, err
}

// NextJob returns a channel's job that is due first: a file, or anything else. Of
// those that are due now, a customer's profile comes before a list of members, which
// takes longer.
func (s *Snapshot) NextJob(channel string, file bool, now time.Time) (Job, error) {
	return one(s, scanJob, jobColumns+"WHERE channel = ?1 AND (kind = 'file') = ?2 ORDER BY max(due, ?3), kind = 'members', due, id LIMIT 1", channel, file, ms(now))
}

// Fetching reports whether the bytes of an attachment are still to be fetched.
func (s *Snapshot) Fetching(attachment int64) (bool, error) {
	return one(s, scanned[bool], "SELECT EXISTS (SELECT 1 FROM job WHERE kind = 'file' AND subject = CAST(? AS TEXT))", attachment)
}

// DeliveryFiles returns the attachments that a delivery carries.
func (s *Snapshot) DeliveryFiles(delivery int64) ([]int64, error) {
	return list(s, scanned[int64], "SELECT attachment FROM outbox_file WHERE outbox = ? ORDER BY attachment", delivery)
}

// RetryJob puts a job off after an attempt that failed.
func (tx *Tx) RetryJob(id int64, due time.Time, why string) error {
	return tx.one("UPDATE job SET due = ?, attempts = attempts + 1, error = ? WHERE id = ?", ms(due), why, id)
}

// EndJob removes a job. It reports whether it was still there.
func (tx *Tx) EndJob(id int64) (bool, error) {
	err := tx.one("DELETE FROM job WHERE id = ?", id)
	if err == ErrNotFound {
		return false, nil
	}
	return err == nil, err
}

// FillAttachment gives an attachment the bytes that were fetched for it, and the name
// and type that it turned out to have.
func (tx *Tx) FillAttachment(a Attachment) error {
	return tx.one("UPDATE attachment SET name = ?, type = ?, size = ?, blob = ? WHERE id = ?", a.Name, a.Type, a.Size, a.Blob, a.ID)
}

// Carriers returns the deliveries of an attachment that went, or are going now.
func (s *Snapshot) Carriers(attachment int64) ([]Delivery, error) {
	return list(s, scanDelivery, deliveryColumns+`WHERE o.id IN (SELECT outbox FROM outbox_file WHERE attachment = ?) AND o.state IN ('sending', 'sent') ORDER BY o.id`, attachment)
}

// Release makes the deliveries that carry an attachment due now.
func (tx *Tx) Release(attachment int64, now time.Time) error {
	return tx.exec("UPDATE outbox SET next = min(next, ?) WHERE id IN (SELECT outbox FROM outbox_file WHERE attachment = ?) AND state = 'queued' AND attempts = 0",
		ms(now), attachment)
}

// AttachmentMessage returns the message that an attachment belongs to.
func (s *Snapshot) AttachmentMessage(attachment int64) (int64, error) {
	return one(s, scanned[int64], "SELECT message FROM attachment WHERE id = ?", attachment)
}

// Member is somebody in a room where staff read.
type Member struct{ Channel, Room, Kind, Address, Name, Mail string }

// SetMembers records who is in a room, in place of what was recorded before.
func (tx *Tx) SetMembers(channel, room string, all []Member) error {
	if err := tx.exec("DELETE FROM member WHERE channel = ? AND room = ?", channel, room); err != nil {
		return err
	}
	for _, m := range all {
		if err := tx.exec("INSERT INTO member (channel, room, kind, address, name, mail) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			channel, room, m.Kind, m.Address, m.Name, m.Mail); err != nil {
			return err
		}
	}
	return nil
}

// RemoveMember records that somebody has left a room.
func (tx *Tx) RemoveMember(channel, room, kind, address string) error {
	return tx.exec("DELETE FROM member WHERE channel = ? AND room = ? AND kind = ? AND address = ?", channel, room, kind, address)
}

const memberColumns = "SELECT channel, room, kind, address, name, mail FROM member "

func scanMember(r scanner) (m Member, err error) {
	return m, r.Scan(&m.Channel, &m.Room, &m.Kind, &m.Address, &m.Name, &m.Mail)
}

// Memberships returns the rooms of staff that somebody is in.
func (s *Snapshot) Memberships(kind, address string) ([]Member, error) {
	return list(s, scanMember, memberColumns+"WHERE kind = ? AND address = ?", kind, address)
}

// Members returns who is in a room of staff.
func (s *Snapshot) Members(channel, room string) ([]Member, error) {
	return list(s, scanMember, memberColumns+"WHERE channel = ? AND room = ? ORDER BY name, address", channel, room)
}
