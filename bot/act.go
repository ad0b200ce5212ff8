package bot

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

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

	actSay = "say" // a customer's button that stands for words; fields: text
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
		agent, ok := e.cfg.agent(who)
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

// mailed is the mail by which an agent acted.
type mailed struct {
	in     *channels.Inbound
	up     *uploads
	ledger int64
	thread store.Thread // of staff
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
	if a.Version != 0 && a.Version != c.Version {
		return refuse("refused-changed", textArgs{})
	}
	if c.Stage == store.StageClosed && a.Name != actNote && a.Name != actReopen {
		return refuse("refused-closed", textArgs{})
	}
	text := strings.TrimSpace(a.Fields["text"])
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
		if c.TakenBy != "" && c.TakenBy != agent.Name {
			return refuse("refused-taken", textArgs{Who: c.TakenBy, When: e.time(c.TakenAt, e.cfg.staffLang(), now)})
		}
		if err := e.noteMail(tx, mail, agent, in.conv); err != nil {
			return acted{}, err
		}
		if c, err = e.taken(tx, in, c, agent); err != nil {
			return acted{}, err
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
	events, err := tx.CaseEvents(c.ID)
	if err != nil {
		return acted{}, err
	}
	answered := text != ""
	for _, ev := range events { // a new answer time is no answer
		answered = answered || ev.Kind == "replied" || ev.Kind == "taken over"
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
			err = e.sendWords(tx, in, agent, e.signed(done, agent, lang, e.cfg.Channels[in.conv.Channel].Letter), nil)
		}
	}
	if err != nil {
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
	if mail != nil {
		msg, err := e.recordStaff(tx, mail, agent, in.conv)
		if err != nil {
			return err
		}
		if files, err = tx.Attachments(msg); err != nil {
			return err
		}
	}
	if err := e.sendWords(tx, in, agent, e.signed(text, agent, lang, e.cfg.Channels[in.conv.Channel].Letter, more...), files); err != nil {
		return err
	}
	if err := e.did(tx, in, c, agent, "replied"); err != nil {
		return err
	}
	_, err := e.answered(tx, in, c, agent)
	return err
}

// sendWords sends a person's words to the customer and to whom the customer put
// in copy. They are plain: nothing in them is markup.
func (e *Engine) sendWords(tx *store.Tx, in *incoming, agent Agent, words texts.Reply, files []store.Attachment) error {
	to, err := e.readers(&tx.Snapshot, in.conv)
	if err != nil {
		return err
	}
	say := saying{text: words, format: channels.Plain, byPerson: true, author: agent.Name, to: to, lang: e.replyLang(in.conv), files: files}
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
		conv.Memory = Memory{Greeted: true}.String()
	}
	return tx.UpdateConversation(conv)
}

func (e *Engine) did(tx *store.Tx, in *incoming, c store.Case, agent Agent, what string) error {
	return tx.AddEvent(store.Event{At: in.now, Kind: what, Actor: agent.Name, Channel: in.conv.Channel, Conversation: in.conv.ID, Case: c.ID})
}

// noteMail keeps an agent's mail where only staff read.
func (e *Engine) noteMail(tx *store.Tx, mail *mailed, agent Agent, conv store.Conversation) error {
	_, err := e.recordStaff(tx, mail, agent, conv)
	return err
}

func (e *Engine) recordStaff(tx *store.Tx, mail *mailed, agent Agent, conv store.Conversation) (int64, error) {
	if mail == nil || mail.thread.ID == 0 {
		return 0, nil
	}
	t := mail.thread
	return e.addMessage(tx, mail.in, mail.up, store.Message{Thread: t.ID, Audience: store.ForStaff, Conversation: conv.ID, Case: t.Case, Ledger: mail.ledger,
		Author: store.ByStaff, Name: agent.Name, Text: mail.in.Text, Whole: mail.in.Full, At: mail.in.Arrived})
}

