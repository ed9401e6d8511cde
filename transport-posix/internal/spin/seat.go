package spin

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/transport-posix/internal/fence"
)

// Seat is a seat that its holder keeps from one wait to the next, because taking one costs more than many a wait. It is
// taken away from a holder that does not come back for a while, once others find no other. Of its methods Take and Give are
// the holder's, who is one goroutine at a time.
type Seat struct {
	use    *fence.Count // odd from before Take until the wait is over
	mine   bool         // of the holder: it has the seat, unless that is in doubt
	doubt  atomic.Bool  // somebody has tried to take it away
	held   bool         // kept.Mutex
	seen   uint32       // use, when others wanted the seat; kept.Mutex
	seenAt time.Time    // since when it was that; kept.Mutex
}

// kept has the seats that are held.
var kept struct {
	sync.Mutex
	seats []*Seat
	n     atomic.Int32 // of seats
}

// absence is after what time without a wait a seat may be taken away.
const absence = time.Millisecond

// NewSeat returns a seat that is not taken, for waits during which use is odd.
func NewSeat(use *fence.Count) Seat { return Seat{use: use} }

// Take reports whether this wait may spin while others of the process, up to most, do. Use has begun.
func (s *Seat) Take(most int32) bool {
	if s.mine && !s.doubt.Load() {
		return true
	}
	return s.take(most)
}

func (s *Seat) take(most int32) bool {
	if s.mine { // whoever tries to take it away from here on finds that it is used
		kept.Lock()
		s.doubt.Store(false)
		s.mine = s.held
		kept.Unlock()
		if s.mine {
			return true
		}
	}
	if !TakeSeat(most) {
		return false
	}
	kept.Lock()
	s.mine, s.held = true, true
	s.doubt.Store(false)
	kept.seats = append(kept.seats, s)
	kept.n.Add(1)
	kept.Unlock()
	return true
}

// Give gives the seat back, if it is taken.
func (s *Seat) Give() {
	if s.mine {
		s.mine = false
		s.Drop()
	}
}

// Drop is Give for whoever knows that the holder does not come back.
func (s *Seat) Drop() {
	kept.Lock()
	defer kept.Unlock()
	if s.held {
		s.lose()
		LeaveSeat()
	}
}

// lose takes it off the list. kept is locked.
func (s *Seat) lose() {
	s.held = false
	i := slices.Index(kept.seats, s)
	kept.seats = slices.Delete(kept.seats, i, i+1)
	kept.n.Add(-1)
}

// inherit takes a seat away from a holder that has stayed away, and reports whether there was one: it is the caller's then.
func inherit() bool {
	if kept.n.Load() == 0 || !kept.TryLock() {
		return false
	}
	defer kept.Unlock()
	for _, s := range kept.seats {
		if s.isLeft() {
			s.lose()
			return true
		}
	}
	return false
}

// isLeft reports whether the holder has stayed away. If it has, it finds doubt when it comes, and then that the seat is not
// its own any more. kept is locked.
func (s *Seat) isLeft() bool {
	use := s.use.Now()
	if s.use.Busy() || use != s.seen || s.seenAt.IsZero() {
		s.seen, s.seenAt = use, time.Now()
		return false
	}
	if time.Since(s.seenAt) < absence {
		return false
	}
	s.doubt.Store(true)
	fence.All()
	return s.use.Now() == use
}
