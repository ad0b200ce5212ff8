package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"frontdesk/channels"
)

var (
	_ channels.Source = (*Channel)(nil)
	_ channels.Parser = (*Channel)(nil)
)

const (
	beatEvery = time.Minute
	// checkEvery is how many beats lie between two looks at Slack when events come
	// by HTTP: there is no connection whose end would be noticed.
	checkEvery = 4
	// lookEvery is how often they are looked for all the same: what does not reach us
	// Slack sends four times in six minutes, and then never again.
	lookEvery = 5 * time.Minute
)

// Run presents every message to h until ctx ends, as [channels.Source] has it. It
// returns another error than ctx's when an operator must act and it can go on only
// with another configuration: a token that is not valid, or one of another workspace.
// What can be mended in Slack alone it reports as Fatal, and tries again.
func (c *Channel) Run(ctx context.Context, cursors map[string]string, h channels.Handler) error {
	defer c.Close()
	m := newMarks(cursors, time.Now(), c.cfg.AppToken == "")
	for again := false; ; again = true {
		err := c.run(ctx, m, h, again)
		var f *fatalError
		if ctx.Err() != nil || !errors.As(err, &f) || !f.mends {
			return err
		}
		m.restart()
		h.Report(ctx, channels.Health{Channel: c.name, State: channels.Fatal, Reason: f.Error(), At: time.Now()})
		if !pause(ctx, mendTime) {
			return ctx.Err()
		}
	}
}

// run is Run until something ends it. again says that it is not the first time.
func (c *Channel) run(ctx context.Context, m *marks, h channels.Handler, again bool) error {
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := newRun(c, inner, stop, m, h)
	r.links.limit = rate.NewLimiter(rate.Every(attemptEvery), attemptBurst)
	r.links.joined, r.links.up = make(chan struct{}), map[*socket]bool{}
	if !again {
		r.report(channels.Starting, "connecting")
	}
	if err := r.introduce(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	var all sync.WaitGroup
	for _, l := range r.tracks {
		all.Go(func() { r.work(l) })
	}
	c.intake.running.Store(r)
	defer c.intake.running.Store(nil)
	if c.cfg.AppToken != "" {
		for range socketCount {
			all.Go(r.keep)
		}
	}
	all.Go(r.catchUp)
	all.Go(r.beat)
	r.wake()
	<-inner.Done()
	all.Wait()
	r.finish()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return context.Cause(inner)
}

// introduce asks Slack who we are, until it is told.
func (r *run) introduce() error {
	for tries := 0; ; tries++ {
		err := r.whoAmI()
		if err == nil {
			return nil
		}
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if f, ok := fatal(err); ok {
			return f
		}
		r.report(channels.Down, err.Error())
		if !pause(r.ctx, backoff(tries, time.Second, time.Minute)) {
			return r.ctx.Err()
		}
	}
}

// whoAmI asks once, and checks that the token is of our workspace.
func (r *run) whoAmI() error {
	var a struct {
		Team       str `json:"team_id"`
		Name       str `json:"team"`
		User       str `json:"user_id"`
		Bot        str `json:"bot_id"`
		Enterprise str `json:"enterprise_id"`
		URL        str `json:"url"`
	}
	if err := r.call(r.ctx, "auth.test", r.cfg.BotToken, url.Values{}, &a); err != nil {
		return err
	}
	if team := string(a.Team); team != r.cfg.Team && string(a.Enterprise) != r.cfg.Team {
		return &fatalError{fmt.Errorf("the token is for the workspace %s (%s), not for %s", team, a.Name, r.cfg.Team),
			"set the team and its own token", false}
	}
	r.self.Store(&self{User: string(a.User), Bot: string(a.Bot), Enterprise: string(a.Enterprise), URL: string(a.URL)})
	return nil
}

// confirm asks whether we have been put out, as an event says: it may be about another
// installation of the app, and the token knows best.
func (r *run) confirm(event string) {
	for _, wait := range []time.Duration{0, 10 * time.Second, time.Minute} {
		if !pause(r.ctx, wait) {
			return
		}
		if f, ok := fatal(r.whoAmI()); ok {
			r.stop(f)
			return
		}
	}
	r.log.Warn("slack says "+event+", but the token is good", "team", r.cfg.Team)
}

// beat says every minute that we are up, as long as we are.
func (r *run) beat() {
	ok := true
	for n := 1; pause(r.ctx, beatEvery); n++ {
		if r.cfg.AppToken == "" {
			if n%checkEvery == 0 || !ok {
				was := ok
				err := r.whoAmI()
				if f, final := fatal(err); final {
					r.stop(f)
					return
				}
				if ok = err == nil; !ok && r.ctx.Err() == nil {
					r.report(channels.Down, err.Error())
				} else if !was {
					r.missed("slack could not be reached")
				}
			}
			if ok {
				r.lookAround()
			}
		}
		if ok && r.connected() {
			r.alive()
		}
	}
}
