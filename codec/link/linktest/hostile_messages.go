package linktest

import (
	"encoding/binary"
	"slices"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// hostileMessages returns what can be wrong with a message inside a session, in either direction.
func hostileMessages(stage Stage) (all []NamedPackets) {
	prefix, head, wrongKind := "request/", request(9), wire.KindResponse
	if stage == InsteadOfResponse {
		prefix, head, wrongKind = "response/", response(head), wire.KindRequest
	}
	add := func(name string, want wire.Status, packets ...[]byte) {
		all = append(all, NamedPackets{Name: prefix + name, Stage: stage, Packets: packets, WantStatus: want})
	}
	l := HostileLimits()
	whole := message(head, random(32))
	payload := random(150)
	chunks := func() [][]byte { return cutUp(message(head, payload), head.MessageID, l.Packet) }

	bad := wire.StatusBadEnvelope
	add("one byte", bad, whole[:1])
	add("half a header", bad, whole[:31])
	add("other magic", bad, other(whole, offMagic, 4))
	add("other version", bad, other(whole, offVersion, 2))
	add("other header length", bad, other(whole, offHeaderLen, 2))
	add("no such kind", bad, change(whole, offKind, 9, 9))
	add("longer than it says", bad, append(slices.Clone(whole), 0))
	add("a chunk of nothing", bad, chunks()[1])
	for _, kind := range []wire.Kind{wrongKind, wire.KindControl} {
		h := head
		h.Kind = kind
		add("kind "+kind.String(), bad, message(h, random(32)))
	}

	limit := wire.StatusLimitExceeded
	h := head
	h.ItemCount = l.RequestItems + 1
	add("items", limit, message(h, random(32)))
	add("payload", limit, message(head, random(int(l.RequestPayload)+1)))
	add("largest payload", limit, other(message(head, nil), offPayloadLen, 4))

	h = head
	h.Flags, h.ItemCount = wire.FlagBatch, l.RequestItems+1
	add("batch of too many items", limit, message(h, make([]byte, 8*h.ItemCount)))
	h.ItemCount = 1
	add("batch of one without directory", bad, message(h, make([]byte, 7)))
	h.ItemCount = 0
	add("batch of nothing", bad, message(h, nil))
	h.ItemCount = 2
	add("batch without directory", bad, message(h, make([]byte, 15)))
	add("batch out of bounds by a byte", bad, message(h, batchOf(0, 8, 8, 9)))
	add("batch with an offset beyond", bad, message(h, batchOf(0, 0, 24, 0)))
	add("batch whose offset and length overflow", bad, message(h, batchOf(0, 0, 1<<32-8, 1<<32-1)))
	add("batch out of bounds", bad, message(h, append(make([]byte, 12), 1, 1, 1, 1)))
	add("batch misaligned", bad, message(h, append([]byte{1, 1, 1, 1}, make([]byte, 28)...)))
	add("chunked batch out of bounds", bad, cutUp(message(h, append(make([]byte, 12), random(100)...)), h.MessageID, l.Packet)...)

	for _, c := range []struct {
		name      string
		off, size int
	}{
		{"magic", offMagic, 4}, {"version", offChunkVersion, 2}, {"flags", offChunkFlags, 2},
		{"message id", offChunkID, 8}, {"total length", offChunkTotal, 4}, {"index", offChunkIndex, 4},
		{"count", offChunkCount, 4}, {"payload length", offChunkLen, 4},
	} {
		for _, at := range []int{1, 2} {
			for _, c := range []struct {
				name string
				off  int
				by   uint32
			}{
				{"total length too large", offChunkTotal, 1}, {"total length too small", offChunkTotal, 1<<32 - 1},
				{"index twice", offChunkIndex, 1<<32 - 1}, {"index ahead", offChunkIndex, 1},
				{"count too large", offChunkCount, 1}, {"count too small", offChunkCount, 1<<32 - 1},
				{"payload length too large", offChunkLen, 1}, {"payload length too small", offChunkLen, 1<<32 - 1},
			} {
				for _, at := range []int{1, 2} {
					packets := chunks()
					packets[at] = with(packets[at], c.off, binary.NativeEndian.Uint32(packets[at][c.off:])+c.by)
					add("chunk "+string('0'+rune(at))+" "+c.name, bad, packets[:at+1]...)
				}
			}
			packets := chunks()
			packets[at] = other(packets[at], c.off, c.size)
			add("chunk "+string('0'+rune(at))+" "+c.name, bad, packets[:at+1]...)
		}
	}
	packets := chunks()
	add("chunks swapped", bad, packets[0], packets[2])
	add("chunk twice", bad, packets[0], packets[1], packets[1])
	add("chunk cut short", bad, packets[0], packets[1][:len(packets[1])-1])
	add("chunk header alone", bad, packets[0], packets[1][:wire.ChunkHeaderSize])
	add("half a chunk header", bad, packets[0], packets[1][:31])
	add("chunk of no bytes", bad, packets[0], with(packets[1][:wire.ChunkHeaderSize], offChunkLen, 0))
	add("chunk of another first packet", bad, packets[0][:40], packets[1])
	larger := append(slices.Clone(packets[1]), 0)
	add("chunk larger than agreed, and says so", bad, packets[0], with(larger, offChunkLen, uint32(len(larger)-wire.ChunkHeaderSize)))
	add("another message in place of the last chunk", bad, append(slices.Clone(packets[:len(packets)-1]), whole)...)
	add("one byte between chunks", bad, packets[0], whole[:1])
	add("chunk larger than agreed", bad, packets[0], append(slices.Clone(packets[1]), 0))
	add("another message between chunks", bad, packets[0], whole)
	last := append(slices.Clone(packets[len(packets)-1]), 0)
	binary.NativeEndian.PutUint32(last[offChunkLen:], uint32(len(last)-wire.ChunkHeaderSize))
	add("more than announced", bad, append(slices.Clone(packets[:len(packets)-1]), last)...)
	return all
}

// batchOf returns a batch's directory of offsets and lengths, and 16 bytes of packed area.
func batchOf(directory ...uint32) []byte {
	b := make([]byte, 4*len(directory)+16)
	for i, v := range directory {
		binary.NativeEndian.PutUint32(b[4*i:], v)
	}
	return b
}
