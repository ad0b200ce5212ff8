package bot

import (
	"cmp"
	"strings"
	"time"
	"unicode"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/store"
)

// mailed is the mail by which an agent acted.
type mailed struct {
	in     *channels.Inbound
	up     *uploads
	ledger int64
	thread store.Thread // of staff
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
		if often, err := e.toldOften(tx, now, in); err != nil || often {
			return err
		}
		if t.ID == 0 {
			return e.noticeTo(tx, now, in, note)
		}
		return e.toThread(tx, now, t, in.From, desk{note: note, only: &in.From, refs: refsOf(in)})
	}
	letter := e.cfg.Channels[in.Channel].Letter
	names, err := e.staffNames(&tx.Snapshot)
	if err != nil {
		return none, err
	}
	cmd := parseCommand(in.Text)
	words, relays, mixed := e.relayed(in.Channel, in.Text)
	if relays {
		cmd = command{name: actReply, text: words}
	}
	if onlyQuotes(cmd.text) {
		cmd.text = "" // what they quote is our brief
	}
	a := channels.Action{Name: actReply, Case: t.Case, Fields: commandFields(cmd, names)}
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
	case t.Case == 0 && t.Conversation == 0 && !letter && cmd.name == "" && cmd.unknown == "": // talk below a notice
		return none, e.noteMail(tx, mail, agent, store.Conversation{})
	case t.Case == 0 && t.Conversation == 0 && !letter:
		return refuse("refused-no-card", textArgs{})
	case t.Case == 0 && t.Conversation == 0:
		return refuse("refused-no-case", textArgs{})
	case cmd.name != actNote && (cmd.name != "" || letter) && e.quotesBrief(cmd.text):
		return refuse("refused-brief", textArgs{})
	case mixed:
		return refuse("refused-mixed", textArgs{Command: e.prefix(in.Channel)})
	case !letter && !relays && (cmd.name == actReply || cmd.name == actResolve && cmd.text != ""):
		// Only what begins as a reply goes out where talk is internal.
		return refuse("refused-prefix", textArgs{Command: oneLine(in.Text, 40), To: e.prefix(in.Channel)})
	case cmd.unknown != "":
		return refuse("refused-unknown", textArgs{Command: oneLine(cmd.unknown, 60)})
	case cmd.name != "":
		a.Name = cmd.name
	case customer.ID != 0: // the customer has it already, straight from the agent
		return none, e.byHand(tx, now, in, up, ledger, agent, customer)
	case !letter: // talk among staff is internal
		if t.Case == 0 { // below a proposal: nobody has taken anything up
			return none, e.noteMail(tx, mail, agent, store.Conversation{ID: t.Conversation})
		}
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

func refsOf(in *channels.Inbound) []string {
	if in.Ref == "" {
		return nil
	}
	return []string{in.Ref}
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

// quotesBrief reports whether a text still holds part of a hand-over: a mail
// program whose quotes nobody knows would send the brief to the customer.
func (e *Engine) quotesBrief(text string) bool {
	bare := func(s string) string {
		return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '>' || r == '|' }), "")
	}
	all := bare(text)
	for _, key := range []string{"how", "how-chat", "who-receives", "who-receives-chat"} {
		head := []rune(bare(string(e.staff(key, textArgs{}))))
		if n := min(len(head), 24); n >= 8 && strings.Contains(all, string(head[:min(n, 14)])) {
			return true
		}
	}
	if strings.Contains(all, "("+bare(string(e.staff("note", textArgs{})))+")") {
		return true
	}
	labels := 0
	for line := range strings.Lines(text) {
		line = bare(line)
		for _, l := range []string{"customer", "asked", "language", "why", "tried", "candidates", "missing", "next", "owner", "due", "fields", "linked"} {
			if strings.HasPrefix(line, bare(string(e.staff("label-"+l, textArgs{})))+":") {
				labels++
			}
		}
	}
	return labels >= 2
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

// toldOften counts what an agent is told back, and stops it where it is too
// much: at the agent's address may be a machine.
func (e *Engine) toldOften(tx *store.Tx, now time.Time, in *channels.Inbound) (bool, error) {
	n, err := tx.CountEvents("told back", in.From.Address, now.Add(-time.Hour))
	if err != nil {
		return false, err
	}
	if n >= 20 {
		e.log.Warn("a colleague is told no more this hour", "channel", in.Channel)
		return true, nil
	}
	return false, tx.AddEvent(store.Event{At: now, Kind: "told back", Actor: in.From.Address, Channel: in.Channel})
}

// noticeTo answers an agent who wrote into no thread of ours: by a letter, or below
// what they said.
func (e *Engine) noticeTo(tx *store.Tx, now time.Time, in *channels.Inbound, note texts.Note) error {
	to := e.cfg.Channels[in.Channel].Staff
	if in.Place != "" {
		to = Desk{Channel: in.Channel, Place: cmp.Or(in.Room, in.Place)}
	}
	t, err := e.threadWith(tx, now, to, e.staff("notice-subject", textArgs{}))
	if err != nil {
		return err
	}
	d := desk{note: note, only: &in.From, refs: refsOf(in)}
	if in.Room != "" {
		d.root = in.Ref
		if len(in.Refs) > 0 {
			d.root = in.Refs[len(in.Refs)-1]
		}
	}
	return e.toThread(tx, now, t, in.From, d)
}
