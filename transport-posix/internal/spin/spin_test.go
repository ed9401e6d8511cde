package spin

import (
	"runtime"
	"sync"
	"testing"
)

func TestSeats(t *testing.T) {
	if TakeSeat(0) {
		t.Error("a seat where there is none")
	}
	for i := range 3 {
		if !TakeSeat(3) {
			t.Fatalf("seat %d of 3 refused", i+1)
		}
	}
	if TakeSeat(3) {
		t.Error("a fourth of three seats")
	}
	for range 3 {
		LeaveSeat()
	}
	if n := TakenSeats(); n != 0 {
		t.Errorf("%d seats are taken in the end", n)
	}
}

// However many want one, there are never more than the seats.
func TestSeatsAreNotExceeded(t *testing.T) {
	var all sync.WaitGroup
	var mu sync.Mutex
	have, most := 0, 0
	note := func(by int) {
		mu.Lock()
		defer mu.Unlock()
		have += by
		most = max(most, have)
	}
	for range 16 {
		all.Go(func() {
			for range 1000 {
				if TakeSeat(2) {
					note(1)
					runtime.Gosched()
					note(-1)
					LeaveSeat()
				}
			}
		})
	}
	all.Wait()
	if most == 0 || most > 2 {
		t.Errorf("up to %d at once, of 2 seats", most)
	}
}

func TestPauseEnds(t *testing.T) {
	for _, n := range []uint32{0, 1, 2, 1000} {
		Pause(n)
	}
	if TurnTime() < 1 {
		t.Errorf("a turn takes %d ps", TurnTime())
	}
	if got := Seats(); got != int32(runtime.GOMAXPROCS(0)-1) {
		t.Errorf("%d seats", got)
	}
}

func BenchmarkPause(b *testing.B) {
	for range b.N {
		Pause(1)
	}
}
