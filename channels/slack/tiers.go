package slack

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"frontdesk/channels"
)

// tiers keeps each method within its tier, whoever calls it: what takes messages in
// and what sends them share the limit. Slack counts calls a minute for each method
// and workspace: Tier 3 is 50 and more, Tier 4 is 100 and more
// (https://docs.slack.dev/apis/web-api/rate-limits). What changes messages has lanes of its
// own: see [pacer].
type tiers struct {
	mu      sync.Mutex
	methods map[string]*rate.Limiter
}

const (
	tier4Gap  = 600 * time.Millisecond
	tierBurst = 10
)

var tier4 = map[string]bool{"users.info": true, "conversations.members": true, "files.info": true,
	"files.getUploadURLExternal": true, "files.completeUploadExternal": true}

func (p *tiers) wait(ctx context.Context, method string) error {
	p.mu.Lock()
	if p.methods == nil {
		p.methods = map[string]*rate.Limiter{}
	}
	l := p.methods[method]
	if l == nil {
		gap := tierGap
		if tier4[method] {
			gap = tier4Gap
		}
		l = rate.NewLimiter(rate.Every(gap), tierBurst)
		p.methods[method] = l
	}
	p.mu.Unlock()
	return l.Wait(ctx)
}

// turn waits until a method may be called, and until Slack does not want it to rest
// any more.
func (c *Channel) turn(ctx context.Context, method string) error {
	for {
		if err := c.tiers.wait(ctx, method); err != nil {
			return err
		}
		rest := c.pace.rest(method)
		if rest <= 0 {
			return nil
		}
		if !pause(ctx, rest) {
			return ctx.Err()
		}
	}
}

// sendTurn is turn for a delivery: it does not wait for what Slack wants to rest, but
// comes again.
func (c *Channel) sendTurn(ctx context.Context, method string) error {
	if rest := c.pace.rest(method); rest > 0 {
		return resting(method, rest)
	}
	if err := c.tiers.wait(ctx, method); err != nil {
		return &channels.SendError{Err: fmt.Errorf("%s: while waiting for its turn: %w", method, err)}
	}
	return nil
}

// resting says that Slack wants a method to rest.
func resting(method string, rest time.Duration) error {
	return &channels.SendError{RetryAfter: rest, Err: fmt.Errorf("%s: rate limited for %v", method, rest.Round(time.Second))}
}
