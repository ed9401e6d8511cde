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

	"pgregory.net/rapid"
)

// What a run of the model does.
const (
	doValue = iota
	doSame
	doError
	doPanic
	doGoexit
	doHeed // waits for the end of its context
	doHang // until it is released
	doKinds
)

// world is a recomputer, and what is known to be true of it.
type world struct {
	r *Recomputer[int]

	mu       sync.Mutex
	kind     int           // what the next runs do
	cost     time.Duration // and how long it takes them
	release  chan struct{} // ends runs that hang
	runs     []modelRun
	busy     int
	encoded  map[uint64]int // runs of the encoder, by generation
	events   uint64
	problems []string
}

type modelRun struct {
	began, ended time.Time
	kind         int
	value        int
}

func (w *world) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

func (w *world) compute(ctx context.Context, prev *Snapshot[int]) (int, error) {
	w.mu.Lock()
	i, kind, cost, release := len(w.runs), w.kind, w.cost, w.release
	w.runs = append(w.runs, modelRun{began: time.Now(), kind: kind, value: i + 1})
	w.busy++
	if w.busy > 1 {
		w.problems = append(w.problems, "two runs at a time")
	}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.busy--
		w.runs[i].ended = time.Now()
		w.mu.Unlock()
	}()
	if cost > 0 {
		<-time.After(cost)
	}
	switch kind {
	case doSame:
		if prev != nil {
			return prev.Value, nil
		}
	case doError:
		return 0, errScripted
	case doPanic:
		panic("planted")
	case doGoexit:
		runtime.Goexit()
	case doHeed:
		<-ctx.Done()
		return -1, nil // a value that nobody may see
	case doHang:
		<-release
	}
	return i + 1, nil
}

// A recomputer under any sequence of requests, times, outcomes and ends keeps its promises.
func TestModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(untimed{t}, func(rt *rapid.T) { model(rt) })
	})
}

// untimed is a test in a bubble as rapid takes it: without a deadline, which a bubble cannot have.
type untimed struct{ rapid.TB }

func model(t *rapid.T) {
	w := &world{release: make(chan struct{}), encoded: map[uint64]int{}}
	cfg := Config[int]{
		Name:      "model",
		Interval:  rapid.SampledFrom([]time.Duration{-1, time.Second, time.Minute}).Draw(t, "interval"),
		Timeout:   rapid.SampledFrom([]time.Duration{0, 3 * time.Second}).Draw(t, "timeout"),
		MaxStale:  rapid.SampledFrom([]time.Duration{0, 90 * time.Second}).Draw(t, "stale"),
		MaxDuty:   rapid.SampledFrom([]float64{0.1, 1}).Draw(t, "duty"),
		IdlePause: rapid.Bool().Draw(t, "pause"),
		Equal:     func(a, b int) bool { return a == b },
		Encode: func(s *Snapshot[int]) ([]byte, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.encoded[s.Gen]++
			return fmt.Append(nil, s.Value), nil
		},
	}
	if rapid.Bool().Draw(t, "gate") {
		cfg.Gate = NewGate(1)
	}
	cfg.OnEvent = func(context.Context, Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.events++
	}
	w.r = New(cfg, w.compute)
	r := w.r
	var waiters sync.WaitGroup
	began, stopped := false, false
	var stoppedAt time.Time
	var last *Snapshot[int]
	ask := func(ctx context.Context, what string, maxAge time.Duration) {
		waiters.Go(func() {
			called := time.Now()
			s, err := r.Fresh(ctx, maxAge)
			switch {
			case err == nil && r.Status().Confirmed.Before(called.Add(-maxAge)):
				w.say("%s: %v old, for %v", what, called.Sub(s.Started), maxAge)
			case err == nil && s.Value < 0:
				w.say("%s: a value after the end of its run", what)
			case err != nil && ctx.Err() == nil && !errors.Is(err, errScripted) && !errors.Is(err, ErrTimeout) &&
				!errors.Is(err, ErrStopped) && !errors.Is(err, ErrNotStarted) && !errors.As(err, new(*PanicError)):
				w.say("%s: %v", what, err)
			}
		})
	}
	t.Repeat(map[string]func(*rapid.T){
		"start": func(t *rapid.T) {
			err := r.Start(context.Background(), Async())
			switch {
			case stopped && !errors.Is(err, ErrStopped), !stopped && began && !errors.Is(err, ErrStarted), !stopped && !began && err != nil:
				t.Fatalf("Start: %v", err)
			}
			began = true
		},
		"outcome": func(t *rapid.T) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.kind = rapid.IntRange(0, doKinds-1).Draw(t, "kind")
			w.cost = rapid.SampledFrom([]time.Duration{0, time.Millisecond, 2 * time.Second, 4 * time.Second}).Draw(t, "cost")
		},
		"release": func(t *rapid.T) {
			w.mu.Lock()
			defer w.mu.Unlock()
			close(w.release)
			w.release = make(chan struct{})
		},
		"time": func(t *rapid.T) {
			<-time.After(rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, 10 * time.Second, 2 * time.Minute}).Draw(t, "d"))
		},
		"get":        func(*rapid.T) { r.Get() },
		"nudge":      func(*rapid.T) { r.Nudge() },
		"invalidate": func(*rapid.T) { r.Invalidate() },
		"refresh":    func(*rapid.T) { ask(context.Background(), "Refresh", 0) },
		"fresh": func(t *rapid.T) {
			ask(context.Background(), "Fresh", rapid.SampledFrom([]time.Duration{time.Second, time.Minute}).Draw(t, "age"))
		},
		"refresh and leave": func(t *rapid.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			t.Cleanup(cancel)
			ask(ctx, "Refresh", 0)
		},
		"stop": func(t *rapid.T) {
			if !rapid.Bool().Draw(t, "really") {
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if err := r.Stop(ctx); err != nil && !errors.Is(err, ErrRunning) {
				t.Fatalf("Stop: %v", err)
			}
			if !stopped {
				stopped, stoppedAt = true, time.Now()
			}
		},
		"": func(t *rapid.T) {
			synctest.Wait()
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.problems) > 0 {
				t.Fatalf("%q", w.problems)
			}
			st := r.Status()
			s := r.latest()
			w.checkValue(t, s, last)
			last = s
			w.checkStatus(t, st, cfg)
			if n := len(w.runs); stopped && n > 0 && w.runs[n-1].began.After(stoppedAt) {
				t.Fatalf("a run after Stop: %+v", w.runs[n-1])
			}
			if ended := st.Published + st.Unchanged + st.Failures; w.events < ended || w.events > ended+st.Panics {
				t.Fatalf("%d events of %d runs that have ended and %d panics", w.events, ended, st.Panics)
			}
		},
	})
	w.mu.Lock()
	close(w.release)
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		t.Fatalf("the last Stop: %v", err)
	}
	waiters.Wait()
	synctest.Wait()
	if left := goroutines(); left != "" {
		t.Fatalf("left behind:\n%s", left)
	}
	if cfg.Gate != nil && (cfg.Gate.free != 1 || len(cfg.Gate.queue) != 0) {
		t.Fatalf("the gate: %d free, %d in the queue", cfg.Gate.free, len(cfg.Gate.queue))
	}
	if len(w.problems) > 0 {
		t.Fatalf("%q", w.problems)
	}
}

