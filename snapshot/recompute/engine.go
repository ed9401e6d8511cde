package recompute

import (
	"container/heap"
	"sync"
	"sync/atomic"
	"time"
)

// engine keeps time for its members: one of a recomputer by itself, all of a group. Its lock guards their state. No
// code of a user's runs under it but Clock.Now.
type engine struct {
	clock Clock
	gate  *Gate // what bounds the runs of a group; nil: nothing

	wake  chan struct{}          // one token: there is something to look at
	gone  chan struct{}          // closed when loop has returned
	woken atomic.Pointer[member] // those whose pause a reader has ended, a stack

	mu       sync.Mutex
	active   int // members that are started and not stopped
	started  bool
	starting starting
	dues     dues
}

func newEngine(c Clock, g *Gate) *engine {
	if c == nil {
		c = systemClock{}
	}
	return &engine{clock: c, gate: g, wake: make(chan struct{}, 1), gone: make(chan struct{})}
}

// loop does what is due, until no member is active.
func (e *engine) loop() {
	defer close(e.gone)
	for {
		next, more := e.turn()
		if !more {
			return
		}
		if next.IsZero() {
			<-e.wake
			continue
		}
		stop := e.clock.AfterFunc(next.Sub(e.clock.Now()), e.poke)
		<-e.wake
		stop()
	}
}

// turn does what is due now. It returns when the next thing is, zero for never, and whether there is anybody left.
func (e *engine) turn() (next time.Time, more bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.resume()
	now := e.clock.Now()
	for len(e.dues) > 0 {
		m := e.dues[0]
		at := m.due()
		if at.After(now) {
			return at, e.active > 0
		}
		m.tick(now)
		e.fix(m)
	}
	return time.Time{}, e.active > 0
}

// resume starts runs of those that were read in their pause.
func (e *engine) resume() {
	for m := e.woken.Swap(nil); m != nil; {
		next := m.nextWoken
		m.nextWoken = nil
		m.idle.Store(idleNot)
		if m.step == resting && m.at.IsZero() {
			m.want()
		}
		m = next
	}
}

// poke makes loop look again. It waits for nothing.
func (e *engine) poke() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// fix puts m where it belongs after its times have changed. e.mu is held.
func (e *engine) fix(m *member) {
	switch {
	case m.due().IsZero():
		if m.index >= 0 {
			heap.Remove(&e.dues, m.index)
		}
		return
	case m.index < 0:
		heap.Push(&e.dues, m)
	default:
		heap.Fix(&e.dues, m.index)
	}
	if m.index == 0 {
		e.poke()
	}
}

// dues are the members for which something is due at some time, as a heap.
type dues []*member

func (d dues) Len() int           { return len(d) }
func (d dues) Less(i, j int) bool { return d[i].due().Before(d[j].due()) }
func (d dues) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].index, d[j].index = i, j
}

// Push implements heap.Interface.
func (d *dues) Push(x any) {
	m := x.(*member)
	m.index = len(*d)
	*d = append(*d, m)
}

// Pop implements heap.Interface.
func (d *dues) Pop() any {
	last := len(*d) - 1
	m := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	m.index = -1
	return m
}
