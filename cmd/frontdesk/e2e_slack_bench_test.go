package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"frontdesk/channels/slack/slacktest"
	"frontdesk/faq"
)

// BenchmarkSlackAck lets 100 people a second write to the bot, each for the first
// time, and prints how long it takes from sending an envelope to its acknowledgement:
// over a socket, with the whole engine, a commit to the disk (synchronous = FULL) for
// each, while answers go out.
func BenchmarkSlackAck(b *testing.B) {
	const n, every = 1000, 10 * time.Millisecond
	var took []time.Duration
	for b.Loop() {
		c := newTown(b, slacktest.Options{Sockets: true, Unlimited: true})
		s := newSlackSite(b, c)
		end := s.runHere()
		ctx := within(b, time.Minute)
		if err := c.WaitSockets(ctx, 2); err != nil {
			b.Fatal(err)
		}
		// Until it has looked for what it missed, it has more to do than this.
		if err := c.Wait(ctx, func() bool { return len(c.Calls("users.conversations")) > 0 }); err != nil {
			b.Fatal(err)
		}
		var people []*slacktest.User
		for i := range n {
			people = append(people, c.User(fmt.Sprintf("p%d", i), slacktest.UserOptions{}))
		}
		before := c.Stats() // the invitations came when nobody listened
		tick := time.NewTicker(every)
		for i, p := range people {
			<-tick.C
			p.DM(fmt.Sprintf("%s (talk %d)", hoursQuestion, i))
		}
		tick.Stop()
		if err := c.Wait(ctx, func() bool { return c.Stats().Acked >= before.Acked+n }); err != nil {
			b.Fatal(err)
		}
		after := c.Stats()
		if late := after.Unacked - before.Unacked; late > 0 {
			b.Errorf("%d envelopes were not acknowledged in time", late)
		}
		took = append(took, after.Took[len(before.Took):]...)
		end()
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(took)
	for name, part := range map[string]float64{"p50": 0.5, "p99": 0.99, "max": 1} {
		b.ReportMetric(float64(took[int(part*float64(len(took)-1))].Microseconds())/1000, name+"-ms")
	}
	b.ReportMetric(0, "ns/op")
}

// runHere runs what serve would run, in this process, until end is called.
func (s *site) runHere() (end func()) {
	s.t.Helper()
	cfg, err := LoadConfig(s.config())
	if err != nil {
		s.t.Fatal(err)
	}
	secrets, err := cfg.Secrets()
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := engineConfig(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	for _, ch := range cfg.Channels {
		if c.Channels[ch.Name], err = slackChannel(ch, slackConfig(ch.Slack, secrets), quiet); err != nil {
			s.t.Fatal(err)
		}
	}
	h, err := build(s.t.Context(), cfg, c, faq.Cache{}, quiet)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
		if err := h.db.Close(); err != nil {
			s.t.Error(err)
		}
	}
}
