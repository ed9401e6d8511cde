package shm

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// ends are the two sides of a session in a time of their own: one asks, thinks, and asks again; the other works on what it
// is asked. Who sleeps is awake a while after the message is there.
type ends struct {
	think, work, wake time.Duration
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
	limit := p.spin()
	if limit != 0 && ready-since <= limit {
		p.spun(true, ready-since)
		return ready
	}
	if limit != 0 {
		p.spun(false, limit)
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
	rested := firstTrial << rapid.IntRange(0, 6).Draw(t, name+" rested")
	return pace{cold: true, rested: rested, rest: rapid.IntRange(1, rested).Draw(t, name+" rest")}
}

// Two sides that answer each other at once stay awake, whatever they did before: it takes one of them at most one trial to
// find out, and so the other.
func TestPaceFindsSpeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		us := func(name string, least, most int) time.Duration {
			return time.Duration(rapid.IntRange(least*1000, most*1000).Draw(t, name))
		}
		e := ends{think: us("think", 0, 15), work: us("work", 0, 15), wake: us("wake", 25, 70), client: coldPace(t, "client"), server: coldPace(t, "server")}
		e.run(lastTrial + 16)
		if e.run(1000); e.slept != 0 {
			t.Fatalf("%d of 1000 exchanges of %v and %v slept", e.slept, e.think, e.work)
		}
	})
}

// Where there is nothing to be gained, hardly any time is spent on finding that out.
func TestPaceSparesProcessor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := ends{
			think: time.Duration(rapid.IntRange(200, 2000).Draw(t, "think")) * time.Microsecond,
			work:  time.Duration(rapid.IntRange(0, 300).Draw(t, "work")) * time.Microsecond,
			wake:  time.Duration(rapid.IntRange(5, 70).Draw(t, "wake")) * time.Microsecond,
		}
		e.run(3000)
		if e.run(3000); e.spun > 3000*time.Microsecond {
			t.Fatalf("%v spun in vain in 3000 exchanges after %v, which take %v", e.spun, e.think, e.work)
		}
	})
}