// checkValue checks that a value is what a run has brought that was to bring one, under the next generations.
func (w *world) checkValue(t *rapid.T, s, last *Snapshot[int]) {
	if s == last {
		return
	}
	if s == nil || last != nil && (s.Gen <= last.Gen || s.Started.Before(last.Finished)) {
		t.Fatalf("%+v after %+v", s, last)
	}
	run := w.runs[s.Value-1]
	if run.kind == doError || run.kind == doPanic || run.kind == doGoexit || run.kind == doHeed || run.ended.IsZero() ||
		!run.began.Equal(s.Started) || !run.ended.Equal(s.Finished) || s.Cost != run.ended.Sub(run.began) {
		t.Fatalf("%+v of %+v", s, run)
	}
	// Twice only if a run has encoded it and was not in time then.
	if n := w.encoded[s.Gen]; n == 0 || n > 1 && w.r.Status().Timeouts == 0 || string(s.Encoded()) != fmt.Sprint(s.Value) {
		t.Fatalf("generation %d was encoded %d times: %q", s.Gen, w.encoded[s.Gen], s.Encoded())
	}
}

// checkStatus checks that all runs are accounted for.
func (w *world) checkStatus(t *rapid.T, st Status, cfg Config[int]) {
	if st.Runs != uint64(len(w.runs)) && st.State != StateStopped {
		t.Fatalf("%d runs, %+v", len(w.runs), st)
	}
	ended := st.Published + st.Unchanged + st.Failures
	if (st.State == StateRunning) != (w.busy == 1) && st.State != StateStopped {
		t.Fatalf("%d runs at a time, %+v", w.busy, st)
	}
	open := uint64(0)
	if !st.RunSince.IsZero() && !st.Overdue {
		open = 1
	}
	if st.State != StateStopped && st.Runs != ended+open {
		t.Fatalf("%d ended, %d open, %+v", ended, open, st)
	}
	if cfg.MaxStale > 0 && st.Good && st.Age >= cfg.MaxStale && st.State != StateStopped {
		t.Fatalf("good and too old: %+v", st)
	}
	if cfg.Timeout > 0 && !st.RunSince.IsZero() && time.Since(st.RunSince) > cfg.Timeout && !st.Overdue && st.State != StateStopped {
		t.Fatalf("not overdue: %+v", st)
	}
	if st.State == StateResting && cfg.Interval > 0 && st.Next.IsZero() {
		t.Fatalf("nothing is planned: %+v", st)
	}
	if st.Failures > 0 && st.LastError == nil {
		t.Fatalf("silent: %+v", st)
	}
}
