package link

import (
	"errors"
	"fmt"
	"slices"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// MaxHandshakePacket is the room that a receiver of a HELLO or HELLO_ACK needs, in bytes; what a peer sends
// beyond it is ignored (spec 15-g).
const MaxHandshakePacket = 128

// AppendHello appends the HELLO packet for p, whose defaults are filled in, to dst.
func AppendHello(dst []byte, p Proposal) []byte {
	hello := wire.Hello{
		Supported:          p.Supported,
		Preferred:          p.Preferred,
		MaxRequestPayload:  p.RequestPayload,
		MaxRequestItems:    p.RequestItems,
		MaxResponsePayload: p.ResponsePayload,
		MaxResponseItems:   p.ResponseItems,
		AuthToken:          p.AuthToken,
		PacketSize:         p.Packet,
	}
	dst, payload := appendControl(dst, wire.CodeHello, wire.StatusOK, wire.HelloSize)
	hello.Put(payload)
	return dst
}

// AppendAck appends the HELLO_ACK packet that accepts a session to dst.
func AppendAck(dst []byte, a wire.HelloAck) []byte {
	dst, payload := appendControl(dst, wire.CodeHelloAck, wire.StatusOK, wire.HelloAckSize)
	a.Put(payload)
	return dst
}

// AppendRefusal appends the HELLO_ACK packet that refuses a session to dst: layout version 1, the rest zero
// (spec 15-f).
func AppendRefusal(dst []byte, s wire.Status) []byte {
	dst, payload := appendControl(dst, wire.CodeHelloAck, s, wire.HelloAckSize)
	(&wire.HelloAck{}).Put(payload)
	return dst
}

func appendControl(dst []byte, code uint16, s wire.Status, size int) (packet, payload []byte) {
	start := len(dst)
	end := start + wire.HeaderSize + size
	dst = slices.Grow(dst, end-start)[:end] // every byte is written
	h := wire.Header{Kind: wire.KindControl, Code: code, Status: s, PayloadLen: uint32(size), ItemCount: 1}
	h.Put(dst[start:])
	return dst, dst[start+wire.HeaderSize:]
}

// ParseHello judges the first packet of a client. Nil: the HELLO is well formed and Negotiate decides about it.
// Otherwise the error is a *RefusedError with the status to answer with, or ErrNotHello: whoever sent this
// does not speak the protocol, and the answer is silence (spec 15-f).
//
// Envelope flags, status, payload_len, item_count and message_id are ignored, and so are trailing bytes.
func ParseHello(packet []byte) (wire.Hello, error) {
	hdr, err := wire.DecodeHeader(packet)
	switch {
	case !wire.HasMagic(packet):
		return wire.Hello{}, fmt.Errorf("%w: %w", ErrNotHello, err)
	case errors.Is(err, wire.ErrBadVersion) && isHello(packet):
		return wire.Hello{}, refused(wire.StatusIncompatible, err)
	case err != nil:
		return wire.Hello{}, refused(wire.StatusBadEnvelope, err)
	case hdr.Kind != wire.KindControl:
		return wire.Hello{}, refused(wire.StatusBadEnvelope, codec.FieldError("HELLO", "kind", codec.ErrBadLayout))
	case hdr.Code != wire.CodeHello:
		return wire.Hello{}, refused(wire.StatusBadEnvelope, codec.FieldError("HELLO", "code", codec.ErrBadLayout))
	}
	hello, err := wire.DecodeHello(packet[wire.HeaderSize:])
	if err != nil {
		return wire.Hello{}, refused(layoutStatus(err), err)
	}
	return hello, nil
}

// isHello reports whether a packet is a HELLO in all but its version.
func isHello(packet []byte) bool {
	p, ok := wire.PeekHeader(packet)
	return ok && p.HeaderLen == wire.HeaderSize && p.Header.Kind == wire.KindControl && p.Header.Code == wire.CodeHello
}

// layoutStatus tells another layout version from a malformed payload.
func layoutStatus(err error) wire.Status {
	var e *codec.Error
	if errors.As(err, &e) && e.Field == wire.FieldLayoutVersion {
		return wire.StatusIncompatible
	}
	return wire.StatusBadEnvelope
}

// ParseAck judges the answer to the HELLO for p, whose defaults are filled in. Errors: *RefusedError when the
// server refused, or speaks another version (INCOMPATIBLE); ErrProtocol when the answer makes no sense: what
// was not offered is not accepted, and limits must be possible ones (spec 15-j).
func ParseAck(packet []byte, p Proposal) (wire.HelloAck, error) {
	hdr, err := wire.DecodeHeader(packet)
	switch {
	case errors.Is(err, wire.ErrBadVersion):
		return wire.HelloAck{}, refused(wire.StatusIncompatible, err)
	case err != nil:
		return wire.HelloAck{}, violation(wire.Header{}, wire.StatusBadEnvelope, err)
	case hdr.Kind != wire.KindControl || hdr.Code != wire.CodeHelloAck:
		return wire.HelloAck{}, violation(hdr, wire.StatusBadEnvelope, codec.FieldError("HELLO_ACK", "kind and code", codec.ErrBadLayout))
	case hdr.Status != wire.StatusOK:
		return wire.HelloAck{}, refused(hdr.Status, nil)
	}
	ack, err := wire.DecodeHelloAck(packet[wire.HeaderSize:])
	if err != nil {
		if s := layoutStatus(err); s == wire.StatusIncompatible {
			return wire.HelloAck{}, refused(s, err)
		}
		return wire.HelloAck{}, violation(hdr, wire.StatusBadEnvelope, err)
	}
	if field := impossible(ack, p); field != "" {
		return wire.HelloAck{}, violation(hdr, wire.StatusBadEnvelope, codec.FieldError("HELLO_ACK", field, codec.ErrBadLayout))
	}
	return ack, nil
}

// impossible names the first field that contradicts the proposal, or "".
func impossible(a wire.HelloAck, p Proposal) string {
	switch {
	case !a.Selected.Single() || a.Selected&p.Supported == 0:
		return "selected_profile"
	case a.NoSessionID && a.Selected != wire.ProfileBaseline:
		return "selected_profile without session_id"
	case a.MaxRequestPayload == 0 || a.MaxRequestPayload > p.RequestPayload:
		return "agreed_max_request_payload_bytes"
	case a.MaxRequestItems == 0 || a.MaxRequestItems > p.RequestItems:
		return "agreed_max_request_batch_items"
	case a.MaxResponsePayload == 0:
		return "agreed_max_response_payload_bytes"
	case a.MaxResponseItems == 0:
		return "agreed_max_response_batch_items"
	case a.PacketSize < MinPacket || a.PacketSize > p.Packet:
		return "agreed_packet_size"
	}
	return ""
}

// LimitsOf returns what an acknowledgement says about a session.
func LimitsOf(a wire.HelloAck) Limits {
	return Limits{
		RequestPayload:  a.MaxRequestPayload,
		RequestItems:    a.MaxRequestItems,
		ResponsePayload: a.MaxResponsePayload,
		ResponseItems:   a.MaxResponseItems,
		Packet:          a.PacketSize,
	}
}
