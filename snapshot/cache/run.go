package cache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/plugin-ipc/netipc/service"
)

// Run refreshes at once and then again and again until ctx ends, for those who have no loop of their own. What
// it does shows in Snapshot and Status. It returns the cause of ctx, or service.ErrClosed when the cache was
// closed; nothing else ends it. One Run a cache is enough.
//
// Each wait counts from the end of a refresh. After a success it is the interval. After a failure it is a second,
// or the interval if that is shorter, and doubles with each further failure up to Config.MaxBackoff: a provider
// that was merely restarted is found soon, one that is gone is not hammered at. All waits are jittered.
func (c *Cache[T]) Run(ctx context.Context, interval time.Duration) error {
	if interval <= 0 {
		return fmt.Errorf("cache: Run with an interval of %v", interval)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	backoff := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
		}
		err := c.Refresh(ctx)
		wait := interval
		switch {
		case err == nil:
			backoff = 0
		case errors.Is(err, service.ErrClosed):
			return err
		default:
			backoff = c.cfg.backoff(backoff, interval)
			wait = backoff
		}
		timer.Reset(c.cfg.jittered(wait))
	}
}

// firstBackoff is the wait after the first failure, unless the interval is shorter.
const firstBackoff = time.Second

// backoff returns the wait after a failure; last is the one after the failure before, 0 if there was none.
func (c Config) backoff(last, interval time.Duration) time.Duration {
	if last == 0 {
		return min(firstBackoff, interval)
	}
	return min(2*last, max(c.MaxBackoff, interval))
}

// jittered returns a wait of d, more or less.
func (c Config) jittered(d time.Duration) time.Duration {
	return d + time.Duration((2*rand.Float64()-1)*c.Jitter*float64(d))
}
