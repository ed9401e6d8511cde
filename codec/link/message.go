package link

import (
	"github.com/plugin-ipc/netipc/codec/internal/invariants"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Message is one received message and the buffer it lies in. The zero value is ready for Recv. It belongs to
// whoever holds it; sessions keep no reference.
type Message struct {
	Header wire.Header
	// Payload is borrowed from the message's buffer: valid until Release, Swap or the next Recv into this
	// message; copy to keep.
	Payload []byte

	buf []byte // header and payload, as they came
}

// Release ends the life of Payload. The buffer is kept for the next Recv. In builds with the tag
// netipc_invariants the bytes are overwritten, so that whoever kept them notices.
func (m *Message) Release() {
	invariants.Poison(m.Payload)
	m.Payload = nil
}

// Swap exchanges two messages, buffers and all, without copying.
func (m *Message) Swap(o *Message) { *m, *o = *o, *m }

// Batch returns the items of a batch; Recv has validated the directory. Borrowed as Payload is. It is
// meaningful only where Header.IsBatch, and of answers only those whose status is OK.
func (m *Message) Batch() wire.BatchView {
	return wire.BatchOf(m.Payload, m.Header.ItemCount)
}

// Set makes m hold a message that a transport has copied out to buf: a header and its payload. It checks
// nothing (Check does).
func (m *Message) Set(h wire.Header, buf []byte) {
	end := wire.HeaderSize + int(h.PayloadLen)
	m.Header, m.buf = h, buf
	m.Payload = buf[wire.HeaderSize:end:end]
}

// Buffer gives out m's buffer, emptied, for a transport to receive into; the message is empty afterwards.
func (m *Message) Buffer() []byte {
	m.Release()
	b := m.buf[:0]
	*m = Message{}
	return b
}
