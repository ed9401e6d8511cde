package service

import (
	"context"
	"errors"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// wish is what a caller wants of a new session.
type wish struct {
	not      *session       // any but this one; nil: any
	window   time.Duration  // try again for so long after failures that may pass
	proposal *link.Proposal // nil: what served last
	anew     bool           // even if replacing that one has failed before
}

// connect returns a live session, made by this caller or by one that is at it already. Errors: a stopError for
// reasons of the caller's own, else why there is no session.
func (c *core) connect(ctx context.Context, d *link.Deadline, w wish) (*session, error) {
	for {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return nil, stop(ErrClosed)
		}
		if s := c.current.Load(); s != nil && s != w.not && c.state == StateReady && s.cause() == nil {
			c.mu.Unlock()
			return s, nil
		}
		if w.not != nil && w.not.noSuccessor != nil && !w.anew && c.flight == nil {
			err := w.not.noSuccessor
			c.mu.Unlock()
			return nil, err
		}
		f := c.flight
		if f == nil {
			f = &flight{done: make(chan struct{})}
			c.flight = f
			return c.fly(ctx, d, f, w) // unlocks
		}
		c.mu.Unlock()
		if err := c.join(ctx, d, f); err != nil {
			return nil, err
		}
	}
}

// join waits for somebody else's attempt. Nil: look again.
func (c *core) join(ctx context.Context, d *link.Deadline, f *flight) error {
	alarm := startAlarm(ctx, d)
	defer alarm.stop()
	select {
	case <-f.done:
		if f.err != nil && !f.own {
			return f.err
		}
		return nil
	case <-ctx.Done():
	case <-c.abort.ch():
	case <-alarm.C():
	}
	if err := c.over(ctx); err != nil {
		return err
	}
	return stop(ErrTimeout)
}

// fly makes the attempt. c.mu is held on entry and released.
func (c *core) fly(ctx context.Context, d *link.Deadline, f *flight, w wish) (*session, error) {
	old := w.not
	bounded := ctx
	drop := context.CancelFunc(func() {})
	if _, own := ctx.Deadline(); !own {
		if left, ok := d.Left(); ok {
			bounded, drop = context.WithTimeout(ctx, left)
		}
	}
	defer drop()
	dialing, cancel := context.WithCancelCause(bounded)
	defer cancel(nil)
	f.cancel = cancel
	first := c.state
	proposal := c.proposal
	if w.proposal != nil {
		proposal = *w.proposal
	}
	if c.state != StateReady {
		c.setState(StateConnecting, nil)
	}
	c.mu.Unlock()

	conn, err := c.dial(dialing, proposal, w.window)
	why := c.over(ctx)
	if err != nil && why == nil && dialing.Err() != nil {
		why = stop(ErrTimeout)
	}

	// If it cannot be replaced, does the old one still serve? A provider that is gone has closed it.
	serves := err != nil && old != nil && old.probe()

	c.mu.Lock()
	c.flight = nil
	var s *session
	var unwanted link.Conn
	switch {
	case c.closed:
		unwanted = conn
		err = stop(ErrClosed)
	case err == nil:
		s = newSession(c, conn)
		c.sessions[s] = struct{}{}
		c.current.Store(s)
		c.proposal = proposal
		c.setState(StateReady, nil)
		c.pause, c.notUntil = 0, 0
		c.n.connects.Add(1)
	case why != nil:
		// The caller left; that says nothing about the provider.
		f.own = true
		if c.state == StateConnecting {
			c.setState(first, nil)
		}
		err = why
	case serves && c.current.Load() == old && c.state == StateReady:
		c.lastErr = err
	default:
		c.failed(err)
		if old != nil {
			old.noSuccessor = err
		}
	}
	f.err = err
	c.mu.Unlock()
	close(f.done)

	if unwanted != nil {
		unwanted.Close()
	}
	switch {
	case s != nil:
		c.event(link.EventConnect, s, nil)
		if old != nil {
			old.retire()
		}
	case err != nil && !f.own:
		c.event(link.EventRefuse, nil, err)
	}
	return s, err
}

// failed notes that there is no session, and why. c.mu is held.
func (c *core) failed(err error) {
	state := stateOf(err)
	c.setState(state, err)
	if state != StateAuthFailed && state != StateIncompatible {
		c.pause, c.notUntil = 0, 0
		return
	}
	// Deployed clients never come back from these. The provider may have been replaced, so ours does.
	c.pause = min(max(2*c.pause, firstPause), lastPause)
	c.notUntil = link.Now() + int64(c.pause)
}

const (
	firstPause = time.Second
	lastPause  = time.Minute

	firstRetry = 5 * time.Millisecond
	lastRetry  = 50 * time.Millisecond
)

// dial tries to get a session, again and again within window while the failure may pass.
func (c *core) dial(ctx context.Context, p link.Proposal, window time.Duration) (link.Conn, error) {
	var until time.Time
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		conn, err := c.dialer.Dial(ctx, p)
		if err == nil {
			return conn, nil
		}
		if !passing(err) || ctx.Err() != nil || window <= 0 {
			return nil, err
		}
		now := time.Now()
		if until.IsZero() {
			until = now.Add(window)
		}
		if now.Add(wait).After(until) {
			return nil, err
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, err
		}
	}
}

// passing reports whether another attempt a moment later may succeed.
func passing(err error) bool {
	switch stateOf(err) {
	case StateAuthFailed, StateIncompatible:
		return false
	}
	return !refusedWith(err, wire.StatusLimitExceeded)
}

// refusedWith reports whether the server refused the handshake with a status.
func refusedWith(err error, status wire.Status) bool {
	var refused *link.RefusedError
	return errors.As(err, &refused) && refused.Status == status
}
