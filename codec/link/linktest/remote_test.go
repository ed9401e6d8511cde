package linktest_test

import (
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// agentHarness is the Harness of a Network of which one side is reached through an Agent, as if it were in another
// process.
func agentHarness(t *testing.T, serverElsewhere bool) linktest.Harness {
	n := linktest.NewNetwork()
	agent := linktest.Agent{
		Listen: func(place string, handshake time.Duration) (link.Listener, error) {
			return n.Listen(place, linktest.ListenConfig{HandshakeTimeout: handshake})
		},
		Dialer: func(place string) (link.Dialer, error) { return n.Dialer(place), nil },
	}
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
	h := linktest.NetworkHarness(linktest.ListenConfig{})
	h.Name, h.Remote, h.Reset, h.Pipe = "memory, through an agent", true, nil, nil
	var last atomic.Int64
	open := func(tb testing.TB, handshake time.Duration) (link.Listener, link.Dialer) {
		place := "p" + strconv.FormatInt(last.Add(1), 10)
		listen, dialer := agent.Listen, agent.Dialer
		if serverElsewhere {
			listen = remote.Listen
		} else {
			dialer = remote.Dialer
		}
		l, err := listen(place, handshake)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { l.Close() })
		d, err := dialer(place)
		if err != nil {
			tb.Fatal(err)
		}
		return l, d
	}
	h.New = func(tb testing.TB) (link.Listener, link.Dialer) { return open(tb, 0) }
	h.NewLimited = open
	h.Raw = func(tb testing.TB, l link.Listener) linktest.Raw { return n.RawClient(tb, l.Endpoint()) }
	h.RawServer = func(tb testing.TB) (func() linktest.Raw, link.Dialer) {
		place := "p" + strconv.FormatInt(last.Add(1), 10)
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
	return h
}

func TestConformanceServerElsewhere(t *testing.T) { linktest.Run(t, agentHarness(t, true)) }
func TestConformanceClientElsewhere(t *testing.T) { linktest.Run(t, agentHarness(t, false)) }
