package local

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/report"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/snapshot/recompute"
)

// Names of the cases of snapshot/recompute.
const (
	RecomputeGet     = "local/recompute-get"
	PointerLoad      = "local/pointer-load"
	RecomputeReaders = "local/recompute-readers"
	OnRequestReaders = "local/on-request-readers"
)

// The load of the cases with readers, which is the issue's: readers and writers that hold the producer's lock.
const (
	crowd   = 100
	writers = 4
	entries = 1000 // of what the lock guards, all of which a value is made from
)

// reads returns how often each reader reads in a sample: a few times, or with NETIPC_SOAK=1 a million times.
func reads() int {
	if os.Getenv("NETIPC_SOAK") == "1" {
		return 1_000_000
	}
	return 20_000
}

// reading are one reader of a recomputer in a loop, and the same loop around an atomic pointer, which is the least it
// could take. The bound is the specification's: 2 ns.
func reading() []bench.Case {
	var r *recompute.Recomputer[int]
	var p atomic.Pointer[recompute.Snapshot[int]]
	params := map[string]string{"readers": "1"}
	return []bench.Case{{
		Name:   RecomputeGet,
		Params: params,
		Limits: map[string]report.Limit{"item": report.AtMost(2), "allocations": report.AtMost(0)},
		Prepare: func(ctx context.Context) (cleanup func(), err error) {
			r = recompute.New(recompute.Config[int]{Interval: time.Hour, IdlePause: true},
				func(context.Context, *recompute.Snapshot[int]) (int, error) { return 1, nil })
			err = r.Start(ctx)
			return func() { _ = r.Stop(context.WithoutCancel(ctx)) }, err
		},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			r := r
			return loop(ctx, d, func() (sum int) {
				for range batch {
					if s, ok := r.Get(); ok {
						sum += s.Value
					}
				}
				return sum
			})
		},
	}, {
		Name:   PointerLoad,
		Params: params,
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			p.Store(&recompute.Snapshot[int]{Value: 1})
			return loop(ctx, d, func() (sum int) {
				for range batch {
					if s := p.Load(); s != nil {
						sum += s.Value
					}
				}
				return sum
			})
		},
	}}
}

// loop measures rounds that read a batch and return the sum of values that are 1: how long one takes, and how many
// allocations a round makes at least, because others of this process allocate, too.
func loop(ctx context.Context, d time.Duration, round func() int) (bench.Sample, error) {
	var rounds []time.Duration
	var allocated uint64
	for start := time.Now(); time.Since(start) < d || rounds == nil; {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		sum := round()
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if sum != batch {
			return nil, fmt.Errorf("%d values of %d", sum, batch)
		}
		if n := after.Mallocs - before.Mallocs; rounds == nil || n < allocated {
			allocated = n
		}
		rounds = append(rounds, took)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return append(middle(rounds, batch), bench.Metric{Name: "allocations", Unit: "1", Value: float64(allocated)}), nil
}

// producer is what values are made from, under a lock that writers hold most of the time.
type producer struct {
	mu   sync.Mutex
	data [entries]uint64
}

// write is one change of a writer.
func (p *producer) write() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.data {
		p.data[i]++
	}
}

// compute makes a value: a copy of all, which shows that no write was under way.
func (p *producer) compute() ([]uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := append([]uint64(nil), p.data[:]...)
	if all[0] != all[entries-1] {
		return nil, errors.New("torn")
	}
	return all, nil
}

