package wire

import (
	"encoding/binary"
	"math"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
)

// BatchBuilder writes a batch payload straight into a caller's buffer. Zero value: Reset first. It does not
// allocate, except for errors, and serves one goroutine.
//
// Room for the directory is set aside for the largest number of items; Finish closes the gap when fewer came.
// An item is taken only if it will have its padding then, so that the payload is never larger than the buffer
// and never ends in what the buffer held before (spec 15-b). A refused item leaves those before it as they are.
type BatchBuilder struct {
	dst   []byte
	max   int    // directory entries set aside
	count int    // items taken
	used  uint64 // bytes of the packed area up to the end of the last item, without its padding
	open  bool   // between Next and Done
}

// Reset starts a batch of at most maxItems items in dst, which the builder borrows until Finish. What dst holds
// does not matter. Error: codec.ErrOverflow when not even the directory fits.
func (b *BatchBuilder) Reset(dst []byte, maxItems int) error {
	*b = BatchBuilder{}
	dst = dst[:min(uint64(len(dst)), bounds.MaxSize)]
	if maxItems < 0 || maxItems > len(dst)/BatchEntrySize {
		return codec.FieldError(layoutBatch, "directory", codec.ErrOverflow)
	}
	b.dst, b.max = dst, maxItems
	return nil
}

// Next returns the room for one more item: all of the buffer that the item can have. Done takes what was
// written there; without Done, another Next returns the same room. Errors: codec.ErrBadCount beyond maxItems,
// codec.ErrOverflow when not even an empty item fits.
func (b *BatchBuilder) Next() ([]byte, error) {
	if b.count == b.max {
		return nil, codec.ItemError(layoutBatch, b.count, "", codec.ErrBadCount)
	}
	start := b.start()
	if start > uint64(len(b.dst)) {
		return nil, codec.ItemError(layoutBatch, b.count, "", codec.ErrOverflow)
	}
	b.open = true
	room := b.dst[start:]
	if b.count+1 == b.max { // with an entry to spare, the padding moves into its place
		room = room[:len(room)&^(BatchAlign-1)]
	}
	return room[:len(room):len(room)], nil
}

// start is where the next item begins in the buffer.
func (b *BatchBuilder) start() uint64 {
	return uint64(b.max)*BatchEntrySize + bounds.AlignUp(b.used)
}

// Done takes the first n bytes of the room that the last Next returned as the next item. Errors:
// codec.ErrOverflow when n is more than that room, codec.ErrBadCount without a Next.
func (b *BatchBuilder) Done(n int) error {
	if !b.open {
		return codec.ItemError(layoutBatch, b.count, "", codec.ErrBadCount)
	}
	room, err := b.Next()
	b.open = false
	if err != nil || n < 0 || n > len(room) {
		return codec.ItemError(layoutBatch, b.count, "", codec.ErrOverflow)
	}
	b.pad(b.max)
	off := bounds.AlignUp(b.used)
	e := b.dst[b.count*BatchEntrySize:]
	binary.NativeEndian.PutUint32(e[entOffset:], uint32(off))
	binary.NativeEndian.PutUint32(e[entLength:], uint32(n))
	b.used = off + uint64(n)
	b.count++
	return nil
}

// pad zeroes the padding of the last item, where the directory has that many entries.
func (b *BatchBuilder) pad(entries int) {
	dir := uint64(entries) * BatchEntrySize
	clear(b.dst[dir+b.used : dir+bounds.AlignUp(b.used)])
}

// Add copies one item. Errors as Next and Done.
func (b *BatchBuilder) Add(item []byte) error {
	room, err := b.Next()
	if err != nil {
		return err
	}
	copy(room, item)
	return b.Done(len(item))
}

// Need returns how long the buffer has to be, in bytes, for the next item to have n bytes and its padding.
// What an int does not hold yields math.MaxInt.
func (b *BatchBuilder) Need(n int) int {
	return int(min(b.start()+bounds.AlignUp(uint64(max(n, 0))), math.MaxInt))
}

// Rebase goes on in dst, which begins with all bytes of the buffer before it: what a codec.Grow returns. The
// room that Next returned is dead; another Next returns it anew, with what was written there.
func (b *BatchBuilder) Rebase(dst []byte) {
	b.dst = dst[:min(uint64(len(dst)), bounds.MaxSize)]
}

// Len returns the number of items taken so far.
func (b *BatchBuilder) Len() int { return b.count }

// Finish returns the size of the payload in bytes; it lies at the start of the buffer. No item can be added
// afterwards. A second Finish returns the same.
func (b *BatchBuilder) Finish() int {
	dir := uint64(b.count) * BatchEntrySize
	if b.count < b.max {
		gap := uint64(b.max) * BatchEntrySize
		copy(b.dst[dir:], b.dst[gap:gap+b.used])
		b.max = b.count
	}
	b.open = false
	b.pad(b.count)
	return int(dir + bounds.AlignUp(b.used))
}
