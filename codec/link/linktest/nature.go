package linktest

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Nature is what a transport cannot do because of what it is made of, however well it is written. The zero value is
// a transport of packets on whose sessions as many requests may be outstanding as a client proposes.
//
// The suite leaves out what the nature excludes, and holds the transport to all the rest: what is not declared here
// is not excused.
type Nature struct {
	// Whole: messages are published whole, not in packets (shared memory). Then there are no chunks, a message is
	// never half sent or half received, and there is no packet that could meet a fault. The packet size is
	// negotiated as ever and means nothing. A publication may take the place of one that was not received: the
	// suite has no two messages of one direction on their way at once.
	Whole bool

	// Depth is the most requests that a client may have outstanding, 0 for as many as it proposes. With 1, answers
	// have no order and no backpressure builds up.
	Depth int

	// NoReset: the death of a peer cannot be told from its closing in good order, or the other way round.
	NoReset bool
}

// need is what a subtest cannot do without.
type need uint8

const (
	packets  need = 1 << iota // messages in several packets
	deep                      // several requests outstanding
	resets                    // broken connections that are told from closed ones
	anywhere need = 0
)

// excludes tells whether a subtest with such needs is no promise of a transport of this nature.
func (n Nature) excludes(needs need) bool {
	return needs&packets != 0 && n.Whole || needs&deep != 0 && n.Depth == 1 || needs&resets != 0 && n.NoReset
}

// depth returns how many requests may be outstanding where a client proposes n.
func (n Nature) depth(proposed int) int {
	if n.Depth == 0 {
		return proposed
	}
	return min(n.Depth, proposed)
}

// holds checks that a session is of the nature that its harness declares.
func (n Nature) holds(t testing.TB, proposed int, client link.Info) {
	t.Helper()
	if proposed == 0 {
		proposed = link.DefaultDepth
	}
	if got, want := client.Depth, n.depth(proposed); got != want {
		t.Fatalf("%d requests may be outstanding, want %d: what a transport cannot do, its harness's Nature says", got, want)
	}
}
