package service

import (
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// State is what a client knows about its provider (spec 08).
type State uint8

// The states. A client begins DISCONNECTED.
const (
	StateDisconnected State = iota // no session; the last attempt, if any, failed for a passing cause
	StateConnecting                // the first session is being made
	StateReady                     // calls are possible
	StateNotFound                  // nothing answers at the endpoint
	StateAuthFailed                // the provider does not serve this client
	StateIncompatible              // no common profile, version or packet size
	StateBroken                    // the session broke, and so did the one that replaced it
)

var stateNames = [...]string{"DISCONNECTED", "CONNECTING", "READY", "NOT_FOUND", "AUTH_FAILED", "INCOMPATIBLE", "BROKEN"}

// String returns the state's name in the specification.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Status is a moment in a client's life.
type Status struct {
	State     State
	Since     time.Time // when State began
	Endpoint  string
	Profile   wire.Profile
	SessionID uint64
	Limits    link.Limits // of the session
	Peer      link.Peer
	LastError error // why the last session ended or could not begin; nil before any

	Connects   uint64 // sessions made
	Reconnects uint64 // of these, after the first
	Calls      uint64 // calls that got their answer and are done with it, or have it on loan
	Errors     uint64 // calls that did not
	Retries    uint64 // requests sent again
	BytesOut   uint64 // headers and payloads
	BytesIn    uint64
}

// counters are written without the client's lock. Sessions that live count what they do by themselves.
type counters struct {
	connects, calls, errors, retries, bytesOut, bytesIn atomic.Uint64
}

func (n *counters) add(m moved) {
	n.calls.Add(m.calls)
	n.bytesOut.Add(m.out)
	n.bytesIn.Add(m.in)
}

func (c *core) status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := Status{
		State:     c.state,
		Since:     c.since,
		Endpoint:  c.dialer.Endpoint(),
		LastError: c.lastErr,
		Connects:  c.n.connects.Load(),
		Calls:     c.n.calls.Load(),
		Errors:    c.n.errors.Load(),
		Retries:   c.n.retries.Load(),
		BytesOut:  c.n.bytesOut.Load(),
		BytesIn:   c.n.bytesIn.Load(),
	}
	for s := range c.sessions {
		s.mu.Lock()
		s.settle()
		st.Calls += s.moved.calls
		st.BytesOut += s.moved.out
		st.BytesIn += s.moved.in
		s.mu.Unlock()
	}
	if st.Connects > 0 {
		st.Reconnects = st.Connects - 1
	}
	if s := c.current.Load(); s != nil && c.state == StateReady {
		info := s.conn.Info()
		st.Profile, st.SessionID, st.Limits, st.Peer = info.Profile, info.SessionID, info.Limits, info.Peer
	}
	return st
}
