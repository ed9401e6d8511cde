package cgroupsnapshot

import (
	"encoding/binary"
	"iter"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
)

// ResponseView is a snapshot as it was received, validated once and whole, so that reading it cannot fail and
// does not allocate. It borrows the payload: valid until the payload's buffer is used again or written to; Clone
// to keep. Any number of goroutines may read one. The zero value is an empty snapshot.
type ResponseView struct {
	header []byte
	dir    []byte
	packed []byte
	names  uint64 // see NamesSize
}

// DecodeResponse validates the payload b and returns a view of it; the whole of b is the payload. Directory
// entries may be in any order, overlap and repeat, and there may be bytes that nobody owns. Errors:
// codec.ErrTruncated, codec.ErrBadLayout, codec.ErrBadAlignment, codec.ErrOutOfBounds, codec.ErrMissingNUL.
func DecodeResponse(b []byte) (ResponseView, error) {
	if len(b) < headerSize {
		return ResponseView{}, codec.FieldError(layoutResponse, "", codec.ErrTruncated)
	}
	ne := binary.NativeEndian
	switch {
	case ne.Uint16(b[respVersion:]) != layoutVersion:
		return ResponseView{}, codec.FieldError(layoutResponse, "layout_version", codec.ErrBadLayout)
	case ne.Uint16(b[respFlags:]) != 0:
		return ResponseView{}, codec.FieldError(layoutResponse, "flags", codec.ErrBadLayout)
	case ne.Uint32(b[respPadding:]) != 0:
		return ResponseView{}, codec.FieldError(layoutResponse, "padding", codec.ErrBadLayout)
	}
	end := headerSize + uint64(ne.Uint32(b[respItemCount:]))*entrySize
	if end > uint64(len(b)) {
		return ResponseView{}, codec.FieldError(layoutResponse, "directory", codec.ErrTruncated)
	}
	v := ResponseView{header: b[:headerSize:headerSize], dir: b[headerSize:end:end], packed: b[end:]}
	if err := v.check(); err != nil {
		return ResponseView{}, err
	}
	return v, nil
}

// check judges every directory entry and the item it names.
func (v *ResponseView) check() error {
	ne, packed, names := binary.NativeEndian, v.packed, uint64(0)
	for dir := v.dir; len(dir) >= entrySize; dir = dir[entrySize:] {
		off, length := uint64(ne.Uint32(dir[entOffset:])), uint64(ne.Uint32(dir[entLength:]))
		end := off + length
		if off%bounds.Align != 0 || end > uint64(len(packed)) || !itemOK(packed[off:end]) {
			return v.explain((len(v.dir) - len(dir)) / entrySize)
		}
		names += uint64(ne.Uint32(packed[off+itemNameLength:]))
	}
	v.names = names
	return nil
}

// explain says why check refused item i.
func (v ResponseView) explain(i int) error {
	off, end := v.span(i)
	switch {
	case off%bounds.Align != 0:
		return codec.ItemError(layoutResponse, i, "offset", codec.ErrBadAlignment)
	case end > uint64(len(v.packed)):
		return codec.ItemError(layoutResponse, i, "length", codec.ErrOutOfBounds)
	}
	return itemError(v.packed[off:end], i)
}

// span returns where item i begins and ends in the packed area, in 64 bits.
func (v ResponseView) span(i int) (off, end uint64) {
	_ = v.dir[i] // so that what follows does not wrap
	e := v.dir[uint64(i)*entrySize:]
	off = uint64(binary.NativeEndian.Uint32(e[entOffset:]))
	return off, off + uint64(binary.NativeEndian.Uint32(e[entLength:]))
}

// Len returns the number of items.
func (v ResponseView) Len() int { return len(v.dir) / entrySize }

// Generation returns the number that the producer gave this snapshot.
func (v ResponseView) Generation() uint64 {
	if v.header == nil {
		return 0
	}
	return binary.NativeEndian.Uint64(v.header[respGeneration:])
}

// SystemdEnabled returns whether the producer covers systemd services: 0 is no, any other number passes as it
// is.
func (v ResponseView) SystemdEnabled() uint32 {
	if v.header == nil {
		return 0
	}
	return binary.NativeEndian.Uint32(v.header[respSystemd:])
}

// NamesSize returns how many bytes the names of all items have together. Items that share their bytes count each: it
// may be more than the payload has.
func (v ResponseView) NamesSize() uint64 { return v.names }

// Item returns item i, borrowed as the view is. It panics when i is not below Len, as a slice does.
func (v ResponseView) Item(i int) ItemView {
	off, end := v.span(i)
	return ItemView{v.packed[off:end:end]}
}

// All yields the items in the order of the directory, borrowed as the view is.
func (v ResponseView) All() iter.Seq2[int, ItemView] {
	return func(yield func(int, ItemView) bool) {
		for i := range v.Len() {
			if !yield(i, v.Item(i)) {
				return
			}
		}
	}
}
