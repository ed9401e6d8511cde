package posix

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/transport-posix/internal/spin"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// machine is one on which exchanges take this long, in nanoseconds, by the way in which they are waited for.
type machine struct {
	p      pace
	procs  int
	clock  int64
	reads  int       // of the clock
	used   [ways]int // waits, by way
	cost   [ways]int64
	misses [ways]bool // nothing ever comes in time
}

func newMachine(procs int, cost [ways]int64) *machine {
	return &machine{procs: procs, clock: 1, cost: cost}
}

// wait waits once, and then works for that long.
func (m *machine) wait(work int64) way {
	w := m.p.next(func() int64 { m.reads++; return m.clock }, func() int { return m.procs })
	m.used[w]++
	if m.misses[w] && w != parks {
		m.p.missed()
	} else if w != parks {
		m.p.found()
	}
	m.clock += m.cost[w] + work
	return w
}

func (m *machine) waits(n int, work int64) {
	for range n {
		m.wait(work)
	}
}

// mostly returns the way that was used for most of the next waits.
func (m *machine) mostly(n int, work int64) way {
	m.used = [ways]int{}
	m.waits(n, work)
	best := parks
	for w := range m.used {
		if m.used[w] > m.used[best] {
			best = way(w)
		}
	}
	return best
}

// What a machine is like decides; where it makes no difference, nobody spins.
func TestPaceFindsTheBest(t *testing.T) {
	for name, c := range map[string]struct {
		cost [ways]int64
		want way
	}{
		"idle processors must be woken":     {[ways]int64{60_000, 50_000, 7_000}, spins},
		"both on one processor":             {[ways]int64{15_000, 5_000, 5_000}, blocks},
		"the other side is slow":            {[ways]int64{100_000, 99_000, 98_000}, parks},
		"waiting in a hurry does harm":      {[ways]int64{15_000, 90_000, 40_000}, parks},
		"hardly better is not worth a spin": {[ways]int64{10_000, 9_900, 9_500}, parks},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == blocks && !sys.CanBlock {
				t.Skip("waits do not block on this operating system")
			}
			m := newMachine(2, c.cost)
			m.waits(2000, 1000)
			if got := m.mostly(20_000, 1000); got != c.want {
				t.Errorf("waited %v, want mostly %d", m.used, c.want)
			}
			if share := float64(m.used[c.want]) / 20_000; share < 0.9 {
				t.Errorf("%.2f of the waits were of the best way: %v", share, m.used)
			}
		})
	}
}

// Calls that come now and then, or that are paced, are left to the poller, whatever was before.
func TestPaceLeavesSlowOnesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(rapid.IntRange(1, 8).Draw(t, "procs"), costs(t))
		m.waits(rapid.IntRange(0, 5000).Draw(t, "fast"), 1000)
		m.waits(sampleWaits*(slowRow+2), 1_000_000)
		if m.used = [ways]int{}; m.mostly(1000, 1_000_000) != parks || m.used[parks] != 1000 {
			t.Fatalf("of calls a millisecond apart %v waited in a hurry", m.used)
		}
	})
}

// A way in which nothing ever comes is tried again seldom.
func TestPaceGivesUpWhatFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(2, costs(t))
		m.misses = [ways]bool{blocks: true, spins: true}
		if m.mostly(100_000, 1000) != parks || m.used[parks] < 95_000 {
			t.Fatalf("%v, want hardly any but the first", m.used)
		}
	})
}

// Whatever happens: the ways are those that there are, and the clock is read once a sample.
func TestPaceInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(rapid.IntRange(1, 4).Draw(t, "procs"), costs(t))
		waits, parked := 0, 0
		t.Repeat(map[string]func(*rapid.T){
			"waits": func(t *rapid.T) {
				work := rapid.Int64Range(0, 2_000_000).Draw(t, "work")
				for range rapid.IntRange(1, 300).Draw(t, "n") {
					w := m.wait(work)
					waits++
					if parked++; w == parks {
						parked = 0
					}
					if w >= ways || w == blocks && !sys.CanBlock {
						t.Fatalf("way %d", w)
					}
					if m.procs == 1 && parked > seenRow*sampleWaits {
						t.Fatalf("with one processor %d waits went by without a look at the poller", parked)
					}
				}
			},
			"machine changes":   func(t *rapid.T) { m.cost = costs(t) },
			"a way fails":       func(t *rapid.T) { m.misses[rapid.IntRange(1, int(ways)-1).Draw(t, "way")] = true },
			"all is well":       func(*rapid.T) { m.misses = [ways]bool{} },
			"processors change": func(t *rapid.T) { m.procs = rapid.IntRange(1, 4).Draw(t, "procs"); parked = 0 },
			"": func(t *rapid.T) {
				if want := (waits + sampleWaits - 1) / sampleWaits; m.reads != want {
					t.Fatalf("%d readings of the clock in %d waits, want %d", m.reads, waits, want)
				}
				if m.p.best >= ways || m.p.run > mostRun {
					t.Fatalf("%+v", m.p)
				}
			},
		})
	})
}

// A machine on which another way becomes the best is noticed within a second.
func TestPaceFollows(t *testing.T) {
	m := newMachine(2, [ways]int64{60_000, 50_000, 7_000})
	m.waits(20_000, 1000)
	m.cost = [ways]int64{15_000, 60_000, 90_000}
	for start := m.clock; m.clock < start+1e9; {
		m.wait(1000)
	}
	if got := m.mostly(20_000, 1000); got != parks {
		t.Errorf("%v, want mostly parked", m.used)
	}
}

func costs(t *rapid.T) (c [ways]int64) {
	for w := range c {
		c[w] = rapid.Int64Range(500, 300_000).Draw(t, "cost")
	}
	return c
}

func TestSeats(t *testing.T) {
	for procs, want := range map[int]int{1: 1, 2: 1, 3: 2, 8: 7} {
		taken := 0
		for range 20 {
			if takeSeat(procs) {
				taken++
			}
		}
		for range taken {
			spin.LeaveSeat()
		}
		if taken != want {
			t.Errorf("%d seats of %d processors, want %d", taken, procs, want)
		}
	}
	if n := spin.TakenSeats(); n != 0 {
		t.Errorf("%d seats are taken for good", n)
	}
}
