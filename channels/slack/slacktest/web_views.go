package slacktest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// triggerLives is how long a trigger_id is good for
// (https://docs.slack.dev/interactivity/handling-user-interaction).
const triggerLives = 3 * time.Second

// maxStack is how many modals stand on top of each other.
const maxStack = 3

// trigger is the right to open a modal for somebody.
type trigger struct {
	user *User
	at   time.Time
	used bool
	on   *view // the modal that the person acted in
}

func (w *World) trigger(u *User, on *view) string {
	id := w.id("") + "." + w.home.ID[1:] + "." + strings.ToLower(w.id("t"))
	w.triggers[id] = &trigger{user: u, at: time.Now(), on: on}
	return id
}

// view is a modal, or somebody's home.
type view struct {
	id, hash string
	user     *User
	data     object
	root     string
	previous string
}

// object is v as Slack shows it.
func (v *view) object(state object) object {
	w := v.user.w
	o := maps.Clone(v.data)
	for k, x := range (object{"id": v.id, "hash": v.hash, "team_id": w.home.ID, "app_id": w.app.id, "bot_id": w.app.botID,
		"app_installed_team_id": w.home.ID, "root_view_id": v.root, "previous_view_id": orNil(v.previous), "state": object{"values": state}}) {
		o[k] = x
	}
	for k, x := range (object{"callback_id": "", "private_metadata": "", "external_id": "", "clear_on_close": false, "notify_on_close": false,
		"close": nil, "submit": nil}) {
		if _, ok := o[k]; !ok {
			o[k] = x
		}
	}
	return o
}

// checked reads and checks the view of a call, or one that came in a response.
func (w *World) checked(c *call, kind string) (object, error) {
	var v object
	if given, err := c.decoded("view", &v); err != nil || !given {
		w.violate(c.method, "the view is no JSON object")
		return nil, fail("invalid_arguments")
	}
	return v, w.checkView(c, v, kind)
}

func (w *World) checkView(c *call, v object, kind string) error {
	k := newChecker(true)
	if v["type"] != kind {
		k.bad("/view/type", "must be %s", kind)
	}
	if kind == "modal" {
		k.text("/view/title", v["title"], plainOnly, 24)
	}
	k.optionalText("/view/submit", v["submit"], 24)
	k.optionalText("/view/close", v["close"], 24)
	k.length("/view/private_metadata", v["private_metadata"], 0, 3000)
	k.length("/view/callback_id", v["callback_id"], 0, 255)
	k.length("/view/external_id", v["external_id"], 0, 255)
	blocks, ok := v["blocks"].([]any)
	if !ok {
		k.bad("/view/blocks", "must be an array")
	}
	k.blocks("/view/blocks", blocks, maxViewBlocks)
	if kind == "modal" && v["submit"] == nil && slices.ContainsFunc(blocks, func(b any) bool { o, _ := b.(object); return o["type"] == "input" }) {
		k.bad("/view/submit", "is needed where there are inputs")
	}
	k.problems = append(k.problems, w.matchSchema(viewSchema, v)...)
	w.noteText(c, k)
	if len(k.problems) == 0 {
		return nil
	}
	w.violate(c.method, "invalid view: %s", strings.Join(k.problems, "; "))
	return &apiError{name: "invalid_arguments", extra: object{"response_metadata": object{"messages": k.problems}}}
}

func (w *World) newView(u *User, data object) *view {
	data["blocks"] = w.named(data["blocks"].([]any))
	v := &view{id: w.id("V"), hash: w.id("h"), user: u, data: data}
	v.root = v.id
	w.views[v.id] = v
	return v
}

func (w *World) exchange(c *call) (*trigger, error) {
	t := w.triggers[c.str("trigger_id")]
	switch {
	case t == nil:
		return nil, fail("invalid_trigger_id")
	case t.used:
		return nil, fail("exchanged_trigger_id")
	case time.Since(t.at) > triggerLives:
		return nil, fail("expired_trigger_id")
	}
	t.used = true
	return t, nil
}

func (w *World) viewsOpen(c *call) (object, error) {
	data, err := w.checked(c, "modal")
	if err != nil {
		return nil, err
	}
	t, err := w.exchange(c)
	if err != nil {
		return nil, err
	}
	v := w.newView(t.user, data)
	t.user.stack = []*view{v}
	return object{"view": v.object(object{})}, nil
}

func (w *World) viewsPush(c *call) (object, error) {
	data, err := w.checked(c, "modal")
	if err != nil {
		return nil, err
	}
	t, err := w.exchange(c)
	if err != nil {
		return nil, err
	}
	v, err := w.push(t.user, data)
	if err != nil {
		return nil, err
	}
	return object{"view": v.object(object{})}, nil
}

func (w *World) push(u *User, data object) (*view, error) {
	if len(u.stack) >= maxStack {
		return nil, fail("push_limit_reached")
	}
	v := w.newView(u, data)
	if n := len(u.stack); n > 0 {
		v.previous, v.root = u.stack[n-1].id, u.stack[0].id
	}
	u.stack = append(u.stack, v)
	return v, nil
}

func (w *World) viewsUpdate(c *call) (object, error) {
	data, err := w.checked(c, "modal")
	if err != nil {
		return nil, err
	}
	v := w.views[c.str("view_id")]
	for _, o := range w.views {
		if id := c.str("external_id"); id != "" && o.data["external_id"] == id {
			v = o
		}
	}
	switch hash := c.str("hash"); {
	case v == nil || !slices.Contains(v.user.stack, v):
		return nil, fail("not_found")
	case hash != "" && hash != v.hash:
		return nil, fail("hash_conflict")
	}
	w.replace(v, data)
	return object{"view": v.object(object{})}, nil
}

func (w *World) replace(v *view, data object) {
	data["blocks"] = w.named(data["blocks"].([]any))
	v.data, v.hash = data, w.id("h")
	w.change()
}

func (w *World) viewsPublish(c *call) (object, error) {
	data, err := w.checked(c, "home")
	if err != nil {
		return nil, err
	}
	u := w.user(c.str("user_id"))
	if u == nil {
		return nil, fail("user_not_found")
	}
	old := w.homes[u.ID]
	if hash := c.str("hash"); hash != "" && (old == nil || old.hash != hash) {
		return nil, fail("hash_conflict")
	}
	v := w.newView(u, data)
	if old != nil {
		delete(w.views, old.id)
	}
	w.homes[u.ID] = v
	return object{"view": v.object(object{})}, nil
}
