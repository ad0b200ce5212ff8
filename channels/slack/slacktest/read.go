package slacktest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Message is a message as a test reads it.
type Message struct {
	Channel *Channel
	TS      string
	Thread  string // ts of its root, if it is a reply
	By      *User
	Ours    bool   // our bot wrote it
	Text    string // the fallback: what a notification says
	// Readable is what a person reads: the blocks where there are some, with
	// buttons as [Label], without markup.
	Readable  string
	Blocks    json.RawMessage
	Buttons   []string // their labels
	Reactions map[string][]string
	Files     []File
	Metadata  map[string]any // event_type and event_payload
	Edited    bool
	Past      []string // its earlier texts
	Deleted   bool     // only a tombstone is left
}

// File is a file that stands in a message.
type File struct {
	ID, Name, Title, Type string
	Data                  []byte
}

// Messages returns everything in a channel, threads included, in the order in
// which it was said. Replies that nobody can see are left out.
func (w *World) Messages(c *Channel) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ms []Message
	for _, m := range c.messages {
		if root := c.find(m.thread); root == nil || root.thread == "" {
			ms = append(ms, w.read(m))
		}
	}
	return ms
}

// Thread returns the root and its replies, the oldest first.
func (w *World) Thread(c *Channel, root string) []Message {
	return slices.DeleteFunc(w.Messages(c), func(m Message) bool { return m.TS != root && m.Thread != root })
}

// Message returns one message, and false if there is none.
func (w *World) Message(c *Channel, ts string) (Message, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := c.find(ts)
	if m == nil {
		return Message{}, false
	}
	return w.read(m), true
}

// SeesEphemeral returns what the app showed to u alone.
func (u *User) SeesEphemeral() []Message {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	var ms []Message
	for _, m := range u.ephemerals {
		ms = append(ms, u.w.read(m))
	}
	return ms
}

func (w *World) read(m *message) Message {
	o := Message{Channel: m.c, TS: m.ts, Thread: m.thread, By: m.by, Ours: m.by == w.bot, Text: m.text, Readable: w.readMessage(m),
		Buttons: labels(m.blocks), Reactions: map[string][]string{}, Metadata: m.metadata, Edited: m.edited != "",
		Past: slices.Clone(m.past), Deleted: m.tomb}
	if len(m.blocks) > 0 {
		b, err := json.Marshal(m.blocks)
		if err != nil {
			panic(err) // it came as JSON
		}
		o.Blocks = b
	}
	for _, r := range m.reactions {
		for _, u := range r.users {
			o.Reactions[r.name] = append(o.Reactions[r.name], u.Name)
		}
	}
	for _, f := range m.files {
		o.Files = append(o.Files, File{f.id, f.name, f.title, f.kind(), f.data})
	}
	return o
}

// labels are what stands on the buttons.
func labels(blocks []any) []string {
	var out []string
	for _, b := range blocks {
		o, _ := b.(object)
		for _, e := range append(list(o["elements"]), o["accessory"]) {
			if e, _ := e.(object); e["type"] == "button" {
				out = append(out, textOf(e["text"]))
			}
		}
	}
	return out
}

// WaitMessages returns the messages of a channel once ok holds for them. The
// error tells what stood there when ctx ended.
func (w *World) WaitMessages(ctx context.Context, c *Channel, ok func([]Message) bool) ([]Message, error) {
	var ms []Message
	err := w.Wait(ctx, func() bool { ms = w.Messages(c); return ok(ms) })
	if err != nil {
		var b strings.Builder
		for _, m := range ms {
			fmt.Fprintf(&b, "\n%s %s: %s", m.TS, m.By.Name, m.Readable)
		}
		return ms, fmt.Errorf("slacktest: waiting for messages in #%s: %w; there are %d:%s", c.Name, err, len(ms), b.String())
	}
	return ms, nil
}

// WaitFor returns the first message of ours in a channel that reads as having
// text in it.
func (w *World) WaitFor(ctx context.Context, c *Channel, text string) (Message, error) {
	has := func(m Message) bool { return m.Ours && strings.Contains(m.Readable, text) }
	ms, err := w.WaitMessages(ctx, c, func(ms []Message) bool { return slices.ContainsFunc(ms, has) })
	if err != nil {
		return Message{}, fmt.Errorf("%q: %w", text, err)
	}
	return ms[slices.IndexFunc(ms, has)], nil
}
