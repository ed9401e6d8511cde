package posix

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
)

func init() { roles["agent"] = agentRole }

// agentRole plays one side of the conformance suite, as told through the socket whose path it gets.
func agentRole() {
	control, err := net.Dial("unix", proctest.Args()[0])
	if err != nil {
		proctest.Fail(err)
	}
	if err := theAgent.Serve(control); err != nil {
		proctest.Fail(err)
	}
}

// theAgent plays one side of the suite, in this process or in another one; a place is the path of the socket.
var theAgent = linktest.Agent{
	Listen: func(place string, handshake time.Duration) (link.Listener, error) {
		l, err := Listen(context.Background(), ListenConfig{Config: configOf(place), HandshakeTimeout: handshake})
		if err != nil {
			return nil, err
		}
		return &openListener{l}, nil
	},
	Dialer: func(place string) (link.Dialer, error) {
		d, err := NewDialer(DialConfig{Config: configOf(place)})
		if err != nil {
			return nil, err
		}
		return &openDialer{d}, nil
	},
	Reset: harness().Reset,
	Connect: func(place string) (link.Packets, func(), error) {
		d, err := NewDialer(DialConfig{Config: configOf(place)})
		if err != nil {
			return nil, nil, err
		}
		c, err := d.connect(context.Background(), patience())
		if err != nil {
			return nil, nil, err
		}
		return c, c.abort, nil
	},
	Bare: func(in link.Incoming) (link.Packets, func()) {
		c := in.(*openIncoming).conn
		return c, c.abort
	},
}

// startAgent starts a second process for one side of the suite.
func startAgent(t *testing.T) *linktest.Remote {
	t.Helper()
	path := filepath.Join(runDir(t), "control")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := proctest.Start(t, "agent", path)
	if err := l.(*net.UnixListener).SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	control, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	r := linktest.NewRemote(control)
	t.Cleanup(func() {
		r.Close()
		p.Wait()
	})
	return r
}

// The whole suite with its servers in a second process, and once more with its clients there.
func TestConformanceServerElsewhere(t *testing.T) {
	needsSockets(t)
	linktest.Run(t, harnessElsewhere(startAgent(t), true))
}

func TestConformanceClientElsewhere(t *testing.T) {
	needsSockets(t)
	linktest.Run(t, harnessElsewhere(startAgent(t), false))
}

func harnessElsewhere(remote *linktest.Remote, server bool) linktest.Harness {
	h := remote.Harness(harness(), &theAgent, server, func(tb testing.TB) string { return fresh(tb).socket() })
	if server {
		return h
	}
	h.RawServer = func(tb testing.TB) (func() linktest.Raw, link.Dialer) {
		cfg := fresh(tb)
		l := listening(tb, ListenConfig{Config: cfg})
		d, err := remote.Dialer(cfg.socket())
		if err != nil {
			tb.Fatal(err)
		}
		return func() linktest.Raw { return linktest.RawOf(accepted(tb, l).conn) }, d
	}
	return h
}
