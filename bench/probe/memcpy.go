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

// MemcpyCold is the name of the probe that copies blocks of that many bytes, a multiple of 1024, each of which has long
// left the caches: as near as one process comes to copying what another processor has just written.
func MemcpyCold(size int) string { return Memcpy(size) + "-cold" }

// beyond is more than the caches of one processor hold, in bytes.
const beyond = 32 << 20

// memcpyCold copies one block of size bytes after the other.
func memcpyCold(size int) bench.Case {
	c := memcpyOf(size, beyond)
	c.Name, c.Against = MemcpyCold(size), Memcpy(size)
	return c
}

// memcpy copies size bytes again and again, from one buffer to another.
func memcpy(size int) bench.Case { return memcpyOf(size, size) }

// memcpyOf copies blocks of size bytes, which take turns in buffers of the room.
func memcpyOf(size, room int) bench.Case {
	var from, to []byte
	return bench.Case{
		Name:   Memcpy(size),
		Params: map[string]string{"bytes": fmt.Sprint(size)},
		Prepare: func(context.Context) (func(), error) {
			from, to = make([]byte, room), make([]byte, room)
			for i := range from {
				from[i] = byte(i) // pages that were never written all are the same zero page
			}
			copy(to, from)
			return func() { from, to = nil, nil }, nil
		},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			at := 0
			trips, took, err := side.Repeat(ctx, d, max(1, 1<<20/size), func() error {
				copy(to[at:at+size], from[at:])
				if at += size; at == room {
					at = 0
				}
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
