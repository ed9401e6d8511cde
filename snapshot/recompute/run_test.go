package recompute

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func seconds(s ...float64) (d []time.Duration) {
	for _, s := range s {
		d = append(d, time.Duration(s*float64(time.Second)))
	}
	return d
}

// When runs begin, counted from the first one.
func TestWhenRunsBegin(t *testing.T) {
	bad := func(context.Context, int) error { return errScripted }
	for _, test := range []struct {
		name string
		cfg  Config[int]
		cost time.Duration
		do   func(context.Context, int) error
		run  float64
		want []time.Duration
	}{
		{"from the end of a run", steady(3 * time.Second), time.Second, nil, 13, seconds(0, 4, 8, 12)},
		{"backoff", steady(3 * time.Second), 0, bad, 50, seconds(0, 1, 3, 7, 15, 25, 35, 45)},
		{"backoff, short interval", func() Config[int] {
			c := steady(100 * time.Millisecond)
			c.MaxBackoff = time.Second
			return c
		}(), 0, bad, 5, seconds(0, .1, .3, .7, 1.5, 2.5, 3.5, 4.5)},
		{"backoff, own", func() Config[int] {
			c := steady(time.Second)
			c.Backoff, c.MaxBackoff = 2*time.Second, 3*time.Second
			return c
		}(), 0, bad, 9, seconds(0, 2, 5, 8)},
		{"back to normal", steady(time.Second), 0, func(_ context.Context, n int) error {
			if n == 2 || n == 3 {
				return errScripted
			}
			return nil
		}, 6.5, seconds(0, 1, 2, 4, 5, 6)},
		{"never by itself", steady(-1), 0, nil, 100, seconds(0)},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, test.cfg, func(t *testing.T, r *Recomputer[int], s *source) {
				s.set(test.cost, test.do)
				began := time.Now()
				start(t, r, Async())
				after(time.Duration(test.run * float64(time.Second)))
				var got []time.Duration
				for _, at := range s.began {
					got = append(got, at.Sub(began))
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("runs at %v, want %v", got, test.want)
				}
			})
		})
	}
}

func TestDutyCap(t *testing.T) {
	cfg := steady(time.Second)
	cfg.MaxDuty = 0.25
	inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
		s.set(3*time.Second, nil)
		began := time.Now()
		start(t, r, Async())
		after(24*time.Hour - time.Second)
		if n := s.count(); n != 24*60*60/12 {
			t.Errorf("%d runs of 3 s in %v, want one every 12 s", n, time.Since(began))
		}
		// A Nudge keeps to it, who waits does not.
		after(3 * time.Second) // the run has just ended, or is about to
		n := s.count()
		r.Nudge()
		after(4 * time.Second)
		if s.count() != n {
			t.Error("a Nudge has broken the cap")
		}
		if _, err := r.Refresh(t.Context()); err != nil || s.count() != n+1 {
			t.Errorf("Refresh: %v, %d runs", err, s.count()-n)
		}
	})
}

func TestJitter(t *testing.T) {
	p := (&Config[int]{Jitter: 0.1}).policy()
	least, most := time.Hour, time.Duration(0)
	for range 10_000 {
		d := p.jittered(time.Second)
		least, most = min(least, d), max(most, d)
	}
	if least < 900*time.Millisecond || most > 1100*time.Millisecond || least > 910*time.Millisecond || most < 1090*time.Millisecond {
		t.Errorf("a second became %v to %v", least, most)
	}
}

func TestGenerationsGrow(t *testing.T) {
	inBubble(t, steady(time.Second), func(t *testing.T, r *Recomputer[int], s *source) {
		start(t, r)
		last, _ := r.Get()
		if last.Gen != 1 {
			t.Errorf("the first generation is %d", last.Gen)
		}
		s.set(300*time.Millisecond, func(_ context.Context, n int) error {
			if n%3 == 0 {
				return errScripted
			}
			return nil
		})
		for range 100 {
			after(500 * time.Millisecond)
			now, _ := r.Get()
			if now != last && (now.Gen != last.Next() || now.Started.Before(last.Finished) || now.Cost != 300*time.Millisecond ||
				now.Finished.Sub(now.Started) != now.Cost) {
				t.Errorf("%+v after %+v", now, last)
			}
			last = now
		}
		if last.Gen < 20 {
			t.Errorf("only generation %d", last.Gen)
		}
	})
}

