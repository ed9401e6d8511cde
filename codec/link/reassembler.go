package link

import (
	"fmt"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// allocateAtOnce is the size in bytes up to which a message's buffer is made in one piece as soon as its
// header has passed the limits. Beyond, it grows as bytes arrive: what a peer claims costs us nothing.
const allocateAtOnce = 1 << 20

// Reassembler puts the packets of one direction together again, and checks on the way everything that a
// receiver must. It does no I/O: Next says where the next packet belongs, Take judges it.
//
// The bytes lie contiguous in one buffer. A continuation packet is received so that its header covers the
// last 32 bytes of the message so far, which are kept aside and put back.
type Reassembler struct {
	want   wire.Kind
	limits Limits

	buf   []byte // the message so far, header first; empty between messages
	hdr   wire.Header
	total int // bytes of the whole message
	index uint32
	count uint32 // what every packet must say; more packets come where the peer cuts them shorter than it may
	aside [wire.ChunkHeaderSize]byte
}

// NewReassembler returns a reassembler for messages of one kind under the agreed limits, whose Packet is at
// least MinPacket.
func NewReassembler(want wire.Kind, l Limits) Reassembler {
	return Reassembler{want: want, limits: l}
}

// Partial reports whether a message has begun and is not whole.
func (r *Reassembler) Partial() bool { return len(r.buf) > 0 }

// Next returns where the next packet goes: it is to be appended to b, and at most room bytes of it matter (a
// longer one is a violation that Take will report).
func (r *Reassembler) Next() (b []byte, room int) {
	if !r.Partial() {
		payload, _ := r.limits.of(r.want)
		return r.buf[:0], int(min(uint64(payload), maxPayload) + wire.HeaderSize)
	}
	at := len(r.buf) - wire.ChunkHeaderSize
	room = int(min(uint64(r.limits.Packet), uint64(r.total-at)))
	r.grow(at + min(room, allocateAtOnce)) // a larger packet gets its room from the transport, once it is there
	return r.buf[:at], room
}

// grow makes room for need bytes: the whole message if that is small, else doubling.
func (r *Reassembler) grow(need int) {
	if need <= cap(r.buf) {
		return
	}
	size := r.total
	if size > allocateAtOnce {
		size = min(r.total, max(need, 2*cap(r.buf), allocateAtOnce))
	}
	bigger := make([]byte, len(r.buf), size)
	copy(bigger, r.buf)
	r.buf = bigger
}

// Take judges the packet that was appended to the b of the last Next. size is the packet's true size, which
// may be more than the room that Next offered. It reports whether the message is whole. The error is a
// *ProtocolError, after which the session is over.
func (r *Reassembler) Take(b []byte, size int) (whole bool, err error) {
	if !r.Partial() {
		return r.first(b, size)
	}
	return r.further(b, size)
}

func (r *Reassembler) first(b []byte, size int) (bool, error) {
	h, err := wire.DecodeHeader(b)
	if err != nil {
		return false, malformed(b, err)
	}
	if err := checkHeader(h, r.want, r.limits); err != nil {
		return false, err
	}
	total := wire.HeaderSize + int(h.PayloadLen)
	if size > total {
		return false, violation(h, wire.StatusBadEnvelope, fmt.Errorf("packet of %d bytes for a message of %d: %w", size, total, codec.ErrBadLayout))
	}
	r.buf, r.hdr, r.total = b, h, total
	if size == total {
		return true, checkPayload(h, b[wire.HeaderSize:])
	}
	rest := uint64(total - size)
	room := uint64(r.limits.Packet) - wire.ChunkHeaderSize
	r.index, r.count = 0, uint32(1+(rest+room-1)/room)
	r.keep()
	return false, nil
}

// keep puts aside the bytes that the header of the next packet will cover. It is done as soon as they are
// there, so that a read that fails may leave anything in their place.
func (r *Reassembler) keep() { copy(r.aside[:], r.buf[len(r.buf)-wire.ChunkHeaderSize:]) }

func (r *Reassembler) further(b []byte, size int) (bool, error) {
	at := len(r.buf) - wire.ChunkHeaderSize
	if uint64(size) > uint64(r.limits.Packet) {
		return false, violation(r.hdr, wire.StatusBadEnvelope, fmt.Errorf("packet of %d bytes where %d are agreed: %w", size, r.limits.Packet, codec.ErrBadLayout))
	}
	c, err := wire.DecodeChunkHeader(b[at:])
	if err != nil {
		return false, violation(r.hdr, wire.StatusBadEnvelope, err)
	}
	r.index++
	if field := r.mismatch(c, size); field != "" {
		return false, violation(r.hdr, wire.StatusBadEnvelope, codec.FieldError("chunk header", field, codec.ErrBadLayout))
	}
	copy(b[at:], r.aside[:])
	r.buf = b
	if len(b) < r.total {
		r.keep()
		return false, nil
	}
	return true, checkPayload(r.hdr, b[wire.HeaderSize:])
}

// mismatch names the first field of a chunk header that does not fit the message under way, or "".
func (r *Reassembler) mismatch(c wire.ChunkHeader, size int) string {
	switch {
	case c.MessageID != r.hdr.MessageID:
		return "message_id"
	case uint64(c.TotalLen) != uint64(r.total):
		return "total_message_len"
	case c.Index != r.index:
		return "chunk_index"
	case c.Count != r.count:
		return "chunk_count"
	case uint64(size) != wire.ChunkHeaderSize+uint64(c.PayloadLen) || uint64(c.PayloadLen) > uint64(r.total-len(r.buf)):
		return "chunk_payload_len"
	}
	return ""
}

// Move hands the whole message over to m and takes m's buffer for the next one.
func (r *Reassembler) Move(m *Message) {
	spare := m.Buffer()
	m.Set(r.hdr, r.buf)
	r.buf = spare
}
