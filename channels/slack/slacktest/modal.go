package slacktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// View is a modal that a person sees.
type View struct {
	ID, Title, Submit, Close string
	Readable                 string // what stands in it
	Labels                   []string
	Data                     map[string]any // as the app sent it
}

// Views are the modals that u sees, the one on top last.
func (u *User) Views() []View {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	var vs []View
	for _, v := range u.stack {
		vs = append(vs, u.w.seenView(v))
	}
	return vs
}

func (w *World) seenView(v *view) View {
	blocks := v.data["blocks"].([]any)
	o := View{ID: v.id, Title: textOf(v.data["title"]), Submit: textOf(v.data["submit"]), Close: textOf(v.data["close"]),
		Readable: strings.TrimSpace(w.readBlocks(blocks)), Data: maps.Clone(v.data)}
	for _, b := range blocks {
		if b := b.(object); b["type"] == "input" {
			o.Labels = append(o.Labels, textOf(b["label"]))
		}
	}
	return o
}

// Submitted is what the app made of a form.
type Submitted struct {
	Errors  map[string]string // by label of the field, or by block_id where there is none
	Updated bool              // the form shows something else now
	Pushed  bool              // another one stands on top
	Closed  bool
}

// Submit fills in the form on top and submits it. Fields are named by their
// labels; those not named keep what they show. Choices are named by what they
// say. A form that is missing something is not submitted: that is an error.
func (u *User) Submit(fields map[string]string) (Submitted, error) {
	w := u.w
	w.mu.Lock()
	if len(u.stack) == 0 {
		w.mu.Unlock()
		return Submitted{}, fmt.Errorf("slacktest: %s sees no form", u.Name)
	}
	v := u.stack[len(u.stack)-1]
	state, err := fill(v, fields)
	if err != nil {
		w.mu.Unlock()
		return Submitted{}, err
	}
	p := u.interaction("view_submission", v)
	p["view"], p["response_urls"] = v.object(state), []any{}
	d := w.newDelivery("interactive", p)
	w.dispatch(d)
	w.mu.Unlock()
	response, err := d.wait()
	if err != nil {
		return Submitted{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.change()
	return w.respond(v, response)
}

// Dismiss closes the form on top.
func (u *User) Dismiss() {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	if n := len(u.stack); n > 0 {
		v := u.stack[n-1]
		u.stack = u.stack[:n-1]
		if notify, _ := v.data["notify_on_close"].(bool); notify {
			p := u.interaction("view_closed", v)
			delete(p, "trigger_id")
			p["view"], p["is_cleared"] = v.object(object{}), false
			u.w.dispatch(u.w.newDelivery("interactive", p))
		}
		u.w.change()
	}
}

// respond does what the app's response to a submission asks for. v is closed
// without one.
func (w *World) respond(v *view, response []byte) (Submitted, error) {
	var r struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   object            `json:"view"`
	}
	if len(response) > 0 {
		if err := json.Unmarshal(response, &r); err != nil {
			w.violate("view_submission", "the response is no JSON object: %.100s", response)
			return Submitted{}, fmt.Errorf("slacktest: the response to a form: %w", err)
		}
	}
	c := &call{method: "view_submission"}
	u := v.user
	if r.Action == "update" || r.Action == "push" {
		if err := w.checkView(c, r.View, "modal"); err != nil {
			return Submitted{}, err
		}
	}
	switch r.Action {
	case "":
		u.stack = slices.DeleteFunc(u.stack, func(o *view) bool { return o == v })
		return Submitted{Closed: true}, nil
	case "clear":
		u.stack = nil
		return Submitted{Closed: true}, nil
	case "update":
		w.replace(v, r.View)
		return Submitted{Updated: true}, nil
	case "push":
		_, err := w.push(u, r.View)
		return Submitted{Pushed: true}, err
	case "errors":
		s := Submitted{Errors: map[string]string{}}
		for id, what := range r.Errors {
			label := id
			b := v.input(func(b object) bool { return b["block_id"] == id })
			if b == nil {
				w.violate(c.method, "an error for the block %q, which is no input of the form", id)
			} else {
				label = textOf(b["label"])
			}
			s.Errors[label] = what
		}
		if len(r.Errors) == 0 {
			w.violate(c.method, "response_action errors without errors")
		}
		return s, nil
	}
	w.violate(c.method, "unknown response_action %q", r.Action)
	return Submitted{}, fmt.Errorf("slacktest: unknown response_action %q", r.Action)
}

func (v *view) input(ok func(object) bool) object {
	for _, b := range v.data["blocks"].([]any) {
		if b := b.(object); b["type"] == "input" && ok(b) {
			return b
		}
	}
	return nil
}
