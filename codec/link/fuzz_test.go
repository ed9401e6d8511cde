package link_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// stream is packets in one piece: each with its length before it, as a u16.
func stream(packets [][]byte) (b []byte) {
	for _, p := range packets {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(p)))
		b = append(b, p...)
	}
	return b
}

func packetsIn(b []byte) (packets [][]byte) {
	for len(b) >= 2 {
		n := min(int(binary.LittleEndian.Uint16(b)), len(b)-2)
		packets = append(packets, b[2:2+n])
		b = b[2+n:]
	}
	return packets
}

// FuzzReassembler holds the Reassembler against the plain receiver, whatever the packets.
func FuzzReassembler(f *testing.F) {
	for _, h := range linktest.HostilePackets() {
		if h.Stage == linktest.InsteadOfRequest || h.Stage == linktest.InsteadOfResponse {
			f.Add(stream(h.Packets), h.Stage == linktest.InsteadOfResponse, uint16(64))
		}
	}
	msg := append(encode(wire.Header{Kind: wire.KindRequest, PayloadLen: 200, ItemCount: 1, MessageID: 1}), pattern(200, 1)...)
	for _, packet := range []uint16{33, 48, 64, 300} {
		f.Add(stream(append(cut(msg, 1, uint32(packet)), cut(msg, 1, uint32(packet))...)), false, packet)
	}
	f.Fuzz(func(t *testing.T, b []byte, responses bool, packet uint16) {
		want := wire.KindRequest
		if responses {
			want = wire.KindResponse
		}
		l := withPacket(linktest.HostileLimits(), max(uint32(packet), link.MinPacket))
		tr := &transport{re: link.NewReassembler(want, l), scribble: packet%2 == 1}
		compare(t, tr, &receiver{want: want, limits: l}, packetsIn(b))
	})
}

// FuzzParseHello: any first packet is a HELLO, a refusal with a status, or not of this protocol; what is a
// HELLO is the same after a round trip, but for what is ignored.
func FuzzParseHello(f *testing.F) {
	f.Add(goldenHello(f))
	for _, h := range linktest.HostilePackets() {
		if h.Stage == linktest.InsteadOfHello {
			f.Add(h.Packets[0])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		hello, err := link.ParseHello(b)
		var refused *link.RefusedError
		switch {
		case errors.As(err, &refused):
			if !wire.HasMagic(b) || refused.Status != wire.StatusBadEnvelope && refused.Status != wire.StatusIncompatible {
				t.Fatalf("%x is refused with %v", b, refused.Status)
			}
			return
		case err != nil:
			if !errors.Is(err, link.ErrNotHello) || wire.HasMagic(b) {
				t.Fatalf("%x: %v", b, err)
			}
			return
		}
		ack, status := link.Negotiate(hello, fairSettings)
		if hello.Flags != 0 && status != wire.StatusBadEnvelope {
			t.Fatalf("flags %x: %v", hello.Flags, status)
		}
		p := link.Proposal{
			Supported: hello.Supported, Preferred: hello.Preferred,
			RequestPayload: hello.MaxRequestPayload, RequestItems: hello.MaxRequestItems,
			ResponsePayload: hello.MaxResponsePayload, ResponseItems: hello.MaxResponseItems,
			AuthToken: hello.AuthToken, Packet: hello.PacketSize,
		}
		flags := hello.Flags
		hello.Flags = 0
		if again, err := link.ParseHello(link.AppendHello(nil, p)); err != nil || again != hello {
			t.Fatalf("%+v came back as %+v, %v", hello, again, err)
		}
		if flags == 0 && status == wire.StatusOK && hello.MaxRequestPayload > 0 && hello.MaxRequestItems > 0 {
			if _, err := link.ParseAck(link.AppendAck(nil, ack), p); err != nil {
				t.Fatalf("the client refuses what was agreed on, %+v: %v", ack, err)
			}
		}
	})
}

// FuzzParseAck: any answer is an acknowledgement that makes sense, a refusal, or a violation.
func FuzzParseAck(f *testing.F) {
	f.Add(goldenAck(f))
	f.Add(goldenAck(f)[:wire.HeaderSize+36])
	f.Add(goldenRefusal(f))
	f.Add(goldenHello(f))
	p := goldenProposal
	least := wire.HelloAck{
		Selected: 1, MaxRequestPayload: 1, MaxRequestItems: 1, MaxResponsePayload: 1, MaxResponseItems: 1, PacketSize: link.MinPacket,
	}
	most := wire.HelloAck{
		Selected: 2, MaxRequestPayload: p.RequestPayload, MaxRequestItems: p.RequestItems,
		MaxResponsePayload: 1<<32 - 1, MaxResponseItems: 1<<32 - 1, PacketSize: p.Packet,
	}
	for _, edge := range []wire.HelloAck{least, most} { // one bit away from what is refused
		f.Add(link.AppendAck(nil, edge))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ack, err := link.ParseAck(b, goldenProposal)
		switch {
		case err != nil:
			if errors.Is(err, link.ErrRefused) == errors.Is(err, link.ErrProtocol) || ack != (wire.HelloAck{}) {
				t.Fatalf("%x: %+v, %v", b, ack, err)
			}
		case ack.Selected&goldenProposal.Supported == 0 || !ack.Selected.Single() || ack.PacketSize < link.MinPacket ||
			ack.PacketSize > goldenProposal.Packet || ack.MaxRequestPayload > goldenProposal.RequestPayload:
			t.Fatalf("%x makes %+v", b, ack)
		case !ack.NoSessionID:
			if again, err := link.ParseAck(link.AppendAck(nil, ack), goldenProposal); err != nil || again != ack {
				t.Fatalf("%+v came back as %+v, %v", ack, again, err)
			}
		}
	})
}
