package spin

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/transport-posix/internal/fence"
)

// holder is one who waits again and again.
type holder struct {
	use  fence.Count
	seat Seat
}

func newHolder(t *testing.T) *holder {
	h := new(holder)
	h.seat = NewSeat(&h.use)
	t.Cleanup(h.seat.Drop)
	return h
}

// wait makes one wait, during which do runs, and reports whether it may have spun.
func (h *holder) wait(most int32, do func(seated bool)) (seated bool) {
	h.use.Begin()
	defer h.use.End()
	seated = h.seat.Take(most)
	do(seated)
	return seated
}

func nothing(bool) {}

func TestSeatIsKept(t *testing.T) {
	h := newHolder(t)
	for range 3 {
		if !h.wait(1, nothing) {
			t.Fatal("no seat, and nobody else there")
		}
		if n := TakenSeats(); n != 1 {
			t.Fatalf("%d seats are taken between two waits, want 1", n)
		}
	}
	h.seat.Give()
	h.seat.Give()
	if n := TakenSeats(); n != 0 {
		t.Errorf("%d seats are taken after Give", n)
	}
	if !h.wait(1, nothing) {
		t.Error("no seat after it was given back")
	}
}

// takenAway asks for a seat until there is one.
func takenAway() {
	for !TakeSeat(1) {
		runtime.Gosched()
	}
}

func TestSeatIsTakenFromWhoStaysAway(t *testing.T) {
	h := newHolder(t)
	if !h.wait(1, nothing) {
		t.Fatal("no seat")
	}
	if TakeSeat(1) {
		t.Fatal("a second of one seat, at once")
	}
	takenAway()
	if n := TakenSeats(); n != 1 {
		t.Errorf("%d seats are taken, want 1", n)
	}
	if h.wait(1, nothing) {
		t.Error("the holder still has what was taken away")
	}
	LeaveSeat()
	if !h.wait(1, nothing) {
		t.Error("no seat when it was free again")
	}
}

func TestSeatIsNotTakenFromAWait(t *testing.T) {
	h := newHolder(t)
	h.wait(1, func(seated bool) {
		begun := time.Now()
		for time.Since(begun) < 3*absence {
			if TakeSeat(1) {
				t.Fatal("a seat that is in use was taken away")
			}
		}
	})
	if !h.wait(1, nothing) {
		t.Error("the seat is gone")
	}
}

// Holders come and go, others take seats for one wait: there are never more that spin than seats, and none is lost.
func TestKeptSeatsAreNotExceeded(t *testing.T) {
	fence.Prepare()
	const most, rounds = 2, 3000
	var spins, worst atomic.Int32
	spinning := func(seated bool) {
		if !seated {
			return
		}
		n := spins.Add(1)
		for w := worst.Load(); n > w && !worst.CompareAndSwap(w, n); w = worst.Load() {
		}
		runtime.Gosched()
		spins.Add(-1)
	}
	var all sync.WaitGroup
	for i := range 6 {
		h := newHolder(t)
		all.Go(func() {
			for round := range rounds {
				h.wait(most, spinning)
				switch {
				case round%997 == 0: // stays away
					for begun := time.Now(); time.Since(begun) < 2*absence; {
						runtime.Gosched()
					}
				case round%(100+i) == 0:
					h.seat.Give()
				}
			}
			h.seat.Give()
		})
		all.Go(func() {
			for range rounds {
				if TakeSeat(most) {
					spinning(true)
					LeaveSeat()
				}
				runtime.Gosched()
			}
		})
	}
	all.Wait()
	if n := worst.Load(); n == 0 || n > most {
		t.Errorf("up to %d spin at once, of %d seats", n, most)
	}
	if n := TakenSeats(); n != 0 {
		t.Errorf("%d seats are taken in the end", n)
	}
}

func BenchmarkSeat(b *testing.B) {
	var use fence.Count
	s := NewSeat(&use)
	defer s.Drop()
	for range b.N {
		use.Begin()
		s.Take(1)
		use.End()
	}
}
