package link_test

import (
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Every hostile HELLO that the kit knows, judged by the handshake without I/O.
func TestHostileHellos(t *testing.T) {
	settings := link.Settings{}.WithDefaults(wire.ProfileBaseline, 1<<16)
	judged := 0
	for _, h := range linktest.HostilePackets() {
		if h.Stage != linktest.InsteadOfHello {
			continue
		}
		judged++
		hello, err := link.ParseHello(h.Packets[0])
		var refused *link.RefusedError
		switch {
		case h.WantClose:
			if !errors.Is(err, link.ErrNotHello) {
				t.Errorf("%s: %v, want %v", h.Name, err, link.ErrNotHello)
			}
		case errors.As(err, &refused):
			if refused.Status != h.WantStatus {
				t.Errorf("%s: refused with %v, want %v", h.Name, refused.Status, h.WantStatus)
			}
		case err != nil:
			t.Errorf("%s: %v", h.Name, err)
		default:
			if _, status := link.Negotiate(hello, settings); status != h.WantStatus {
				t.Errorf("%s: negotiated %v, want %v", h.Name, status, h.WantStatus)
			}
		}
	}
	if judged < 15 {
		t.Errorf("%d hostile HELLOs judged: the kit has lost some", judged)
	}
}

func TestParseAckRefuses(t *testing.T) {
	ack := func(change func(*wire.HelloAck)) []byte {
		a := goldenAckValue
		change(&a)
		return link.AppendAck(nil, a)
	}
	good := goldenAck(t)
	for _, c := range []struct {
		name   string
		packet []byte
		want   wire.Status // of the refusal; OK: not a refusal but a violation
	}{
		{"nothing", nil, 0},
		{"half a header", good[:31], 0},
		{"header alone", good[:32], 0},
		{"a byte less", good[:79], 0},
		{"other magic", flip(good, 0), 0},
		{"other version", flip(good, 4), wire.StatusIncompatible},
		{"other header length", flip(good, 6), 0},
		{"other kind", flip(good, 8), 0},
		{"a HELLO", goldenHello(t), 0},
		{"other layout version", flip(good, 32), wire.StatusIncompatible},
		{"flags", flip(good, 34), 0},
		{"refused", goldenRefusal(t), wire.StatusLimitExceeded},
		{"refused, header alone", goldenRefusal(t)[:32], wire.StatusLimitExceeded},
		{"refused with a status nobody knows", link.AppendRefusal(nil, 999), 999},
		{"profile not offered", ack(func(a *wire.HelloAck) { a.Selected = 4 }), 0},
		{"no profile", ack(func(a *wire.HelloAck) { a.Selected = 0 }), 0},
		{"two profiles", ack(func(a *wire.HelloAck) { a.Selected = 3 }), 0},
		{"no request", ack(func(a *wire.HelloAck) { a.MaxRequestPayload = 0 }), 0},
		{"larger requests than proposed", ack(func(a *wire.HelloAck) { a.MaxRequestPayload++ }), 0},
		{"no request items", ack(func(a *wire.HelloAck) { a.MaxRequestItems = 0 }), 0},
		{"more request items than proposed", ack(func(a *wire.HelloAck) { a.MaxRequestItems++ }), 0},
		{"no response", ack(func(a *wire.HelloAck) { a.MaxResponsePayload = 0 }), 0},
		{"no response items", ack(func(a *wire.HelloAck) { a.MaxResponseItems = 0 }), 0},
		{"packets too small", ack(func(a *wire.HelloAck) { a.PacketSize = 32 }), 0},
		{"larger packets than proposed", ack(func(a *wire.HelloAck) { a.PacketSize = goldenProposal.Packet + 1 }), 0},
	} {
		_, err := link.ParseAck(c.packet, goldenProposal)
		var refused *link.RefusedError
		switch {
		case c.want == wire.StatusOK:
			if !errors.Is(err, link.ErrProtocol) || errors.Is(err, link.ErrRefused) {
				t.Errorf("%s: %v, want a violation", c.name, err)
			}
		case !errors.As(err, &refused) || refused.Status != c.want || errors.Is(err, link.ErrProtocol):
			t.Errorf("%s: %v, want a refusal with %v", c.name, err, c.want)
		}
	}
	// What may be, although it is not what was asked for.
	for name, change := range map[string]func(*wire.HelloAck){
		"smaller requests":        func(a *wire.HelloAck) { a.MaxRequestPayload = 1 },
		"fewer items":             func(a *wire.HelloAck) { a.MaxRequestItems = 1 },
		"any responses":           func(a *wire.HelloAck) { a.MaxResponsePayload, a.MaxResponseItems = 1<<32-1, 1<<32-1 },
		"smallest packets":        func(a *wire.HelloAck) { a.PacketSize = link.MinPacket },
		"odd sets of profiles":    func(a *wire.HelloAck) { a.Supported, a.Intersection = 0, 0xff },
		"session 0":               func(a *wire.HelloAck) { a.SessionID = 0 },
		"the other offered alone": func(a *wire.HelloAck) { a.Selected = wire.ProfileBaseline },
	} {
		if _, err := link.ParseAck(ack(change), goldenProposal); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
