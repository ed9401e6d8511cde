package recompute

import (
	"context"
	"iter"
)

// Watch follows what is published: it has the newest snapshot, then each that comes, except for those that were
// followed by another before they were asked for. It waits for the next one until ctx ends, and ends with it, and
// with Stop once it has had the last one. It costs no goroutine, and whoever takes a snapshot has read it. Inside a
// run or a hook it does not wait.
//
//	for s := range r.Watch(ctx) { ... }
func (r *Recomputer[T]) Watch(ctx context.Context) iter.Seq[*Snapshot[T]] {
	return func(yield func(*Snapshot[T]) bool) {
		inside := r.m.isInside(ctx)
		for last := uint64(0); ctx.Err() == nil; {
			c, changed := r.after(last)
			switch {
			case c != nil:
				c.look()
				if last = c.snap.Gen; !yield(c.snap) {
					return
				}
				continue
			case changed == nil || inside:
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	}
}

// after returns what has been published after that generation, or else what is closed with the next publication, or
// neither if there is none to come.
func (r *Recomputer[T]) after(gen uint64) (*cell[T], <-chan struct{}) {
	e := r.m.lock()
	defer e.mu.Unlock()
	if c := r.current.Load(); c.snap.Next() > gen+1 {
		return c, nil
	}
	if r.m.phase == phaseStopped {
		return nil, nil
	}
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return nil, r.changed
}

// wakeWatchers makes all look again. The lock is held.
func (r *Recomputer[T]) wakeWatchers() {
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}
