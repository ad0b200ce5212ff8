package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

const (
	jobLimit     = 5 * time.Minute        // for one attempt
	jobGiveUp    = 24 * time.Hour         // after which a file counts as lost, and anything else waits for the next occasion
	profileFresh = 24 * time.Hour         // how long what is known of a person counts
	membersFresh = time.Hour              // how often it is asked who is in a room of staff
	profileEvery = 700 * time.Millisecond // between two questions in one job: Slack allows about 100 a minute
)

// fetches reports whether a channel's files arrive by reference.
func (e *Engine) fetches(channel string) bool {
	_, ok := e.cfg.Channels[channel].Source.(channels.Fetcher)
	return ok
}

// fetchLater notes that the bytes of a file are still to be fetched.
func (e *Engine) fetchLater(tx *store.Tx, channel string, attachment int64) error {
	now := time.Now()
	return tx.AddJob(store.Job{Channel: channel, Kind: store.JobFile, Subject: strconv.FormatInt(attachment, 10), Due: now, Created: now})
}

// lookUp notes that a person's profile is to be asked for, unless that was done
// lately, and what the message itself tells.
func (e *Engine) lookUp(tx *store.Tx, now time.Time, in *channels.Inbound, id *store.Identity) error {
	if in.From.External && !id.External {
		id.External = true
		if err := tx.Describe(*id); err != nil {
			return err
		}
	}
	if _, ok := e.cfg.Channels[in.Channel].Source.(channels.Directory); !ok || now.Sub(id.Looked) < profileFresh {
		return nil
	}
	return tx.AddJob(store.Job{Channel: in.Channel, Kind: store.JobProfile, Subject: strconv.FormatInt(id.ID, 10), Due: now, Created: now})
}

// membership follows who comes into a room where staff read, and who leaves it.
// Whoever has left is no longer staff at once; who has come is when the service
// has told who that is.
func (e *Engine) membership(tx *store.Tx, now time.Time, in *channels.Inbound) error {
	if !e.cfg.deskRoom(in.Channel, in.Room) {
		return nil
	}
	if err := tx.AddEvent(store.Event{At: now, Kind: "member " + in.Text, Actor: in.From.Address, Channel: in.Channel, Data: map[string]any{"room": in.Room}}); err != nil {
		return err
	}
	if in.Text == channels.Left {
		if err := tx.RemoveMember(in.Channel, in.Room, in.From.Kind, in.From.Address); err != nil {
			return err
		}
	}
	if _, ok := e.cfg.Channels[in.Channel].Source.(channels.Directory); !ok {
		return nil
	}
	// A look that is under way may have seen the room as it was: it is begun anew.
	return tx.RenewJob(store.Job{Channel: in.Channel, Kind: store.JobMembers, Subject: in.Room, Due: now, Created: now})
}

// settleJobs asks who is in the rooms where staff read: that may have changed while
// nobody looked.
func (e *Engine) settleJobs(ctx context.Context) error {
	now := time.Now()
	return e.db.Write(ctx, func(tx *store.Tx) error {
		for _, d := range e.cfg.desks() {
			if _, ok := e.cfg.Channels[d.Channel].Source.(channels.Directory); !ok || d.Place == "" {
				continue
			}
			if err := tx.AddJob(store.Job{Channel: d.Channel, Kind: store.JobMembers, Subject: d.Place, Due: now, Created: now}); err != nil {
				return err
			}
		}
		return nil
	})
}

// runJobs does what is to be asked of a channel's service, until ctx ends: files
// one after the other, and everything else.
func (e *Engine) runJobs(ctx context.Context, channel string, files bool) error {
	kick := e.jobs[jobLoop{channel, files}]
	for ctx.Err() == nil {
		var j store.Job
		err := e.db.Read(ctx, func(s *store.Snapshot) (err error) {
			j, err = s.NextJob(channel, files, time.Now())
			return err
		})
		next := j.Due
		switch {
		case err == store.ErrNotFound:
			next = time.Time{}
		case err == nil && !j.Due.After(time.Now()):
			if err = e.doJob(ctx, j); err == nil {
				continue
			}
		}
		if err != nil && err != store.ErrNotFound && ctx.Err() == nil {
			e.log.Error("jobs wait for the database", "channel", channel, "err", err)
			next = time.Now().Add(5 * time.Second)
		}
		waitFor(ctx, kick, next)
	}
	return ctx.Err()
}

// jobLoop names one of the two loops of a channel.
type jobLoop struct {
	channel string
	files   bool
}

