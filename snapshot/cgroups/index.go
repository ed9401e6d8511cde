package cgroups

import "math/bits"

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
// is not zero if something that belongs here, or into a group before, is in a later one. Rows are
// counted in rowAlign bytes.
type group struct {
	tags uint64
	rows [groupSlots]uint32
}

const (
	groupSlots = 6
	groupBytes = 32
	groupRows  = 8 // where they begin
	groupShare = 3 // in a group, on average at most: then few are full
)

// newIndex returns an index for so many items.
func newIndex(items int) index { return make(index, items/groupShare+1) }

// indexBytes is the memory of all indexes for an item, rounded up.
const indexBytes = (3*groupBytes + groupShare - 1) / groupShare

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

// row returns where the row in a slot begins.
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

// some are rows with their hashes. They are indexed some at a time: first all are hashed, and their homes touched, which
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
