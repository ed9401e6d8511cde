package recompute

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func add(t *testing.T, g *Group, m Member, after ...Member) {
	t.Helper()
	if err := g.Add(m, after...); err != nil {
		t.Fatal(err)
	}
}

// Each member's first run comes after the first values of those it depends on, whatever the order in which they are
// added, and sees them.
func TestGroupOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(rt, "members")
		place := rapid.Permutation(upTo(n)).Draw(rt, "order") // place[i] may depend on what is before it
		deps := make([][]int, n)
		for i, m := range place {
			for _, d := range place[:i] {
				if rapid.Bool().Draw(rt, fmt.Sprintf("%d needs %d", m, d)) {
					deps[m] = append(deps[m], d)
				}
			}
		}
		parallel := rapid.IntRange(1, 4).Draw(rt, "parallel")
		synctest.Test(t, func(t *testing.T) {
			g := NewGroup(GroupConfig{Parallel: parallel})
			all := make([]*Recomputer[int], n)
			var busy, most atomic.Int32
			for i := range all {
				all[i] = New(steady(time.Hour), func(context.Context, *Snapshot[int]) (int, error) {
					most.Store(max(most.Load(), busy.Add(1)))
					defer busy.Add(-1)
					<-time.After(time.Second)
					for _, d := range deps[i] {
						if _, ok := all[d].Get(); !ok {
							t.Errorf("%d runs before %d has a value", i, d)
						}
					}
					return i, nil
				})
			}
			for i, r := range all {
				var after []Member
				for _, d := range deps[i] {
					after = append(after, all[d])
				}
				add(t, g, r, after...)
			}
			if err := g.Start(t.Context()); err != nil {
				t.Error(err)
			}
			for i, r := range all {
				value(t, r, i, true)
			}
			if st := g.Status(); st.Good != n || len(st.Members) != n || int(most.Load()) > parallel {
				t.Errorf("%+v, %d at a time", st, most.Load())
			}
			stop(t, g)
			stop(t, g)
		})
	})
}

func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func named(name string) *Recomputer[int] {
	cfg := steady(time.Hour)
	cfg.Name = name
	return New(cfg, func(context.Context, *Snapshot[int]) (int, error) { return 1, nil })
}

func TestGroupRefuses(t *testing.T) {
	a, b, c, d := named("a"), named("b"), named("c"), named("d")
	g := NewGroup(GroupConfig{})
	add(t, g, d, a)
	add(t, g, a, b)
	add(t, g, b, c)
	add(t, g, c, d, a)
	err := g.Start(t.Context())
	if !errors.Is(err, ErrCycle) || !strings.Contains(err.Error(), "d needs a needs b needs c needs d") {
		t.Errorf("a cycle: %v", err)
	}
	if st := g.Status(); st.Members[0].State != StateNew {
		t.Errorf("%+v", st)
	}
	for name, err := range map[string]error{
		"twice":           g.Add(a),
		"to another":      NewGroup(GroupConfig{}).Add(a),
		"started by hand": a.Start(t.Context()),
	} {
		if !errors.Is(err, ErrGrouped) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stop(t, g)
	if err := g.Add(named("late")); !errors.Is(err, ErrStarted) {
		t.Errorf("after Stop: %v", err)
	}

	e := named("e")
	g = NewGroup(GroupConfig{})
	add(t, g, e, e)
	if err := g.Start(t.Context()); !errors.Is(err, ErrCycle) || !strings.Contains(err.Error(), "e needs e") {
		t.Errorf("itself: %v", err)
	}

	f := named("f")
	g = NewGroup(GroupConfig{})
	add(t, g, f, named("stranger"))
	if err := g.Start(t.Context()); !errors.Is(err, ErrNoMember) || !strings.Contains(err.Error(), "f: ") || !strings.Contains(err.Error(), "stranger") {
		t.Errorf("a stranger: %v", err)
	}

	alone := started(t, steady(time.Hour))
	if err := NewGroup(GroupConfig{}).Add(alone); !errors.Is(err, ErrStarted) {
		t.Errorf("one that is started: %v", err)
	}
}

// A member that fails first ends the group's Start, which then leaves nothing; with patience it does not, and those
// that depend on it wait.
func TestGroupMemberFails(t *testing.T) {
	for _, patient := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			bad := &source{do: func(_ context.Context, n int) error {
				if n < 4 {
					return errScripted
				}
				return nil
			}}
			good := &source{}
			cfg := steady(time.Hour)
			cfg.Name = "bad"
			r := New(cfg, bad.compute)
			d := New(steady(time.Hour), good.compute)
			g := NewGroup(GroupConfig{})
			add(t, g, d, r)
			add(t, g, r)
			add(t, g, named("other"))
			began := time.Now()
			if patient {
				if err := g.Start(t.Context(), BlockWithin(time.Minute)); err != nil || time.Since(began) != 7*time.Second {
					t.Errorf("%v after %v", err, time.Since(began))
				}
				value(t, d, 1, true)
			} else {
				done := make(chan error)
				go func() { done <- g.Start(t.Context()) }()
				synctest.Wait()
				if err := <-done; !errors.Is(err, errScripted) || !strings.HasPrefix(err.Error(), "bad: ") || good.count() != 0 {
					t.Errorf("%v", err)
				}
			}
			stop(t, g)
			if err := g.Start(t.Context()); !errors.Is(err, ErrStarted) {
				t.Errorf("again: %v", err)
			}
		})
	}
}

