package slacktest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"
)

// ackWithin is how long Slack waits for an acknowledgement, and retryAfter when
// it tries an event again: immediately, after a minute, after five
// (https://docs.slack.dev/apis/events-api, "Retries").
const ackWithin = 3 * time.Second

var retryAfter = []time.Duration{0, time.Minute, 5 * time.Minute}

// maxAck is the size above which an acknowledgement is dropped without a word.
const maxAck = 20_000

// ErrNotAcked says that the app did not acknowledge an interaction in three
// seconds: the person sees a warning sign.
var ErrNotAcked = errors.New("slacktest: the app did not acknowledge in 3 s")

// delivery is an event, an interaction or a command on its way to the app.
type delivery struct {
	w        *World
	kind     string // events_api, interactive, slash_commands
	payload  object
	accepts  bool   // a payload in the acknowledgement
	id       string // of the envelope of this attempt
	sent     time.Time
	attempt  int    // 0 is the first
	reason   string // why the last attempt failed
	timer    *time.Timer
	done     chan struct{}
	response []byte
	err      error
}

// Stats count what became of deliveries.
type Stats struct {
	Sent      int      // attempts
	Acked     int      // in time
	Unacked   int      // not in three seconds, or no socket was open
	Late      int      // acknowledgements that came too late, or twice
	Retried   int      // attempts that were not the first
	Lost      int      // events given up
	LostIDs   []string // their event ids
	Unknown   int      // acknowledgements of envelopes that never were
	TooLarge  int      // acknowledgements above 20 KB, which Slack drops
	Responses int      // acknowledgements that carried a payload

	Took []time.Duration // from sending each that was acknowledged to that
}

// Stats returns the counts so far.
func (w *World) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stats
}

func (w *World) newDelivery(kind string, payload object) *delivery {
	if w.intake.Odd {
		payload = odd(payload).(object)
	}
	return &delivery{w: w, kind: kind, payload: payload, accepts: kind != "events_api", done: make(chan struct{})}
}

// send makes one attempt.
func (d *delivery) send() {
	w := d.w
	if w.closed {
		return
	}
	w.deliveries[d] = true
	w.stats.Sent++
	if d.attempt > 0 {
		w.stats.Retried++
	}
	d.id, d.sent = rand.Text(), time.Now()
	w.pending[d.id] = d
	switch s := w.pickSocket(); {
	case s != nil:
		s.send(d.envelope())
		d.after(ackWithin, func() { d.fail("timeout") })
	case w.events.url != "" || w.events.handler != nil:
		w.served.Go(func() { d.sendHTTP(d.id, d.attempt, d.reason) })
	case w.intake.LoseOffline:
		w.stats.Unacked++
		d.lose()
	default:
		d.fail("no_connection")
	}
}

// envelope is d in Socket Mode.
func (d *delivery) envelope() []byte {
	e := object{"envelope_id": d.id, "type": d.kind, "payload": d.payload, "accepts_response_payload": d.accepts}
	if d.kind == "events_api" {
		e["retry_attempt"], e["retry_reason"] = d.attempt, d.reason
	}
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // made of what came as JSON
	}
	return b
}

// after runs f, with the world locked, unless the delivery ended before.
func (d *delivery) after(wait time.Duration, f func()) {
	id := d.id
	run := func() {
		d.w.mu.Lock()
		defer d.w.mu.Unlock()
		if d.id == id && d.w.deliveries[d] && !d.w.closed {
			f()
			d.w.change()
		}
	}
	if wait == 0 { // a timer of no time, in a bubble, crashes Go's race detector now and then (1.26)
		d.w.served.Go(run)
		return
	}
	d.timer = time.AfterFunc(wait, run)
}

// fail ends an attempt that was not acknowledged. People's actions are not
// tried again; events are.
func (d *delivery) fail(reason string) {
	d.w.stats.Unacked++
	if d.kind != "events_api" || d.attempt >= len(d.w.opts.Retries) {
		d.lose()
		return
	}
	d.reason = reason
	d.after(d.w.opts.Retries[d.attempt], func() {
		d.attempt++
		d.send()
	})
}

func (d *delivery) lose() {
	d.err = ErrNotAcked
	if d.kind == "events_api" {
		d.w.stats.Lost++
		id, _ := d.payload["event_id"].(string)
		d.w.stats.LostIDs = append(d.w.stats.LostIDs, id)
	}
	d.finish()
}

// acknowledge ends d well.
func (d *delivery) acknowledge(response []byte) {
	d.w.stats.Acked++
	d.w.stats.Took = append(d.w.stats.Took, time.Since(d.sent))
	if len(response) > 0 {
		d.w.stats.Responses++
	}
	d.response = response
	d.finish()
}

func (d *delivery) finish() {
	d.stop()
	delete(d.w.deliveries, d)
	close(d.done)
}

func (d *delivery) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

// wait returns the response of the app.
func (d *delivery) wait() ([]byte, error) {
	select {
	case <-d.done:
		return d.response, d.err
	case <-d.w.gone.Done():
		return nil, errors.New("slacktest: the world is closed")
	}
}

// acked takes an acknowledgement from a socket.
func (w *World) acked(raw []byte) {
	var a struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload"`
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.change()
	if err := json.Unmarshal(raw, &a); err != nil {
		w.violate("socket", "sent what is no acknowledgement: %.80s", raw)
		return
	}
	d := w.pending[a.ID]
	switch {
	case d == nil:
		w.stats.Unknown++
		w.violate("socket", "acknowledged the envelope %q, which never was", a.ID)
	case len(raw) > maxAck:
		w.stats.TooLarge++
		w.violate("socket", "acknowledged with %d bytes; Slack drops more than %d", len(raw), maxAck)
	case d.id != a.ID || !w.deliveries[d]:
		w.stats.Late++
	case len(a.Payload) > 0 && !d.accepts:
		w.violate("socket", "answered an envelope that accepts no payload")
		d.acknowledge(nil)
	default:
		d.acknowledge(a.Payload)
	}
}
