package linktest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

var concurrentTests = []subtest{
	{"HalvesAtOnce", anywhere, halvesAtOnce},
	{"LargeBothWaysAtOnce", deep, largeBothWays},
	{"ManySessions", anywhere, manySessions},
	{"RoundTripAllocatesNothing", anywhere, roundTripAllocates},
}

// halvesAtOnce keeps the session's depth full with one goroutine that sends and one that receives.
func halvesAtOnce(t *testing.T, h Harness) {
	const n = 2000
	p := h.open(t, limits{})
	echo(t, p.server)
	free := make(chan uint64, p.client.Info().Depth)
	for id := range uint64(cap(free)) {
		free <- id
	}
	sent := going(t, func() error {
		for range n {
			id := Await(t, "a free id", free)
			if err := send(p.client, request(id), bytes.Repeat([]byte{byte(id)}, int(id)+1), patience()); err != nil {
				return err
			}
		}
		return nil
	})
	for range n {
		m := mustRecv(t, p.client)
		id := m.Header.MessageID
		if !bytes.Equal(m.Payload, bytes.Repeat([]byte{byte(id)}, int(id)+1)) {
			t.Fatalf("id %d: %d bytes %x", id, len(m.Payload), m.Payload)
		}
		free <- id
	}
	if err := Await(t, "Commit", sent); err != nil {
		t.Fatal(err)
	}
}

// largeBothWays: as long as somebody reads at each end, messages that fit no buffer pass each other.
func largeBothWays(t *testing.T, h Harness) {
	const size, n = 4 << 20, 3
	p := h.openDeep(t, 2*n, limits{request: size, response: size, packet: 4096})
	want := random(size)
	for id := range uint64(n) {
		mustSend(t, p.client, request(id), nil)
		mustRecv(t, p.server)
	}
	transfer := func(from, to link.Conn, first uint64, isResponse bool) (sent, received <-chan error) {
		sent = going(t, func() error {
			for id := range uint64(n) {
				head := request(first + id)
				if isResponse {
					head = response(head)
				}
				if err := send(from, head, want, patience()); err != nil {
					return err
				}
			}
			return nil
		})
		received = going(t, func() error {
			var m link.Message
			for range n {
				if err := to.Recv(&m, patience()); err != nil {
					return err
				}
				if !bytes.Equal(m.Payload, want) {
					return fmt.Errorf("id %d: the bytes that came are not those that were sent", m.Header.MessageID)
				}
			}
			return nil
		})
		return sent, received
	}
	a, b := transfer(p.client, p.server, n, false)
	c, d := transfer(p.server, p.client, 0, true)
	for i, result := range []<-chan error{a, b, c, d} {
		if err := Await(t, "a large message", result); err != nil {
			t.Errorf("transfer %d: %v", i, err)
		}
	}
}

func manySessions(t *testing.T, h Harness) {
	l, d := h.New(t)
	var all []pair
	for range 20 {
		client, server := connect(t, l, d, h.Proposal, h.Settings)
		all = append(all, pair{client: client, server: server})
	}
	for i, p := range all {
		if i%2 == 0 {
			p.client.Close()
		}
	}
	for i, p := range all {
		if i%2 == 0 {
			wantOnly(t, "receive", p.server.Recv(new(link.Message), patience()), link.ErrPeerClosed)
		} else {
			p.works(t, uint64(i))
		}
	}
}

// roundTripAllocates: once the buffers are there, a request and its answer allocate nothing on either side, with a
// deadline or without, in one packet or in several, by Exchange or in turn. Each process counts its own.
func roundTripAllocates(t *testing.T, h Harness) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget on purpose, and transports pool their buffers")
	}
	for _, packet := range []uint32{4096, 100} {
		for _, bounded := range []bool{false, true} {
			for _, exchange := range []bool{false, true} {
				p := h.open(t, limits{packet: packet})
				tr := trips{Runs: 200, Size: 1000, Bounded: bounded, Exchange: exchange}
				name := fmt.Sprintf("packets of %d bytes, deadline %v, Exchange %v", packet, bounded, exchange)
				for side, n := range p.allocations(t, tr) {
					if n != 0 {
						t.Errorf("%s, %s: %v allocations a round trip, want 0", name, side, n)
					}
				}
				p.client.Close() // its goroutines, if it has any, count as well
				p.server.Close()
			}
		}
	}
}

// allocations makes trips and returns what each costs, by the process that was counted in.
func (p pair) allocations(t *testing.T, tr trips) map[string]float64 {
	t.Helper()
	type count struct {
		allocs float64
		err    error
	}
	side := func(c link.Conn, client bool) func() count {
		tr := tr
		tr.Client = client
		return func() (n count) {
			if there, ok := c.(*remoteConn); ok {
				n.allocs, n.err = there.allocations(tr)
			} else {
				n.allocs, n.err = tr.allocations(c)
			}
			return n
		}
	}
	counts := map[string]float64{}
	there, here, name := side(p.server, false), side(p.client, true), "the client's process"
	switch {
	case isRemote(p.client):
		there, here, name = here, there, "the server's process"
	case !isRemote(p.server):
		// One process counts once, what both ends do.
		there, name = func() count { return count{err: tr.serve(p.server)} }, "both ends"
	}
	other := going(t, there)
	n := here()
	counts[name] = n.allocs
	o := Await(t, "the other end's trips", other)
	if isRemote(p.client) || isRemote(p.server) {
		counts["the other process"] = o.allocs
	}
	if n.err != nil || o.err != nil {
		t.Fatalf("trips: %v, the other end: %v", n.err, o.err)
	}
	return counts
}

func isRemote(c link.Conn) bool {
	_, ok := c.(*remoteConn)
	return ok
}
