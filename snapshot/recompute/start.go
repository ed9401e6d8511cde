package recompute

import (
	"context"
	"fmt"
	"time"
)

// StartOption says what Start waits for.
type StartOption func(*startHow)

type startHow struct {
	patient bool // failures do not end it
	async   bool
	within  time.Duration // 0: no bound
}

// Async makes Start return at once. Until there is a first value, Get has none.
func Async() StartOption { return func(h *startHow) { h.patient, h.async = true, true } }

// BlockWithin makes Start wait for d at most: then it returns nil, and the first value comes when it comes. Failures
// meanwhile are no reason to give up; Status has them.
func BlockWithin(d time.Duration) StartOption {
	return func(h *startHow) { h.patient, h.async, h.within = true, d <= 0, d }
}

// Start makes the first run, and the others follow. It returns when there is a value; options make it wait less. If
// the first run fails, or ctx ends first, it returns why, and the recomputer is stopped: as by Stop with ctx, so that
// nothing is left of it unless the error is ErrRunning, too. Runs do not inherit ctx.
//
// Errors: that of the first run; the cause of ctx, and then nothing has been started if it had ended before;
// ErrStarted; ErrStopped; ErrGrouped.
func (r *Recomputer[T]) Start(ctx context.Context, opts ...StartOption) error {
	e := r.m.lock()
	grouped := r.m.grouped
	e.mu.Unlock()
	if grouped {
		return r.m.named(ErrGrouped)
	}
	return e.start(ctx, []*member{&r.m}, opts)
}

// starting is what a Start waits for. Guarded by engine.mu but for done.
type starting struct {
	strict bool          // a failure ends it
	left   int           // members without a first value
	done   chan struct{} // closed when it is over; nil before
	over   bool
	err    error
}

// arrived is told of the first value of a member.
func (s *starting) arrived() {
	if s.left--; s.left == 0 {
		s.end(nil)
	}
}

// failed is told of a failure of a member without a value.
func (s *starting) failed(err error) {
	if s.strict {
		s.end(err)
	}
}

func (s *starting) end(err error) {
	if s.done != nil && !s.over {
		s.over, s.err = true, err
		close(s.done)
	}
}

// start starts members, which are all that e has, in their order, as far as nothing keeps them waiting.
func (e *engine) start(ctx context.Context, members []*member, opts []StartOption) error {
	var how startHow
	for _, o := range opts {
		o(&how)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := e.begin(members, &how); err != nil || how.async {
		return err
	}
	if how.within > 0 {
		enough := make(chan struct{})
		defer e.clock.AfterFunc(how.within, func() { close(enough) })()
		return e.await(ctx, members, enough)
	}
	return e.await(ctx, members, nil)
}

func (e *engine) begin(members []*member, how *startHow) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range members {
		switch m.phase {
		case phaseStarted:
			return m.named(ErrStarted)
		case phaseStopped:
			return m.named(ErrStopped)
		}
	}
	if e.started {
		return ErrStarted
	}
	e.started = true
	if len(members) == 0 {
		close(e.gone)
	}
	e.active = len(members)
	e.starting = starting{strict: !how.patient, left: len(members) + 1, done: make(chan struct{})}
	for i, m := range members {
		m.phase = phaseStarted
		m.base, m.cancel = context.WithCancelCause(context.Background())
		if len(members) > 1 {
			m.offset = float64(i+1) / float64(len(members))
		}
	}
	for _, m := range members {
		if m.blockers == 0 {
			m.step = resting
			m.want()
		}
	}
	e.starting.arrived() // the one more: nobody is left out when there are no members
	if len(members) > 0 {
		go e.loop()
	}
	return nil
}

// await waits for the first values of members, or until there is enough of it.
func (e *engine) await(ctx context.Context, members []*member, enough <-chan struct{}) error {
	var err error
	select {
	case <-e.starting.done:
		e.mu.Lock()
		err = e.starting.err
		e.mu.Unlock()
	case <-enough:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err == nil {
		return nil
	}
	if stuck := e.stop(ctx, members); stuck != nil {
		return fmt.Errorf("%w; %w", err, stuck)
	}
	return err
}

// Stop ends everything: no run starts any more, the context of the one in progress ends, with cause ErrStopped, and
// who waits for one has ErrStopped at once. Then it waits for the run in progress, for hooks, and for what keeps time;
// afterwards no goroutine is left. When ctx ends first it says so: ErrRunning, with the cause of ctx. The value stays,
// and is what it is. It may be called in any state, any number of times, by any number of goroutines; from inside a
// run or a hook see ErrInside.
//
// What the run that it has ended returns is dropped.
func (r *Recomputer[T]) Stop(ctx context.Context) error {
	e := r.m.lock()
	e.mu.Unlock()
	return e.stop(ctx, []*member{&r.m})
}

// stop stops members of e, and waits for them.
func (e *engine) stop(ctx context.Context, members []*member) error {
	var after []func()
	e.mu.Lock()
	for _, m := range members {
		after = m.halt(e, after)
	}
	idle := e.started && e.active == 0
	e.mu.Unlock()
	e.poke()
	for _, f := range after {
		f()
	}
	for _, m := range members {
		if m.isInside(ctx) && !closed(m.quiet) {
			return m.named(fmt.Errorf("%w: %w", ErrRunning, ErrInside))
		}
	}
	for _, m := range members {
		if !within(ctx, m.quiet) {
			return m.named(fmt.Errorf("%w: %w", ErrRunning, context.Cause(ctx)))
		}
	}
	if idle {
		<-e.gone // it waits for nothing but its own lock
	}
	return nil
}

// halt stops m. It returns after, with what remains to be done under no lock.
func (m *member) halt(e *engine, after []func()) []func() {
	was := m.phase
	m.phase = phaseStopped
	switch was {
	case phaseStopped:
		return after
	case phaseStarted:
		e.active--
		e.starting.end(m.named(ErrStopped))
		after = append(after, func() { m.cancel(ErrStopped) })
	}
	m.at, m.expires = time.Time{}, time.Time{}
	e.fix(m)
	if m.step == waiting {
		gates := m.gates(e)
		if m.ticket != nil {
			gates[m.passed].withdraw(m.ticket)
			m.ticket = nil
		}
		for _, g := range gates[:m.passed] {
			if g != nil {
				after = append(after, g.leave)
			}
		}
		m.step = resting
	}
	m.body.abandon(m.named(ErrStopped))
	if m.live == 0 {
		close(m.quiet)
	}
	return after
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// within reports whether c is closed before ctx ends.
func within(ctx context.Context, c <-chan struct{}) bool {
	if closed(c) {
		return true
	}
	select {
	case <-c:
		return true
	case <-ctx.Done():
		return closed(c)
	}
}
