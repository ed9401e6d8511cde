package service_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// rawSession shakes hands by hand, so that what follows is sent unchecked.
func (r *rig) rawSession(p link.Proposal) link.Packets {
	r.t.Helper()
	e := r.silent()
	p = p.WithDefaults(wire.ProfileBaseline, 1024)
	if err := e.WritePacket(link.AppendHello(nil, p), nil); err != nil {
		r.t.Fatal(err)
	}
	ack, _, err := e.ReadPacket(nil, link.MaxHandshakePacket, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := link.ParseAck(ack, p); err != nil {
		r.t.Fatal(err)
	}
	return e
}

// packet is a whole message; change may spoil its header.
func packet(h wire.Header, payload []byte) []byte {
	h.PayloadLen = uint32(len(payload))
	b := make([]byte, wire.HeaderSize, wire.HeaderSize+len(payload))
	h.Put(b)
	return append(b, payload...)
}

func TestServerViolations(t *testing.T) {
	plain := blobRequest(9)
	batch := plain
	batch.Flags, batch.ItemCount = wire.FlagBatch, 2
	of := func(h wire.Header, change func(*wire.Header)) wire.Header {
		change(&h)
		return h
	}
	misaligned := batchOf([]byte("a"), []byte("b"))
	misaligned[8] = 4
	const silence = 0xffff
	for _, c := range []struct {
		name   string
		send   [][]byte
		answer wire.Status // silence: none is due
	}{
		{"request over the limit", [][]byte{packet(plain, make([]byte, 201))}, wire.StatusLimitExceeded},
		{"request over the limit in chunks", [][]byte{
			packet(of(plain, func(h *wire.Header) { h.PayloadLen = 1 << 30 }), nil)[:wire.HeaderSize],
			[]byte("a chunk"), []byte("another"),
		}, silence},
		{"too many items", [][]byte{packet(of(batch, func(h *wire.Header) { h.ItemCount = 17 }), make([]byte, 200))}, wire.StatusLimitExceeded},
		{"too many items without batch", [][]byte{packet(of(plain, func(h *wire.Header) { h.ItemCount = 17 }), nil)}, wire.StatusLimitExceeded},
		{"batch of none", [][]byte{packet(of(batch, func(h *wire.Header) { h.ItemCount = 0 }), nil)}, wire.StatusBadEnvelope},
		{"batch without a directory", [][]byte{packet(batch, nil)}, wire.StatusBadEnvelope},
		{"batch misaligned", [][]byte{packet(batch, misaligned)}, wire.StatusBadEnvelope},
		{"payload that cannot be decoded", [][]byte{packet(plain, []byte{0xff})}, wire.StatusBadEnvelope},
		{"a response", [][]byte{packet(of(plain, func(h *wire.Header) { h.Kind = wire.KindResponse }), nil)}, silence},
		{"a second HELLO", [][]byte{link.AppendHello(nil, link.Proposal{})}, silence},
		{"runt", [][]byte{packet(plain, nil)[:31]}, silence},
		{"no magic", [][]byte{make([]byte, 40)}, silence},
		{"kind 0", [][]byte{packet(of(plain, func(h *wire.Header) { h.Kind = 0 }), nil)}, silence},
	} {
		if c.name == "request over the limit in chunks" {
			long := of(plain, func(h *wire.Header) { h.PayloadLen = 1 << 30 })
			b := make([]byte, wire.HeaderSize)
			long.Put(b)
			c.send[0], c.answer = b, wire.StatusLimitExceeded
		}
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var rec recorder
				r := newRig(t, service.ServerConfig{OnEvent: rec.note}, echo)
				other := r.mustDial(link.Proposal{})
				e := r.rawSession(link.Proposal{RequestPayload: 200, RequestItems: 16})
				for _, p := range c.send {
					if err := e.WritePacket(p, nil); err != nil {
						t.Fatal(err)
					}
				}
				if c.answer != silence {
					want := packet(wire.Header{Kind: wire.KindResponse, Code: plain.Code, Status: c.answer, ItemCount: 1, MessageID: 9}, nil)
					got, _, err := e.ReadPacket(nil, 1000, nil)
					if err != nil || !bytes.Equal(got, want) {
						t.Fatalf("answer %x, %v, want %x", got, err, want)
					}
				}
				if got, _, err := e.ReadPacket(nil, 1000, nil); !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) {
					t.Fatalf("not closed: %x, %v", got, err)
				}
				if ev := rec.wait(t, link.EventViolation); !errors.Is(ev.Err, link.ErrProtocol) || ev.Session != 2 {
					t.Errorf("event %+v", ev)
				}
				synctest.Wait()
				if st := r.s.Status(); st.Violations != 1 || st.Sessions != 1 {
					t.Errorf("status %+v", st)
				}
				wantEcho(t, other, 1)
			})
		})
	}
}

// What a client has sent after a request that is answered with an error is read and thrown away, so that
// closing does not become a reset that overtakes the answer (spec 15-l).
func TestServerDrains(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, service.ServerConfig{}, echo)
		c := r.mustDial(link.Proposal{})
		const behind = 30 // more than the transport holds
		sent := make(chan error, 1)
		go func() {
			err := sendBlob(c, blobRequest(1), []byte{0xff})
			for i := range uint64(behind) {
				err = errors.Join(err, sendBlob(c, blobRequest(2+i), []byte("behind")))
			}
			sent <- err
		}()
		if err := <-sent; err != nil {
			t.Fatalf("the server does not read on: %v", err)
		}
		h, p, err := hear(c)
		if err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, h, p, blobRequest(1), wire.StatusBadEnvelope)
		if _, _, err := hear(c); !errors.Is(err, link.ErrPeerClosed) {
			t.Errorf("%v, want the session closed in order", err)
		}
	})
}

// A client that never stops sending does not keep its session alive that way.
func TestServerDrainsNotForEver(t *testing.T) {
	r := newRig(t, service.ServerConfig{}, echo)
	e := r.rawSession(link.Proposal{})
	p := packet(blobRequest(1), []byte{0xff})
	for e.WritePacket(p, nil) == nil {
	}
	r.settled(0)
}
