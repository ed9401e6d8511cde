package cgroups

import (
	"iter"

	"github.com/plugin-ipc/netipc/snapshot/cache"
)

// Changes are what happened between two snapshots, by identity. Changed are items whose options, enabled or path
// became different.
type Changes = cache.Changes[Item]

// Change is an item before and after.
type Change = cache.Change[Item]

// Diff returns what happened from old to new; either may be nil, which is a snapshot without items. Where a
// snapshot has an identity more than once, the first one counts, as it does for lookups. Snapshots that differ
// in nothing but their generation are compared at once.
func Diff(old, new *Snapshot) Changes {
	if old == new || old != nil && new != nil && old.inner().shares(new.inner()) {
		return Changes{}
	}
	return cache.Diff(firsts{old}, firsts{new})
}

// firsts are the items that lookups find: of each identity the first.
type firsts struct{ s *Snapshot }

// Items implements cache.Set.
func (f firsts) Items() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		c := f.s.inner()
		if c == nil {
			return
		}
		for r := range c.all() {
			if c.find(r.hash, r.name()) == r && !yield(Item{r, c}) {
				return
			}
		}
	}
}

// Find implements cache.Set.
func (f firsts) Find(it Item) (Item, bool) { return f.s.Lookup(it.Hash(), it.Name()) }

// Alike implements cache.Set.
func (firsts) Alike(old, new Item) bool { return old.Equal(new) }

// shares reports whether both are one content. There is always a group in an index.
func (c *content) shares(d *content) bool { return &c.ids.index[0] == &d.ids.index[0] }
