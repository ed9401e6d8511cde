// Package ipc measures netipc itself: typed clients against managed servers in another process.
package ipc

import (
	"context"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
)

// IncrementUDS is a typed INCREMENT call over a Unix socket, without the suffix of its placement. Every answer is
// checked: it is the question of the next call.
const IncrementUDS = "uds/increment"

// Cases returns what is measured of netipc. Each stands beside the probe that waits as the library does.
func Cases() (cases []bench.Case) {
	for _, where := range []place.Placement{place.One, place.Two, place.Any} {
		cases = append(cases, bench.Case{
			Name:    IncrementUDS + where.Suffix(),
			Params:  map[string]string{"cpus": string(where), "bytes": "40"},
			Against: probe.SeqpacketPoller + where.Suffix(),
			Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
				return incrementUDS(ctx, d, where)
			},
		})
	}
	return cases
}
