package cgroups

import (
	"testing"

	"pgregory.net/rapid"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// TestItem: == is about which item it is, Equal about what it says.
func TestItem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := &payload.Snapshot{Items: items(10).Draw(t, "items")}
		one, two := snapshotOf(t, list), snapshotOf(t, list)
		i := 0
		for a := range one.All() {
			k := 0
			for b := range two.All() {
				if a == b {
					t.Fatalf("%v is an item of two answers", a)
				}
				if want := list.Items[i] == list.Items[k]; a.Equal(b) != want || b.Equal(a) != want {
					t.Fatalf("%v is %v: %v, want %v", a, b, a.Equal(b), want)
				}
				k++
			}
			first, ok := one.Lookup(a.Hash(), a.Name())
			if again, _ := one.Lookup(a.Hash(), a.Name()); !ok || first != again {
				t.Fatalf("%v is found as %v and as %v", a, first, again)
			}
			i++
		}
	})
}

func TestZeroItem(t *testing.T) {
	var zero Item
	if zero.Owned() != (payload.Item{}) || !zero.Equal(Item{}) {
		t.Errorf("%v", zero)
	}
	s := snapshotOf(t, &payload.Snapshot{Items: []payload.Item{named("a", "/a"), {Hash: 5}}})
	if it, ok := s.Lookup(1, "b"); ok || it != zero {
		t.Errorf("what is not there is %v", it)
	}
	empty, ok := s.Lookup(5, "")
	if !ok || empty == zero || empty.Equal(zero) {
		t.Errorf("an empty one is %v, %v", empty, ok)
	}
	if got, want := empty.String(), `"" (hash 0x5, options 0x0, enabled 0, path "")`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
