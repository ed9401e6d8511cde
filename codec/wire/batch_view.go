package wire

import (
	"iter"
	"math"

	"github.com/plugin-ipc/netipc/codec"
)

// BatchView is the payload of a batch, its directory validated whole. It borrows the payload: valid until the
// payload's buffer is used again; copy items to keep them. Any number of goroutines may read one.
type BatchView struct {
	dir    []byte
	packed []byte
}

// DecodeBatch validates the directory of a payload that holds count items, the item_count of its header, as
// CheckBatchDir does. The last item's padding may be missing. A batch of no items is refused (spec 15-q).
// Errors: codec.ErrBadCount, codec.ErrTruncated, codec.ErrBadAlignment, codec.ErrOutOfBounds.
func DecodeBatch(payload []byte, count uint32) (BatchView, error) {
	if count == 0 {
		return BatchView{}, codec.FieldError(layoutBatch, "item_count", codec.ErrBadCount)
	}
	if uint64(count)*BatchEntrySize > uint64(len(payload)) {
		return BatchView{}, codec.FieldError(layoutBatch, "directory", codec.ErrTruncated)
	}
	v := BatchOf(payload, count)
	if err := CheckBatchDir(v.dir, count, uint32(min(uint64(len(v.packed)), math.MaxUint32))); err != nil {
		return BatchView{}, err
	}
	return v, nil
}

// BatchOf returns the view of a payload that DecodeBatch has accepted with the same count, without looking at
// it again. It panics, or yields nonsense, on any other.
func BatchOf(payload []byte, count uint32) BatchView {
	n := int(count) * BatchEntrySize
	return BatchView{dir: payload[:n:n], packed: payload[n:len(payload):len(payload)]}
}

// Len returns the number of items.
func (v BatchView) Len() int { return len(v.dir) / BatchEntrySize }

// Item returns item i, borrowed as the view is. It panics when i is not below Len, as a slice does.
func (v BatchView) Item(i int) []byte {
	off, length := BatchEntry(v.dir, i)
	end := uint64(off) + uint64(length)
	return v.packed[off:end:end]
}

// All yields the items in the order of the directory, borrowed as the view is.
func (v BatchView) All() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for i := range v.Len() {
			if !yield(i, v.Item(i)) {
				return
			}
		}
	}
}
