package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/tools/internal/render"
)

// wrongAnswer: the service is no INCREMENT.
type wrongAnswer struct{ sent, got uint64 }

func (e *wrongAnswer) Error() string {
	return fmt.Sprintf("the service answered %d to %d: it does not increment", e.got, e.sent)
}

// The histogram's range; what is longer counts as the longest, but for the maximum.
const (
	longest = int64(time.Minute)
	digits  = 3
)

// roundTrips are the times that were measured.
type roundTrips struct {
	target  *target
	status  service.Status
	hist    *hdrhistogram.Histogram
	scale   render.Scale
	warmup  int
	max     int64
	elapsed time.Duration
}

func newRoundTrips(t *target) *roundTrips {
	return &roundTrips{target: t, status: t.client.Status(), hist: hdrhistogram.New(1, longest, digits)}
}

func (r *roundTrips) count() int { return int(r.hist.TotalCount()) }

// run measures until it has enough, the context ends, or a call fails. It returns why that was, or nil.
func (r *roundTrips) run(ctx context.Context, f *pingFlags, progress func(int)) error {
	defer progress(-1)
	var tick *time.Ticker
	if f.interval > 0 {
		tick = time.NewTicker(f.interval)
		defer tick.Stop()
	}
	var begin time.Time
	for i := -f.warmup; f.count == 0 || i < f.count; i++ {
		if i == 0 {
			r.warmup = f.warmup
			begin = time.Now()
		}
		start := time.Now()
		if err := r.target.call(ctx); err != nil {
			return err
		}
		end := time.Now()
		if i >= 0 {
			r.note(int64(end.Sub(start)))
			r.elapsed = end.Sub(begin)
		}
		progress(max(i, 0))
		if tick == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func (r *roundTrips) note(ns int64) {
	r.max = max(r.max, ns)
	_ = r.hist.RecordValue(min(max(ns, 1), longest)) // within its range
	r.scale.Note(ns)
}
