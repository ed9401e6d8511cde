package cgroupsnapshot

import (
	"bytes"
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/room"
)

// Builder writes a snapshot straight into a buffer, in the canonical form: Reset, the Set methods and Add in any
// order, Finish. It allocates nothing but errors, and serves one goroutine. The zero value has no buffer.
//
// An item is refused only if the payload with it fits neither the buffer nor what Grow gives; however many
// items were expected. After an error every call returns that error, until Reset.
type Builder struct {
	room       room.Buffer
	slots      uint64 // directory entries set aside
	count      uint64 // items taken, <= slots
	used       uint64 // bytes of the packed area up to the end of the last item
	size       int    // of the payload, once finished
	encoded    int    // of a payload that came in one piece, 0 if none did
	generation uint64
	systemd    uint32
	err        error
}

// Reset starts a snapshot in dst, which the builder borrows until Finish; what dst holds does not matter. When
// dst is too short, grow is asked for more (see codec.Grow); nil says that dst is all there is. itemsHint is how
// many items are expected, 0 if that is not known: a right guess saves moving what is already written, a wrong
// one harms nothing. Error: codec.ErrOverflow, with that of grow.
func (b *Builder) Reset(dst []byte, grow codec.Grow, itemsHint int) error {
	*b = Builder{room: room.New(dst, grow)}
	if err := b.room.Ensure(headerSize); err != nil {
		b.err = codec.FieldError(layoutResponse, "", err)
		return b.err
	}
	b.slots = min(uint64(max(itemsHint, 0)), bounds.MaxSize/entrySize)
	if b.room.Ensure(headerSize+b.slots*entrySize) != nil {
		b.slots = (uint64(len(b.room.B)) - headerSize) / itemLeast
	}
	return nil
}

// SetGeneration sets the number of this snapshot; 0 if it is not called.
func (b *Builder) SetGeneration(g uint64) { b.generation = g }

// SetSystemdEnabled says whether systemd services are covered; 0, no, if it is not called.
func (b *Builder) SetSystemdEnabled(v uint32) { b.systemd = v }

// Add copies one item. Errors: codec.ErrInteriorNUL for a NUL in name or path, codec.ErrOverflow.
func (b *Builder) Add(hash, options, enabled uint32, name, path string) error {
	return add(b, fixedFields{hash, options, enabled}, name, path, refuseNUL)
}

// AddBytes is Add for strings in byte slices. They are not kept.
func (b *Builder) AddBytes(hash, options, enabled uint32, name, path []byte) error {
	return add(b, fixedFields{hash, options, enabled}, name, path, refuseNUL)
}

// AddItem is Add for an item in one piece.
func (b *Builder) AddItem(it Item) error {
	return add(b, fixedFields{it.Hash, it.Options, it.Enabled}, it.Name, it.Path, refuseNUL)
}

type fixedFields struct{ hash, options, enabled uint32 }

// What add does about a NUL inside a string.
const (
	refuseNUL = true
	keepNUL   = false
)

