package slack

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/slack/slacktest"
)

// house is a workspace with a support channel, an agents' channel, a customer, and
// our channel on it.
type house struct {
	t       testing.TB
	w       *slacktest.World
	ann     *slacktest.User
	support *slacktest.Channel
	agents  *slacktest.Channel
	before  slacktest.Stats // of the moving in
}

func newHouse(t testing.TB, o slacktest.Options) *house {
	t.Helper()
	w, err := slacktest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{t: t, w: w, ann: w.User("ann", slacktest.UserOptions{})}
	h.support = w.Channel("support", slacktest.ChannelOptions{})
	h.agents = w.Channel("agents", slacktest.ChannelOptions{})
	w.SetIntake(slacktest.Intake{LoseOffline: true}) // nobody is told of these
	w.Invite(h.support, w.BotUser(), h.ann)
	w.Invite(h.agents, w.BotUser())
	w.SetIntake(slacktest.Intake{})
	h.before = w.Stats()
	return h
}

// stats counts what became of deliveries since the house was ready.
func (h *house) stats() slacktest.Stats {
	s := h.w.Stats()
	s.Sent -= h.before.Sent
	s.Unacked -= h.before.Unacked
	s.Lost -= h.before.Lost
	s.LostIDs = s.LostIDs[len(h.before.LostIDs):]
	return s
}

// channel is ours in the house, by Socket Mode unless change says otherwise.
func (h *house) channel(change ...func(*Config)) *Channel {
	h.t.Helper()
	cfg := Config{Team: h.w.TeamID(), BotToken: h.w.BotToken(), AppToken: h.w.AppToken(), Agents: h.agents.ID,
		Support: []string{h.support.ID}, APIURL: h.w.APIURL(), Dial: h.w.Dial}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New("slack", cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func byHTTP(h *house) func(*Config) {
	return func(c *Config) { c.AppToken, c.SigningSecret = "", h.w.SigningSecret() }
}

// running is a Run under way.
type running struct {
	t    testing.TB
	rec  *channeltest.Recorder
	stop context.CancelFunc
	done chan error
}

func start(t testing.TB, c channels.Source, cursors map[string]string, h channels.Handler) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{t: t, stop: cancel, done: make(chan error, 1)}
	r.rec, _ = h.(*channeltest.Recorder)
	go func() { r.done <- c.Run(ctx, cursors, h) }()
	t.Cleanup(cancel)
	return r
}

func (r *running) end() {
	r.t.Helper()
	r.stop()
	if err := <-r.done; err != context.Canceled {
		r.t.Errorf("Run returned %v", err)
	}
	if r.rec != nil {
		for _, c := range r.rec.Complaints() {
			r.t.Error(c)
		}
	}
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func (r *running) up() {
	r.t.Helper()
	if err := r.rec.WaitState(within(r.t, time.Minute), channels.Up); err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) kept(n int) []channels.Inbound {
	r.t.Helper()
	if err := r.rec.WaitKept(within(r.t, time.Minute), n); err != nil {
		r.t.Fatal(err)
	}
	return r.rec.Kept()
}

func inBubble(t *testing.T, o slacktest.Options, f func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newHouse(t, o)) })
}

// patient is a source whose outside says nothing until the source is up: what is
// put before waits, since before the first start nothing is looked for.
type patient struct {
	*Channel

	mu      sync.Mutex
	waiting []func()
	more    chan struct{} // of size 1
}

func (p *patient) Run(ctx context.Context, cursors map[string]string, h channels.Handler) error {
	up := &firstUp{Handler: h, up: make(chan struct{})}
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all.Go(func() {
		select {
		case <-up.up:
		case <-ctx.Done():
			return
		}
		pause(ctx, time.Second) // until the other conversations are caught up as well
		for {
			p.mu.Lock()
			now := p.waiting
			p.waiting = nil
			p.mu.Unlock()
			for _, f := range now {
				f()
				time.Sleep(10 * time.Millisecond) // two sockets have no common order
			}
			select {
			case <-p.more:
			case <-ctx.Done():
				return
			}
		}
	})
	return p.Channel.Run(ctx, cursors, up)
}

func (p *patient) put(f func()) {
	p.mu.Lock()
	p.waiting = append(p.waiting, f)
	p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
}

type firstUp struct {
	channels.Handler
	once sync.Once
	up   chan struct{}
}

func (f *firstUp) Report(ctx context.Context, h channels.Health) {
	f.Handler.Report(ctx, h)
	if h.State == channels.Up {
		f.once.Do(func() { close(f.up) })
	}
}

func TestSourceConforms(t *testing.T) {
	channeltest.TestSource(t, true, func(t *testing.T) channeltest.SourceHarness {
		h := newHouse(t, slacktest.Options{})
		p := &patient{Channel: h.channel(), more: make(chan struct{}, 1)}
		return channeltest.SourceHarness{
			Source:  p,
			Overlap: true,
			Put:     func(text string) { p.put(func() { h.ann.DM(text) }) },
			Garble: func() {
				p.put(func() {
					h.w.Emit(map[string]any{"type": "message", "channel": h.ann.Direct().ID, "channel_type": "im", "user": h.ann.ID, "text": "no ts"})
				})
			},
		}
	})
}
