package linktest

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

// FaultPlan is a session one of whose packets meets a fault.
type FaultPlan struct {
	Client bool      // it is one of the client's packets, not of the server's
	Info   link.Info // of the session, at both ends
	Packet int       // which of that end's packets, the first is 0
	Fault  Fault
}

// session makes one end of the session over a bare connection. resume ends a stall.
func (p FaultPlan) session(client bool, packets link.Packets, reset func()) (c link.Conn, resume func()) {
	faulty := NewFaulty(packets, reset, func(n int, _ []byte) Fault {
		if client == p.Client && n == p.Packet {
			return p.Fault
		}
		return Pass
	})
	if client {
		return link.NewClientSession(faulty, p.Info), faulty.Resume
	}
	return link.NewServerSession(faulty, p.Info), faulty.Resume
}

// faulty makes a session with a fault in it: the end whose packets meet it, and the other one. It skips the test where
// the harness has no bare connections.
func (h Harness) faulty(t *testing.T, p FaultPlan) (faulty, other link.Conn, resume func()) {
	t.Helper()
	switch {
	case h.Faulty != nil:
		faulty, other, resume = h.Faulty(t, p)
	case h.Pipe != nil:
		a, b, reset := h.Pipe(t)
		faulty, resume = p.session(p.Client, a, reset)
		other, _ = p.session(!p.Client, b, nil)
	default:
		t.Skip("the harness has no bare connections")
	}
	t.Cleanup(func() {
		faulty.Close()
		other.Close()
	})
	return faulty, other, resume
}
