package slack

import (
	"errors"
	"fmt"
	"strings"

	"frontdesk/channels"
)

// event is the inner object of an Events API payload. A message in a history has
// the same fields.
type event struct {
	message
	Previous  maybe[message] `json:"previous_message"`
	Message   maybe[message] `json:"message"`
	DeletedTS str            `json:"deleted_ts"`

	EventTS     str `json:"event_ts"`
	Channel     str `json:"channel"` // an object in channel_created and its like
	ChannelType str `json:"channel_type"`

	Item maybe[struct {
		Type    str `json:"type"`
		Channel str `json:"channel"`
		TS      str `json:"ts"`
	}] `json:"item"`
	ItemUser str `json:"item_user"`
	Team     str `json:"team"` // of a membership: the user's; of a message it may be the channel's
	Reaction str `json:"reaction"`

	Tab       str `json:"tab"`
	Assistant maybe[struct {
		User    str `json:"user_id"`
		Channel str `json:"channel_id"`
		Thread  str `json:"thread_ts"`
	}] `json:"assistant_thread"`

	Tokens maybe[struct {
		Bot many[str] `json:"bot"`
	}] `json:"tokens"`
	OldChannel str `json:"old_channel_id"`
	NewChannel str `json:"new_channel_id"`
}

// event reads the event of a payload. A type that says nothing to us is Service.
func (r *reading) event() error {
	if !r.p.Event.OK {
		return errors.New("an event_callback without an event")
	}
	e := &r.p.Event.V
	r.meta.event = string(e.Type)
	if r.elsewhere() {
		r.service("an event of another installation: " + string(e.Type))
		return nil
	}
	switch e.Type {
	case "":
		return errors.New("an event without a type")
	case "message", "app_mention":
		return r.message(e)
	case "reaction_added":
		return r.reaction(e)
	case "member_joined_channel", "member_left_channel":
		return r.membership(e)
	case "assistant_thread_started":
		a := e.Assistant.V
		r.meta.channel, r.meta.thread, r.meta.user = string(a.Channel), string(a.Thread), string(a.User)
	case "app_home_opened":
		r.meta.channel, r.meta.user, r.meta.tab = string(e.Channel), string(e.User), string(e.Tab)
	case "app_uninstalled":
		r.meta.revoked = true
	case "tokens_revoked":
		r.meta.revoked = len(e.Tokens.V.Bot) > 0
	case "channel_id_changed":
		r.meta.moved = [2]string{string(e.OldChannel), string(e.NewChannel)}
		r.service(fmt.Sprintf("channel_id_changed: %s is now %s", e.OldChannel, e.NewChannel))
		return nil
	}
	r.service(string(e.Type))
	r.in.From = r.author(&e.message)
	return nil
}

// reaction reads a sign that somebody put on a message.
func (r *reading) reaction(e *event) error {
	item := e.Item.V
	if item.Type != "" && item.Type != "message" || item.TS == "" {
		r.service("reaction_added to a " + string(item.Type))
		return nil
	}
	if e.User == "" || item.Channel == "" {
		return errors.New("a reaction by nobody, or nowhere")
	}
	if r.mine(string(e.User), "", "") {
		r.in.Kind = channels.Own
		r.in.Signals = append(r.in.Signals, "a reaction of ours")
		r.forget()
		return nil
	}
	r.in.Kind = channels.Reaction
	r.in.From, r.in.Proof = r.author(&e.message), channels.Proven
	r.in.Refs = []string{r.c.ref(string(item.Channel), string(item.TS))}
	r.in.Text = string(e.Reaction)
	r.in.Arrived = stamp(string(e.EventTS))
	direct := isDirect(string(item.Channel), "")
	r.place(string(item.Channel), direct, string(item.TS), r.in.From)
	if !direct && !r.mine(string(e.ItemUser), "", "") {
		r.in.Toward = channels.Aside
	}
	return nil
}

// membership reads that somebody came into a channel or left it.
func (r *reading) membership(e *event) error {
	if e.User == "" || e.Channel == "" {
		return errors.New("a membership of nobody, or nowhere")
	}
	if r.mine(string(e.User), "", "") {
		r.service(string(e.Type) + ": we ourselves, " + string(e.Channel))
		return nil
	}
	r.in.Kind = channels.Membership
	r.in.From, r.in.Proof = r.person(string(e.User), "", e.Team, r.p.TeamID), channels.Proven
	r.in.Room, r.in.Public, r.in.Toward = r.c.moves.name(string(e.Channel)), true, channels.Aside
	r.in.Text = channels.Joined
	if e.Type == "member_left_channel" {
		r.in.Text = channels.Left
	}
	r.in.Arrived = stamp(string(e.EventTS))
	return nil
}

// mine reports whether a user, bot or app is we ourselves.
func (r *reading) mine(user, bot, app string) bool {
	return user != "" && user == r.self.User || bot != "" && bot == r.self.Bot || app != "" && app == string(r.p.AppID)
}

// isDirect reports whether only one person and we are in a channel.
func isDirect(channel, kind string) bool {
	return kind == "im" || strings.HasPrefix(channel, "D")
}
