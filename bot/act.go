package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/store"
)

// What people do with a case.
const (
	actTake    = "take"
	actGive    = "give"    // fields: to, a colleague; text, the reason
	actNote    = "note"    // fields: text
	actReply   = "reply"   // fields: text
	actPromise = "promise" // fields: due, a time on the company's clock; text, the reason
	actResolve = "resolve" // fields: text, which the customer is sent
	actReopen  = "reopen"  // fields: text, the reason
	actBot     = "bot"     // hand back to the bot
	actRetry   = "retry"   // fields: delivery, one that failed
)

// Act does what a member of staff wants done with a case: by button, desk or
// command line. The Reply's Refusal says in the staff's language why nothing was
// done. An error means that nothing was recorded and that it may be tried again.
//
// Actions: take, give (fields: to, text), note (text), reply (text), promise (due
// as 2006-01-02 15:04, text), resolve (text), reopen (text), bot. The text of give,
// promise and reopen is the reason: it stays among staff.
func (e *Engine) Act(ctx context.Context, who channels.Person, a channels.Action) (channels.Reply, error) {
	now := time.Now()
	var reply channels.Reply
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		agent, ok, err := e.agent(&tx.Snapshot, who)
		if err != nil {
			return err
		}
		if !ok {
			reply = channels.Reply{Refusal: string(e.staff("refused-stranger", textArgs{}))}
			return nil
		}
		out, err := e.act(tx, now, agent, a, nil)
		if out.refused {
			reply.Refusal = string(out.note)
		}
		return err
	})
	if err != nil {
		return channels.Reply{}, fmt.Errorf("%s #%d: %w", a.Name, a.Case, err)
	}
	e.kick()
	return reply, nil
}

// acted is what an agent is told.
type acted struct {
	note    texts.Note
	refused bool
}

// refusal says why nothing was done: a sentence of texts.
type refusal func(key string, args textArgs) (acted, error)

// act does what an agent wants done with a case; the one place where rights are
// checked and where an agent's words become words for a customer.
func (e *Engine) act(tx *store.Tx, now time.Time, agent Agent, a channels.Action, mail *mailed) (acted, error) {
	out, err := e.actOn(tx, now, agent, a, mail)
	if err != nil || out.refused {
		return out, err
	}
	return out, e.refresh(tx, now, a.Case)
}

