package link_test

import (
	"bytes"

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
