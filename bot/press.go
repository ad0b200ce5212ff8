package bot

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/faq"
	"frontdesk/store"
)

// What customers do other than by writing.
const (
	actSay     = "say"     // a button that stands for words; fields: text, and means, an intent that it has for certain
	actAsk     = "ask"     // a command; fields: text, and kind, what it is about; without text a form is shown
	actForm    = "form"    // a button that shows the form of a complaint or request
	actDetails = "details" // that form, filled in
)

// formFields are the fields of the form of a complaint or request, in their order.
var formFields = []string{"description", "time", "place", "people", "order"}

// formLang is the hidden field of a form that says in which language it was shown.
const formLang = "lang"

// saysWhat returns what a customer's action says in words: they are recorded as if
// they had been written. It asks no database.
func (e *Engine) saysWhat(a *channels.Action) string {
	switch a.Name {
	case actSay, actAsk:
		return a.Fields["text"]
	case actDetails:
		lang := a.Fields[formLang]
		var lines []string
		for _, name := range formFields {
			if v := strings.TrimSpace(a.Fields[name]); v != "" {
				lines = append(lines, e.cfg.Texts.Plain(lang, "form-line", textArgs{Missing: e.cfg.Texts.Plain(lang, "field-"+name, textArgs{}), Quote: v}))
			}
		}
		return strings.Join(lines, "\n")
	}
	return ""
}

// fieldForm is the hidden field of a form for staff: it was shown, although its words
// may be left out.
const fieldForm = "form"

// fieldChosen is the hidden field of a button that chooses an entry of the FAQ; it
// holds noneChosen where it chooses none.
const (
	fieldChosen = "choose"
	noneChosen  = "-"
)

// fieldTalk is the hidden field of a customer's button that names its conversation:
// it may be pressed before the outside has told us the name of its message.
const fieldTalk = "talk"

// ofTalk is an action with the conversation that it belongs to.
func ofTalk(a channels.Action, conversation int64) channels.Action {
	fields := maps.Clone(a.Fields)
	if fields == nil {
		fields = map[string]string{}
	}
	fields[fieldTalk] = strconv.FormatInt(conversation, 10)
	a.Fields = fields
	return a
}

// talkIn returns the conversation that a customer's button or form belongs to, or
// [store.ErrNotFound].
func talkIn(s *store.Snapshot, in *channels.Inbound) (store.Conversation, error) {
	a := in.Action
	switch talk := a.Fields[fieldTalk]; {
	case talk != "":
		id, err := strconv.ParseInt(talk, 10, 64)
		if err != nil {
			return store.Conversation{}, store.ErrNotFound
		}
		return s.Conversation(id)
	case a.Case != 0:
		conv, err := talkOf(s, a.Case)
		if err == errNoTalk {
			err = store.ErrNotFound
		}
		return conv, err
	case len(in.Refs) > 0:
		ref, err := s.Ref(in.Refs[0])
		if err == nil && ref.Thread.Audience != store.ForCustomer {
			err = store.ErrNotFound
		}
		if err != nil {
			return store.Conversation{}, err
		}
		return s.Conversation(ref.Thread.Conversation)
	}
	return store.Conversation{}, store.ErrNotFound
}

// formOf returns what a form says of a case, by field; nil if it is none.
func formOf(a *channels.Action) map[string]string {
	if a == nil || a.Name != actDetails {
		return nil
	}
	all := map[string]string{}
	for _, name := range formFields {
		if v := strings.TrimSpace(a.Fields[name]); v != "" {
			all[name] = v
		}
	}
	return all
}

// pressKey makes a customer's button count once, however often it is pressed; but
// the door to a person stands open. Empty: it may count again.
func pressKey(in *channels.Inbound) string {
	a := in.Action
	if a == nil || a.Name != actSay || len(in.Refs) == 0 || a.Fields["means"] == faq.Human {
		return ""
	}
	return "press:" + in.From.Address + ":" + in.Refs[0] + ":" + a.Fields["text"]
}

