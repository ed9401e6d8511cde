package recompute

import (
	"context"
	"fmt"
	"time"
)

// Refresh returns what comes of a run that starts after this call. All who call it before that run starts share it;
// while it waits, Get goes on. If Config.Equal finds nothing new, that is the snapshot that is there already.
//
// It waits until ctx ends, which ends the wait and not the run. Errors: that of the run, ErrNotReady among them; the
// cause of ctx; ErrNotStarted; ErrStopped; ErrInside.
func (r *Recomputer[T]) Refresh(ctx context.Context) (*Snapshot[T], error) {
	if err := r.refused(ctx); err != nil {
		return nil, err
	}
	e := r.m.lock()
	f, err := r.join()
	e.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return r.wait(ctx, f)
}

// Fresh returns a good snapshot that was made, or confirmed, by a run that started maxAge before this call or later:
// the newest one, or else what comes of the run in progress, or else of the next one. Waiting and errors are those of
// Refresh, which it is for a maxAge of 0 and below.
func (r *Recomputer[T]) Fresh(ctx context.Context, maxAge time.Duration) (*Snapshot[T], error) {
	if maxAge <= 0 {
		return r.Refresh(ctx)
	}
	refused := r.refused(ctx) // a context is code of a user's, not for under a lock
	e := r.m.lock()
	since := e.clock.Now().Add(-maxAge)
	if c := r.current.Load(); c.good && !r.m.confirmed.Before(since) {
		e.mu.Unlock()
		c.look()
		return c.snap, nil
	}
	if refused != nil {
		e.mu.Unlock()
		return nil, refused
	}
	f, n := r.now, r.m.run
	if f == nil || n.late || n.number <= r.m.outdated || n.began.Before(since) {
		var err error
		if f, err = r.join(); err != nil {
			e.mu.Unlock()
			return nil, err
		}
	}
	e.mu.Unlock()
	return r.wait(ctx, f)
}

// refused says why nobody may wait with ctx; nil if one may.
func (r *Recomputer[T]) refused(ctx context.Context) error {
	if r.m.isInside(ctx) {
		return r.m.named(ErrInside)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// join makes one wait for the next run, and makes that run start as soon as it can. The lock is held.
func (r *Recomputer[T]) join() (*flight[T], error) {
	switch r.m.phase {
	case phaseNew:
		return nil, r.m.named(ErrNotStarted)
	case phaseStopped:
		return nil, r.m.named(ErrStopped)
	}
	if r.next == nil {
		r.next = newFlight[T]()
	}
	f := r.next // want may make it the one in progress
	r.m.want()
	return f, nil
}

func (r *Recomputer[T]) wait(ctx context.Context, f *flight[T]) (*Snapshot[T], error) {
	select {
	case <-f.done:
	case <-ctx.Done():
		if !closed(f.done) {
			return nil, context.Cause(ctx)
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	if c := r.current.Load(); c.snap == f.snap {
		c.look()
	}
	return f.snap, nil
}

// Nudge says that the source may have changed: the next run starts as soon as Config.MaxDuty allows, after the one
// in progress if there is one. Many at once are one. It waits for nothing. Without Start, and after Stop, it does
// nothing.
func (r *Recomputer[T]) Nudge() {
	e := r.m.lock()
	defer e.mu.Unlock()
	r.m.nudge(e)
}

// Invalidate says that the value is wrong: it is a Nudge, and until a run that starts after it has succeeded, Get
// says that its value is out of date.
func (r *Recomputer[T]) Invalidate() {
	e := r.m.lock()
	defer e.mu.Unlock()
	r.m.outdated = r.m.started
	r.expire()
	r.m.nudge(e)
}

// noGood says why s, which may be nil, is not good.
func (r *Recomputer[T]) noGood(s *Snapshot[T]) error {
	err := ErrStale
	if s == nil {
		err = ErrNoValue
	}
	e := r.m.lock()
	last := r.m.counts.lastError
	if r.m.counts.failing == 0 {
		last = nil
	}
	e.mu.Unlock()
	if last != nil {
		return fmt.Errorf("%s: %w: %w", r.m.name, err, last)
	}
	return r.m.named(err)
}
