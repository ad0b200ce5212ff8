package slacktest

import (
	"fmt"
	"math"
	"time"
)

// bucket is a token bucket.
type bucket struct {
	tokens, burst, perSecond float64
	at                       time.Time
	until                    time.Time // refused until then
}

// take takes one; otherwise it says how long until there is one.
func (b *bucket) take(now time.Time) (wait time.Duration) {
	b.tokens = min(b.burst, b.tokens+now.Sub(b.at).Seconds()*b.perSecond)
	b.at = now
	if b.tokens >= 1-1e-6 { // 999,999 µs are a second
		b.tokens--
		return 0
	}
	return time.Duration((1 - b.tokens) / b.perSecond * float64(time.Second))
}

// Limited is a call that was refused with 429 because there were too many.
type Limited struct {
	Method, Channel string
	At              time.Time
	RetryAfter      time.Duration
}

// Limited returns the calls that the world's own limits refused.
func (w *World) Limited() []Limited {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Limited(nil), w.limited...)
}

// limit counts a call against the limits: the method's in the workspace, and one
// message a second in a channel. Who comes again before Retry-After is over does
// what a correct client never does.
func (w *World) limit(c *call, m method) error {
	if w.opts.Unlimited {
		return nil
	}
	tier := float64(m.tier)
	if err := w.take(c, c.method, "", tier, tier/60); err != nil {
		return err
	}
	if c.method != "chat.postMessage" {
		return nil
	}
	channel := c.str("channel")
	if u := w.user(channel); u != nil && u.dm != nil {
		channel = u.dm.ID // two names of one place
	}
	return w.take(c, c.method+" "+channel, channel, float64(w.opts.Burst), 1)
}

func (w *World) take(c *call, key, channel string, burst, perSecond float64) error {
	now := time.Now()
	b := w.limits[key]
	if b == nil {
		b = &bucket{tokens: burst, burst: burst, perSecond: perSecond, at: now}
		w.limits[key] = b
	}
	if now.Before(b.until) {
		w.violate(c.method, "came again %v before Retry-After was over", b.until.Sub(now).Round(time.Millisecond))
	}
	wait := b.take(now)
	if wait == 0 {
		return nil
	}
	seconds := int(math.Ceil(wait.Seconds()))
	b.until = now.Add(time.Duration(seconds) * time.Second)
	w.limited = append(w.limited, Limited{c.method, channel, now, time.Duration(seconds) * time.Second})
	return &apiError{name: "ratelimited", retry: seconds}
}

// Violation is something that a correct client never does.
type Violation struct {
	At     time.Time
	Method string
	What   string
}

func (v Violation) String() string { return v.Method + ": " + v.What }

// Violations returns all of them. A test of a correct client ends by looking
// here.
func (w *World) Violations() []Violation {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Violation(nil), w.violations...)
}

// violate notes one. The world is locked.
func (w *World) violate(method, format string, args ...any) {
	w.violations = append(w.violations, Violation{time.Now(), method, fmt.Sprintf(format, args...)})
}
