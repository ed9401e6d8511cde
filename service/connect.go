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
	not    *session             // any but this one; nil: any
	window time.Duration        // try again for so long after failures that may pass
	grow   func(*link.Proposal) // what to ask for beside what served last; nil: nothing
	anew   bool                 // even if replacing that one has failed before
}

// connect returns a live session, made by this caller or by one that is at it already. Errors: a stopError for
// reasons of the caller's own, else why there is no session.
func (c *core) connect(ctx context.Context, b *bound, w wish) (s *session, mine bool, err error) {
	for {
		if err := over(ctx, b.era); err != nil {
			return nil, false, err
		}
		c.mu.Lock()
		switch s := c.current.Load(); {
		case c.closed:
			c.mu.Unlock()
			return nil, false, stop(ErrClosed)
		case b.era.ended.Load(): // Abort has not seen, and will not see, what begins here
			c.mu.Unlock()
			return nil, false, stop(ErrAborted)
		case s != nil && s != w.not && c.state == StateReady && s.cause() == nil:
			c.mu.Unlock()
			return s, false, nil
		}
		if w.not != nil && w.not.noSuccessor != nil && !w.anew && c.flight == nil {
			err := w.not.noSuccessor
			c.mu.Unlock()
			return nil, false, err
		}
		f := c.flight
		if f == nil {
			f = &flight{window: w.window, done: make(chan struct{})}
			c.flight = f
			s, err := c.fly(ctx, b, f, w) // unlocks
			return s, true, err
		}
		c.mu.Unlock()
		if err := c.join(ctx, b, f, w); err != nil {
			return nil, false, err
		}
	}
}

// join waits for somebody else's attempt. Nil: look again.
func (c *core) join(ctx context.Context, b *bound, f *flight, w wish) error {
	alarm := c.alarm(ctx, &b.deadline)
	defer alarm.stop()
	select {
	case <-f.done:
		if f.own || w.window > f.window && passing(f.err) {
			return nil // it is no answer to what this caller wants
		}
		return f.err
	case <-ctx.Done():
	case <-b.era.over:
	case <-alarm.C():
	}
	return reason(ctx, b)
}

// fly makes the attempt. c.mu is held on entry and released.
func (c *core) fly(ctx context.Context, b *bound, f *flight, w wish) (*session, error) {
	old := w.not
	bounded := ctx
	drop := context.CancelFunc(func() {})
	if _, own := ctx.Deadline(); !own || ctx.Done() == nil {
		if left, ok := b.deadline.Left(); ok {
			bounded, drop = context.WithTimeout(ctx, left)
		}
	}
	defer drop()
	dialing, cancel := context.WithCancelCause(bounded)
	defer cancel(nil)
	f.cancel = cancel
	first := c.state
	proposal := c.proposal
	if w.grow != nil {
		w.grow(&proposal)
	}
	if c.state != StateReady {
		c.setState(StateConnecting, nil)
	}
	c.mu.Unlock()

	landed := false
	defer func() {
		if !landed { // the dialer has panicked
			c.crashed(f, first)
		}
	}()
	conn, err := c.dial(dialing, proposal, w.window)
	why := over(ctx, b.era)
	if err != nil && why == nil && (dialing.Err() != nil || errors.Is(err, link.ErrTimeout) && b.deadline.Expired()) {
		why = stop(ErrTimeout)
	}

	// If it cannot be replaced, does the old one still serve? A provider that is gone has closed it.
	serves := err != nil && old != nil && old.probe()

	c.mu.Lock()
	c.flight = nil
	landed = true
	var s, replaced *session
	var unwanted link.Conn
	var refused error // what the provider said, for the event
	switch {
	case c.closed:
		unwanted = conn
		err = stop(ErrClosed)
	case err == nil:
		s = newSession(c, conn)
		c.sessions[s] = struct{}{}
		replaced = c.current.Swap(s)
		c.proposal = proposal
		c.setState(StateReady, nil)
		c.pause, c.notUntil = 0, 0
		c.n.connects.Add(1)
	case why != nil:
		// The caller left; that says nothing about the provider.
		f.own = true
		c.unchanged(first)
		err = why
	case w.grow != nil && refusedWith(err, wire.StatusLimitExceeded):
		// It asked for more than there is; others may not.
		f.own = true
		c.unchanged(first)
		c.lastErr, refused = err, err
	case serves && c.current.Load() == old && c.state == StateReady:
		c.lastErr, refused = err, err
	default:
		c.failed(err)
		refused = err
		if old != nil && (w.window > 0 || !passing(err)) {
			old.noSuccessor = err
		}
	}
	f.err = err
	c.mu.Unlock()
	if unwanted != nil {
		unwanted.Close()
	}
	close(f.done)

	if refused != nil {
		c.event(link.EventRefuse, nil, refused)
	}
	if s != nil {
		c.event(link.EventConnect, s, nil)
		for _, o := range []*session{old, replaced} {
			if o != nil {
				o.retire(errRetired)
			}
		}
	}
	return s, err
}

// unchanged takes back that a first session is being made. c.mu is held.
func (c *core) unchanged(before State) {
	if c.state == StateConnecting {
		c.setState(before, nil)
	}
}

// crashed ends an attempt that has not come back.
func (c *core) crashed(f *flight, before State) {
	c.mu.Lock()
	c.flight = nil
	f.own = true
	c.unchanged(before)
	c.mu.Unlock()
	close(f.done)
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
