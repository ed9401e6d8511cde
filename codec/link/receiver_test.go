package link_test

import (
	"bytes"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// receiver is what spec 01 says of receiving packets, written down as plainly as can be: it copies, it has no
// buffer of its own, and it keeps the whole story. The Reassembler must agree with it about every packet.
type receiver struct {
	want   wire.Kind
	limits link.Limits

	head wire.Header
	msg  []byte // header and payload so far; nil between messages
	n    uint32 // packets so far
	due  uint32 // chunk_count
}

// take returns a whole message when there is one. ok is false when the packet is a violation.
func (r *receiver) take(p []byte) (msg []byte, ok bool) {
	if r.msg == nil {
		ok = r.first(p)
	} else {
		ok = r.further(p)
	}
	if !ok || len(r.msg) < wire.HeaderSize+int(r.head.PayloadLen) {
		return nil, ok
	}
	msg, r.msg = r.msg, nil
	if r.head.IsBatch() && (r.want == wire.KindRequest || r.head.Status == wire.StatusOK) {
		_, err := wire.DecodeBatch(msg[wire.HeaderSize:], r.head.ItemCount)
		ok = err == nil
	}
	return msg, ok
}

func (r *receiver) first(p []byte) bool {
	h, err := wire.DecodeHeader(p)
	if err != nil || h.Kind != r.want {
		return false
	}
	payload, items := r.limits.RequestPayload, r.limits.RequestItems
	if r.want == wire.KindResponse {
		payload, items = r.limits.ResponsePayload, r.limits.ResponseItems
	}
	total := uint64(wire.HeaderSize) + uint64(h.PayloadLen)
	emptyBatch := h.IsBatch() && h.ItemCount == 0 && (h.Kind == wire.KindRequest || h.Status == wire.StatusOK)
	if h.PayloadLen > payload || h.ItemCount > items || uint64(len(p)) > total || emptyBatch {
		return false
	}
	room := uint64(r.limits.Packet) - wire.ChunkHeaderSize
	rest := total - uint64(len(p))
	r.head, r.msg, r.n, r.due = h, bytes.Clone(p), 1, uint32(1+(rest+room-1)/room)
	return true
}

func (r *receiver) further(p []byte) bool {
	c, err := wire.DecodeChunkHeader(p)
	total := wire.HeaderSize + r.head.PayloadLen
	if err != nil || uint64(len(p)) > uint64(r.limits.Packet) || uint64(len(p)) != wire.ChunkHeaderSize+uint64(c.PayloadLen) ||
		c.MessageID != r.head.MessageID || c.TotalLen != total || c.Index != r.n || c.Count != r.due ||
		uint64(len(r.msg))+uint64(c.PayloadLen) > uint64(total) {
		return false
	}
	r.n++
	r.msg = append(r.msg, p[wire.ChunkHeaderSize:]...)
	return true
}

// transport hands packets to a Reassembler as a transport does.
type transport struct {
	re       link.Reassembler
	m        link.Message
	scribble bool // before each packet, leave rubbish where it will go, as a read that failed may
	over     bool // a violation was found
}

// take is receiver.take for the Reassembler.
func (tr *transport) take(p []byte) (msg []byte, err error) {
	b, room := tr.re.Next()
	if tr.scribble {
		spare := b[len(b):min(cap(b), len(b)+64)]
		for i := range spare {
			spare[i] = 0x5a
		}
		b, room = tr.re.Next()
	}
	whole, err := tr.re.Take(append(b, p[:min(room, len(p))]...), len(p))
	if err != nil {
		tr.over = true
		return nil, err
	}
	if !whole {
		return nil, nil
	}
	tr.re.Move(&tr.m)
	return append(encode(tr.m.Header), tr.m.Payload...), nil
}

func encode(h wire.Header) []byte {
	b := make([]byte, wire.HeaderSize)
	h.Put(b)
	return b
}