func (e *Engine) actOn(tx *store.Tx, now time.Time, agent Agent, a channels.Action, mail *mailed) (acted, error) {
	refuse := func(key string, args textArgs) (acted, error) {
		args.Number = a.Case
		if err := e.noteMail(tx, mail, agent, store.Conversation{}); err != nil {
			return acted{}, err
		}
		return acted{note: e.staff(key, args), refused: true}, nil
	}
	c, err := tx.Case(a.Case)
	if err == store.ErrNotFound {
		return refuse("refused-no-case-action", textArgs{})
	} else if err != nil {
		return acted{}, err
	}
	convs, err := tx.CaseConversations(c.ID)
	if err != nil {
		return acted{}, err
	}
	if len(convs) == 0 {
		return refuse("refused-no-thread", textArgs{})
	}
	in := &incoming{now: now, conv: convs[len(convs)-1]}
	if in.thread, err = tx.CustomerThread(in.conv.ID); err != nil {
		return acted{}, err
	}
	if away, err := e.elsewhere(&tx.Snapshot, c, in.conv, agent, mail); err != nil || away {
		if err != nil {
			return acted{}, err
		}
		return refuse("card-moved", textArgs{})
	}
	if a.Version != 0 && a.Version != c.Version {
		return refuse("refused-changed", textArgs{})
	}
	if c.Stage == store.StageClosed && a.Name != actNote && a.Name != actReopen {
		return refuse("refused-closed", textArgs{})
	}
	text := strings.TrimSpace(a.Fields["text"])
	if mail == nil && (a.Name == actReply || a.Name == actResolve) {
		// As by mail: what looks like words for us does not go to the customer.
		cmd := parseCommand(text)
		switch {
		case e.quotesBrief(text):
			return refuse("refused-brief", textArgs{})
		case a.Fields["sure"] == "" && (cmd.name != "" || cmd.unknown != ""): // else they have seen it as the customer will
			return refuse("refused-unknown", textArgs{Command: oneLine(text, 40)})
		}
	}
	args := textArgs{Number: c.ID}
	switch a.Name {
	case actNote:
		if err := e.noteMail(tx, mail, agent, in.conv); err != nil {
			return acted{}, err
		}
		if mail == nil {
			t, err := tx.StaffThread(c.ID, in.conv.ID)
			if err != nil {
				return acted{}, err
			}
			if _, err := tx.AddMessage(store.Message{Thread: t.ID, Audience: store.ForStaff, Conversation: in.conv.ID, Case: c.ID,
				Author: store.ByStaff, Name: agent.Name, Text: text, At: now}); err != nil {
				return acted{}, err
			}
		}
		return acted{note: e.staff("done-note", args)}, e.did(tx, in, c, agent, "note")

	case actTake:
		if !c.IsOpen() {
			return refuse("refused-done", textArgs{})
		}
		if c.TakenBy != "" && c.TakenBy != agent.Name {
			return refuse("refused-taken", textArgs{Who: c.TakenBy, When: e.time(c.TakenAt, e.cfg.staffLang(), now)})
		}
		if err := e.noteMail(tx, mail, agent, in.conv); err != nil {
			return acted{}, err
		}
		if c.TakenBy == "" {
			if c, err = e.taken(tx, in, c, agent); err != nil {
				return acted{}, err
			}
		}
		return acted{note: e.staff("done-take", args)}, e.setState(tx, in, store.WithPerson)

	case actReply:
		if text == "" && (mail == nil || len(mail.in.Files) == 0) {
			return refuse("refused-empty", textArgs{})
		}
		if err := e.reply(tx, in, c, agent, text, mail); err != nil {
			return acted{}, err
		}
		return acted{}, e.setState(tx, in, store.WithPerson)

	case actGive:
		return e.give(tx, in, c, agent, a.Fields["to"], text, mail, refuse)

	case actPromise:
		return e.promiseBy(tx, in, c, agent, a.Fields["due"], text, mail, refuse)

	case actResolve:
		return e.resolve(tx, in, c, agent, text, mail, refuse)

	case actReopen:
		return e.reopen(tx, in, c, agent, text, mail, refuse)

	case actBot:
		if err := e.noteMail(tx, mail, agent, in.conv); err != nil {
			return acted{}, err
		}
		if err := e.did(tx, in, c, agent, "handed back"); err != nil {
			return acted{}, err
		}
		return acted{note: e.staff("done-bot", args)}, e.setState(tx, in, store.WithBot)
	}
	return refuse("refused-unknown", textArgs{Command: a.Name})
}

// resolve ends the work on a case. The customer is told, in the agent's words;
// without any they must have been answered before.
func (e *Engine) resolve(tx *store.Tx, in *incoming, c store.Case, agent Agent, text string, mail *mailed, refuse refusal) (acted, error) {
	if !c.IsOpen() { // a colleague was faster
		return refuse("refused-done", textArgs{})
	}
	events, err := tx.CaseEvents(c.ID)
	if err != nil {
		return acted{}, err
	}
	answered := text != ""
	for _, ev := range events { // a new answer time is no answer
		switch ev.Kind {
		case "replied", "taken over":
			answered = true
		case "case reopened":
			answered = text != ""
		}
	}
	if !answered {
		return refuse("refused-resolve", textArgs{})
	}
	lang := e.replyLang(in.conv)
	done := e.cfg.Texts.Plain(lang, "resolved", textArgs{Number: c.ID})
	if text != "" {
		err = e.reply(tx, in, c, agent, text, mail, done)
	} else {
		if err = e.noteMail(tx, mail, agent, in.conv); err == nil {
			err = e.sendWords(tx, in, agent, e.signed(done, agent, lang, e.cfg.Channels[in.conv.Channel].Letter), nil, 0)
		}
	}
	if err != nil {
		return acted{}, err
	}
	if err = e.promiseEnds(tx, in, c, agent); err != nil {
		return acted{}, err
	}
	if c, err = tx.Case(c.ID); err != nil { // the reply may have taken it
		return acted{}, err
	}
	c.Stage, c.Resolved = store.StageResolved, in.now
	if err := tx.UpdateCase(c); err != nil {
		return acted{}, err
	}
	if err := e.did(tx, in, c, agent, "resolved"); err != nil {
		return acted{}, err
	}
	return acted{note: e.staff("done-resolve", textArgs{Number: c.ID})}, e.setState(tx, in, store.WithBot)
}

