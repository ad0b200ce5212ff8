package slacktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// who is u in an interaction.
func (u *User) who() object {
	return object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.team.ID}
}

// interaction is what all interactions have.
func (u *User) interaction(kind string, on *view) object {
	w := u.w
	o := object{"type": kind, "user": u.who(), "api_app_id": w.app.id, "token": w.app.verification, "trigger_id": w.trigger(u, on),
		"team": object{"id": u.team.ID, "domain": u.team.Domain}, "enterprise": nil, "is_enterprise_install": false}
	if u.opts.Enterprise != "" {
		o["enterprise"] = object{"id": u.opts.Enterprise, "name": u.opts.Enterprise}
	}
	return o
}

// Click is Press for a message that was read.
func (u *User) Click(m Message, label string) error { return u.Press(m.Channel, m.TS, label) }

// Press presses the button with that label in a message, ephemeral ones
// included, and waits for the app's acknowledgement: [ErrNotAcked] if there is
// none.
func (u *User) Press(c *Channel, ts, label string) error {
	w := u.w
	w.mu.Lock()
	m := c.find(ts)
	for _, e := range u.ephemerals {
		if e.c == c && e.ts == ts {
			m = e
		}
	}
	if m == nil {
		w.mu.Unlock()
		return fmt.Errorf("slacktest: %s sees no message %s in #%s", u.Name, ts, c.Name)
	}
	button, block := findButton(m.blocks, label)
	if button == nil {
		text := w.readMessage(m)
		w.mu.Unlock()
		return fmt.Errorf("slacktest: no button %q in %q", label, text)
	}
	p := u.interaction("block_actions", nil)
	p["container"] = object{"type": "message", "message_ts": m.ts, "channel_id": c.ID, "is_ephemeral": m.to != nil}
	p["channel"] = object{"id": c.ID, "name": c.Name}
	if c.im() {
		p["channel"] = object{"id": c.ID, "name": "directmessage"}
	}
	if m.thread != "" {
		p["container"].(object)["thread_ts"] = m.thread
	}
	if m.to == nil {
		p["message"] = m.object(false)
	}
	p["state"] = object{"values": object{}}
	p["response_url"] = w.hook("actions", u, c, m)
	p["actions"] = []any{w.action(button, block)}
	d := w.newDelivery("interactive", p)
	w.dispatch(d)
	w.mu.Unlock()
	_, err := d.wait()
	return err
}

// PressHome presses a button in the app's home, and PressView one in the modal on
// top.
func (u *User) PressHome(label string) error {
	u.w.mu.Lock()
	return u.pressIn(u.w.homes[u.ID], label)
}

// PressView presses a button in the modal on top.
func (u *User) PressView(label string) error {
	u.w.mu.Lock()
	var v *view
	if n := len(u.stack); n > 0 {
		v = u.stack[n-1]
	}
	return u.pressIn(v, label)
}

// pressIn unlocks the world.
func (u *User) pressIn(v *view, label string) error {
	w := u.w
	if v == nil {
		w.mu.Unlock()
		return fmt.Errorf("slacktest: %s sees no such view", u.Name)
	}
	blocks := v.data["blocks"].([]any)
	button, block := findButton(blocks, label)
	if button == nil {
		text := w.readBlocks(blocks)
		w.mu.Unlock()
		return fmt.Errorf("slacktest: no button %q in %q", label, text)
	}
	p := u.interaction("block_actions", v)
	p["container"] = object{"type": "view", "view_id": v.id}
	p["view"] = v.object(object{})
	p["actions"] = []any{w.action(button, block)}
	d := w.newDelivery("interactive", p)
	w.dispatch(d)
	w.mu.Unlock()
	_, err := d.wait()
	return err
}

// action is the press of a button, as payloads name it.
func (w *World) action(button object, block string) object {
	a := maps.Clone(button)
	delete(a, "accessibility_label")
	a["block_id"], a["action_ts"] = block, w.now()
	if a["action_id"] == nil {
		a["action_id"] = w.id("a")
	}
	return a
}

// findButton finds a button by what stands on it, or by what a screen reader says.
func findButton(blocks []any, label string) (button object, block string) {
	for _, b := range blocks {
		o, ok := b.(object)
		if !ok {
			continue
		}
		elements, _ := o["elements"].([]any)
		for _, e := range append(elements[:len(elements):len(elements)], o["accessory"]) {
			e, ok := e.(object)
			if ok && e["type"] == "button" && (textOf(e["text"]) == label || e["accessibility_label"] == label) {
				id, _ := o["block_id"].(string)
				return e, id
			}
		}
	}
	return nil, ""
}

// textOf is the text of a text object.
func textOf(v any) string {
	o, _ := v.(object)
	s, _ := o["text"].(string)
	return s
}

// Slash gives a command. People of other teams have none
// (https://docs.slack.dev/apis/slack-connect).
func (u *User) Slash(c *Channel, command, text string) error {
	w := u.w
	w.mu.Lock()
	switch {
	case u.external():
		w.mu.Unlock()
		return fmt.Errorf("slacktest: %s is of another team and has no commands of ours", u.Name)
	case command != w.opts.Command || !w.app.scopes["commands"] || w.app.revoked:
		w.mu.Unlock()
		return fmt.Errorf("slacktest: %s is not a valid command", command)
	}
	name := c.Name
	if c.im() {
		name = "directmessage"
	}
	d := w.newDelivery("slash_commands", object{"token": w.app.verification, "team_id": w.home.ID, "team_domain": w.home.Domain,
		"channel_id": c.ID, "channel_name": name, "user_id": u.ID, "user_name": u.Name, "command": command, "text": text,
		"api_app_id": w.app.id, "is_enterprise_install": "false", "response_url": w.hook("commands", u, c, nil), "trigger_id": w.trigger(u, nil)})
	w.dispatch(d)
	w.mu.Unlock()
	response, err := d.wait()
	if err != nil || len(response) == 0 {
		return err
	}
	k := &call{method: "command response", args: map[string]any{}, json: true}
	if err := json.Unmarshal(response, &k.args); err != nil {
		return fmt.Errorf("slacktest: the response to %s: %w", command, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := w.content(k)
	switch {
	case err != nil:
		return err
	case k.str("response_type") == "in_channel":
		w.post(&message{c: c, by: w.bot, text: m.text, blocks: w.named(m.blocks)})
	default:
		w.whisper(u, c, "", m)
	}
	return nil
}

// OpenHome opens the app's home tab; OpenMessages the one with the messages.
func (u *User) OpenHome() { u.open("home") }

// OpenMessages opens the app's messages.
func (u *User) OpenMessages() { u.open("messages") }

func (u *User) open(tab string) {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	e := object{"type": "app_home_opened", "user": u.ID, "channel": w.direct(u).ID, "tab": tab, "event_ts": w.now()}
	if v := w.homes[u.ID]; v != nil && tab == "home" {
		e["view"] = v.object(object{})
	}
	w.emit(nil, nil, e)
	w.change()
}

// Home is what a person reads in the app's home; empty if nothing was published.
func (u *User) Home() string {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	v := u.w.homes[u.ID]
	if v == nil {
		return ""
	}
	return strings.TrimSpace(u.w.readBlocks(v.data["blocks"].([]any)))
}
