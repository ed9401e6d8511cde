package local

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/report"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// cold is how many bytes of payloads take turns, so that each has left the caches of its processor when it is
// decoded again.
const cold = 32 << 20

// decode validates payloads of n items. The bound is the issue's: 40 ns an item.
func decode(n int) bench.Case {
	var payloads [][]byte
	return bench.Case{
		Name:   Of(SnapshotDecode, n),
		Params: map[string]string{"items": fmt.Sprint(n), "name": "24", "path": "80", "buffer": "cold"},
		Limits: map[string]report.Limit{"item": report.AtMost(40)},
		Prepare: func(context.Context) (func(), error) {
			s := Snapshot(n)
			size, err := s.Size()
			if err != nil {
				return nil, err
			}
			b := make([]byte, size)
			if _, err := s.Encode(b); err != nil {
				return nil, err
			}
			for len(payloads)*size < cold {
				payloads = append(payloads, bytes.Clone(b))
			}
			return func() { payloads = nil }, nil
		},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			var rounds []time.Duration
			for start := time.Now(); time.Since(start) < d || rounds == nil; {
				for _, b := range payloads {
					at := time.Now()
					v, err := cgroupsnapshot.DecodeResponse(b)
					rounds = append(rounds, time.Since(at))
					if err != nil || v.Len() != n {
						return nil, fmt.Errorf("%d items of %d: %w", v.Len(), n, err)
					}
				}
				if err := ctx.Err(); err != nil {
					return nil, err
				}
			}
			return middle(rounds, n), nil
		},
	}
}
