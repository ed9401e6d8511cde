package cgroups

import (
	"hash/maphash"
	"math/bits"
)

// index finds rows by a hash: open addressing, one u32 a cell. 0 is an empty cell. Otherwise its low bits, as
// many as rowBits has, say which row, and the rest is a tag from the low half of the hash, so that few rows are
// looked at in vain. The high half of the hash says in which cell to begin: its home.
//
// Of rows with equal keys the first in producer order is in the index, and the others are not.
type index []uint32

// newIndex returns an index of which at most two thirds will be in use, and one cell never.
func newIndex(items int) index { return make(index, items+items/2+1) }

// indexBytes is the memory of all indexes for an item.
const indexBytes = 3 * 6

func (x index) home(h uint64) int { return int(h >> 32 * uint64(len(x)) >> 32) }

// after returns the cell after cell i.
func (x index) after(i int) int {
	if i++; i < len(x) {
		return i
	}
	return 0
}

// lookups are the indexes of a content.
//
// byID goes by the producer's hash alone as long as that spreads the items well, which saves hashing names. But
// a producer may give many items one hash, or hashes that lie close together. Then a seeded hash of the name is
// mixed in.
type lookups struct {
	rowBits              uint32
	mixed                bool // byID goes by hash and name
	reach                int  // how far from its home an item of byID lies at most
	byID, byName, byPath index
}

// What a producer's hash may cost before names are mixed in. Good hashes stay far below.
const (
	mostEqual = 8   // other names of its hash that an item meets
	mostReach = 128 // cells between an item and its home
	mostTries = 4   // cells looked at, by item on average
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

// cell returns what stands for a row in an index.
func (l *lookups) cell(h uint64, row int) uint32 {
	return uint32(h)&^l.rowBits | uint32(row/rowAlign+1)
}

// row is the inverse of cell.
func (l *lookups) row(cell uint32) int { return int(cell&l.rowBits-1) * rowAlign }

func (c *content) makeLookups() {
	c.rowBits = 1<<bits.Len(uint(len(c.rows)/rowAlign)) - 1
	c.byID, c.byName, c.byPath = newIndex(c.items), newIndex(c.items), newIndex(c.items)
	if !c.indexIDs() {
		clear(c.byID)
		c.mixed = true
		c.indexIDs()
	}
	c.indexTexts(c.byName, (*content).name)
	c.indexTexts(c.byPath, (*content).path)
}

// indexIDs fills byID. It gives up, and reports false, when the producer's hash alone does not do.
func (c *content) indexIDs() bool {
	c.reach = 0
	budget := mostTries*c.items + mostReach
	for row := 0; row < len(c.rows); row = c.after(row) {
		far, equal := c.indexID(row)
		if budget -= far; !c.mixed && (far > mostReach || equal > mostEqual || budget < 0) {
			return false
		}
		c.reach = max(c.reach, far)
	}
	return true
}

// indexID puts a row into byID unless its identity is there. It reports how far from its home that is, and how
// many others of its hash it has met.
func (c *content) indexID(row int) (far, equal int) {
	hash, name := c.hash(row), c.name(row)
	h := spread(hash)
	if c.mixed {
		h = mix(h, name)
	}
	cell := c.cell(h, row)
	for i := c.byID.home(h); ; i = c.byID.after(i) {
		other := c.byID[i]
		if other == 0 {
			c.byID[i] = cell
			return far, equal
		}
		if (other^cell)&^c.rowBits == 0 && c.hash(c.row(other)) == hash {
			if c.name(c.row(other)) == name {
				return far, equal
			}
			equal++
		}
		far++
	}
}

// lookup finds the first row of an identity, fills in its item and returns it; -1 if there is none. It is one
// function and has no Item for a result, because calls and copies would take half of its time; and it takes a
// nil snapshot, so that its callers are inlined.
func (s *Snapshot) lookup(hash uint32, name string, it *Item) int {
	if s == nil {
		return -1
	}
	h := spread(hash)
	if s.mixed {
		h = mix(h, name)
	}
	cells, rowBits := s.byID, s.rowBits
	for i, far := cells.home(h), s.reach; far >= 0; i, far = i+1, far-1 {
		if uint(i) >= uint(len(cells)) {
			i = 0
		}
		cell := cells[i]
		if cell == 0 {
			break
		}
		if (cell^uint32(h))&^rowBits != 0 {
			continue
		}
		row := int(cell&rowBits-1) * rowAlign
		r := s.rows[row:]
		end := rowName + int(u32(r, rowNameLength))
		if u32(r, rowHash) != hash || r[rowName:end] != name {
			continue
		}
		it.Hash = hash
		it.Options = u32(r, rowOptions)
		it.Enabled = u32(r, rowEnabled)
		it.Name = r[rowName:end]
		from := int(u32(r, rowPath))
		it.Path = s.answer[from : from+int(u32(r, rowPathLength))]
		return row
	}
	return -1
}

// indexTexts fills an index that goes by a text of the rows. It hashes some and then indexes them, because it is
// hard to foresee for a processor where a probe ends, and hashing would begin anew each time.
func (c *content) indexTexts(x index, text func(c *content, row int) string) {
	var rows [64]int
	var hashes [len(rows)]uint64
	for row := 0; row < len(c.rows); {
		n := 0
		for ; n < len(rows) && row < len(c.rows); n++ {
			rows[n], hashes[n] = row, maphash.String(seed, text(c, row))
			row = c.after(row)
		}
		for k, row := range rows[:n] {
			if i, found := c.probe(x, hashes[k], text(c, row), text); !found {
				x[i] = c.cell(hashes[k], row)
			}
		}
	}
}

// lookupText returns the first row with a text, -1 if there is none.
func (c *content) lookupText(x index, want string, text func(c *content, row int) string) int {
	i, found := c.probe(x, maphash.String(seed, want), want, text)
	if !found {
		return -1
	}
	return c.row(x[i])
}

// probe returns the cell of a text, or the empty one where it belongs.
func (c *content) probe(x index, h uint64, want string, text func(c *content, row int) string) (i int, found bool) {
	for i := x.home(h); ; i = x.after(i) {
		switch cell := x[i]; {
		case cell == 0:
			return i, false
		case (cell^uint32(h))&^c.rowBits == 0 && text(c, c.row(cell)) == want:
			return i, true
		}
	}
}
