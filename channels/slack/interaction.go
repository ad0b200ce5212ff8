package slack

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"strings"

	"frontdesk/channels"
)

// interaction holds the fields of block_actions and view_submission.
type interaction struct {
	User    maybe[acting] `json:"user"`
	Channel maybe[struct {
		ID str `json:"id"`
	}] `json:"channel"`
	Team maybe[struct {
		ID         str `json:"id"`
		Enterprise str `json:"enterprise_id"`
	}] `json:"team"`
	Container maybe[struct {
		Type     str `json:"type"`
		Channel  str `json:"channel_id"`
		TS       str `json:"message_ts"`
		Thread   str `json:"thread_ts"`
		Fleeting yes `json:"is_ephemeral"`
	}] `json:"container"`
	Message maybe[message]   `json:"message"`
	Actions many[pressed]    `json:"actions"`
	View    maybe[modalView] `json:"view"`
}

// acting is the user of an interaction.
type acting struct {
	ID       str `json:"id"`
	Name     str `json:"name"`
	Username str `json:"username"`
	Team     str `json:"team_id"`
}

// pressed is one button pressed, or option chosen.
type pressed struct {
	filled
	Type str `json:"type"`
	At   str `json:"action_ts"`
}

// filled is the state of one element of a view.
type filled struct {
	Value    str           `json:"value"`
	Option   maybe[option] `json:"selected_option"`
	Options  many[option]  `json:"selected_options"`
	Date     str           `json:"selected_date"`
	Time     str           `json:"selected_time"`
	DateTime str           `json:"selected_date_time"`
	User     str           `json:"selected_user"`
	Channel  str           `json:"selected_channel"`
	Conv     str           `json:"selected_conversation"`
}

type option struct {
	Value str `json:"value"`
}

// modalView is a view that was submitted.
type modalView struct {
	ID       str `json:"id"`
	Metadata str `json:"private_metadata"`
	Title    maybe[struct {
		Text str `json:"text"`
	}] `json:"title"`
	Close maybe[struct {
		Text str `json:"text"`
	}] `json:"close"`
	Blocks many[struct {
		ID   str `json:"block_id"`
		Type str `json:"type"`
	}] `json:"blocks"`
	State maybe[struct {
		Values dict[dict[filled]] `json:"values"`
	}] `json:"state"`
}

// slash holds the fields of a slash command. Text is as typed: Slack escapes it
// as it does in messages.
type slash struct {
	Command   str `json:"command"`
	SlashText str `json:"text"`
	UserID    str `json:"user_id"`
	UserName  str `json:"user_name"`
	ChannelID str `json:"channel_id"`
}

// chosen is what the person put in.
func (i *filled) chosen() string {
	var many []string
	for _, o := range i.Options {
		many = append(many, string(o.Value))
	}
	return cmp.Or(string(i.Value), string(i.Option.V.Value), strings.Join(many, ","), string(i.Date), string(i.Time),
		string(i.DateTime), string(i.User), string(i.Channel), string(i.Conv))
}

// actor is who acted in an interaction.
func (r *reading) actor() channels.Person {
	u := r.p.User.V
	r.meta.user, r.meta.trigger, r.meta.respond = string(u.ID), string(r.p.Trigger), string(r.p.RespondURL)
	return r.person(string(u.ID), string(cmp.Or(u.Name, u.Username)), u.Team)
}

// pressed reads the press of a button. The ref that it answers is that of the
// message with the button.
func (r *reading) pressed() error {
	p := r.p
	r.in.From, r.in.Proof = r.actor(), channels.Proven
	if r.in.From.Zero() {
		return errors.New("block_actions of nobody")
	}
	channel := string(cmp.Or(p.Container.V.Channel, p.Channel.V.ID))
	ts := string(cmp.Or(p.Container.V.TS, p.Message.V.TS))
	thread := string(cmp.Or(p.Container.V.Thread, p.Message.V.ThreadTS))
	direct := isDirect(channel, "")
	switch {
	case channel == "": // in a modal or on the home tab
		r.in.Place = r.c.Direct(r.in.From)
	default:
		r.place(channel, direct, cmp.Or(thread, ts), r.in.From)
	}
	if channel != "" && ts != "" {
		r.in.Refs = []string{r.c.ref(channel, ts)}
	}
	if thread != "" && thread != ts {
		r.meta.thread = thread
		if direct {
			r.in.Root = r.c.ref(channel, thread)
		}
	}
	if len(p.Actions) == 0 {
		return errors.New("block_actions without an action")
	}
	first := p.Actions[0]
	r.in.Arrived = stamp(string(first.At))
	value := first.chosen()
	if value == "" { // a link, or a field of a form that is not submitted yet
		r.service("block_actions: " + string(first.Type) + " without a value")
		return nil
	}
	a, err := decodeAction(value)
	if err != nil {
		return err
	}
	r.in.Action = &a
	return nil
}

// submitted reads a modal that was filled in. The same values sent twice from one
// view are the same submission.
func (r *reading) submitted() error {
	view := r.p.View.V
	r.in.From, r.in.Proof = r.actor(), channels.Proven
	if r.in.From.Zero() {
		return errors.New("view_submission of nobody")
	}
	r.in.Place = r.c.Direct(r.in.From)
	r.meta.title, r.meta.cancel = string(view.Title.V.Text), string(view.Close.V.Text)
	r.meta.fields = map[string]bool{}
	for _, b := range view.Blocks {
		if b.Type == "input" {
			r.meta.first = cmp.Or(r.meta.first, string(b.ID))
			r.meta.fields[string(b.ID)] = true
		}
	}
	a, origin, err := decodeForm(string(view.Metadata))
	if err != nil {
		return err
	}
	r.meta.setOrigin(origin)
	fields := maps.Clone(a.Fields)
	if fields == nil {
		fields = map[string]string{}
	}
	for name, elements := range view.State.V.Values {
		for _, e := range elements { // one: "value"
			if v := e.chosen(); v != "" {
				fields[name] = v
			}
		}
	}
	a.Fields = fields
	r.in.Action = &a
	sum := sha256.Sum256([]byte(encodeAction(a)))
	r.in.Keys = []string{"slack:view:" + string(view.ID) + ":" + hex.EncodeToString(sum[:])}
	return nil
}

// slash reads a slash command. Where it was typed is not told to the engine: the
// answer is for the one person.
func (r *reading) slash() error {
	p := r.p
	r.meta.kind, r.meta.channel, r.meta.user = slashType, string(p.ChannelID), string(p.UserID)
	r.meta.trigger, r.meta.respond = string(p.Trigger), string(p.RespondURL)
	if p.UserID == "" {
		return errors.New("a slash command of nobody")
	}
	r.in.From, r.in.Proof = r.person(string(p.UserID), string(p.UserName), p.TeamID), channels.Proven
	r.in.Place = r.c.Direct(r.in.From)
	text, _ := plain(string(p.SlashText), r.self.User)
	r.in.Action = &channels.Action{Name: "ask", Fields: map[string]string{"text": text}}
	return nil
}
