package link_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var wide = link.Limits{RequestPayload: 1 << 20, RequestItems: 100, ResponsePayload: 1 << 20, ResponseItems: 100, Packet: 64}

func withPacket(l link.Limits, packet uint32) link.Limits {
	l.Packet = packet
	return l
}

// message draws a message in one piece that takes some hundred packets at most.
func message(t *rapid.T, packet uint32) []byte {
	n := rapid.OneOf(rapid.IntRange(0, 70), rapid.IntRange(0, 1000), rapid.IntRange(0, 200000)).Draw(t, "payload")
	n = min(n, 300*(int(packet)-wire.ChunkHeaderSize))
	h := wire.Header{
		Kind: wire.KindRequest, Code: rapid.Uint16().Draw(t, "code"), PayloadLen: uint32(n),
		ItemCount: rapid.Uint32Range(0, 100).Draw(t, "items"), MessageID: rapid.Uint64().Draw(t, "id"),
		Flags: wire.Flags(rapid.Uint16().Draw(t, "flags")) &^ wire.FlagBatch,
	}
	return append(encode(h), pattern(n, rapid.Byte().Draw(t, "seed"))...)
}

// pattern returns n bytes in which no two places that a mistake could exchange look the same for long.
func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	x := uint32(seed) + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

var packetSize = rapid.OneOf(rapid.Uint32Range(33, 70), rapid.Uint32Range(33, 2000), rapid.Uint32Range(33, 1<<16))

// cut returns a message in the packets that the Splitter makes of it.
func cut(msg []byte, id uint64, packet uint32) (packets [][]byte) {
	var s link.Splitter
	s.Start(bytes.Clone(msg), id, packet)
	for p := s.Next(); p != nil; p = s.Next() {
		packets = append(packets, bytes.Clone(p))
	}
	return packets
}

// What the Splitter makes is what spec 01 asks of a sender, and arrives.
func TestSplitterAndReassemblerProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		packet := packetSize.Draw(t, "packet size")
		tr := &transport{re: link.NewReassembler(wire.KindRequest, withPacket(wide, packet)), scribble: rapid.Bool().Draw(t, "scribble")}
		for range rapid.IntRange(1, 4).Draw(t, "messages") {
			msg := message(t, packet)
			h, _ := wire.DecodeHeader(msg)
			packets := cut(msg, h.MessageID, packet)
			want := 1
			if rest := len(msg) - int(packet); rest > 0 {
				want += (rest + int(packet) - 33) / (int(packet) - 32)
			}
			if len(packets) != want {
				t.Fatalf("%d bytes in packets of %d: %d packets, want %d", len(msg), packet, len(packets), want)
			}
			for i, p := range packets {
				if len(p) > int(packet) || i < want-1 && len(p) != int(packet) {
					t.Fatalf("packet %d has %d bytes, the agreed size is %d", i, len(p), packet)
				}
				got, err := tr.take(p)
				if err != nil {
					t.Fatalf("packet %d of %d: %v", i, want, err)
				}
				if last := i == want-1; (got != nil) != last || last && !bytes.Equal(got, msg) {
					t.Fatalf("packet %d of %d: got %d bytes of %d", i, want, len(got), len(msg))
				}
				if tr.re.Partial() == (i == want-1) {
					t.Fatalf("packet %d of %d: Partial is %v", i, want, tr.re.Partial())
				}
			}
		}
	})
}

// recut returns a message as a peer may cut it: any first packet, then any that are not too long.
func recut(t *rapid.T, msg []byte, packet uint32) (packets [][]byte) {
	h, _ := wire.DecodeHeader(msg)
	first := rapid.IntRange(wire.HeaderSize, len(msg)).Draw(t, "first")
	room := int(packet) - wire.ChunkHeaderSize
	c := wire.ChunkHeader{MessageID: h.MessageID, TotalLen: uint32(len(msg)), Count: uint32(1 + (len(msg)-first+room-1)/room)}
	packets = append(packets, msg[:first])
	longest := rapid.IntRange(max(1, len(msg)/200), max(room, len(msg)/200)).Draw(t, "longest") // keeps the number of packets down
	for msg = msg[first:]; len(msg) > 0; {
		n := rapid.IntRange(1, min(longest, room, len(msg))).Draw(t, "chunk")
		c.Index++
		c.PayloadLen = uint32(n)
		p := make([]byte, wire.ChunkHeaderSize)
		c.Put(p)
		packets = append(packets, append(p, msg[:n]...))
		msg = msg[n:]
	}
	return packets
}