// fromAgent sorts what an agent wrote in a thread of staff. It reaches the
// customer only if it is a reply and nothing else.
func (e *Engine) fromAgent(tx *store.Tx, now time.Time, in *channels.Inbound, up *uploads, ledger int64, agent Agent, t store.Thread) (channels.Reply, error) {
	var none channels.Reply
	mail := &mailed{in: in, up: up, ledger: ledger, thread: t}
	back := func(note texts.Note) error {
		if note == "" {
			return nil
		}
		if t.ID == 0 {
			return e.noticeTo(tx, now, in, note)
		}
		return e.toThread(tx, now, t, in.From, desk{note: note, only: &in.From})
	}
	cmd := parseCommand(in.Text)
	if onlyQuotes(cmd.text) {
		cmd.text = "" // what they quote is our brief
	}
	a := channels.Action{Name: actReply, Case: t.Case, Fields: e.commandFields(cmd)}
	others, customer, err := e.colleagues(tx, in, t)
	if err != nil {
		return none, err
	}
	refuse := func(key string, args textArgs) (channels.Reply, error) {
		if err := e.noteMail(tx, mail, agent, store.Conversation{}); err != nil {
			return none, err
		}
		return none, back(e.staff(key, args))
	}
	confirm := true
	switch {
	case t.Case == 0 && t.Conversation == 0:
		return refuse("refused-no-case", textArgs{})
	case cmd.name != actNote && e.quotesBrief(cmd.text):
		return refuse("refused-brief", textArgs{})
	case cmd.unknown != "":
		return refuse("refused-unknown", textArgs{Command: oneLine(cmd.unknown, 60)})
	case cmd.name != "":
		a.Name = cmd.name
	case customer.ID != 0: // the customer has it already, straight from the agent
		return none, e.byHand(tx, now, in, up, ledger, agent, customer)
	case !e.cfg.Channels[t.Channel].Letter: // talk among staff is internal
		a.Name, confirm = actNote, false
	case others != "":
		a.Name = actNote
	}
	if a.Case == 0 { // a proposal that the agent takes up
		if a.Case, err = e.caseFor(tx, now, agent, t.Conversation); err != nil {
			return none, err
		}
	}
	out, err := e.act(tx, now, agent, a, mail)
	if err != nil {
		return none, err
	}
	if a.Name == actNote && cmd.name == "" && !out.refused {
		out.note = e.staff("done-note-cc", textArgs{Who: others})
	}
	if !confirm && !out.refused {
		return none, nil
	}
	return none, back(out.note)
}

// onlyQuotes reports whether every line is a quote.
func onlyQuotes(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, ">") {
			return false
		}
	}
	return true
}

// quotesBrief reports whether a text still holds the head of a hand-over: a mail
// program whose quotes nobody knows would send the brief to the customer.
func (e *Engine) quotesBrief(text string) bool {
	bare := func(s string) string {
		return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '>' || r == '|' }), "")
	}
	text = bare(text)
	for _, key := range []string{"how", "how-chat"} {
		head := []rune(bare(string(e.staff(key, textArgs{}))))
		if len(head) > 0 && strings.Contains(text, string(head[:min(len(head), 24)])) {
			return true
		}
	}
	return false
}

// caseFor returns the case of a conversation. Where it has none, an agent who
// acts on it opens one.
func (e *Engine) caseFor(tx *store.Tx, now time.Time, agent Agent, conversation int64) (int64, error) {
	conv, err := tx.Conversation(conversation)
	if err != nil || conv.Case != 0 {
		return conv.Case, err
	}
	said, err := tx.Said(conv.ID, false, 20)
	if err != nil {
		return 0, err
	}
	c := store.Case{Customer: conv.Customer, Channel: conv.Channel, Kind: kindQuestion, Stage: store.StageOpen, Priority: store.Normal, Owner: agent.Name, Opened: now}
	for _, m := range said {
		if m.Author == store.ByCustomer {
			c.Title = oneLine(m.Text, 80)
		}
	}
	if c.ID, err = tx.AddCase(c); err != nil {
		return 0, err
	}
	conv.Case, conv.Updated = c.ID, now
	if err := tx.UpdateConversation(conv); err != nil {
		return 0, err
	}
	return c.ID, tx.AddEvent(store.Event{At: now, Kind: "case opened", Actor: agent.Name, Channel: conv.Channel, Conversation: conv.ID, Case: c.ID,
		Data: map[string]any{"kind": c.Kind, "why": "agent", "owner": c.Owner}, Words: c.Title})
}

// colleagues returns who else got an agent's mail: anybody but us and the agent.
// If the customer's side is among them, it also returns the thread in which the
// agent has then answered by hand.
func (e *Engine) colleagues(tx *store.Tx, in *channels.Inbound, t store.Thread) (others string, customer store.Thread, err error) {
	var all []string
	for _, p := range in.To {
		if e.cfg.own(p) || p.Is(in.From) {
			continue
		}
		all = append(all, p.Address)
		member, err := tx.Participates(t.Conversation, p.Kind, p.Address)
		if err != nil {
			return "", customer, err
		}
		if member && customer.ID == 0 {
			if customer, err = tx.CustomerThread(t.Conversation); err != nil {
				return "", customer, err
			}
		}
	}
	return strings.Join(all, ", "), customer, nil
}

// noticeTo answers an agent whose mail belongs to no thread of ours.
func (e *Engine) noticeTo(tx *store.Tx, now time.Time, in *channels.Inbound, note texts.Note) error {
	t, err := e.noticeThread(tx, now, in.Channel)
	if err != nil {
		return err
	}
	return e.toThread(tx, now, t, in.From, desk{note: note, only: &in.From})
}
