// Package side has what ping-pongs between two processes have in common: starting the other side where it
// belongs, going to and fro for a while, and what came of it.
package side

import (
	"context"
	"time"

	"github.com/plugin-ipc/netipc/bench"
)

// Repeat calls trip once, untimed, until the other side is there; then it calls it for about d and says how often
// and how long. It looks at the clock and at ctx every `every` calls.
func Repeat(ctx context.Context, d time.Duration, every int, trip func() error) (trips int, took time.Duration, err error) {
	if err := trip(); err != nil {
		return 0, 0, err
	}
	start := time.Now()
	for took < d {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		for range every {
			if err := trip(); err != nil {
				return 0, 0, err
			}
		}
		trips += every
		took = time.Since(start)
	}
	return trips, took, nil
}

// Rate is the metric of how often a second.
const Rate = "rate"

// PerTrip is a sample of what one trip takes, and of the Rate.
func PerTrip(metric string, trips int, took time.Duration) bench.Sample {
	return bench.Sample{
		{Name: metric, Unit: "ns", Value: float64(took.Nanoseconds()) / float64(trips)},
		{Name: Rate, Unit: "1/s", Value: float64(trips) / took.Seconds()},
	}
}
