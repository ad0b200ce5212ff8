package bot

import (
	"cmp"
	"slices"
	"strings"

	"frontdesk/channels"
	"frontdesk/store"
)

// agent returns the member of staff behind an identity: one that the configuration
// names, or somebody who is in a room where staff read. A member whose address at
// the service is that of somebody on the staff list is that person. Who is not
// known to be in the room is a customer.
func (e *Engine) agent(s *store.Snapshot, p channels.Person) (Agent, bool, error) {
	if a, ok := e.cfg.agent(p); ok || p.Zero() {
		return a, ok, nil
	}
	rooms, err := s.Memberships(p.Kind, p.Address)
	if err != nil {
		return Agent{}, false, err
	}
	for _, m := range rooms {
		if !e.cfg.deskRoom(m.Channel, m.Room) {
			continue // the desk has moved
		}
		for _, a := range e.cfg.Staff {
			for _, id := range a.Identities {
				if id.Kind == "mail" && m.Mail != "" && strings.EqualFold(id.Address, m.Mail) {
					return a, true, nil
				}
			}
		}
		return Agent{Name: cmp.Or(m.Name, m.Address), Identities: []channels.Person{p}}, true, nil
	}
	return Agent{}, false, nil
}

// elsewhere reports whether an agent acts in a thread that its case has left, and does
// not read where it is now: a complaint is for its own handlers alone.
func (e *Engine) elsewhere(s *store.Snapshot, c store.Case, conv store.Conversation, agent Agent, mail *mailed) (bool, error) {
	if mail == nil || mail.thread.ID == 0 || mail.thread.Place == "" || agent.Supervisor {
		return false, nil
	}
	now := e.cfg.desk(conv.Channel, c.Kind)
	if now.Place == "" || now.Channel == mail.thread.Channel && now.Place == mail.thread.Place {
		return false, nil
	}
	if _, ok := e.cfg.Channels[now.Channel].Source.(channels.Directory); !ok {
		return false, nil // nobody can tell who reads there
	}
	rooms, err := s.Memberships(mail.in.From.Kind, mail.in.From.Address)
	return !slices.ContainsFunc(rooms, func(m store.Member) bool { return m.Channel == now.Channel && m.Room == now.Place }), err
}

// barred reports whether somebody presses a button or sends a form of a complaint that
// is read in a room where they are not: what they press may be older than the
// complaint. Where it is not known who is in that room, nobody is barred.
func (e *Engine) barred(s *store.Snapshot, in *channels.Inbound, agent Agent, number int64) (bool, error) {
	c, err := s.Case(number)
	if err != nil || c.Kind != kindComplaint || agent.Supervisor {
		return false, ignore(err, store.ErrNotFound)
	}
	conv, err := talkOf(s, number)
	if err != nil {
		return false, ignore(err, errNoTalk)
	}
	now := e.cfg.desk(conv.Channel, c.Kind)
	if now.Place == "" || now.Channel != in.Channel {
		return false, nil
	}
	members, err := s.Members(now.Channel, now.Place)
	return len(members) > 0 && !slices.ContainsFunc(members, func(m store.Member) bool { return m.Kind == in.From.Kind && m.Address == in.From.Address }), err
}

// identityOn returns how a colleague is known on a channel's service, as far as
// that is known; the zero Person if not.
func (e *Engine) identityOn(s *store.Snapshot, d Desk, name string) (channels.Person, error) {
	members, err := s.Members(d.Channel, d.Place)
	if err != nil {
		return channels.Person{}, err
	}
	for _, m := range members {
		p := channels.Person{Kind: m.Kind, Address: m.Address, Name: m.Name}
		if a, ok, err := e.agent(s, p); err != nil || ok && a.Name == name {
			return p, err
		}
	}
	return channels.Person{}, nil
}

// deskRoom reports whether staff read in a room of a channel.
func (c *Config) deskRoom(channel, room string) bool {
	if room == "" {
		return false
	}
	return slices.ContainsFunc(c.desks(), func(d Desk) bool { return d.Channel == channel && d.Place == room })
}

// colleague returns the member of staff of this name or address: one of the
// configuration, or somebody who is in a room where staff read.
func (e *Engine) colleague(s *store.Snapshot, name string) (Agent, bool, error) {
	name = strings.TrimSpace(name)
	for _, a := range e.cfg.Staff {
		if strings.EqualFold(a.Name, name) {
			return a, true, nil
		}
		for _, id := range a.Identities {
			if strings.EqualFold(id.Address, name) {
				return a, true, nil
			}
		}
	}
	for _, d := range e.cfg.desks() {
		members, err := s.Members(d.Channel, d.Place)
		if err != nil {
			return Agent{}, false, err
		}
		for _, m := range members {
			if strings.EqualFold(m.Name, name) || m.Mail != "" && strings.EqualFold(m.Mail, name) {
				return e.agent(s, channels.Person{Kind: m.Kind, Address: m.Address})
			}
		}
	}
	return Agent{}, false, nil
}

// staffNames are the names and addresses that a colleague may be called by.
func (e *Engine) staffNames(s *store.Snapshot) ([]string, error) {
	var all []string
	for _, a := range e.cfg.Staff {
		all = append(all, a.Name)
		for _, id := range a.Identities {
			all = append(all, id.Address)
		}
	}
	for _, d := range e.cfg.desks() {
		members, err := s.Members(d.Channel, d.Place)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			if m.Name != "" {
				all = append(all, m.Name)
			}
		}
	}
	return all, nil
}

func (c *Config) names() string {
	var all []string
	for _, a := range c.Staff {
		all = append(all, a.Name)
	}
	return strings.Join(all, ", ")
}

// desks returns every place where staff read, each once.
func (c *Config) desks() []Desk {
	var all []Desk
	for _, name := range c.channelNames() {
		for _, d := range []Desk{c.Channels[name].Staff, c.Channels[name].Complaints} {
			if !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	return all
}