// beside runs read in all readers, n times each, beside the writers, and returns how long each read took, in the
// histogram, without what the clock itself takes.
func (p *producer) beside(ctx context.Context, n int, read func() error) (*latencies, error) {
	var over atomic.Bool
	var writing, reading sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for !over.Load() && ctx.Err() == nil {
				p.write()
			}
		})
	}
	clock := clockCost()
	var all latencies
	var mu sync.Mutex
	var failure error
	for range crowd {
		reading.Go(func() {
			var own latencies
			var err error
			for range n {
				began := link.Now()
				err = read()
				own.note(link.Now() - began - clock)
				if err == nil && own.total%1024 == 0 {
					err = ctx.Err()
				}
				if err != nil {
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all.add(&own)
			failure = errors.Join(failure, err)
		})
	}
	reading.Wait()
	over.Store(true)
	writing.Wait()
	return &all, failure
}

// contended are readers of a recomputer, and readers that make the value themselves, each beside the same writers. The
// bound is the specification's: 2 microseconds at p99.9.
func contended() []bench.Case {
	n := reads()
	params := map[string]string{"readers": strconv.Itoa(crowd), "writers": strconv.Itoa(writers), "entries": strconv.Itoa(entries)}
	with := func(reads int) map[string]string {
		p := map[string]string{"reads": strconv.Itoa(reads)}
		for k, v := range params {
			p[k] = v
		}
		return p
	}
	few := max(1, n/2000) // each waits for the lock
	return []bench.Case{{
		Name:   RecomputeReaders,
		Params: with(n),
		Limits: map[string]report.Limit{"p99.9": report.AtMost(2000)},
		Run: func(ctx context.Context, _ time.Duration) (bench.Sample, error) {
			var p producer
			r := recompute.New(recompute.Config[[]uint64]{Interval: time.Millisecond, MaxDuty: 1},
				func(context.Context, *recompute.Snapshot[[]uint64]) ([]uint64, error) { return p.compute() })
			if err := r.Start(ctx); err != nil {
				return nil, err
			}
			l, err := p.beside(ctx, n, func() error {
				if s, ok := r.Get(); !ok || len(s.Value) != entries {
					return errors.New("there is no value")
				}
				return nil
			})
			return l.sample(), errors.Join(err, r.Stop(context.WithoutCancel(ctx)))
		},
	}, {
		Name:   OnRequestReaders,
		Params: with(few),
		Run: func(ctx context.Context, _ time.Duration) (bench.Sample, error) {
			var p producer
			l, err := p.beside(ctx, few, func() error {
				_, err := p.compute()
				return err
			})
			return l.sample(), err
		},
	}}
}

// clockCost returns what two looks at the clock take between them, in ns.
func clockCost() int64 {
	least := int64(math.MaxInt64)
	for range 10_000 {
		began := link.Now()
		least = min(least, link.Now()-began)
	}
	return least
}

// latencies is a histogram: 16 buckets for each power of two, so that a value is known to 1/16 of itself.
type latencies struct {
	buckets [64 * 16]uint64
	total   uint64
	most    int64
}

func (l *latencies) note(ns int64) {
	ns = max(ns, 0)
	l.buckets[bucket(ns)]++
	l.total++
	l.most = max(l.most, ns)
}

func bucket(ns int64) int {
	if ns < 16 {
		return int(ns)
	}
	power := bits.Len64(uint64(ns)) - 1
	return (power-3)*16 + int(ns>>(power-4))&15
}

// top is the largest value of a bucket.
func top(b int) int64 {
	if b < 16 {
		return int64(b)
	}
	power := b/16 + 3
	return int64(16+b%16+1)<<(power-4) - 1
}

func (l *latencies) add(o *latencies) {
	for i, n := range o.buckets {
		l.buckets[i] += n
	}
	l.total += o.total
	l.most = max(l.most, o.most)
}

// quantile returns a value that q of all do not exceed.
func (l *latencies) quantile(q float64) int64 {
	rank := uint64(math.Ceil(q * float64(l.total)))
	for b, seen := 0, uint64(0); b < len(l.buckets); b++ {
		if seen += l.buckets[b]; seen >= rank {
			return min(top(b), l.most)
		}
	}
	return l.most
}

func (l *latencies) sample() bench.Sample {
	if l.total == 0 {
		return nil
	}
	var s bench.Sample
	for _, q := range []struct {
		name string
		q    float64
	}{{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}} {
		s = append(s, bench.Metric{Name: q.name, Unit: "ns", Value: float64(l.quantile(q.q))})
	}
	return append(s, bench.Metric{Name: "max", Unit: "ns", Value: float64(l.most)})
}
