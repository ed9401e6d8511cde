package service

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// core is the part of a client that knows no types: its state, its session, and how it gets a new one.
type core struct {
	dialer  link.Dialer
	cfg     Config
	n       counters
	era     atomic.Pointer[era] // never nil; set under mu
	ready   atomic.Bool
	current atomic.Pointer[session] // what calls use while ready
	wg      sync.WaitGroup          // goroutines of sessions
	timers  sync.Pool               // of *time.Timer, for alarms

	mu       sync.Mutex
	state    State
	since    time.Time
	lastErr  error
	closed   bool
	sessions map[*session]struct{} // those that live, retired ones included
	flight   *flight               // a connection being made, nil if none
	proposal link.Proposal         // what the next HELLO says
	pause    time.Duration         // backoff after AUTH_FAILED and INCOMPATIBLE
	notUntil int64                 // link.Now before which Refresh does not try; 0 if it may
}

// flight is one attempt to connect, shared by all who need it.
type flight struct {
	cancel context.CancelCauseFunc
	window time.Duration // for how long it tries
	done   chan struct{}
	err    error // valid when done is closed; nil: the session is core.current
	own    bool  // it failed for reasons of the caller who made it; others try themselves
}

func newCore(d link.Dialer, cfg Config) *core {
	cfg = cfg.withDefaults()
	c := &core{
		dialer:   d,
		cfg:      cfg,
		since:    time.Now(),
		sessions: make(map[*session]struct{}),
		proposal: cfg.Proposal,
	}
	c.era.Store(newEra())
	return c
}

// over says why a caller must leave, as a stopError: its context ended, or the client was aborted. Nil if not.
func over(ctx context.Context, e *era) error {
	if e.ended.Load() {
		return stop(ErrAborted)
	}
	if err := ctx.Err(); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return stop(ErrTimeout)
		}
		return stop(err)
	}
	return nil
}

// setState notes a change. c.mu is held.
func (c *core) setState(s State, err error) {
	if err != nil {
		c.lastErr = err
	}
	c.ready.Store(s == StateReady)
	if s != c.state {
		c.state, c.since = s, time.Now()
	}
}

// stateOf says what a failed attempt to connect makes of the client (spec 08).
func stateOf(err error) State {
	var refused *link.RefusedError
	if errors.As(err, &refused) {
		switch refused.Status {
		case wire.StatusAuthFailed:
			return StateAuthFailed
		case wire.StatusUnsupported, wire.StatusIncompatible:
			return StateIncompatible
		}
	}
	if errors.Is(err, link.ErrNotFound) {
		return StateNotFound
	}
	return StateDisconnected
}

// refresh connects a client that is not READY, and reconnects one whose session has died unnoticed.
func (c *core) refresh(ctx context.Context) (changed bool, err error) {
	c.mu.Lock()
	before := c.state
	switch {
	case c.closed:
		c.mu.Unlock()
		return false, ErrClosed
	case c.notUntil != 0 && link.Now() < c.notUntil:
		err := c.lastErr
		c.mu.Unlock()
		return false, err
	}
	s := c.current.Load()
	c.mu.Unlock()
	b := bound{c.deadline(ctx), c.era.Load()}
	if err := over(ctx, b.era); err != nil {
		return false, unstop(err)
	}
	if before == StateReady && s.probe() {
		return false, nil
	}
	_, _, err = c.connect(ctx, &b, wish{not: s, anew: true})
	c.mu.Lock()
	defer c.mu.Unlock()
	// A session that was replaced by another is a change too: what the provider knew of us is gone.
	return c.state != before || (err == nil && c.current.Load() != s), unstop(err)
}

// deadline returns the bound of a call: its context's, or the client's own.
func (c *core) deadline(ctx context.Context) link.Deadline {
	if t, ok := ctx.Deadline(); ok {
		return link.At(t)
	}
	return link.Within(c.cfg.Timeout)
}

// probe reports whether a session's peer is still there, without waiting: it reads what has come. Where a caller
// reads or is about to, it is taken to be: that one will notice.
func (s *session) probe() bool {
	s.mu.Lock()
	switch {
	case s.err != nil, s.retired != nil:
		s.mu.Unlock()
		return false
	case s.leader != nil, s.someoneWaits():
		s.mu.Unlock()
		return true
	case s.only != nil && !s.barReader():
		s.mu.Unlock()
		return true
	}
	s.leader = &s.drainer
	s.mu.Unlock()
	now := link.Deadline(1) // long past
	err := errWake
	for busy := false; !busy && (err == nil || errors.Is(err, errWake)); {
		err = s.conn.Recv(&s.rx, &now)
		if err == nil {
			s.mu.Lock()
			s.deliver()
			busy = s.someoneWaits()
			s.mu.Unlock()
		}
	}
	s.mu.Lock()
	s.leader = nil
	s.passOn()
	last := s.only != nil && s.offerOnly()
	s.mu.Unlock()
	if last {
		s.fail(errRetired)
	}
	if err != nil && !errors.Is(err, link.ErrTimeout) && !errors.Is(err, errWake) {
		s.fail(err)
		return false
	}
	return true
}

// close ends the client and waits for its goroutines. Each call waits, not only the first.
func (c *core) close() error {
	c.mu.Lock()
	c.closed = true
	c.setState(StateDisconnected, nil)
	f := c.flight
	sessions := c.live()
	c.mu.Unlock()
	if f != nil {
		f.cancel(ErrClosed)
		<-f.done
	}
	for _, s := range sessions {
		s.fail(ErrClosed)
		<-s.closed // somebody else may be at it
	}
	c.wg.Wait()
	return nil
}

// live lists the sessions that live. c.mu is held.
func (c *core) live() []*session {
	var all []*session
	for s := range c.sessions {
		all = append(all, s)
	}
	return all
}

func (c *core) setAbort() {
	c.mu.Lock()
	e := c.era.Load()
	if e.ended.Load() {
		c.mu.Unlock()
		return
	}
	e.end()
	f, sessions := c.flight, c.live()
	c.mu.Unlock()
	if f != nil {
		f.cancel(ErrAborted)
	}
	for _, s := range sessions {
		s.interrupt(nil)
	}
}

func (c *core) clearAbort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.era.Load().ended.Load() {
		c.era.Store(newEra())
	}
}

// ended notes that a session is over.
func (c *core) ended(s *session, err error) {
	c.mu.Lock()
	delete(c.sessions, s)
	s.mu.Lock()
	s.settle()
	c.n.add(s.moved)
	s.moved, s.settled = moved{}, true
	s.mu.Unlock()
	if c.current.Load() == s && !c.closed {
		c.lastErr = err
	}
	c.mu.Unlock()
	close(s.closed)
	c.event(link.EventDisconnect, s, err)
}

func (c *core) event(k link.EventKind, s *session, err error) {
	if c.cfg.OnEvent == nil {
		return
	}
	e := link.Event{Kind: k, When: time.Now(), Service: c.dialer.Endpoint(), Err: unstop(err)}
	if s != nil {
		info := s.conn.Info()
		e.Session, e.Profile, e.Peer = info.SessionID, info.Profile, info.Peer
	}
	c.cfg.OnEvent(e)
}

// unstop takes the package's own marks off an error.
func unstop(err error) error {
	switch e := err.(type) {
	case *stopError:
		return e.err
	case *departed:
		return unstop(e.err)
	}
	return err
}
