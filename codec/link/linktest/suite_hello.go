package linktest

import (
	"errors"
	"slices"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// answered dials with ackProposal a server that answers with the given packet.
func answered(t *testing.T, h Harness, packet []byte) (link.Conn, error) {
	t.Helper()
	if h.RawServer == nil {
		t.Skip("the harness makes no raw servers")
	}
	accept, d := h.RawServer(t)
	result := dial(patiently(t), t, d, ackProposal())
	r := accept()
	if _, err := r.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := r.Send(packet); err != nil {
		t.Fatal(err)
	}
	res := Await(t, "Dial", result)
	if res.err != nil { // and it hangs up
		if b, err := r.Recv(); err == nil {
			t.Errorf("the server was told %x", b)
		}
	}
	return res.conn, res.err
}

// hostileServers: a client is neither fooled nor stopped by an answer that makes no sense.
func hostileServers(t *testing.T, h Harness) {
	for _, hostile := range staged(InsteadOfAck) {
		t.Run(hostile.Name, func(t *testing.T) {
			_, err := answered(t, h, hostile.Packets[0])
			if hostile.WantStatus == wire.StatusOK {
				wantOnly(t, "dial", err, link.ErrProtocol)
				var violation *link.ProtocolError
				if !errors.As(err, &violation) {
					t.Errorf("dial: error %v, want a *ProtocolError", err)
				}
				return
			}
			wantRefused(t, "dial", err, hostile.WantStatus)
		})
	}
}

// oddAnswers: what a server may say, a client accepts and obeys.
func oddAnswers(t *testing.T, h Harness) {
	for _, odd := range oddAcks() {
		t.Run(odd.name, func(t *testing.T) {
			c, err := answered(t, h, odd.packet)
			if err != nil {
				t.Fatal(err)
			}
			info := c.Info()
			if info.Limits != link.LimitsOf(odd.want) || info.SessionID != odd.want.SessionID || info.Profile != odd.want.Selected {
				t.Errorf("the client has %+v of %+v", info, odd.want)
			}
		})
	}
}

// helloCase is a value of a field of a HELLO that is accepted.
type helloCase struct {
	name   string
	change func(h *wire.Hello, want *wire.HelloAck)
	packet func(p []byte) []byte
}

func helloCases() []helloCase {
	return []helloCase{
		{name: "nothing"},
		{name: "more profiles", change: func(h *wire.Hello, _ *wire.HelloAck) { h.Supported = 1<<31 | wire.ProfileBaseline }},
		{name: "no preference", change: func(h *wire.Hello, _ *wire.HelloAck) { h.Preferred = 0 }},
		{name: "a preference that is not supported", change: func(h *wire.Hello, _ *wire.HelloAck) { h.Preferred = 1 << 31 }},
		{name: "largest request", change: func(h *wire.Hello, w *wire.HelloAck) { h.MaxRequestPayload, w.MaxRequestPayload = 1000, 1000 }},
		{name: "smallest request", change: func(h *wire.Hello, w *wire.HelloAck) { h.MaxRequestPayload, w.MaxRequestPayload = 1, 1 }},
		{name: "request items", change: func(h *wire.Hello, w *wire.HelloAck) {
			h.MaxRequestItems, w.MaxRequestItems, w.MaxResponseItems = 1<<32-1, 1<<32-1, 1<<32-1
		}},
		{name: "response payload is a hint", change: func(h *wire.Hello, _ *wire.HelloAck) { h.MaxResponsePayload = 1<<32 - 1 }},
		{name: "no response payload", change: func(h *wire.Hello, _ *wire.HelloAck) { h.MaxResponsePayload = 0 }},
		{name: "response items are a hint", change: func(h *wire.Hello, _ *wire.HelloAck) { h.MaxResponseItems = 1<<32 - 1 }},
		{name: "smallest packet", change: func(h *wire.Hello, w *wire.HelloAck) { h.PacketSize, w.PacketSize = link.MinPacket, link.MinPacket }},
		{name: "a packet larger than the server's", change: func(h *wire.Hello, w *wire.HelloAck) { h.PacketSize, w.PacketSize = 1<<32-1, 4096 }},
		{name: "envelope flags", packet: func(p []byte) []byte { return other(p, 10, 2) }},
		{name: "envelope status", packet: func(p []byte) []byte { return other(p, offStatus, 2) }},
		{name: "payload length", packet: func(p []byte) []byte { return other(p, offPayloadLen, 4) }},
		{name: "item count", packet: func(p []byte) []byte { return other(p, offItemCount, 4) }},
		{name: "message id", packet: func(p []byte) []byte { return other(p, offMessageID, 8) }},
		{name: "trailing bytes", packet: func(p []byte) []byte { return append(p, random(20)...) }},
		{name: "many trailing bytes", packet: func(p []byte) []byte { return append(p, random(3000)...) }},
	}
}

// helloFields: every field of a HELLO has values that are accepted, and each of them is seen in the answer, or
// is seen not to matter (spec 01, "Negotiation").
func helloFields(t *testing.T, h Harness) {
	const token = 5
	s := h.Settings
	s.Supported, s.Preferred = wire.ProfileBaseline, wire.ProfileBaseline
	s.RequestPayload, s.ResponsePayload, s.AuthToken, s.Packet, s.SessionID = 1000, 2000, token, 4096, 3
	hello := wire.Hello{
		Supported: wire.ProfileBaseline, Preferred: wire.ProfileBaseline, MaxRequestPayload: 100, MaxRequestItems: 2,
		MaxResponsePayload: 300, MaxResponseItems: 4, AuthToken: token, PacketSize: 1000,
	}
	ack := wire.HelloAck{
		Supported: wire.ProfileBaseline, Intersection: wire.ProfileBaseline, Selected: wire.ProfileBaseline,
		MaxRequestPayload: 100, MaxRequestItems: 2, MaxResponsePayload: 2000, MaxResponseItems: 2, PacketSize: 1000, SessionID: 3,
	}
	for _, c := range helloCases() {
		t.Run(c.name, func(t *testing.T) {
			l, _ := h.New(t)
			r, in := silent(t, h, l)
			hello, want := hello, ack
			if c.change != nil {
				c.change(&hello, &want)
			}
			body := make([]byte, wire.HelloSize)
			hello.Put(body)
			packet := message(wire.Header{Kind: wire.KindControl, Code: wire.CodeHello, ItemCount: 1}, body)
			if c.packet != nil {
				packet = c.packet(packet)
			}
			if err := r.Send(packet); err != nil {
				t.Fatal(err)
			}
			server, err := in.Handshake(patiently(t), s)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { server.Close() })
			if got := server.Info().Limits; got != link.LimitsOf(want) {
				t.Errorf("the server has %+v, want %+v", got, link.LimitsOf(want))
			}
			got, err := r.Recv()
			if err != nil || !slices.Equal(got, link.AppendAck(nil, want)) {
				t.Errorf("the client was told\n%x, %v, want\n%x", got, err, link.AppendAck(nil, want))
			}
		})
	}
}

