package bot

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// pausedSetting holds since when and by whom the bot is silent; empty: it may
// speak.
const pausedSetting = "paused"

// Pause makes the bot silent at once, also in another process: nothing more is
// said to customers but what people say. Recording and handing over go on. What
// was decided but not sent yet goes to staff instead. Pausing twice keeps the
// first time.
func (e *Engine) Pause(ctx context.Context, who, reason string) error {
	now := time.Now()
	return e.db.Write(ctx, func(tx *store.Tx) error {
		since, err := tx.Setting(pausedSetting)
		if err != nil || since != "" {
			return err
		}
		if err := tx.SetSetting(pausedSetting, now.UTC().Format(time.RFC3339)+" "+who); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: "paused", Actor: who, Words: reason})
	})
}

// Resume lets the bot speak again.
func (e *Engine) Resume(ctx context.Context, who string) error {
	return e.db.Write(ctx, func(tx *store.Tx) error {
		since, err := tx.Setting(pausedSetting)
		if err != nil || since == "" {
			return err
		}
		if err := tx.SetSetting(pausedSetting, ""); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: time.Now(), Kind: "resumed", Actor: who})
	})
}

// Paused says since when and by whom the bot is silent; "" if it is not.
func (e *Engine) Paused(ctx context.Context) (string, error) {
	var since string
	err := e.db.Read(ctx, func(s *store.Snapshot) (err error) {
		since, err = Paused(s)
		return err
	})
	return since, err
}

// Paused is [Engine.Paused] for whoever has a snapshot and no engine.
func Paused(s *store.Snapshot) (string, error) { return s.Setting(pausedSetting) }

// held drops what the bot was going to say to a customer if it is paused, and
// gives it to staff. An earlier attempt that may have got through is let be.
func (e *Engine) held(tx *store.Tx, now time.Time, d store.Delivery) (bool, error) {
	if d.ByPerson || d.Unsure || d.Audience != store.ForCustomer {
		return false, nil
	}
	since, err := tx.Setting(pausedSetting)
	if err != nil || since == "" {
		return false, err
	}
	var out channels.Outbound
	if err := json.Unmarshal(d.Payload, &out); err != nil {
		return false, err
	}
	if err := tx.Drop(d.ID, now, "the bot is paused"); err != nil {
		return false, err
	}
	t, err := tx.Thread(d.Thread)
	if err != nil {
		return false, err
	}
	if err := tx.AddEvent(store.Event{At: now, Kind: "dropped", Actor: "bot", Channel: d.Channel, Conversation: t.Conversation, Message: d.Message,
		Data: map[string]any{"delivery": d.ID, "why": "paused"}}); err != nil {
		return false, err
	}
	conv, err := tx.Conversation(t.Conversation)
	if err != nil {
		return false, err
	}
	if err := e.unsaid(tx, now, conv, d.Created); err != nil {
		return false, err
	}
	to := t.Place
	if len(out.To) > 0 {
		to = out.To[0].Address
	}
	return true, e.toDesk(tx, now, conv, desk{note: e.staff("paused-text", textArgs{To: to}),
		lines: []channels.Line{{Who: string(e.staff("bot", textArgs{})), Text: out.Body.Text}}})
}

// unsaid undoes what follows from something that the bot was to say and that the
// customer did not get: they have not been greeted, asked or promised anything.
func (e *Engine) unsaid(tx *store.Tx, now time.Time, conv store.Conversation, said time.Time) error {
	var m Memory
	if err := json.Unmarshal([]byte(conv.Memory), &m); err != nil {
		return err
	}
	n, err := tx.BotReached(conv.ID)
	if err != nil {
		return err
	}
	m.Greeted, m.Awaiting, m.Told, m.Offered = n > 0, "", false, nil
	conv.Memory = m.String()
	if err := tx.UpdateConversation(conv); err != nil {
		return err
	}
	return e.untold(tx, now, conv, said)
}
