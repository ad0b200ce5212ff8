package bot

import (
	"encoding/json"
	"time"

	"frontdesk/bot/extract"
	"frontdesk/channels"
	"frontdesk/store"
)

// promise records an answer time that a customer is told, in place of the open
// one, and sets what time will do about it: its owner is reminded when it is at
// risk, it is announced before it breaks, and counted when it does.
func (e *Engine) promise(tx *store.Tx, now time.Time, caseID, conv int64, due time.Time, actor, reason string) error {
	if err := tx.EndPromise(caseID, store.PromiseAnswer, store.Postponed, now); err != nil {
		return err
	}
	if err := tx.AddPromise(store.Promise{Case: caseID, Kind: store.PromiseAnswer, Due: due, Made: now}); err != nil {
		return err
	}
	if err := tx.AddEvent(store.Event{At: now, Kind: "promised", Actor: actor, Conversation: conv, Case: caseID,
		Data: map[string]any{"kind": store.PromiseAnswer, "due": due.UTC()}, Words: reason}); err != nil {
		return err
	}
	if err := tx.ClearTimers(caseID, timerRemind, timerWarn, timerBreak); err != nil {
		return err
	}
	remind, warn := e.alarms(now, due)
	for _, t := range []store.Timer{{Kind: timerRemind, Due: remind}, {Kind: timerWarn, Due: warn}, {Kind: timerBreak, Due: due}} {
		if t.Case = caseID; t.Due.IsZero() {
			continue
		}
		if err := tx.SetTimer(t); err != nil {
			return err
		}
	}
	return nil
}

// alarms returns when a promise is at risk and when it is about to break. A
// promise too short for a reminder has none.
func (e *Engine) alarms(made, due time.Time) (remind, warn time.Time) {
	cal := e.cfg.Calendar
	working := cal.Between(made, due)
	if working <= e.cfg.Notice {
		return time.Time{}, made.Add(due.Sub(made) / 2)
	}
	warn, ok := cal.Add(made, working-e.cfg.Notice)
	if !ok {
		return time.Time{}, due
	}
	remind, ok = cal.Add(made, time.Duration(float64(working)*e.cfg.AtRisk))
	if !ok || !remind.Before(warn) {
		return time.Time{}, warn
	}
	return remind, warn
}

// owed is a case whose customer was promised an answer and has none yet.
type owed struct {
	c         store.Case
	in        *incoming
	due       time.Time
	postponed bool // the bot has postponed it already
}

// owed looks at the present state of a case; nil: nothing is owed any more.
func (e *Engine) owed(tx *store.Tx, now time.Time, caseID int64) (*owed, error) {
	c, err := tx.Case(caseID)
	if err != nil || !c.IsOpen() {
		return nil, err
	}
	o := &owed{c: c}
	ps, err := tx.Promises(caseID)
	if err != nil {
		return nil, err
	}
	for _, p := range ps {
		switch {
		case p.Kind != store.PromiseAnswer:
		case p.State == "open":
			o.due = p.Due
		case p.State == store.Kept:
			o.postponed = false // it was answered; this is a new matter
		default:
			o.postponed = true
		}
	}
	if o.due.IsZero() {
		return nil, nil
	}
	convs, err := tx.CaseConversations(caseID)
	if err != nil || len(convs) == 0 {
		return nil, err
	}
	o.in = &incoming{now: now, conv: convs[len(convs)-1]}
	o.in.thread, err = tx.CustomerThread(o.in.conv.ID)
	return o, err
}

// remind tells the owner that a promise is at risk. After downtime there may be
// no time left for that: then what comes next says more.
func (e *Engine) remind(tx *store.Tx, now time.Time, t store.Timer) error {
	o, err := e.owed(tx, now, t.Case)
	if err != nil || o == nil {
		return err
	}
	if !now.Before(o.due) {
		return e.stale(tx, now, t, o)
	}
	return e.toPerson(tx, o, o.c.Owner, "remind")
}

// warn tells the supervisor that a promise is about to break, and the customer
// the new time, once. After that only a person may set one. After downtime it
// may have broken already: the customer gets this one message all the same.
func (e *Engine) warn(tx *store.Tx, now time.Time, t store.Timer) error {
	o, err := e.owed(tx, now, t.Case)
	if err != nil || o == nil {
		return err
	}
	paused, err := tx.Setting(pausedSetting)
	if err != nil {
		return err
	}
	if o.postponed || paused != "" || e.cfg.Channels[o.in.conv.Channel].Observe {
		if !now.Before(o.due) {
			return e.stale(tx, now, t, o)
		}
		return e.toPerson(tx, o, e.cfg.lead(), "warn-person")
	}
	if !now.Before(o.due) {
		if err := e.broken(tx, now, o); err != nil {
			return err
		}
	}
	due := e.cfg.due(o.c.Kind, o.c.Priority, now)
	if due.IsZero() {
		return e.toPerson(tx, o, e.cfg.lead(), "warn-person")
	}
	if err := e.promise(tx, now, o.c.ID, o.in.conv.ID, due, "bot", ""); err != nil {
		return err
	}
	if err := e.announce(tx, o, due); err != nil {
		return err
	}
	was := o.due
	o.due = due
	return e.toPerson(tx, o, e.cfg.lead(), "warn", was)
}

