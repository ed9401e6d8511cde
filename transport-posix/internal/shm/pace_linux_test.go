package shm

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// ends are the two sides of a session in a time of their own: one asks, thinks, and asks again; the other works on what it
// is asked. Who sleeps is awake a while after the message is there.
type ends struct {
	think, work, wake time.Duration
	bulk              time.Duration
	client, server    pace
	now               time.Duration // when the client has its answer, and begins to think
	idle              time.Duration // since when the server waits
	spun              time.Duration // by both, without a message
	slept             int           // waits
}

// wait is a wait of p from since, for a message that is there at ready. It returns when the message is taken.
func (e *ends) wait(p *pace, since, ready time.Duration) time.Duration {
	if ready-since <= briefTime {
		p.brief()
		return max(since, ready)
	}
	since += briefTime
	limit := p.spin(e.bulk)
	if limit != 0 && ready-since <= limit {
		p.spun(true, ready-since, e.bulk)
		return ready
	}
	if limit != 0 {
		p.spun(false, limit, e.bulk)
		e.spun += limit
	}
	e.slept++
	if limit == 0 {
		p.slept(ready + e.wake - since)
	}
	return max(since+limit, ready) + e.wake
}

// exchange is one request and its answer. It returns how long that took, thinking included.
func (e *ends) exchange() time.Duration {
	asked := e.now + e.think
	taken := e.wait(&e.server, e.idle, asked)
	e.idle = taken + e.work
	answered := e.wait(&e.client, asked, e.idle)
	took := answered - e.now
	e.now = answered
	return took
}

func (e *ends) run(exchanges int) {
	e.spun, e.slept = 0, 0
	for range exchanges {
		e.exchange()
	}
}

// coldPace draws the state of a side that has given spinning up, at any time ago.
func coldPace(t *rapid.T, name string) pace {
	rested := firstTrial << rapid.IntRange(0, 3).Draw(t, name+" rested")
	deafed := firstHint << rapid.IntRange(0, 4).Draw(t, name+" deafed")
	return pace{
		cold: true, rested: rested, rest: rapid.IntRange(1, rested).Draw(t, name+" rest"),
		deafed: deafed, deaf: rapid.IntRange(-1000, deafed).Draw(t, name+" deaf"),
		usual: time.Duration(rapid.IntRange(0, int(usualMost)).Draw(t, name+" usual")),
	}
}

func drawTime(t *rapid.T, name string, least, most time.Duration) time.Duration {
	return time.Duration(rapid.Int64Range(int64(least), int64(most)).Draw(t, name))
}

const us = time.Microsecond

// Two sides that answer each other at once stay awake, whatever they did before: once one of them tries it, both find out.
func TestPaceFindsSpeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := ends{
			think: drawTime(t, "think", 0, 15*us), work: drawTime(t, "work", 0, 15*us), wake: drawTime(t, "wake", 25*us, 110*us),
			client: coldPace(t, "client"), server: coldPace(t, "server"),
		}
		if rapid.Bool().Draw(t, "paused") {
			e.now += time.Hour
		}
		e.run(4 * lastTrial)
		if e.run(1000); e.slept != 0 {
			t.Fatalf("%d waits in 1000 exchanges of %v and %v slept", e.slept, e.think, e.work)
		}
	})
}

func TestBulk(t *testing.T) {
	for bytes, want := range map[uint64]time.Duration{80: 60, 64 << 10: 49152, 1 << 20: 786432, 1 << 33: bulkTime} {
		if got := bulk(bytes); got != want {
			t.Errorf("%d bytes: %v, want %v", bytes, got, want)
		}
	}
}

// So do two sides that exchange much and take their time for it, each for itself.
func TestPaceFindsBulk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := bulk(uint64(rapid.Int64Range(64<<10, 4<<20).Draw(t, "bytes")))
		e := ends{
			think: drawTime(t, "think", 0, 2*b/3), work: drawTime(t, "work", 0, 2*b/3), bulk: b, wake: drawTime(t, "wake", 5*us, 70*us),
			client: coldPace(t, "client"), server: coldPace(t, "server"),
		}
		e.run(4 * lastTrial)
		if e.run(1000); e.slept != 0 {
			t.Fatalf("%d waits in 1000 exchanges of %v and %v slept", e.slept, e.think, e.work)
		}
	})
}

