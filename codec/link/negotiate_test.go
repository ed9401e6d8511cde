package link_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var (
	fairHello = wire.Hello{
		Supported: 7, Preferred: 3, MaxRequestPayload: 1000, MaxRequestItems: 4, MaxResponsePayload: 1, MaxResponseItems: 99,
		AuthToken: 5, PacketSize: 5000,
	}
	fairSettings = link.Settings{
		Supported: 3, Preferred: 3, RequestPayload: 1000, ResponsePayload: 2000, AuthToken: 5, Packet: 4000, SessionID: 6,
	}
)

func TestNegotiateAgrees(t *testing.T) {
	want := wire.HelloAck{
		Supported: 3, Intersection: 3, Selected: 2, MaxRequestPayload: 1000, MaxRequestItems: 4,
		MaxResponsePayload: 2000, MaxResponseItems: 4, PacketSize: 4000, SessionID: 6,
	}
	if got, status := link.Negotiate(fairHello, fairSettings); status != wire.StatusOK || got != want {
		t.Errorf("%+v, %v; want %+v", got, status, want)
	}
	small := fairHello
	small.MaxRequestPayload, small.MaxRequestItems, small.PacketSize = 0, 0, 33 // echoed, as deployed (vectors 7)
	want.MaxRequestPayload, want.MaxRequestItems, want.MaxResponseItems, want.PacketSize = 0, 0, 0, 33
	if got, status := link.Negotiate(small, fairSettings); status != wire.StatusOK || got != want {
		t.Errorf("%+v, %v; want %+v", got, status, want)
	}
}

// The highest bit of what both prefer, or else of what both have.
func TestNegotiateSelects(t *testing.T) {
	for _, c := range []struct{ client, clientPrefers, server, serverPrefers, want wire.Profile }{
		{1, 1, 1, 1, 1},
		{3, 3, 3, 3, 2},
		{3, 1, 3, 3, 1},
		{3, 3, 3, 1, 1},
		{3, 1, 3, 2, 2},                   // they prefer different ones: neither counts
		{3, 0, 3, 0, 2},                   // nobody prefers anything
		{1, 2, 3, 2, 1},                   // what is preferred is not offered
		{0x10003, 0x10000, 3, 0x10003, 2}, // an extension that the server does not have
		{0x10003, 0x10003, 0x10003, 0x10003, 0x10000},
		{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 1 << 31},
	} {
		h, s := fairHello, fairSettings
		h.Supported, h.Preferred, s.Supported, s.Preferred = c.client, c.clientPrefers, c.server, c.serverPrefers
		got, status := link.Negotiate(h, s)
		if status != wire.StatusOK || got.Selected != c.want || got.Intersection != c.client&c.server || got.Supported != c.server {
			t.Errorf("%+v: %+v, %v", c, got, status)
		}
	}
}

// Each check, with everything wrong that is checked after it: so a check that came too late would be seen.
func TestNegotiateOrder(t *testing.T) {
	h, s := fairHello, fairSettings
	h.PacketSize = 32
	wantStatus(t, "packet size", h, s, wire.StatusIncompatible)
	h.MaxRequestPayload = 1001
	wantStatus(t, "request payload", h, s, wire.StatusLimitExceeded)
	h.Supported = 4
	wantStatus(t, "profiles", h, s, wire.StatusUnsupported)
	h.AuthToken = 6
	wantStatus(t, "token", h, s, wire.StatusAuthFailed)
	h.Flags = 1
	wantStatus(t, "flags", h, s, wire.StatusBadEnvelope)

	h = fairHello
	s.Packet = 32
	wantStatus(t, "the server's packet size", h, s, wire.StatusIncompatible)
}

func wantStatus(t *testing.T, what string, h wire.Hello, s link.Settings, want wire.Status) {
	t.Helper()
	ack, got := link.Negotiate(h, s)
	if got != want || ack != (wire.HelloAck{}) {
		t.Errorf("%s: %v with %+v, want %v with nothing", what, got, ack, want)
	}
}

// Whatever both sides bring, an agreement is within what either of them said, and the client's own check of
// the acknowledgement accepts it.
func TestNegotiateProperty(t *testing.T) {
	size := rapid.OneOf(rapid.Uint32Range(0, 40), rapid.Uint32())
	rapid.Check(t, func(t *rapid.T) {
		p := link.Proposal{
			Supported: wire.Profile(rapid.Uint32().Draw(t, "supported")), Preferred: wire.Profile(rapid.Uint32().Draw(t, "preferred")),
			RequestPayload: size.Draw(t, "request"), RequestItems: size.Draw(t, "items"), AuthToken: rapid.Uint64Range(0, 1).Draw(t, "token"),
			Packet: size.Draw(t, "packet"),
		}.WithDefaults(wire.ProfileBaseline, 1<<16)
		s := link.Settings{
			Supported: wire.Profile(rapid.Uint32().Draw(t, "server's")), Preferred: wire.Profile(rapid.Uint32().Draw(t, "server prefers")),
			RequestPayload: size.Draw(t, "largest request"), ResponsePayload: size.Draw(t, "response"), AuthToken: rapid.Uint64Range(0, 1).Draw(t, "server's token"),
			Packet: size.Draw(t, "server's packet"), SessionID: rapid.Uint64().Draw(t, "session"),
		}.WithDefaults(wire.ProfileBaseline, 1<<16)
		hello, err := link.ParseHello(link.AppendHello(nil, p))
		if err != nil {
			t.Fatal(err)
		}
		ack, status := link.Negotiate(hello, s)
		fair := p.AuthToken == s.AuthToken && p.Supported&s.Supported != 0 && p.RequestPayload <= s.RequestPayload &&
			p.Packet > 32 && s.Packet > 32
		if fair != (status == wire.StatusOK) {
			t.Fatalf("%v for %+v and %+v", status, p, s)
		}
		if !fair {
			return
		}
		got, err := link.ParseAck(link.AppendAck(nil, ack), p)
		if err != nil || got != ack {
			t.Fatalf("the client makes %+v, %v of %+v", got, err, ack)
		}
	})
}
