package cgroups

// Changes are what happened between two snapshots, by identity.
type Changes struct {
	Added   []Item // in the order of the newer snapshot
	Removed []Item // in the order of the older one
	Changed []Change
}

// Change is an item whose options, enabled or path became different, in the order of the newer snapshot.
type Change struct{ Old, New Item }

// Empty reports whether nothing happened.
func (c Changes) Empty() bool { return len(c.Added)+len(c.Removed)+len(c.Changed) == 0 }

// Diff returns what happened from old to new; either may be nil, which is a snapshot without items. Where a
// snapshot has an identity more than once, the first one counts, as it does for lookups. Snapshots that differ
// in nothing but their generation are compared at once.
func Diff(old, new *Snapshot) Changes {
	var c Changes
	if old == new || old != nil && new != nil && old.shares(&new.content) {
		return c
	}
	var is, was Item
	for row := range new.firsts() {
		new.read(row, &is)
		switch {
		case old.lookup(is.Hash, is.Name, &was) < 0:
			c.Added = append(c.Added, is)
		case is != was:
			c.Changed = append(c.Changed, Change{was, is})
		}
	}
	for row := range old.firsts() {
		old.read(row, &was)
		if new.lookup(was.Hash, was.Name, &is) < 0 {
			c.Removed = append(c.Removed, was)
		}
	}
	return c
}

// firsts yields the rows that lookups find: of each identity the first.
func (s *Snapshot) firsts() func(yield func(row int) bool) {
	return func(yield func(row int) bool) {
		if s == nil {
			return
		}
		var it Item
		for row := 0; row < len(s.rows); row = s.after(row) {
			if s.lookup(s.hash(row), s.name(row), &it) == row && !yield(row) {
				return
			}
		}
	}
}

// shares reports whether both are one content. There is always a cell in an index.
func (c *content) shares(d *content) bool { return &c.byID[0] == &d.byID[0] }
