package slacktest

import "time"

// Intake makes the way from the workspace to the app worse than it should be.
// Everything in it also happens in the real world. The zero value is a good day.
type Intake struct {
	Duplicate int           // so many of the next events come twice, under one event_id
	Lose      int           // so many of the next events never come; history has them
	Delay     time.Duration // events come so late
	Reorder   bool          // each pair of events comes in the wrong order; a single one a second late
	// LoseOffline loses events for good while no socket is open, instead of trying
	// them again.
	LoseOffline bool

	Hang   bool   // new sockets are accepted, and then nothing: no hello, no pings, no envelopes
	Storm  string // new sockets get a hello and then, at once, a disconnect with this reason
	Silent bool   // sockets get no pings
	// Odd gives payloads the shapes that Slack's documents do not know and its
	// servers send: an empty list where an object belongs, a colour that is a number.
	Odd bool
	// CutEvery cuts the socket instead of sending it an envelope, every so many
	// envelopes; that attempt is lost.
	CutEvery int
}

// SetIntake replaces the switches.
func (w *World) SetIntake(i Intake) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.intake = i
	w.change()
}

// dispatch sends d off, with everything that may happen to it on the way.
func (w *World) dispatch(d *delivery) {
	if d.kind != "events_api" {
		d.send()
		return
	}
	if w.intake.Lose > 0 {
		w.intake.Lose--
		d.lose()
		return
	}
	now := []*delivery{d}
	if w.intake.Duplicate > 0 {
		w.intake.Duplicate--
		now = append(now, w.newDelivery(d.kind, d.payload))
	}
	if held := w.held; held != nil {
		w.held = nil
		held.stop()
		now = append(now, held)
	} else if w.intake.Reorder {
		w.held = d
		w.deliveries[d] = true
		d.after(time.Second, func() {
			w.held = nil
			d.send()
		})
		now = now[1:]
	}
	for _, d := range now {
		if w.intake.Delay > 0 {
			w.deliveries[d] = true
			d.after(w.intake.Delay, d.send)
		} else {
			d.send()
		}
	}
}

// Down makes the whole of Slack unreachable: connections are cut and refused.
// Events go on to happen.
func (w *World) Down(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
	if down {
		for c := range w.conns {
			c.Close()
		}
		for _, s := range append([]*socket(nil), w.sockets...) {
			s.cut()
		}
	}
	w.change()
}

// odd alters a payload as [Intake].Odd says. It may share parts with the world's
// own data and is changed on a copy.
func odd(v any) any {
	switch v := v.(type) {
	case object:
		o := object{}
		for k, x := range v {
			o[k] = odd(x)
		}
		if values, ok := v["values"].(object); ok && len(values) == 0 {
			o["values"] = []any{}
		}
		if v["subtype"] == "message_changed" {
			o["previous_message"] = []any{}
		}
		if v["type"] == "message" && v["edited"] == nil && v["blocks"] != nil {
			o["edited"] = []any{}
			o["attachments"] = []any{object{"ts": "", "color": 123456}}
			o["blocks"] = append(append([]any{}, v["blocks"].([]any)...), object{"type": "actions", "block_id": 5,
				"elements": []any{object{"type": "hologram"}}})
		}
		return o
	case []any:
		l := make([]any, len(v))
		for i, x := range v {
			l[i] = odd(x)
		}
		return l
	}
	return v
}