// A run that does not bring a value changes nothing, and says why: in Status, with the stack of a panic, and to the
// hook.
func TestRunsThatFail(t *testing.T) {
	for _, test := range []struct {
		name  string
		do    func(context.Context, int) error
		stack string
		text  string
	}{
		{"error", func(context.Context, int) error { return errScripted }, "", "test: scripted"},
		{"panic", func(context.Context, int) error { panic(errScripted) }, "TestRunsThatFail", "test: panic: scripted"},
		{"panic(nil)", func(context.Context, int) error { panic(nil) }, "TestRunsThatFail", "test: panic: panic called with nil"},
		{"Goexit", func(context.Context, int) error { runtime.Goexit(); return nil }, "TestRunsThatFail", "test: panic: runtime.Goexit"},
		{"timeout", func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }, "", "test: the run took too long: more than 5s"},
		{"value after the timeout", func(ctx context.Context, _ int) error { <-ctx.Done(); return nil }, "", "test: the run took too long: more than 5s"},
		{"own error after the timeout", func(ctx context.Context, _ int) error { <-ctx.Done(); return errScripted }, "", "test: the run took too long: more than 5s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var events []Event
			cfg := steady(10 * time.Second)
			cfg.Timeout = 5 * time.Second
			cfg.OnEvent = func(_ context.Context, e Event) { events = append(events, e) }
			inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
				start(t, r)
				first, _ := r.Get()
				s.set(0, test.do)
				_, err := r.Refresh(t.Context())
				synctest.Wait()
				if err == nil || !strings.HasPrefix(err.Error(), test.text) {
					t.Errorf("Refresh: %v, want %s", err, test.text)
				}
				var p *PanicError
				if errors.As(err, &p) != (test.stack != "") || p != nil && !strings.Contains(string(p.Stack), test.stack) {
					t.Errorf("stack: %+v", p)
				}
				if now, ok := r.Get(); now != first || !ok {
					t.Errorf("the value is %+v, %v", now, ok)
				}
				st := r.Status()
				if st.Failures != 1 || st.Failing != 1 || !errors.Is(st.LastError, err) || st.LastFailure != time.Now() ||
					(st.Panics != 0) != (test.stack != "") || (st.Timeouts != 0) != strings.Contains(test.name, "timeout") {
					t.Errorf("%+v", st)
				}
				if len(events) != 2 || events[1].Kind != EventFail || !errors.Is(events[1].Err, err) || events[1].Gen != 1 {
					t.Errorf("%+v", events)
				}
				s.set(0, nil)
				if _, err := r.Refresh(t.Context()); err != nil {
					t.Error(err)
				}
				if st := r.Status(); st.Failing != 0 || st.Failures != 1 || st.LastError == nil {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

// What else is the user's may panic, too: then the run has failed.
func TestOthersPanic(t *testing.T) {
	for name, spoil := range map[string]func(*Config[int]){
		"Ready":  func(c *Config[int]) { c.Ready = func() bool { panic("planted") } },
		"Equal":  func(c *Config[int]) { c.Equal = func(int, int) bool { panic("planted") } },
		"Encode": func(c *Config[int]) { c.Encode = func(*Snapshot[int]) ([]byte, error) { panic("planted") } },
		"Encode, error": func(c *Config[int]) {
			c.Encode = func(*Snapshot[int]) ([]byte, error) { return nil, errors.New("planted") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := steady(time.Second)
			spoil(&cfg)
			inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], _ *source) {
				start(t, r, Async())
				after(time.Second)
				if st := r.Status(); st.Failures == 0 || !strings.Contains(fmt.Sprint(st.LastError), "planted") {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

// A run that heeds nothing: it is said once its time is up, those who wait are told, Get has the old value, and there
// is no second run. What it returns later is dropped; what it panics with is not.
func TestHungRun(t *testing.T) {
	for _, ends := range []string{"value", "panic"} {
		t.Run(ends, func(t *testing.T) {
			var events []Event
			cfg := steady(10 * time.Second)
			cfg.Timeout = 5 * time.Second
			cfg.OnEvent = func(_ context.Context, e Event) { events = append(events, e) }
			inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
				start(t, r)
				s.set(0, func(context.Context, int) error {
					<-time.After(time.Hour)
					if ends == "panic" {
						panic(errScripted)
					}
					return nil
				})
				began := time.Now()
				if _, err := r.Refresh(t.Context()); !errors.Is(err, ErrTimeout) || time.Since(began) != 5*time.Second {
					t.Errorf("Refresh: %v after %v", err, time.Since(began))
				}
				s.set(0, nil)
				for range 100 {
					after(10 * time.Second)
					value(t, r, 1, true)
				}
				if st := r.Status(); !st.Overdue || st.State != StateRunning || st.Failures != 1 || st.Timeouts != 1 || s.count() != 2 {
					t.Errorf("%+v", st)
				}
				after(time.Hour)
				st, kinds := r.Status(), []EventKind{EventPublish, EventFail}
				if ends == "panic" {
					kinds = append(kinds, EventFail)
				}
				if st.Failures != 1 || (st.Panics == 1) != (ends == "panic") || errors.Is(st.LastError, errScripted) != (ends == "panic") || st.Overdue {
					t.Errorf("%+v", st)
				}
				for i, k := range kinds {
					if events[i].Kind != k {
						t.Errorf("event %d: %+v", i, events[i])
					}
				}
				if s, _ := r.Get(); s.Value <= 2 {
					t.Errorf("it has not recovered: %+v", s)
				}
			})
		})
	}
}

// The deadline of a run is in its context, and so is why it has ended.
func TestRunContext(t *testing.T) {
	cfg := steady(time.Second)
	cfg.Timeout = 5 * time.Second
	inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, 1)
		s.set(0, func(ctx context.Context, _ int) error {
			if d, ok := ctx.Deadline(); !ok || time.Until(d) != 5*time.Second {
				t.Errorf("deadline %v, %v", d, ok)
			}
			if ctx.Value(key{}) != nil {
				t.Error("a run has inherited the context of Start")
			}
			<-ctx.Done()
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) || context.Cause(ctx) != ErrTimeout {
				t.Errorf("%v, cause %v", ctx.Err(), context.Cause(ctx))
			}
			return nil
		})
		if err := r.Start(ctx); !errors.Is(err, ErrTimeout) {
			t.Errorf("Start: %v", err)
		}
	})
}

func TestEmptyResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now atomic.Pointer[[]string]
		now.Store(&[]string{"a"})
		r := New(Config[[]string]{Interval: time.Second, Jitter: -1, Equal: slices.Equal[[]string]},
			func(context.Context, *Snapshot[[]string]) ([]string, error) { return *now.Load(), nil })
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		now.Store(new([]string))
		after(time.Second)
		if s, ok := r.Get(); !ok || s.Gen != 2 || s.Value != nil {
			t.Errorf("%+v, %v", s, ok)
		}
		now.Store(&[]string{})
		after(time.Second)
		if s, ok := r.Get(); !ok || s.Gen != 2 || r.Status().Unchanged != 1 {
			t.Errorf("%+v, %v", s, ok)
		}
		stop(t, r)
	})
}

