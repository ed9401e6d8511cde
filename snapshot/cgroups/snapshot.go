package cgroups

import (
	"iter"
	"time"

	"github.com/plugin-ipc/netipc/snapshot/cache"
)

// Snapshot is one answer of a provider. It is immutable, may be kept for as long as anybody likes, and may be
// read by any number of goroutines. A nil *Snapshot is one without items.
//
// Providers send each identity once. If one is there more often, lookups find the first; so do lookups by a name
// or a path that several items have.
type Snapshot cache.Snapshot[content]

// inner returns the content; nil for a nil snapshot.
func (s *Snapshot) inner() *content { return s.base().Value() }

// base returns the snapshot as the cache knows it.
func (s *Snapshot) base() *cache.Snapshot[content] { return (*cache.Snapshot[content])(s) }

// Lookup returns the item of an identity. It does no I/O, takes no lock and allocates nothing.
func (s *Snapshot) Lookup(hash uint32, name string) (it Item, ok bool) {
	it, ok = lookup(s.base(), hash, name) // inlined as it stands
	return
}

// ByName returns the first item of a name. The first such lookup of a cache makes an index for them, which takes
// about as long as a Refresh does; from then on they cost what Lookup does, in all snapshots.
func (s *Snapshot) ByName(name string) (Item, bool) {
	c := s.inner()
	if c == nil {
		return Item{}, false
	}
	r := c.texts.names.find(c, name, nameOf)
	return itemOf(r, c)
}

// ByPath returns the first item of a path. The first such lookup of a cache makes an index for them, as with ByName.
func (s *Snapshot) ByPath(path string) (Item, bool) {
	c := s.inner()
	if c == nil {
		return Item{}, false
	}
	r := c.texts.paths.find(c, path, (*content).path)
	return itemOf(r, c)
}

// All yields the items in producer order.
func (s *Snapshot) All() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		c := s.inner()
		if c == nil {
			return
		}
		for r := range c.all() {
			if !yield(Item{r, c}) {
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
	return s.inner().items
}

// Generation returns the producer's count of changes. It begins anew with a producer that does.
func (s *Snapshot) Generation() uint64 { return s.base().Generation() }

// SystemdEnabled returns whether the producer names systemd services; 0 is no.
func (s *Snapshot) SystemdEnabled() uint32 {
	if s == nil {
		return 0
	}
	return s.inner().systemd
}

// Taken returns when the answer arrived; the zero Time for a nil *Snapshot.
func (s *Snapshot) Taken() time.Time { return s.base().Taken() }

// Age returns how long ago that was; 0 for a nil *Snapshot.
func (s *Snapshot) Age() time.Duration { return s.base().Age() }
