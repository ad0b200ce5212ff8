package slacktest

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// scopeOf is the scope without which an app does not get an event.
var scopeOf = map[string]string{"app_mention": "app_mentions:read", "message.channels": "channels:history",
	"message.groups": "groups:history", "message.im": "im:history", "reaction_added": "reactions:read",
	"reaction_removed": "reactions:read", "team_rename": "team:read"}

// eventName is an event's name in a subscription.
func eventName(c *Channel, event object) string {
	kind, _ := event["type"].(string)
	if kind == "message" && c != nil {
		return kind + "." + map[string]string{"channel": "channels", "group": "groups", "im": "im"}[c.channelType()]
	}
	return kind
}

// emit sends an event to the app if it stands in the channel, subscribed to it
// and has its scope. c and by may be nil.
func (w *World) emit(c *Channel, by *User, event object) {
	name := eventName(c, event)
	scope := scopeOf[name]
	if scope == "" && c != nil && c.opts.Private {
		scope = "groups:read"
	} else if scope == "" && c != nil && !c.im() {
		scope = "channels:read"
	}
	switch {
	case c != nil && !c.members[w.bot],
		w.opts.Events != nil && !slices.Contains(w.opts.Events, name),
		scope != "" && !w.app.scopes[scope],
		w.app.revoked && name != "app_uninstalled" && name != "tokens_revoked":
		return
	}
	w.dispatch(w.newDelivery("events_api", w.callback(c, by, event)))
}

// callback is the envelope of an event. The outer team is the author's, as Slack
// does in shared channels; authorizations name ours.
func (w *World) callback(c *Channel, by *User, event object) object {
	team := w.home
	if by != nil && c != nil && c.opts.External {
		team = by.team
	}
	o := object{"token": w.app.verification, "team_id": team.ID, "context_team_id": w.home.ID, "context_enterprise_id": nil,
		"api_app_id": w.app.id, "event": event, "type": "event_callback", "event_id": w.id("Ev"), "event_time": time.Now().Unix(),
		"authorizations": []any{object{"enterprise_id": orNil(w.home.Enterprise), "team_id": w.home.ID, "user_id": w.bot.ID,
			"is_bot": true, "is_enterprise_install": false}},
		"is_ext_shared_channel": c != nil && c.opts.External}
	if w.home.Enterprise != "" {
		o["enterprise_id"] = w.home.Enterprise
	}
	context := object{"et": event["type"], "tid": team.ID, "aid": w.app.id}
	if c != nil {
		context["cid"] = c.ID
	}
	b, err := json.Marshal(context)
	if err != nil {
		panic(err) // strings
	}
	o["event_context"] = "4-" + base64.RawURLEncoding.EncodeToString(b)
	return o
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Emit sends any event to the app as an event_callback, whatever it subscribed
// to: odd ones, unknown ones, ones with strange fields.
func (w *World) Emit(event map[string]any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dispatch(w.newDelivery("events_api", w.callback(nil, nil, event)))
	w.change()
}

// Interact sends any interaction or command to the app and waits for its
// response, up to three seconds.
func (w *World) Interact(kind string, payload map[string]any) (response []byte, err error) {
	w.mu.Lock()
	d := w.newDelivery(kind, maps.Clone(payload))
	w.dispatch(d)
	w.mu.Unlock()
	return d.wait()
}

// Uninstall takes the app out of the workspace: its tokens die, and it is told.
func (w *World) Uninstall() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.app.revoked = true
	w.emit(nil, nil, object{"type": "tokens_revoked", "tokens": object{"oauth": []any{}, "bot": []any{w.bot.ID}}})
	w.emit(nil, nil, object{"type": "app_uninstalled"})
	w.change()
}
