package cgroups

import (
	"hash/maphash"
	"math/bits"
	"runtime"
)

// ids is the index by identity.
//
// It goes by the producer's hash alone as long as that spreads the items well, which saves hashing names. But a
// producer may give many items one hash, or hashes that lie close together. Then a seeded hash of the name is mixed in.
type ids struct {
	index
	mixed bool // it goes by hash and name
}

// What a producer's hash may cost before names are mixed in. Good hashes stay far below.
const (
	mostEqual = 8  // other names of its hash that an item meets
	mostReach = 16 // groups between an item and its home
	mostTries = 4  // items to a group that one of them has looked at in vain
)

// seed makes hashes that no producer can foresee.
var seed = maphash.MakeSeed()

// spread makes a hash for an index of the producer's.
func spread(hash uint32) uint64 { return uint64(hash) * 0x9e3779b97f4a7c15 }

// mix mixes a name in.
func mix(h uint64, name string) uint64 {
	hi, lo := bits.Mul64(maphash.String(seed, name), h|1)
	return hi ^ lo
}

// makeIDs makes the index.
func (c *content) makeIDs() {
	c.ids = ids{index: newIndex(c.items)}
	if c.indexIDs() {
		return
	}
	clear(c.ids.index)
	c.mixed = true
	c.indexIDs()
}

// indexIDs fills the index. It gives up, and reports false, when the producer's hash alone does not do.
func (c *content) indexIDs() bool {
	budget := c.items/mostTries + mostReach
	var s some
	for at := 0; at < len(c.rows); s.n = 0 {
		for more := true; more && at < len(c.rows); at = c.after(at) {
			r := c.row(at)
			h := spread(r.hash)
			if c.mixed {
				h = mix(h, r.name())
			}
			more = s.add(c.ids.index, at, h)
		}
		for i, at := range s.rows[:s.n] {
			far, equal := c.indexID(at, s.hashes[i])
			if budget -= far; !c.mixed && (far > mostReach || equal > mostEqual || budget < 0) {
				return false
			}
		}
	}
	runtime.KeepAlive(&s)
	return true
}

// indexID puts the row at an offset into the index unless its identity is there. It reports how many groups from its
// home that is, and how many others of its hash it has met.
func (c *content) indexID(at int, h uint64) (far, equal int) {
	r, tag := c.row(at), tagOf(h)
	for i := c.ids.home(h); ; i = c.ids.after(i) {
		g := &c.ids.index[i]
		for set := match(g.tags, tag); set != 0; set &= set - 1 {
			other := c.row(g.row(slot(set)))
			if other.hash != r.hash {
				continue
			}
			if other.name() == r.name() {
				return far, equal
			}
			equal++
		}
		if !g.passed() && g.add(tag, at) {
			return far, equal
		}
		far++
	}
}

// find is lookup without haste. It returns nil if there is no such item.
func (c *content) find(hash uint32, name string) *row {
	h := spread(hash)
	if c.mixed {
		h = mix(h, name)
	}
	_, r := c.probe(c.ids.index, h, func(r *row) bool { return r.hash == hash && r.name() == name })
	return r
}

// probe looks in an index for the item of a hash that is the one. It returns that, or nil and the group with which the
// search has ended.
func (c *content) probe(x index, h uint64, is func(*row) bool) (i int, r *row) {
	tag := tagOf(h)
	for i = x.home(h); ; i = x.after(i) {
		g := &x[i]
		for set := match(g.tags, tag); set != 0; set &= set - 1 {
			if r := c.row(g.row(slot(set))); is(r) {
				return i, r
			}
		}
		if !g.passed() {
			return i, nil
		}
	}
}
