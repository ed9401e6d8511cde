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
)

// How a snapshot is asked for. The provider has it encoded, and copies it into its answer.
const (
	Transfer  = "transfer"  // a typed call that looks at nothing
	Unchanged = "unchanged" // a refresh of a cache that has all of it
	Changed   = "changed"   // a refresh that finds one item different
)

// Snapshot is the name of a case: a snapshot of so many items, asked for in one of the ways above.
func (t Transport) Snapshot(items int, how string) string {
	return fmt.Sprintf("%s/snapshot-%d-items-%s", t.name, items, how)
}

// snapshotSizes are the numbers of items that are measured.
var snapshotSizes = []int{16, 1000, 100_000}

// snapshotCases are the snapshots over each transport. A small one stands beside an INCREMENT, which is what a message to
// and fro takes; a refresh stands beside the transfer, which is what it cannot do without.
func snapshotCases() (cases []bench.Case) {
	for _, t := range []Transport{UDS, SHM} {
		for _, n := range snapshotSizes {
			for _, how := range []string{Transfer, Unchanged, Changed} {
				c := bench.Case{
					Name:    t.Snapshot(n, how),
					Params:  map[string]string{"cpus": string(place.Any), "items": strconv.Itoa(n), "name": "24", "path": "80"},
					Against: t.Snapshot(n, Transfer),
					Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
						return snapshots(ctx, d, t, n, how)
					},
				}
				switch {
				case how == Transfer && n == 16:
					c.Against = t.Increment()
					if t == SHM {
						c.Limits = map[string]report.Limit{probe.RoundTrip: report.AtMost(1.5)}
					}
				case how == Transfer:
					c.Against = ""
				case how == Unchanged:
					c.Limits = map[string]report.Limit{probe.RoundTrip: report.AtMost(1.2)}
				}
				cases = append(cases, c)
			}
		}
	}
	return cases
}
