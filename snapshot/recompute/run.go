package recompute

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// run is one call of compute.
type run struct {
	m      *member
	number uint64 // from 1
	began  time.Time
	late   bool // it has failed because it was not in time; guarded by the engine's lock, as over
	over   bool // it has been concluded

	ctx    context.Context // what follows belongs to the goroutine of the run
	cancel context.CancelCauseFunc
	undo   []func() // of prepare
}

// outcome is what a run has come to. err says it all: what is asked of an error, and its text, is code of a user's,
// which may do anything, and is run before the outcome is made known under a lock.
type outcome[T any] struct {
	returned  bool
	panicked  bool // or left by runtime.Goexit
	timedOut  bool
	premature bool
	same      bool         // the value is that of the newest snapshot
	next      *Snapshot[T] // to publish
	err       error        // with the name of the recomputer
}

// execute makes a run. What is deferred happens also if the goroutine ends inside compute.
func (r *Recomputer[T]) execute(n *run) {
	defer r.m.leave()
	defer r.m.deliver()
	o := outcome[T]{panicked: true, err: errExited} // should even caught not return
	defer r.conclude(n, &o)
	defer o.caught(n)
	n.prepare()
	err := r.attempt(n, &o)
	o.timedOut = n.finish()
	o.err = r.m.explained(err, o.timedOut)
	o.returned, o.panicked = true, false
}

// attempt calls all that is the user's.
func (r *Recomputer[T]) attempt(n *run, o *outcome[T]) error {
	if n.ctx.Err() != nil { // stopped before it began
		return context.Cause(n.ctx)
	}
	if r.ready != nil {
		if o.premature = !r.ready(); !o.premature {
			r.ready = nil
		}
	}
	prev := r.latest()
	v, err := r.compute(n.ctx, prev)
	if err != nil || o.premature {
		return err
	}
	if n.ctx.Err() != nil { // it is too late for a value: there is nothing to encode
		return context.Cause(n.ctx)
	}
	if prev != nil && r.equal != nil && r.equal(prev.Value, v) {
		o.same = true
		return nil
	}
	s := &Snapshot[T]{Value: v, Gen: prev.Next(), Started: n.began, Finished: r.m.eng.Load().clock.Now()}
	s.Cost = s.Finished.Sub(s.Started)
	if r.encode != nil {
		if s.encoded, err = r.encode(s); err != nil {
			return fmt.Errorf("encode: %w", err)
		}
	}
	o.next = s
	return nil
}

// caught is deferred: it ends a panic, and notes a runtime.Goexit, which goes on.
func (o *outcome[T]) caught(n *run) {
	if o.returned {
		return
	}
	v := recover()
	if v == nil {
		v = errGoexit
	}
	var err error = &PanicError{Value: v, Stack: debug.Stack()}
	if o.timedOut = n.finish() || o.timedOut; o.timedOut {
		err = fmt.Errorf("%w; %w", n.m.tooLong(), err)
	}
	o.err = n.m.named(err)
}

// conclude makes known what a run has come to.
func (r *Recomputer[T]) conclude(n *run, o *outcome[T]) {
	e := r.m.lock()
	defer e.mu.Unlock()
	m, now := &r.m, e.clock.Now()
	n.over = true
	if m.phase == phaseStarted {
		r.unmark() // before it is replaced: a mark that is made afterwards stays
	}
	m.ended, m.pause = now, m.rest(now.Sub(n.began))
	m.counts.lastCost = now.Sub(n.began)
	if o.panicked {
		m.counts.panics++
	}
	switch {
	case n.late || m.phase == phaseStopped:
		// Readers and those who waited have been told; only a panic is news.
		m.wait = max(m.wait, m.pause)
		if o.panicked {
			m.counts.lastError, m.counts.lastFailure = o.err, now
			m.tell(EventFail, n, now, o.err)
		}
	case o.err != nil:
		m.failed(n, now, o.err, o.timedOut)
	case o.premature:
		m.counts.premature++
		m.wait = max(m.jittered(m.backoff), m.pause)
		m.tell(EventPremature, n, now, nil)
		m.body.fail(m.named(ErrNotReady))
	default:
		first := m.succeeded(n, now)
		r.publish(n, o, now)
		if first { // whoever has waited for the value finds it
			m.arrived(e)
		}
	}
}

// tooLong is the error of a run that has not been in time.
func (m *member) tooLong() error { return fmt.Errorf("%w: more than %v", ErrTimeout, m.timeout) }

