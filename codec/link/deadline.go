package link

import (
	"math"
	"time"
)

// epoch carries a monotonic reading; all deadlines count from it. It lies far back because a bubble of
// testing/synctest has no monotonic clock and its wall clock starts in the year 2000: Now is to be positive
// there too. Further back would leave the years in which package time keeps a monotonic reading at all.
var epoch = time.Now().Add(-80 * 365 * 24 * time.Hour)

// Now returns monotonic nanoseconds since a fixed moment before this process started; always positive.
func Now() int64 { return int64(time.Since(epoch)) }

// Deadline bounds a wait. 0 is none. A positive value is a moment, in nanoseconds of Now. A negative value is
// a budget of that many nanoseconds which starts running when somebody first has to wait, so that calls that
// never wait never read the clock. A Deadline is passed by pointer: the wait that starts a budget writes the
// moment in its place, and what follows (further packets, the answer, a retry) counts against the same one.
// A nil pointer is no deadline.
type Deadline int64

// At returns the deadline at t. It costs no clock reading.
func At(t time.Time) Deadline { return Deadline(max(1, t.Sub(epoch))) }

// Within returns a budget of d that starts with the first wait. One of 0 or less is used up by then.
func Within(d time.Duration) Deadline { return -Deadline(max(1, d)) }

// Start turns a budget into a moment, in place, and returns the deadline: 0 or positive. A budget that ends
// later than can be counted ends as late as can be.
func (d *Deadline) Start() Deadline {
	if d == nil {
		return 0
	}
	if *d < 0 {
		now := Deadline(Now())
		*d = now + min(-*d, math.MaxInt64-now)
	}
	return *d
}

// Expired reports whether the deadline has passed. It starts a budget.
func (d *Deadline) Expired() bool {
	at := d.Start()
	return at != 0 && Now() >= int64(at)
}

// Left returns the time that is left, at least 0, and whether there is a deadline at all. It starts a budget.
func (d *Deadline) Left() (time.Duration, bool) {
	at := d.Start()
	if at == 0 {
		return 0, false
	}
	return time.Duration(max(0, int64(at)-Now())), true
}

// Time returns the moment as a time.Time, the zero Time if there is none. It starts a budget.
func (d *Deadline) Time() time.Time {
	at := d.Start()
	if at == 0 {
		return time.Time{}
	}
	return epoch.Add(time.Duration(at))
}
