package linktest

import (
	"bytes"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Stage is when hostile packets are sent.
type Stage uint8

// The stages.
const (
	InsteadOfHello    Stage = iota // by a client, as its first words
	InsteadOfRequest               // by a client, in a session under HostileLimits
	InsteadOfResponse              // by a server, to the request with id 9, in a session under HostileLimits
	InsteadOfAck                   // by a server, to a HELLO with 1000 bytes and 4 items of requests, packets of 4096, baseline
)

// NamedPackets is one way not to keep to the protocol.
type NamedPackets struct {
	Name    string
	Stage   Stage
	Packets [][]byte
	// WantStatus is what the peer answers with, or would: the status of a refused handshake, or the Status of
	// the *link.ProtocolError that Recv returns. Of responses it means nothing. Of acknowledgements it is the
	// status of the refusal that they are; OK: they are a violation.
	WantStatus wire.Status
	// WantClose says that the peer closes without a word: these packets are not of this protocol.
	WantClose bool
}

// HostileLimits are what a session is to be agreed on for the packets of HostilePackets.
func HostileLimits() link.Limits {
	return link.Limits{RequestPayload: 256, RequestItems: 4, ResponsePayload: 256, ResponseItems: 4, Packet: 64}
}

// HostilePackets returns all of them. The bytes are the caller's.
func HostilePackets() []NamedPackets {
	all := append(hostileHellos(), hostileAcks()...)
	for _, stage := range []Stage{InsteadOfRequest, InsteadOfResponse} {
		all = append(all, hostileMessages(stage)...)
	}
	return all
}

// change returns a copy of a packet with other bytes from off on.
func change(packet []byte, off int, with ...byte) []byte {
	packet = bytes.Clone(packet)
	copy(packet[off:], with)
	return packet
}

// other returns a copy of a packet with all bits of n bytes at off turned over.
func other(packet []byte, off, n int) []byte {
	packet = bytes.Clone(packet)
	for i := range n {
		packet[off+i] ^= 0xff
	}
	return packet
}

// The offsets of what is tampered with (spec 01).
const (
	offMagic, offVersion, offHeaderLen, offKind, offCode, offPayloadLen = 0, 4, 6, 8, 12, 16
	offChunkVersion, offChunkFlags, offChunkID, offChunkTotal           = 4, 6, 8, 16
	offChunkIndex, offChunkCount, offChunkLen                           = 20, 24, 28
	offLayoutVersion, offLayoutFlags, offHelloZero                      = 32, 34, 60
)

func hostileHellos() (all []NamedPackets) {
	hello := link.AppendHello(nil, link.Proposal{}.WithDefaults(wire.ProfileBaseline, 4096))
	answered := func(name string, packet []byte, want wire.Status) {
		all = append(all, NamedPackets{Name: "hello/" + name, Packets: [][]byte{packet}, WantStatus: want})
	}
	ignored := func(name string, packet []byte) {
		all = append(all, NamedPackets{Name: "hello/" + name, Packets: [][]byte{packet}, WantClose: true})
	}
	ignored("one byte", hello[:1])
	ignored("zeros", make([]byte, len(hello)))
	ignored("other magic", other(hello, offMagic, 4))
	ignored("chunk magic", change(hello, offMagic, cutUp(message(request(1), random(64)), 1, 64)[1][:4]...))
	answered("magic alone", hello[:4], wire.StatusBadEnvelope)
	answered("half a header", hello[:31], wire.StatusBadEnvelope)
	answered("header alone", hello[:32], wire.StatusBadEnvelope)
	answered("one byte short", hello[:len(hello)-1], wire.StatusBadEnvelope)
	answered("other version", other(hello, offVersion, 2), wire.StatusIncompatible)
	answered("other version of something else", other(other(hello, offVersion, 2), offCode, 2), wire.StatusBadEnvelope)
	answered("other header length", other(hello, offHeaderLen, 2), wire.StatusBadEnvelope)
	answered("no such kind", other(hello, offKind, 2), wire.StatusBadEnvelope)
	answered("a request", message(request(1), random(44)), wire.StatusBadEnvelope)
	answered("an acknowledgement", link.AppendAck(nil, wire.HelloAck{}), wire.StatusBadEnvelope)
	answered("no such opcode", other(hello, offCode, 2), wire.StatusBadEnvelope)
	answered("other layout version", other(hello, offLayoutVersion, 2), wire.StatusIncompatible)
	answered("other layout version and padding", other(other(hello, offLayoutVersion, 2), offHelloZero, 4), wire.StatusIncompatible)
	answered("flags", other(hello, offLayoutFlags, 2), wire.StatusBadEnvelope)
	answered("padding", other(hello, offHelloZero, 4), wire.StatusBadEnvelope)
	answered("no profile", link.AppendHello(nil, link.Proposal{Packet: 4096}), wire.StatusUnsupported)
	answered("profiles nobody has", link.AppendHello(nil, link.Proposal{Supported: 1 << 31, Preferred: 1 << 31, Packet: 4096}), wire.StatusUnsupported)
	answered("no packet size", link.AppendHello(nil, link.Proposal{Supported: wire.ProfileBaseline}), wire.StatusIncompatible)
	for i := range 8 {
		token := link.Proposal{Supported: wire.ProfileBaseline, AuthToken: 1 << (8 * i), Packet: 4096}
		answered("token differs in byte "+string('0'+rune(i)), link.AppendHello(nil, token), wire.StatusAuthFailed)
	}
	answered("packet size of 1", link.AppendHello(nil, link.Proposal{Supported: wire.ProfileBaseline, Packet: 1}), wire.StatusIncompatible)
	answered("packet size of a header", link.AppendHello(nil, link.Proposal{Supported: wire.ProfileBaseline, Packet: wire.HeaderSize}), wire.StatusIncompatible)
	answered("request of a byte too many", link.AppendHello(nil, link.Proposal{Supported: wire.ProfileBaseline, RequestPayload: link.GrowthCeiling + 1, Packet: 4096}), wire.StatusLimitExceeded)
	answered("largest request", link.AppendHello(nil, link.Proposal{Supported: wire.ProfileBaseline, RequestPayload: 1<<32 - 1, Packet: 4096}), wire.StatusLimitExceeded)
	return all
}