// Members of the same interval do not run at the same moment, and one may end alone.
func TestGroupIsStaggered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100
		g := NewGroup(GroupConfig{Parallel: n})
		moments := map[time.Time]int{}
		var all []*Recomputer[int]
		for range n {
			s := &source{}
			r := New(steady(time.Minute), func(ctx context.Context, prev *Snapshot[int]) (int, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				return 1, nil
			})
			all = append(all, r)
			add(t, g, r)
		}
		if err := g.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for _, st := range g.Status().Members {
			moments[st.Next]++
		}
		if len(moments) != n {
			t.Errorf("%d members are due at %d moments", n, len(moments))
		}
		if err := all[0].Stop(t.Context()); err != nil {
			t.Error(err)
		}
		after(10 * time.Minute)
		for i, st := range g.Status().Members {
			if want := uint64(11); i > 0 && st.Runs != want || i == 0 && (st.Runs != 1 || st.State != StateStopped) {
				t.Errorf("member %d: %+v", i, st)
			}
		}
		stop(t, g)
	})
}

// 10,000 members cost one goroutine, and a Stop.
func TestGroupOfTenThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		g := NewGroup(GroupConfig{Parallel: 8})
		var runs, busy, most atomic.Int64
		var all []*Recomputer[int]
		for i := range n {
			cfg := steady(time.Second)
			cfg.Timeout, cfg.MaxStale = time.Minute, time.Hour
			r := New(cfg, func(context.Context, *Snapshot[int]) (int, error) {
				most.Store(max(most.Load(), busy.Add(1)))
				defer busy.Add(-1)
				return int(runs.Add(1)), nil
			})
			all = append(all, r)
			if i%10 == 0 {
				add(t, g, r)
			} else {
				add(t, g, r, all[i-1])
			}
		}
		one := func(when string) {
			t.Helper()
			all := goroutines()
			if n := strings.Count(all, "recompute.(*engine).loop"); n != 1 || strings.Contains(all, "\n\n") {
				t.Errorf("%s: these goroutines, want one that keeps time:\n%s", when, all)
			}
		}
		if err := g.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		one("after Start")
		after(3500 * time.Millisecond)
		one("later")
		if r := runs.Load(); r < 4*n || r > 5*n || most.Load() > 8 {
			t.Errorf("%d runs of %d members in 3.5 s, %d at a time", r, n, most.Load())
		}
		if st := g.Status(); st.Good != n || st.Failing != 0 {
			t.Errorf("%d are good", st.Good)
		}
		stop(t, g)
	})
}

// The heavy ones of several groups pass one gate, first come, first served.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heavy := NewGate(2)
		var busy, most atomic.Int32
		var mu sync.Mutex
		var order []int // second and group
		began := time.Now()
		var groups []*Group
		for i := range 5 {
			g := NewGroup(GroupConfig{Parallel: 3})
			groups = append(groups, g)
			for j := range 4 {
				cfg := steady(time.Hour)
				if j > 0 {
					cfg.Gate = heavy
				}
				add(t, g, New(cfg, func(context.Context, *Snapshot[int]) (int, error) {
					if j > 0 {
						most.Store(max(most.Load(), busy.Add(1)))
						defer busy.Add(-1)
						mu.Lock()
						order = append(order, 10*int(time.Since(began)/time.Second)+i)
						mu.Unlock()
						<-time.After(time.Second)
					}
					return 1, nil
				}))
			}
			if err := g.Start(t.Context(), Async()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if st := groups[4].Status(); st.Waiting != 3 || st.Good != 1 || groups[0].Status().Running != 2 {
			t.Errorf("%+v", st)
		}
		if err := groups[2].Stop(t.Context()); err != nil { // leaves the queue
			t.Error(err)
		}
		after(time.Minute)
		slices.Sort(order) // within a second
		if want := []int{0, 0, 10, 11, 21, 21, 33, 33, 43, 44, 54, 54}; !slices.Equal(order, want) || most.Load() != 2 {
			t.Errorf("%v, %d at a time", order, most.Load())
		}
		for _, g := range groups {
			if err := g.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if heavy.free != 2 || len(heavy.queue) != 0 {
			t.Errorf("%d places are free", heavy.free)
		}
	})
}

// A member that stops its group from inside does not wait for itself.
func TestGroupStopFromInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup(GroupConfig{})
		add(t, g, named("other"))
		add(t, g, New(steady(time.Second), func(ctx context.Context, prev *Snapshot[int]) (int, error) {
			if prev != nil {
				if err := g.Stop(ctx); !errors.Is(err, ErrInside) {
					t.Errorf("Stop: %v", err)
				}
			}
			return 1, nil
		}))
		if err := g.Start(t.Context()); err != nil {
			t.Error(err)
		}
		after(time.Minute)
		stop(t, g)
	})
}

// In real time, whoever waits for a value runs as soon as it is there, on another processor perhaps: and not before.
func TestGroupDependentSeesValue(t *testing.T) {
	for range soak(2000, 100_000) {
		first := named("first")
		seen := false
		second := New(steady(time.Hour), func(context.Context, *Snapshot[int]) (int, error) {
			_, seen = first.Get()
			return 2, nil
		})
		g := NewGroup(GroupConfig{Parallel: 2})
		add(t, g, second, first)
		add(t, g, first)
		if err := g.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		stop(t, g)
		if !seen {
			t.Fatal("it ran before the value that it waits for was there")
		}
	}
}
