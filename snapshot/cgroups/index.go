package cgroups

import (
	"hash/maphash"
	"math/bits"
	"runtime"
)

// index finds rows by a hash. It consists of groups of six slots, each with a tag of eight bits and a row. The high
// half of a hash says in which group to begin: its home. Where that is full, the next one is used, and a mark left.
//
// All tags of a group are compared at once, by arithmetic. What a processor cannot foresee costs it more than that:
// how many slots to look at, and which of them is the right one. A group is half a cache line, so that one access
// to memory decides, and the row is the second.
//
// Of rows with equal keys the first in producer order is in the index, and the others are not.
type index []group

// group has in its tags, from the low bits up: six of them, zero in empty slots; a byte that is not used; and one that
// is not zero if something that belongs here, or into a group before, is in a later one. Rows are counted in
// rowAlign bytes.
type group struct {
	tags uint64
	rows [groupSlots]uint32
}

const (
	groupSlots = 6
	groupBytes = 32
	groupRows  = 8 // where they begin
	groupItems = 3 // in a group, on average at most: then few are full
)

// newIndex returns an index for so many items.
func newIndex(items int) index { return make(index, items/groupItems+1) }

// indexBytes is the memory of all indexes for an item, rounded up.
const indexBytes = (3*groupBytes + groupItems - 1) / groupItems

// home returns where a hash begins.
func (x index) home(h uint64) int { return int(h >> 32 * uint64(len(x)) >> 32) }

// after returns the group after group i.
func (x index) after(i int) int {
	if i++; i < len(x) {
		return i
	}
	return 0
}

const (
	eachByte = 0x0101_0101_0101_0101
	slotTops = 0x0000_8080_8080_8080
	passedOn = 1 << 56
)

// tagOf returns the tag of a hash, which is never zero, in each byte.
func tagOf(h uint64) uint64 { return (h>>24&0xff | 0x80) * eachByte }

// match returns a set of the slots with a tag: the top bit of the byte of each. It may have others above one that
// is right, so the rows have to be looked at.
func match(tags, tag uint64) uint64 {
	x := tags ^ tag
	return (x - eachByte) &^ x & slotTops
}

// slot returns the lowest slot of a set.
func slot(set uint64) int { return bits.TrailingZeros64(set) / 8 }

// row returns the row in a slot.
func (g *group) row(slot int) int { return int(g.rows[slot]) * rowAlign }

// add puts a row into the group, or reports that it is full and leaves a mark.
func (g *group) add(tag uint64, row int) bool {
	free := match(g.tags, 0)
	if free == 0 {
		g.tags |= passedOn
		return false
	}
	i := slot(free)
	g.tags |= tag & (0xff << (8 * i))
	g.rows[i] = uint32(row / rowAlign)
	return true
}

// passed reports whether a search goes on in the next group.
func (g *group) passed() bool { return g.tags >= passedOn }

// lookups are the indexes of a content.
//
// byID goes by the producer's hash alone as long as that spreads the items well, which saves hashing names. But
// a producer may give many items one hash, or hashes that lie close together. Then a seeded hash of the name is
// mixed in.
type lookups struct {
	mixed                bool // byID goes by hash and name
	byID, byName, byPath index
}

// What a producer's hash may cost before names are mixed in. Good hashes stay far below.
const (
	mostEqual = 8  // other names of its hash that an item meets
	mostReach = 16 // groups between an item and its home
	mostTries = 4  // items to a group that one of them has looked at in vain
)

// seed makes hashes that no producer can foresee.
var seed = maphash.MakeSeed()

// spread makes a hash for byID of the producer's.
func spread(hash uint32) uint64 { return uint64(hash) * 0x9e3779b97f4a7c15 }

// mix mixes a name in.
func mix(h uint64, name string) uint64 {
	hi, lo := bits.Mul64(maphash.String(seed, name), h|1)
	return hi ^ lo
}

func (c *content) makeLookups() {
	c.byID, c.byName, c.byPath = newIndex(c.items), newIndex(c.items), newIndex(c.items)
	if !c.indexIDs() {
		clear(c.byID)
		c.mixed = true
		c.indexIDs()
	}
	c.indexTexts(c.byName, (*content).name)
	c.indexTexts(c.byPath, (*content).path)
}

