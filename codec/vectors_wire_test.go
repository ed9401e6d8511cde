package codec_test

import (
	"bytes"
	"fmt"

	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var wireJudges = map[string]judge{
	"envelope_header": headerLayout,
	"header":          headerLayout,
	"chunk_header":    chunkLayout,
	"hello":           helloLayout,
	"hello_ack":       ackLayout,
}

// put returns the size bytes that an encoder writes.
func put(size int, encode func([]byte)) []byte {
	b := bytes.Repeat([]byte{0xaa}, size)
	encode(b)
	return b
}

type headerJSON struct {
	Magic           uint32         `json:"magic"`
	Version         uint16         `json:"version"`
	HeaderLen       uint16         `json:"header_len"`
	Kind            uint16         `json:"kind"`
	Flags           uint16         `json:"flags"`
	Code            uint16         `json:"code"`
	TransportStatus uint16         `json:"transport_status"`
	PayloadLen      uint32         `json:"payload_len"`
	ItemCount       uint32         `json:"item_count"`
	MessageID       vectortest.U64 `json:"message_id"`
}

var headerLayout = layout[headerJSON]{
	encode: func(j headerJSON) ([]byte, error) {
		if j.Magic != 0x4e495043 || j.Version != 1 || j.HeaderLen != 32 {
			return nil, fmt.Errorf("no header has this magic, version and length")
		}
		h := wire.Header{
			Kind: wire.Kind(j.Kind), Flags: wire.Flags(j.Flags), Code: j.Code, Status: wire.Status(j.TransportStatus),
			PayloadLen: j.PayloadLen, ItemCount: j.ItemCount, MessageID: uint64(j.MessageID),
		}
		return put(wire.HeaderSize, h.Put), nil
	},
	decode: func(b []byte, _ row) (headerJSON, error) {
		h, err := wire.DecodeHeader(b)
		if err != nil {
			return headerJSON{}, err
		}
		return headerJSON{
			0x4e495043, 1, 32, uint16(h.Kind), uint16(h.Flags), h.Code, uint16(h.Status),
			h.PayloadLen, h.ItemCount, vectortest.U64(h.MessageID),
		}, nil
	},
	canonical: first(wire.HeaderSize),
}

type chunkJSON struct {
	Magic      uint32         `json:"magic"`
	Version    uint16         `json:"version"`
	Flags      uint16         `json:"flags"`
	MessageID  vectortest.U64 `json:"message_id"`
	TotalLen   uint32         `json:"total_message_len"`
	Index      uint32         `json:"chunk_index"`
	Count      uint32         `json:"chunk_count"`
	PayloadLen uint32         `json:"chunk_payload_len"`
}

var chunkLayout = layout[chunkJSON]{
	encode: func(j chunkJSON) ([]byte, error) {
		if j.Magic != 0x4e43484b || j.Version != 1 || j.Flags != 0 {
			return nil, fmt.Errorf("no chunk header has this magic, version and flags")
		}
		c := wire.ChunkHeader{
			MessageID: uint64(j.MessageID), TotalLen: j.TotalLen, Index: j.Index, Count: j.Count, PayloadLen: j.PayloadLen,
		}
		return put(wire.ChunkHeaderSize, c.Put), nil
	},
	decode: func(b []byte, _ row) (chunkJSON, error) {
		c, err := wire.DecodeChunkHeader(b)
		if err != nil {
			return chunkJSON{}, err
		}
		return chunkJSON{0x4e43484b, 1, 0, vectortest.U64(c.MessageID), c.TotalLen, c.Index, c.Count, c.PayloadLen}, nil
	},
	canonical: first(wire.ChunkHeaderSize),
}

type helloJSON struct {
	LayoutVersion      uint16         `json:"layout_version"`
	Flags              uint16         `json:"flags"`
	Supported          uint32         `json:"supported_profiles"`
	Preferred          uint32         `json:"preferred_profiles"`
	MaxRequestPayload  uint32         `json:"max_request_payload_bytes"`
	MaxRequestItems    uint32         `json:"max_request_batch_items"`
	MaxResponsePayload uint32         `json:"max_response_payload_bytes"`
	MaxResponseItems   uint32         `json:"max_response_batch_items"`
	AuthToken          vectortest.U64 `json:"auth_token"`
	PacketSize         uint32         `json:"packet_size"`
}

var helloLayout = layout[helloJSON]{
	encode: func(j helloJSON) ([]byte, error) {
		if j.LayoutVersion != 1 {
			return nil, fmt.Errorf("no HELLO has layout version %d", j.LayoutVersion)
		}
		h := wire.Hello{
			Flags: j.Flags, Supported: wire.Profile(j.Supported), Preferred: wire.Profile(j.Preferred),
			MaxRequestPayload: j.MaxRequestPayload, MaxRequestItems: j.MaxRequestItems,
			MaxResponsePayload: j.MaxResponsePayload, MaxResponseItems: j.MaxResponseItems,
			AuthToken: uint64(j.AuthToken), PacketSize: j.PacketSize,
		}
		return put(wire.HelloSize, h.Put), nil
	},
	decode: func(b []byte, _ row) (helloJSON, error) {
		h, err := wire.DecodeHello(b)
		if err != nil {
			return helloJSON{}, err
		}
		return helloJSON{
			1, h.Flags, uint32(h.Supported), uint32(h.Preferred), h.MaxRequestPayload, h.MaxRequestItems,
			h.MaxResponsePayload, h.MaxResponseItems, vectortest.U64(h.AuthToken), h.PacketSize,
		}, nil
	},
	canonical: first(wire.HelloSize),
}

type ackJSON struct {
	LayoutVersion      uint16         `json:"layout_version"`
	Flags              uint16         `json:"flags"`
	Supported          uint32         `json:"server_supported_profiles"`
	Intersection       uint32         `json:"intersection_profiles"`
	Selected           uint32         `json:"selected_profile"`
	MaxRequestPayload  uint32         `json:"agreed_max_request_payload_bytes"`
	MaxRequestItems    uint32         `json:"agreed_max_request_batch_items"`
	MaxResponsePayload uint32         `json:"agreed_max_response_payload_bytes"`
	MaxResponseItems   uint32         `json:"agreed_max_response_batch_items"`
	PacketSize         uint32         `json:"agreed_packet_size"`
	SessionID          vectortest.U64 `json:"session_id"`
}

var ackLayout = layout[ackJSON]{
	encode: func(j ackJSON) ([]byte, error) {
		if j.LayoutVersion != 1 || j.Flags != 0 {
			return nil, fmt.Errorf("no HELLO_ACK has layout version %d and flags %d", j.LayoutVersion, j.Flags)
		}
		a := wire.HelloAck{
			Supported: wire.Profile(j.Supported), Intersection: wire.Profile(j.Intersection), Selected: wire.Profile(j.Selected),
			MaxRequestPayload: j.MaxRequestPayload, MaxRequestItems: j.MaxRequestItems,
			MaxResponsePayload: j.MaxResponsePayload, MaxResponseItems: j.MaxResponseItems,
			PacketSize: j.PacketSize, SessionID: uint64(j.SessionID),
		}
		return put(wire.HelloAckSize, a.Put), nil
	},
	decode: func(b []byte, _ row) (ackJSON, error) {
		a, err := wire.DecodeHelloAck(b)
		if err != nil {
			return ackJSON{}, err
		}
		if a.NoSessionID != (len(b) == 36) {
			return ackJSON{}, fmt.Errorf("%d bytes: without session id: %v", len(b), a.NoSessionID)
		}
		return ackJSON{
			1, 0, uint32(a.Supported), uint32(a.Intersection), uint32(a.Selected), a.MaxRequestPayload, a.MaxRequestItems,
			a.MaxResponsePayload, a.MaxResponseItems, a.PacketSize, vectortest.U64(a.SessionID),
		}, nil
	},
	canonical: func(b []byte) []byte { // padding is not judged, but written as zero
		b = bytes.Clone(b[:wire.HelloAckSize])
		clear(b[36:40])
		return b
	},
	differs: func(r row) letter {
		b := *r.Hex
		if len(b) == 36 && r.C == "truncated" && bytes.HasPrefix(b, []byte{1, 0, 0, 0}) { // version 1, flags 0
			return "y"
		}
		return ""
	},
}
