package recompute

import (
	"errors"
	"fmt"
)

// Why there is no value, or no run.
var (
	// ErrNoValue: no run has brought a value yet.
	ErrNoValue = errors.New("there is no value yet")
	// ErrStale: the value is older than Config.MaxStale, or Invalidate was called after its run had started.
	ErrStale = errors.New("the value is out of date")
	// ErrNotReady: the run started before Config.Ready said yes.
	ErrNotReady = errors.New("the source was not ready when the run started")
	// ErrTimeout: the run took longer than Config.Timeout.
	ErrTimeout = errors.New("the run took too long")
	// ErrInside: a run, or a hook, would have waited for itself. It is told by the context that compute or OnEvent
	// got, or one derived from it. With such a context Refresh, and Fresh where it would wait, do nothing; Stop does
	// all it does except wait. With another context they wait for what cannot happen until that context ends.
	ErrInside = errors.New("a run cannot wait for itself")
	// ErrNotStarted: Start comes first.
	ErrNotStarted = errors.New("not started")
	// ErrStarted: it was started before, which can be done once.
	ErrStarted = errors.New("started already")
	// ErrStopped: Stop was called. It is also the cause of the contexts of runs that it ends.
	ErrStopped = errors.New("stopped")
	// ErrRunning: it is stopped, but a run in progress, or a hook, has not returned yet. Nothing else is left, and
	// what it returns is dropped.
	ErrRunning = errors.New("stopped, but a run has not returned yet")
	// ErrGrouped: what a member of a Group cannot do without its group.
	ErrGrouped = errors.New("it belongs to a group")
	// ErrCycle: members of a Group depend on each other in a circle.
	ErrCycle = errors.New("the dependencies have a cycle")
	// ErrNoMember: a member of a Group depends on what is not in it.
	ErrNoMember = errors.New("it depends on what is not in the group")
)

// PanicError is a panic of compute, Ready, Equal, Encode or OnEvent, or their runtime.Goexit.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // of that goroutine, as debug.Stack returns it
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

var errGoexit = errors.New("runtime.Goexit")

// errExited is the error of a run that has left no other.
var errExited error = &PanicError{Value: errGoexit}

// named returns err with the name of what it happened to; nil for nil.
func (m *member) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", m.name, err)
}
