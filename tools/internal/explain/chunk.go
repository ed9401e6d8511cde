package explain

import (
	"fmt"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// partial is a message of which packets are still missing.
type partial struct {
	x      *explanation // of the first packet
	header *Section     // of the first packet
	h      wire.Header
	msg    []byte // so far
	index  uint32 // of the last packet
	count  uint32 // of packets; 0 as long as nothing says so
	size   uint32 // largest size of a packet
}

// begin explains the first packet of a message that goes on.
func (x *explanation) begin(s *Section, h wire.Header) {
	b := x.in.Bytes
	x.p.Title += ", first packet"
	x.note("%d of %d payload bytes; the payload is explained with the last packet", len(b)-wire.HeaderSize, h.PayloadLen)
	x.rest("part of the payload", wire.HeaderSize)
	m := &partial{x: x, header: s, h: h, msg: append([]byte(nil), b...), size: uint32(len(b))}
	if agreed := x.e.agreed[x.in.Conn]; agreed > wire.ChunkHeaderSize {
		m.size = agreed
		room := uint64(agreed) - wire.ChunkHeaderSize
		m.count = uint32(1 + (uint64(m.missing())+room-1)/room)
	}
	x.e.partial[x.stream()] = m
}

// missing is how many bytes are still to come.
func (m *partial) missing() int { return wire.HeaderSize + int(m.h.PayloadLen) - len(m.msg) }

// giveUp says that the message will not become whole.
func (m *partial) giveUp(why string) {
	m.x.wrong(m.header, "payload_len", fmt.Sprintf("%d bytes are missing, %s", m.missing(), why))
	delete(m.x.e.partial, m.x.stream())
}

// chunk explains a packet that continues m, if there is one.
func (x *explanation) chunk(m *partial) {
	b := x.in.Bytes
	x.p.Title = "chunk"
	s := x.section("chunk header", chunkLayout, b, 0)
	c, err := wire.DecodeChunkHeader(b)
	if err != nil {
		x.fail(s, chunkLayout, err, 0, min(len(b), wire.ChunkHeaderSize))
		x.rest("unexplained", wire.ChunkHeaderSize)
		return
	}
	x.p.Title = fmt.Sprintf("chunk %d of %d, message %d", uint64(c.Index)+1, c.Count, c.MessageID)
	if m == nil {
		x.rest("part of a payload", wire.ChunkHeaderSize)
		x.wrong(s, "magic", "a chunk, and the message's first packet is not there")
		return
	}
	m.index++
	if field, wrong := m.mismatch(c, len(b)); field != "" {
		x.rest("part of the payload", wire.ChunkHeaderSize)
		x.wrong(s, field, wrong)
		delete(x.e.partial, x.stream()) // one violation is enough
		return
	}
	m.count = c.Count
	m.msg = append(m.msg, b[wire.ChunkHeaderSize:]...)
	if m.missing() > 0 {
		x.rest("part of the payload", wire.ChunkHeaderSize)
		return
	}
	delete(x.e.partial, x.stream())
	x.p.Title += ", the last"
	x.note("the message is whole: %s; offsets behind the chunk header count from the header of packet %d, without chunk headers", title(m.h), m.x.p.Number)
	s = x.section(fmt.Sprintf("header, of packet %d", m.x.p.Number), headerLayout, m.msg, 0)
	s.say("code", codeName(m.h))
	x.whole(s, m.h, m.msg)
}

// mismatch names the first field of a chunk header that does not fit the message, and says why. size is the
// packet's.
func (m *partial) mismatch(c wire.ChunkHeader, size int) (field, wrong string) {
	switch total := len(m.msg) + m.missing(); {
	case c.MessageID != m.h.MessageID:
		return "message_id", fmt.Sprintf("the message under way is %d", m.h.MessageID)
	case uint64(c.TotalLen) != uint64(total):
		return "total_message_len", fmt.Sprintf("the header says %d", total)
	case c.Index != m.index:
		return "chunk_index", fmt.Sprintf("%d is due", m.index)
	case m.count != 0 && c.Count != m.count:
		return "chunk_count", fmt.Sprintf("%d are due", m.count)
	case uint64(size) != wire.ChunkHeaderSize+uint64(c.PayloadLen):
		return "chunk_payload_len", fmt.Sprintf("the packet has %d bytes behind the header", size-wire.ChunkHeaderSize)
	case uint64(c.PayloadLen) > uint64(m.missing()):
		return "chunk_payload_len", fmt.Sprintf("the message lacks %d bytes", m.missing())
	case uint64(size) > uint64(m.size):
		return "chunk_payload_len", fmt.Sprintf("packets have at most %d bytes", m.size)
	}
	return "", ""
}
