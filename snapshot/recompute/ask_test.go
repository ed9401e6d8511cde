package recompute

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Refresh has a run that started after it was called, and all who call it meanwhile share that run.
func TestRefreshSharesTheNextRun(t *testing.T) {
	inBubble(t, steady(time.Hour), func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r)
		s.set(time.Second, nil)
		var all sync.WaitGroup
		for wave := range 3 {
			for range 50 {
				all.Go(func() {
					called := time.Now()
					snap, err := r.Refresh(t.Context())
					// The first wave starts run 2 itself or, like the second and third, waits for run 3.
					if err != nil || snap.Started.Before(called) || snap.Value > 3 || wave > 0 && snap.Value != 3 {
						t.Errorf("wave %d: %+v, %v", wave, snap, err)
					}
				})
			}
			after(300 * time.Millisecond)
			value(t, r, 1, true) // Get does not wait
		}
		all.Wait()
		if n := s.count(); n != 3 {
			t.Errorf("%d runs for 150 callers, want one for the first and one for all others", n-1)
		}
	})
}

// Whoever leaves stops neither the run nor the others.
func TestLeaving(t *testing.T) {
	inBubble(t, steady(time.Hour), func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r)
		s.set(10*time.Second, nil)
		gone := errors.New("gone")
		ctx, leave := context.WithCancelCause(t.Context())
		results := make(chan error, 4)
		ask := func(ctx context.Context) { _, err := r.Refresh(ctx); results <- err }
		go ask(ctx) // starts the run
		synctest.Wait()
		go ask(ctx) // waits for the next
		go ask(t.Context())
		synctest.Wait()
		leave(gone)
		for range 2 {
			if err := <-results; err != gone {
				t.Errorf("who left: %v", err)
			}
		}
		if err := <-results; err != nil || s.count() != 3 {
			t.Errorf("who stayed: %v, %d runs", err, s.count())
		}
		value(t, r, 3, true)
		if _, err := r.Refresh(ctx); err != gone || s.count() != 3 {
			t.Errorf("who had left before: %v, %d runs", err, s.count())
		}
	})
}

func TestFresh(t *testing.T) {
	inBubble(t, steady(time.Hour), func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r) // value 1, at 0
		s.set(4*time.Second, nil)
		fresh := func(maxAge time.Duration, want int, wait time.Duration) {
			t.Helper()
			called := time.Now()
			snap, err := r.Fresh(t.Context(), maxAge)
			if err != nil || snap.Value != want || time.Since(called) != wait {
				t.Errorf("%+v, %v after %v; want %d after %v", snap, err, time.Since(called), want, wait)
			}
			if err == nil && snap.Started.Before(called.Add(-maxAge)) {
				t.Errorf("%v old, for %v", called.Sub(snap.Started), maxAge)
			}
		}
		after(10 * time.Second)
		fresh(10*time.Second, 1, 0)
		go r.Refresh(t.Context()) // run 2, at 10
		after(2 * time.Second)
		fresh(15*time.Second, 1, 0)
		fresh(3*time.Second, 2, 2*time.Second) // joins run 2
		go r.Refresh(t.Context())              // run 3, at 14
		after(2 * time.Second)
		fresh(time.Second, 4, 6*time.Second) // run 3 has begun too early; run 4, at 18
		fresh(0, 5, 4*time.Second)
		r.Invalidate()
		fresh(time.Hour, 6, 4*time.Second)
		go r.Refresh(t.Context())
		after(time.Second)
		r.Invalidate() // the run in progress, too, is of no use
		fresh(time.Hour, 8, 7*time.Second)
	})
}

func TestNudge(t *testing.T) {
	inBubble(t, steady(time.Hour), func(t *testing.T, r *Recomputer[int], s *source) {
		r.Nudge()
		r.Invalidate()
		start(t, r)
		s.set(time.Second, nil)
		for range 100 {
			r.Nudge()
		}
		after(500 * time.Millisecond)
		for range 100 {
			r.Nudge()
		}
		after(time.Minute)
		if n := s.count(); n != 3 {
			t.Errorf("%d runs, want one at once and one for all that came meanwhile", n-1)
		}
		stop(t, r)
		r.Nudge()
		r.Invalidate()
		after(time.Minute)
		if n := s.count(); n != 3 {
			t.Errorf("%d runs after Stop", n-3)
		}
	})
}

func TestInvalidate(t *testing.T) {
	inBubble(t, steady(time.Hour), func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r)
		s.set(time.Second, nil)
		go r.Refresh(t.Context())
		after(500 * time.Millisecond)
		r.Invalidate()
		value(t, r, 1, false)
		if _, err := r.Encoded(t.Context()); !errors.Is(err, ErrStale) {
			t.Errorf("Encoded: %v", err)
		}
		after(time.Second)
		value(t, r, 2, false) // newer, but its run started before
		after(time.Second)
		value(t, r, 3, true)
		if _, err := r.Encoded(t.Context()); err != nil {
			t.Errorf("Encoded: %v", err)
		}
	})
}

