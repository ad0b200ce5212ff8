package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/store"
)

// Alarm says when the operators are told that something is wrong. Zero fields
// take the defaults 15 minutes and 1 hour.
type Alarm struct {
	Silence time.Duration // a channel that is read had no success for so long
	Outbox  time.Duration // something has waited to be sent for so long
}

// Incidents that last are settings, so that a restart does not tell of them
// again: "incident:silent:CHANNEL" and "incident:outbox:CHANNEL".
const (
	incidents      = "incident:"
	incidentSilent = "silent:"
	incidentOutbox = "outbox:"
	toldSetting    = "alarm:told" // how far the operators know of single failures
)

// Events of which the operators are told, each once.
const (
	eventFailed     = "failed"      // a message could not be handled
	eventUnreadable = "unreadable"  // a message could not be read, or only in part
	eventUnreached  = "undelivered" // a message to staff was given up
)

// incident is something that is wrong for a while.
type incident struct {
	Since time.Time `json:"since"`
	args  textArgs
}

// toldTo is the value of toldSetting.
type toldTo struct {
	Event int64     `json:"event"`
	At    time.Time `json:"at"`
}

// settleAlarms notes, when the engine first runs, from where on single failures
// are told.
func (e *Engine) settleAlarms(ctx context.Context) error {
	return e.db.Write(ctx, func(tx *store.Tx) error {
		v, err := tx.Setting(toldSetting)
		if err != nil || v != "" {
			return err
		}
		last, err := tx.LastEvent()
		if err != nil {
			return err
		}
		return setJSON(tx, toldSetting, toldTo{Event: last})
	})
}

func setJSON(tx *store.Tx, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.SetSetting(name, string(b))
}

// failed records what the operators must know of, and tells them after the
// commit.
func (e *Engine) failed(tx *store.Tx, now time.Time, kind, channel string, ledger int64) error {
	tx.AfterCommit(func() { wake(e.watchman) })
	return tx.AddEvent(store.Event{At: now, Kind: kind, Actor: "bot", Channel: channel, Data: map[string]any{"ledger": ledger}})
}

// runAlarms looks for what the operators should know until ctx ends. It sleeps
// until something could be wrong that is not yet, and is woken by failures and,
// during an incident, by success.
func (e *Engine) runAlarms(ctx context.Context) error {
	began, ill := time.Now(), false
	for ctx.Err() == nil {
		now := time.Now()
		next, err := e.watch(ctx, began, now)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			if !ill {
				e.log.Error("alarms wait for the database", "err", err)
			}
			next = now.Add(30 * time.Second)
		}
		ill = err != nil
		waitFor(ctx, e.watchman, next)
	}
	return ctx.Err()
}

