package link

import (
	"crypto/subtle"
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// Negotiate decides about a HELLO whose layout is right (ParseHello): the acknowledgement, or the status of
// the refusal. It is pure; s has no zero fields to be defaulted (Settings.WithDefaults). The order of checks
// is auth, profiles, request limit, packet size: a stranger does not learn our profiles (spec 01, 15-d).
func Negotiate(h wire.Hello, s Settings) (wire.HelloAck, wire.Status) {
	common := h.Supported & s.Supported
	switch {
	case h.Flags != 0:
		return wire.HelloAck{}, wire.StatusBadEnvelope
	case !equalToken(h.AuthToken, s.AuthToken):
		return wire.HelloAck{}, wire.StatusAuthFailed
	case common == 0:
		return wire.HelloAck{}, wire.StatusUnsupported
	case h.MaxRequestPayload > s.RequestPayload:
		return wire.HelloAck{}, wire.StatusLimitExceeded
	case min(h.PacketSize, s.Packet) < MinPacket:
		return wire.HelloAck{}, wire.StatusIncompatible
	}
	selected := (common & h.Preferred & s.Preferred).Highest()
	if selected == 0 {
		selected = common.Highest()
	}
	return wire.HelloAck{
		Supported:          s.Supported,
		Intersection:       common,
		Selected:           selected,
		MaxRequestPayload:  h.MaxRequestPayload,
		MaxRequestItems:    h.MaxRequestItems,
		MaxResponsePayload: s.ResponsePayload,
		MaxResponseItems:   h.MaxRequestItems,
		PacketSize:         min(h.PacketSize, s.Packet),
		SessionID:          s.SessionID,
	}, wire.StatusOK
}

// equalToken compares in constant time.
func equalToken(a, b uint64) bool {
	var x, y [8]byte
	binary.NativeEndian.PutUint64(x[:], a)
	binary.NativeEndian.PutUint64(y[:], b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