// some are rows with their hashes. Rows are indexed some at a time: first all are hashed, and their homes touched, which
// may be far away in memory, all at once. It is hard to foresee for a processor where a probe ends, and it would fetch
// one after the other.
type some struct {
	n      int
	rows   [64]int
	hashes [64]uint64
	tags   uint64 // of the homes: what is not used is not fetched
}

// add adds a row, and reports whether more may come.
func (s *some) add(x index, row int, h uint64) bool {
	s.rows[s.n], s.hashes[s.n] = row, h
	s.tags += x[x.home(h)].tags
	s.n++
	return s.n < len(s.rows)
}

// indexIDs fills byID. It gives up, and reports false, when the producer's hash alone does not do.
func (c *content) indexIDs() bool {
	budget := c.items/mostTries + mostReach
	var s some
	for row := 0; row < len(c.rows); s.n = 0 {
		for more := true; more && row < len(c.rows); row = c.after(row) {
			h := spread(c.hash(row))
			if c.mixed {
				h = mix(h, c.name(row))
			}
			more = s.add(c.byID, row, h)
		}
		for i, row := range s.rows[:s.n] {
			far, equal := c.indexID(row, s.hashes[i])
			if budget -= far; !c.mixed && (far > mostReach || equal > mostEqual || budget < 0) {
				return false
			}
		}
	}
	runtime.KeepAlive(&s)
	return true
}

// indexID puts a row of a hash into byID unless its identity is there. It reports how many groups from its home that is, and
// how many others of its hash it has met.
func (c *content) indexID(row int, h uint64) (far, equal int) {
	hash, name := c.hash(row), c.name(row)
	tag := tagOf(h)
	for i := c.byID.home(h); ; i = c.byID.after(i) {
		g := &c.byID[i]
		for set := match(g.tags, tag); set != 0; set &= set - 1 {
			other := g.row(slot(set))
			if c.hash(other) != hash {
				continue
			}
			if c.name(other) == name {
				return far, equal
			}
			equal++
		}
		if !g.passed() && g.add(tag, row) {
			return far, equal
		}
		far++
	}
}

// find is lookup without haste. It returns the row, -1 if there is none.
func (c *content) find(hash uint32, name string, it *Item) int {
	h := spread(hash)
	if c.mixed {
		h = mix(h, name)
	}
	tag := tagOf(h)
	for i := c.byID.home(h); ; i = c.byID.after(i) {
		g := &c.byID[i]
		for set := match(g.tags, tag); set != 0; set &= set - 1 {
			row := g.row(slot(set))
			if c.hash(row) == hash && c.name(row) == name {
				c.read(row, it)
				return row
			}
		}
		if !g.passed() {
			return -1
		}
	}
}

// indexTexts fills an index that goes by a text of the rows.
func (c *content) indexTexts(x index, text func(c *content, row int) string) {
	var s some
	for row := 0; row < len(c.rows); s.n = 0 {
		for more := true; more && row < len(c.rows); row = c.after(row) {
			more = s.add(x, row, maphash.String(seed, text(c, row)))
		}
		for k, row := range s.rows[:s.n] {
			h := s.hashes[k]
			i, found := c.probe(x, h, text(c, row), text)
			for found < 0 && !x[i].add(tagOf(h), row) {
				i = x.after(i)
			}
		}
	}
	runtime.KeepAlive(&s)
}

// lookupText returns the first row with a text, -1 if there is none.
func (c *content) lookupText(x index, want string, text func(c *content, row int) string) int {
	_, row := c.probe(x, maphash.String(seed, want), want, text)
	return row
}

// probe returns the row of a text, or -1 and the group with which the search has ended.
func (c *content) probe(x index, h uint64, want string, text func(c *content, row int) string) (i, row int) {
	tag := tagOf(h)
	for i = x.home(h); ; i = x.after(i) {
		g := &x[i]
		for set := match(g.tags, tag); set != 0; set &= set - 1 {
			if row := g.row(slot(set)); text(c, row) == want {
				return i, row
			}
		}
		if !g.passed() {
			return i, -1
		}
	}
}
