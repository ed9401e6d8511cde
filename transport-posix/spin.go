package posix

import (
	"github.com/plugin-ipc/netipc/transport-posix/internal/spin"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// way is a way to wait for a packet.
type way uint8

const (
	// parks: the goroutine gives everything back until Go's poller finds the packet. That costs nothing while it
	// lasts, and tens of microseconds when it ends: a processor that has gone idle must be woken, and a thread.
	parks way = iota
	// blocks: the thread waits in the kernel, for a few clock ticks at most, and keeps its Go processor unless that is
	// the only one. No processor time, and where both sides share a processor the kernel goes straight from one to the
	// other.
	blocks
	// spins: look, let others run, look again, for spinTime at most. Where the sides have a processor each, nobody
	// has to be woken.
	spins

	ways = iota
)

// The measures of a pace, in nanoseconds, waits, and samples.
const (
	sampleWaits  = 8       // waits that are timed together, so that the clock costs next to nothing
	slow         = 400_000 // waits that begin further apart than this are left to the poller
	slowRow      = 3       // slow samples in a row after which all that was learned is forgotten
	trialSamples = 4       // how long a way is tried
	cutSamples   = 2       // how long, if it is hopeless
	leastRun     = 64      // how long the best way is used before others are tried again,
	mostRun      = 4096    // and how long if it stays the best, for it is eight times as long each time
	mostRests    = 15      // rounds of trials that a hopeless way is left out of, at most
	badRow       = 8       // samples in a row, twice as slow as known, after which the best way has to prove itself
	seenRow      = 32      // samples in a row after which the only processor looks at the poller
	missRow      = 3       // waits in vain, in a row, after which a way is given up
)

// pace learns how the packets of one direction are best waited for. It knows one thing, and that is what counts: the
// time from the begin of one wait to the begin of the next, which is the time of a whole exchange, the other side's
// part included. It tries each way for some exchanges and then keeps to the best for many, where a way that asks
// more of this process has to be clearly better. So a caller who makes a call now and then is not waited for in any
// hurry, nor one who paces his calls, because no way makes those come faster.
//
// It does no I/O and reads no clock but the one that it is given. The zero value is ready for use.
type pace struct {
	way  way         // of the stretch under way
	best way         // found so far
	cost [ways]int64 // ns from one wait to the next, when it was tried last; 0: it was not

	waits  int   // left in the sample
	since  int64 // when the sample began; 0: there is none
	settle bool  // the sample under way is one of two ways, and does not count
	slows  int   // samples in a row that were slow
	bad    int   // samples in a row in which the best way was not what it had been
	sum    int64 // of the samples of the stretch, ns
	worst  int64 // of them, which does not count: others use the processors too
	n      int   // samples of the stretch
	run    int   // samples of a stretch of the best; 0: none is known
	misses int   // in a row
	procs  int   // of this process, as known when the sample began
	unseen int   // samples in a row in which nobody parked

	rests, rested [ways]int // rounds that a hopeless way is still left out of, and was at first
}

// next returns how to wait now. now gives monotonic nanoseconds, above 0; procs, how many goroutines run at once.
func (p *pace) next(now func() int64, procs func() int) way {
	p.waits--
	if p.waits > 0 {
		return p.way
	}
	p.waits = sampleWaits
	before := p.since
	p.since = now()
	if before != 0 {
		p.procs = procs()
		p.sample((p.since - before) / sampleWaits)
	}
	if p.unseen++; p.way == parks {
		p.unseen = 0
	}
	if p.procs == 1 && p.unseen >= seenRow {
		p.unseen = 0
		return parks // nobody else looks at the poller while the only processor is busy with one session
	}
	return p.way
}

// found says that the wait was not in vain.
func (p *pace) found() { p.misses = 0 }

// missed says that a wait that did not park took as long as it may, and that nothing came.
func (p *pace) missed() {
	if p.misses++; p.misses < missRow {
		return
	}
	p.cost[p.way] = slow
	if p.way == p.best {
		p.best, p.run = parks, leastRun
		p.begin(parks)
		return
	}
	p.turn()
}

// sample takes note of how far apart the last waits began, on average.
func (p *pace) sample(apart int64) {
	if apart > slow {
		if p.slows++; p.slows >= slowRow && (p.way != parks || p.cost != [ways]int64{}) {
			*p = pace{waits: p.waits, since: p.since, slows: p.slows, procs: p.procs}
		}
		return
	}
	p.slows = 0
	if p.settle {
		p.settle = false
		return
	}
	p.sum += apart
	p.worst = max(p.worst, apart)
	p.n++
	if p.way == p.best && p.run > 0 {
		p.running(apart)
	} else {
		p.trying()
	}
}

// running goes on with the best way, until it is time to compare it with others.
func (p *pace) running(apart int64) {
	if p.bad++; apart <= 2*p.cost[p.best] {
		p.bad = 0
	}
	if p.n < p.run && p.bad < badRow {
		return
	}
	if p.bad >= badRow {
		p.run, p.rests = 0, [ways]int{}
	}
	p.cost[p.best] = p.mean()
	p.turn()
}

// trying goes on with a trial, until it has shown enough.
func (p *pace) trying() {
	hopeless := p.way != p.best && p.n >= cutSamples && p.mean() > 2*p.cost[p.best]
	if p.n < trialSamples && !hopeless {
		return
	}
	p.cost[p.way] = p.mean()
	if hopeless {
		p.rested[p.way] = min(2*p.rested[p.way]+1, mostRests)
		p.rests[p.way] = p.rested[p.way]
	} else {
		p.rested[p.way] = 0
	}
	p.turn()
}

// mean returns how far apart waits of this stretch begin. Preconditions: it has samples.
func (p *pace) mean() int64 {
	if p.n == 1 {
		return max(1, p.sum)
	}
	return max(1, (p.sum-p.worst)/int64(p.n-1))
}

// turn ends a stretch and begins the next one: of a way that is to be tried, or of the best.
func (p *pace) turn() {
	next := p.way + 1
	if p.way == p.best { // a round of trials begins
		next = 0
	}
	for ; next < ways; next++ {
		switch {
		case next == p.best, next == blocks && !sys.CanBlock:
		case p.rests[next] > 0:
			p.rests[next]--
		default:
			p.begin(next)
			return
		}
	}
	was := p.best
	p.best = p.choose()
	if p.run = min(8*p.run, mostRun); p.best != was || p.run == 0 {
		p.run = leastRun
	}
	p.begin(p.best)
}

// choose returns the way that is best: the one that costs nothing unless another is faster by a tenth.
func (p *pace) choose() way {
	best := parks
	if c := p.cost[blocks]; c != 0 && 10*c < 9*p.cost[best] {
		best = blocks
	}
	if c := p.cost[spins]; c != 0 && 10*c < 9*p.cost[best] {
		best = spins
	}
	return best
}

// begin begins a stretch.
func (p *pace) begin(w way) {
	p.settle = p.settle || p.way != w
	p.way, p.sum, p.worst, p.n, p.misses, p.bad = w, 0, 0, 0, 0, 0
}

// takeSeat reports whether one more wait of this process may hold a Go processor: as many as there are processors but one,
// so that goroutines go on and the poller is looked at, and one where there is only one. Waits for shared memory count
// among them. spin.LeaveSeat follows.
func takeSeat(procs int) bool { return spin.TakeSeat(int32(max(1, procs-1))) }
