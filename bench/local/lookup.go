package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/report"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
)

// batch is how many lookups there are between two looks at the clock.
const batch = 1 << 14

// lookups are a cache of n items, and a Go map of the same keys, both read in the same random order, hashes given.
// The bounds are the issue's: 10 ns at 1,000 items, 0.6 times the map at 100,000. What a batch does is
// written out, because a call through a function value takes half as long as a lookup.
func lookups(n int) []bench.Case {
	var ids []identity
	var cache *cgroups.Cache
	var index map[identity]int32
	params := map[string]string{"items": fmt.Sprint(n), "name": "24", "order": "random", "hash": "given"}
	s := Snapshot(n)
	inCache := bench.Case{
		Name:   Of(CacheLookup, n),
		Params: params,
		Prepare: func(ctx context.Context) (cleanup func(), err error) {
			ids = shuffled(s)
			cache, err = filled(ctx, s)
			return func() { cache, ids = nil, nil }, err
		},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			next := 0
			return batches(ctx, d, func() error {
				ids, cache, at := ids, cache, next // so that the loop does not reach for them each time
				for range batch {
					it, ok := cache.Lookup(ids[at].hash, ids[at].name)
					if !ok || len(it.Name()) != len(ids[at].name) {
						return fmt.Errorf("%q was not found", ids[at].name)
					}
					if at++; at == n {
						at = 0
					}
				}
				next = at
				return nil
			})
		},
	}
	inMap := bench.Case{
		Name:   Of(MapLookup, n),
		Params: params,
		Prepare: func(context.Context) (func(), error) {
			if ids == nil {
				ids = shuffled(s)
			}
			index = make(map[identity]int32, n)
			for i, it := range s.Items {
				index[identity{it.Hash, it.Name}] = int32(i)
			}
			return func() { index = nil }, nil
		},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			next := 0
			return batches(ctx, d, func() error {
				ids, index, at := ids, index, next
				for range batch {
					i, ok := index[ids[at]]
					if !ok || int(i) >= n {
						return fmt.Errorf("%q was not found", ids[at].name)
					}
					if at++; at == n {
						at = 0
					}
				}
				next = at
				return nil
			})
		},
	}
	if n > 1000 {
		inCache.Against = inMap.Name
		inCache.Limits = map[string]report.Limit{"item": report.AtMost(0.6)}
	} else {
		inCache.Limits = map[string]report.Limit{"item": report.AtMost(10)}
	}
	return []bench.Case{inCache, inMap}
}

// batches runs batches of lookups, one call each, for a duration and at least once, and returns the middle of what an
// item took.
func batches(ctx context.Context, d time.Duration, run func() error) (bench.Sample, error) {
	var rounds []time.Duration
	for start := time.Now(); time.Since(start) < d || rounds == nil; {
		began := time.Now()
		if err := run(); err != nil {
			return nil, err
		}
		rounds = append(rounds, time.Since(began))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return middle(rounds, batch), nil
}

// filled returns a cache that has been refreshed once, from a provider in this process that is gone again.
func filled(ctx context.Context, s cgroupsnapshot.Snapshot) (_ *cgroups.Cache, err error) {
	p, err := provide(s)
	if err != nil {
		return nil, err
	}
	cache := p.cache()
	err = errors.Join(cache.Refresh(ctx), cache.Close(), p.stop())
	return cache, err
}
