package cgroupsnapshot

import (
	"slices"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
)

// Item is one cgroup, owned. Its identity is Hash and Name together.
type Item struct {
	Hash    uint32 // of the name, by the producer; see HashName
	Options uint32 // the producer's option bits
	Enabled uint32 // whether the producer has it enabled; 0 is no
	Name    string
	Path    string
}

// Snapshot is a whole answer, owned. The zero value is an empty snapshot, ready for use and for Clone.
type Snapshot struct {
	Generation     uint64 // the number that the producer gave it
	SystemdEnabled uint32 // whether systemd services are covered; 0 is no
	Items          []Item

	text string // what Clone last copied: Items' strings are parts of it
}

// Owned returns a copy of the item that outlives the payload.
func (v ItemView) Owned() Item {
	return Item{v.Hash(), v.Options(), v.Enabled(), v.Name().String(), v.Path().String()}
}

// Clone makes dst a copy of the snapshot that outlives the payload. It reuses dst's storage: Items as far as it
// reaches; and the strings altogether when the items are those that the last Clone into dst copied, so that
// cloning the same snapshot again allocates nothing. Otherwise all strings are one allocation, of the size of
// the payload, which lives as long as any of them. Strings never change: they may be kept, slices of Items may
// not. One goroutine at a time may use dst.
func (v ResponseView) Clone(dst *Snapshot) {
	if dst.text != string(v.packed) {
		dst.text = string(v.packed)
	}
	n := v.Len()
	clear(dst.Items[min(n, len(dst.Items)):]) // lets go of strings
	dst.Items = slices.Grow(dst.Items[:0], n)[:n]
	dst.Generation, dst.SystemdEnabled = v.Generation(), v.SystemdEnabled()
	for i := range dst.Items {
		start, _ := v.span(i)
		it := v.Item(i)
		name, nameEnd := it.span(itemNameOffset)
		path, pathEnd := it.span(itemPathOffset)
		dst.Items[i] = Item{
			Hash: it.Hash(), Options: it.Options(), Enabled: it.Enabled(),
			Name: dst.text[start+name : start+nameEnd],
			Path: dst.text[start+path : start+pathEnd],
		}
	}
}

// Equal reports whether both hold the same values in the same order.
func (s Snapshot) Equal(t Snapshot) bool {
	return s.Generation == t.Generation && s.SystemdEnabled == t.SystemdEnabled && slices.Equal(s.Items, t.Items)
}

// Size returns the size of the encoded snapshot in bytes. Error: codec.ErrOverflow when no payload can be that
// large.
func (s *Snapshot) Size() (int, error) {
	packed := uint64(0)
	for i := range s.Items {
		it := &s.Items[i]
		packed = bounds.AlignUp(packed) + itemFixed + uint64(len(it.Name)) + 1 + uint64(len(it.Path)) + 1
	}
	size := headerSize + uint64(len(s.Items))*entrySize + packed
	if size > bounds.MaxSize {
		return 0, codec.FieldError(layoutResponse, "", codec.ErrOverflow)
	}
	return int(size), nil
}

// Encode writes the canonical form of the snapshot to the start of dst and returns its size in bytes. Unlike
// Builder it keeps NULs inside strings: what was received can be passed on as it was. Any number of goroutines
// may encode one snapshot. Error: codec.ErrOverflow when dst is too short; Size says how much it takes.
func (s *Snapshot) Encode(dst []byte) (int, error) {
	var b Builder
	if err := b.Reset(dst, nil, len(s.Items)); err != nil {
		return 0, err
	}
	b.SetGeneration(s.Generation)
	b.SetSystemdEnabled(s.SystemdEnabled)
	for i := range s.Items {
		it := &s.Items[i]
		if err := add(&b, fixedFields{it.Hash, it.Options, it.Enabled}, it.Name, it.Path, keepNUL); err != nil {
			return 0, err
		}
	}
	return b.Finish()
}
