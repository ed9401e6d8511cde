package wire_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Written down from spec 01. Every field has bytes of its own, so that a swapped or shifted one shows.

var headerGolden = wire.Header{
	Kind: wire.KindResponse, Flags: wire.FlagBatch, Code: 0x0102, Status: wire.StatusLimitExceeded,
	PayloadLen: 0x11121314, ItemCount: 0x21222324, MessageID: 0x3132333435363738,
}

const headerText = `
	43 50 49 4e              # magic "NIPC" as a u32
	01 00                    # version
	20 00                    # header_len
	02 00                    # kind RESPONSE
	01 00                    # flags BATCH
	02 01                    # code
	05 00                    # transport_status LIMIT_EXCEEDED
	14 13 12 11              # payload_len
	24 23 22 21              # item_count
	38 37 36 35 34 33 32 31  # message_id
`

var chunkGolden = wire.ChunkHeader{
	MessageID: 0x3132333435363738, TotalLen: 0x11121314, Index: 0x21222324, Count: 0x41424344,
	PayloadLen: 0x51525354,
}

const chunkText = `
	4b 48 43 4e              # magic "NCHK" as a u32
	01 00                    # version
	00 00                    # flags
	38 37 36 35 34 33 32 31  # message_id
	14 13 12 11              # total_message_len
	24 23 22 21              # chunk_index
	44 43 42 41              # chunk_count
	54 53 52 51              # chunk_payload_len
`

var helloGolden = wire.Hello{
	Supported: 0x01020304, Preferred: 0x11121314, MaxRequestPayload: 0x21222324, MaxRequestItems: 0x31323334,
	MaxResponsePayload: 0x41424344, MaxResponseItems: 0x51525354, AuthToken: 0x6162636465666768,
	PacketSize: 0x71727374,
}

const helloText = `
	01 00                    # layout_version
	00 00                    # flags
	04 03 02 01              # supported_profiles
	14 13 12 11              # preferred_profiles
	24 23 22 21              # max_request_payload_bytes
	34 33 32 31              # max_request_batch_items
	44 43 42 41              # max_response_payload_bytes
	54 53 52 51              # max_response_batch_items
	00 00 00 00              # zero
	68 67 66 65 64 63 62 61  # auth_token
	74 73 72 71              # packet_size
`

var ackGolden = wire.HelloAck{
	Supported: 0x01020304, Intersection: 0x11121314, Selected: 0x21222324, MaxRequestPayload: 0x31323334,
	MaxRequestItems: 0x41424344, MaxResponsePayload: 0x51525354, MaxResponseItems: 0x61626364,
	PacketSize: 0x71727374, SessionID: 0x8182838485868788,
}

const ackText = `
	01 00                    # layout_version
	00 00                    # flags
	04 03 02 01              # server_supported_profiles
	14 13 12 11              # intersection_profiles
	24 23 22 21              # selected_profile
	34 33 32 31              # agreed_max_request_payload_bytes
	44 43 42 41              # agreed_max_request_batch_items
	54 53 52 51              # agreed_max_response_payload_bytes
	64 63 62 61              # agreed_max_response_batch_items
	74 73 72 71              # agreed_packet_size
	00 00 00 00              # zero
	88 87 86 85 84 83 82 81  # session_id
`

// fixed is one of the layouts of fixed size: a value, its bytes, and how to get from one to the other.
type fixed struct {
	name   string
	size   int
	value  any
	text   string
	put    func(dst []byte)
	decode func(b []byte) (any, error)
}

var fixedLayouts = []fixed{
	{"header", wire.HeaderSize, headerGolden, headerText, headerGolden.Put,
		func(b []byte) (any, error) { return wire.DecodeHeader(b) }},
	{"chunk header", wire.ChunkHeaderSize, chunkGolden, chunkText, chunkGolden.Put,
		func(b []byte) (any, error) { return wire.DecodeChunkHeader(b) }},
	{"HELLO", wire.HelloSize, helloGolden, helloText, helloGolden.Put,
		func(b []byte) (any, error) { return wire.DecodeHello(b) }},
	{"HELLO_ACK", wire.HelloAckSize, ackGolden, ackText, ackGolden.Put,
		func(b []byte) (any, error) { return wire.DecodeHelloAck(b) }},
}

func TestGolden(t *testing.T) {
	for _, l := range fixedLayouts {
		t.Run(l.name, func(t *testing.T) {
			want := golden.Bytes(t, l.text)
			if len(want) != l.size {
				t.Fatalf("the specification has %d bytes, the constant says %d", len(want), l.size)
			}
			got := dirty(l.size)
			l.put(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("encoded (-specified +written):\n%s", diff)
			}
			v, err := l.decode(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(l.value, v); diff != "" {
				t.Errorf("decoded (-specified +read):\n%s", diff)
			}
		})
	}
}

// dirty returns n bytes that a test would see if an encoder left them.
func dirty(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 0xaa
	}
	return b
}

// The sizes that the specification names.
func TestSizes(t *testing.T) {
	got := []int{wire.HeaderSize, wire.ChunkHeaderSize, wire.HelloSize, wire.HelloAckSize, wire.BatchEntrySize, wire.BatchAlign}
	if diff := cmp.Diff([]int{32, 32, 44, 48, 8, 8}, got); diff != "" {
		t.Error(diff)
	}
}
