package bot

import (
	"cmp"
	"errors"
	"fmt"
	"sort"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/store"
)

// Config is what the operator decides.
type Config struct {
	Company   string
	Languages []string // that the company serves; the first is also the staff's
	Calendar  *Calendar
	Promises  map[string]map[store.Priority]time.Duration // working time to an answer, by kind of case; "request" stands in for kinds not named
	Staff     []Agent
	Channels  map[string]Channel
	Texts     *texts.Set
	Operators []channels.Person // who is told when something is wrong with the program itself
	Alarm     Alarm
	Observer  Observer // may be nil

	AtRisk float64       // share of a promise's working time after which its owner is reminded; 0: 0.75
	Notice time.Duration // working time before a promise breaks at which it is announced; 0: 30 minutes
	Quiet  time.Duration // after which a talk with the bot is closed; 0: 72 hours
}

// Agent is a member of staff.
type Agent struct {
	Name       string
	Identities []channels.Person
	Supervisor bool // the first one is the duty lead: accountable for what nobody has taken
}

// Channel is one way in and out.
type Channel struct {
	Source channels.Source
	Sender channels.Sender
	Own    []channels.Person // our own addresses there

	Staff      Desk // where hand-overs go
	Complaints Desk // where complaints go; zero: to Staff

	Letter  bool // texts open and close as letters do; otherwise as talk
	Buttons bool // choices can be offered
	Gather  time.Duration
	Observe bool          // what the bot would say goes to staff only
	Start   time.Time     // what arrived before is recorded, not answered
	FromNow bool          // Start is when the channel first ran
	Within  time.Duration // what arrived longer ago is handed over, not answered; 0: no limit
	Budget  Budget
	Workers int // deliveries under way at once; 0: 4

	// Personal moves what is for the customer alone (complaints, talk about a case)
	// from places where others read along to a place of their own.
	Personal bool
	// Prefixes are what a member of staff begins a message with that is for the
	// customer, in a place where talk is otherwise internal; see relayed.
	Prefixes []string
}

// Desk is a place where staff read.
type Desk struct {
	Channel string
	To      channels.Person
	Place   string
}

// Budget limits what the bot says without a person: at most Hour and Day messages
// to one correspondent in that time, and Talk in one conversation. Zero fields
// take the defaults 3, 10 and 5.
type Budget struct{ Hour, Day, Talk int }

// spamAt is from which score on a message is taken for spam.
const spamAt = 0.60

func (c *Config) check() error {
	var errs []error
	if c.Calendar == nil || c.Texts == nil || len(c.Languages) == 0 || c.Company == "" {
		errs = append(errs, errors.New("company, languages, calendar and texts are required"))
	}
	if len(c.Staff) == 0 {
		errs = append(errs, errors.New("there is nobody on the staff"))
	}
	if c.AtRisk == 0 {
		c.AtRisk = 0.75
	}
	if c.Notice == 0 {
		c.Notice = 30 * time.Minute
	}
	if c.Quiet == 0 {
		c.Quiet = 72 * time.Hour
	}
	if c.Alarm.Silence == 0 {
		c.Alarm.Silence = 15 * time.Minute
	}
	if c.Alarm.Outbox == 0 {
		c.Alarm.Outbox = time.Hour
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	for _, p := range c.Operators {
		if c.own(p) {
			errs = append(errs, fmt.Errorf("%s is a channel's own address and cannot be an operator's", p.Address))
		}
		if c.wayTo(p, nil) == "" {
			errs = append(errs, fmt.Errorf("no channel can write to the operator %s", p.Address))
		}
	}
	for name, ch := range c.Channels {
		b := &ch.Budget
		for _, d := range []struct {
			v *int
			n int
		}{{&b.Hour, 3}, {&b.Day, 10}, {&b.Talk, 5}, {&ch.Workers, 4}} {
			if *d.v == 0 {
				*d.v = d.n
			}
		}
		if ch.Complaints == (Desk{}) {
			ch.Complaints = ch.Staff
		}
		c.Channels[name] = ch
		for _, d := range []Desk{ch.Staff, ch.Complaints} {
			if _, ok := c.Channels[d.Channel]; !ok {
				errs = append(errs, fmt.Errorf("channel %s: its staff read on channel %q, which does not exist", name, d.Channel))
			}
			for _, own := range ch.Own {
				if own.Is(d.To) {
					errs = append(errs, fmt.Errorf("channel %s: %s is its own address and cannot be where staff read", name, own.Address))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// lead returns who is accountable for what nobody has taken.
func (c *Config) lead() string {
	for _, a := range c.Staff {
		if a.Supervisor {
			return a.Name
		}
	}
	return c.Staff[0].Name
}

// agent returns the member of staff with this identity.
func (c *Config) agent(p channels.Person) (Agent, bool) {
	for _, a := range c.Staff {
		for _, id := range a.Identities {
			if id.Is(p) {
				return a, true
			}
		}
	}
	return Agent{}, false
}

// ours reports whether an address is one of our own, a desk's, a colleague's or an
// operator's:
// none of these is ever a customer or a participant.
func (c *Config) ours(p channels.Person) bool {
	if _, ok := c.agent(p); ok {
		return true
	}
	return c.deskAddress(p) || c.operator(p) || c.own(p)
}

// deskAddress reports whether a desk reads at this address.
func (c *Config) deskAddress(p channels.Person) bool {
	for _, ch := range c.Channels {
		if !p.Zero() && (ch.Staff.To.Is(p) || ch.Complaints.To.Is(p)) {
			return true
		}
	}
	return false
}

func (c *Config) own(p channels.Person) bool {
	for _, ch := range c.Channels {
		for _, o := range ch.Own {
			if o.Is(p) {
				return true
			}
		}
	}
	return false
}

// staffPlace reports whether a message was said where staff read.
func (c *Config) staffPlace(in *channels.Inbound) bool {
	return c.deskRoom(in.Channel, cmp.Or(in.Room, in.Place))
}

func (c *Config) desk(channel, kind string) Desk {
	if kind == kindComplaint {
		return c.Channels[channel].Complaints
	}
	return c.Channels[channel].Staff
}

// staffLang is the language of what staff read.
func (c *Config) staffLang() string { return c.Languages[0] }

// due returns when an answer is promised; zero if the calendar never opens.
func (c *Config) due(kind string, p store.Priority, now time.Time) time.Time {
	byPriority, ok := c.Promises[kind]
	if !ok {
		byPriority = c.Promises[kindRequest]
	}
	d, ok := byPriority[p]
	if !ok {
		d = 8 * time.Hour
	}
	t, ok := c.Calendar.Promise(now, d)
	if !ok {
		return time.Time{}
	}
	return t
}

func (c *Config) channelNames() []string {
	var names []string
	for n := range c.Channels {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