// reply sends an agent's words to the customer, with the files of their mail.
func (e *Engine) reply(tx *store.Tx, in *incoming, c store.Case, agent Agent, text string, mail *mailed, more ...string) error {
	lang := e.replyLang(in.conv)
	var files []store.Attachment
	var origin int64
	var err error
	if mail != nil {
		if origin, err = e.recordStaff(tx, mail, agent, in.conv); err != nil {
			return err
		}
		if files, err = tx.Attachments(origin); err != nil {
			return err
		}
	} else if origin, err = e.echo(tx, in, c, agent, text); err != nil {
		return err
	}
	if err := e.sendWords(tx, in, agent, e.signed(text, agent, lang, e.cfg.Channels[in.conv.Channel].Letter, more...), files, origin); err != nil {
		return err
	}
	if err := e.did(tx, in, c, agent, "replied"); err != nil {
		return err
	}
	_, err = e.answered(tx, in, c, agent)
	return err
}

// echo shows colleagues who read along in a chat what one of them answers by a
// button or from elsewhere, and returns that message.
func (e *Engine) echo(tx *store.Tx, in *incoming, c store.Case, agent Agent, text string) (int64, error) {
	t, err := tx.StaffThread(c.ID, in.conv.ID)
	if err == store.ErrNotFound || err == nil && e.cfg.Channels[t.Channel].Letter {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	msg, err := tx.AddMessage(store.Message{Thread: t.ID, Audience: store.ForStaff, Conversation: in.conv.ID, Case: c.ID,
		Author: store.ByStaff, Name: agent.Name, Text: text, At: in.now})
	if err != nil {
		return 0, err
	}
	return msg, e.toThread(tx, in.now, t, channels.Person{}, desk{note: e.staff("echo", textArgs{Who: agent.Name}) + "\n" + texts.Note(text), message: msg})
}

// sendWords sends a person's words to the customer and to whom the customer put
// in copy. They are plain: nothing in them is markup.
func (e *Engine) sendWords(tx *store.Tx, in *incoming, agent Agent, words texts.Reply, files []store.Attachment, origin int64) error {
	to, err := e.readers(&tx.Snapshot, in.conv)
	if err != nil {
		return err
	}
	say := saying{text: words, format: channels.Plain, byPerson: true, author: agent.Name, to: to, lang: e.replyLang(in.conv), files: files, origin: origin}
	return e.send(tx, in, say)
}

func (e *Engine) replyLang(conv store.Conversation) string {
	if conv.Lang != "" {
		return conv.Lang
	}
	return e.cfg.Languages[0]
}

func (e *Engine) setState(tx *store.Tx, in *incoming, s store.State) error {
	conv, err := tx.Conversation(in.conv.ID)
	if err != nil {
		return err
	}
	conv.State, conv.Updated = s, in.now
	if s == store.WithBot {
		var before Memory
		if err := json.Unmarshal([]byte(conv.Memory), &before); err != nil {
			return err
		}
		conv.Memory = Memory{Greeted: before.Greeted, Moved: before.Moved}.String()
		if err := tx.SetTimer(store.Timer{Kind: timerQuiet, Conversation: conv.ID, Due: in.now.Add(e.cfg.Quiet)}); err != nil {
			return err
		}
	}
	return tx.UpdateConversation(conv)
}

func (e *Engine) did(tx *store.Tx, in *incoming, c store.Case, agent Agent, what string) error {
	return tx.AddEvent(store.Event{At: in.now, Kind: what, Actor: agent.Name, Channel: in.conv.Channel, Conversation: in.conv.ID, Case: c.ID})
}
