package wire

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
)

// ChunkHeader stands before every packet of a message but the first (spec 01, "Chunk continuation header").
// Magic, version and flags are implied.
//
//	0 u32 magic     8 u64 message_id        24 u32 chunk_count
//	4 u16 version  16 u32 total_message_len 28 u32 chunk_payload_len
//	6 u16 flags=0  20 u32 chunk_index
//
// It is a plain value: copy it at will. Any number of goroutines may read one.
type ChunkHeader struct {
	MessageID  uint64 // as in the first packet
	TotalLen   uint32 // header and payload of the whole message, bytes
	Index      uint32 // 1 for the second packet
	Count      uint32 // number of packets, the first included
	PayloadLen uint32 // payload bytes in this packet, > 0
}

// Put writes the ChunkHeaderSize bytes of c to dst. It panics if dst is shorter.
func (c *ChunkHeader) Put(dst []byte) {
	_ = dst[ChunkHeaderSize-1]
	ne := binary.NativeEndian
	ne.PutUint32(dst[chkMagic:], magicChunk)
	ne.PutUint16(dst[chkVersion:], Version)
	ne.PutUint16(dst[chkFlags:], 0)
	ne.PutUint64(dst[chkMessageID:], c.MessageID)
	ne.PutUint32(dst[chkTotalLen:], c.TotalLen)
	ne.PutUint32(dst[chkIndex:], c.Index)
	ne.PutUint32(dst[chkCount:], c.Count)
	ne.PutUint32(dst[chkPayloadLen:], c.PayloadLen)
}

// DecodeChunkHeader reads a chunk header from the start of b; bytes after it are not looked at. It judges
// magic, version, flags (0) and payload length (> 0); the comparisons with the message under way are the
// receiver's (link.Reassembler). Errors: codec.ErrTruncated, ErrBadMagic, ErrBadVersion, codec.ErrBadLayout.
func DecodeChunkHeader(b []byte) (ChunkHeader, error) {
	if len(b) < ChunkHeaderSize {
		return ChunkHeader{}, codec.FieldError(layoutChunk, "", codec.ErrTruncated)
	}
	ne := binary.NativeEndian
	switch {
	case ne.Uint32(b[chkMagic:]) != magicChunk:
		return ChunkHeader{}, codec.FieldError(layoutChunk, "magic", ErrBadMagic)
	case ne.Uint16(b[chkVersion:]) != Version:
		return ChunkHeader{}, codec.FieldError(layoutChunk, "version", ErrBadVersion)
	case ne.Uint16(b[chkFlags:]) != 0:
		return ChunkHeader{}, codec.FieldError(layoutChunk, "flags", codec.ErrBadLayout)
	}
	c := ChunkHeader{
		MessageID:  ne.Uint64(b[chkMessageID:]),
		TotalLen:   ne.Uint32(b[chkTotalLen:]),
		Index:      ne.Uint32(b[chkIndex:]),
		Count:      ne.Uint32(b[chkCount:]),
		PayloadLen: ne.Uint32(b[chkPayloadLen:]),
	}
	if c.PayloadLen == 0 {
		return ChunkHeader{}, codec.FieldError(layoutChunk, "chunk_payload_len", codec.ErrBadLayout)
	}
	return c, nil
}
