package recompute

// paused skips the run that is due, if nobody would notice, and reports whether it has. The lock is held.
//
// A reader marks the cell and then looks at idle; this sets idle and then looks at the mark. One of the two sees the
// other.
func (m *member) paused() bool {
	if !m.idlePause || m.confirmed.IsZero() || m.body.wasRead() || !m.idle.CompareAndSwap(idleNot, idlePaused) {
		return false
	}
	if m.body.wasRead() && m.idle.CompareAndSwap(idlePaused, idleNot) {
		return false
	}
	m.counts.pauses++
	return true
}

// awake ends a pause. It waits for nothing: the engine is left a note, which it finds at once.
func (m *member) awake() {
	if m.idle.Load() != idlePaused || !m.idle.CompareAndSwap(idlePaused, idleWoken) {
		return
	}
	e := m.eng.Load()
	for {
		top := e.woken.Load()
		m.nextWoken = top
		if e.woken.CompareAndSwap(top, m) {
			break
		}
	}
	e.poke()
}