// doJob makes one attempt. What it returns is an error of the database: that of an
// attempt is recorded with the job.
func (e *Engine) doJob(ctx context.Context, j store.Job) error {
	err := e.tryJob(ctx, j)
	if err == nil || ctx.Err() != nil {
		return nil
	}
	now := time.Now()
	var refused *channels.SendError
	wait := backoff(j.Attempts + 1)
	if errors.Is(err, errTooEarly) {
		wait = earlyAgain
	}
	if errors.As(err, &refused) {
		wait = max(wait, refused.RetryAfter)
	}
	if refused != nil && refused.Permanent || now.Sub(j.Created) > jobGiveUp {
		e.log.Warn("given up", "channel", j.Channel, "job", j.Kind, "subject", j.Subject, "err", err)
		return e.db.Write(ctx, func(tx *store.Tx) error { return e.jobFailed(tx, now, j, err) })
	}
	e.log.Info("job is tried again", "channel", j.Channel, "job", j.Kind, "subject", j.Subject, "err", err)
	return e.db.Write(ctx, func(tx *store.Tx) error { return tx.RetryJob(j.ID, now.Add(wait), oneLine(err.Error(), 300)) })
}

func (e *Engine) tryJob(ctx context.Context, j store.Job) (err error) {
	ctx, cancel := context.WithTimeout(ctx, jobLimit)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			e.log.Error("job panicked", "channel", j.Channel, "job", j.Kind, "panic", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	switch j.Kind {
	case store.JobFile:
		return e.fetchFile(ctx, j)
	case store.JobProfile:
		return e.fetchProfile(ctx, j)
	case store.JobMembers:
		return e.fetchMembers(ctx, j)
	case store.JobAgain:
		return e.readAgain(ctx, j)
	}
	return fmt.Errorf("unknown kind of job %q", j.Kind)
}

// jobFailed ends a job that cannot be done. Of a file people are told.
func (e *Engine) jobFailed(tx *store.Tx, now time.Time, j store.Job, cause error) error {
	if there, err := tx.EndJob(j.ID); err != nil || !there {
		return err
	}
	if err := tx.AddEvent(store.Event{At: now, Kind: "not fetched", Actor: "channel", Channel: j.Channel,
		Data: map[string]any{"job": j.Kind, "subject": j.Subject, "why": oneLine(cause.Error(), 200)}}); err != nil {
		return err
	}
	switch j.Kind {
	case store.JobMembers:
		if !e.cfg.deskRoom(j.Channel, j.Subject) {
			return tx.SetMembers(j.Channel, j.Subject, nil)
		}
		return tx.AddJob(store.Job{Channel: j.Channel, Kind: j.Kind, Subject: j.Subject, Due: now.Add(membersFresh), Created: now})
	case store.JobProfile, store.JobAgain: // which stays in quarantine
		return nil
	}
	id, err := strconv.ParseInt(j.Subject, 10, 64)
	if err != nil {
		return err
	}
	if err := tx.Release(id, now); err != nil {
		return err
	}
	a, err := tx.Attachment(id)
	if err != nil {
		return err
	}
	msg, err := tx.AttachmentMessage(id)
	if err != nil {
		return err
	}
	m, err := tx.Message(msg)
	if err != nil {
		return err
	}
	tx.AfterCommit(e.kick)
	note := e.staff("not-fetched", textArgs{Name: a.Name, Why: oneLine(cause.Error(), 200)})
	if m.Conversation == 0 {
		return e.notice(tx, now, j.Channel, note)
	}
	conv, err := tx.Conversation(m.Conversation)
	if err != nil || conv.Case == 0 {
		return err // nobody was handed anything
	}
	return e.toDesk(tx, now, conv, desk{note: note})
}

func (e *Engine) fetchFile(ctx context.Context, j store.Job) error {
	fetcher, ok := e.cfg.Channels[j.Channel].Source.(channels.Fetcher)
	if !ok {
		return &channels.SendError{Permanent: true, Err: errors.New("the channel fetches no files")}
	}
	id, err := strconv.ParseInt(j.Subject, 10, 64)
	if err != nil {
		return err
	}
	var a store.Attachment
	if err := e.db.Read(ctx, func(s *store.Snapshot) (err error) { a, err = s.Attachment(id); return err }); err != nil {
		return err
	}
	file := channels.File{Name: a.Name, Type: a.Type, Ref: a.Ref, Data: channels.Blob{Size: a.Size}}
	r, err := fetcher.Fetch(ctx, &file)
	if err != nil {
		return err
	}
	up, err := e.db.Upload(ctx, r, time.Now())
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if there, err := tx.EndJob(j.ID); err != nil || !there {
			return err
		}
		blob, err := tx.PutBlob(up)
		if err != nil {
			return err
		}
		a := store.Attachment{ID: id, Name: file.Name, Type: file.Type, Size: up.Size(), Blob: blob}
		if err := tx.FillAttachment(a); err != nil {
			return err
		}
		tx.AfterCommit(e.kick)
		if err := e.sendLate(tx, time.Now(), a); err != nil {
			return err
		}
		return tx.Release(id, time.Now())
	})
}

