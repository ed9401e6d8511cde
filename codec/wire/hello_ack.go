package wire

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
)

// HelloAck is what a server decides (spec 01, "HELLO_ACK").
//
//	0 u16 layout_version  16 u32 agreed_max_request_payload_bytes   32 u32 agreed_packet_size
//	2 u16 flags=0         20 u32 agreed_max_request_batch_items     36 u32 zero
//	4 u32 supported       24 u32 agreed_max_response_payload_bytes  40 u64 session_id
//	8 u32 intersection    28 u32 agreed_max_response_batch_items
//	12 u32 selected
//
// It is a plain value: copy it at will. Any number of goroutines may read one.
type HelloAck struct {
	Supported          Profile // the server's
	Intersection       Profile
	Selected           Profile // exactly one bit
	MaxRequestPayload  uint32  // bytes, agreed
	MaxRequestItems    uint32
	MaxResponsePayload uint32 // bytes, agreed
	MaxResponseItems   uint32
	PacketSize         uint32 // bytes, agreed
	SessionID          uint64
	// NoSessionID is set by the decoder for the 36-byte form of the first draft; Put ignores it.
	NoSessionID bool
}

// Put writes the HelloAckSize bytes of a to dst. It panics if dst is shorter.
func (a *HelloAck) Put(dst []byte) {
	_ = dst[HelloAckSize-1]
	ne := binary.NativeEndian
	ne.PutUint16(dst[ackVersion:], layoutVersion)
	ne.PutUint16(dst[ackFlags:], 0)
	ne.PutUint32(dst[ackSupported:], uint32(a.Supported))
	ne.PutUint32(dst[ackIntersection:], uint32(a.Intersection))
	ne.PutUint32(dst[ackSelected:], uint32(a.Selected))
	ne.PutUint32(dst[ackMaxRequestPayload:], a.MaxRequestPayload)
	ne.PutUint32(dst[ackMaxRequestItems:], a.MaxRequestItems)
	ne.PutUint32(dst[ackMaxResponsePayload:], a.MaxResponsePayload)
	ne.PutUint32(dst[ackMaxResponseItems:], a.MaxResponseItems)
	ne.PutUint32(dst[ackPacketSize:], a.PacketSize)
	ne.PutUint32(dst[ackPadding:], 0)
	ne.PutUint64(dst[ackSessionID:], a.SessionID)
}

// DecodeHelloAck reads a HELLO_ACK payload: 48 bytes, of which those after are not looked at, or exactly the
// 36 of the first draft (spec 15-y). Errors: codec.ErrTruncated, codec.ErrBadLayout for a layout version other
// than 1 (the field is then FieldLayoutVersion) or flags that are not zero. Padding is not judged.
func DecodeHelloAck(b []byte) (HelloAck, error) {
	draft := len(b) == helloAckDraftSize
	if len(b) < HelloAckSize && !draft {
		return HelloAck{}, codec.FieldError(layoutHelloAck, "", codec.ErrTruncated)
	}
	ne := binary.NativeEndian
	switch {
	case ne.Uint16(b[ackVersion:]) != layoutVersion:
		return HelloAck{}, codec.FieldError(layoutHelloAck, FieldLayoutVersion, codec.ErrBadLayout)
	case ne.Uint16(b[ackFlags:]) != 0:
		return HelloAck{}, codec.FieldError(layoutHelloAck, "flags", codec.ErrBadLayout)
	}
	a := HelloAck{
		Supported:          Profile(ne.Uint32(b[ackSupported:])),
		Intersection:       Profile(ne.Uint32(b[ackIntersection:])),
		Selected:           Profile(ne.Uint32(b[ackSelected:])),
		MaxRequestPayload:  ne.Uint32(b[ackMaxRequestPayload:]),
		MaxRequestItems:    ne.Uint32(b[ackMaxRequestItems:]),
		MaxResponsePayload: ne.Uint32(b[ackMaxResponsePayload:]),
		MaxResponseItems:   ne.Uint32(b[ackMaxResponseItems:]),
		PacketSize:         ne.Uint32(b[ackPacketSize:]),
		NoSessionID:        draft,
	}
	if !draft {
		a.SessionID = ne.Uint64(b[ackSessionID:])
	}
	return a, nil
}
