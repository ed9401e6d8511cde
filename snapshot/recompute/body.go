package recompute

var _ body = (*Recomputer[int])(nil)

// begin implements body.
func (r *Recomputer[T]) begin() {
	r.now, r.next = r.next, nil
	if r.now == nil { // somebody may join it
		r.now = newFlight[T]()
	}
}

// fail implements body.
func (r *Recomputer[T]) fail(err error) {
	if r.now != nil {
		r.now.end(nil, err)
		r.now = nil
	}
}

// abandon implements body.
func (r *Recomputer[T]) abandon(err error) {
	r.fail(err)
	if r.next != nil {
		r.next.end(nil, err)
		r.next = nil
	}
	r.wakeWatchers()
}

// expire implements body.
func (r *Recomputer[T]) expire() {
	if c := r.current.Load(); c != nil && c.good {
		next := &cell[T]{snap: c.snap}
		next.read.Store(c.read.Load())
		r.current.Store(next)
	}
}

// wasRead implements body.
func (r *Recomputer[T]) wasRead() bool {
	c := r.current.Load()
	return c != nil && c.read.Load()
}

// gen implements body.
func (r *Recomputer[T]) gen() (gen uint64, good bool) {
	if c := r.current.Load(); c != nil {
		return c.snap.Gen, c.good
	}
	return 0, false
}
