// Package recompute keeps a value that is slow to make at hand: the newest one stands behind an atomic pointer, and
// the next one is made in the background (spec 09, "Producer side"). Slightly old and at once beats fresh and slow.
//
//	r := recompute.New(recompute.Config[[]Cgroup]{Interval: time.Second}, walk)
//	if err := r.Start(ctx); err != nil { // the first value is there, or this says why not
//		return err
//	}
//	defer r.Stop(ctx)
//	s, ok := r.Get() // any goroutine, at any rate: one atomic load
//
// A run is one call of the function given to New. There is one at a time, on a goroutine of its own, under no lock.
// Each run that brings a value publishes a Snapshot under the next generation. A run that fails, panics, calls
// runtime.Goexit or takes too long changes nothing for readers; it is counted, kept as the last error and reported
// to Config.OnEvent.
//
// Who needs more than the newest value asks for it: Fresh for one that is young enough, Refresh for one whose run
// started after the call. All who wait at the same time share a run, and none of them stops it by leaving. Nudge
// and Invalidate say that the source has changed; Watch follows what is published.
//
// With Config.Encode a value is also put into the form in which it is sent, once a generation. Encoded is then the
// whole of what a service's handler has to do: one atomic load, and the copy into the send buffer.
//
// A Group runs many recomputers: in the order of what they depend on, spread over time, a few at once, with one
// goroutine that keeps time for all of them.
//
// Time is that of Config.Clock, of the system by default. Everything here runs in virtual time, too (package
// testing/synctest).
package recompute
