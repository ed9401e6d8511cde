package cache

import "iter"

// Set is what Diff compares: items that have an identity, each of which is there once.
type Set[E any] interface {
	// Items yields all items.
	Items() iter.Seq[E]
	// Find returns the item that has the identity of e.
	Find(e E) (E, bool)
	// Alike reports whether two items of one identity are equal in all else.
	Alike(old, new E) bool
}

// Changes are what happened between two sets, by identity.
type Changes[E any] struct {
	Added   []E // in the order of the newer set
	Removed []E // in the order of the older one
	Changed []Change[E]
}

// Change is an item that became different, in the order of the newer set.
type Change[E any] struct{ Old, New E }

// Empty reports whether nothing happened.
func (c Changes[E]) Empty() bool { return len(c.Added)+len(c.Removed)+len(c.Changed) == 0 }

// Diff returns what happened from old to new. Its cost is a search for each item of both.
func Diff[E any](old, new Set[E]) (c Changes[E]) {
	for is := range new.Items() {
		switch was, there := old.Find(is); {
		case !there:
			c.Added = append(c.Added, is)
		case !new.Alike(was, is):
			c.Changed = append(c.Changed, Change[E]{was, is})
		}
	}
	for was := range old.Items() {
		if _, there := new.Find(was); !there {
			c.Removed = append(c.Removed, was)
		}
	}
	return c
}

// Map is a map as a Set. A nil one has no items.
type Map[K, V comparable] map[K]V

// Entry is an item of a Map; its identity is the key.
type Entry[K, V comparable] struct {
	Key   K
	Value V
}

// Items implements Set. The order is any.
func (m Map[K, V]) Items() iter.Seq[Entry[K, V]] {
	return func(yield func(Entry[K, V]) bool) {
		for k, v := range m {
			if !yield(Entry[K, V]{k, v}) {
				return
			}
		}
	}
}

// Find implements Set.
func (m Map[K, V]) Find(e Entry[K, V]) (Entry[K, V], bool) {
	v, ok := m[e.Key]
	return Entry[K, V]{e.Key, v}, ok
}

// Alike implements Set.
func (m Map[K, V]) Alike(old, new Entry[K, V]) bool { return old.Value == new.Value }
