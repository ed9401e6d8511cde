// Package spin is what waits that keep their processor have in common: the hint to the processor, and the number of
// them that a process may have.
package spin

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// spinners counts the waits of this process that hold a Go processor and do nothing, and the seats that are kept between
// two of them.
var spinners atomic.Int32

// TakeSeat reports whether one more wait may spin while others, up to most, do. LeaveSeat follows.
func TakeSeat(most int32) bool {
	taken := spinners.Add(1)
	if taken <= most {
		return true
	}
	spinners.Add(-1)
	return taken == most+1 && inherit()
}

// LeaveSeat gives back what TakeSeat took.
func LeaveSeat() { spinners.Add(-1) }

// TakenSeats returns how many are taken now.
func TakenSeats() int { return int(spinners.Load()) }

// Pause tells the processor n times that this is a wait, so that it neither burns power nor guesses wrong when it
// ends. How long that takes differs by a factor of ten from one processor to another; TurnTime measures.
func Pause(n uint32) { pause(n) }

// TurnTime is how long one Pause takes, in picoseconds, at least 1: the shortest of a few measurements.
var TurnTime = sync.OnceValue(func() int64 {
	const turns = 1000
	best := time.Duration(1<<63 - 1)
	for range 5 {
		start := time.Now()
		pause(turns)
		best = min(best, time.Since(start))
	}
	return max(1, int64(best)*1000/turns)
})

// Seats returns how many waits of this process may spin: fewer than it has processors, so that none on a machine with
// one.
func Seats() int32 { return int32(runtime.GOMAXPROCS(0) - 1) }
