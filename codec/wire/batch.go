package wire

import (
	"encoding/binary"
	"math"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
)

// Batch payload (spec 01, "Batch payload"):
//
//	item_count x { u32 offset, u32 length }   offset from the start of the packed area
//	packed area: items, each at a multiple of 8, zero padding between and after them

// BatchAlign is the alignment of items, and of the end of the payload, in bytes.
const BatchAlign = bounds.Align

// BatchSize returns the size in bytes of a batch payload of count items of itemSize bytes each. A size that an
// int does not hold, or an argument below 0, yields math.MaxInt: more than any limit.
func BatchSize(count, itemSize int) int {
	if count < 0 || itemSize < 0 {
		return math.MaxInt
	}
	each := BatchEntrySize + bounds.AlignUp(uint64(itemSize))
	if count > 0 && each > math.MaxInt/uint64(count) {
		return math.MaxInt
	}
	return count * int(each)
}

// CheckBatchDir validates a bare directory of count entries against a packed area of packedLen bytes: every
// offset a multiple of 8, every item inside. Order and overlap are not judged. It accepts a count of 0 and
// trailing bytes. Errors: codec.ErrTruncated, codec.ErrBadAlignment, codec.ErrOutOfBounds.
func CheckBatchDir(dir []byte, count, packedLen uint32) error {
	if uint64(len(dir)) < uint64(count)*BatchEntrySize {
		return codec.FieldError(layoutBatch, "directory", codec.ErrTruncated)
	}
	for i := range int(count) {
		off, length := BatchEntry(dir, i)
		if off%BatchAlign != 0 {
			return codec.ItemError(layoutBatch, i, "offset", codec.ErrBadAlignment)
		}
		if uint64(off)+uint64(length) > uint64(packedLen) {
			return codec.ItemError(layoutBatch, i, "length", codec.ErrOutOfBounds)
		}
	}
	return nil
}

// BatchEntry returns entry i of a directory that CheckBatchDir accepted: the item's offset from the start of
// the packed area and its length, in bytes. It panics when the directory has no entry i.
func BatchEntry(dir []byte, i int) (offset, length uint32) {
	_ = dir[i] // so that what follows does not wrap
	e := dir[uint64(i)*BatchEntrySize:]
	return binary.NativeEndian.Uint32(e[entOffset:]), binary.NativeEndian.Uint32(e[entLength:])
}
