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
	s      *session
	x      *call // nil between attempts
	out    bool  // its request is out already, sent ahead
	bound  bound
	resent bool // the one resend after an ordinary failure is used up
	grown  int  // how often limits were raised for this call
	spared int  // how often the session ended over another call of this client
}

// maxGrowth is how often one call may raise limits, or suffer from others who do: from 1 KiB to 1 MiB (spec 08).
const maxGrowth = 10

// enter begins a call. It does no I/O.
func (c *core) enter(ctx context.Context, t *try) error {
	t.bound.era = c.era.Load()
	if err := over(ctx, t.bound.era); err != nil {
		return c.lost(err)
	}
	if !c.ready.Load() {
		return c.lost(c.notReady())
	}
	t.s = c.current.Load()
	t.bound.deadline = c.deadline(ctx)
	return nil
}

// take takes a slot for the next attempt.
func (t *try) take(ctx context.Context) error {
	x, err := t.s.take(ctx, &t.bound)
	t.x = x
	return err
}

// guard gives back what an attempt holds when the user's code has not returned: it panicked, or ended its
// goroutine, before there was a request under way or after it was answered.
func (t *try) guard(returned *bool) {
	if *returned || t.x == nil {
		return
	}
	if t.out { // and its answer may come yet
		t.x.s.leaveOnly()
		return
	}
	if t.x.sends {
		t.x.unreserve()
	}
	t.x.giveBack()
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
	sent := false
	if t.x != nil {
		if _, gone := err.(*departed); !gone {
			sent = t.x.sent
			t.bound = t.x.bound
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
	case errors.As(err, &limit) && !errors.Is(err, link.ErrProtocol): // what a provider sends is not ours to raise
		return c.growRequest(ctx, t, limit)
	case errors.As(err, &status) && status.Status == wire.StatusLimitExceeded:
		return c.growResponse(ctx, t, status)
	case status != nil && status.Status == wire.StatusUnsupported:
		return c.lost(err) // the session is as good as before, and so would the answer be
	case !sent: // then it is not sent again either; time is what ends this
		if t.bound.deadline.Expired() {
			return c.lost(stop(ErrTimeout))
		}
	case t.spared < maxGrowth && (err == errCutShort || gone(err) && t.s.isOutgrown()):
		t.spared++ // it ended over another call, which left while sending, or whose answer did not fit
	case t.resent:
		c.broke(t.s, err)
		return c.lost(err)
	default:
		t.resent = true
	}
	// The session gives way before the next one comes: to a provider with few places we must not be two clients.
	t.s.retire(err)
	s, _, cerr := c.connect(ctx, &t.bound, wish{not: t.s, window: c.cfg.ReconnectWindow})
	if cerr != nil {
		if _, own := cerr.(*stopError); own {
			return c.lost(cerr)
		}
		// Only the last failure is one to branch on: each end of a call is one error (spec 02, 08).
		return c.lost(fmt.Errorf("%v; reconnecting failed: %w", err, cerr))
	}
	if sent {
		c.n.retries.Add(1)
	}
	t.s = s
	return nil
}

// isOutgrown reports whether an answer did not fit into this session.
func (s *session) isOutgrown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outgrown
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
		s.retire(err)
	}
}

// growRequest proposes more for a request that exceeds what was agreed (spec 15-n). The session that is to be
// replaced goes on until its callers are done.
func (c *core) growRequest(ctx context.Context, t *try, limit *link.LimitError) error {
	items := limit.What == link.WhatRequestItems
	ceiling := c.cfg.MaxRequestPayload
	if items {
		ceiling = c.cfg.MaxItems
	}
	failed := &GrowthError{What: fmt.Sprintf("%s of %d", limit.What, limit.Need), Agreed: limit.Agreed, Err: limit}
	if limit.Need > uint64(ceiling) || t.grown == maxGrowth {
		failed.Ceiling = uint64(ceiling)
		return c.lost(failed)
	}
	size := uint32(min(max(nextPower(limit.Need), leastGrowth), uint64(ceiling)))
	w := wish{not: t.s, grow: func(p *link.Proposal) {
		if items {
			p.RequestItems, p.ResponseItems = max(size, p.RequestItems), 0
		} else {
			p.RequestPayload = max(size, p.RequestPayload)
		}
	}}
	s, mine, err := c.connect(ctx, &t.bound, w)
	if refusedWith(err, wire.StatusInternalError) && t.s.retireIdle() {
		// It may be full, and the place that it had for us is the one that was just given up.
		w.window = c.cfg.ReconnectWindow
		s, mine, err = c.connect(ctx, &t.bound, w)
	}
	switch {
	case refusedWith(err, wire.StatusLimitExceeded):
		failed.Err = err
		return c.lost(failed)
	case err != nil:
		return c.lost(err)
	}
	now := s.conn.Info().Limits
	if agreed := uint64(now.RequestPayload); mine && !items && agreed <= limit.Agreed {
		return c.lost(failed)
	}
	if agreed := uint64(now.RequestItems); mine && items && agreed <= limit.Agreed {
		return c.lost(failed)
	}
	if mine {
		t.grown++
	}
	t.s = s
	return nil
}

// retireIdle retires a session that nobody uses, and reports whether it did.
func (s *session) retireIdle() bool {
	s.mu.Lock()
	idle := !s.inUse() && s.queued == 0
	s.mu.Unlock()
	if idle {
		s.retire(errRetired)
	}
	return idle
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
	t.s.retire(status) // the provider ends it
	s, mine, err := c.connect(ctx, &t.bound, wish{not: t.s, window: c.cfg.ReconnectWindow, grow: func(p *link.Proposal) {
		p.ResponsePayload = max(p.ResponsePayload, min(max(2*before, before), c.cfg.MaxResponsePayload))
	}})
	if err != nil {
		return c.lost(err)
	}
	t.s = s
	if !mine {
		return nil // it may be older than what the provider grants by now
	}
	t.grown++
	if s.conn.Info().Limits.ResponsePayload <= before {
		c.broke(s, failed)
		return c.lost(failed)
	}
	return nil
}
