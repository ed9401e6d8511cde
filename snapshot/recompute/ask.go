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
	e := r.m.lock()
	f, err := r.join(ctx)
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
	e := r.m.lock()
	since := e.clock.Now().Add(-maxAge)
	if c := r.current.Load(); c.good && !r.m.confirmed.Before(since) {
		e.mu.Unlock()
		c.look()
		return c.snap, nil
	}
	f, n := r.now, r.m.run
	if f == nil || n.late || n.number <= r.m.outdated || n.began.Before(since) || r.m.isInside(ctx) {
		var err error
		if f, err = r.join(ctx); err != nil {
			e.mu.Unlock()
			return nil, err
		}
	}
	e.mu.Unlock()
	return r.wait(ctx, f)
}

// join makes one wait for the next run, and makes that run start as soon as it can. The lock is held.
func (r *Recomputer[T]) join(ctx context.Context) (*flight[T], error) {
	switch {
	case r.m.isInside(ctx):
		return nil, r.m.named(ErrInside)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case r.m.phase == phaseNew:
		return nil, r.m.named(ErrNotStarted)
	case r.m.phase == phaseStopped:
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
