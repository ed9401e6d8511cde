package posix

import (
	"context"
	"net"
	"path/filepath"
	"strings"
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

// theAgent makes listeners and dialers; a place is the path of the socket.
var theAgent = linktest.Agent{
	Listen: func(place string, handshake time.Duration) (link.Listener, error) {
		l, err := Listen(context.Background(), ListenConfig{Config: configOf(place), HandshakeTimeout: handshake})
		if err != nil {
			return nil, err
		}
		return l, nil
	},
	Dialer: func(place string) (link.Dialer, error) {
		d, err := NewDialer(DialConfig{Config: configOf(place)})
		if err != nil {
			return nil, err
		}
		return d, nil
	},
}

func configOf(place string) Config {
	return Config{RunDir: filepath.Dir(place), Service: strings.TrimSuffix(filepath.Base(place), socketEnding)}
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
	h := harness()
	h.Remote, h.Reset, h.Pipe = true, nil, nil
	open := func(tb testing.TB, handshake time.Duration) (link.Listener, link.Dialer) {
		listen, dialer := theAgent.Listen, theAgent.Dialer
		if server {
			listen = remote.Listen
		} else {
			dialer = remote.Dialer
		}
		place := fresh(tb).socket()
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
	h.Raw = func(tb testing.TB, l link.Listener) linktest.Raw {
		return linktest.RawOf(connected(tb, configOf(l.Endpoint())))
	}
	h.RawServer = func(tb testing.TB) (func() linktest.Raw, link.Dialer) {
		cfg := fresh(tb)
		l := listening(tb, ListenConfig{Config: cfg})
		d := link.Dialer(dialing(tb, cfg))
		if !server {
			var err error
			if d, err = remote.Dialer(cfg.socket()); err != nil {
				tb.Fatal(err)
			}
		}
		return func() linktest.Raw { return linktest.RawOf(accepted(tb, l).conn) }, d
	}
	return h
}
