package servicetest

import (
	"context"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// Endpoint is a place in memory where one service may stand, and the Script of what goes wrong there. All
// methods are safe for concurrent use.
type Endpoint struct {
	Script
	network *linktest.Network
}

// endpointName is the name that every Endpoint's service has.
const endpointName = "servicetest"

// NewEndpoint returns a place where nothing stands yet.
func NewEndpoint() *Endpoint { return &Endpoint{network: linktest.NewNetwork()} }

// Listen begins to listen, for a server to be made. When that server has ended, Listen may be called again: a
// provider that was restarted. Error: link.ErrAddrInUse.
func (e *Endpoint) Listen() (link.Listener, error) {
	l, err := e.network.Listen(endpointName, linktest.ListenConfig{})
	if err != nil {
		return nil, err
	}
	return e.Listener(l), nil
}

// MustListen is Listen for tests, which it fails.
func (e *Endpoint) MustListen(tb testing.TB) link.Listener {
	tb.Helper()
	l, err := e.Listen()
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// Dialer returns a dialer for the endpoint, whether a server stands there or not.
func (e *Endpoint) Dialer() link.Dialer { return e.Script.Dialer(e.network.Dialer(endpointName)) }

// Server is what Serve serves: any *service.Server.
type Server interface {
	Serve(context.Context) error
	Close() error
}

// Serve lets a server serve until the test has ended, or the returned stop is called, which closes it and
// waits. The test fails if serving does.
func Serve(tb testing.TB, s Server) (stop func()) {
	tb.Helper()
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	ended := make(chan struct{}, 1)
	ended <- struct{}{}
	stop = func() {
		tb.Helper()
		if _, first := <-ended; !first {
			return
		}
		defer close(ended)
		if err := s.Close(); err != nil {
			tb.Errorf("closing the server: %v", err)
		}
		if err := <-served; err != nil {
			tb.Errorf("serving: %v", err)
		}
	}
	tb.Cleanup(stop)
	return stop
}