// explained returns the error of a run that has returned err, and nil for one that has brought a value in time.
func (m *member) explained(err error, timedOut bool) error {
	switch {
	case !timedOut:
		return m.named(err)
	case err == nil || errors.Is(err, ErrTimeout) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return m.named(m.tooLong())
	}
	return m.named(fmt.Errorf("%w: %w", m.tooLong(), err))
}

// failed notes that a run has brought nothing, and plans the next one.
func (m *member) failed(n *run, now time.Time, err error, timedOut bool) {
	m.counts.failures++
	m.counts.failing++
	m.counts.lastError, m.counts.lastFailure = err, now
	if timedOut {
		m.counts.timeouts++
	}
	m.delay = m.later(m.delay)
	m.wait = max(m.jittered(m.delay), m.pause)
	m.tell(EventFail, n, now, err)
	m.body.fail(err)
	if m.confirmed.IsZero() {
		m.eng.Load().starting.failed(err)
	}
}

// succeeded notes that a run has brought a value, and plans the next one. It reports whether it is the first.
func (m *member) succeeded(n *run, now time.Time) (first bool) {
	first = m.confirmed.IsZero()
	m.confirmed, m.delay = n.began, 0
	m.counts.failing = 0
	m.counts.lastSuccess = now
	m.wait = -1
	if m.interval > 0 {
		m.wait = m.jittered(m.interval)
		if first && m.offset > 0 {
			m.wait = time.Duration(m.offset * float64(m.interval))
		}
		m.wait = max(m.wait, m.pause)
	}
	m.expires = time.Time{}
	if m.maxStale > 0 {
		m.expires = n.began.Add(m.maxStale)
	}
	return first
}

// arrived lets those go on that wait for the first value, which is there.
func (m *member) arrived(e *engine) {
	e.starting.arrived()
	for _, d := range m.dependents {
		if d.blockers--; d.blockers == 0 && d.step == blocked {
			d.step = resting
			d.want()
		}
	}
}

// publish puts what a run has brought in front of readers, and of those who wait for it.
func (r *Recomputer[T]) publish(n *run, o *outcome[T], now time.Time) {
	m := &r.m
	good := n.number > m.outdated
	if !m.expires.IsZero() && !m.expires.After(now) {
		m.expires, good = time.Time{}, false
		m.counts.expired++
	}
	if o.same {
		m.counts.unchanged++
		r.setGood(good)
		m.tell(EventUnchanged, n, now, nil)
	} else {
		m.counts.published++
		r.current.Store(r.newCell(o.next, good, false))
		r.wakeWatchers()
		m.tell(EventPublish, n, now, nil)
	}
	if r.now != nil {
		r.now.end(r.latest(), nil)
		r.now = nil
	}
}

// prepare makes the context, and sets the timer. It is the first thing on the goroutine of the run.
func (n *run) prepare() {
	m, e := n.m, n.m.eng.Load()
	n.ctx, n.cancel = context.WithCancelCause(context.WithValue(m.base, insideKey{m}, true))
	if m.timeout <= 0 {
		return
	}
	var overdue func()
	if _, system := e.clock.(systemClock); system { // only then can others know the deadline
		ctx, cancel := context.WithDeadlineCause(n.ctx, n.began.Add(m.timeout), ErrTimeout)
		n.ctx, n.undo = ctx, append(n.undo, cancel)
		overdue = func() { <-ctx.Done(); n.overdue() } // its timer has rung, too
	} else {
		overdue = func() { n.cancel(ErrTimeout); n.overdue() }
	}
	stop := e.clock.AfterFunc(n.began.Add(m.timeout).Sub(e.clock.Now()), overdue)
	n.undo = append(n.undo, func() {
		if stop() {
			e := m.lock()
			m.unlive()
			e.mu.Unlock()
		}
	})
}

// finish undoes prepare, and reports whether the run was not in time.
func (n *run) finish() (timedOut bool) {
	timedOut = context.Cause(n.ctx) == ErrTimeout
	for _, undo := range n.undo {
		undo()
	}
	n.undo = nil
	n.cancel(nil)
	return timedOut
}

// overdue is called when the run's time is up, by the clock.
func (n *run) overdue() {
	m := n.m
	e := m.lock()
	if m.run == n && !n.late && m.phase == phaseStarted && !n.over {
		n.late = true
		m.failed(n, e.clock.Now(), m.named(m.tooLong()), true)
	}
	e.mu.Unlock()
	m.deliver()
	e = m.lock()
	m.unlive()
	e.mu.Unlock()
}
