package link

import "github.com/plugin-ipc/netipc/codec/wire"

// Splitter cuts a message into packets (spec 01, "Chunk continuation header"). It works in place: the header
// of each further packet is written over bytes of the packet before, so that every packet is one contiguous
// piece and no byte is copied. The message is used up by it.
type Splitter struct {
	msg    []byte // header and payload
	packet int    // agreed packet size, or len(msg) if that is less
	off    int    // bytes given out
	chunk  wire.ChunkHeader
}

// Start begins with a message, header and payload, whose id is id. packet is at least MinPacket; the message is
// at least a header and its length fits a u32.
func (s *Splitter) Start(msg []byte, id uint64, packet uint32) {
	size := min(uint64(packet), uint64(len(msg)))
	room := uint64(packet) - wire.ChunkHeaderSize
	rest := uint64(len(msg)) - size
	*s = Splitter{msg: msg, packet: int(size), chunk: wire.ChunkHeader{
		MessageID: id,
		TotalLen:  uint32(len(msg)),
		Count:     uint32(1 + (rest+room-1)/room),
	}}
}

// Next returns the next packet, nil after the last. It is valid until the next call.
func (s *Splitter) Next() []byte {
	if s.off == 0 {
		s.off = min(s.packet, len(s.msg))
		return s.msg[:s.off]
	}
	n := min(s.packet-wire.ChunkHeaderSize, len(s.msg)-s.off)
	if n == 0 {
		return nil
	}
	s.chunk.Index++
	s.chunk.PayloadLen = uint32(n)
	p := s.msg[s.off-wire.ChunkHeaderSize : s.off+n]
	s.chunk.Put(p)
	s.off += n
	return p
}
