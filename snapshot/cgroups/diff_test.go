package cgroups

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/cache"
)

// TestDiff: against a model made of maps.
func TestDiff(t *testing.T) {
	type key struct {
		hash uint32
		name string
	}
	byKey := func(items []payload.Item) (first map[key]payload.Item, order []key) {
		first = map[key]payload.Item{}
		for _, it := range items {
			k := key{it.Hash, it.Name}
			if _, again := first[k]; !again {
				first[k] = it
				order = append(order, k)
			}
		}
		return first, order
	}
	rapid.Check(t, func(t *rapid.T) {
		was := items(60).Draw(t, "old")
		is := append(items(30).Draw(t, "new"), rapid.Permutation(was).Draw(t, "kept")[len(was)/3:]...)
		old, new := snapshotOf(t, &payload.Snapshot{Items: was}), snapshotOf(t, &payload.Snapshot{Items: is})
		if len(was) == 0 && rapid.Bool().Draw(t, "no old one") {
			old = nil
		}
		var want ownedChanges
		oldItems, oldOrder := byKey(was)
		newItems, newOrder := byKey(is)
		for _, k := range newOrder {
			before, there := oldItems[k]
			switch {
			case !there:
				want.Added = append(want.Added, newItems[k])
			case before != newItems[k]:
				want.Changed = append(want.Changed, cache.Change[payload.Item]{Old: before, New: newItems[k]})
			}
		}
		for _, k := range oldOrder {
			if _, there := newItems[k]; !there {
				want.Removed = append(want.Removed, oldItems[k])
			}
		}
		if d := cmp.Diff(want, owned(Diff(old, new))); d != "" {
			t.Fatalf("want -, got +:\n%s", d)
		}
		if !Diff(new, new).Empty() || !Diff(new, snapshotOf(t, &payload.Snapshot{Items: is})).Empty() {
			t.Fatal("nothing has happened, and there are changes")
		}
	})
}

type ownedChanges = cache.Changes[payload.Item]

func owned(c Changes) (o ownedChanges) {
	for _, it := range c.Added {
		o.Added = append(o.Added, it.Owned())
	}
	for _, it := range c.Removed {
		o.Removed = append(o.Removed, it.Owned())
	}
	for _, ch := range c.Changed {
		o.Changed = append(o.Changed, cache.Change[payload.Item]{Old: ch.Old.Owned(), New: ch.New.Owned()})
	}
	return o
}

func TestDiffNil(t *testing.T) {
	s := snapshotOf(t, cgroupList(3))
	if c := Diff(nil, s); len(c.Added) != 3 || len(c.Removed)+len(c.Changed) != 0 || c.Empty() {
		t.Errorf("from nothing: %v", c)
	}
	if c := Diff(s, nil); len(c.Removed) != 3 || len(c.Added)+len(c.Changed) != 0 || c.Empty() {
		t.Errorf("to nothing: %v", c)
	}
	if c := Diff(nil, nil); !c.Empty() {
		t.Errorf("nothing to nothing: %v", c)
	}
}

// TestDiffShared: snapshots that share their content are not looked through.
func TestDiffShared(t *testing.T) {
	s := snapshotOf(t, cgroupList(1000))
	again := publish(t, *s.inner(), s.Generation()+1).Snapshot()
	if n := testing.AllocsPerRun(10, func() {
		if !Diff(s, again).Empty() {
			t.Error("changes")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if !s.inner().shares(again.inner()) || s.inner().shares(snapshotOf(t, cgroupList(1000)).inner()) {
		t.Error("shares is wrong")
	}
}
