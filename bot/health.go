package bot

import (
	"context"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// Observer is told what the engine does, for figures. Nothing that it is told
// names a person or quotes one. Its methods are called after the commit that
// makes them true, concurrently, and must not block.
type Observer interface {
	// Received: a message was presented, took from Receive's call to its commit.
	// disposition is the ledger's, "again" for an arrival that was recorded
	// before, or "refused" for one that could not be recorded now.
	Received(channel, disposition string, took time.Duration)
	// Decided: a rule of the policy decided about what a customer wrote.
	Decided(rule string)
	// Sent: an attempt to send ended: sent, found, temporary, permanent, unknown.
	Sent(channel, outcome string, took time.Duration)
}

type nobody struct{}

func (nobody) Received(string, string, time.Duration) {}
func (nobody) Decided(string)                         {}
func (nobody) Sent(string, string, time.Duration)     {}

// Pulse is how a channel that is read is at the moment.
type Pulse struct {
	channels.Health
	// Success is when the channel last completed a look at the outside or brought
	// a message that was recorded; zero if it has not since the start.
	Success time.Time
}

// Pulses returns the channels that have a source.
func (e *Engine) Pulses() map[string]Pulse {
	e.healthM.Lock()
	defer e.healthM.Unlock()
	all := map[string]Pulse{}
	for _, name := range e.sources {
		all[name] = Pulse{e.health[name], e.success[name]}
	}
	return all
}

// Report takes a channel's state. A source says again that it is up after every
// look, so the same state again costs nothing; a change of it is logged and
// becomes an event.
func (e *Engine) Report(ctx context.Context, h channels.Health) {
	e.healthM.Lock()
	before := e.health[h.Channel]
	e.health[h.Channel] = h
	e.healthM.Unlock()
	switch h.State {
	case channels.Up:
		e.alive(h.Channel, h.At)
	case channels.Fatal:
		wake(e.watchman)
	}
	if before.State == h.State && before.Reason == h.Reason {
		return
	}
	e.log.Info("channel", "channel", h.Channel, "state", h.State, "reason", h.Reason)
	if before.State == h.State {
		return
	}
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(store.Event{At: h.At, Kind: "channel", Actor: "channel", Channel: h.Channel,
			Data: map[string]any{"state": h.State, "reason": h.Reason}})
	})
	if err != nil && ctx.Err() == nil {
		e.log.Error("channel state not recorded", "channel", h.Channel, "err", err)
	}
}

// alive notes that a channel works. Where the operators were told that it does
// not, they will want to know.
func (e *Engine) alive(channel string, at time.Time) {
	e.healthM.Lock()
	if at.After(e.success[channel]) {
		e.success[channel] = at
	}
	told := e.told[incidentSilent+channel]
	e.healthM.Unlock()
	if told {
		wake(e.watchman)
	}
}

// sent notes that something may have left the outbox.
func (e *Engine) sent(channel string) {
	e.healthM.Lock()
	told := e.told[incidentOutbox+channel]
	e.healthM.Unlock()
	if told {
		wake(e.watchman)
	}
}

// Health returns what the channels reported last.
func (e *Engine) Health() map[string]channels.Health {
	e.healthM.Lock()
	defer e.healthM.Unlock()
	all := map[string]channels.Health{}
	for k, v := range e.health {
		all[k] = v
	}
	return all
}
