package wire

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
)

// Header is the outer header of a message (spec 01, "Outer header"). Magic, version and header length are
// implied: DecodeHeader checks them, Put writes them.
//
//	0 u32 magic       8 u16 kind    14 u16 transport_status  20 u32 item_count
//	4 u16 version    10 u16 flags   16 u32 payload_len       24 u64 message_id
//	6 u16 header_len 12 u16 code
//
// It is a plain value: copy it at will. Any number of goroutines may read one.
type Header struct {
	Kind       Kind
	Flags      Flags
	Code       uint16 // method, or control opcode when Kind is KindControl
	Status     Status // outcome of the envelope, never of the business
	PayloadLen uint32 // bytes after the header, over all packets
	ItemCount  uint32 // 1, or the number of items of a batch
	MessageID  uint64 // correlates a response with its request
}

// IsBatch reports whether the payload begins with a batch directory.
func (h *Header) IsBatch() bool { return h.Flags&FlagBatch != 0 }

// Put writes the HeaderSize bytes of h to dst. It panics if dst is shorter: sizing the buffer is the caller's
// own arithmetic, never a peer's.
func (h *Header) Put(dst []byte) {
	_ = dst[HeaderSize-1]
	ne := binary.NativeEndian
	ne.PutUint32(dst[hdrMagic:], magicMessage)
	ne.PutUint16(dst[hdrVersion:], Version)
	ne.PutUint16(dst[hdrHeaderLen:], HeaderSize)
	ne.PutUint16(dst[hdrKind:], uint16(h.Kind))
	ne.PutUint16(dst[hdrFlags:], uint16(h.Flags))
	ne.PutUint16(dst[hdrCode:], h.Code)
	ne.PutUint16(dst[hdrStatus:], uint16(h.Status))
	ne.PutUint32(dst[hdrPayloadLen:], h.PayloadLen)
	ne.PutUint32(dst[hdrItemCount:], h.ItemCount)
	ne.PutUint64(dst[hdrMessageID:], h.MessageID)
}

// DecodeHeader reads a header from the start of b; bytes after it are not looked at. Flags, code, status and
// lengths may have any value: they are judged against what was agreed, in package link. Errors, in the order
// in which they are looked for: codec.ErrTruncated, ErrBadMagic, ErrBadVersion, ErrBadHeaderLen, ErrBadKind.
func DecodeHeader(b []byte) (h Header, err error) {
	if len(b) < HeaderSize {
		return Header{}, codec.FieldError(layoutHeader, "", codec.ErrTruncated)
	}
	ne := binary.NativeEndian
	switch {
	case ne.Uint32(b[hdrMagic:]) != magicMessage:
		return Header{}, codec.FieldError(layoutHeader, "magic", ErrBadMagic)
	case ne.Uint16(b[hdrVersion:]) != Version:
		return Header{}, codec.FieldError(layoutHeader, "version", ErrBadVersion)
	case ne.Uint16(b[hdrHeaderLen:]) != HeaderSize:
		return Header{}, codec.FieldError(layoutHeader, "header_len", ErrBadHeaderLen)
	}
	h.read(b) // into the result itself: a copy of fields just written is slow
	if h.Kind < KindRequest || h.Kind > KindControl {
		return Header{}, codec.FieldError(layoutHeader, "kind", ErrBadKind)
	}
	return h, nil
}

// read takes the fields of h, unjudged, from at least HeaderSize bytes.
func (h *Header) read(b []byte) {
	_ = b[HeaderSize-1]
	ne := binary.NativeEndian
	h.Kind = Kind(ne.Uint16(b[hdrKind:]))
	h.Flags = Flags(ne.Uint16(b[hdrFlags:]))
	h.Code = ne.Uint16(b[hdrCode:])
	h.Status = Status(ne.Uint16(b[hdrStatus:]))
	h.PayloadLen = ne.Uint32(b[hdrPayloadLen:])
	h.ItemCount = ne.Uint32(b[hdrItemCount:])
	h.MessageID = ne.Uint64(b[hdrMessageID:])
}
