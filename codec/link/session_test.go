package link_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// A session over the pipe in memory, held against a model of both halves of both ends: every call gets the
// shortest of deadlines, so the model says of each whether it succeeds, and how it fails.
func TestSessionStateMachine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ends := newModel(t)
		end := rapid.Custom(func(t *rapid.T) *modelEnd { return ends[rapid.IntRange(0, 1).Draw(t, "end")] })
		id := rapid.Uint64Range(0, 4)
		size := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, modelPayload+1))
		cause := errors.New("cause")
		rt.Repeat(map[string]func(*rapid.T){
			"send": func(rt *rapid.T) {
				e := end.Draw(rt, "end")
				e.trySend(rt, id.Draw(rt, "id"), pattern(size.Draw(rt, "size"), rapid.Byte().Draw(rt, "seed")))
			},
			"send again": func(rt *rapid.T) { // small messages get further than the large ones above
				ends[1].trySend(rt, id.Draw(rt, "id"), nil)
			},
			"receive":       func(rt *rapid.T) { end.Draw(rt, "end").tryRecv(rt) },
			"receive again": func(rt *rapid.T) { end.Draw(rt, "end").tryRecv(rt) },
			"interrupt": func(rt *rapid.T) {
				e := end.Draw(rt, "end")
				side := rapid.SampledFrom([]link.Side{link.SideSend, link.SideRecv}).Draw(rt, "side")
				e.conn.Interrupt(side, cause)
				if side == link.SideSend {
					e.send.interrupt = cause
				} else {
					e.recv.interrupt = cause
				}
			},
			"close": func(rt *rapid.T) {
				e := end.Draw(rt, "end")
				if rapid.IntRange(0, 3).Draw(rt, "really") != 0 {
					return // most of what can happen happens before
				}
				if err := e.conn.Close(); err != nil {
					rt.Fatalf("close: %v", err)
				}
				e.close()
			},
		})
		for _, e := range ends {
			e.conn.Close()
		}
	})
}

func newModel(t *testing.T) [2]*modelEnd {
	n := linktest.NewNetwork()
	l, err := n.Listen("x", linktest.ListenConfig{Packet: 128, Buffer: modelBuffer})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, server := linktest.Connect(t, l, n.Dialer("x"),
		link.Proposal{RequestPayload: modelPayload, Packet: modelPacket, Depth: modelDepth}, link.Settings{ResponsePayload: modelPayload})
	requests, responses := &modelPipe{room: modelBuffer}, &modelPipe{room: modelBuffer}
	c := &modelEnd{name: "client", conn: client, client: true, out: requests, in: responses, inFlight: map[uint64]bool{}}
	s := &modelEnd{name: "server", conn: server, out: responses, in: requests, peer: c}
	c.peer = s
	return [2]*modelEnd{c, s}
}

func (e *modelEnd) trySend(t *rapid.T, id uint64, payload []byte) {
	h := wire.Header{Kind: wire.KindRequest, Code: 1, ItemCount: 1, MessageID: id}
	if !e.client {
		h.Kind = wire.KindResponse
	}
	d := link.Within(0)
	b, err := e.conn.Reserve(len(payload))
	if err == nil {
		copy(b, payload)
		err = e.conn.Commit(h, len(payload), &d)
	}
	if problem := matchesAll(err, e.commit(id, payload)); problem != nil {
		t.Fatalf("%s sends id %d, %d bytes: %v", e.name, id, len(payload), problem)
	}
}

func (e *modelEnd) tryRecv(t *rapid.T) {
	want, end := e.receive()
	var m link.Message
	d := link.Within(0)
	err := e.conn.Recv(&m, &d)
	if end != nil {
		if problem := matchesAll(err, []error{end}); problem != nil {
			t.Fatalf("%s receives: %v", e.name, problem)
		}
		return
	}
	if err != nil || m.Header.MessageID != want.id || !bytes.Equal(m.Payload, want.payload) {
		t.Fatalf("%s receives id %d, %d bytes, %v; want id %d, %d bytes", e.name, m.Header.MessageID, len(m.Payload), err, want.id, len(want.payload))
	}
}
