package linktest

import (
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// FaultPlan is a session one of whose packets meets a fault.
type FaultPlan struct {
	Client bool      // it is one of the client's packets, not of the server's
	Info   link.Info // of the session, at both ends
	Packet int       // which of that end's packets, the first is 0
	Fault  Fault
}

// session makes one end of the session over a bare connection. resume ends the stall of the plan, and waits for it to
// begin: whoever resumes does not see how far the sender has got, which may be in another process.
func (p FaultPlan) session(client bool, packets link.Packets, reset func()) (c link.Conn, resume func()) {
	reached := make(chan struct{})
	faulty := NewFaulty(packets, reset, func(n int, _ []byte) Fault {
		if client != p.Client || n != p.Packet {
			return Pass
		}
		close(reached) // a plan is asked once for each packet
		return p.Fault
	})
	resume = func() {
		watchdog := time.NewTimer(stuck)
		defer watchdog.Stop()
		select {
		case <-reached:
		case <-watchdog.C: // the messages that do not come will tell
		}
		faulty.Resume()
	}
	if client {
		return link.NewClientSession(faulty, p.Info), resume
	}
	return link.NewServerSession(faulty, p.Info), resume
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
