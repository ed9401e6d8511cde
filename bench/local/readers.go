package local

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/report"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
)

// CacheReaders is a case of readers beside each other while the cache is refreshed, without the suffixes of how many.
const CacheReaders = "local/cache-readers"

// Readers is the name of a case with that many readers.
func Readers(items, readers int) string {
	return fmt.Sprintf("%s-%d-readers", Of(CacheReaders, items), readers)
}

// pause is between refreshes, so that readers have most of the processors.
const pause = 20 * time.Millisecond

// readers looks things up in n items from as many goroutines while every refresh makes a new index. Readers share
// nothing that is written, so each more is that much more, as long as there is a processor for it.
func readers(n, goroutines int) bench.Case {
	var p *provider
	var cache *cgroups.Cache
	var ids [][]identity // of each reader
	c := bench.Case{
		Name:   Readers(n, goroutines),
		Params: map[string]string{"items": fmt.Sprint(n), "readers": fmt.Sprint(goroutines), "name": "24", "order": "random"},
		Prepare: func(ctx context.Context) (func(), error) {
			var err error
			if p, err = provide(Snapshot(n)); err != nil {
				return nil, err
			}
			cache = p.cache()
			for range goroutines {
				ids = append(ids, shuffled(Snapshot(n)))
			}
			return func() { cache.Close(); _ = p.stop(); ids = nil }, cache.Refresh(ctx)
		},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			var over atomic.Bool
			var total atomic.Int64
			var all sync.WaitGroup
			errs := make(chan error, goroutines)
			start := time.Now()
			for _, ids := range ids {
				all.Go(func() {
					at, looked := 0, int64(0)
					for !over.Load() {
						for range batch / 16 {
							it, ok := cache.Lookup(ids[at].hash, ids[at].name)
							if !ok || len(it.Name()) != len(ids[at].name) {
								errs <- fmt.Errorf("%q was not found", ids[at].name)
								return
							}
							if at++; at == n {
								at = 0
							}
						}
						looked += batch / 16
					}
					total.Add(looked)
				})
			}
			var err error
			for refreshes := 0; time.Since(start) < d || refreshes == 0; refreshes++ {
				p.change()
				if err = errors.Join(cache.Refresh(ctx), ctx.Err()); err != nil {
					break
				}
				time.Sleep(pause)
			}
			over.Store(true)
			all.Wait()
			took := time.Since(start)
			close(errs)
			if err = errors.Join(err, <-errs); err != nil {
				return nil, err
			}
			return bench.Sample{{Name: "rate", Unit: "1/s", Value: float64(total.Load()) / took.Seconds()}}, nil
		},
	}
	if goroutines > 1 {
		c.Against = Readers(n, 1)
		c.Limits = map[string]report.Limit{"rate": report.AtLeast(1.5)}
	}
	return c
}
