package posix

import (
	"runtime"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/spin"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

const (
	// spinTime bounds a spin, in nanoseconds: what waking somebody costs.
	spinTime = 40_000
	// clockTurns is how often a spin looks before it looks at the clock for the first time, and then each time.
	clockTurns = 32
	// yieldTurns is how often a spin looks before it lets others run, where that does not help.
	yieldTurns = 32
	// blockTime bounds a wait in the kernel. The kernel rounds it up to one of its clock ticks, 1 to 10 ms, and may
	// add one.
	blockTime = time.Millisecond
	// leastLeft is what a deadline must leave for a wait that looks at no clock.
	leastLeft = 50 * time.Millisecond
	// lookEvery is after how many waits one looks first, in case it need not wait.
	lookEvery = 16
)

// hurry is how a reader waits before it parks: what its pace has learned, within what this process may.
type hurry struct {
	pace  pace
	ahead bool // packets are there before they are waited for
	near  bool // the last spin's packet came when others had been let run, once
	looks int  // waits until one looks first
	// loan says who has the descriptor's mode: nobody, waits that block, or a caller's own event loop, for good.
	loan loan
}

// receive makes one attempt at the next packet, which may take until spinTime or blockTime is over.
// EAGAIN: nothing was there.
func (r *reader) receive(fd uintptr, first, rest []byte, woken bool) (n int, errno syscall.Errno) {
	if woken {
		return r.inbox.Recv(fd, first, rest)
	}
	w := r.pace.next(link.Now, processors)
	if r.looks--; r.ahead || r.looks <= 0 || w == parks {
		if n, errno = r.look(fd, first, rest); errno != syscall.EAGAIN || w == parks {
			return n, errno
		}
	}
	if !r.mayHurry(w, fd) || !takeSeat(r.pace.procs) {
		return r.inbox.Recv(fd, first, rest)
	}
	if w == blocks {
		n, errno = r.inbox.RecvWait(fd, first, rest, r.pace.procs == 1)
	} else {
		n, errno = r.spin(fd, first, rest)
	}
	spin.LeaveSeat()
	switch errno {
	case syscall.EAGAIN:
		if !r.interrupted.Load() {
			r.pace.missed()
		}
	case syscall.EINTR: // Go's scheduler wants something
		errno = syscall.EAGAIN
	default:
		r.pace.found()
	}
	return n, errno
}

// look takes a packet that is there. If packets have been coming faster than they are read, and now there is none,
// then it is for other goroutines to send some, or to take what was read for them; they need the only processor.
func (r *reader) look(fd uintptr, first, rest []byte) (n int, errno syscall.Errno) {
	r.looks = lookEvery
	n, errno = r.inbox.Recv(fd, first, rest)
	if errno == syscall.EAGAIN && r.ahead && r.pace.procs == 1 {
		runtime.Gosched()
		n, errno = r.inbox.Recv(fd, first, rest)
	}
	r.ahead = errno != syscall.EAGAIN
	return n, errno
}

func processors() int { return runtime.GOMAXPROCS(0) }

// mayHurry reports whether deadline and descriptor allow a wait that looks at neither deadline nor poller.
func (r *reader) mayHurry(w way, fd uintptr) bool {
	if d := r.deadline; d != nil && *d != 0 {
		left := -int64(*d) // a budget that has not begun
		if left < 0 {
			left = -left - link.Now()
		}
		if left < int64(leastLeft) {
			return false
		}
	}
	return w != blocks || r.loan.take(fd)
}

// spin looks for a packet again and again, and lets others run in between. Where the other side is on the same
// processor it must be let run before anything can come; where it is not, that only takes time. What the last spin
// found when says which it is.
func (r *reader) spin(fd uintptr, first, rest []byte) (n int, errno syscall.Errno) {
	yields, until := 0, int64(0)
	yield := r.near
	for turn := 0; ; turn++ {
		if yield {
			if yields++; yields > 1 && r.pace.procs == 1 {
				runtime.Gosched()
			}
			sys.Yield()
		}
		n, errno = r.inbox.Recv(fd, first, rest)
		if errno != syscall.EAGAIN {
			r.near = yield && yields == 1
			return n, errno
		}
		if r.interrupted.Load() {
			return n, errno
		}
		yield = r.near || turn%yieldTurns == yieldTurns-1
		if turn%clockTurns == clockTurns-1 {
			if now := link.Now(); until == 0 {
				until = now + spinTime
			} else if now >= until {
				return n, errno
			}
		}
	}
}
