package recompute

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Hooks are told of each run, in order, one after the other.
func TestEvents(t *testing.T) {
	ready := false
	var kinds []EventKind
	var r *Recomputer[int]
	cfg := steady(time.Second)
	cfg.Ready = func() bool { return ready }
	cfg.Equal = func(a, b int) bool { return b == 3 }
	cfg.OnEvent = func(_ context.Context, e Event) {
		if e.Name != "test" || e.When != time.Now() || e.Cost != time.Second || (e.Err != nil) != (e.Kind == EventFail) {
			t.Errorf("%+v", e)
		}
		if s := r.latest(); e.Gen != s.Next()-1 {
			t.Errorf("generation %d, there is %+v", e.Gen, s)
		}
		kinds = append(kinds, e.Kind)
		ready = true
	}
	synctest.Test(t, func(t *testing.T) {
		s := &source{cost: time.Second, do: func(_ context.Context, n int) error {
			if n == 4 {
				return errScripted
			}
			return nil
		}}
		r = New(cfg, s.compute)
		start(t, r)
		after(8 * time.Second)
		stop(t, r)
	})
	want := []EventKind{EventPremature, EventPublish, EventUnchanged, EventFail, EventPublish, EventPublish}
	if !slices.Equal(kinds, want) {
		t.Errorf("%v, want %v", kinds, want)
	}
}

// A hook that panics, or ends its goroutine, harms nothing, and shows.
func TestHookFails(t *testing.T) {
	for name, fail := range map[string]func(){
		"panic":  func() { panic(errScripted) },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			cfg := steady(time.Second)
			cfg.OnEvent = func(context.Context, Event) { calls++; fail() }
			inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
				start(t, r)
				after(10 * time.Second)
				st := r.Status()
				if st.Runs != 11 || st.HookPanics != 11 || calls != 11 || st.Failures != 0 || st.Panics != 0 {
					t.Errorf("%+v, %d calls", st, calls)
				}
				var p *PanicError
				if !errors.As(st.LastHookError, &p) || !strings.Contains(string(p.Stack), "TestHookFails") {
					t.Errorf("%v", st.LastHookError)
				}
			})
		})
	}
}

// A hook that hangs holds up the next run and Stop, and nobody else.
func TestHookHangs(t *testing.T) {
	cfg := steady(time.Second)
	release := make(chan struct{})
	cfg.OnEvent = func(context.Context, Event) { <-release }
	synctest.Test(t, func(t *testing.T) {
		release = make(chan struct{})
		s := &source{}
		r := New(cfg, s.compute)
		start(t, r)
		after(time.Hour)
		value(t, r, 1, true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := r.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Refresh: %v", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := r.Stop(ctx); !errors.Is(err, ErrRunning) {
			t.Errorf("Stop: %v", err)
		}
		close(release)
		stop(t, r)
		if s.count() != 1 {
			t.Errorf("%d runs", s.count())
		}
	})
}

func TestWatch(t *testing.T) {
	inBubble(t, steady(time.Second), func(t *testing.T, r *Recomputer[int], s *source) {
		var seen []uint64
		done := make(chan struct{})
		go func() {
			defer close(done)
			for snap := range r.Watch(t.Context()) { // begins before there is anything
				seen = append(seen, snap.Gen)
				if snap.Gen == 3 {
					<-time.After(5*time.Second + 500*time.Millisecond) // misses some
				}
			}
		}()
		synctest.Wait()
		start(t, r)
		after(10 * time.Second)
		stop(t, r)
		<-done
		if want := []uint64{1, 2, 3, 8, 9, 10, 11}; !slices.Equal(seen, want) {
			t.Errorf("%v, want %v", seen, want)
		}
		for snap := range r.Watch(t.Context()) { // what there is, once
			seen = append(seen, snap.Gen)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range r.Watch(ctx) {
			t.Error("a watch whose context has ended")
		}
		if len(seen) != 8 {
			t.Errorf("%v", seen)
		}
	})
}

func TestNames(t *testing.T) {
	for text, s := range map[string]interface{ String() string }{
		"publish": EventPublish, "fail": EventFail, "unknown": EventKind(99), "none": EventKind(0),
		"running": StateRunning, "paused": StatePaused, "unknown ": State(99),
	} {
		if s.String() != strings.TrimSpace(text) {
			t.Errorf("%q is %q", text, s)
		}
	}
}

// A clock of one's own rules all there is: intervals, timeouts, staleness.
func TestOwnClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := steady(time.Second)
		cfg.Timeout, cfg.MaxStale, cfg.Clock = 10*time.Second, 100*time.Second, slow{}
		s := &source{}
		r := New(cfg, s.compute)
		start(t, r)
		after(10 * time.Second)
		if n := s.count(); n != 2 {
			t.Errorf("%d runs in a second of its own", n)
		}
		s.set(0, func(ctx context.Context, _ int) error {
			if _, ok := ctx.Deadline(); ok {
				t.Error("a deadline that others would take for the system's")
			}
			<-ctx.Done()
			if context.Cause(ctx) != ErrTimeout {
				t.Errorf("cause: %v", context.Cause(ctx))
			}
			return ctx.Err()
		})
		began := time.Now()
		if _, err := r.Refresh(t.Context()); !errors.Is(err, ErrTimeout) || time.Since(began) != 100*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		stop(t, r)
	})
}

// slow is a clock on which time passes at a tenth of the pace.
type slow struct{}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (slow) Now() time.Time { return epoch.Add(time.Since(epoch) / 10) }
func (slow) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(10*d, f).Stop
}
