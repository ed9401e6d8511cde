package service

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// gate gives out the seats of a server. A client needs one before its handshake, because an acknowledgement
// cannot be taken back (spec 15-i); so a client that connects and says nothing has one too. Such clients must
// not lock out others: when all seats are taken, and one has been taken for a handshake longer than patience,
// that handshake is ended for the newcomer. When sessions have all seats, newcomers are refused at once.
//
// Those without a seat, whether they wait for one or are being refused, are bounded in number: the one that
// has been there longest makes room for the next.
type gate struct {
	patience time.Duration
	crowd    int // clients without a seat, at most

	mu      sync.Mutex
	seats   int       // that nobody has
	shaking list.List // of *guest with a seat whose handshake goes on, oldest first
	leaving int       // guests with a seat whose handshake was ended from here
	outside list.List // of *guest without a seat, oldest first
	waiting int       // those of outside that wait for a seat
	closed  bool
}

const (
	defaultPatience = 250 * time.Millisecond
	defaultCrowd    = 256
)

// guest is a client between its connect and its session.
type guest struct {
	ctx    context.Context // ends when the guest has to go
	cancel context.CancelFunc
	since  int64         // link.Now
	call   chan struct{} // told to look again while it waits

	// Under the gate's lock.
	place   *list.Element // in shaking or outside, nil if in neither
	seated  bool
	waiting bool
	out     bool // evicted, and not gone yet
}

func newGate(seats int) *gate {
	g := &gate{patience: defaultPatience, crowd: defaultCrowd, seats: seats}
	g.shaking.Init()
	g.outside.Init()
	return g
}

// arrive takes in a client, and never waits. It is called by the accept loop; find follows, on the client's
// own goroutine, then settle if a session came of it, and in any case leave at the end.
func (g *gate) arrive(ctx context.Context) *guest {
	v := &guest{since: link.Now(), call: make(chan struct{}, 1)}
	v.ctx, v.cancel = context.WithCancel(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		v.cancel()
	case g.seats > 0:
		g.seats--
		g.sit(v)
	default:
		if g.outside.Len() >= g.crowd {
			longest := g.outside.Front().Value.(*guest)
			g.remove(longest)
			longest.cancel()
		}
		v.place = g.outside.PushBack(v)
		g.wait(v, true)
	}
	return v
}

// find waits for a seat as long as there is hope for one, and reports whether the guest has got it.
func (g *gate) find(v *guest) bool {
	for {
		found, hope, patience := g.look(v)
		if found || !hope {
			return found
		}
		var until <-chan time.Time
		if patience > 0 {
			t := time.NewTimer(patience)
			defer t.Stop()
			until = t.C
		}
		select {
		case <-v.call:
		case <-until:
		case <-v.ctx.Done():
		}
	}
}

// look is one step of find. It ends the oldest handshake if that has used up the patience; otherwise it returns
// how much of it is left, 0 if there is nothing to be ended.
func (g *gate) look(v *guest) (found, hope bool, patience time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if v.seated {
		return true, true, 0
	}
	if v.ctx.Err() != nil {
		return false, false, 0
	}
	for g.shaking.Len() > 0 && g.leaving < g.waiting {
		oldest := g.shaking.Front().Value.(*guest)
		patience = g.patience - time.Duration(link.Now()-oldest.since)
		if patience > 0 {
			return false, true, patience
		}
		g.evict(oldest)
	}
	if g.shaking.Len() == 0 && g.leaving == 0 {
		g.wait(v, false)
		return false, false, 0
	}
	return false, true, 0
}

// settle notes that the handshake has succeeded and a session has the seat, until leave.
func (g *gate) settle(v *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if v.out { // too late: the client believes in its session
		v.out = false
		g.leaving--
	}
	g.remove(v)
	g.callAll()
}

// evicted reports whether the handshake was ended from here.
func (g *gate) evicted(v *guest) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return v.out
}

// leave ends a guest's stay: the seat, if it had one, goes to the newest who waits. Somebody who has waited
// for long is more likely to be silent, too.
func (g *gate) leave(v *guest) {
	v.cancel()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remove(v)
	if !v.seated {
		return
	}
	v.seated = false
	if v.out {
		g.leaving--
	}
	for e := g.outside.Back(); e != nil; e = e.Prev() {
		if next := e.Value.(*guest); next.waiting {
			g.remove(next)
			g.sit(next)
			next.tell()
			return
		}
	}
	g.seats++
}

// close sends everybody away who has no session; nobody finds a seat any more.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, l := range []*list.List{&g.shaking, &g.outside} {
		for e := l.Front(); e != nil; e = e.Next() {
			e.Value.(*guest).cancel()
		}
	}
}

// shakes returns how many handshakes go on.
func (g *gate) shakes() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shaking.Len() + g.leaving
}

// What follows is called with the lock held.

// sit gives the guest a seat that nobody has. Its handshake begins now.
func (g *gate) sit(v *guest) {
	v.seated, v.since = true, link.Now()
	v.place = g.shaking.PushBack(v)
}

// evict ends a handshake. The seat is free when leave is called.
func (g *gate) evict(v *guest) {
	g.remove(v)
	v.out = true
	g.leaving++
	v.cancel()
}

// remove takes the guest off its list.
func (g *gate) remove(v *guest) {
	if v.place == nil {
		return
	}
	if v.seated {
		g.shaking.Remove(v.place)
	} else {
		g.outside.Remove(v.place)
	}
	v.place = nil
	g.wait(v, false)
}

func (g *gate) wait(v *guest, on bool) {
	if v.waiting == on {
		return
	}
	v.waiting = on
	if on {
		g.waiting++
	} else {
		g.waiting--
	}
}

func (g *gate) callAll() {
	for e := g.outside.Front(); e != nil; e = e.Next() {
		e.Value.(*guest).tell()
	}
}

// tell makes a waiting guest look again.
func (v *guest) tell() {
	select {
	case v.call <- struct{}{}:
	default:
	}
}
