package recompute

import "sync"

// Gate lets a number of runs through at a time, first come, first served. Recomputers whose runs are heavy share one,
// so that they do not all weigh on the machine at once. A run waits for it before it starts, which costs no
// goroutine.
type Gate struct {
	mu    sync.Mutex
	free  int
	queue []*ticket
}

// ticket is one who waits at a gate.
type ticket struct{ granted func(*ticket) }

// NewGate returns a gate for that many runs at a time, at least one.
func NewGate(runs int) *Gate { return &Gate{free: max(1, runs)} }

// enter takes a place, or queues: then t.granted is called once there is one, by whoever leaves, under no lock.
func (g *Gate) enter(t *ticket) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.free > 0 {
		g.free--
		return true
	}
	g.queue = append(g.queue, t)
	return false
}

// withdraw takes t out of the queue. If it is not there any more, t has a place, or gets it this very moment: granted
// has to leave it again.
func (g *Gate) withdraw(t *ticket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, q := range g.queue {
		if q == t {
			g.queue = append(g.queue[:i], g.queue[i+1:]...)
			return
		}
	}
}

// leave gives a place back, to the first in the queue if there is one. No lock of an engine may be held.
func (g *Gate) leave() {
	g.mu.Lock()
	if len(g.queue) == 0 {
		g.free++
		g.mu.Unlock()
		return
	}
	t := g.queue[0]
	g.queue[0] = nil
	g.queue = g.queue[1:]
	g.mu.Unlock()
	t.granted(t)
}
