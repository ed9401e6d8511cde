package cgroups

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// TestHolds: whatever is sent can be found, each identity, name and path in its first item, and nothing else.
func TestHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := &payload.Snapshot{
			Generation:     rapid.Uint64().Draw(t, "generation"),
			SystemdEnabled: rapid.Uint32().Draw(t, "systemd"),
			Items:          items(100).Draw(t, "items"),
		}
		checkHolds(t, snapshotOf(t, want), want)
	})
}

func TestLargeOnes(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 1000, 20_000} {
		want := cgroupList(n)
		s := snapshotOf(t, want)
		checkHolds(t, s, want)
		if s.mixed {
			t.Errorf("%d items with good hashes: names were mixed in", n)
		}
		for _, it := range want.Items {
			if got, ok := s.Lookup(it.Hash, it.Name); !ok || got != it {
				t.Fatalf("Lookup = %v, %v; want %v", got, ok, it)
			}
			if _, ok := s.Lookup(it.Hash, it.Name+"0"); ok {
				t.Fatal("found what is not there")
			}
		}
	}
}

// TestNil: before the first refresh there is nothing, and that can be read like anything else.
func TestNil(t *testing.T) {
	var s *Snapshot
	checkHolds(t, s, &payload.Snapshot{})
	if !s.Taken().IsZero() || s.Age() != 0 {
		t.Errorf("taken %v, age %v", s.Taken(), s.Age())
	}
}

// parts is into how many parts the tests divide an index.
const parts = 4096

// part returns the part in which the home of a hash lies.
func part(hash uint32) uint64 { return spread(hash) >> 32 * parts >> 32 }

// picked returns the hashes, from 0 on, that a test picks.
func picked(pick func(hash uint32) bool) func(i int) uint32 {
	var found []uint32
	next := uint32(0)
	return func(i int) uint32 {
		for ; len(found) <= i; next++ {
			if pick(next) {
				found = append(found, next)
			}
		}
		return found[i]
	}
}

// TestAdverseHashes: hashes that make a table degenerate are noticed. The work is counted in cells, because
// time would depend on the machine.
func TestAdverseHashes(t *testing.T) {
	const n = 10_000
	var taken [parts]int
	crowd := picked(func(hash uint32) bool { return part(hash) == 9 })
	for _, test := range []struct {
		name  string
		hash  func(i int) uint32
		mixed bool
	}{
		{"all equal", func(int) uint32 { return 7 }, true},
		{"a few values", func(i int) uint32 { return uint32(i % 5) }, true},
		{"eleven of one value", func(i int) uint32 { return uint32(max(10, i)) }, true},
		{"one part", picked(func(hash uint32) bool { return part(hash) == 0 }), true},
		{"dense", picked(func(hash uint32) bool { return part(hash) < 100 }), true},
		{"one crowd", func(i int) uint32 {
			if i < 150 {
				return crowd(i)
			}
			return uint32(i)
		}, true},
		{"many small crowds", picked(func(hash uint32) bool {
			p := part(hash)
			taken[p]++
			return p%32 == 0 && taken[p] <= 80
		}), true},
		{"counting", func(i int) uint32 { return uint32(i) }, false},
		{"a crowd too small to mind", func(i int) uint32 {
			if i < 30 {
				return crowd(i)
			}
			return uint32(i)
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := cgroupList(n)
			for i := range want.Items {
				want.Items[i].Hash = test.hash(i)
			}
			s := snapshotOf(t, want)
			checkHolds(t, s, want)
			work := 0
			for _, it := range want.Items {
				h := spread(it.Hash)
				if s.mixed {
					h = mix(h, it.Name)
				}
				for i := s.byID.home(h); ; i = s.byID.after(i) {
					row := s.row(s.byID[i])
					if s.hash(row) == it.Hash && s.name(row) == it.Name {
						break
					}
					work++
				}
				if got, ok := s.Lookup(it.Hash, it.Name); !ok || got != it {
					t.Fatalf("Lookup = %v, %v; want %v", got, ok, it)
				}
			}
			t.Logf("mixed %v, reach %d, %.2f other cells a lookup", s.mixed, s.reach, float64(work)/n)
			if s.mixed != test.mixed {
				t.Errorf("names mixed in: %v, want %v", s.mixed, test.mixed)
			}
			if work > mostTries*n+mostReach {
				t.Errorf("%d cells looked at in vain for %d items", work, n)
			}
		})
	}
}

