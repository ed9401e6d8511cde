package linktest

import (
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var handshakeTests = []subtest{
	{"AgreedValues", anywhere, agreedValues},
	{"Defaults", anywhere, agreedDefaults},
	{"RefusalsAndTheirOrder", anywhere, refusals},
	{"RefuseWithEachStatus", anywhere, refuseWith},
	{"EachFieldOfHello", anywhere, helloFields},
	{"OrderOfChecks", anywhere, handshakeOrder},
	{"OddAnswers", anywhere, oddAnswers},
	{"SilentClientMeetsTheLimit", anywhere, silentClientLimit},
	{"SilentClientMeetsTheContext", anywhere, silentClientContext},
	{"SilentClientHoldsUpNobody", anywhere, silentClientBeside},
	{"ClientLeaves", anywhere, clientLeaves},
}

func agreedValues(t *testing.T, h Harness) {
	for _, packet := range []uint32{33, 1000, 4096} {
		l, d := h.New(t)
		p, s := h.Proposal, h.Settings
		p.RequestPayload, p.RequestItems, p.AuthToken, p.Packet, p.Depth = 3000, 5, 0x1122334455667788, packet, 9
		s.RequestPayload, s.ResponsePayload, s.AuthToken, s.SessionID = 5000, 7000, p.AuthToken, 77
		client, server := connect(t, l, d, p, s)
		want := link.Limits{RequestPayload: 3000, RequestItems: 5, ResponsePayload: 7000, ResponseItems: 5, Packet: packet}
		for _, end := range []struct {
			name string
			info link.Info
		}{{"client", client.Info()}, {"server", server.Info()}} {
			if end.info.Limits != want {
				t.Errorf("packet size %d, %s: limits %+v, want %+v", packet, end.name, end.info.Limits, want)
			}
			if end.info.SessionID != 77 || end.info.Endpoint != l.Endpoint() || !end.info.Profile.Single() {
				t.Errorf("packet size %d, %s: %+v", packet, end.name, end.info)
			}
		}
		if c, s := client.Info().Profile, server.Info().Profile; c != s {
			t.Errorf("the client has profile %v, the server %v", c, s)
		}
		if depth := client.Info().Depth; depth < 1 || depth > 9 {
			t.Errorf("depth %d, want 1 to 9", depth)
		}
	}
}

func agreedDefaults(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	got := p.client.Info().Limits
	want := link.Limits{
		RequestPayload: link.DefaultPayload, RequestItems: link.DefaultItems,
		ResponsePayload: link.DefaultResponseCeiling, ResponseItems: link.DefaultItems,
		Packet: got.Packet,
	}
	if got != want || got.Packet < link.MinPacket {
		t.Errorf("limits %+v, want %+v and a packet size of at least %d", got, want, link.MinPacket)
	}
}

// refusals goes through the checks that follow the layout's, each time with everything wrong that is checked
// later as well (spec 15-d).
func refusals(t *testing.T, h Harness) {
	good := h.Proposal
	good.RequestPayload, good.AuthToken = 1000, 5
	s := h.Settings
	s.RequestPayload, s.AuthToken = 1000, 5

	packet := good
	packet.Packet = 32
	request := packet
	request.RequestPayload = 1001
	auth := request
	auth.AuthToken = 6
	for _, c := range []struct {
		name string
		p    link.Proposal
		want wire.Status
	}{
		{"token", auth, wire.StatusAuthFailed},
		{"request payload", request, wire.StatusLimitExceeded},
		{"packet size", packet, wire.StatusIncompatible},
	} {
		l, d := h.New(t)
		_, _, dialed, shook := shake(t, l, d, c.p, s)
		wantRefused(t, c.name+", client", dialed, c.want)
		wantRefused(t, c.name+", server", shook, c.want)
		connect(t, l, d, good, s) // the listener goes on
	}
}

func wantRefused(t testing.TB, what string, err error, want wire.Status) {
	t.Helper()
	wantOnly(t, what, err, link.ErrRefused)
	var refused *link.RefusedError
	if !errors.As(err, &refused) || refused.Status != want {
		t.Errorf("%s: error %v, want a refusal with %v", what, err, want)
	}
}

func refuseWith(t *testing.T, h Harness) {
	l, d := h.New(t)
	for s := wire.StatusBadEnvelope; s <= wire.StatusInternalError; s++ {
		result := dial(patiently(t), t, d, h.Proposal)
		in, err := l.Accept(patiently(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Refuse(patiently(t), s); err != nil {
			t.Errorf("refuse with %v: %v", s, err)
		}
		wantRefused(t, "dial", Await(t, "Dial", result).err, s)
	}
}
