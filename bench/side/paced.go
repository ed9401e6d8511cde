package side

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/plugin-ipc/netipc/bench"
)

// The metrics of paced trips.
const (
	P50  = "p50"
	P95  = "p95"
	P99  = "p99"
	P999 = "p99.9"
	CPU  = "cpu" // of both sides, above a run of the same pacer that makes no trip
)

// PacedFactor is how many times as long a paced sample takes, so that a 99th percentile means something.
const PacedFactor = 4

// Paced makes trips at that many a second, for about PacedFactor times d, and says how long each took; then it goes
// on for half as long without making any. cpu returns the processor time that both sides have used.
func Paced(ctx context.Context, d time.Duration, perSecond int, cpu func() (time.Duration, error), trip func() error) (bench.Sample, error) {
	if err := trip(); err != nil { // waits until the other side is there
		return nil, err
	}
	n := max(1, int(PacedFactor*d.Seconds()*float64(perSecond)))
	took := make([]float64, 0, min(n, 1<<20)) // of a sample that is cut short, most would never be used
	start := time.Now()
	busy, err := paced(ctx, n, perSecond, cpu, func() error {
		at := time.Now()
		err := trip()
		took = append(took, float64(time.Since(at)))
		return err
	})
	if err != nil {
		return nil, err
	}
	rate := float64(n) / time.Since(start).Seconds()
	rest := max(1, n/2)
	idle, err := paced(ctx, rest, perSecond, cpu, func() error { return nil })
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	at := func(share float64) float64 { return took[min(n-1, int(math.Ceil(share*float64(n)))-1)] }
	above := float64(busy)/float64(n) - float64(idle)/float64(rest)
	return bench.Sample{
		{Name: P50, Unit: "ns", Value: at(0.5)},
		{Name: P95, Unit: "ns", Value: at(0.95)},
		{Name: P99, Unit: "ns", Value: at(0.99)},
		{Name: P999, Unit: "ns", Value: at(0.999)},
		{Name: CPU, Unit: "ns", Value: max(0, above)},
		{Name: Rate, Unit: "1/s", Value: rate},
	}, nil
}

// tooShort is below what Go's timers can do in an idle process, which sleeps for whole milliseconds: the pacer watches
// the clock instead.
const tooShort = time.Millisecond

// paced calls f n times, evenly, and returns the processor time that went by. One that comes late delays the rest.
func paced(ctx context.Context, n, perSecond int, cpu func() (time.Duration, error), f func() error) (time.Duration, error) {
	interval := time.Second / time.Duration(perSecond)
	before, err := cpu()
	if err != nil {
		return 0, err
	}
	next := time.Now()
	for range n {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		next = next.Add(interval)
		left := time.Until(next)
		if left < 0 {
			next = next.Add(-left)
		}
		if interval >= tooShort && left > 0 {
			time.Sleep(left)
		}
		for interval < tooShort && time.Until(next) > 0 {
		}
		if err := f(); err != nil {
			return 0, err
		}
	}
	after, err := cpu()
	return after - before, err
}
