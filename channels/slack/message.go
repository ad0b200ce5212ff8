package slack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"frontdesk/channels"
)

// message is a message as an event or a history has it.
type message struct {
	Type       str `json:"type"`
	Subtype    str `json:"subtype"`
	User       str `json:"user"`
	BotID      str `json:"bot_id"`
	AppID      str `json:"app_id"`
	BotProfile maybe[struct {
		App str `json:"app_id"`
	}] `json:"bot_profile"`
	UserTeam    str `json:"user_team"`
	SourceTeam  str `json:"source_team"`
	UserProfile maybe[struct {
		Team     str `json:"team"`
		Name     str `json:"display_name"`
		RealName str `json:"real_name"`
	}] `json:"user_profile"`

	TS       str `json:"ts"`
	ThreadTS str `json:"thread_ts"`
	Edited   maybe[struct {
		TS str `json:"ts"`
	}] `json:"edited"`

	Text        str              `json:"text"`
	Blocks      json.RawMessage  `json:"blocks"`
	Attachments many[attachment] `json:"attachments"`
	Files       many[file]       `json:"files"`

	// Of the root of a thread, in a history.
	Replies     str `json:"reply_count"`
	LatestReply str `json:"latest_reply"`
}

// file is a file of a message. Of one from a Slack Connect channel there may be
// an id alone, with file_access "check_file_info".
type file struct {
	ID       str `json:"id"`
	Name     str `json:"name"`
	Title    str `json:"title"`
	Mimetype str `json:"mimetype"`
	Size     str `json:"size"`
	Mode     str `json:"mode"`
	External yes `json:"is_external"`
	URL      str `json:"url_private"`
	Download str `json:"url_private_download"`
}

// spoken lists the subtypes that are somebody's words.
var spoken = []string{"", "file_share", "thread_broadcast", "me_message"}

// author is who wrote m. Only the fields that name the author's own team count:
// "team" may be that of the channel. In a channel shared with others an event
// comes under the team where it happened (docs.slack.dev/apis/slack-connect).
func (r *reading) author(m *message) channels.Person {
	prof := m.UserProfile.V
	return r.person(string(m.User), cmp.Or(string(prof.Name), string(prof.RealName)), m.UserTeam, m.SourceTeam, prof.Team, r.p.TeamID)
}

// message reads a message event: new words, changed words, words taken back.
func (r *reading) message(e *event) error {
	switch e.Subtype {
	case "message_changed":
		return r.changed(e)
	case "message_deleted":
		return r.deleted(e)
	case "tombstone": // in a history: the root of a thread that was deleted
		return r.takenBack(e, string(e.TS), e.message)
	}
	m := &e.message
	if r.notHuman(m, string(e.Type)) {
		return nil
	}
	if !slices.Contains(spoken, string(m.Subtype)) {
		r.service("message: " + string(m.Subtype))
		return nil
	}
	r.where(e, m)
	if m.User == "" || e.Channel == "" || m.TS == "" {
		return fmt.Errorf("a message without a %s", missing(m.User, "user", e.Channel, "channel", m.TS, "ts"))
	}
	r.meta.ts = string(m.TS)
	ref := r.c.ref(string(e.Channel), string(m.TS))
	r.in.Ref, r.in.Keys = ref, []string{ref}
	r.in.Arrived = stamp(string(m.TS))
	r.in.Files = m.filesIn()
	return nil
}

// where fills in what a message and its change have in common: who, where, to
// whom, and the words.
func (r *reading) where(e *event, m *message) {
	in := &r.in
	in.From, in.Proof = r.author(m), channels.Proven
	channel, root := string(e.Channel), string(m.ThreadTS)
	inThread := root != "" && root != string(m.TS)
	direct := isDirect(channel, string(e.ChannelType))
	if inThread {
		in.Refs = []string{r.c.ref(channel, root)}
	}
	r.meta.user = string(m.User)
	if direct && m.User != "" {
		r.c.dms.learn(string(m.User), channel)
	}
	r.place(channel, direct, cmp.Or(root, string(m.TS)), in.From)
	switch {
	case direct && inThread:
		in.Root, r.meta.thread = in.Refs[0], root
	case direct && r.c.cfg.AgentView && m.TS != "":
		in.Root, r.meta.thread = r.c.ref(channel, string(m.TS)), string(m.TS)
	case !direct && inThread:
		r.meta.thread = root
	}
	text, full, mentioned := m.words(r.self.User, r.c.ofStaff(channel))
	if in.Text = text; full != text {
		in.Full = full
	}
	in.Toward = r.toward(channel, direct, mentioned || e.Type == "app_mention")
}

// ofStaff reports whether a channel is where staff work.
func (c *Channel) ofStaff(channel string) bool {
	channel = c.moves.name(channel)
	return channel != "" && (channel == c.cfg.Agents || channel == c.cfg.Complaints)
}

