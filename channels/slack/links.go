package slack

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"frontdesk/channels"
)

// Two sockets are kept open, of the ten that Slack allows: while one is renewed,
// every few hours, the other goes on, and Slack gives each envelope to any one of
// them. Before that a socket that Slack announces to close is replaced: its
// successor has said hello before it is let go.

const (
	socketCount = 2
	// A socket that lived for less counts as a failed attempt.
	longLife = time.Minute
	// One attempt every attemptEvery over all sockets, after the first few: a
	// server that says hello and closes, for ever, is not hammered.
	attemptEvery = 20 * time.Second
	attemptBurst = 4
	// restTime is how long one of the sockets stays away when Slack says that
	// there are too many; never both.
	restTime = 10 * time.Minute
)

// links counts the sockets that are up.
type links struct {
	limit *rate.Limiter
	mu    sync.Mutex
	up    map[*socket]bool
	rests bool // one of the sockets does, as Slack has wished
	// joined is closed and replaced when the first socket comes up.
	joined chan struct{}
}

// keep holds one of the sockets open until the run ends.
func (r *run) keep() {
	failures := 0
	var old *socket
	for {
		if failures > 0 && !pause(r.ctx, backoff(failures-1, time.Second, 2*time.Minute)) {
			return
		}
		if r.links.limit.Wait(r.ctx) != nil {
			return
		}
		s, err := r.connect(r.ctx)
		if r.ctx.Err() != nil {
			if s != nil {
				s.ws.Close()
			}
			return
		}
		if err != nil {
			failures++
			if !r.troubled(err) {
				return
			}
			continue
		}
		r.joined(s)
		r.small.Go(func() {
			s.run()
			r.left(s)
		})
		if old != nil {
			old.retire()
		}
		old = s
		err = s.end()
		if failures++; time.Since(s.began) >= longLife {
			failures = 0
		}
		if !r.troubled(err) {
			return
		}
	}
}

// troubled looks at why a socket failed or ended, and waits where Slack asks for
// it. It returns false when no further attempt is of use.
func (r *run) troubled(err error) bool {
	if r.ctx.Err() != nil {
		return false
	}
	if f, ok := fatal(err); ok {
		r.stop(f)
		return false
	}
	var bye *disconnectError
	if errors.As(err, &bye) {
		r.log.Info("slack closes a socket", "reason", bye.reason)
		switch bye.reason {
		case "link_disabled":
			r.stop(&fatalError{err, remedies["link_disabled"], true})
			return false
		case "too_many_websockets":
			return r.restSocket()
		}
		return true
	}
	r.log.Info("socket failed", "err", err)
	if !r.connected() {
		r.report(channels.Down, err.Error())
	}
	var limited *apiError
	if errors.As(err, &limited) && limited.RetryAfter > 0 {
		return pause(r.ctx, limited.RetryAfter+jitter(time.Second))
	}
	return true
}

// restSocket keeps a socket away for a while, if the other one does not rest as well:
// that one goes on trying.
func (r *run) restSocket() bool {
	r.links.mu.Lock()
	other := r.links.rests
	r.links.rests = true
	r.links.mu.Unlock()
	if other {
		return true
	}
	ok := pause(r.ctx, restTime+jitter(restTime/4))
	r.links.mu.Lock()
	r.links.rests = false
	r.links.mu.Unlock()
	return ok
}

// joined counts a socket that has said hello.
func (r *run) joined(s *socket) {
	r.links.mu.Lock()
	r.links.up[s] = true
	first := len(r.links.up) == 1
	if first {
		close(r.links.joined)
	}
	r.links.mu.Unlock()
	if first {
		r.alive()
		r.wake()
	}
}

// left counts a socket that has ended. There is a gap if no other is open, and if all
// others are younger than the last sign of life of this one: there may have been a
// moment without any, which nobody saw.
func (r *run) left(s *socket) {
	r.links.mu.Lock()
	delete(r.links.up, s)
	last, covered := len(r.links.up) == 0, false
	for other := range r.links.up {
		covered = covered || !other.began.After(s.heard)
	}
	if last {
		r.links.joined = make(chan struct{})
	}
	r.links.mu.Unlock()
	if covered || r.ctx.Err() != nil {
		return
	}
	r.missed("no socket was open")
	if last {
		r.report(channels.Down, s.end().Error())
	}
}

// connected reports whether events can reach us.
func (r *run) connected() bool {
	if r.cfg.AppToken == "" {
		return true
	}
	r.links.mu.Lock()
	defer r.links.mu.Unlock()
	return len(r.links.up) > 0
}

// untilConnected waits for a socket and reports whether ctx let it.
func (r *run) untilConnected(ctx context.Context) bool {
	for !r.connected() {
		r.links.mu.Lock()
		joined := r.links.joined
		r.links.mu.Unlock()
		select {
		case <-joined:
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}
