package lookup

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec/internal/bounds"
)

// Packer writes a request or a response of a known number of items into a buffer that has room for it: Place for
// each item, in order, then Header. The zero value has no buffer.
type Packer struct {
	b     []byte
	start uint64 // of the packed area in b
	next  uint64 // index of the next item
	used  uint64 // bytes of b up to the end of the last item
}

// PackedStart returns where the packed area of a payload with that many items begins.
func PackedStart(items int) uint64 { return HeaderSize + uint64(items)*EntrySize }

// NewPacker returns a Packer of that many items into b, whose content does not matter.
func NewPacker(b []byte, items int) Packer {
	start := PackedStart(items)
	return Packer{b: b, start: start, used: start}
}

// Place writes the directory entry of the next item and returns its bytes, size many, for the caller to fill.
func (p *Packer) Place(size uint64) []byte {
	off := bounds.AlignUp(p.used)
	end := off + size
	if size >= bounds.Align { // so what is cleared too much is written yet
		binary.NativeEndian.PutUint64(p.b[p.used:], 0)
	} else {
		clear(p.b[p.used:off])
	}
	e := (*[EntrySize]byte)(p.b[HeaderSize+p.next*EntrySize:])
	binary.NativeEndian.PutUint32(e[entOffset:], uint32(off-p.start))
	binary.NativeEndian.PutUint32(e[entLength:], uint32(size))
	p.next++
	p.used = end
	return p.b[off:end:end]
}

// Even is Place for all items at once, each of size bytes, a multiple of bounds.Align: it returns the bytes of all of
// them, which lie one right after the other.
func (p *Packer) Even(size uint64) []byte {
	ne, dir := binary.NativeEndian, p.b[HeaderSize:p.start]
	off := uint32(0)
	for at := 0; at <= len(dir)-EntrySize; at += EntrySize {
		e := dir[at : at+EntrySize]
		ne.PutUint32(e[entOffset:], off)
		ne.PutUint32(e[entLength:], uint32(size))
		off += uint32(size)
	}
	p.next = uint64(len(dir)) / EntrySize
	p.used = p.start + p.next*size
	return p.b[p.start:p.used:p.used]
}

// Header writes the header, after the last item, and returns the size of the payload. generation is 0 in a
// request.
func (p *Packer) Header(generation uint64) int {
	ne := binary.NativeEndian
	ne.PutUint16(p.b[hdrVersion:], Version)
	ne.PutUint16(p.b[hdrFlags:], 0)
	ne.PutUint32(p.b[hdrItemCount:], uint32(p.next))
	ne.PutUint64(p.b[hdrGeneration:], generation)
	return int(p.used)
}
