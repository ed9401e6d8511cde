// Package ipc measures netipc itself: typed clients against managed servers in another process.
package ipc

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/report"
	"github.com/plugin-ipc/netipc/bench/side"
)

// IncrementUDS is a typed INCREMENT call over a Unix socket, without the suffix of its placement. Every answer is
// checked: it is the question of the next call.
const IncrementUDS = "uds/increment"

// Depth is the name of IncrementUDS with that many calls in flight, by as many goroutines.
func Depth(inFlight int) string { return fmt.Sprintf("%s-%d-in-flight", IncrementUDS, inFlight) }

// depths are the numbers of calls in flight that are measured.
var depths = []int{1, 16, 64}

// Cases returns what is measured of netipc. Each stands beside the probes that do the same with bare packets.
func Cases() (cases []bench.Case) {
	for _, where := range []place.Placement{place.One, place.Two, place.Any} {
		cases = append(cases, bench.Case{
			Name:    IncrementUDS + where.Suffix(),
			Params:  map[string]string{"cpus": string(where), "bytes": "40"},
			Against: probe.SeqpacketPoller + where.Suffix(),
			Beside:  []string{probe.SeqpacketBlocking + where.Suffix(), probe.SeqpacketSpin + where.Suffix()},
			Limits:  map[string]report.Limit{side.Rate: report.AtLeast(0.7)},
			Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
				return incrementUDS(ctx, d, where, chain{})
			},
		})
	}
	for _, rate := range probe.PacedRates {
		c := bench.Case{
			Name:    probe.Paced(IncrementUDS, rate),
			Params:  map[string]string{"cpus": string(place.Any), "bytes": "40", "per-second": strconv.Itoa(rate)},
			Against: probe.Paced(probe.SeqpacketPoller, rate),
			Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
				return incrementUDS(ctx, d, place.Any, chain{perSecond: rate})
			},
		}
		if rate <= 1000 { // what is faster is for orientation: the machine decides whether it can be held at all
			c.Limits = map[string]report.Limit{side.P99: report.AtMost(1.2), side.CPU: report.AtMost(1.2)}
		}
		cases = append(cases, c)
	}
	for _, n := range depths {
		c := bench.Case{
			Name:   Depth(n),
			Params: map[string]string{"cpus": string(place.Any), "bytes": "40", "in-flight": strconv.Itoa(n)},
			Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
				return incrementUDS(ctx, d, place.Any, chain{inFlight: n})
			},
		}
		if n > 1 {
			c.Against = Depth(1)
		}
		if n == 16 {
			c.Limits = map[string]report.Limit{side.Rate: report.AtLeast(2)}
		}
		cases = append(cases, c)
	}
	return append(cases, snapshotCases()...)
}

// roundTrip is the metric of what one call takes.
const roundTrip = probe.RoundTrip

// chain says how calls follow one another: the zero value, each as soon as the one before is answered.
type chain struct {
	perSecond int // 0: as fast as it goes
	inFlight  int // chains beside each other; 0: the one chain of the caller
}