// What is older than the bound is not good, and becomes good again.
func TestMaxStale(t *testing.T) {
	cfg := steady(10 * time.Second)
	cfg.MaxStale = 25 * time.Second
	inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r)
		s.set(2*time.Second, nil)
		for range 60 {
			after(time.Second)
			if _, ok := r.Get(); !ok {
				t.Error("out of date while runs succeed")
			}
		}
		s.set(0, func(context.Context, int) error { return errScripted })
		after(10 * time.Second)
		last, _ := r.Get()
		after(time.Until(last.Started.Add(25*time.Second)) - 1)
		value(t, r, last.Value, true)
		after(1)
		value(t, r, last.Value, false)
		if _, err := r.Encoded(t.Context()); !errors.Is(err, ErrStale) || !errors.Is(err, errScripted) {
			t.Errorf("Encoded: %v", err)
		}
		if st := r.Status(); st.Good || st.Expired != 1 || st.Age != 25*time.Second {
			t.Errorf("%+v", st)
		}
		s.set(0, nil)
		if _, err := r.Fresh(t.Context(), 24*time.Hour); err != nil {
			t.Error(err)
		}
		if _, ok := r.Get(); !ok {
			t.Error("still out of date")
		}
		s.set(26*time.Second, nil)
		if _, err := r.Refresh(t.Context()); err != nil || r.Status().Good {
			t.Errorf("%v; what took longer than it may be old is good", err)
		}
	})
}

// A run, and a hook, cannot wait for themselves, by the context they got or one derived from it.
func TestInside(t *testing.T) {
	var r *Recomputer[int]
	cfg := steady(time.Second)
	cfg.MaxDuty = 0.5 // it nudges itself all the time
	inside := func(t *testing.T, ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		if _, err := r.Refresh(ctx); !errors.Is(err, ErrInside) {
			t.Errorf("Refresh: %v", err)
		}
		if _, err := r.Fresh(ctx, time.Nanosecond); !errors.Is(err, ErrInside) {
			t.Errorf("Fresh: %v", err)
		}
		if _, ok := r.Get(); ok {
			if _, err := r.Fresh(ctx, time.Hour); err != nil {
				t.Errorf("Fresh, of what is there: %v", err)
			}
		}
		for range r.Watch(ctx) {
		}
		if err := r.Start(ctx); !errors.Is(err, ErrStarted) && !errors.Is(err, ErrStopped) { // the latter at the end
			t.Errorf("Start: %v", err)
		}
		r.Nudge()
		r.Status()
	}
	hooks := 0
	cfg.OnEvent = func(ctx context.Context, _ Event) { hooks++; inside(t, ctx) }
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		r = New(cfg, func(ctx context.Context, _ *Snapshot[int]) (int, error) {
			runs++
			<-time.After(time.Millisecond)
			inside(t, ctx)
			var all sync.WaitGroup
			all.Go(func() { inside(t, ctx) })
			all.Wait()
			return runs, nil
		})
		start(t, r)
		after(0)
		if _, err := r.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		stop(t, r)
		if hooks == 0 {
			t.Error("no hook was called")
		}
	})
}

// Another recomputer may be waited for.
func TestInsideAnother(t *testing.T) {
	inBubble(t, steady(time.Hour), func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r)
		other := New(steady(time.Hour), func(ctx context.Context, _ *Snapshot[int]) (int, error) {
			snap, err := r.Refresh(ctx)
			if err != nil {
				return 0, err
			}
			return 100 + snap.Value, nil
		})
		start(t, other)
		value(t, other, 102, true)
		if err := other.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestBeforeAndAfter(t *testing.T) {
	inBubble(t, steady(time.Hour), func(t *testing.T, r *Recomputer[int], s *source) {
		value(t, r, 0, false)
		if _, err := r.Refresh(t.Context()); !errors.Is(err, ErrNotStarted) {
			t.Errorf("Refresh: %v", err)
		}
		if _, err := r.Encoded(t.Context()); !errors.Is(err, ErrNoValue) {
			t.Errorf("Encoded: %v", err)
		}
		if st := r.Status(); st.State != StateNew || st.State.String() != "new" {
			t.Errorf("%+v", st)
		}
		start(t, r)
		stop(t, r)
		value(t, r, 1, true)
		for name, err := range map[string]error{
			"Refresh": func() error { _, err := r.Refresh(t.Context()); return err }(),
			"Fresh":   func() error { after(time.Second); _, err := r.Fresh(t.Context(), 1); return err }(),
			"Start":   r.Start(t.Context()),
		} {
			if !errors.Is(err, ErrStopped) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
