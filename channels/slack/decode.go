package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"frontdesk/channels"
)

// rawLimit is more than Slack sends in one payload.
const rawLimit = 16 << 20

// slashType marks the payload of a slash command, which has no type of its own.
const slashType = "slash_commands"

// payload is what Slack tells us, whichever way it came. Its JSON is the form in
// which it is kept and from which it can be read again: of an Events API request
// the body, of an interaction the field "payload", of a slash command an object
// of the fields with a type added, of a socket the payload in the envelope. What
// catching up finds is put into the form of an event, without an event_id.
type payload struct {
	Type           str                 `json:"type"`
	TeamID         str                 `json:"team_id"`
	EnterpriseID   str                 `json:"enterprise_id"`
	AppID          str                 `json:"api_app_id"`
	EventID        str                 `json:"event_id"`
	EventTime      str                 `json:"event_time"`
	Authorizations many[authorization] `json:"authorizations"`
	Event          maybe[event]        `json:"event"`

	Trigger    str `json:"trigger_id"`
	RespondURL str `json:"response_url"`
	interaction
	slash

	// Of a frame that was kept whole because its envelope is of no known type.
	EnvelopeID str             `json:"envelope_id"`
	Payload    json.RawMessage `json:"payload"`
}

// authorization is one installation of the app that may see an event. Slack
// sends one, not all.
type authorization struct {
	Enterprise str `json:"enterprise_id"`
	Team       str `json:"team_id"`
	User       str `json:"user_id"`
	Bot        yes `json:"is_bot"`
	Org        yes `json:"is_enterprise_install"`
}

// reading is one payload being read.
type reading struct {
	c    *Channel
	p    *payload
	raw  []byte
	self self // who we are, as far as it is known
	in   channels.Inbound
	meta meta
}

// meta is what only the source needs of a payload: where a Reply can be drawn,
// which position the message has, and what else is to be done about it.
type meta struct {
	kind    string // type of the payload
	event   string // type of the event
	channel string // Slack's id, for positions and ephemeral messages
	ts      string // of a message that counts for the position of its channel
	thread  string // ts of the thread that an ephemeral message belongs in
	user    string
	trigger string    // opens a modal, for three seconds
	respond string    // response_url
	tab     string    // of app_home_opened
	moved   [2]string // the id of a channel before, and now
	revoked bool      // we may no longer do anything
	missed  bool      // Slack says that it left events out

	// Of a modal that was submitted: its title, the label that closes it, its
	// fields, and one of them.
	title, cancel string
	fields        map[string]bool
	first         string
}

// Parse reads the raw bytes of an earlier message again.
func (c *Channel) Parse(_ context.Context, raw channels.Blob) (channels.Inbound, error) {
	b, err := raw.ReadAll(rawLimit)
	if err != nil {
		return channels.Inbound{}, fmt.Errorf("slack: raw bytes: %w", err)
	}
	in, _ := c.read(b)
	return in, nil
}

// read turns a payload into the Inbound that it is. It never fails: what cannot
// be read has a Problem. It sets everything but the Cursor.
func (c *Channel) read(raw []byte) (in channels.Inbound, m meta) {
	r := &reading{c: c, p: &payload{}, raw: raw}
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("reading a payload panicked", "panic", p, "size", len(raw), "stack", string(debug.Stack()))
			r.problem(fmt.Errorf("reading it panicked: %v", p))
			r.finish()
			in, m = r.in, r.meta
		}
	}()
	r.in = channels.Inbound{Channel: c.name, Kind: channels.Message, Raw: channels.Bytes(raw)}
	if err := r.decode(); err != nil {
		r.problem(err)
	}
	r.finish()
	return r.in, r.meta
}

func (r *reading) decode() error {
	var whole maybe[payload]
	if err := json.Unmarshal(r.raw, &whole); err != nil {
		return fmt.Errorf("it is no JSON: %w", err)
	}
	if !whole.OK {
		return errors.New("it is no object, or an empty one")
	}
	p := &whole.V
	if p.EnvelopeID != "" && len(p.Payload) > 0 && knownEnvelope(string(p.Type)) {
		var inner maybe[payload]
		if err := json.Unmarshal(p.Payload, &inner); err != nil || !inner.OK {
			return errors.New("the payload in the envelope is no object")
		}
		p = &inner.V
	}
	r.p = p
	r.whoAmI()
	r.meta.kind = string(p.Type)
	switch {
	case p.Type == "event_callback":
		return r.event()
	case p.Type == slashType, p.Type == "" && strings.HasPrefix(string(p.Command), "/"):
		return r.slash()
	case p.Type == "block_actions":
		return r.pressed()
	case p.Type == "view_submission":
		return r.submitted()
	case p.Type == "":
		return errors.New("a payload without a type")
	}
	r.meta.missed = p.Type == "app_rate_limited"
	r.service(string(p.Type))
	return nil
}

