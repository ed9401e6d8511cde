package recompute

import "time"

// State is what a recomputer is doing.
type State uint8

// States.
const (
	StateNew     State = iota // before Start
	StateBlocked              // it waits for the first value of those it depends on
	StateResting              // until Next, or until it is asked
	StatePaused               // nobody has read; the next Get starts a run
	StateWaiting              // for its place at a gate
	StateRunning
	StateStopped
)

var stateNames = [...]string{"new", "blocked", "resting", "paused", "waiting", "running", "stopped"}

// String returns the state in one word.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Status is a moment in a recomputer's life.
type Status struct {
	Name  string
	State State

	Gen       uint64        // of the value; 0: there is none
	Good      bool          // what Get says
	Confirmed time.Time     // start of the last run that made or confirmed the value
	Age       time.Duration // since Confirmed; 0 while there is no value
	RunSince  time.Time     // start of the run in progress, zero if there is none
	Overdue   bool          // that run has taken longer than Config.Timeout
	Next      time.Time     // when the next run is planned, zero if it is not

	Runs      uint64 // that have started
	Published uint64 // runs with a new value
	Unchanged uint64 // runs with the same value again
	Premature uint64 // runs before the source was ready
	Failures  uint64 // runs that have failed, one way or another
	Panics    uint64 // that runs have had
	Timeouts  uint64 // runs that were not in time
	Failing   uint64 // failures since the last success
	Pauses    uint64 // runs that were skipped because nobody had read
	Expired   uint64 // times that the value has become older than Config.MaxStale

	LastCost    time.Duration // of the last run that has ended
	LastSuccess time.Time
	LastFailure time.Time
	LastError   error // of the last failure, however long ago; with a *PanicError, and its stack, in it after a panic

	HookPanics    uint64
	LastHookError error
}

// counts are the part of Status that runs count. Guarded by the engine's lock.
type counts struct {
	published, unchanged, premature, failures, panics, timeouts, failing, pauses, expired uint64
	lastCost                                                                              time.Duration
	lastSuccess, lastFailure                                                              time.Time
	lastError                                                                             error
	hookPanics                                                                            uint64
	lastHookError                                                                         error
}

// Status returns what is known now. It waits for nothing.
func (r *Recomputer[T]) Status() Status {
	e := r.m.lock()
	defer e.mu.Unlock()
	return r.m.status(e.clock.Now())
}

func (m *member) status(now time.Time) Status {
	c := &m.counts
	s := Status{
		Name: m.name, State: m.state(), Confirmed: m.confirmed, Next: m.at,
		Runs: m.started, Published: c.published, Unchanged: c.unchanged, Premature: c.premature,
		Failures: c.failures, Panics: c.panics, Timeouts: c.timeouts, Failing: c.failing,
		Pauses: c.pauses, Expired: c.expired,
		LastCost: c.lastCost, LastSuccess: c.lastSuccess, LastFailure: c.lastFailure, LastError: c.lastError,
		HookPanics: c.hookPanics, LastHookError: c.lastHookError,
	}
	s.Gen, s.Good = m.body.gen()
	if !m.confirmed.IsZero() {
		s.Age = now.Sub(m.confirmed)
	}
	if n := m.run; n != nil && !n.over {
		s.RunSince, s.Overdue = n.began, n.late
	}
	return s
}

func (m *member) state() State {
	switch m.phase {
	case phaseNew:
		return StateNew
	case phaseStopped:
		return StateStopped
	}
	switch {
	case m.step == blocked:
		return StateBlocked
	case m.step == waiting:
		return StateWaiting
	case m.step == running:
		return StateRunning
	case m.idle.Load() == idlePaused:
		return StatePaused
	}
	return StateResting
}
