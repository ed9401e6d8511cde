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

// adverse are hashes as no good producer would choose them, and one kind that does no harm.
var adverse = map[string]func(i int) uint32{
	"all equal":    func(int) uint32 { return 7 },
	"a few values": func(i int) uint32 { return uint32(i % 5) },
	"few cells":    homesBelow(1),
	"dense":        homesBelow(100),
	"counting":     func(i int) uint32 { return uint32(i) },
}

// homesBelow returns hashes whose homes all lie in the first n of 4096 parts of an index.
func homesBelow(n uint64) func(i int) uint32 {
	var found []uint32
	hash := uint32(0)
	return func(i int) uint32 {
		for ; len(found) <= i; hash++ {
			if spread(hash)>>52 < n {
				found = append(found, hash)
			}
		}
		return found[i]
	}
}

// TestAdverseHashes: hashes that make a table degenerate are noticed. The work is counted in cells, because
// time would depend on the machine.
func TestAdverseHashes(t *testing.T) {
	const n = 10_000
	for name, hash := range adverse {
		t.Run(name, func(t *testing.T) {
			want := cgroupList(n)
			for i := range want.Items {
				want.Items[i].Hash = hash(i)
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
			if work > (mostTries+1)*n {
				t.Errorf("%d cells looked at in vain for %d items", work, n)
			}
		})
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
	v, err := payload.DecodeResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	c, err := makeContent(v, mostBytes)
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
