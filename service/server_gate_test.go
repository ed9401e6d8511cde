package service

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// A freed seat goes to the one that came last: who has waited long is more likely to be silent, too.
func TestGateNewestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		first := g.arrive(t.Context())
		if !g.find(first) {
			t.Fatal("no seat although one is free")
		}
		got := make(chan int, 3)
		var waiting []*guest
		for i := range 3 {
			v := g.arrive(t.Context())
			waiting = append(waiting, v)
			go func() {
				if g.find(v) {
					got <- i
				}
			}()
		}
		synctest.Wait()
		g.leave(first)
		for _, want := range []int{2, 1, 0} {
			if i := <-got; i != want {
				t.Fatalf("guest %d got the seat, want %d", i, want)
			}
			g.leave(waiting[want])
		}
		if g.seats != 1 || g.waiting != 0 || g.outside.Len() != 0 || g.shaking.Len() != 0 {
			t.Errorf("left behind: %+v", g)
		}
	})
}

// Who waits is told as soon as there is nothing left to wait for.
func TestGateHopeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2)
		a, b := g.arrive(t.Context()), g.arrive(t.Context())
		found := make(chan bool, 1)
		v := g.arrive(t.Context())
		go func() { found <- g.find(v) }()
		begin := time.Now()
		g.settle(a)
		synctest.Wait()
		if len(found) != 0 {
			t.Fatal("one handshake still goes on, and nobody waits for its seat")
		}
		g.settle(b)
		if <-found || time.Since(begin) != 0 {
			t.Errorf("waited for %v", time.Since(begin))
		}
		g.leave(v)
		g.leave(a)
		g.leave(b)
	})
}

// A handshake that succeeds just when it was to be ended is a session all the same.
func TestGateEvictedTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		a, v := g.arrive(t.Context()), g.arrive(t.Context())
		found := make(chan bool, 1)
		go func() { found <- g.find(v) }()
		<-a.ctx.Done() // patience is over
		if !g.evicted(a) {
			t.Error("the guest is not to know why it has to go")
		}
		g.settle(a)
		if <-found {
			t.Error("two guests on one seat")
		}
		g.leave(a)
		g.leave(v)
		if g.seats != 1 || g.leaving != 0 {
			t.Errorf("left behind: %+v", g)
		}
	})
}

func TestGateProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seats, crowd := rapid.IntRange(1, 4).Draw(rt, "seats"), rapid.IntRange(1, 4).Draw(rt, "crowd")
		var failure any // see TestServerModel
		synctest.Test(t, func(t *testing.T) {
			defer func() { failure = recover() }()
			g := newGate(seats)
			g.crowd = crowd
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var all, settled []*guest
			answers := map[*guest]chan bool{}
			pick := func(t *rapid.T, some []*guest) *guest {
				if len(some) == 0 {
					t.Skip("none")
				}
				return rapid.SampledFrom(some).Draw(t, "guest")
			}
			// shaking are those who have found a seat and did not settle.
			shaking := func() (some []*guest) {
				g.mu.Lock()
				defer g.mu.Unlock()
				for _, v := range all {
					if v.seated && !slices.Contains(settled, v) {
						some = append(some, v)
					}
				}
				return some
			}
			leave := func(v *guest) {
				g.leave(v)
				all = slices.DeleteFunc(all, func(o *guest) bool { return o == v })
				settled = slices.DeleteFunc(settled, func(o *guest) bool { return o == v })
			}
			rt.Repeat(map[string]func(*rapid.T){
				"arrive": func(*rapid.T) {
					v := g.arrive(ctx)
					found := make(chan bool, 1)
					all, answers[v] = append(all, v), found
					go func() { found <- g.find(v) }()
				},
				"settle": func(t *rapid.T) {
					v := pick(t, shaking())
					g.settle(v)
					settled = append(settled, v)
				},
				"leave": func(t *rapid.T) { leave(pick(t, all)) },
				"time":  func(*rapid.T) { <-time.After(100 * time.Millisecond) },
				"": func(t *rapid.T) {
					synctest.Wait()
					for i := 0; i < len(all); i++ { // those who were sent away go
						v := all[i]
						if v.ctx.Err() != nil && !slices.Contains(settled, v) {
							leave(v)
							synctest.Wait()
							i = -1
						}
					}
					shakes := len(shaking())
					seated, outside := shakes+len(settled), len(all)-shakes-len(settled)
					g.mu.Lock()
					defer g.mu.Unlock()
					if g.seats != seats-seated || g.seats < 0 || g.leaving != 0 || outside > crowd {
						t.Fatalf("%d seats free of %d, %d taken; %d leaving; %d outside, %d allowed",
							g.seats, seats, seated, g.leaving, outside, crowd)
					}
					if g.shaking.Len() != shakes || g.outside.Len() != outside {
						t.Fatalf("%d shaking, %d outside; want %d, %d", g.shaking.Len(), g.outside.Len(), shakes, outside)
					}
					waiting := 0
					for _, v := range all {
						switch ch := answers[v]; {
						case v.seated && len(ch) == 0:
							t.Fatal("a guest has a seat and does not know")
						case !v.seated && v.waiting:
							waiting++
							if g.seats > 0 || shakes == 0 || len(ch) != 0 {
								t.Fatal("a guest waits for nothing")
							}
						case !v.seated && len(ch) == 0:
							t.Fatal("a guest does not wait and does not know")
						}
					}
					if waiting != g.waiting {
						t.Fatalf("%d wait, counted %d", waiting, g.waiting)
					}
				},
			})
			for len(all) > 0 {
				leave(all[0])
			}
		})
		if failure != nil {
			panic(failure)
		}
	})
}
