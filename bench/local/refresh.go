package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/report"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	server "github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
)

// CacheRefresh is a case of refreshes, without the suffix of its number of items.
const CacheRefresh = "local/cache-refresh"

// refreshes takes turns: a transfer alone, a refresh of what is known, a refresh in which one item has changed. The
// last above the first is what a new index costs; and once more that of a cache in which items are also looked up by name
// and by path, which has three. The bounds are the issue's: known bytes 1.2 times the transfer, and an index of 100,000
// items 15 ms.
func refreshes(n int) bench.Case {
	var p *provider
	var client *server.Client
	var cache, texts *cgroups.Cache
	c := bench.Case{
		Name:   Of(CacheRefresh, n),
		Params: map[string]string{"items": fmt.Sprint(n), "name": "24", "path": "80", "transport": "memory"},
		Limits: map[string]report.Limit{"unchanged-share": report.AtMost(1.2)},
		Prepare: func(ctx context.Context) (func(), error) {
			var err error
			if p, err = provide(Snapshot(n)); err != nil {
				return nil, err
			}
			client, cache, texts = p.client(), p.cache(), p.cache()
			_, err = client.Refresh(ctx)
			err = errors.Join(err, cache.Refresh(ctx), texts.Refresh(ctx))
			texts.Snapshot().ByName("")
			texts.Snapshot().ByPath("")
			return func() { client.Close(); cache.Close(); texts.Close(); _ = p.stop() }, err
		},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			refresh := func(cache *cgroups.Cache, known uint64) func() error {
				return func() error {
					before := cache.Status().Unchanged
					err := cache.Refresh(ctx)
					if st := cache.Status(); err == nil && (st.Unchanged-before != known || st.Items != n) {
						err = fmt.Errorf("%d of 1 refreshes brought nothing new, %d items", st.Unchanged-before, st.Items)
					}
					return err
				}
			}
			var took [4][]float64
			for start := time.Now(); time.Since(start) < d || took[0] == nil; {
				for i, do := range []func() error{
					func() error {
						return client.View(ctx, func(v cgroupsnapshot.ResponseView) error {
							if v.Len() != n {
								return fmt.Errorf("%d items, want %d", v.Len(), n)
							}
							return nil
						})
					},
					refresh(cache, 1),
					refresh(cache, 0),
					refresh(texts, 0),
				} {
					if i == 2 {
						p.change()
					}
					began := time.Now()
					if err := do(); err != nil {
						return nil, err
					}
					took[i] = append(took[i], float64(time.Since(began)))
				}
			}
			var middle [4]float64
			for i := range took {
				slices.Sort(took[i])
				middle[i] = took[i][len(took[i])/2]
			}
			return bench.Sample{
				{Name: "transfer", Unit: "ns", Value: middle[0]},
				{Name: "unchanged", Unit: "ns", Value: middle[1]},
				{Name: "unchanged-share", Unit: "", Value: middle[1] / middle[0]},
				{Name: "index", Unit: "ns", Value: max(0, middle[2]-middle[0])},
				{Name: "index-texts", Unit: "ns", Value: max(0, middle[3]-middle[0])},
			}, nil
		},
	}
	if n == 100_000 {
		c.Limits["index"] = report.AtMost(15e6)
	}
	return c
}