// watch compares what is wrong with what the operators know, tells them the
// difference, and returns when to look again.
func (e *Engine) watch(ctx context.Context, began, now time.Time) (next time.Time, err error) {
	var known map[string]string
	var backlogs []store.Backlog
	var told toldTo
	var events []store.Event
	err = e.db.Read(ctx, func(s *store.Snapshot) error {
		v, err := s.Setting(toldSetting)
		if err == nil && v != "" {
			err = json.Unmarshal([]byte(v), &told)
		}
		if err != nil {
			return err
		}
		if known, err = s.Settings(incidents); err != nil {
			return err
		}
		all, err := s.EventsAfter(max(told.Event, e.seenEvent), []string{eventFailed, eventUnreadable, eventUnreached}, 1000)
		if err != nil {
			return err
		}
		for _, ev := range all {
			if concerns(ev) {
				events = append(events, ev)
			}
		}
		if len(events) == 0 && len(all) < 1000 {
			if e.seenEvent, err = s.LastEvent(); err != nil {
				return err
			}
		} else if len(events) == 0 {
			e.seenEvent = all[len(all)-1].ID
			next = now
		}
		backlogs, err = s.Backlogs()
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	at := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	at(now.Add(e.cfg.Alarm.Outbox)) // what is enqueued after this look is not too old before then
	wrong, well := map[string]incident{}, map[string]bool{}
	for name, p := range e.Pulses() {
		last := p.Success
		if last.Before(began) {
			last = began
		}
		due := last.Add(e.cfg.Alarm.Silence)
		switch {
		case p.State == channels.Fatal || !due.After(now):
			wrong[incidentSilent+name] = incident{last, textArgs{Why: p.Reason}}
		default:
			at(due)
			// Silence since a restart is no sign of health.
			well[incidentSilent+name] = !p.Success.IsZero()
		}
	}
	for _, b := range backlogs {
		if due := b.Oldest.Add(e.cfg.Alarm.Outbox); due.After(now) {
			at(due)
		} else {
			wrong[incidentOutbox+b.Channel] = incident{b.Oldest, textArgs{Count: b.Count, Why: b.Error}}
		}
	}
	var begun, over []string
	for key := range wrong {
		if known[key] == "" {
			begun = append(begun, key)
		}
	}
	for key := range known {
		_, still := wrong[key]
		silent := strings.HasPrefix(key, incidentSilent) && slices.Contains(e.sources, strings.TrimPrefix(key, incidentSilent))
		if !still && (!silent || well[key]) {
			over = append(over, key)
		}
	}
	slices.Sort(begun)
	slices.Sort(over)
	if len(known)+len(begun) > len(over) {
		at(now.Add(e.cfg.Alarm.Silence)) // it may end without our doing
	}
	if len(events) > 0 {
		if due := told.At.Add(e.cfg.Alarm.Silence); due.After(now) { // many failures are one message
			at(due)
			events = nil
		}
	}
	if len(begun)+len(over)+len(events) > 0 {
		err = e.db.Write(ctx, func(tx *store.Tx) error { return e.ring(tx, now, wrong, known, begun, over, events) })
		if err != nil {
			return time.Time{}, err
		}
		e.kick()
	}
	e.healthM.Lock()
	defer e.healthM.Unlock()
	e.told = map[string]bool{}
	for key := range known {
		e.told[key] = true
	}
	for _, key := range begun {
		e.told[key] = true
	}
	for _, key := range over {
		delete(e.told, key)
	}
	return next, nil
}

// concerns reports whether the operators are told of an event. What a customer
// did not get, staff are told; and an alarm that is lost begets no other.
func concerns(ev store.Event) bool {
	return ev.Kind != eventUnreached || ev.Data["audience"] == string(store.ForStaff) && ev.Data["alarm"] == nil
}

// ring records what began and what is over, and tells the operators.
func (e *Engine) ring(tx *store.Tx, now time.Time, wrong map[string]incident, known map[string]string, begun, over []string, events []store.Event) error {
	sick := map[string]int{} // channels, by how bad it is to send through them
	for key := range wrong {
		what, name, _ := strings.Cut(key, ":")
		sick[name] += map[string]int{"silent": 1, "outbox": 2}[what]
	}
	for _, key := range over {
		what, name, _ := strings.Cut(key, ":")
		var i incident
		if err := json.Unmarshal([]byte(known[key]), &i); err != nil {
			return fmt.Errorf("setting %s%s: %w", incidents, key, err)
		}
		if err := tx.DropSetting(incidents + key); err != nil {
			return err
		}
		e.log.Info("alarm is over", "what", what, "channel", name)
		if err := e.tellOperators(tx, now, sick, store.Event{Kind: "alarm over", Channel: name, Data: map[string]any{"what": what, "since": i.Since}},
			e.staff("alarm-"+what+"-over", textArgs{Name: name, When: e.time(i.Since, e.cfg.staffLang(), now)})); err != nil {
			return err
		}
	}
	for _, key := range begun {
		what, name, _ := strings.Cut(key, ":")
		i := wrong[key]
		if err := setJSON(tx, incidents+key, i); err != nil {
			return err
		}
		a := i.args
		a.Name, a.When = name, e.time(i.Since, e.cfg.staffLang(), now)
		e.log.Error("alarm", "what", what, "channel", name, "since", i.Since, "reason", a.Why)
		if err := e.tellOperators(tx, now, sick, store.Event{Kind: "alarm", Channel: name, Data: map[string]any{"what": what, "since": i.Since}},
			e.staff("alarm-"+what, a)); err != nil {
			return err
		}
	}
	if len(events) == 0 {
		return nil
	}
	if err := setJSON(tx, toldSetting, toldTo{Event: events[len(events)-1].ID, At: now}); err != nil {
		return err
	}
	var ledger, outbox []string
	for _, ev := range events {
		if ev.Kind == eventUnreached {
			outbox = appendNew(outbox, ev.Data["delivery"])
		} else {
			ledger = appendNew(ledger, ev.Data["ledger"])
		}
	}
	for _, single := range []struct {
		what string
		ids  []string
	}{{"failed", ledger}, {"undelivered", outbox}} {
		what, ids := single.what, single.ids
		if len(ids) == 0 {
			continue
		}
		e.log.Error("alarm", "what", what, "count", len(ids), "ids", firstOf(ids, 20))
		if err := e.tellOperators(tx, now, sick, store.Event{Kind: "alarm", Data: map[string]any{"what": what, "count": len(ids)}},
			e.staff("alarm-"+what, textArgs{Count: len(ids), Left: firstOf(ids, 20)})); err != nil {
			return err
		}
	}
	return nil
}

// appendNew adds a number that came out of JSON, once.
func appendNew(ids []string, id any) []string {
	f, ok := id.(float64)
	if s := fmt.Sprint(int64(f)); ok && !slices.Contains(ids, s) {
		ids = append(ids, s)
	}
	return ids
}

func firstOf(ids []string, n int) string {
	if len(ids) > n {
		return strings.Join(ids[:n], ", ") + " …"
	}
	return strings.Join(ids, ", ")
}

// tellOperators puts a message to each operator into the outbox, one for each, so
// that an address that is refused keeps nobody else from knowing.
func (e *Engine) tellOperators(tx *store.Tx, now time.Time, sick map[string]int, ev store.Event, note texts.Note) error {
	ev.At, ev.Actor = now, "time"
	if err := tx.AddEvent(ev); err != nil {
		return err
	}
	for _, p := range e.cfg.Operators {
		name := e.cfg.wayTo(p, sick)
		t, err := e.threadWith(tx, now, Desk{Channel: name, To: p}, e.staff("alarm-subject", textArgs{}))
		if err == nil {
			err = e.toThread(tx, now, t, p, desk{note: note})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wayTo returns the channel that reaches a person best: one that is well, or else
// one whose trouble is only in reading.
func (c *Config) wayTo(p channels.Person, sick map[string]int) string {
	best := ""
	for _, name := range c.channelNames() {
		if c.reaches(name, p) && (best == "" || sick[name] < sick[best]) {
			best = name
		}
	}
	return best
}

// reaches reports whether a channel can write to a person who has said nothing
// there.
func (c *Config) reaches(channel string, p channels.Person) bool {
	return slices.ContainsFunc(c.Channels[channel].Own, func(o channels.Person) bool { return o.Kind == p.Kind })
}

// operator reports whether a person is told when something is wrong.
func (c *Config) operator(p channels.Person) bool {
	return slices.ContainsFunc(c.Operators, func(o channels.Person) bool { return o.Is(p) })
}

// Incident is something that is wrong, and that the operators know of.
type Incident struct {
	What    string    `json:"what"` // silent: the channel is not read, outbox: what it should send waits
	Channel string    `json:"channel"`
	Since   time.Time `json:"since"`
}

// Incidents returns what is wrong and not over, in no order.
func Incidents(s *store.Snapshot) ([]Incident, error) {
	known, err := s.Settings(incidents)
	if err != nil {
		return nil, err
	}
	var all []Incident
	for key, v := range known {
		i := Incident{}
		if err := json.Unmarshal([]byte(v), &i); err != nil {
			return nil, fmt.Errorf("setting %s%s: %w", incidents, key, err)
		}
		i.What, i.Channel, _ = strings.Cut(key, ":")
		all = append(all, i)
	}
	return all, nil
}
