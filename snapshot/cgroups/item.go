package cgroups

import (
	"fmt"
	"strings"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// Item is one cgroup of a snapshot. Its identity is Hash and Name together. It is a small value, which says where the
// cgroup lies in the memory of its snapshot; that lives as long as any of its items, and as any of their strings. Owned
// copies, to keep few of many for long. An Item is immutable, and may be read by any number of goroutines.
//
// Items are equal to == if they are the same item of the same answer; Equal compares what they say. The zero Item is
// empty in every way.
type Item struct {
	r *row
	c *content
}

// itemOf returns the item of a row; the zero Item for nil.
func itemOf(r *row, c *content) (Item, bool) {
	if r == nil {
		return Item{}, false
	}
	return Item{r, c}, true
}

// Hash returns the producer's hash of the name; see HashName of package codec/cgroupsnapshot.
func (it Item) Hash() uint32 {
	if it.r == nil {
		return 0
	}
	return it.r.hash
}

// Options returns the producer's option bits.
func (it Item) Options() uint32 {
	if it.r == nil {
		return 0
	}
	return it.r.options
}

// Enabled returns whether the producer has the cgroup enabled: 0 is no, any other number passes as it is.
func (it Item) Enabled() uint32 {
	if it.r == nil {
		return 0
	}
	return it.r.enabled
}

// Name returns the name. It may be empty, and may hold NULs.
func (it Item) Name() string {
	if it.r == nil {
		return ""
	}
	return it.r.name()
}

// Path returns the path. It may be empty, and may hold NULs.
func (it Item) Path() string {
	if it.r == nil {
		return ""
	}
	return it.c.path(it.r)
}

// Owned returns a copy that does not keep the snapshot's memory.
func (it Item) Owned() payload.Item {
	return payload.Item{
		Hash: it.Hash(), Options: it.Options(), Enabled: it.Enabled(),
		Name: strings.Clone(it.Name()), Path: strings.Clone(it.Path()),
	}
}

// Equal reports whether both say the same.
func (it Item) Equal(other Item) bool {
	return it == other || it.Hash() == other.Hash() && it.Options() == other.Options() && it.Enabled() == other.Enabled() &&
		it.Name() == other.Name() && it.Path() == other.Path()
}

// String returns the item for people to read.
func (it Item) String() string {
	return fmt.Sprintf("%q (hash %#x, options %#x, enabled %d, path %q)", it.Name(), it.Hash(), it.Options(), it.Enabled(), it.Path())
}
