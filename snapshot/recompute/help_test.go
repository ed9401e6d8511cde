package recompute

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// soak returns how often to do something: few times, or with NETIPC_SOAK=1 many.
func soak(few, many int) int {
	if os.Getenv("NETIPC_SOAK") == "1" {
		return many
	}
	return few
}

var errScripted = errors.New("scripted")

// source is what a recomputer of a test computes from. Its value is the number of its runs.
type source struct {
	mu    sync.Mutex
	runs  int
	began []time.Time
	cost  time.Duration
	do    func(ctx context.Context, run int) error // nil: succeeds
	deaf  bool                                     // it does not heed its context
	busy  atomic.Int32
	most  atomic.Int32 // runs at the same time
}

func (s *source) compute(ctx context.Context, _ *Snapshot[int]) (int, error) {
	s.most.Store(max(s.most.Load(), s.busy.Add(1)))
	defer s.busy.Add(-1)
	s.mu.Lock()
	s.runs++
	n, cost, do, deaf := s.runs, s.cost, s.do, s.deaf
	s.began = append(s.began, time.Now())
	s.mu.Unlock()
	if cost > 0 {
		done := ctx.Done()
		if deaf {
			done = nil
		}
		select {
		case <-time.After(cost):
		case <-done:
			return 0, context.Cause(ctx)
		}
	}
	if do != nil {
		if err := do(ctx, n); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// set says what runs do from now on.
func (s *source) set(cost time.Duration, do func(context.Context, int) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cost, s.do = cost, do
}

func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs
}

// steady is a configuration without chance.
func steady(interval time.Duration) Config[int] {
	return Config[int]{Name: "test", Interval: interval, Jitter: -1, MaxDuty: 1}
}

// inBubble runs a test in virtual time with a recomputer that is stopped at its end.
func inBubble(t *testing.T, cfg Config[int], f func(t *testing.T, r *Recomputer[int], s *source)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		r := New(cfg, s.compute)
		f(t, r, s)
		stop(t, r)
		if most := s.most.Load(); most > 1 {
			t.Errorf("%d runs at a time", most)
		}
	})
}

func start(t *testing.T, r *Recomputer[int], opts ...StartOption) {
	t.Helper()
	if err := r.Start(t.Context(), opts...); err != nil {
		t.Fatal(err)
	}
}

// stop stops r, and checks that nothing is left of it.
func stop(t *testing.T, r interface{ Stop(context.Context) error }) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if left := goroutines(); left != "" {
		t.Errorf("left behind:\n%s", left)
	}
}

// goroutines returns the stacks of goroutines of this package that are no tests. Those that are about to end have time
// to do so.
func goroutines() (left string) {
	buf := make([]byte, 1<<20)
	for range 1000 {
		all := string(buf[:runtime.Stack(buf, true)])
		var ours []string
		for _, g := range strings.Split(all, "\n\n") {
			if strings.Contains(g, "recompute.(*engine).loop") || strings.Contains(g, "Recomputer[...]).execute") ||
				strings.Contains(g, "recompute.(*run).overdue") {
				ours = append(ours, g)
			}
		}
		if left = strings.Join(ours, "\n\n"); left == "" {
			break
		}
		runtime.Gosched()
	}
	return left
}

// value checks what Get has.
func value(t *testing.T, r *Recomputer[int], want int, wantOK bool) {
	t.Helper()
	s, ok := r.Get()
	if s == nil {
		if want != 0 || ok {
			t.Errorf("no value, ok %v, want %d", ok, want)
		}
		return
	}
	if s.Value != want || ok != wantOK {
		t.Errorf("value %d, ok %v; want %d, %v", s.Value, ok, want, wantOK)
	}
}

// after lets time pass.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