// TestEqualTags: items of one name whose hashes differ in nothing that a cell holds.
func TestEqualTags(t *testing.T) {
	inverse := uint32(1) // of what spread multiplies by, modulo 1<<32
	for range 5 {
		inverse *= 2 - uint32(spread(1))*inverse
	}
	alike := 0
	for hash := range uint32(200) {
		s := snapshotOf(t, &payload.Snapshot{Items: []Item{{Hash: hash, Name: "x"}}})
		for d := uint32(1); d <= s.rowBits; d++ {
			other := inverse * (uint32(spread(hash)) ^ d)
			if got, ok := s.Lookup(other, "x"); ok {
				t.Fatalf("Lookup(%#x) = %v", other, got)
			}
			if s.cell(spread(hash), 0) != s.cell(spread(other), 0) || s.byID.home(spread(hash)) != s.byID.home(spread(other)) {
				continue
			}
			alike++
			both := &payload.Snapshot{Items: []Item{{Hash: hash, Name: "x"}, {Hash: other, Name: "x", Path: "y"}}}
			checkHolds(t, snapshotOf(t, both), both)
		}
	}
	if alike < 100 {
		t.Errorf("only %d pairs are alike", alike)
	}
}

// TestAdverseNames: names that share a hash and all but a few of their bytes, over and over.
func TestAdverseNames(t *testing.T) {
	prefix := strings.Repeat("x", 200)
	want := &payload.Snapshot{}
	for i := range 2000 {
		want.Items = append(want.Items, Item{Hash: 1, Name: prefix + fmt.Sprint(i%500), Path: prefix, Options: uint32(i)})
	}
	s := snapshotOf(t, want)
	if !s.mixed {
		t.Error("names were not mixed in")
	}
	checkHolds(t, s, want)
	for i, it := range want.Items {
		got, ok := s.Lookup(it.Hash, it.Name)
		if !ok || got.Options != uint32(i%500) {
			t.Fatalf("Lookup = %v, %v; want the first of its name", got, ok)
		}
	}
}

// TestLookupIsImmutable: a snapshot keeps nothing of the payload it was made from.
func TestLookupIsImmutable(t *testing.T) {
	want := cgroupList(100)
	b := encode(t, want)
	c, err := makeContent(decode(t, b), mostBytes)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	checkHolds(t, &Snapshot{content: c, generation: want.Generation}, want)
}

func TestAllStops(t *testing.T) {
	s := snapshotOf(t, cgroupList(10))
	n := 0
	for range s.All() {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Error(n)
	}
	if got := len(slices.Collect(s.All())); got != 10 {
		t.Error(got)
	}
}

func TestLookupAllocs(t *testing.T) {
	list := cgroupList(1000)
	mixed := cgroupList(1000)
	for i := range mixed.Items {
		mixed.Items[i].Hash = 1
	}
	for name, list := range map[string]*payload.Snapshot{"good hashes": list, "equal hashes": mixed} {
		s := snapshotOf(t, list)
		cache := &Cache{}
		cache.current.Store(s)
		it := list.Items[500]
		for what, f := range map[string]func() (Item, bool){
			"Cache.Lookup": func() (Item, bool) { return cache.Lookup(it.Hash, it.Name) },
			"Lookup":       func() (Item, bool) { return s.Lookup(it.Hash, it.Name) },
			"ByName":       func() (Item, bool) { return s.ByName(it.Name) },
			"ByPath":       func() (Item, bool) { return s.ByPath(it.Path) },
			"All": func() (got Item, ok bool) {
				for got = range s.All() {
					if got == it {
						return got, true
					}
				}
				return Item{}, false
			},
		} {
			n := testing.AllocsPerRun(100, func() {
				if got, ok := f(); !ok || got != it {
					t.Fatalf("%s: %v, %v", what, got, ok)
				}
			})
			if n != 0 {
				t.Errorf("%s, %s: %v allocations", name, what, n)
			}
		}
	}
}
