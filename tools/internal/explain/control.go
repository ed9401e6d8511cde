package explain

import (
	"fmt"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// control explains a message of the handshake. Of its header only the kind and the code count, and of
// HELLO_ACK the status (spec 15-g).
func (x *explanation) control(s *Section, h wire.Header) {
	payload := x.in.Bytes[wire.HeaderSize:]
	if uint64(h.PayloadLen) != uint64(len(payload)) {
		x.note("payload_len is %d, %d bytes are there: ignored in the handshake", h.PayloadLen, len(payload))
	}
	switch h.Code {
	case wire.CodeHello:
		if x.in.Direction == ServerToClient {
			x.wrong(s, "code", "a server answers a HELLO, it sends none")
		}
		x.payload(typeHello, payload, wire.HeaderSize)
	case wire.CodeHelloAck:
		if x.in.Direction == ClientToServer {
			x.wrong(s, "code", "a client sends a HELLO")
		}
		if h.Status != wire.StatusOK {
			x.p.Title += ", refused: " + h.Status.String()
			x.section("HELLO_ACK", helloAckLayout, payload, wire.HeaderSize)
			x.note("a refusal: the payload is not looked at")
			return
		}
		x.payload(typeHelloAck, payload, wire.HeaderSize)
		if ack, err := wire.DecodeHelloAck(payload); err == nil {
			x.e.agreed[x.in.Conn] = ack.PacketSize
		}
	default:
		x.wrong(s, "code", fmt.Sprintf("%v: must be %d HELLO or %d HELLO_ACK", codec.ErrBadLayout, wire.CodeHello, wire.CodeHelloAck))
		x.bytes("unexplained", payload, wire.HeaderSize)
	}
}

func (x *explanation) hello(b []byte, base int) {
	s := x.section("HELLO", helloLayout, b, base)
	hello, err := wire.DecodeHello(b)
	switch {
	case err != nil:
		x.fail(s, helloLayout, err, base, min(len(b), wire.HelloSize))
	case hello.Flags != 0:
		x.wrong(s, "flags", "must be 0: servers answer BAD_ENVELOPE, older ones ignore it")
	default:
		x.trailing(b, wire.HelloSize)
	}
}

func (x *explanation) helloAck(b []byte, base int) {
	s := x.section("HELLO_ACK", helloAckLayout, b, base)
	ack, err := wire.DecodeHelloAck(b)
	switch {
	case err != nil:
		x.fail(s, helloAckLayout, err, base, min(len(b), wire.HelloAckSize))
	case ack.NoSessionID:
		x.note("the acknowledgement of the protocol's first draft, without a session id: baseline only")
	default:
		x.trailing(b, wire.HelloAckSize)
	}
	switch {
	case err != nil:
	case !ack.Selected.Single():
		x.wrong(s, "selected_profile", "must be exactly one bit")
	case ack.NoSessionID && ack.Selected != wire.ProfileBaseline:
		x.wrong(s, "selected_profile", "must be baseline where there is no session id")
	case ack.PacketSize <= wire.HeaderSize:
		x.wrong(s, "agreed_packet_size", "must be more than 32")
	}
}

// trailing notes bytes behind a payload of fixed size.
func (x *explanation) trailing(b []byte, size int) {
	if len(b) > size {
		x.note("%d bytes behind the payload: ignored", len(b)-size)
	}
}
