package service_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// A client that is refused with the first packet of a long request can send the others, more than the transport
// holds, and then finds the answer (spec 15-l).
func TestHardRefusedWhileSending(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, service.ServerConfig{}, echo)
		e := r.rawSession(link.Proposal{RequestPayload: 200})
		const packets, room = 200, 1024 - wire.ChunkHeaderSize
		h := blobRequest(9)
		h.PayloadLen = packets * room
		head := make([]byte, wire.HeaderSize, 1024)
		h.Put(head)
		for i := range packets {
			p := append(head, make([]byte, room)...)
			if i > 0 {
				c := wire.ChunkHeader{
					MessageID: 9, TotalLen: wire.HeaderSize + h.PayloadLen,
					Index: uint32(i), Count: packets, PayloadLen: room,
				}
				c.Put(p)
			}
			if err := e.WritePacket(p, nil); err != nil {
				t.Fatalf("packet %d: %v", i, err)
			}
		}
		want := packet(wire.Header{
			Kind: wire.KindResponse, Code: h.Code, Status: wire.StatusLimitExceeded, ItemCount: 1, MessageID: 9,
		}, nil)
		got, _, err := e.ReadPacket(nil, 1000, nil)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("answer %x, %v, want %x", got, err, want)
		}
		if got, _, err := e.ReadPacket(nil, 1000, nil); !errors.Is(err, link.ErrPeerClosed) {
			t.Errorf("after the answer: %x, %v, want the session closed in order", got, err)
		}
	})
}