// spoil does one thing to a stream of packets that a peer or a fault might.
func spoil(t *rapid.T, packets [][]byte) [][]byte {
	i := rapid.IntRange(0, len(packets)-1).Draw(t, "at")
	j := rapid.IntRange(0, len(packets)-1).Draw(t, "other")
	p := bytes.Clone(packets[i])
	out := append([][]byte{}, packets...)
	switch rapid.SampledFrom([]string{"nothing", "byte", "byte of header", "drop", "twice", "swap", "shorter", "longer", "longer and says so", "empty"}).Draw(t, "fault") {
	case "byte":
		p[rapid.IntRange(0, len(p)-1).Draw(t, "off")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	case "byte of header":
		p[rapid.IntRange(0, min(len(p), 32)-1).Draw(t, "off")] = rapid.Byte().Draw(t, "value")
	case "drop":
		return append(out[:i], out[i+1:]...)
	case "twice":
		return append(out[:i+1], packets[i:]...)
	case "swap":
		out[i], out[j] = out[j], out[i]
		return out
	case "shorter":
		p = p[:rapid.IntRange(0, len(p)-1).Draw(t, "length")]
	case "longer":
		p = append(p, pattern(rapid.IntRange(1, 100).Draw(t, "more"), 1)...)
	case "longer and says so":
		p = append(p, pattern(rapid.IntRange(1, 100).Draw(t, "more"), 1)...)
		if c, err := wire.DecodeChunkHeader(p); err == nil {
			c.PayloadLen = uint32(len(p) - wire.ChunkHeaderSize)
			c.Put(p)
		}
	case "empty":
		p = nil
	}
	out[i] = p
	return out
}

// Whatever comes, the Reassembler finds the same violations as the plain receiver, at the same packet, and
// hands over the same bytes.
func TestReassemblerAgainstReceiverProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := withPacket(wide, rapid.Uint32Range(33, 300).Draw(t, "packet size"))
		l.RequestPayload = rapid.Uint32Range(500, 4000).Draw(t, "limit")
		tr := &transport{re: link.NewReassembler(wire.KindRequest, l), scribble: rapid.Bool().Draw(t, "scribble")}
		plain := &receiver{want: wire.KindRequest, limits: l}
		var packets [][]byte
		for range rapid.IntRange(1, 3).Draw(t, "messages") {
			n := rapid.IntRange(0, 900).Draw(t, "payload")
			h := wire.Header{Kind: wire.KindRequest, Code: 1, PayloadLen: uint32(n), ItemCount: rapid.Uint32Range(0, 4).Draw(t, "items"), MessageID: 7}
			if rapid.IntRange(0, 9).Draw(t, "batch") == 0 {
				h.Flags = wire.FlagBatch
			}
			packets = append(packets, recut(t, append(encode(h), pattern(n, 3)...), l.Packet)...)
		}
		if rapid.Bool().Draw(t, "spoiled") {
			packets = spoil(t, packets)
		}
		compare(t, tr, plain, packets)
	})
}

type fataler interface {
	Fatalf(format string, args ...any)
}

// compare feeds both, until the first violation.
func compare(t fataler, tr *transport, plain *receiver, packets [][]byte) {
	for i, p := range packets {
		want, ok := plain.take(p)
		got, err := tr.take(p)
		if (err == nil) != ok {
			t.Fatalf("packet %d, %x: the reassembler says %v, the receiver %v", i, p, err, ok)
		}
		if !ok {
			var violation *link.ProtocolError
			if !errors.As(err, &violation) || violation.Status == wire.StatusOK {
				t.Fatalf("packet %d: %v is no violation with a status", i, err)
			}
			return
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("packet %d: got %x, want %x", i, got, want)
		}
	}
}

// A header may promise as much as the limits allow; memory is taken for what is there.
func TestReassemblerMemory(t *testing.T) {
	const limit = 1 << 30
	for _, packet := range []uint32{64, 1 << 20, 1<<32 - 1} {
		t.Run(fmt.Sprint("packet=", packet), func(t *testing.T) {
			re := link.NewReassembler(wire.KindRequest, link.Limits{RequestPayload: limit, RequestItems: 1, Packet: packet})
			head := encode(wire.Header{Kind: wire.KindRequest, PayloadLen: limit, ItemCount: 1})
			b, room := re.Next()
			if cap(b) != 0 || room != wire.HeaderSize+limit {
				t.Errorf("before the first packet: capacity %d, room %d", cap(b), room)
			}
			if _, err := re.Take(append(b, head...), len(head)); err != nil {
				t.Fatal(err)
			}
			if b, _ := re.Next(); cap(b) > 2<<20 {
				t.Errorf("a header of 32 bytes made %d bytes of buffer", cap(b))
			}
		})
	}
}

// A message whose length fits neither its field nor an int is refused whatever was agreed.
func TestReassemblerLongestMessage(t *testing.T) {
	l := link.Limits{RequestPayload: math.MaxUint32, RequestItems: 1, Packet: 64}
	for n, status := range map[uint32]wire.Status{math.MaxUint32: wire.StatusLimitExceeded, math.MaxUint32 - 31: wire.StatusLimitExceeded, 1 << 30: wire.StatusOK} {
		re := link.NewReassembler(wire.KindRequest, l)
		head := encode(wire.Header{Kind: wire.KindRequest, PayloadLen: n, ItemCount: 1})
		b, room := re.Next()
		if room < wire.HeaderSize {
			t.Fatalf("room for %d bytes", room)
		}
		_, err := re.Take(append(b, head...), len(head))
		var violation *link.ProtocolError
		if errors.As(err, &violation) != (status != wire.StatusOK) || violation != nil && violation.Status != status {
			t.Errorf("a payload of %d: %v", n, err)
		}
		if _, room := re.Next(); err == nil && room != 64 {
			t.Errorf("a payload of %d: room for %d bytes", n, room)
		}
	}
}
