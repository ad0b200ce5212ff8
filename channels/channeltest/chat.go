package channeltest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/channels"
)

// Chat is a chat service in memory with our bot in it.
//
// A place is "dm:PERSON" (that person and the bot) or "room:NAME" (everybody
// there reads along). A place exists once somebody spoke in it or [Chat.Open]
// made it; writing to any other is refused, as is everything else that a real
// service would refuse. A message is named by a ref, "CHANNEL:PLACE:NUMBER".
//
// As a [channels.Source] it presents its log of events in order, from the
// cursor on, as often as Run is called. As a [channels.Sender] it posts, amends
// and reacts; [Chat.FailNext] says how the next attempts go. As a
// [channels.Finder] it knows what was posted under a key.
//
// All methods may be called concurrently. Times are time.Now's.
type Chat struct {
	channel string

	mu      sync.Mutex
	log     []event
	refs    map[string]*message // every message, people's and ours
	places  map[string]bool
	posts   []*message // ours, in order
	signs   []Sign
	number  int
	plans   []error
	acked   int // events that the handler took, as the last Run saw it
	changed chan struct{}
	silent  atomic.Bool
}

var (
	_ channels.Source = (*Chat)(nil)
	_ channels.Sender = (*Chat)(nil)
	_ channels.Finder = (*Chat)(nil)
	_ channels.Parser = (*Chat)(nil)
	_ channels.Direct = (*Chat)(nil)
)

// NewChat returns an empty service. channel is its name in the configuration.
func NewChat(channel string) *Chat {
	return &Chat{channel: channel, refs: map[string]*message{}, places: map[string]bool{}}
}

// event is one row of the log, in the service's own wire format, so that a
// recorded one can be replayed with [Chat.Parse].
type event struct {
	ID    string           `json:"id"`
	Kind  channels.Kind    `json:"kind"`
	Ref   string           `json:"ref,omitempty"`
	Refs  []string         `json:"refs,omitempty"`
	Who   string           `json:"who"`
	Place string           `json:"place,omitempty"`
	Text  string           `json:"text,omitempty"`
	Act   *channels.Action `json:"act,omitempty"`
	Files []eventFile      `json:"files,omitempty"`
	At    time.Time        `json:"at"`
	bytes []byte           // instead of all that: what cannot be parsed
}

type eventFile struct {
	Name, Type string
	Data       []byte
}

// message is one thing that stands in a place.
type message struct {
	Post
	deleted bool
}

// Who is the identity of a person of the chat.
func Who(name string) channels.Person {
	return channels.Person{Kind: "chat", Address: name, Name: strings.ToUpper(name[:1]) + name[1:]}
}

// Open makes a place, as when the bot is invited to a room.
func (c *Chat) Open(place string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places[place] = true
}

// Say makes person say text in place and returns the message's ref. refs are
// the messages that it answers, nearest first.
func (c *Chat) Say(person, place, text string, refs ...string) string {
	return c.say(event{Kind: channels.Message, Who: person, Place: place, Text: text, Refs: refs})
}

// Share makes person say text in place with a file.
func (c *Chat) Share(person, place, text, name, mediaType string, data []byte) string {
	return c.say(event{Kind: channels.Message, Who: person, Place: place, Text: text,
		Files: []eventFile{{name, mediaType, data}}})
}

func (c *Chat) say(e event) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places[e.Place] = true
	m := &message{Post: Post{Ref: c.newRef(e.Place), Place: e.Place, Who: e.Who, Text: e.Text, Refs: e.Refs, At: time.Now()}}
	c.refs[m.Ref] = m
	e.Ref = m.Ref
	c.add(e)
	return m.Ref
}

// Edit makes the author of the message ref change it to text.
func (c *Chat) Edit(ref, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.theirs("edit", ref)
	m.History, m.Text = append(m.History, m.Text), text
	c.add(event{Kind: channels.Edit, Ref: ref, Who: m.Who, Place: m.Place, Text: text})
}

// Delete makes the author of the message ref take it back.
func (c *Chat) Delete(ref string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.theirs("delete", ref)
	m.deleted = true
	c.add(event{Kind: channels.Deletion, Ref: ref, Who: m.Who, Place: m.Place})
}

// Sign makes person put a sign, such as 👍, on the message ref.
func (c *Chat) Sign(person, ref, sign string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.must("react to", ref)
	c.add(event{Kind: channels.Reaction, Refs: []string{ref}, Who: person, Place: m.Place, Text: sign})
}

// Press makes person press the button of the post ref that is labelled label.
func (c *Chat) Press(person, ref, label string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.must("press a button on", ref)
	i := slices.IndexFunc(m.Choices, func(ch channels.Choice) bool { return ch.Label == label })
	if i < 0 {
		panic(fmt.Sprintf("channeltest: %s has no button %q, only %v", ref, label, m.Choices))
	}
	act := m.Choices[i].Action
	c.add(event{Kind: channels.Message, Refs: []string{ref}, Who: person, Place: m.Place, Act: &act})
}

// Do makes person do something that is neither a message nor a button: a
// command, a form.
func (c *Chat) Do(person, place string, act channels.Action) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places[place] = true
	c.add(event{Kind: channels.Message, Who: person, Place: place, Act: &act})
}

// Repeat presents the newest event about the message ref once more: the same
// event id, as a service does that missed our acknowledgement.
func (c *Chat) Repeat(ref string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, c.newest(ref))
	c.change()
}

// Copy presents the newest event about ref under another event id: a new
// arrival of known content.
func (c *Chat) Copy(ref string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.newest(ref)
	e.ID = ""
	c.add(e)
}

// Garble puts bytes into the log that are no event.
func (c *Chat) Garble(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(event{bytes: p})
}

func (c *Chat) newest(ref string) event {
	for _, e := range slices.Backward(c.log) {
		if e.Ref == ref {
			return e
		}
	}
	panic("channeltest: no event about " + ref)
}

func (c *Chat) must(what, ref string) *message {
	m := c.refs[ref]
	if m == nil {
		panic(fmt.Sprintf("channeltest: cannot %s %q: no such message", what, ref))
	}
	return m
}

func (c *Chat) theirs(what, ref string) *message {
	m := c.must(what, ref)
	if m.Who == "" {
		panic(fmt.Sprintf("channeltest: cannot %s %q: it is the bot's", what, ref))
	}
	return m
}

func (c *Chat) newRef(place string) string {
	c.number++
	return fmt.Sprintf("%s:%s:%d", c.channel, place, c.number)
}

func (c *Chat) add(e event) {
	if e.ID == "" {
		e.ID = fmt.Sprintf("%s:event:%d", c.channel, len(c.log)+1)
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	c.log = append(c.log, e)
	c.change()
}

func (c *Chat) change() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// wait returns a channel that is closed at the next change. c.mu is held.
func (c *Chat) wait() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// until returns nil as soon as ok, which is called with c.mu held, is true.
func (c *Chat) until(ctx context.Context, what string, ok func() bool) error {
	for {
		c.mu.Lock()
		done, changed := ok(), c.wait()
		c.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("chat %s: waiting %s: %w", c.channel, what, context.Cause(ctx))
		}
	}
}

func (e event) raw() []byte {
	if e.bytes != nil {
		return e.bytes
	}
	p, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return p
}
