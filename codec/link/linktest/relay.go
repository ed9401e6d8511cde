package linktest

import (
	"context"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Relay stands between clients and a server and passes their messages on, whole, while it counts. It uses the
// interfaces of package link alone, so it stands between any transports: its clients may come over one, its
// server be reached over another. A client's session is one session with the server, and both end together.
type Relay struct {
	// Settings are for the clients' handshakes. Its ResponsePayload is to be at least the server's, or
	// answers that exceed it end the session. Not to be changed once Run was called.
	Settings link.Settings
	// Proposal is what the relay proposes to the server, but for the limits and the number of batch items
	// of requests, which are the client's. Not to be changed once Run was called.
	Proposal link.Proposal

	front link.Listener
	back  link.Dialer

	sessions, requests, responses, most atomic.Int64
}

// relayDepth is how many requests a relay passes on without an answer: more than any client has outstanding.
const relayDepth = 1 << 16

// NewRelay returns a relay from the clients of front to the server of back. It does nothing before Run.
func NewRelay(front link.Listener, back link.Dialer) *Relay {
	return &Relay{front: front, back: back, Settings: link.Settings{ResponsePayload: link.GrowthCeiling}}
}

// Run relays until ctx ends or the front listener is closed, and returns when all sessions have ended; see
// Serve for the error. A server that cannot be reached is no error: the client's session is closed.
func (r *Relay) Run(ctx context.Context) error {
	return Serve(ctx, r.front, r.Settings, func(ctx context.Context, client link.Conn) error {
		agreed := client.Info().Limits
		p := r.Proposal
		p.RequestPayload, p.RequestItems, p.Depth = agreed.RequestPayload, agreed.RequestItems, relayDepth
		server, err := r.back.Dial(ctx, p)
		if err != nil {
			return nil
		}
		defer server.Close()
		r.sessions.Add(1)
		return r.between(client, server)
	})
}

// between passes messages on in both directions until one of them ends, which ends the other.
func (r *Relay) between(client, server link.Conn) error {
	var outstanding atomic.Int64
	back := make(chan error, 1)
	go func() {
		back <- pump(server, client, func() {
			outstanding.Add(-1)
			r.responses.Add(1)
		})
		client.Close()
	}()
	err := pump(client, server, func() {
		r.requests.Add(1)
		raise(&r.most, outstanding.Add(1))
	})
	server.Close()
	if other := <-back; over(err) {
		return other
	}
	return err
}

// pump passes messages on from one session to another. It calls seen between receiving and sending.
func pump(from, to link.Conn, seen func()) error {
	var m link.Message
	for {
		if err := from.Recv(&m, nil); err != nil {
			return err
		}
		seen()
		if err := send(to, m.Header, m.Payload, nil); err != nil {
			return err
		}
	}
}

// raise makes a at least n.
func raise(a *atomic.Int64, n int64) {
	for old := a.Load(); n > old && !a.CompareAndSwap(old, n); old = a.Load() {
	}
}

// MaxOutstanding returns how many requests of one session were outstanding at once, at most: received from the
// client, and their answers not yet received from the server. A client that does not pipeline never has more
// than one.
func (r *Relay) MaxOutstanding() int { return int(r.most.Load()) }

// Sessions returns how many sessions have been relayed so far.
func (r *Relay) Sessions() int { return int(r.sessions.Load()) }

// Requests returns how many requests have been passed on so far.
func (r *Relay) Requests() int { return int(r.requests.Load()) }

// Responses returns how many responses have been passed back so far.
func (r *Relay) Responses() int { return int(r.responses.Load()) }
