package recompute

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Stop in every state: prompt, again and again, nothing left.
func TestStopInEveryState(t *testing.T) {
	gate := NewGate(1)
	for state, prepare := range map[State]func(t *testing.T, r *Recomputer[int], s *source){
		StateNew:     func(*testing.T, *Recomputer[int], *source) {},
		StateResting: func(t *testing.T, r *Recomputer[int], s *source) { start(t, r); after(0) },
		StatePaused:  func(t *testing.T, r *Recomputer[int], s *source) { start(t, r); after(time.Minute) },
		StateWaiting: func(t *testing.T, r *Recomputer[int], s *source) {
			if !gate.enter(&ticket{}) {
				t.Error("the gate is taken")
			}
			t.Cleanup(gate.leave)
			start(t, r, Async())
		},
		StateRunning: func(t *testing.T, r *Recomputer[int], s *source) {
			s.set(time.Hour, nil)
			start(t, r, Async())
			synctest.Wait()
		},
		StateStopped: func(t *testing.T, r *Recomputer[int], s *source) { start(t, r); stop(t, r) },
	} {
		t.Run(state.String(), func(t *testing.T) {
			cfg := steady(time.Second)
			cfg.IdlePause, cfg.Gate = true, gate
			inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
				prepare(t, r, s)
				if st := r.Status(); st.State != state {
					t.Fatalf("%v", st.State)
				}
				var waiters sync.WaitGroup
				if state != StateNew {
					waiters.Go(func() {
						if _, err := r.Refresh(t.Context()); state != StateResting && state != StatePaused && !errors.Is(err, ErrStopped) {
							t.Errorf("who waited: %v", err)
						}
					})
				}
				watched := 0
				waiters.Go(func() {
					for range r.Watch(t.Context()) {
						watched++
					}
				})
				synctest.Wait()
				began, runs := time.Now(), s.count()
				for range 3 {
					waiters.Go(func() { stop(t, r) })
				}
				waiters.Wait()
				stop(t, r)
				if took := time.Since(began); took != 0 {
					t.Errorf("it took %v", took)
				}
				after(time.Hour)
				if st := r.Status(); st.State != StateStopped || s.count() != runs || !st.Next.IsZero() || st.Failures != 0 {
					t.Errorf("%+v, %d runs", st, s.count()-runs)
				}
			})
		})
	}
	if gate.free != 1 || len(gate.queue) != 0 {
		t.Errorf("the gate: %d free, %d in the queue", gate.free, len(gate.queue))
	}
}

// Stop waits for a run that does not heed its context, for as long as its own lasts, and says so.
func TestStopWaitsForTheRun(t *testing.T) {
	inBubble(t, steady(time.Second), func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r)
		before, _ := r.Get()
		s.deaf = true
		s.set(time.Hour, nil)
		result := make(chan error, 1)
		go func() { _, err := r.Refresh(t.Context()); result <- err }()
		synctest.Wait()
		began := time.Now()
		impatient := errors.New("impatient")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, impatient)
		defer cancel()
		err := r.Stop(ctx)
		if !errors.Is(err, ErrRunning) || !errors.Is(err, impatient) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := <-result; !errors.Is(err, ErrStopped) {
			t.Errorf("who waited: %v", err)
		}
		if err := r.Stop(ctx); !errors.Is(err, ErrRunning) {
			t.Errorf("again: %v", err)
		}
		stop(t, r) // until it has returned
		if time.Since(began) != time.Hour {
			t.Errorf("after %v", time.Since(began))
		}
		if err := r.Stop(ctx); err != nil {
			t.Errorf("once it has ended: %v", err)
		}
		if now, _ := r.Get(); now != before {
			t.Errorf("it has published %+v after Stop", now)
		}
	})
}

// A panic after Stop is not lost.
func TestPanicAfterStop(t *testing.T) {
	inBubble(t, steady(time.Second), func(t *testing.T, r *Recomputer[int], s *source) {
		s.set(0, func(ctx context.Context, _ int) error { <-ctx.Done(); panic(context.Cause(ctx)) })
		start(t, r, Async())
		synctest.Wait()
		stop(t, r)
		if st := r.Status(); st.Panics != 1 || !errors.Is(st.LastError, ErrStopped) {
			t.Errorf("%+v", st)
		}
	})
}

// Stop from inside a run or a hook, with the context that it has got, does all but wait.
func TestStopFromInside(t *testing.T) {
	for _, where := range []string{"run", "hook"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r *Recomputer[int]
				calls := 0
				end := func(ctx context.Context) {
					calls++
					for range 2 {
						if err := r.Stop(ctx); !errors.Is(err, ErrRunning) || !errors.Is(err, ErrInside) {
							t.Errorf("Stop: %v", err)
						}
					}
				}
				cfg := steady(time.Second)
				if where == "hook" {
					cfg.OnEvent = func(ctx context.Context, _ Event) { end(ctx) }
				}
				r = New(cfg, func(ctx context.Context, _ *Snapshot[int]) (int, error) {
					if where == "run" {
						end(ctx)
					}
					return 1, nil
				})
				if err := r.Start(t.Context()); (err == nil) != (where == "hook") || err != nil && !errors.Is(err, ErrStopped) {
					t.Errorf("Start: %v", err)
				}
				stop(t, r)
				after(time.Hour)
				if calls != 1 {
					t.Errorf("%d calls", calls)
				}
			})
		})
	}
}

