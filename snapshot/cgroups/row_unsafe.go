package cgroups

import "unsafe"

// row is what a lookup needs of an item, close together. It is followed by the name, and by zeros up to a multiple of
// rowAlign. The path lies in the answer.
type row struct {
	hash       uint32
	nameLength uint32
	options    uint32
	enabled    uint32
	pathLength uint32
	pathAt     uint32 // in the answer
}

const (
	rowName  = 24 // where the name begins
	rowAlign = 8
)

// An index other than 0 does not compile.
var _ = [1]struct{}{}[unsafe.Sizeof(row{})-rowName]

// rowSize returns the size of a row whose name has n bytes.
func rowSize(n int) int { return (rowName + n + rowAlign - 1) &^ (rowAlign - 1) }

// mostRows is more than the size of n rows whose names have so many bytes. Where the last name is empty, there is a byte
// behind it that belongs to the rows: nothing may point behind an allocation.
func mostRows(n int, names uint64) uint64 { return uint64(n)*(rowName+rowAlign) + names }

// name returns the name of a row that this package has made: it is where the row says. It is part of the rows.
func (r *row) name() string {
	return unsafe.String((*byte)(unsafe.Add(unsafe.Pointer(r), rowName)), r.nameLength)
}

// row returns the row that begins at an offset.
func (c *content) row(at int) *row {
	return (*row)(unsafe.Pointer(unsafe.SliceData(c.rows[at : at+rowName])))
}

// path returns the path of a row of this content.
func (c *content) path(r *row) string {
	b := c.answer[r.pathAt:][:r.pathLength]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// sent is an item as it lies in an answer (spec 07). The decoder has judged it: what it says of its strings holds.
type sent struct {
	version, flags uint16
	hash           uint32
	options        uint32
	enabled        uint32
	nameAt         uint32 // from the start of the item
	nameLength     uint32
	pathAt         uint32 // likewise
	pathLength     uint32
}

const sentSize = 32

var _ = [1]struct{}{}[unsafe.Sizeof(sent{})-sentSize]

// sent returns the item that begins at an offset in the answer, of which the decoder has said so.
func (c *content) sent(at int) *sent {
	return (*sent)(unsafe.Pointer(unsafe.SliceData(c.answer[at : at+sentSize])))
}

// put writes the row of the item that begins at an offset in the answer to the start of dst, which has room for it,
// and returns its size.
func (c *content) put(dst []byte, at int) int {
	s := c.sent(at)
	name, length := at+int(s.nameAt), int(s.nameLength)
	size := rowSize(length)
	dst = dst[:size]
	*(*row)(unsafe.Pointer(unsafe.SliceData(dst))) = row{s.hash, s.nameLength, s.options, s.enabled, s.pathLength, uint32(at) + s.pathAt}
	copy(dst[rowName:], c.answer[name:name+length])
	return size
}
