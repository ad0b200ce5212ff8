package channeltest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"frontdesk/channels"
)

// stream is the name of the only stream of a chat.
const stream = "chat"

// Run presents the log from the cursor on, in order, each event until h takes
// it. It returns when ctx ends.
func (c *Chat) Run(ctx context.Context, cursors map[string]string, h channels.Handler) error {
	next := 0
	if p := cursors[stream]; p != "" {
		n, err := strconv.Atoi(p)
		if err != nil {
			return fmt.Errorf("chat %s: cursor %q: %w", c.channel, p, err)
		}
		next = n
	}
	beating, rest := context.WithCancel(ctx)
	var heart sync.WaitGroup
	heart.Go(func() { c.beat(beating, h) })
	defer func() { rest(); heart.Wait() }()
	for failed := 0; ; {
		if err := c.until(ctx, "for an event", func() bool { return len(c.log) > next }); err != nil {
			return ctx.Err()
		}
		c.mu.Lock()
		e := c.log[next]
		c.mu.Unlock()

		in := c.parse(e.raw())
		in.Cursor = channels.Cursor{Stream: stream, Position: strconv.Itoa(next + 1)}
		if in.Problem != "" { // the outer envelope of a real service still has these
			in.Keys, in.Arrived = []string{e.ID}, e.At
		}
		if _, err := h.Receive(ctx, in); err != nil {
			failed++
			select {
			case <-time.After(backoff(failed)):
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		failed = 0
		next++
		c.mu.Lock()
		c.acked = next
		c.change()
		c.mu.Unlock()
	}
}

// beat says that the chat is up, now and every minute.
func (c *Chat) beat(ctx context.Context, h channels.Handler) {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for {
		if !c.silent.Load() {
			h.Report(ctx, channels.Health{Channel: c.channel, State: channels.Up, At: time.Now()})
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// Silence makes the source say no more that it is up, as one that hangs.
func (c *Chat) Silence(on bool) { c.silent.Store(on) }

// Drained waits until the handler has taken every event so far.
func (c *Chat) Drained(ctx context.Context) error {
	return c.until(ctx, "until all events are taken", func() bool { return c.acked >= len(c.log) })
}

// Parse turns a recorded event into the message that it was.
func (c *Chat) Parse(_ context.Context, raw channels.Blob) (channels.Inbound, error) {
	p, err := raw.ReadAll(1 << 30)
	if err != nil {
		return channels.Inbound{}, err
	}
	return c.parse(p), nil
}

func (c *Chat) parse(raw []byte) channels.Inbound {
	in := channels.Inbound{Channel: c.channel, Kind: channels.Message, Raw: channels.Bytes(raw)}
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		sum := sha256.Sum256(raw)
		in.Keys = []string{fmt.Sprintf("%s:sha256:%x", c.channel, sum)}
		in.Problem = "no event: " + err.Error()
		return in
	}
	in.Kind, in.Ref, in.Refs, in.Place = e.Kind, e.Ref, e.Refs, e.Place
	in.From, in.Proof, in.Text, in.Action = Who(e.Who), channels.Proven, e.Text, e.Act
	in.Public = strings.HasPrefix(e.Place, "room:")
	in.Sent, in.Arrived = e.At, e.At
	in.Keys = []string{e.ID}
	if e.Kind == channels.Message && e.Ref != "" {
		in.Keys = append(in.Keys, e.Ref)
	}
	for _, f := range e.Files {
		in.Files = append(in.Files, channels.File{Name: f.Name, Type: f.Type, Data: channels.Bytes(f.Data)})
	}
	return in
}
