package link_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var goldenProposal = link.Proposal{
	Supported: 3, Preferred: 2,
	RequestPayload: 0x1000, RequestItems: 5, ResponsePayload: 0x01020304, ResponseItems: 6,
	AuthToken: 0x1122334455667788, Packet: 0x33fe0, Depth: 9,
}

func goldenHello(tb testing.TB) []byte {
	return golden.Bytes(tb, `
		4350494e 0100 2000   # magic, version, header_len
		0300 0000 0100 0000  # CONTROL, no flags, HELLO, OK
		2c000000 01000000    # payload_len, item_count
		0000000000000000     # message_id
		0100 0000            # layout_version, flags
		03000000 02000000    # supported, preferred
		00100000 05000000    # request payload, items
		04030201 06000000    # response payload, items
		00000000             # zero
		8877665544332211     # auth_token
		e03f0300             # packet_size`)
}

var goldenAckValue = wire.HelloAck{
	Supported: 7, Intersection: 3, Selected: 2,
	MaxRequestPayload: 0x1000, MaxRequestItems: 5, MaxResponsePayload: 0x10000, MaxResponseItems: 5,
	PacketSize: 0x1fe0, SessionID: 0x0102030405060708,
}

func goldenAck(tb testing.TB) []byte {
	return golden.Bytes(tb, `
		4350494e 0100 2000
		0300 0000 0200 0000  # CONTROL, no flags, HELLO_ACK, OK
		30000000 01000000
		0000000000000000
		0100 0000            # layout_version, flags
		07000000 03000000    # server's profiles, intersection
		02000000             # selected
		00100000 05000000    # request payload, items
		00000100 05000000    # response payload, items
		e01f0000 00000000    # packet_size, zero
		0807060504030201     # session_id`)
}

func goldenRefusal(tb testing.TB) []byte {
	return golden.Bytes(tb, `
		4350494e 0100 2000
		0300 0000 0200 0500  # ..., HELLO_ACK, LIMIT_EXCEEDED
		30000000 01000000
		0000000000000000
		0100 0000            # layout version 1, the rest zero (spec 15-f)
		0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 00000000`)
}

func TestHandshakeGolden(t *testing.T) {
	for _, c := range []struct {
		name string
		got  []byte
		want []byte
	}{
		{"hello", link.AppendHello(nil, goldenProposal), goldenHello(t)},
		{"ack", link.AppendAck(nil, goldenAckValue), goldenAck(t)},
		{"refusal", link.AppendRefusal(nil, wire.StatusLimitExceeded), goldenRefusal(t)},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s:\n %x, want\n %x", c.name, c.got, c.want)
		}
		if len(c.got) > link.MaxHandshakePacket {
			t.Errorf("%s: %d bytes, more than MaxHandshakePacket", c.name, len(c.got))
		}
	}
	prefixed := link.AppendHello([]byte("before"), goldenProposal)
	if !bytes.Equal(prefixed, append([]byte("before"), goldenHello(t)...)) {
		t.Errorf("appended: %x", prefixed)
	}
}

func TestParseHello(t *testing.T) {
	packet := goldenHello(t)
	want := wire.Hello{
		Supported: 3, Preferred: 2, MaxRequestPayload: 0x1000, MaxRequestItems: 5,
		MaxResponsePayload: 0x01020304, MaxResponseItems: 6, AuthToken: 0x1122334455667788, PacketSize: 0x33fe0,
	}
	if got, err := link.ParseHello(packet); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	// What a HELLO's envelope says beside what it is does not matter (spec 15-g).
	for _, off := range []int{10, 14, 16, 20, 24} {
		if got, err := link.ParseHello(flip(packet, off)); err != nil || got != want {
			t.Errorf("byte %d changed: %+v, %v", off, got, err)
		}
	}
	if got, err := link.ParseHello(append(bytes.Clone(packet), 1, 2, 3)); err != nil || got != want {
		t.Errorf("trailing bytes: %+v, %v", got, err)
	}
}

// flip returns a copy of b with one byte changed.
func flip(b []byte, off int) []byte {
	b = bytes.Clone(b)
	b[off] ^= 0x40
	return b
}

func TestParseAck(t *testing.T) {
	packet := goldenAck(t)
	if got, err := link.ParseAck(packet, goldenProposal); err != nil || got != goldenAckValue {
		t.Errorf("%+v, %v; want %+v", got, err, goldenAckValue)
	}
	for _, off := range []int{10, 16, 20, 24, 68} { // envelope and padding (vectors 18)
		if got, err := link.ParseAck(flip(packet, off), goldenProposal); err != nil || got != goldenAckValue {
			t.Errorf("byte %d changed: %+v, %v", off, got, err)
		}
	}
	want := link.Limits{RequestPayload: 0x1000, RequestItems: 5, ResponsePayload: 0x10000, ResponseItems: 5, Packet: 0x1fe0}
	if got := link.LimitsOf(goldenAckValue); got != want {
		t.Errorf("limits %+v, want %+v", got, want)
	}
}

// The 36 bytes of the protocol's first draft are an acknowledgement without session id (spec 01, 15-y).
func TestParseAckDraft(t *testing.T) {
	baseline := goldenAckValue
	baseline.Selected, baseline.SessionID = wire.ProfileBaseline, 0
	draft := link.AppendAck(nil, baseline)[:wire.HeaderSize+36]
	got, err := link.ParseAck(draft, goldenProposal)
	if baseline.NoSessionID = true; err != nil || got != baseline {
		t.Errorf("%+v, %v; want %+v", got, err, baseline)
	}
	draft = link.AppendAck(nil, goldenAckValue)[:wire.HeaderSize+36]
	if _, err := link.ParseAck(draft, goldenProposal); !errors.Is(err, link.ErrProtocol) {
		t.Errorf("shared memory without a session id: %v, want %v", err, link.ErrProtocol)
	}
	if _, err := link.ParseAck(append(draft, 0), goldenProposal); !errors.Is(err, link.ErrProtocol) {
		t.Errorf("37 bytes: %v, want %v", err, link.ErrProtocol)
	}
}
