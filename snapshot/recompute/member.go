package recompute

import (
	"context"
	"sync/atomic"
	"time"
)

// member is the part of a recomputer that knows no types: when it runs. Its fields are guarded by the engine's lock
// unless they say otherwise.
type member struct {
	name string // immutable, as policy, body, inside and hooks
	policy
	body   body
	inside context.Context // of hooks: it says that they are inside
	eng    atomic.Pointer[engine]

	idle      atomic.Uint32 // idleNot, idlePaused, idleWoken
	nextWoken *member       // of engine.woken; its owner is who has made idle idleWoken, then the engine

	grouped bool
	phase   phase
	step    step
	base    context.Context // of runs; ended by Stop
	cancel  context.CancelCauseFunc

	blockers   int // members that have to have a first value before this one runs
	dependents []*member
	passed     int     // gates that the run which waits has passed
	ticket     *ticket // at the next one

	run       *run          // in progress, else nil
	again     bool          // somebody waits for the run after it
	nudged    bool          // the next run is due as soon as MaxDuty allows, and not skipped
	at        time.Time     // of the next run; zero: none is planned
	expires   time.Time     // of the value; zero: it does not
	index     int           // in engine.dues; -1: it is not there
	ended     time.Time     // of the last run
	pause     time.Duration // that MaxDuty wants after it
	wait      time.Duration // after it; negative: for ever
	offset    float64       // of the phase: the share of an interval that the first wait is; 0: all of it
	delay     time.Duration // of the last failure; 0: the last run was good
	started   uint64        // runs, the one in progress included
	outdated  uint64        // runs up to this number make what Invalidate has called out of date
	confirmed time.Time     // start of the last run that made or confirmed the value

	live  int           // goroutines and timers of runs
	quiet chan struct{} // closed when it is stopped and live is 0

	events     []Event
	delivering bool
	counts     counts
}

// body is the part of a recomputer that knows its type. All but execute and mark are called under the engine's lock.
type body interface {
	begin()              // those who wait for the next run wait for the one in progress now
	execute(*run)        // makes the run, on a goroutine of its own
	fail(error)          // ends the wait for the run in progress
	abandon(error)       // ends all waits
	expire()             // the value is out of date
	wasRead() bool       // since the last run
	mark()               // it is read now; under no lock
	gen() (uint64, bool) // of the value, and whether it is good
}

type phase uint8

const (
	phaseNew phase = iota
	phaseStarted
	phaseStopped
)

// step is what a started member is doing.
type step uint8

const (
	blocked step = iota // until those it depends on have a value
	resting             // until at, or a request
	waiting             // at a gate
	running
)

// Values of member.idle.
const (
	idleNot    uint32 = iota
	idlePaused        // a run was skipped; the next read starts one
	idleWoken         // a read has ended the pause; the engine is about to see it
)

func (m *member) init(name string, p policy, b body) {
	if name == "" {
		name = "recompute"
	}
	m.name, m.policy, m.body, m.index = name, p, b, -1
	m.inside = context.WithValue(context.Background(), insideKey{m}, true)
	m.quiet = make(chan struct{})
}

// insideKey is the key under which contexts say that they are from inside a run, or a hook, of m.
type insideKey struct{ m *member }

func (m *member) isInside(ctx context.Context) bool { return ctx.Value(insideKey{m}) != nil }

// lock locks the engine, which may be another one from one moment to the next as long as nothing is started.
func (m *member) lock() *engine {
	for {
		e := m.eng.Load()
		e.mu.Lock()
		if m.eng.Load() == e {
			return e
		}
		e.mu.Unlock()
	}
}

// due is when something is due; zero: never.
func (m *member) due() time.Time {
	if m.at.IsZero() || !m.expires.IsZero() && m.expires.Before(m.at) {
		return m.expires
	}
	return m.at
}

// tick does what is due.
func (m *member) tick(now time.Time) {
	if !m.expires.IsZero() && !m.expires.After(now) {
		m.expires = time.Time{}
		m.counts.expired++
		m.body.expire()
	}
	if m.at.IsZero() || m.at.After(now) {
		return
	}
	if m.at = (time.Time{}); m.nudged || !m.paused() {
		m.want()
	}
}

// want makes a run start as soon as one can: now, once the gates let it through, or after the one in progress.
func (m *member) want() {
	if m.phase != phaseStarted {
		return
	}
	switch m.step {
	case running:
		m.again = true
	case resting:
		m.idle.CompareAndSwap(idlePaused, idleNot)
		m.step, m.at, m.nudged, m.passed = waiting, time.Time{}, false, 0
		e := m.eng.Load()
		e.fix(m)
		m.advance(e)
	}
}

// nudge makes a run start as soon as MaxDuty allows.
func (m *member) nudge(e *engine) {
	if m.phase != phaseStarted {
		return
	}
	switch m.step {
	case running:
		m.nudged = true
	case resting:
		m.idle.CompareAndSwap(idlePaused, idleNot)
		if at := m.ended.Add(m.pause); m.at.IsZero() || at.Before(m.at) {
			m.at = at
		}
		m.nudged = true
		e.fix(m)
	}
}

// gates are what a run passes, in this order. Whoever holds a place of the second waits for nothing else.
func (m *member) gates(e *engine) [2]*Gate { return [2]*Gate{m.gate, e.gate} }

// advance goes through the gates, and starts the run behind the last one.
func (m *member) advance(e *engine) {
	gates := m.gates(e)
	for ; m.passed < len(gates); m.passed++ {
		g := gates[m.passed]
		if g == nil {
			continue
		}
		t := &ticket{granted: m.granted}
		if !g.enter(t) {
			m.ticket = t
			return
		}
	}
	m.launch(e)
}

// granted is told of a place at the gate that m waits at.
func (m *member) granted(t *ticket) {
	e := m.lock()
	gate := m.gates(e)[m.passed]
	if m.ticket != t { // stopped meanwhile
		e.mu.Unlock()
		gate.leave()
		return
	}
	m.ticket = nil
	m.passed++
	m.advance(e)
	e.mu.Unlock()
}

// launch starts a run.
func (m *member) launch(e *engine) {
	m.step, m.again, m.nudged = running, false, false
	m.started++
	m.run = &run{m: m, number: m.started, began: e.clock.Now()}
	m.live++
	if m.timeout > 0 {
		m.live++ // the timer's
	}
	m.body.begin()
	go m.body.execute(m.run)
}

// leave is the last thing that the goroutine of a run does.
func (m *member) leave() {
	e := m.lock()
	held := m.gates(e)
	m.run = nil
	if m.phase == phaseStarted {
		m.step = resting
		switch {
		case m.again:
			m.want()
		case m.nudged:
			m.at = m.ended.Add(m.pause)
		case m.wait >= 0:
			m.at = m.ended.Add(m.wait)
		}
		e.fix(m)
	}
	e.mu.Unlock()
	for _, g := range held {
		if g != nil {
			g.leave()
		}
	}
	e.mu.Lock()
	m.unlive()
	e.mu.Unlock()
}

// unlive counts one goroutine or timer less. The lock is held.
func (m *member) unlive() {
	if m.live--; m.live == 0 && m.phase == phaseStopped {
		close(m.quiet)
	}
}
