package wire

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
)

// Hello is what a client proposes (spec 01, "HELLO").
//
//	0 u16 layout_version  12 u32 max_request_payload_bytes   28 u32 zero
//	2 u16 flags           16 u32 max_request_batch_items     32 u64 auth_token
//	4 u32 supported       20 u32 max_response_payload_bytes  40 u32 packet_size
//	8 u32 preferred       24 u32 max_response_batch_items
//
// It is a plain value: copy it at will. Any number of goroutines may read one.
type Hello struct {
	Flags              uint16 // must be 0; carried because the decoder accepts others (spec 15-e)
	Supported          Profile
	Preferred          Profile
	MaxRequestPayload  uint32 // bytes, proposal
	MaxRequestItems    uint32 // proposal
	MaxResponsePayload uint32 // bytes, a hint that servers ignore
	MaxResponseItems   uint32 // hint
	AuthToken          uint64
	PacketSize         uint32 // bytes
}

// Put writes the HelloSize bytes of h to dst. It panics if dst is shorter.
func (h *Hello) Put(dst []byte) {
	_ = dst[HelloSize-1]
	ne := binary.NativeEndian
	ne.PutUint16(dst[hloVersion:], layoutVersion)
	ne.PutUint16(dst[hloFlags:], h.Flags)
	ne.PutUint32(dst[hloSupported:], uint32(h.Supported))
	ne.PutUint32(dst[hloPreferred:], uint32(h.Preferred))
	ne.PutUint32(dst[hloMaxRequestPayload:], h.MaxRequestPayload)
	ne.PutUint32(dst[hloMaxRequestItems:], h.MaxRequestItems)
	ne.PutUint32(dst[hloMaxResponsePayload:], h.MaxResponsePayload)
	ne.PutUint32(dst[hloMaxResponseItems:], h.MaxResponseItems)
	ne.PutUint32(dst[hloPadding:], 0)
	ne.PutUint64(dst[hloAuthToken:], h.AuthToken)
	ne.PutUint32(dst[hloPacketSize:], h.PacketSize)
}

// DecodeHello reads a HELLO payload from the start of b; bytes after it are not looked at. Errors:
// codec.ErrTruncated, codec.ErrBadLayout for a layout version other than 1 (the field is then
// FieldLayoutVersion) or padding that is not zero. Flags are not judged here but in the handshake (spec 15-e).
func DecodeHello(b []byte) (Hello, error) {
	if len(b) < HelloSize {
		return Hello{}, codec.FieldError(layoutHello, "", codec.ErrTruncated)
	}
	ne := binary.NativeEndian
	switch {
	case ne.Uint16(b[hloVersion:]) != layoutVersion:
		return Hello{}, codec.FieldError(layoutHello, FieldLayoutVersion, codec.ErrBadLayout)
	case ne.Uint32(b[hloPadding:]) != 0:
		return Hello{}, codec.FieldError(layoutHello, "padding", codec.ErrBadLayout)
	}
	return Hello{
		Flags:              ne.Uint16(b[hloFlags:]),
		Supported:          Profile(ne.Uint32(b[hloSupported:])),
		Preferred:          Profile(ne.Uint32(b[hloPreferred:])),
		MaxRequestPayload:  ne.Uint32(b[hloMaxRequestPayload:]),
		MaxRequestItems:    ne.Uint32(b[hloMaxRequestItems:]),
		MaxResponsePayload: ne.Uint32(b[hloMaxResponsePayload:]),
		MaxResponseItems:   ne.Uint32(b[hloMaxResponseItems:]),
		AuthToken:          ne.Uint64(b[hloAuthToken:]),
		PacketSize:         ne.Uint32(b[hloPacketSize:]),
	}, nil
}
