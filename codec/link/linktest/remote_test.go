package linktest_test

import (
	"net"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// agentHarness is the Harness of a Network of which one side is reached through an Agent, as if it were in another
// process.
func agentHarness(t *testing.T, serverElsewhere bool) linktest.Harness {
	n := linktest.NewNetwork()
	agent := n.Agent()
	here, there := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- agent.Serve(there) }()
	remote := linktest.NewRemote(here)
	t.Cleanup(func() {
		remote.Close()
		if err := linktest.Await(t, "the agent to end", served); err != nil {
			t.Errorf("agent: %v", err)
		}
	})
	var last atomic.Int64
	fresh := func() string { return "p" + strconv.FormatInt(last.Add(1), 10) }
	h := linktest.NetworkHarness(linktest.ListenConfig{})
	h.Name = "memory, through an agent"
	h.Raw = func(tb testing.TB, l link.Listener) linktest.Raw { return n.RawClient(tb, l.Endpoint()) }
	h.RawServer = func(tb testing.TB) (func() linktest.Raw, link.Dialer) {
		place := fresh()
		accept := n.RawServer(tb, place, linktest.ListenConfig{})
		if serverElsewhere {
			return accept, n.Dialer(place)
		}
		d, err := remote.Dialer(place)
		if err != nil {
			tb.Fatal(err)
		}
		return accept, d
	}
	return remote.Harness(h, &agent, serverElsewhere, func(testing.TB) string { return fresh() })
}

func TestConformanceServerElsewhere(t *testing.T) { linktest.Run(t, agentHarness(t, true)) }
func TestConformanceClientElsewhere(t *testing.T) { linktest.Run(t, agentHarness(t, false)) }
