package cgroups

import (
	"iter"
	"time"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// Item is one cgroup. Its identity is Hash and Name together. Name and Path are parts of the memory of their
// snapshot, which lives as long as any of them; strings.Clone to keep few of many for long.
type Item = payload.Item

// Snapshot is one answer of a provider. It is immutable, may be kept for as long as anybody likes, and may be
// read by any number of goroutines. A nil *Snapshot is one without items.
//
// Providers send each identity once. If one is there more often, lookups find the first; so do lookups by a name
// or a path that several items have.
type Snapshot struct {
	content
	generation uint64
	taken      time.Time
}

// inner returns the content; nil for a nil snapshot.
func (s *Snapshot) inner() *content {
	if s == nil {
		return nil
	}
	return &s.content
}

// Lookup returns the item of an identity. It does no I/O, takes no lock and allocates nothing.
func (s *Snapshot) Lookup(hash uint32, name string) (it Item, ok bool) {
	ok = s.lookup(hash, name, &it) >= 0 // inlined as it stands
	return
}

// ByName returns the first item of a name. Its cost is like that of Lookup.
func (s *Snapshot) ByName(name string) (it Item, ok bool) {
	if s == nil {
		return it, false
	}
	row := s.lookupText(s.byName, name, (*content).name)
	if row < 0 {
		return it, false
	}
	s.read(row, &it)
	return it, true
}

// ByPath returns the first item of a path. Its cost is like that of Lookup.
func (s *Snapshot) ByPath(path string) (it Item, ok bool) {
	if s == nil {
		return it, false
	}
	row := s.lookupText(s.byPath, path, (*content).path)
	if row < 0 {
		return it, false
	}
	s.read(row, &it)
	return it, true
}

// All yields the items in producer order.
func (s *Snapshot) All() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		if s == nil {
			return
		}
		for row := 0; row < len(s.rows); row = s.after(row) {
			var it Item
			s.read(row, &it)
			if !yield(it) {
				return
			}
		}
	}
}

// Len returns the number of items.
func (s *Snapshot) Len() int {
	if s == nil {
		return 0
	}
	return s.items
}

// Generation returns the producer's count of changes. It begins anew with a producer that does.
func (s *Snapshot) Generation() uint64 {
	if s == nil {
		return 0
	}
	return s.generation
}

// SystemdEnabled returns whether the producer names systemd services; 0 is no.
func (s *Snapshot) SystemdEnabled() uint32 {
	if s == nil {
		return 0
	}
	return s.systemd
}

// Taken returns when the answer arrived; the zero Time for a nil *Snapshot.
func (s *Snapshot) Taken() time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.taken
}

// Age returns how long ago that was; 0 for a nil *Snapshot.
func (s *Snapshot) Age() time.Duration {
	if s == nil {
		return 0
	}
	return time.Since(s.taken)
}