// meant makes a reading say what the kind of an action leaves no doubt about.
func meant(a *channels.Action, r heard) heard {
	name := ""
	switch a.Name {
	case actSay:
		name = a.Fields["means"]
	case actAsk:
		name = map[string]string{kindComplaint: faq.Complaint, kindRequest: faq.Request, kindSuggestion: faq.Suggestion}[a.Fields["kind"]]
	}
	if name == "" {
		return r
	}
	r.Intents = append([]faq.Intent{{Name: name, Score: 1, Why: "a button"}}, r.Intents...)
	if a.Name == actSay {
		r.Questions, r.Lang = nil, "" // the label of a button asks nothing
	}
	return r
}

// pressed sorts an action. Some are words and go on as such (done is false);
// others are done here. Who it was the transport must have proved.
func (e *Engine) pressed(tx *store.Tx, now time.Time, in *channels.Inbound) (reply channels.Reply, done bool, err error) {
	a := in.Action
	switch a.Name {
	case actAsk:
		if strings.TrimSpace(in.Text) == "" {
			lang, err := e.langOf(tx, in)
			return channels.Reply{Form: e.askForm(lang)}, true, err
		}
		return reply, false, nil
	case actSay, actForm, actDetails:
		conv, own, err := e.pressedIn(tx, in)
		if err != nil {
			return reply, true, err
		}
		lang := e.replyLang(conv)
		over, err := formOver(&tx.Snapshot, a)
		switch {
		case err != nil:
			return reply, true, err
		case !own:
			id, err := tx.FindIdentity(in.From.Kind, in.From.Address)
			if err != nil && err != store.ErrNotFound {
				return reply, true, err
			}
			if id.Lang != "" { // whoever pressed reads it
				lang = e.speaks(id.Lang)
			}
			return channels.Reply{Refusal: e.cfg.Texts.Plain(lang, "press-others", textArgs{})}, true, nil
		case over:
			return channels.Reply{Refusal: e.cfg.Texts.Plain(lang, "form-over", textArgs{Number: a.Case})}, true, nil
		case a.Name == actForm:
			return channels.Reply{Form: e.detailsForm(conv, lang)}, true, nil
		case a.Name == actDetails && in.Text == "":
			return channels.Reply{Errors: map[string]string{"description": e.cfg.Texts.Plain(lang, "form-empty", textArgs{})}}, true, nil
		}
		return reply, false, nil
	}
	reply, err = e.pressedByStaff(tx, now, in)
	return reply, true, err
}

// formOver reports whether a form is about a case that is done: what it says would
// begin another, which other people may read.
func formOver(s *store.Snapshot, a *channels.Action) (bool, error) {
	if a.Name != actForm && a.Name != actDetails {
		return false, nil
	}
	c, err := s.Case(a.Case)
	return !c.IsOpen() || err == store.ErrNotFound, ignore(err, store.ErrNotFound)
}

// pressedIn returns the conversation that a customer's button or form belongs to,
// and whether whoever pressed takes part in it: in a room, others see the button
// too.
func (e *Engine) pressedIn(tx *store.Tx, in *channels.Inbound) (conv store.Conversation, own bool, err error) {
	if conv, err = talkIn(&tx.Snapshot, in); err != nil {
		return conv, false, ignore(err, store.ErrNotFound)
	}
	own, err = tx.Participates(conv.ID, in.From.Kind, in.From.Address)
	return conv, own && in.Proof == channels.Proven, err
}

// langOf returns the language in which somebody is shown something before they
// have said anything.
func (e *Engine) langOf(tx *store.Tx, in *channels.Inbound) (string, error) {
	id, err := tx.FindIdentity(in.From.Kind, in.From.Address)
	if err != nil && err != store.ErrNotFound {
		return "", err
	}
	return e.speaks(id.Lang), nil
}

// speaks returns the language of the company's that comes nearest to a locale
// (BCP 47).
func (e *Engine) speaks(locale string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	for _, l := range e.cfg.Languages {
		if l == base {
			return l
		}
	}
	return e.cfg.Languages[0]
}

