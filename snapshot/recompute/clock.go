package recompute

import "time"

// Clock is where a recomputer has its time from. Both methods are called from any goroutine, Now also under a lock:
// it must not call back.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once, after d, on a goroutine of its own; stop reports whether it has kept that from
	// happening. They are time.AfterFunc and time.Timer.Stop.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// systemClock is the default.
type systemClock struct{}

var _ Clock = systemClock{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(d, f).Stop
}
