package link_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// What lies whole in memory is judged as what comes in packets is, and must be as long as it says (spec 15-p).
func TestCheck(t *testing.T) {
	h := wire.Header{Kind: wire.KindRequest, Code: 1, PayloadLen: 4, ItemCount: 1, MessageID: 9}
	msg := append(encode(h), 1, 2, 3, 4)
	if got, err := link.Check(msg, wire.KindRequest, wide); err != nil || got != h {
		t.Errorf("%+v, %v; want %+v", got, err, h)
	}
	for name, msg := range map[string][]byte{"longer": append(msg, 0), "shorter": msg[:35], "header alone": msg[:32]} {
		_, err := link.Check(msg, wire.KindRequest, wide)
		if !errors.Is(err, link.ErrProtocol) || !errors.Is(err, codec.ErrBadLayout) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SampledFrom([]wire.Kind{wire.KindRequest, wire.KindResponse}).Draw(t, "kind")
		n := rapid.IntRange(0, 100).Draw(t, "payload")
		h := wire.Header{
			Kind: wire.Kind(rapid.Uint16Range(0, 4).Draw(t, "sent")), Flags: wire.Flags(rapid.Uint16Range(0, 3).Draw(t, "flags")),
			Status: wire.Status(rapid.Uint16Range(0, 1).Draw(t, "status")), PayloadLen: uint32(n), ItemCount: rapid.Uint32Range(0, 5).Draw(t, "items"),
		}
		l := link.Limits{RequestPayload: 90, RequestItems: 4, ResponsePayload: 80, ResponseItems: 3, Packet: 1 << 16}
		msg := append(encode(h), make([]byte, n)...)
		plain := &receiver{want: want, limits: l}
		_, ok := plain.take(msg)
		if _, err := link.Check(msg, want, l); ok != (err == nil) {
			t.Fatalf("Check says %v of %+v, a receiver of packets %v", err, h, ok)
		}
	})
}

// Every hostile message of one packet that the kit knows.
func TestHostileMessages(t *testing.T) {
	for _, h := range linktest.HostilePackets() {
		kind := wire.KindRequest
		switch {
		case h.Stage == linktest.InsteadOfHello || h.Stage == linktest.InsteadOfAck || len(h.Packets) > 1:
			continue
		case h.Stage == linktest.InsteadOfResponse:
			kind = wire.KindResponse
		}
		_, err := link.Check(h.Packets[0], kind, linktest.HostileLimits())
		var violation *link.ProtocolError
		if !errors.As(err, &violation) || violation.Status != h.WantStatus {
			t.Errorf("%s: %v, want a violation with %v", h.Name, err, h.WantStatus)
		}
	}
}
