package hostlookup

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/tools/internal/hostprocs"
)

func TestPIDIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x pidIndex
		want := map[uint32]int{}
		pid := rapid.OneOf(rapid.Uint32Max(3000), rapid.Uint32Max(hostprocs.MaxPID))
		for i, p := range rapid.SliceOfDistinct(pid, func(p uint32) uint32 { return p }).Draw(t, "pids") {
			x.put(p, i)
			want[p] = i
		}
		for _, p := range append(rapid.SliceOf(rapid.OneOf(pid, rapid.Uint32())).Draw(t, "asked"), 0, 1<<32-1) {
			if place, ok := want[p]; ok && x.find(p) != place || !ok && x.find(p) >= 0 {
				t.Fatalf("%d: %d, want %d, %v", p, x.find(p), place, ok)
			}
		}
		for p, place := range want {
			if x.find(p) != place {
				t.Fatalf("%d: %d, want %d", p, x.find(p), place)
			}
		}
	})
}
