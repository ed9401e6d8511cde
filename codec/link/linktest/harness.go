package linktest

import (
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Harness is how the conformance suite gets at a transport. Name and New are required; the subtests that need
// one of the others are skipped where it is nil.
type Harness struct {
	Name string

	// New starts listening at a fresh endpoint and returns a dialer for it. What the listener is made of is
	// given back by tb.Cleanup.
	New func(tb testing.TB) (link.Listener, link.Dialer)

	// Proposal and Settings are what every session starts from, for a transport with several profiles. The
	// suite sets limits, packet sizes, tokens and session ids itself.
	Proposal link.Proposal
	Settings link.Settings

	// Profile is what sessions are to get; 0: the suite does not look.
	Profile wire.Profile

	// Nature is what the transport cannot do because of what it is made of.
	Nature Nature

	// NewLimited is New with a limit for handshakes in place of the listener's default.
	NewLimited func(tb testing.TB, handshake time.Duration) (link.Listener, link.Dialer)

	// Raw connects to a listener of New's, without a handshake. The session that a handshake over it makes
	// is the baseline one, unless Medium says otherwise.
	Raw func(tb testing.TB, l link.Listener) Raw

	// RawServer makes a fresh endpoint that the test serves itself: accept waits for the next client.
	RawServer func(tb testing.TB) (accept func() Raw, d link.Dialer)

	// Medium is for transports whose sessions do not go the way of their handshake: it makes what a raw peer speaks
	// through, in the session that ack accepts. A raw server's is made before the acknowledgement is sent, a raw
	// client's after it was received. Send and Recv of what it returns publish and take whole messages, Close closes
	// r as well, which the death of the peer shows by. nil: a session goes on over r, and is the baseline one.
	Medium func(tb testing.TB, r Raw, server bool, ack wire.HelloAck) Raw

	// Pipe makes a bare connection, for sessions whose packets meet faults. reset breaks it as the death of a's
	// owner does, who has something unread, which the suite sees to: b gets link.ErrReset after what was sent before.
	Pipe func(tb testing.TB) (a, b link.Packets, reset func())

	// Faulty makes the session of a plan: the end whose packets meet the fault, the other one, and what ends a
	// stall. nil: made of a Pipe's two ends.
	Faulty func(tb testing.TB, p FaultPlan) (faulty, other link.Conn, resume func())

	// Remote says that one side runs in another process, behind an Agent; see Remote.Harness.
	Remote bool

	// Reset ends a session as the death of c's process does, at once and without receiving what has come: the other
	// end gets link.ErrReset. The suite sees to it that something has come and was not received.
	Reset func(c link.Conn)
}

// NetworkHarness is the Harness of an in-memory Network with the given configuration.
func NetworkHarness(cfg ListenConfig) Harness {
	const name = "conformance"
	open := func(tb testing.TB, cfg ListenConfig) (link.Listener, link.Dialer) {
		n := NewNetwork()
		l, err := n.Listen(name, cfg)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { l.Close() })
		return l, n.Dialer(name)
	}
	return Harness{
		Name:    "memory",
		New:     func(tb testing.TB) (link.Listener, link.Dialer) { return open(tb, cfg) },
		Profile: wire.ProfileBaseline,
		NewLimited: func(tb testing.TB, handshake time.Duration) (link.Listener, link.Dialer) {
			limited := cfg
			limited.HandshakeTimeout = handshake
			return open(tb, limited)
		},
		Raw: func(tb testing.TB, l link.Listener) Raw { return l.(*listener).network.RawClient(tb, name) },
		RawServer: func(tb testing.TB) (func() Raw, link.Dialer) {
			n := NewNetwork()
			return n.RawServer(tb, name, cfg), n.Dialer(name)
		},
		Pipe: func(tb testing.TB) (a, b link.Packets, reset func()) {
			a, b, reset = Pipe(cfg)
			tb.Cleanup(func() {
				a.Close()
				b.Close()
			})
			return a, b, reset
		},
		Reset: func(c link.Conn) { c.(*Conn).Reset() },
	}
}
