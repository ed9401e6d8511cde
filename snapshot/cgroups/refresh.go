package cgroups

import (
	"context"
	"errors"
	"time"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
)

// Refresh asks for the whole snapshot and publishes it. It connects first when the client has no session, so
// that calling it in a loop is all it takes to follow a provider that comes and goes. It tries once: whether and
// when to try again is the caller's decision. After an error the cache holds what it held.
//
// It waits for other refreshes of this cache, which come one after the other, and for the provider; at most
// until ctx ends, or for the client's Timeout if ctx has no deadline. The client's Abort and Close end it.
// Errors: those of service.Client's Refresh and Call, which name the endpoint; among them service.ErrMalformed
// for an answer that makes no sense, which ends the session too; and ErrTooLarge.
func (c *Cache) Refresh(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		err := ctx.Err()
		if errors.Is(err, context.DeadlineExceeded) {
			err = service.ErrTimeout
		}
		return c.failed(err)
	}
	defer func() { <-c.turn }()
	if err := c.ask(ctx); err != nil {
		return c.failed(err)
	}
	return nil
}

// ask makes one attempt. The turn is the caller's.
func (c *Cache) ask(ctx context.Context) error {
	if !c.provider.Ready() {
		if _, err := c.provider.Refresh(ctx); err != nil {
			return err
		}
	}
	return c.provider.Call(ctx, payload.Request{}, c.take)
}

// take makes a snapshot of an answer and publishes it.
func (c *Cache) take(a answer) error {
	next := &Snapshot{generation: a.view.Generation(), taken: time.Now()}
	old := c.current.Load()
	same := old != nil && old.equals(a)
	if same {
		next.content = old.content
	} else {
		made, err := makeContent(a, c.cfg.MaxBytes)
		if err != nil {
			return err
		}
		next.content = made
	}
	c.succeeded(next, same)
	return nil
}
