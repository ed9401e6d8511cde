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
func (r *Recomputer[T]) expire() { r.setGood(false) }

// wasRead implements body.
func (r *Recomputer[T]) wasRead() bool { return r.current.Load().read }

// gen implements body.
func (r *Recomputer[T]) gen() (gen uint64, good bool) {
	c := r.current.Load()
	return c.snap.Next() - 1, c.good
}
