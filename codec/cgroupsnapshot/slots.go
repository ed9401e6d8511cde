package cgroupsnapshot

import "github.com/plugin-ipc/netipc/codec/internal/bounds"

// The directory lies before the items, and nobody knows how many come. Room for it is set aside; when that
// turns out too little or too much, the items move. Offsets count from the end of the directory, so moving
// changes none of them.

// fewSlots is how many directory entries are set aside at least when there was no hint.
const fewSlots = 16

// makeRoom sees to it that there is a directory entry for one more item, and room for a packed area of end
// bytes. What is set aside for later items yields when the buffer does not get larger.
func (b *Builder) makeRoom(end uint64) error {
	slots := b.slots
	if b.count == slots {
		slots = max(2*slots, fewSlots)
	}
	if b.room.Ensure(headerSize+slots*entrySize+end) == nil {
		b.setSlots(slots)
		return nil
	}
	least := headerSize + (b.count+1)*entrySize + end
	if err := b.room.Ensure(least); err != nil {
		return err
	}
	b.setSlots(b.count + 1 + b.share(uint64(len(b.room.B))-least, end))
	return nil
}

// share returns how many more entries to set aside when spare bytes are left and no more can be had: for most of
// the items that would fill them if they were like those before. So a move serves many items, and the next one
// but a fraction of them.
func (b *Builder) share(spare, end uint64) uint64 {
	n := spare / (entrySize + bounds.AlignUp(end)/(b.count+1))
	return n - n/8
}

// setSlots moves the packed area to where it begins with n directory entries before it. There is room for that.
func (b *Builder) setSlots(n uint64) {
	if n == b.slots {
		return
	}
	from, to := headerSize+b.slots*entrySize, headerSize+n*entrySize
	copy(b.room.B[to:], b.room.B[from:from+b.used])
	b.slots = n
}
