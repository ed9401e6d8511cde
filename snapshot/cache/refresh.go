package cache

import (
	"context"
	"errors"
	"time"

	"github.com/plugin-ipc/netipc/service"
)

// Refresh fetches a value and publishes it. It connects first when the source has no session, so that calling it in a
// loop is all it takes to follow a provider that comes and goes. It tries once: whether and when to try again is the
// caller's decision. After an error the cache holds what it held.
//
// It waits for other refreshes of this cache, which come one after the other, and for the source; at most until ctx
// ends. Close ends it. Errors: those of the source. Of a typed client they are those of service.Client's Refresh and
// Call, which name the endpoint; among them service.ErrMalformed for an answer that makes no sense, which ends the
// session too. While it waits for its turn: service.ErrTimeout, context.Canceled.
func (c *Cache[T]) Refresh(ctx context.Context) error {
	if err := c.takeTurn(ctx); err != nil {
		return c.failed(err)
	}
	defer func() { <-c.turn }()
	old := c.current.Load()
	f, err := c.ask(ctx, old)
	if err != nil {
		return c.failed(err)
	}
	next := &Snapshot[T]{generation: f.Generation, taken: time.Now()}
	unchanged := f.Unchanged && old != nil
	if unchanged {
		next.value = old.value
	} else {
		next.value = new(T)
		*next.value = f.Value
	}
	c.succeeded(next, unchanged)
	return nil
}

// takeTurn waits for the right to refresh.
func (c *Cache[T]) takeTurn(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}: // as a rule; a choice of two takes longer
		return nil
	default:
	}
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
	}
	if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return service.ErrTimeout
}

// ask makes one attempt. The turn is the caller's.
func (c *Cache[T]) ask(ctx context.Context, old *Snapshot[T]) (Fetched[T], error) {
	if !c.source.Ready() {
		if _, err := c.source.Refresh(ctx); err != nil {
			return Fetched[T]{}, err
		}
	}
	return c.source.Fetch(ctx, old)
}
