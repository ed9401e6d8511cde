package posix

import (
	"context"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// rest waits for a while between two attempts, for ctx, or for done, if there is such. Errors: ctx's,
// link.ErrClosed for done.
func rest(ctx context.Context, wait time.Duration, done <-chan struct{}) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-done:
		return link.ErrClosed
	}
}