// Start that fails leaves nothing, and says why.
func TestStartFails(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(context.Context, int) error
		deaf bool
		want []error
	}{
		{"error", func(context.Context, int) error { return errScripted }, false, []error{errScripted}},
		{"Goexit", func(context.Context, int) error { runtime.Goexit(); return nil }, false, []error{errGoexit}},
		{"patience", func(ctx context.Context, _ int) error { <-ctx.Done(); return nil }, false, []error{context.DeadlineExceeded}},
		{"hung", func(context.Context, int) error { <-time.After(24 * time.Hour); return nil }, true, []error{context.DeadlineExceeded, ErrRunning}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, steady(time.Second), func(t *testing.T, r *Recomputer[int], s *source) {
				s.set(0, test.do)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := r.Start(ctx)
				for _, want := range test.want {
					if !errors.Is(err, want) {
						t.Errorf("%v, want %v", err, want)
					}
				}
				if left := goroutines(); (left != "") != test.deaf {
					// The run that has ended with its context may be about to return.
					synctest.Wait()
					if left := goroutines(); (left != "") != test.deaf {
						t.Errorf("left behind:\n%s", left)
					}
				}
				if st := r.Status(); st.State != StateStopped || s.count() != 1 {
					t.Errorf("%+v", st)
				}
				if err := r.Start(t.Context()); !errors.Is(err, ErrStopped) {
					t.Errorf("again: %v", err)
				}
			})
		})
	}
}

func TestStartVariants(t *testing.T) {
	slow := func(context.Context, int) error { return nil }
	flaky := func(_ context.Context, n int) error {
		if n < 3 {
			return errScripted
		}
		return nil
	}
	for _, test := range []struct {
		name string
		opts []StartOption
		do   func(context.Context, int) error
		cost time.Duration
		took time.Duration
		have int
		err  error
	}{
		{"until there is a value", nil, slow, time.Hour, time.Hour, 1, nil},
		{"not at all", []StartOption{Async()}, slow, time.Hour, 0, 0, nil},
		{"long enough", []StartOption{BlockWithin(2 * time.Hour)}, slow, time.Hour, time.Hour, 1, nil},
		{"not long enough", []StartOption{BlockWithin(time.Minute)}, slow, time.Hour, time.Minute, 0, nil},
		{"through failures", []StartOption{BlockWithin(time.Minute)}, flaky, 0, 3 * time.Second, 3, nil},
		{"no time", []StartOption{BlockWithin(0)}, slow, time.Hour, 0, 0, nil},
		{"failures", nil, flaky, time.Second, time.Second, 0, errScripted},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, steady(24*time.Hour), func(t *testing.T, r *Recomputer[int], s *source) {
				s.set(test.cost, test.do)
				began := time.Now()
				err := r.Start(t.Context(), test.opts...)
				if !errors.Is(err, test.err) || time.Since(began) != test.took {
					t.Errorf("%v after %v, want %v after %v", err, time.Since(began), test.err, test.took)
				}
				value(t, r, test.have, test.have != 0)
				if test.err != nil {
					return
				}
				if err := r.Start(t.Context()); !errors.Is(err, ErrStarted) {
					t.Errorf("again: %v", err)
				}
				after(3 * time.Hour)
				if _, ok := r.Get(); !ok {
					t.Error("no value came")
				}
			})
		})
	}
}

// A context that has ended starts nothing, so that it can be started later.
func TestStartTooLate(t *testing.T) {
	inBubble(t, steady(time.Second), func(t *testing.T, r *Recomputer[int], s *source) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errScripted)
		if err := r.Start(ctx); err != errScripted || s.count() != 0 {
			t.Errorf("%v, %d runs", err, s.count())
		}
		start(t, r)
	})
}

// Stop while Start waits, of a run that hangs.
func TestStopDuringStart(t *testing.T) {
	inBubble(t, steady(time.Second), func(t *testing.T, r *Recomputer[int], s *source) {
		s.set(time.Hour, nil)
		result := make(chan error, 1)
		go func() { result <- r.Start(t.Context()) }()
		synctest.Wait()
		stop(t, r)
		if err := <-result; !errors.Is(err, ErrStopped) {
			t.Errorf("Start: %v", err)
		}
	})
}

// Everything at once, in real time: for the race detector, and for what a bubble does not interleave.
func TestStopAmidEverything(t *testing.T) {
	for i := range soak(200, 5000) {
		cfg := Config[int]{
			Name: fmt.Sprint(i), Interval: time.Microsecond, MaxDuty: 1, IdlePause: i%2 == 0, MaxStale: time.Duration(i%3) * 50 * time.Microsecond,
			Timeout: time.Duration(i%4) * 20 * time.Microsecond, Gate: NewGate(1),
			Equal: func(a, b int) bool { return b%5 == 0 },
		}
		cfg.OnEvent = func(context.Context, Event) {}
		runs := 0
		r := New(cfg, func(ctx context.Context, _ *Snapshot[int]) (int, error) {
			switch runs++; runs % 7 {
			case 3:
				panic("planted")
			case 4:
				runtime.Goexit()
			case 5:
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return runs, nil
		})
		var all sync.WaitGroup
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Millisecond)
		if err := r.Start(t.Context(), Async()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			all.Go(func() {
				last := uint64(0)
				for ctx.Err() == nil {
					if s, _ := r.Get(); s != nil {
						if s.Gen < last {
							t.Errorf("generation %d after %d", s.Gen, last)
						}
						last = s.Gen
					}
					runtime.Gosched()
				}
			})
			all.Go(func() {
				for ctx.Err() == nil {
					_, _ = r.Refresh(ctx)
				}
			})
		}
		all.Go(func() {
			for range r.Watch(ctx) {
			}
		})
		all.Go(func() {
			for ctx.Err() == nil {
				r.Nudge()
				r.Invalidate()
				r.Status()
				runtime.Gosched()
			}
		})
		if i%2 == 0 {
			all.Wait()
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		cancel()
		if left := goroutines(); left != "" {
			t.Fatalf("left behind:\n%s", left)
		}
	}
}