// handshakeOrder has everything wrong from one check on, each time: one that came too early would be seen.
func handshakeOrder(t *testing.T, h Harness) {
	s := h.Settings
	s.Supported, s.Preferred = wire.ProfileBaseline, wire.ProfileBaseline
	s.RequestPayload, s.AuthToken = 1000, 5
	p := link.Proposal{Supported: wire.ProfileBaseline, RequestPayload: 1000, AuthToken: 5, Packet: 4096}
	type step struct {
		name   string
		packet []byte
		want   wire.Status
	}
	p.Packet = 32
	steps := []step{{"packet size", link.AppendHello(nil, p), wire.StatusIncompatible}}
	p.RequestPayload = 1001
	steps = append(steps, step{"request payload", link.AppendHello(nil, p), wire.StatusLimitExceeded})
	p.Supported = 1 << 31
	steps = append(steps, step{"profiles", link.AppendHello(nil, p), wire.StatusUnsupported})
	p.AuthToken = 6
	packet := link.AppendHello(nil, p)
	steps = append(steps, step{"token", packet, wire.StatusAuthFailed})
	packet = other(packet, offLayoutFlags, 2)
	steps = append(steps, step{"flags", packet, wire.StatusBadEnvelope})
	packet = other(packet, offHelloZero, 4)
	steps = append(steps, step{"padding", packet, wire.StatusBadEnvelope})
	packet = other(packet, offLayoutVersion, 2)
	steps = append(steps, step{"layout version", packet, wire.StatusIncompatible})
	packet = packet[:len(packet)-1]
	steps = append(steps, step{"size", packet, wire.StatusBadEnvelope})
	version := other(packet, offVersion, 2)
	steps = append(steps, step{"version", version, wire.StatusIncompatible})
	steps = append(steps, step{"header length", other(version, offHeaderLen, 2), wire.StatusBadEnvelope})
	for _, c := range steps {
		t.Run(c.name, func(t *testing.T) {
			l, _ := h.New(t)
			r, in := silent(t, h, l)
			if err := r.Send(c.packet); err != nil {
				t.Fatal(err)
			}
			_, err := in.Handshake(patiently(t), s)
			wantRefused(t, "handshake", err, c.want)
			wantRefusal(t, r, c.want)
		})
	}
}