// breaks counts a promise that was not kept, and tells the supervisor.
func (e *Engine) breaks(tx *store.Tx, now time.Time, t store.Timer) error {
	o, err := e.owed(tx, now, t.Case)
	if err != nil || o == nil || now.Before(o.due) {
		return err
	}
	if err := e.broken(tx, now, o); err != nil {
		return err
	}
	return e.toPerson(tx, o, e.cfg.lead(), "broken")
}

func (e *Engine) broken(tx *store.Tx, now time.Time, o *owed) error {
	if err := tx.EndPromise(o.c.ID, store.PromiseAnswer, store.Broken, now); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: "promise broken", Actor: "time", Conversation: o.in.conv.ID, Case: o.c.ID,
		Data: map[string]any{"kind": store.PromiseAnswer, "due": o.due.UTC()}})
}

// stale drops a timer whose time has passed it by.
func (e *Engine) stale(tx *store.Tx, now time.Time, t store.Timer, o *owed) error {
	return tx.AddEvent(store.Event{At: now, Kind: "timer dropped", Actor: "time", Conversation: o.in.conv.ID, Case: o.c.ID,
		Data: map[string]any{"timer": t.Kind, "due": t.Due.UTC()}})
}

// slotPostponed is the slot of announcements: a newer one replaces one that still
// waits.
const slotPostponed = "postponed"

// untold takes back a promise whose words never reached the customer: nobody may
// be told later that it was broken. In its place the earlier one, if there was
// any, counts as broken.
func (e *Engine) untold(tx *store.Tx, now time.Time, conv store.Conversation, said time.Time) error {
	if conv.Case == 0 {
		return nil
	}
	withdrawn, err := tx.Withdraw(conv.Case, said, now)
	if err != nil || !withdrawn {
		return err
	}
	if err := tx.ClearTimers(conv.Case, timerRemind, timerWarn, timerBreak); err != nil {
		return err
	}
	if err := tx.AddEvent(store.Event{At: now, Kind: "promise withdrawn", Actor: "bot", Conversation: conv.ID, Case: conv.Case,
		Data: map[string]any{"why": "the customer was not told"}}); err != nil {
		return err
	}
	return e.refresh(tx, now, conv.Case)
}

// announce tells the customer that what was promised will be later.
func (e *Engine) announce(tx *store.Tx, o *owed, due time.Time) error {
	to, err := e.readers(&tx.Snapshot, o.in.conv)
	if err != nil {
		return err
	}
	id, err := tx.Identify(to[0].Kind, to[0].Address, to[0].Name, o.in.now)
	if err != nil {
		return err
	}
	lang := e.replyLang(o.in.conv)
	var memory Memory
	if err := json.Unmarshal([]byte(o.in.conv.Memory), &memory); err != nil {
		return err
	}
	s := &Situation{Now: o.in.now, Lang: lang, Letter: e.cfg.Channels[o.in.conv.Channel].Letter, Memory: memory}
	d := Decision{Rule: "postponed", Why: "a promise is about to break", Say: []Part{{Key: "postponed", Was: e.time(o.due, lang, o.in.now)}}}
	say := saying{format: channels.Markdown, to: to[:1], identity: id.ID, lang: lang, slot: slotPostponed}
	say.text, _ = e.compose(s, d, &CaseView{Number: o.c.ID, Kind: o.c.Kind, Stage: o.c.Stage, TakenBy: o.c.TakenBy, Due: due, Open: true})
	return e.tell(tx, o.in, say, d)
}

// toPerson tells one colleague something about a case, in its thread; whoever
// cannot be reached there is told through the desk.
func (e *Engine) toPerson(tx *store.Tx, o *owed, name, key string, was ...time.Time) error {
	args := textArgs{Number: o.c.ID, Title: extract.Mask(o.c.Title), Who: o.c.Owner, Due: e.time(o.due, e.cfg.staffLang(), o.in.now)}
	if len(was) > 0 {
		args.Was = e.time(was[0], e.cfg.staffLang(), o.in.now)
	}
	place := e.cfg.desk(o.in.conv.Channel, o.c.Kind)
	d := desk{note: e.staff(key, args)}
	if e.cfg.Channels[place.Channel].Letter {
		top, err := e.receivers(&tx.Snapshot, o.in.conv, place)
		if err != nil {
			return err
		}
		d.note += "\n\n" + top
	}
	var err error
	if d.only, err = e.reachable(&tx.Snapshot, place, name); err != nil {
		return err
	}
	if err := e.toDesk(tx, o.in.now, o.in.conv, d); err != nil {
		return err
	}
	return e.refresh(tx, o.in.now, o.c.ID)
}
