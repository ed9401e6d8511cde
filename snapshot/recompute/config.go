package recompute

import (
	"context"
	"math/rand/v2"
	"time"
)

// Config configures a recomputer. The zero value of every field gives the default in its comment.
type Config[T any] struct {
	// Name is what errors, events and Status call it; default "recompute".
	Name string

	// Interval is the wait from the end of a run to the start of the next one; default DefaultInterval. Negative:
	// after a success nothing happens by itself, only on request.
	Interval time.Duration
	// Jitter is by which part of itself each wait is lengthened or shortened, at random; default DefaultJitter, at
	// most 1; negative: none.
	Jitter float64
	// Timeout is how long a run may take; default: for ever. Then its context ends, with cause ErrTimeout, and the
	// run has failed, whatever it returns, and whether it does. As long as it has not returned there is no other.
	Timeout time.Duration
	// MaxStale bounds the age of what Get calls good, counted from the start of the run that made or confirmed it;
	// default: none.
	MaxStale time.Duration
	// Backoff is the wait after the first failure, doubled with each further one up to MaxBackoff. Default: a
	// second, or the interval if that is shorter; and DefaultMaxBackoff, or the interval if that is longer.
	Backoff, MaxBackoff time.Duration
	// IdlePause skips the runs that nobody would notice: if nobody has read since the last run when the next one is
	// due, it does not take place. The next Get has the value that is there, and starts a run.
	IdlePause bool
	// MaxDuty bounds the share of time that runs may take: after a run of 3 s at 0.25 the next one waits 9 s at
	// least. It holds for what happens by itself and for Nudge, not for those who wait for a run. Default
	// DefaultMaxDuty; 1 and more: no bound.
	MaxDuty float64
	// Gate is shared with other recomputers whose runs are heavy; default: none.
	Gate *Gate

	// Ready reports whether the source has anything to say yet. It is asked before each run until it says yes. A
	// run that began before is no first result: what it brings is dropped. Default: ready at once.
	Ready func() bool
	// Equal reports whether two values are the same, generations apart. One that is the same is not published again:
	// the snapshot that is there stands, and is young again. Default: every value is a new one.
	Equal func(old, new T) bool
	// Encode puts a snapshot into the form in which it is sent, under s.Gen; see Snapshot.Encoded. It is called
	// once for each snapshot that is published, as a part of its run. The result must not change afterwards.
	// Default: no form but the value.
	Encode func(s *Snapshot[T]) ([]byte, error)

	// Clock is where time comes from; default: the system. In a Group it is that of the group.
	Clock Clock
	// OnEvent is told how runs have ended; nil costs nothing. It is called synchronously, one event after the
	// other, under no lock, before the next run starts unless the run was not in time: it must not block. What it
	// may do with its context is said at ErrInside.
	OnEvent func(context.Context, Event)
}

// Defaults of Config.
const (
	DefaultInterval   = 10 * time.Second
	DefaultJitter     = 0.1
	DefaultMaxBackoff = 10 * time.Second
	DefaultMaxDuty    = 0.5
)

// firstBackoff is the wait after the first failure, unless the interval is shorter.
const firstBackoff = time.Second

// policy is the part of a Config that knows no types, with defaults.
type policy struct {
	interval, timeout, maxStale, backoff, maxBackoff time.Duration
	jitter, maxDuty                                  float64
	idlePause                                        bool
	gate                                             *Gate
	onEvent                                          func(context.Context, Event)
}

func (c *Config[T]) policy() policy {
	p := policy{
		interval: c.Interval, timeout: c.Timeout, maxStale: c.MaxStale, backoff: c.Backoff, maxBackoff: c.MaxBackoff,
		jitter: c.Jitter, maxDuty: c.MaxDuty, idlePause: c.IdlePause, gate: c.Gate, onEvent: c.OnEvent,
	}
	if p.interval == 0 {
		p.interval = DefaultInterval
	}
	if p.jitter == 0 {
		p.jitter = DefaultJitter
	}
	p.jitter = min(max(p.jitter, 0), 1)
	if p.backoff <= 0 {
		p.backoff = firstBackoff
		if p.interval > 0 {
			p.backoff = min(p.backoff, p.interval)
		}
	}
	if p.maxBackoff <= 0 {
		p.maxBackoff = max(DefaultMaxBackoff, p.interval)
	}
	p.maxBackoff = max(p.maxBackoff, p.backoff)
	if p.maxDuty <= 0 {
		p.maxDuty = DefaultMaxDuty
	}
	return p
}

// jittered returns a wait of d, more or less.
func (p *policy) jittered(d time.Duration) time.Duration {
	return d + time.Duration((2*rand.Float64()-1)*p.jitter*float64(d))
}

// rest returns how long nothing may happen by itself after a run that took cost.
func (p *policy) rest(cost time.Duration) time.Duration {
	if p.maxDuty >= 1 {
		return 0
	}
	const longest = float64(1 << 62)
	return time.Duration(min(float64(cost)*(1/p.maxDuty-1), longest))
}

// later returns the backoff that follows one; 0 if there was none.
func (p *policy) later(last time.Duration) time.Duration {
	if last == 0 {
		return p.backoff
	}
	if last > p.maxBackoff/2 {
		return p.maxBackoff
	}
	return 2 * last
}
