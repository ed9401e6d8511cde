package cgroupsnapshot

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
)

// ItemView is one cgroup of a ResponseView. Its identity is hash and name together. It borrows the payload:
// valid as long as the ResponseView it is from; Owned copies to keep. Any number of goroutines may read one.
type ItemView struct{ b []byte }

func (v ItemView) u32(at int) uint32 { return binary.NativeEndian.Uint32(v.b[at:]) }

// Hash returns the producer's hash of the name; usually that of HashName, but nobody checks.
func (v ItemView) Hash() uint32 { return v.u32(itemHash) }

// Options returns the producer's option bits.
func (v ItemView) Options() uint32 { return v.u32(itemOptions) }

// Enabled returns whether the producer has the cgroup enabled: 0 is no, any other number passes as it is.
func (v ItemView) Enabled() uint32 { return v.u32(itemEnabled) }

// Name returns the name. It may be empty, and may hold NULs. Borrowed: valid as long as the view.
func (v ItemView) Name() codec.StrView { return v.str(itemNameOffset) }

// Path returns the path. It may be empty, and may hold NULs. Borrowed: valid as long as the view.
func (v ItemView) Path() codec.StrView { return v.str(itemPathOffset) }

// str returns the string whose offset and length lie at a fixed place.
func (v ItemView) str(at int) codec.StrView {
	off, end := v.span(at)
	return codec.MakeStrView(v.b[off:end:end])
}

func (v ItemView) span(at int) (off, end uint64) {
	off = uint64(v.u32(at))
	return off, off + uint64(v.u32(at+4))
}

// itemOK reports whether b is a whole item: version and flags, both strings behind the fixed fields and inside
// b with their NULs, and no byte in both. It says no more than that, because it runs for every item of every
// snapshot; itemError finds out what is wrong.
func itemOK(b []byte) bool {
	if len(b) < itemFixed {
		return false
	}
	ne := binary.NativeEndian
	name, path := uint64(ne.Uint32(b[itemNameOffset:])), uint64(ne.Uint32(b[itemPathOffset:]))
	nameNUL := name + uint64(ne.Uint32(b[itemNameLength:]))
	pathNUL := path + uint64(ne.Uint32(b[itemPathLength:]))
	size := uint64(len(b))
	return ne.Uint16(b[itemVersion:]) == layoutVersion && ne.Uint16(b[itemFlags:]) == 0 &&
		name >= itemFixed && nameNUL < size && b[nameNUL] == 0 &&
		path >= itemFixed && pathNUL < size && b[pathNUL] == 0 &&
		(nameNUL < path || pathNUL < name)
}

// itemError says why itemOK refused item i.
func itemError(b []byte, i int) error {
	if len(b) < itemFixed {
		return codec.ItemError(layoutResponse, i, "", codec.ErrTruncated)
	}
	v, size := ItemView{b}, uint64(len(b))
	name, nameNUL := v.span(itemNameOffset)
	path, pathNUL := v.span(itemPathOffset)
	switch {
	case binary.NativeEndian.Uint16(b[itemVersion:]) != layoutVersion:
		return codec.ItemError(layoutResponse, i, "layout_version", codec.ErrBadLayout)
	case binary.NativeEndian.Uint16(b[itemFlags:]) != 0:
		return codec.ItemError(layoutResponse, i, "flags", codec.ErrBadLayout)
	case name < itemFixed:
		return codec.ItemError(layoutResponse, i, "name_offset", codec.ErrOutOfBounds)
	case nameNUL >= size:
		return codec.ItemError(layoutResponse, i, "name_length", codec.ErrOutOfBounds)
	case b[nameNUL] != 0:
		return codec.ItemError(layoutResponse, i, "name", codec.ErrMissingNUL)
	case path < itemFixed:
		return codec.ItemError(layoutResponse, i, "path_offset", codec.ErrOutOfBounds)
	case pathNUL >= size:
		return codec.ItemError(layoutResponse, i, "path_length", codec.ErrOutOfBounds)
	case b[pathNUL] != 0:
		return codec.ItemError(layoutResponse, i, "path", codec.ErrMissingNUL)
	}
	return codec.ItemError(layoutResponse, i, "name and path share bytes", codec.ErrBadLayout)
}
