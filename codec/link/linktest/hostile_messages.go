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
	h.Flags, h.ItemCount = wire.FlagBatch, 0
	add("batch of nothing", bad, message(h, nil))
	h.ItemCount = 2
	add("batch without directory", bad, message(h, make([]byte, 15)))
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
	add("chunk larger than agreed", bad, packets[0], append(slices.Clone(packets[1]), 0))
	add("another message between chunks", bad, packets[0], whole)
	last := append(slices.Clone(packets[len(packets)-1]), 0)
	binary.NativeEndian.PutUint32(last[offChunkLen:], uint32(len(last)-wire.ChunkHeaderSize))
	add("more than announced", bad, append(slices.Clone(packets[:len(packets)-1]), last)...)
	return all
}