// toward says whom something said in a channel is meant for.
func (r *reading) toward(channel string, direct, mentioned bool) channels.Toward {
	switch {
	case direct || mentioned:
		return channels.ToUs
	case slices.Contains(r.c.cfg.Support, r.c.moves.name(channel)), r.c.ofStaff(channel):
		return channels.ToRoom
	}
	return channels.Aside
}

// notHuman sorts out what we said ourselves, and what other machines say.
func (r *reading) notHuman(m *message, what string) bool {
	switch {
	case r.mine(string(m.User), string(m.BotID), string(m.AppID)) || r.mine("", "", string(m.BotProfile.V.App)):
		r.in.Kind = channels.Own
		r.in.Signals = append(r.in.Signals, what+" of ours")
		r.in.Arrived = stamp(string(m.TS))
		r.in.Toward = channels.Aside
		if r.p.EventID == "" {
			r.in.Keys = []string{r.c.ref(string(r.p.Event.V.Channel), string(m.TS))}
		}
		r.forget()
		return true
	case m.BotID != "" || m.Subtype == "bot_message" || m.User == "USLACKBOT" || m.User == "USLACK":
		r.robot(what + " of a bot")
		r.in.Arrived = stamp(string(m.TS))
		return true
	}
	return false
}

// changed reads a change of a message. Slack sends one also when a link gets a
// preview or a thread its first reply; only changed words count.
func (r *reading) changed(e *event) error {
	m := e.Message.V
	if !e.Message.OK || m.TS == "" {
		return errors.New("message_changed without the message")
	}
	if m.Subtype == "tombstone" {
		before := e.Previous.V
		return r.takenBack(e, string(m.TS), before)
	}
	if r.notHuman(&m, "message_changed") {
		return nil
	}
	if !slices.Contains(spoken, string(m.Subtype)) {
		r.service("message_changed: " + string(m.Subtype))
		return nil
	}
	var same bool
	if e.Previous.OK {
		staff := r.c.ofStaff(string(e.Channel))
		now, _, _ := m.words(r.self.User, staff)
		before, _, _ := e.Previous.V.words(r.self.User, staff)
		same = m.Text == e.Previous.V.Text && (m.Text != "" || now == before)
	} else {
		same = !m.Edited.OK
	}
	if same {
		r.service("message_changed: the text is the same")
		r.in.From = r.author(&m)
		return nil
	}
	r.where(e, &m)
	if m.User == "" || e.Channel == "" {
		return fmt.Errorf("message_changed without a %s", missing(m.User, "user", e.Channel, "channel"))
	}
	at := cmp.Or(m.Edited.V.TS, e.TS, e.EventTS)
	r.in.Kind = channels.Edit
	r.in.Ref = r.c.ref(string(e.Channel), string(m.TS))
	r.in.Keys = []string{r.in.Ref + ":edited:" + string(at)}
	r.in.Arrived = stamp(string(cmp.Or(e.TS, e.EventTS, m.Edited.V.TS)))
	r.in.Files = m.filesIn()
	return nil
}

// deleted reads that a message was taken back.
func (r *reading) deleted(e *event) error {
	return r.takenBack(e, string(cmp.Or(e.DeletedTS, e.Previous.V.TS)), e.Previous.V)
}

func (r *reading) takenBack(e *event, ts string, before message) error {
	if ts == "" || e.Channel == "" {
		return errors.New("a deletion of no message")
	}
	if before.Subtype == "tombstone" && before.User == "USLACKBOT" {
		before.User = "" // Slack writes the tombstone; whose message it was is not told
	}
	if r.notHuman(&before, "deletion of a message") {
		return nil
	}
	before.TS = str(ts)
	r.where(e, &before)
	r.in.Kind = channels.Deletion
	r.in.Text, r.in.Full, r.in.Root = "", "", ""
	r.in.Ref = r.c.ref(string(e.Channel), ts)
	r.in.Keys = []string{r.in.Ref + ":deleted"}
	r.in.Arrived = stamp(string(cmp.Or(e.EventTS, e.TS)))
	return nil
}

// filesIn are the files that came with a message. What stands elsewhere and is
// only linked is part of the text.
func (m *message) filesIn() []channels.File {
	var out []channels.File
	for _, f := range m.Files {
		if f.ID == "" || f.gone() || f.elsewhere() {
			continue
		}
		out = append(out, channels.File{
			Name: string(cmp.Or(f.Name, f.Title)),
			Type: string(f.Mimetype),
			Ref:  string(f.ID),
			Data: channels.Blob{Size: count(f.Size)},
		})
	}
	return out
}

func (f *file) gone() bool      { return f.Mode == "tombstone" || f.Mode == "hidden_by_limit" }
func (f *file) elsewhere() bool { return f.Mode == "external" || bool(f.External) }

// missing names the first of pairs of value and name whose value is empty.
func missing(pairs ...str) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == "" {
			return string(pairs[i+1])
		}
	}
	return "field"
}
