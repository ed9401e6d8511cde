package recompute

import (
	"runtime/debug"
	"time"
)

// EventKind says how a run has ended.
type EventKind uint8

// How runs end.
const (
	EventPublish   EventKind = iota + 1 // with a new snapshot
	EventUnchanged                      // with the same value again
	EventPremature                      // with what does not count, because the source was not ready
	EventFail                           // with an error, or not in time; Err says why
)

var eventNames = [...]string{"none", "publish", "unchanged", "premature", "fail"}

// String returns the kind in one word.
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown"
}

// Event is the end of one run, for logs, exporters and pattern detectors. A run that has failed because it was not
// in time, and panics later, has two.
type Event struct {
	Kind EventKind
	When time.Time
	Name string        // of the recomputer
	Gen  uint64        // of what there is now; 0: nothing yet
	Cost time.Duration // from the start of the run to this
	Err  error         // of EventFail; a *PanicError is in it if that is what happened
}

// tell puts an event where deliver finds it. The lock is held.
func (m *member) tell(kind EventKind, r *run, now time.Time, err error) {
	if m.onEvent == nil {
		return
	}
	gen, _ := m.body.gen()
	m.events = append(m.events, Event{Kind: kind, When: now, Name: m.name, Gen: gen, Cost: now.Sub(r.began), Err: err})
}

// deliver calls the hook, one event after the other. If another goroutine is at it, that one delivers these, too.
func (m *member) deliver() {
	for m.onEvent != nil {
		e := m.lock()
		if m.delivering || len(m.events) == 0 {
			e.mu.Unlock()
			return
		}
		ev := m.events[0]
		if m.events = m.events[1:]; len(m.events) == 0 {
			m.events = nil
		}
		m.delivering = true
		e.mu.Unlock()
		m.hook(ev)
	}
}

// hook calls the hook. A panic of it ends here; with a runtime.Goexit it is here that the rest is delivered.
func (m *member) hook(ev Event) {
	returned := false
	defer func() {
		var failure error
		exits := false
		if !returned {
			v := recover()
			if exits = v == nil; exits {
				v = errGoexit
			}
			failure = &PanicError{Value: v, Stack: debug.Stack()}
		}
		e := m.lock()
		m.delivering = false
		if failure != nil {
			m.counts.hookPanics++
			m.counts.lastHookError = m.named(failure)
		}
		e.mu.Unlock()
		if exits {
			m.deliver()
		}
	}()
	m.onEvent(m.inside, ev)
	returned = true
}
