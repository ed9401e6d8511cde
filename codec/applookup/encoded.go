package applookup

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// Encoded is an item as it goes over the wire, for a producer that answers with it many times: what it says is checked
// and written once, and each answer is one copy (Builder.AddEncoded). It never changes, so that any number of
// goroutines may use it. The zero value is no item.
type Encoded struct{ b []byte }

// Encode returns the item encoded, in one allocation; it keeps nothing of it. Errors: as Builder.Add, for an item that
// cannot be; codec.ErrOverflow for one that no payload can hold.
func (it *Item) Encode() (Encoded, error) {
	field, err := it.shape()
	switch size := it.size(); {
	case err != nil:
	case size > bounds.MaxSize:
		err = codec.ErrOverflow
	default:
		b := make([]byte, size)
		if put(b, it.PID, it) {
			return Encoded{b}, nil
		}
		field, err = it.nulIn(), codec.ErrInteriorNUL
	}
	return Encoded{}, codec.FieldError(layoutResponse, field, err)
}

// Size returns the size of the item in bytes; 0 of the zero value.
func (e Encoded) Size() int { return len(e.b) }

// View returns what the item says, in place. It stays valid. That of the zero value must not be read.
func (e Encoded) View() ItemView { return ItemView{e.b[:len(e.b):len(e.b)]} }

// AddEncoded is Add for an item that has been encoded before. Errors: codec.ErrBadCount when all pids are answered;
// codec.ErrBadLayout for another pid, unless that of the item is 0; codec.ErrTruncated for the zero value. An item that
// does not fit is no error.
func (b *Builder) AddEncoded(e Encoded) error {
	if !b.build.Wants() {
		return b.build.Refuse()
	}
	if len(e.b) < shortest {
		return b.build.Fail("", codec.ErrTruncated)
	}
	pid := b.pid(b.build.Answered())
	if own := binary.NativeEndian.Uint32(e.b[itemPID:]); own != pid && own != 0 {
		return b.build.Fail("pid", codec.ErrBadLayout)
	}
	if s := Status(binary.NativeEndian.Uint16(e.b[itemStatus:])); s != StatusKnown {
		b.shortest(pid, s)
		return nil
	}
	item, fate := b.build.Known(uint64(len(e.b)), shortest)
	if fate != lookup.Fits {
		putShortest(item, pid, instead(fate, StatusKnown))
		return nil
	}
	copy(item, e.b)
	binary.NativeEndian.PutUint32(item[itemPID:], pid)
	return nil
}
