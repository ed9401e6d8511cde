package ipc

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/report"
	"github.com/plugin-ipc/netipc/bench/side"
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
)

// Lookups of processes: one typed call for any number of pids, of which the provider knows all, none, or every other
// one. Every item is checked.

// room is what both sides agree on in both directions, in bytes.
const room = link.GrowthCeiling

// The share of pids that is known.
const (
	Known   = "known"
	Unknown = "unknown"
	Mixed   = "mixed"
)

var lookupSizes = []int{16, 256, 8192, 32768}

// perKey is the metric of what a key takes, in nanoseconds.
const perKey = "key"

// Lookup is the name of a case of lookups, Copy that of the loop which copies the bytes of its items, one by one.
func (t Transport) Lookup(share string, keys int) string {
	return fmt.Sprintf("%s/apps-lookup-%s-%d-keys", t.name, share, keys)
}

// Copy is the name of the loop beside a lookup.
func Copy(share string, keys int) string { return fmt.Sprintf("probe/copy-%s-%d-keys", share, keys) }

// lookupCases are the lookups and what stands beside them. The limits hold over shared memory, because what a socket costs
// is the kernel's: three times what copying takes, of many keys that are known, and three times an INCREMENT, of few.
func lookupCases() (cases []bench.Case) {
	for _, keys := range lookupSizes {
		for _, share := range []string{Known, Unknown, Mixed} {
			cases = append(cases, copying(share, keys))
			for _, t := range []Transport{UDS, SHM} {
				c := bench.Case{
					Name:    t.Lookup(share, keys),
					Params:  map[string]string{"cpus": string(place.Any), "keys": strconv.Itoa(keys), "limit": strconv.Itoa(room)},
					Against: Copy(share, keys),
					Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
						return lookup(ctx, d, t, share, keys)
					},
				}
				if keys <= 16 {
					c.Beside = []string{t.Increment()}
				}
				c.LimitsTo = map[string]map[string]report.Limit{}
				if t == SHM && share == Known && keys == 32768 {
					c.LimitsTo[c.Against] = map[string]report.Limit{perKey: report.AtMost(3)}
				}
				if t == SHM && keys == 16 {
					c.LimitsTo[t.Increment()] = map[string]report.Limit{probe.RoundTrip: report.AtMost(3)}
				}
				cases = append(cases, c)
			}
		}
	}
	return cases
}

// process is what the provider knows of pid: 120 bytes of strings, of every pid below strangers.
func process(pid uint32) applookup.Item {
	if pid >= strangers {
		return applookup.Item{Status: applookup.StatusUnknown, PID: pid, UID: applookup.UIDNotSet}
	}
	return applookup.Item{
		PID: pid, PPID: 1, UID: 1000, StartTime: uint64(pid), Comm: "redis-server",
		Orchestrator: applookup.OrchestratorDocker,
		CgroupPath:   fmt.Sprintf("/system.slice/docker-%032d%s.scope", pid, strings.Repeat("0", 23)),
		CgroupName:   fmt.Sprintf("worker-%019d", pid),
	}
}

// strangers is the first pid of which nothing is known.
const strangers = 1 << 16

// pidsOf returns so many pids.
func pidsOf(share string, keys int) []uint32 {
	pids := make([]uint32, keys)
	for i := range pids {
		pids[i] = uint32(i)
		if share == Unknown || share == Mixed && i%2 == 1 {
			pids[i] += strangers
		}
	}
	return pids
}

// copying copies the bytes of the items of a lookup one after the other, as often as there are keys.
func copying(share string, keys int) bench.Case {
	var from, to []byte
	var ends []int
	return bench.Case{
		Name:   Copy(share, keys),
		Params: map[string]string{"keys": strconv.Itoa(keys)},
		Prepare: func(context.Context) (func(), error) {
			for _, pid := range pidsOf(share, keys) {
				one := applookup.Response{Items: []applookup.Item{process(pid)}}
				size, err := one.Size()
				if err != nil {
					return nil, err
				}
				b := make([]byte, size)
				if _, err := one.Encode(b); err != nil {
					return nil, err
				}
				from = append(from, b[headerOfOne:]...)
				ends = append(ends, len(from))
			}
			to = make([]byte, len(from))
			return func() { from, to, ends = nil, nil, nil }, nil
		},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			trips, took, err := side.Repeat(ctx, d, max(1, 32768/keys), func() error {
				at := 0
				for _, end := range ends {
					copy(to[at:end], from[at:end])
					at = end
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
			if last := len(from) - 1; to[last] != from[last] || to[0] != from[0] {
				return nil, fmt.Errorf("%d bytes were not copied", len(from))
			}
			return bench.Sample{{Name: perKey, Unit: "ns", Value: float64(took.Nanoseconds()) / float64(trips) / float64(keys)}}, nil
		},
	}
}

// headerOfOne is where the item of an answer with one item begins: after the header and the entry of the directory.
const headerOfOne = 24
