// Package local measures what needs no other process: decoding a snapshot, looking things up in a cache beside the Go
// map that one would use otherwise, from several goroutines too, what a refresh costs above its transfer, and reading what
// a recomputer has made, beside making it on request.
package local

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// Names of the cases, without the suffix of their number of items.
const (
	SnapshotDecode = "local/snapshot-decode"
	CacheLookup    = "local/cache-lookup"
	MapLookup      = "local/map-lookup"
)

// Of is the name of a case with that many items.
func Of(name string, items int) string { return fmt.Sprintf("%s-%d-items", name, items) }

// Cases returns the local measurements.
func Cases() []bench.Case {
	cases := append([]bench.Case{decode(1000)}, append(reading(), contended()...)...)
	for _, n := range []int{1000, 100_000} {
		cases = append(cases, lookups(n)...)
		cases = append(cases, refreshes(n), readers(n, 1), readers(n, 2))
	}
	return cases
}

// Snapshot returns n items with names of 24 and paths of 80 bytes.
func Snapshot(n int) cgroupsnapshot.Snapshot {
	s := cgroupsnapshot.Snapshot{Generation: 1, SystemdEnabled: 1}
	for i := range n {
		name := fmt.Sprintf("system.slice_unit-%06d", i)
		path := "/sys/fs/cgroup/system.slice/" + name
		path += strings.Repeat("x", 80-len(path))
		s.Items = append(s.Items, cgroupsnapshot.Item{
			Hash: cgroupsnapshot.HashName(name), Enabled: 1, Name: name, Path: path,
		})
	}
	return s
}

// identity is what an item is known by.
type identity struct {
	hash uint32
	name string
}

// shuffled returns the identities of the items in a random order, each name in memory of its own.
func shuffled(s cgroupsnapshot.Snapshot) []identity {
	ids := make([]identity, len(s.Items))
	for i, k := range rand.Perm(len(ids)) {
		ids[i] = identity{s.Items[k].Hash, strings.Clone(s.Items[k].Name)}
	}
	return ids
}

// middle is a sample of what one of n things takes, where rounds of n took that long: the median round, because a
// round in which others had the processor says nothing.
func middle(rounds []time.Duration, n int) bench.Sample {
	slices.Sort(rounds)
	return bench.Sample{{Name: "item", Unit: "ns", Value: float64(rounds[len(rounds)/2].Nanoseconds()) / float64(n)}}
}