// asked is the word for whoever used a command: it is answered elsewhere.
func (e *Engine) asked(tx *store.Tx, in *channels.Inbound, reading heard) (channels.Reply, error) {
	if in.Action == nil || in.Action.Name != actAsk {
		return channels.Reply{}, nil
	}
	paused, err := tx.Setting(pausedSetting)
	if err != nil || paused != "" || e.cfg.Channels[in.Channel].Observe {
		return channels.Reply{}, err // nothing will be answered
	}
	lang := reading.Lang
	if lang == "" {
		if lang, err = e.langOf(tx, in); err != nil {
			return channels.Reply{}, err
		}
	}
	return channels.Reply{Notice: e.cfg.Texts.Plain(e.speaks(lang), "asked", textArgs{})}, nil
}

// pressedByStaff does what an agent's button or form asks for. What needs words
// shows a form for them first, and what goes to a customer is shown as the customer
// will get it before it goes.
func (e *Engine) pressedByStaff(tx *store.Tx, now time.Time, in *channels.Inbound) (channels.Reply, error) {
	agent, ok, err := e.agent(&tx.Snapshot, in.From)
	if err != nil {
		return channels.Reply{}, err
	}
	if !ok || in.Proof != channels.Proven {
		return channels.Reply{Refusal: string(e.staff("refused-stranger", textArgs{}))}, nil
	}
	a := *in.Action
	text, filled := a.Fields["text"], a.Fields[fieldForm] != ""
	if a.Name == actRetry {
		return channels.Reply{}, e.retry(tx, now, agent, a)
	}
	refuse := func(note texts.Note) (channels.Reply, error) {
		if filled { // it answers a form
			return channels.Reply{Form: &channels.Form{Title: e.staffTitle(a), Text: string(note), Cancel: string(e.staff("button-close", textArgs{}))}}, nil
		}
		return channels.Reply{Refusal: string(note)}, nil
	}
	if barred, err := e.barred(&tx.Snapshot, in, agent, a.Case); err != nil || barred {
		if err != nil {
			return channels.Reply{}, err
		}
		return refuse(e.staff("card-moved", textArgs{Number: a.Case}))
	}
	if !filled && text == "" && (a.Name == actReply || a.Name == actResolve || a.Name == actNote) {
		form, err := e.wordsForm(tx, a)
		return form, err
	}
	if a.Name == actReply && a.Fields["sure"] == "" || a.Name == actResolve && a.Fields["sure"] == "" && strings.TrimSpace(text) != "" {
		return e.previewForm(tx, agent, a)
	}
	out, err := e.act(tx, now, agent, a, nil)
	if err != nil || !out.refused {
		return channels.Reply{}, err
	}
	return refuse(out.note)
}

// retry sends again what could not be delivered.
func (e *Engine) retry(tx *store.Tx, now time.Time, agent Agent, a channels.Action) error {
	var id int64
	if _, err := fmt.Sscan(a.Fields["delivery"], &id); err != nil {
		return fmt.Errorf("delivery %q: %w", a.Fields["delivery"], err)
	}
	switch err := tx.Requeue(id, now); {
	case err == store.ErrNotFound: // somebody has done so already
		return nil
	case err != nil:
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: "outbox retry", Actor: agent.Name, Data: map[string]any{"delivery": id}})
}

// errNoTalk says that a case has no conversation to answer in.
var errNoTalk = errors.New("the case has no conversation")

// talkOf returns the newest conversation of a case.
func talkOf(s *store.Snapshot, caseID int64) (store.Conversation, error) {
	convs, err := s.CaseConversations(caseID)
	if err != nil {
		return store.Conversation{}, err
	}
	if len(convs) == 0 {
		return store.Conversation{}, errNoTalk
	}
	return convs[len(convs)-1], nil
}

func (e *Engine) staffTitle(a channels.Action) string {
	key := "form-case"
	switch a.Name {
	case actReply, actResolve, actNote:
		key = "form-" + a.Name
	}
	return string(e.staff(key, textArgs{Number: a.Case}))
}

// noteText joins paragraphs for staff.
func noteText(all ...texts.Note) string {
	var kept []string
	for _, n := range all {
		if n != "" {
			kept = append(kept, string(n))
		}
	}
	return strings.Join(kept, "\n\n")
}
