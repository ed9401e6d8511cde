package linktest

import (
	"context"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

// pair is a session and the listener it came through.
type pair struct {
	client, server link.Conn
	listener       link.Listener
	dialer         link.Dialer
}

// limits are what the suite asks a session to have. Zero fields are left to the harness and the defaults.
type limits struct {
	request, items, response, packet uint32
	depth                            int
	session                          uint64
}

func (h Harness) proposal(l limits) link.Proposal {
	p := h.Proposal
	p.RequestPayload, p.RequestItems, p.Packet, p.Depth = l.request, l.items, l.packet, l.depth
	return p
}

func (h Harness) settings(l limits) link.Settings {
	s := h.Settings
	s.RequestPayload, s.ResponsePayload, s.SessionID = l.request, l.response, l.session
	return s
}

// open makes a fresh endpoint and one session with it.
func (h Harness) open(t testing.TB, l limits) pair {
	t.Helper()
	listener, dialer := h.New(t)
	client, server := connect(t, listener, dialer, h.proposal(l), h.settings(l))
	if got := client.Info().Profile; h.Profile != 0 && got != h.Profile {
		t.Fatalf("profile %v, want %v", got, h.Profile)
	}
	h.Nature.holds(t, l.depth, client.Info())
	return pair{client, server, listener, dialer}
}

// openPackets is open for packets of the given size; it skips the test where the transport's are smaller.
func (h Harness) openPackets(t *testing.T, l limits) pair {
	t.Helper()
	p := h.open(t, l)
	if got := p.client.Info().Limits.Packet; got > l.packet {
		t.Fatalf("packets of %d bytes agreed, more than the %d proposed", got, l.packet)
	} else if got < l.packet {
		t.Skipf("the transport's largest packet has %d bytes, not %d", got, l.packet)
	}
	return p
}

// Connect makes one session: it dials, accepts and shakes hands. Both ends are closed when the test ends.
func Connect(tb testing.TB, l link.Listener, d link.Dialer, p link.Proposal, s link.Settings) (client, server link.Conn) {
	tb.Helper()
	return connect(tb, l, d, p, s)
}

func connect(t testing.TB, l link.Listener, d link.Dialer, p link.Proposal, s link.Settings) (client, server link.Conn) {
	t.Helper()
	client, server, dialed, shook := shake(t, l, d, p, s)
	if dialed != nil || shook != nil {
		t.Fatalf("no session: the client says %v, the server says %v", dialed, shook)
	}
	return client, server
}

// shake runs both sides of a handshake and returns what each of them got. Sessions are closed with the test.
func shake(t testing.TB, l link.Listener, d link.Dialer, p link.Proposal, s link.Settings) (client, server link.Conn, dialed, shook error) {
	t.Helper()
	ctx := patiently(t)
	result := dial(ctx, t, d, p)
	in, err := l.Accept(ctx)
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	server, shook = in.Handshake(ctx, s)
	if shook == nil {
		t.Cleanup(func() { server.Close() })
	}
	r := Await(t, "Dial", result)
	return r.conn, server, r.err, shook
}

type dialResult struct {
	conn link.Conn
	err  error
}

// dial dials beside the test, which gives up the dialing when it ends.
func dial(ctx context.Context, t testing.TB, d link.Dialer, p link.Proposal) <-chan dialResult {
	ctx, cancel := context.WithCancel(ctx)
	result := going(t, func() dialResult {
		c, err := d.Dial(ctx, p)
		if err == nil {
			t.Cleanup(func() { c.Close() })
		}
		return dialResult{c, err}
	})
	t.Cleanup(cancel)
	return result
}
