package recompute

// cell is what stands behind the atomic pointer. It is immutable: what changes about a snapshot, that it was read or has
// become out of date, is another cell in its place.
type cell[T any] struct {
	head
	snap *Snapshot[T] // nil: there is none yet
	twin *cell[T]     // the same, and read; nil if this one is
}

// head is the part of a cell that knows no types. Get is made of little enough, to the unit by which the compiler
// counts, to become a part of its callers; that is why look is a method of head and not of something larger.
type head struct {
	hot  bool // good and read: there is nothing to look at
	good bool // neither older than MaxStale nor invalidated
	read bool // since the last run
	m    *member
}

func (r *Recomputer[T]) newCell(s *Snapshot[T], good, read bool) *cell[T] {
	c := &cell[T]{head: head{hot: good && read, good: good, read: read, m: &r.m}, snap: s}
	if !read {
		c.twin = r.newCell(s, good, true)
	}
	return c
}

// look is what Get does with a cell that is not hot: it notes, once, that it was read, which may end a pause, and
// returns whether it is good.
//
//go:noinline
func (h *head) look() (good bool) {
	if !h.read {
		h.m.body.mark()
		h.m.awake()
	}
	return h.good
}

// mark implements body. Readers do it, under no lock; they wait for nobody, since what makes them try again is that
// there is another cell.
func (r *Recomputer[T]) mark() {
	for {
		c := r.current.Load()
		if c.read || r.current.CompareAndSwap(c, c.twin) {
			return
		}
	}
}

// unmark makes it known that the last run has ended, and nobody has read since. The lock is held.
func (r *Recomputer[T]) unmark() {
	if c := r.current.Load(); c.read && c.snap != nil { // readers leave it alone
		r.current.Store(r.newCell(c.snap, c.good, false))
	}
}

// setGood says whether the snapshot is good. The lock is held.
func (r *Recomputer[T]) setGood(good bool) {
	for {
		c := r.current.Load()
		if c.snap == nil || c.good == good || r.current.CompareAndSwap(c, r.newCell(c.snap, good, c.read)) {
			return
		}
	}
}
