package probe

import (
	"context"
	"fmt"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/side"
)

// Bandwidth is the metric of what copies, in bytes a nanosecond.
const Bandwidth = "bandwidth"

// Memcpy is the name of the probe of that many bytes, a multiple of 1024.
func Memcpy(size int) string { return fmt.Sprintf("probe/memcpy-%dKiB", size>>10) }

// memcpy copies size bytes again and again, from one buffer to another.
func memcpy(size int) bench.Case {
	var from, to []byte
	return bench.Case{
		Name:   Memcpy(size),
		Params: map[string]string{"bytes": fmt.Sprint(size)},
		Prepare: func(context.Context) (func(), error) {
			from, to = make([]byte, size), make([]byte, size)
			for i := range from {
				from[i] = byte(i) // pages that were never written all are the same zero page
			}
			return func() { from, to = nil, nil }, nil
		},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			trips, took, err := side.Repeat(ctx, d, max(1, 1<<20/size), func() error {
				copy(to, from)
				return nil
			})
			if err != nil {
				return nil, err
			}
			if to[size-1] != from[size-1] {
				return nil, fmt.Errorf("the last byte is %d, want %d", to[size-1], from[size-1])
			}
			bytes := float64(trips) * float64(size)
			return bench.Sample{{Name: Bandwidth, Unit: "GB/s", Value: bytes / float64(took.Nanoseconds())}}, nil
		},
	}
}