// whoAmI joins what auth.test told with what the event itself says: an event can
// come before Run has asked, and is read again long after.
func (r *reading) whoAmI() {
	if s := r.c.self.Load(); s != nil {
		r.self = *s
	}
	for _, a := range r.p.Authorizations {
		if !bool(a.Bot) || !r.ourInstallation(a) {
			continue
		}
		if a.User != "" {
			r.self.User = string(a.User)
		}
		if r.self.Enterprise == "" {
			r.self.Enterprise = string(a.Enterprise)
		}
	}
}

func (r *reading) ourInstallation(a authorization) bool {
	return string(a.Team) == r.c.cfg.Team || string(a.Enterprise) == r.c.cfg.Team ||
		bool(a.Org) && (r.self.Enterprise == "" || r.self.Enterprise == string(a.Enterprise))
}

// elsewhere reports whether the event came to another installation of the app.
func (r *reading) elsewhere() bool {
	for _, a := range r.p.Authorizations {
		if r.ourInstallation(a) {
			return false
		}
	}
	return len(r.p.Authorizations) > 0
}

// ours reports whether a user of team belongs to us.
func (r *reading) ours(team string) bool {
	g := r.c.grid(r.self.Enterprise)
	for _, t := range []struct{ team, of str }{{r.p.TeamID, r.p.EnterpriseID}, {r.p.Team.V.ID, r.p.Team.V.Enterprise}} {
		g.learn(string(t.team), string(t.of))
	}
	return g.has(team, "")
}

// person names a user; teams are what the payload says of their team, the best
// first.
func (r *reading) person(user, name string, teams ...str) channels.Person {
	if user == "" {
		return channels.Person{}
	}
	team := ""
	for _, t := range teams {
		if t != "" {
			team = string(t)
			break
		}
	}
	p := channels.Person{Kind: Kind, Address: Identity(r.c.cfg.Team, user), Name: name}
	if !r.ours(team) {
		p.Address, p.External = Identity(team, user), true
	}
	return p
}

// place fills in where something was said: in a direct message with from, or in
// the thread below root in a channel.
func (r *reading) place(channel string, direct bool, root string, from channels.Person) {
	r.meta.channel = channel
	if direct {
		if !from.Zero() {
			r.in.Place = r.c.Direct(from)
		}
		return
	}
	r.in.Public = true
	if channel != "" {
		r.in.Room = r.c.moves.name(channel)
		r.in.Place = r.in.Room
		if root != "" {
			r.in.Place = threadPlace(r.in.Room, root)
		}
	}
}

// service makes it something that nobody said to us.
func (r *reading) service(signal string) {
	r.in.Kind = channels.Service
	r.in.Signals = append(r.in.Signals, signal)
	r.in.Toward = channels.Aside
}

// robot makes it the talk of a machine, which is not kept.
func (r *reading) robot(signal string) {
	r.service(signal)
	r.forget()
}

// forget leaves only the fact that something came.
func (r *reading) forget() {
	r.in.Raw = channels.Blob{}
	r.in.Text, r.in.Full, r.in.Files, r.in.Refs, r.in.Ref = "", "", nil, nil, ""
}

func (r *reading) problem(err error) {
	r.in.Kind = channels.Message
	r.in.Problem = err.Error()
	if r.in.Raw.Zero() {
		r.in.Raw = channels.Bytes(r.raw)
	}
}

// finish gives every Inbound a key and a time.
func (r *reading) finish() {
	in := &r.in
	if in.Arrived.IsZero() {
		in.Arrived = stamp(string(r.p.EventTime))
	}
	if in.Arrived.IsZero() {
		in.Arrived = time.Now()
	}
	in.Sent = in.Arrived
	switch {
	case r.p.EventID != "":
		in.Keys = append([]string{"slack:event:" + string(r.p.EventID)}, in.Keys...)
	case r.p.Trigger != "":
		in.Keys = append([]string{"slack:trigger:" + string(r.p.Trigger)}, in.Keys...)
	case len(in.Keys) == 0:
		in.Keys = []string{digestKey(r.raw)}
	}
}

func digestKey(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "slack:sha256:" + hex.EncodeToString(sum[:])
}
