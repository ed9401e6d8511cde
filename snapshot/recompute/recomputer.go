package recompute

import (
	"context"
	"sync/atomic"
)

// Recomputer makes a value again and again, and has the newest one at hand. All methods may be called by any number of
// goroutines, in any state, from inside runs and hooks, too.
type Recomputer[T any] struct {
	current atomic.Pointer[cell[T]] // never nil; see cell
	m       member

	compute func(context.Context, *Snapshot[T]) (T, error)
	ready   func() bool // nil once it has said yes; of the run in progress
	equal   func(old, new T) bool
	encode  func(*Snapshot[T]) ([]byte, error)

	// Guarded by the engine's lock.
	now, next *flight[T]    // those who wait for the run in progress, and for the one after it; nil: nobody does
	changed   chan struct{} // closed with the next publication, and by Stop; nil: nobody waits
}

// flight is what those who wait for one run share.
type flight[T any] struct {
	done chan struct{} // closed when there is a result
	snap *Snapshot[T]
	err  error
}

func newFlight[T any]() *flight[T] { return &flight[T]{done: make(chan struct{})} }

func (f *flight[T]) end(s *Snapshot[T], err error) {
	f.snap, f.err = s, err
	close(f.done)
}

// New returns a recomputer that does nothing before Start. compute makes the value. Its context ends with Stop and
// with Config.Timeout, and by nobody who waits. prev is the newest snapshot, out of date or not, nil before there is
// one; it has to be left as it is. compute may return anything that nobody changes afterwards; an empty value is a
// value.
func New[T any](cfg Config[T], compute func(ctx context.Context, prev *Snapshot[T]) (T, error)) *Recomputer[T] {
	r := &Recomputer[T]{compute: compute, ready: cfg.Ready, equal: cfg.Equal, encode: cfg.Encode}
	r.m.init(cfg.Name, cfg.policy(), r)
	r.current.Store(r.newCell(nil, false, true))
	r.m.eng.Store(newEngine(cfg.Clock, nil))
	return r
}

// Get returns the newest snapshot, nil before the first one. ok is false if there is none, and if it is out of date:
// older than Config.MaxStale, or older than an Invalidate. It is one atomic load, and waits for nothing; what it
// notes for Config.IdlePause it writes once a generation.
func (r *Recomputer[T]) Get() (s *Snapshot[T], ok bool) {
	c := r.current.Load()
	return c.snap, c.hot || c.look()
}

// Encoded returns what Config.Encode made of the newest snapshot: what a handler answers with. It is shared, and must
// not be written to. Like Get it is one atomic load, waits for nothing, and has no use for its context. Errors:
// ErrNoValue, and ErrStale; both with the last error of a run, if there is one.
func (r *Recomputer[T]) Encoded(context.Context) ([]byte, error) {
	s, ok := r.Get()
	if !ok {
		return nil, r.noGood(s)
	}
	return s.encoded, nil
}

// latest returns the newest snapshot, nil before the first one, and does not count as reading it.
func (r *Recomputer[T]) latest() *Snapshot[T] { return r.current.Load().snap }
