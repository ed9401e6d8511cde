package cgroups

import (
	"sync"
	"testing"
)

// TestTextIndexes: one is made when somebody first asks, once however many ask at the same time, and from then on for
// each new snapshot before anybody can.
func TestTextIndexes(t *testing.T) {
	list := cgroupList(1000)
	cfg := plain()
	make := func() *Snapshot {
		t.Helper()
		c, err := makeContent(answerOf(t, list), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return publish(t, c, 1).Snapshot()
	}
	expect := func(s *Snapshot, names, paths bool) {
		t.Helper()
		x := s.inner().texts
		if x.names.made.Load() != names || x.paths.made.Load() != paths {
			t.Errorf("by name %v, want %v; by path %v, want %v", x.names.made.Load(), names, x.paths.made.Load(), paths)
		}
	}
	s := make()
	expect(s, false, false)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := i; k < len(list.Items); k += 7 {
				if it, ok := s.ByName(list.Items[k].Name); !ok || it.Path() != list.Items[k].Path {
					t.Errorf("ByName(%q) = %v, %v", list.Items[k].Name, it, ok)
				}
			}
		})
	}
	all.Wait()
	expect(s, true, false)
	old := make()
	expect(old, true, false)
	again := publish(t, *old.inner(), 2).Snapshot() // one that differs in its generation alone
	if _, ok := again.ByPath(list.Items[3].Path); !ok {
		t.Error("not found")
	}
	expect(old, true, true)
	expect(make(), true, true)
}