// thoughts are ways in which a caller may take its time, around a mean.
var thoughts = map[string]func(r *rand.Rand, mean time.Duration) time.Duration{
	"always the same": func(_ *rand.Rand, mean time.Duration) time.Duration { return mean },
	"evenly":          func(r *rand.Rand, mean time.Duration) time.Duration { return time.Duration(r.Int64N(2 * int64(mean))) },
	"at random": func(r *rand.Rand, mean time.Duration) time.Duration {
		return time.Duration(float64(mean) * r.ExpFloat64())
	},
	"with pauses": func(r *rand.Rand, mean time.Duration) time.Duration {
		if r.IntN(500) == 0 {
			return time.Hour
		}
		return mean
	},
	"now and then twice": func(r *rand.Rand, mean time.Duration) time.Duration {
		if r.IntN(10) == 0 {
			return 5 * us
		}
		return mean
	},
}

// Where there is nothing to be gained, hardly any time is spent on finding that out: of both sides together at most a
// twentieth of what passes, where nobody hurries.
func TestPaceSparesProcessor(t *testing.T) {
	for name, think := range thoughts {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				mean := drawTime(t, "think", 400*us, 2000*us)
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
				e := ends{work: drawTime(t, "work", 0, 300*us), wake: drawTime(t, "wake", 5*us, 70*us)}
				busy := time.Duration(0)
				for i := range 6000 {
					if i == 3000 {
						e.spun, busy = 0, 0
					}
					e.think = think(r, mean)
					busy += min(e.think, mean)
					e.exchange()
				}
				if e.spun > busy/20 {
					t.Fatalf("%v spun in vain in %v", e.spun, busy)
				}
			})
		})
	}
}

// Where others have the processors, messages come at once or after turns of theirs. What is spun in vain is little beside
// what passes, although every other wait may be fast.
func TestPaceInCrowd(t *testing.T) {
	for name, b := range map[string]time.Duration{"small": 0, "large": 500 * us} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				slow := rapid.Float64Range(0.3, 1).Draw(t, "slow")
				turn := drawTime(t, "turn", 1000*us, 4000*us)
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
				take := func() time.Duration {
					if r.Float64() < slow {
						return turn/2 + time.Duration(r.Int64N(int64(turn)))
					}
					return time.Duration(r.Int64N(int64(2*us + b/2)))
				}
				e := ends{wake: 30 * us, bulk: b}
				var from time.Duration
				for i := range 6000 {
					if i == 3000 {
						e.spun, from = 0, e.now
					}
					e.think, e.work = take(), take()
					e.exchange()
				}
				if passed := e.now - from; e.spun > passed/10 {
					t.Fatalf("%v spun in vain in %v", e.spun, passed)
				}
			})
		})
	}
}

// Waits that their callers cut short count for what they take, so that they do not go on spinning for ever.
func TestPaceOfShortWaits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawTime(t, "bulk", 0, bulkTime)
		cut := drawTime(t, "cut", 1, b+hotTime)
		var p pace
		spun := time.Duration(0)
		const waits = 3000
		for range waits {
			if limit := min(p.spin(b), cut); limit > 0 {
				p.spun(false, limit, b)
				spun += limit
			}
		}
		// What was spun before it is given up, and then trials.
		if most := (coldRow+1)*(hotTime+b) + (waits/lastTrial+8)*trialSpins*cut; spun > most {
			t.Fatalf("%v spun in waits of %v, want at most %v", spun, cut, most)
		}
	})
}

// Small messages that come at once, and then a large one and a pause, tick by tick: the pause is not spun through each time,
// unless the small ones are worth it.
func TestPaceOfBursts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawTime(t, "bulk", 0, bulkTime)
		few := rapid.IntRange(1, 10).Draw(t, "few")
		var p pace
		spun := time.Duration(0)
		const ticks = 2000
		for range ticks {
			for range few {
				p.brief()
			}
			switch limit := p.spin(b); limit {
			case 0:
				p.slept(10 * time.Millisecond)
			default:
				p.spun(false, limit, b)
				spun += limit
			}
		}
		if each := spun / ticks; each > hotTime*3/2+b/10 {
			t.Fatalf("%v spun in vain in each of %d ticks", each, ticks)
		}
	})
}
