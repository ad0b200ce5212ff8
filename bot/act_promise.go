package bot

import (
	"strings"
	"time"

	"frontdesk/store"
)

// dueLayout is how an agent writes a time, on the company's clock.
const dueLayout = "2006-01-02 15:04"

// promiseBy records the answer time that a person sets, in place of an open one,
// and tells the customer: with an apology if there was one. The reason stays among
// staff. A time that the customer is told must be one at which somebody is there.
func (e *Engine) promiseBy(tx *store.Tx, in *incoming, c store.Case, agent Agent, when, why string, mail *mailed, refuse refusal) (acted, error) {
	cal := e.cfg.Calendar
	due, err := e.dueTime(when)
	if err != nil {
		next, _ := cal.Promise(in.now, time.Hour)
		return refuse("refused-when", textArgs{Command: oneLine(when, 40), Due: next.Format(dueLayout)})
	}
	if !c.IsOpen() {
		return refuse("refused-done", textArgs{})
	}
	v, err := caseView(&tx.Snapshot, c.ID)
	if err != nil {
		return acted{}, err
	}
	// A promise that broke and was never answered is one to apologise for too.
	was := v.Due
	if was.IsZero() {
		ps, err := tx.Promises(c.ID)
		if err != nil {
			return acted{}, err
		}
		if n := len(ps); n > 0 && ps[n-1].Kind == store.PromiseAnswer && ps[n-1].State == store.Broken {
			was = ps[n-1].Due
		}
	}
	switch good := cal.nearest(in.now, due); {
	case !due.After(in.now):
		return refuse("refused-past", textArgs{Due: due.Format(dueLayout)})
	case !good.Equal(due):
		return refuse("refused-hours", textArgs{Was: due.Format(dueLayout), Due: good.Format(dueLayout)})
	case !was.IsZero() && why == "":
		return refuse("refused-reason", textArgs{Was: was.In(cal.Location()).Format(dueLayout)})
	case due.Equal(v.Due):
		return refuse("refused-same", textArgs{Due: due.Format(dueLayout)})
	}
	if err := e.noteMail(tx, mail, agent, in.conv); err != nil {
		return acted{}, err
	}
	if err := e.promise(tx, in.now, c.ID, in.conv.ID, due, agent.Name, why); err != nil {
		return acted{}, err
	}
	lang := e.replyLang(in.conv)
	args := textArgs{Number: c.ID, Agent: c.TakenBy, Due: e.time(due, lang, in.now)}
	key := "promised"
	if !was.IsZero() && was.Before(due) {
		key, args.Was = "postponed", e.time(was, lang, in.now)
	}
	words := e.cfg.Texts.Plain(lang, key, args)
	letter := e.cfg.Channels[in.conv.Channel].Letter
	if letter {
		words = e.cfg.Texts.Plain(lang, "letter-open", args) + "\n\n" + words
	}
	if err := e.sendWords(tx, in, agent, e.signed(words, agent, lang, letter), nil, 0); err != nil {
		return acted{}, err
	}
	return acted{note: e.staff("done-promise", textArgs{Number: c.ID, Due: e.time(due, e.cfg.staffLang(), in.now)})}, nil
}

// dueTime reads a time on the company's clock.
func (e *Engine) dueTime(s string) (time.Time, error) {
	s = strings.NewReplacer("：", ":", "T", " ", "\u3000", " ", "\t", " ").Replace(strings.TrimSpace(s))
	return time.ParseInLocation("2006-1-2 15:04", strings.Join(strings.Fields(s), " "), e.cfg.Calendar.Location())
}

// nearest returns t if somebody is at work then, or has just closed; else the
// closing or opening next to it, whichever is nearer and after now. With no
// opening in sight it is t.
func (c *Calendar) nearest(now, t time.Time) time.Time {
	from, to, closed := c.Closed(t)
	switch {
	case !closed || from.Equal(t):
		return t
	case from.After(now) && (to.IsZero() || t.Sub(from) <= to.Sub(t)):
		return from
	case to.IsZero():
		return t
	}
	return to
}