// The same value again is not published, but young.
func TestEqual(t *testing.T) {
	var encoded []uint64
	cfg := steady(time.Second)
	cfg.MaxStale = 90 * time.Second
	cfg.Equal = func(old, new int) bool { return old/10 == new/10 }
	cfg.Encode = func(s *Snapshot[int]) ([]byte, error) {
		encoded = append(encoded, s.Gen)
		return fmt.Append(nil, s.Value, s.Gen), nil
	}
	inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], _ *source) {
		start(t, r)
		first, _ := r.Get()
		var watched sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		var seen []uint64
		watched.Go(func() {
			for s := range r.Watch(ctx) {
				seen = append(seen, s.Gen)
			}
		})
		after(8 * time.Second) // run 9 is over
		if s, ok := r.Get(); s != first || !ok {
			t.Errorf("%+v, %v", s, ok)
		}
		if s, err := r.Fresh(t.Context(), time.Second); s != first || err != nil {
			t.Errorf("Fresh: %+v, %v", s, err)
		}
		if st := r.Status(); st.Published != 1 || st.Unchanged != 8 || st.Age != 0 || st.Runs != 9 {
			t.Errorf("%+v", st)
		}
		after(11 * time.Second)
		cancel()
		watched.Wait()
		if !slices.Equal(encoded, []uint64{1, 2, 3}) || !slices.Equal(seen, encoded) {
			t.Errorf("encoded %v, watched %v", encoded, seen)
		}
		if b, err := r.Encoded(t.Context()); err != nil || string(b) != "20 3" {
			t.Errorf("%q, %v", b, err)
		}
		if s, _ := r.Get(); string(s.Encoded()) != "20 3" {
			t.Errorf("%q", s.Encoded())
		}
	})
}

