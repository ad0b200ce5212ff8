package slack

import (
	"context"
	"math/rand/v2"
	"time"
)

// pause waits and reports whether ctx let it.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff is how long to wait after the n-th failure in a row: from low, doubling,
// to high, less up to a half by chance.
func backoff(n int, low, high time.Duration) time.Duration {
	d := min(high, low<<min(n, 20))
	return d/2 + jitter(d/2)
}

// jitter is a time up to d.
func jitter(d time.Duration) time.Duration { return rand.N(d + 1) }
