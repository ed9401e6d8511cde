package cgroups

import (
	"bytes"
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
		if s.inner().mixed {
			t.Errorf("%d items with good hashes: names were mixed in", n)
		}
		for _, it := range want.Items {
			if got, ok := s.Lookup(it.Hash, it.Name); !ok || got.Owned() != it {
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

// TestAdverseHashes: hashes that make a table degenerate are noticed. The work is counted in groups, because
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
				if s.inner().mixed {
					h = mix(h, it.Name)
				}
				got, ok := s.Lookup(it.Hash, it.Name)
				if !ok || got.Owned() != it {
					t.Fatalf("Lookup = %v, %v; want %v", got, ok, it)
				}
				for i := s.inner().ids.home(h); !s.inGroup(i, it); i = s.inner().ids.after(i) {
					work++
				}
			}
			t.Logf("mixed %v, %.2f groups a lookup in vain", s.inner().mixed, float64(work)/n)
			if s.inner().mixed != test.mixed {
				t.Errorf("names mixed in: %v, want %v", s.inner().mixed, test.mixed)
			}
			if work > n/mostTries+mostReach {
				t.Errorf("%d groups looked at in vain for %d items", work, n)
			}
		})
	}
}

// inGroup reports whether an item has a slot in group i of byID.
func (s *Snapshot) inGroup(i int, it payload.Item) bool {
	g := &s.inner().ids.index[i]
	for set := ^match(g.tags, 0) & slotTops; set != 0; set &= set - 1 {
		if r := s.inner().row(g.row(slot(set))); r.hash == it.Hash && r.name() == it.Name {
			return true
		}
	}
	return false
}

// TestEqualTags: items of one name whose hashes differ in nothing that a slot holds.
func TestEqualTags(t *testing.T) {
	alike := 0
	for hash := range uint32(20) {
		s := snapshotOf(t, &payload.Snapshot{Items: []payload.Item{{Hash: hash, Name: "web.service"}}})
		for other := hash + 1; other < hash+1000; other++ {
			if got, ok := s.Lookup(other, "web.service"); ok {
				t.Fatalf("Lookup(%#x) = %v", other, got)
			}
			if tagOf(spread(hash)) != tagOf(spread(other)) {
				continue
			}
			alike++
			both := &payload.Snapshot{Items: []payload.Item{
				{Hash: hash, Name: "web.service"}, {Hash: other, Name: "web.service", Path: "y"},
			}}
			checkHolds(t, snapshotOf(t, both), both)
		}
	}
	if alike < 100 {
		t.Errorf("only %d pairs are alike", alike)
	}
}

// TestMatch: a set has the slots with a tag and none that is empty, unless below it is one that is right.
func TestMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tags := rapid.Uint64().Draw(t, "tags")
		tag := uint64(rapid.Uint8().Draw(t, "tag"))
		if i := rapid.IntRange(0, groupSlots).Draw(t, "there"); i < groupSlots {
			tags = tags&^(0xff<<(8*i)) | tag<<(8*i)
		}
		set, sure := match(tags, tag*eachByte), true
		for i := range groupSlots {
			is, says := tags>>(8*i)&0xff == tag, set>>(8*i+7)&1 == 1
			if is && !says || says && !is && sure {
				t.Fatalf("slot %d of %x: match(%x) = %x", i, tags, tag, set)
			}
			sure = sure && !is
		}
		if set&^slotTops != 0 {
			t.Fatalf("match = %x", set)
		}
	})
}

// TestTags: a tag is never that of an empty slot.
func TestTags(t *testing.T) {
	for h := uint64(0); h < 1<<32; h += 1 << 22 {
		if tag := tagOf(h); byte(tag) == 0 || tag != uint64(byte(tag))*eachByte {
			t.Fatalf("tagOf(%x) = %x", h, tag)
		}
	}
}

// TestNamesOfAllSizes: names that differ in one bit, or in their size, wherever that is.
func TestNamesOfAllSizes(t *testing.T) {
	text := strings.Repeat("abcdefghijklmno", 3)
	for size := range len(text) {
		name := text[:size]
		s := snapshotOf(t, &payload.Snapshot{Items: []payload.Item{{Hash: 7, Name: name, Path: "/p"}}})
		if got, ok := s.Lookup(7, name); !ok || got.Name() != name || got.Path() != "/p" {
			t.Errorf("Lookup(%q) = %v, %v", name, got, ok)
		}
		for i := range size * 8 {
			other := []byte(name)
			other[i/8] ^= 1 << (i % 8)
			if got, ok := s.Lookup(7, string(other)); ok {
				t.Errorf("Lookup(%q) = %v", other, got)
			}
		}
		for other := range len(text) {
			if got, ok := s.Lookup(7, text[:other]); ok != (other == size) {
				t.Errorf("Lookup(%q) = %v, %v in %q", text[:other], got, ok, name)
			}
		}
	}
}

// TestAdverseNames: names that share a hash and all but a few of their bytes, over and over.
func TestAdverseNames(t *testing.T) {
	prefix := strings.Repeat("x", 200)
	want := &payload.Snapshot{}
	for i := range 2000 {
		want.Items = append(want.Items, payload.Item{Hash: 1, Name: prefix + fmt.Sprint(i%500), Path: prefix, Options: uint32(i)})
	}
	s := snapshotOf(t, want)
	if !s.inner().mixed {
		t.Error("names were not mixed in")
	}
	checkHolds(t, s, want)
	for i, it := range want.Items {
		got, ok := s.Lookup(it.Hash, it.Name)
		if !ok || got.Options() != uint32(i%500) {
			t.Fatalf("Lookup = %v, %v; want the first of its name", got, ok)
		}
	}
}

// TestLookupIsImmutable: a snapshot keeps nothing of the payload it was made from.
func TestLookupIsImmutable(t *testing.T) {
	want := cgroupList(100)
	b := encode(t, want)
	c, err := makeContent(decode(t, bytes.Clone(b)), plain())
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	checkHolds(t, publish(t, c, want.Generation).Snapshot(), want)
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
		cache := holding(t, list)
		s := cache.Snapshot()
		it := list.Items[500]
		for what, f := range map[string]func() (Item, bool){
			"Cache.Lookup": func() (Item, bool) { return cache.Lookup(it.Hash, it.Name) },
			"Lookup":       func() (Item, bool) { return s.Lookup(it.Hash, it.Name) },
			"ByName":       func() (Item, bool) { return s.ByName(it.Name) },
			"ByPath":       func() (Item, bool) { return s.ByPath(it.Path) },
			"All": func() (got Item, ok bool) {
				for got = range s.All() {
					if got.Name() == it.Name {
						return got, true
					}
				}
				return Item{}, false
			},
		} {
			n := testing.AllocsPerRun(100, func() {
				if got, ok := f(); !ok || got.Hash() != it.Hash || got.Name() != it.Name {
					t.Fatalf("%s: %v, %v", what, got, ok)
				}
			})
			if n != 0 {
				t.Errorf("%s, %s: %v allocations", name, what, n)
			}
		}
	}
}
