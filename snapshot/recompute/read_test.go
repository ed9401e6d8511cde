package recompute

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// started returns a recomputer in real time that has its first value, and no other unless asked.
func started(t testing.TB, cfg Config[int]) *Recomputer[int] {
	t.Helper()
	s := &source{}
	r := New(cfg, s.compute)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// The mark is tested before it is set: in a generation that has been read Get has what it loads, and stores nothing.
func TestGetMarksOnceAGeneration(t *testing.T) {
	r := started(t, steady(time.Hour))
	for range 3 {
		r.unmark() // Start and Refresh are no readers to count on here
		cold := r.current.Load()
		if cold.read || cold.hot {
			t.Error("marked, and nobody has read it")
		}
		if s, ok := r.Get(); s != cold.snap || !ok {
			t.Errorf("%+v, %v", s, ok)
		}
		hot := r.current.Load()
		if hot != cold.twin || !hot.hot {
			t.Errorf("the mark: %+v", hot)
		}
		for range 1000 {
			if s, ok := r.Get(); s != cold.snap || !ok || r.current.Load() != hot {
				t.Fatalf("%+v, %v, %+v", s, ok, r.current.Load())
			}
		}
		if _, err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r.current.Load().snap == cold.snap {
			t.Error("the generation is the same")
		}
	}
}

func TestReadsDoNotAllocate(t *testing.T) {
	cfg := steady(time.Hour)
	cfg.IdlePause = true
	cfg.Encode = func(s *Snapshot[int]) ([]byte, error) { return []byte("encoded"), nil }
	r := started(t, cfg)
	sum := 0
	if n := testing.AllocsPerRun(1000, func() {
		s, _ := r.Get()
		b, _ := r.Encoded(t.Context())
		sum += s.Value + len(b)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() {
		s, err := r.Fresh(t.Context(), time.Hour)
		if err != nil {
			t.Error(err)
		}
		sum += s.Value
	}); n != 0 {
		t.Errorf("Fresh, of what is there: %v allocations", n)
	}
}

// Readers never see anything but whole snapshots, each newer than the last, while writers hold the producer's lock.
func TestReadersBesideWriters(t *testing.T) {
	type pair struct{ a, b int }
	var mu sync.Mutex
	var data pair
	r := New(Config[pair]{Interval: time.Microsecond, MaxDuty: 1}, func(context.Context, *Snapshot[pair]) (pair, error) {
		mu.Lock()
		defer mu.Unlock()
		return data, nil
	})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var writers, readers sync.WaitGroup
	var over atomic.Bool
	for range 4 {
		writers.Go(func() {
			for !over.Load() {
				mu.Lock()
				data.a++
				data.b = -data.a
				mu.Unlock()
				runtime.Gosched()
			}
		})
	}
	for range 100 {
		readers.Go(func() {
			last := uint64(0)
			for n := 0; n < soak(10_000, 1_000_000) || last < 3; n++ {
				if n%1000 == 0 {
					runtime.Gosched()
				}
				s, ok := r.Get()
				if !ok || s.Value.a != -s.Value.b || s.Gen < last {
					t.Errorf("%+v, %v after generation %d", s, ok, last)
					return
				}
				last = s.Gen
			}
		})
	}
	readers.Wait()
	over.Store(true)
	writers.Wait()
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func BenchmarkGet(b *testing.B) {
	r := started(b, steady(time.Hour))
	b.ReportAllocs()
	sum := 0
	for b.Loop() {
		s, ok := r.Get()
		if !ok {
			b.Fatal("no value")
		}
		sum += int(s.Gen)
	}
}
