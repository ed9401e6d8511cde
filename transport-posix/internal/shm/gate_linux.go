package shm

import "sync/atomic"

// gate keeps the memory mapped while calls use it.
type gate struct {
	inside atomic.Int64  // calls; shut takes closed away from it
	empty  chan struct{} // one token: the last one has left
}

const gateShut = 1 << 32

// enter lets a call in, unless the gate is shut. leave follows if it was let in.
func (g *gate) enter() bool {
	if g.inside.Add(1) > 0 {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.inside.Add(-1) != -gateShut {
		return
	}
	select {
	case g.empty <- struct{}{}:
	default: // one that was not let in has left after the last that was
	}
}

// shut lets no more calls in and waits for those that are. It is called once.
func (g *gate) shut() {
	if g.inside.Add(-gateShut) != -gateShut {
		<-g.empty
	}
}