func add[S string | []byte](b *Builder, f fixedFields, name, path S, refuse bool) error {
	if b.err != nil {
		return b.err
	}
	if b.encoded != 0 {
		return b.fail("", codec.ErrBadCount)
	}
	off := bounds.AlignUp(b.used)
	nameEnd := itemFixed + uint64(len(name))
	pathEnd := nameEnd + 1 + uint64(len(path))
	if err := b.makeRoom(off + pathEnd + 1); err != nil {
		return b.fail("", err)
	}
	packed := b.room.B[headerSize+b.slots*entrySize:]
	clear(packed[b.used:off])
	it := packed[off : off+pathEnd+1]
	ne := binary.NativeEndian
	ne.PutUint16(it[itemVersion:], layoutVersion)
	ne.PutUint16(it[itemFlags:], 0)
	ne.PutUint32(it[itemHash:], f.hash)
	ne.PutUint32(it[itemOptions:], f.options)
	ne.PutUint32(it[itemEnabled:], f.enabled)
	ne.PutUint32(it[itemNameOffset:], itemFixed)
	ne.PutUint32(it[itemNameLength:], uint32(len(name)))
	ne.PutUint32(it[itemPathOffset:], uint32(nameEnd+1))
	ne.PutUint32(it[itemPathLength:], uint32(len(path)))
	copy(it[itemFixed:], name)
	it[nameEnd] = 0
	copy(it[nameEnd+1:], path)
	it[pathEnd] = 0
	if refuse { // in the copy: another goroutine cannot slip a NUL into that
		if bytes.IndexByte(it[itemFixed:nameEnd], 0) >= 0 {
			return b.fail("name", codec.ErrInteriorNUL)
		}
		if bytes.IndexByte(it[nameEnd+1:pathEnd], 0) >= 0 {
			return b.fail("path", codec.ErrInteriorNUL)
		}
	}
	e := b.room.B[headerSize+b.count*entrySize:]
	ne.PutUint32(e[entOffset:], uint32(off))
	ne.PutUint32(e[entLength:], uint32(pathEnd+1))
	b.used = off + pathEnd + 1
	b.count++
	b.size = 0
	return nil
}

// SetEncoded makes payload the whole snapshot, generation included, in place of all that was set and added: one
// copy, for a producer that encodes a snapshot once and answers with it many times. It is what Finish or
// Snapshot.Encode has written; nothing but its length is looked at. It is not kept. Errors: codec.ErrTruncated
// when it cannot be a snapshot, codec.ErrOverflow. Add after it is refused with codec.ErrBadCount.
func (b *Builder) SetEncoded(payload []byte) error {
	if b.err != nil {
		return b.err
	}
	if len(payload) < headerSize {
		return b.fail("", codec.ErrTruncated)
	}
	if err := b.room.Ensure(uint64(len(payload))); err != nil {
		return b.fail("", err)
	}
	b.encoded, b.size = copy(b.room.B, payload), 0
	b.count = uint64(binary.NativeEndian.Uint32(payload[respItemCount:]))
	return nil
}

// Len returns the number of items taken so far.
func (b *Builder) Len() int { return int(b.count) }

// Err returns the error that ended the building, or nil.
func (b *Builder) Err() error { return b.err }

// Finish completes the payload and returns its size in bytes; it lies at the start of the buffer, see Bytes.
// Adding more items and another Finish are allowed. Errors: that of an earlier call; codec.ErrOverflow when
// there never was a Reset.
func (b *Builder) Finish() (int, error) {
	switch {
	case b.err != nil:
		return 0, b.err
	case b.encoded != 0:
		b.size = b.encoded
		return b.size, nil
	}
	if len(b.room.B) < headerSize {
		return 0, codec.FieldError(layoutResponse, "", codec.ErrOverflow)
	}
	b.setSlots(b.count)
	h := b.room.B
	ne := binary.NativeEndian
	ne.PutUint16(h[respVersion:], layoutVersion)
	ne.PutUint16(h[respFlags:], 0)
	ne.PutUint32(h[respItemCount:], uint32(b.count))
	ne.PutUint32(h[respSystemd:], b.systemd)
	ne.PutUint32(h[respPadding:], 0)
	ne.PutUint64(h[respGeneration:], b.generation)
	b.size = int(headerSize + b.count*entrySize + b.used)
	return b.size, nil
}

// Bytes returns the payload after Finish, nil before: the start of the buffer given to Reset, or of the last
// that Grow returned. Valid until that buffer is used again; copy to keep.
func (b *Builder) Bytes() []byte {
	if b.size == 0 {
		return nil
	}
	return b.room.B[:b.size:b.size]
}

// fail ends the building. The field is that of the item that was being added.
func (b *Builder) fail(field string, err error) error {
	b.size = 0
	b.err = codec.ItemError(layoutResponse, int(b.count), field, err)
	return b.err
}