// sendLate sends a file after words that could wait for it no longer.
func (e *Engine) sendLate(tx *store.Tx, now time.Time, a store.Attachment) error {
	gone, err := tx.Carriers(a.ID)
	if err != nil {
		return err
	}
	for _, d := range gone {
		var out channels.Outbound
		if err := json.Unmarshal(d.Payload, &out); err != nil {
			return fmt.Errorf("delivery %d: %w", d.ID, err)
		}
		t, err := tx.Thread(d.Thread)
		if err != nil {
			return err
		}
		out.Op, out.Slot, out.Target, out.Card, out.Choices = channels.Post, "", "", nil, nil
		out.Body = channels.Body{Format: channels.Plain, Text: a.Name}
		if err := e.enqueue(tx, now, out, t, store.Delivery{Identity: d.Identity}, []store.Attachment{a}); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) fetchProfile(ctx context.Context, j store.Job) error {
	dir, ok := e.cfg.Channels[j.Channel].Source.(channels.Directory)
	if !ok {
		return &channels.SendError{Permanent: true, Err: errors.New("the channel tells nothing of people")}
	}
	id, err := strconv.ParseInt(j.Subject, 10, 64)
	if err != nil {
		return err
	}
	var i store.Identity
	if err := e.db.Read(ctx, func(s *store.Snapshot) (err error) { i, err = s.Identity(id); return err }); err != nil {
		return err
	}
	p, err := dir.Profile(ctx, channels.Person{Kind: i.Kind, Address: i.Address})
	if err != nil {
		return err
	}
	now := time.Now()
	i.Name, i.Mail, i.Org, i.Lang, i.External, i.Looked = p.Name, p.Mail, p.Org, p.Lang, p.External, now
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if there, err := tx.EndJob(j.ID); err != nil || !there {
			return err
		}
		if err := tx.Describe(i); err != nil {
			return err
		}
		cases, err := tx.OpenCases(i.Customer)
		if err != nil {
			return err
		}
		for _, c := range cases { // the brief shows who it is
			if err := e.refresh(tx, now, c.ID); err != nil {
				return err
			}
		}
		tx.AfterCommit(e.kick)
		return nil
	})
}

// fetchMembers asks who is in a room where staff read. Robots and people of other
// organisations are no staff, whatever room they are in.
func (e *Engine) fetchMembers(ctx context.Context, j store.Job) error {
	dir, ok := e.cfg.Channels[j.Channel].Source.(channels.Directory)
	if !ok || !e.cfg.deskRoom(j.Channel, j.Subject) {
		return &channels.SendError{Permanent: true, Err: errors.New("staff do not read there")}
	}
	people, err := dir.Members(ctx, j.Subject)
	if err != nil {
		return err
	}
	var all []store.Member
	for n, p := range people {
		if n > 0 && !pause(ctx, profileEvery) {
			return ctx.Err()
		}
		profile, err := dir.Profile(ctx, p)
		if refused := (*channels.SendError)(nil); errors.As(err, &refused) && refused.Permanent {
			e.log.Warn("a member of staff's room is not known", "channel", j.Channel, "room", j.Subject, "err", err)
			continue // a customer, until the service tells
		}
		if err != nil {
			return fmt.Errorf("member %s: %w", p.Address, err)
		}
		if !profile.External && !profile.Robot {
			all = append(all, store.Member{Channel: j.Channel, Room: j.Subject, Kind: p.Kind, Address: p.Address, Name: profile.Name, Mail: profile.Mail})
		}
	}
	now := time.Now()
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if there, err := tx.EndJob(j.ID); err != nil || !there {
			return err
		}
		before, err := tx.Members(j.Channel, j.Subject)
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b store.Member) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Address, b.Address))
		})
		if !slices.Equal(before, all) {
			var who []string
			for _, m := range all {
				who = append(who, m.Address)
			}
			if err := tx.AddEvent(store.Event{At: now, Kind: "members", Actor: "channel", Channel: j.Channel, Data: map[string]any{"room": j.Subject, "members": who}}); err != nil {
				return err
			}
		}
		if err := tx.SetMembers(j.Channel, j.Subject, all); err != nil {
			return err
		}
		return tx.AddJob(store.Job{Channel: j.Channel, Kind: j.Kind, Subject: j.Subject, Due: now.Add(membersFresh), Created: now})
	})
}

// pause waits, and reports whether ctx still goes on.
func pause(ctx context.Context, d time.Duration) bool {
	waitFor(ctx, nil, time.Now().Add(d))
	return ctx.Err() == nil
}