// A value made before the source was ready is none.
func TestReadyGate(t *testing.T) {
	var ready atomic.Bool
	cfg := steady(time.Second)
	cfg.Ready = ready.Load
	inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
		s.set(500*time.Millisecond, nil)
		began := time.Now()
		time.AfterFunc(200*time.Millisecond, func() {
			if _, err := r.Refresh(t.Context()); !errors.Is(err, ErrNotReady) {
				t.Errorf("Refresh before the source was ready: %v", err)
			}
			value(t, r, 0, false)
		})
		time.AfterFunc(3700*time.Millisecond, func() { ready.Store(true) })
		start(t, r)
		// Runs began at 0, at 0.5 for Refresh, at 2, and at 3.5, which is 0.2 too early; then at 5.
		if got := time.Since(began); got != 5500*time.Millisecond {
			t.Errorf("Start returned after %v", got)
		}
		value(t, r, 5, true)
		if st := r.Status(); st.Premature != 4 || st.Gen != 1 || st.Failures != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// hostile is an error that does to whoever looks at it what an error should not do.
type hostile struct {
	r    *Recomputer[int]
	what func()
}

func (h hostile) Error() string   { h.r.Status(); h.what(); return "hostile" }
func (h hostile) Is(error) bool   { h.r.Status(); h.what(); return false }
func (h hostile) As(any) bool     { h.r.Status(); h.what(); return false }
func (h hostile) Unwrap() []error { h.r.Status(); h.what(); return nil }

// The methods of an error, and of a panic's value, are code of a user's as well: they may call back, panic, or end the
// goroutine, and the run has failed.
func TestHostileErrors(t *testing.T) {
	for name, what := range map[string]func(){
		"calls back": func() {},
		"panics":     func() { panic("planted") },
		"Goexit":     runtime.Goexit,
	} {
		for _, how := range []string{"returned", "returned too late", "panicked"} {
			t.Run(name+", "+how, func(t *testing.T) {
				cfg := steady(time.Second)
				cfg.Timeout = 5 * time.Second
				inBubble(t, cfg, func(t *testing.T, r *Recomputer[int], s *source) {
					start(t, r)
					s.set(0, func(ctx context.Context, _ int) error {
						switch how {
						case "returned too late":
							<-ctx.Done()
						case "panicked":
							panic(hostile{r, what})
						}
						return hostile{r, what}
					})
					if _, err := r.Refresh(t.Context()); err == nil {
						t.Error("the run has not failed")
					}
					if st := r.Status(); st.Failures != 1 || st.LastError == nil {
						t.Error(st.Failures, st.LastError == nil)
					}
					s.set(0, nil)
					if _, err := r.Refresh(t.Context()); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}
