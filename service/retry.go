package service

import (
	"context"
	"errors"
	"fmt"
	"math/bits"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// try is one call over all its attempts.
type try struct {
	s        *session
	x        *call // nil between attempts
	deadline link.Deadline
	resent   bool // the one resend after an ordinary failure is used up
	grown    int  // how often limits were raised for this call
}

// maxGrowth is how often one call may raise limits: from 1 KiB to 1 MiB (spec 08).
const maxGrowth = 10

// enter begins a call. It does no I/O.
func (c *core) enter(ctx context.Context, t *try) error {
	if err := c.over(ctx); err != nil {
		return c.lost(err)
	}
	if !c.ready.Load() {
		return c.lost(c.notReady())
	}
	t.s = c.current.Load()
	t.deadline = c.deadline(ctx)
	return nil
}

// take takes a slot for the next attempt.
func (t *try) take(ctx context.Context) error {
	x, err := t.s.take(ctx, &t.deadline)
	t.x = x
	return err
}

func (c *core) notReady() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return ErrClosed
	case c.lastErr != nil && c.state != StateConnecting:
		return fmt.Errorf("%w (%v): call Refresh to connect; last failure: %w", ErrNotReady, c.state, c.lastErr)
	}
	return fmt.Errorf("%w (%v): call Refresh to connect", ErrNotReady, c.state)
}

// lost counts and dresses the error that a call ends with.
func (c *core) lost(err error) error {
	c.n.errors.Add(1)
	err = unstop(err)
	endpoint := c.dialer.Endpoint()
	var op *link.OpError
	if e, ok := err.(*link.OpError); ok && e.Endpoint == endpoint {
		op = e
	}
	if op != nil {
		return &link.OpError{Op: "call: " + op.Op, Endpoint: endpoint, Err: op.Err}
	}
	return &link.OpError{Op: "call", Endpoint: endpoint, Err: err}
}

// again decides after a failed attempt. Nil: t is ready for another one. Otherwise it is the call's error.
func (c *core) again(ctx context.Context, t *try, err error) error {
	if t.x != nil {
		if _, gone := err.(*departed); !gone {
			t.deadline = t.x.deadline
			t.x.giveBack()
		}
		t.x = nil
	}
	var limit *link.LimitError
	var status *StatusError
	switch err.(type) {
	case *stopError, *departed:
		return c.lost(err)
	}
	switch {
	case errors.As(err, &limit):
		return c.growRequest(ctx, t, limit)
	case errors.As(err, &status) && status.Status == wire.StatusLimitExceeded:
		return c.growResponse(ctx, t, status)
	case status != nil && status.Status == wire.StatusUnsupported:
		return c.lost(err) // the session is as good as before, and so would the answer be
	case t.resent && !errors.Is(err, errRetired):
		c.broke(t.s, err)
		return c.lost(err)
	}
	// What was never sent is not sent again. Otherwise the session gives way before the next one comes: to a
	// provider with few places we must not be two clients.
	if !errors.Is(err, errRetired) {
		t.resent = true
		t.s.retire()
	}
	s, cerr := c.connect(ctx, &t.deadline, wish{not: t.s, window: c.cfg.ReconnectWindow})
	if cerr != nil {
		if _, own := cerr.(*stopError); own {
			return c.lost(cerr)
		}
		return c.lost(fmt.Errorf("%w; reconnecting failed: %w", err, cerr))
	}
	if !errors.Is(err, errRetired) {
		c.n.retries.Add(1)
	}
	t.s = s
	return nil
}

// broke notes that a call failed on a fresh session too.
func (c *core) broke(s *session, err error) {
	c.mu.Lock()
	current := c.current.Load() == s && c.state == StateReady
	if current {
		c.setState(StateBroken, err)
	}
	c.mu.Unlock()
	if current {
		s.retire()
	}
}

// growRequest proposes more for a request that exceeds what was agreed (spec 15-n). The session that is to be
// replaced goes on until its callers are done.
func (c *core) growRequest(ctx context.Context, t *try, limit *link.LimitError) error {
	c.mu.Lock()
	p := c.proposal
	c.mu.Unlock()
	field, ceiling := &p.RequestPayload, c.cfg.MaxRequestPayload
	if limit.What == link.WhatRequestItems {
		field, ceiling = &p.RequestItems, c.cfg.MaxItems
		p.ResponseItems = 0
	}
	failed := &GrowthError{What: fmt.Sprintf("%s of %d", limit.What, limit.Need), Agreed: limit.Agreed}
	if limit.Need > uint64(ceiling) || t.grown == maxGrowth {
		failed.Ceiling = uint64(ceiling)
		return c.lost(failed)
	}
	*field = uint32(min(max(nextPower(limit.Need), leastGrowth), uint64(ceiling)))
	t.grown++
	s, err := c.connect(ctx, &t.deadline, wish{not: t.s, proposal: &p})
	switch {
	case err == nil:
		t.s = s
		return nil
	case refusedWith(err, wire.StatusLimitExceeded):
		failed.Err = err
		return c.lost(failed)
	}
	return c.lost(err)
}

// leastGrowth is the smallest limit that growth proposes.
const leastGrowth = 16

func nextPower(n uint64) uint64 {
	if n <= 1 {
		return 1
	}
	return 1 << bits.Len64(n-1)
}

// growResponse reconnects after an answer that did not fit: the provider has raised its ceiling by then, or
// has not (spec 15-o).
func (c *core) growResponse(ctx context.Context, t *try, status *StatusError) error {
	before := t.s.conn.Info().Limits.ResponsePayload
	failed := &GrowthError{What: "the answer", Agreed: uint64(before), Err: status}
	if before >= c.cfg.MaxResponsePayload || t.grown == maxGrowth {
		failed.Ceiling = uint64(c.cfg.MaxResponsePayload)
		c.broke(t.s, failed)
		return c.lost(failed)
	}
	c.mu.Lock()
	p := c.proposal
	c.mu.Unlock()
	p.ResponsePayload = min(max(2*before, before), c.cfg.MaxResponsePayload)
	t.grown++
	t.s.retire() // the provider ends it
	s, err := c.connect(ctx, &t.deadline, wish{not: t.s, proposal: &p, window: c.cfg.ReconnectWindow})
	if err != nil {
		return c.lost(err)
	}
	t.s = s
	if s.conn.Info().Limits.ResponsePayload <= before {
		c.broke(s, failed)
		return c.lost(failed)
	}
	return nil
}
