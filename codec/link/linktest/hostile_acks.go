package linktest

import (
	"encoding/binary"
	"slices"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// The offsets of what is tampered with in a HELLO_ACK (spec 01), those of the header included.
const (
	offStatus, offItemCount, offMessageID               = 14, 20, 24
	offAckSupported, offAckIntersection, offAckSelected = 36, 40, 44
	offAckRequest, offAckRequestItems                   = 48, 52
	offAckResponse, offAckResponseItems, offAckPacket   = 56, 60, 64
	offAckZero, offAckSession                           = 68, 72
	draftAck                                            = wire.HeaderSize + 36
)

// ackProposal is what the client has proposed to whom hostileAcks answers.
func ackProposal() link.Proposal {
	return link.Proposal{
		Supported: wire.ProfileBaseline, Preferred: wire.ProfileBaseline,
		RequestPayload: 1000, RequestItems: 4, Packet: 4096,
	}
}

// goodAck is an answer to ackProposal that a client accepts.
func goodAck() wire.HelloAck {
	return wire.HelloAck{
		Supported: wire.ProfileBaseline, Intersection: wire.ProfileBaseline, Selected: wire.ProfileBaseline,
		MaxRequestPayload: 1000, MaxRequestItems: 4, MaxResponsePayload: 5000, MaxResponseItems: 4, PacketSize: 4000, SessionID: 7,
	}
}

// with returns a copy of a packet with a number at off.
func with(packet []byte, off int, v uint32) []byte {
	packet = slices.Clone(packet)
	binary.NativeEndian.PutUint32(packet[off:], v)
	return packet
}

// hostileAcks returns what can be wrong with the answer to a HELLO for ackProposal. Where WantStatus is OK the
// client takes it for a violation, otherwise for a refusal with that status.
func hostileAcks() (all []NamedPackets) {
	ack := link.AppendAck(nil, goodAck())
	add := func(name string, packet []byte, want wire.Status) {
		all = append(all, NamedPackets{Name: "ack/" + name, Stage: InsteadOfAck, Packets: [][]byte{packet}, WantStatus: want})
	}
	add("one byte", ack[:1], wire.StatusOK)
	add("half a header", ack[:31], wire.StatusOK)
	add("header alone", ack[:32], wire.StatusOK)
	add("zeros", make([]byte, len(ack)), wire.StatusOK)
	add("other magic", other(ack, offMagic, 4), wire.StatusOK)
	add("other header length", other(ack, offHeaderLen, 2), wire.StatusOK)
	add("no such kind", other(ack, offKind, 2), wire.StatusOK)
	add("a response", message(response(request(1)), ack[32:]), wire.StatusOK)
	add("a HELLO", link.AppendHello(nil, ackProposal()), wire.StatusOK)
	add("no such opcode", other(ack, offCode, 2), wire.StatusOK)
	add("one byte short", ack[:len(ack)-1], wire.StatusOK)
	add("one byte less than the first draft", ack[:draftAck-1], wire.StatusOK)
	add("one byte more than the first draft", ack[:draftAck+1], wire.StatusOK)
	add("flags", other(ack, offLayoutFlags, 2), wire.StatusOK)
	add("other version", other(ack, offVersion, 2), wire.StatusIncompatible)
	add("other layout version", other(ack, offLayoutVersion, 2), wire.StatusIncompatible)
	for s := wire.StatusBadEnvelope; s <= wire.StatusInternalError; s++ {
		add("refusal "+s.String(), link.AppendRefusal(nil, s), s)
	}
	add("refusal with a header alone", link.AppendRefusal(nil, wire.StatusAuthFailed)[:32], wire.StatusAuthFailed)
	add("refusal with no known status", change(ack, offStatus, 99), 99)
	add("no profile", with(ack, offAckSelected, 0), wire.StatusOK)
	add("two profiles", with(ack, offAckSelected, 3), wire.StatusOK)
	add("a profile that was not offered", with(ack, offAckSelected, 1<<31), wire.StatusOK)
	for _, field := range []struct {
		name        string
		off         int
		least, most uint32 // 0: it may be anything above least
	}{
		{"request payload", offAckRequest, 1, 1000},
		{"request items", offAckRequestItems, 1, 4},
		{"response payload", offAckResponse, 1, 0},
		{"response items", offAckResponseItems, 1, 0},
		{"packet size", offAckPacket, link.MinPacket, 4096},
	} {
		add(field.name+" too small", with(ack, field.off, field.least-1), wire.StatusOK)
		if field.most != 0 {
			add(field.name+" beyond the proposal", with(ack, field.off, field.most+1), wire.StatusOK)
			add("largest "+field.name, with(ack, field.off, 1<<32-1), wire.StatusOK)
		}
	}
	return all
}

// oddAck is an answer that a client has to accept.
type oddAck struct {
	name   string
	packet []byte
	want   wire.HelloAck
}

func oddAcks() []oddAck {
	ack := link.AppendAck(nil, goodAck())
	of := func(change func(*wire.HelloAck)) wire.HelloAck {
		a := goodAck()
		change(&a)
		return a
	}
	same := goodAck()
	all := []oddAck{
		{"as it should be", ack, same},
		{"envelope flags", other(ack, offMagic+10, 2), same},
		{"payload length", other(ack, offPayloadLen, 4), same},
		{"item count", other(ack, offItemCount, 4), same},
		{"message id", other(ack, offMessageID, 8), same},
		{"server's profiles", other(ack, offAckSupported, 4), same},
		{"intersection", other(ack, offAckIntersection, 4), same},
		{"padding", other(ack, offAckZero, 4), same},
		{"trailing bytes", append(slices.Clone(ack), 1, 2, 3), same},
		{"the first draft's form", ack[:draftAck], of(func(a *wire.HelloAck) { a.SessionID = 0 })},
		{"largest session id", other(with(with(ack, offAckSession, 0), offAckSession+4, 0), offAckSession, 8), of(func(a *wire.HelloAck) { a.SessionID = 1<<64 - 1 })},
	}
	for _, v := range []wire.HelloAck{
		of(func(a *wire.HelloAck) { a.MaxRequestPayload = 1 }),
		of(func(a *wire.HelloAck) { a.MaxRequestItems = 1 }),
		of(func(a *wire.HelloAck) { a.MaxResponsePayload, a.MaxResponseItems = 1, 1 }),
		of(func(a *wire.HelloAck) { a.MaxResponsePayload, a.MaxResponseItems = 1<<32-1, 1<<32-1 }),
		of(func(a *wire.HelloAck) { a.PacketSize = link.MinPacket }),
		of(func(a *wire.HelloAck) { a.PacketSize = 4096 }),
	} {
		all = append(all, oddAck{"limits at the edge", link.AppendAck(nil, v), v})
	}
	return all
}
