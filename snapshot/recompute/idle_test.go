package recompute

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func pausing(interval time.Duration) Config[int] {
	cfg := steady(interval)
	cfg.IdlePause = true
	return cfg
}

// Without readers next to nothing runs.
func TestIdlePauseSavesRuns(t *testing.T) {
	count := func(cfg Config[int]) (runs int) {
		inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
			start(t, r)
			after(1000*time.Second - 1)
			runs = s.count()
		})
		return runs
	}
	with, without := count(pausing(time.Second)), count(steady(time.Second))
	if without != 1000 || with*20 > without {
		t.Errorf("%d runs with the pause, %d without it", with, without)
	}
}

// The first read after a pause has the old value, and starts a run; then all is as before.
func TestReadEndsThePause(t *testing.T) {
	inBubble(t, pausing(time.Second), func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r)
		s.set(100*time.Millisecond, nil)
		for round := range 5 {
			after(time.Hour)
			if st := r.Status(); st.State != StatePaused || st.Pauses != uint64(round+1) {
				t.Errorf("%+v", st)
			}
			runs := s.count()
			value(t, r, runs, true)
			synctest.Wait()
			if st := r.Status(); st.State != StateRunning || s.count() != runs+1 {
				t.Errorf("%+v", st)
			}
			value(t, r, runs, true)
			after(100 * time.Millisecond)
			value(t, r, runs+1, true)
			after(1100 * time.Millisecond) // it was read, so there is another
			if s.count() != runs+2 {
				t.Errorf("%d runs more", s.count()-runs)
			}
		}
	})
}

// Who reads once an interval keeps it going, whether values change or runs fail.
func TestReadersKeepItGoing(t *testing.T) {
	for name, do := range map[string]func(context.Context, int) error{
		"values": func(context.Context, int) error { return nil },
		"errors": func(_ context.Context, n int) error {
			if n > 1 {
				return errScripted
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := pausing(time.Second)
			cfg.MaxBackoff = time.Second
			cfg.Equal = func(a, b int) bool { return a/3 == b/3 }
			inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
				s.set(0, do)
				start(t, r)
				after(time.Second / 2)
				for range 100 {
					r.Get()
					after(time.Second)
				}
				if n := s.count(); n != 101 || r.Status().Pauses != 0 {
					t.Errorf("%d runs, %d pauses", n, r.Status().Pauses)
				}
			})
		})
	}
}

// A watcher is a reader, and so is who waits for a run. Nudge needs none.
func TestOthersThanReadersEndThePause(t *testing.T) {
	inBubble(t, pausing(time.Second), func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r)
		after(time.Hour)
		r.Nudge()
		after(time.Hour)
		if n := s.count(); n != 2 {
			t.Errorf("%d runs after a Nudge", n)
		}
		if _, err := r.Refresh(t.Context()); err != nil || s.count() != 3 {
			t.Errorf("%v, %d runs", err, s.count())
		}
		after(time.Hour)
		if n := s.count(); n != 4 {
			t.Errorf("%d runs after a Refresh, which is a read", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second+1)
		defer cancel()
		for range r.Watch(ctx) {
		}
		if n := s.count(); n < 104 {
			t.Errorf("%d runs with a watcher", n)
		}
	})
}

// A value that has gone out of date in a pause is still there, and its reader starts a run.
func TestPauseAndMaxStale(t *testing.T) {
	cfg := pausing(time.Second)
	cfg.MaxStale = time.Minute
	inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r)
		after(time.Hour)
		value(t, r, 1, false)
		synctest.Wait()
		value(t, r, 2, true)
	})
}

// However a read falls together with the beginning of a pause, it is followed by a run: none is lost.
func TestNoReadIsLost(t *testing.T) {
	cfg := pausing(time.Microsecond)
	r := started(t, cfg)
	watchdog := time.After(2 * time.Minute)
	for i := range soak(20_000, 2_000_000) {
		s, _ := r.Get()
		for r.latest().Gen == s.Gen { // which is no read
			select {
			case <-watchdog:
				t.Fatalf("after %d reads no run follows: %+v", i, r.Status())
			default:
				runtime.Gosched()
			}
		}
	}
	t.Logf("%d pauses", r.Status().Pauses)
}
