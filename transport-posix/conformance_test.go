package posix

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

func TestConformance(t *testing.T) {
	needsSockets(t)
	linktest.Run(t, harness())
}

// harness makes this transport known to the conformance suite.
func harness() linktest.Harness {
	var b bench
	open := func(tb testing.TB, cfg ListenConfig) (link.Listener, link.Dialer) {
		cfg.Config = fresh(tb)
		return &benchListener{listening(tb, cfg), &b}, &benchDialer{dialing(tb, cfg.Config), &b}
	}
	return linktest.Harness{
		Name:    "posix",
		New:     func(tb testing.TB) (link.Listener, link.Dialer) { return open(tb, ListenConfig{}) },
		Profile: wire.ProfileBaseline,
		NewLimited: func(tb testing.TB, handshake time.Duration) (link.Listener, link.Dialer) {
			return open(tb, ListenConfig{HandshakeTimeout: handshake})
		},
		Raw: func(tb testing.TB, l link.Listener) linktest.Raw {
			return linktest.RawOf(connected(tb, l.(*benchListener).cfg.Config))
		},
		RawServer: func(tb testing.TB) (func() linktest.Raw, link.Dialer) {
			cfg := fresh(tb)
			l := listening(tb, ListenConfig{Config: cfg})
			return func() linktest.Raw { return linktest.RawOf(accepted(tb, l).conn) }, dialing(tb, cfg)
		},
		Pipe: func(tb testing.TB) (link.Packets, link.Packets, func()) {
			x, y := packetPair(tb)
			return x, y, func() {
				_ = y.raw.Control(func(fd uintptr) { sys.Send(fd, []byte("unread")) })
				x.abort()
			}
		},
		Reset: b.reset,
	}
}

// bench remembers the connections below the sessions of a suite, to break them.
type bench struct {
	mu      sync.Mutex
	clients map[link.Conn]*conn
	servers []*conn
}

type benchListener struct {
	*Listener
	b *bench
}

func (l *benchListener) Accept(ctx context.Context) (link.Incoming, error) {
	in, err := l.Listener.Accept(ctx)
	if err == nil {
		l.b.mu.Lock()
		defer l.b.mu.Unlock()
		l.b.servers = append(l.b.servers, in.(*incoming).conn)
	}
	return in, err
}

type benchDialer struct {
	*Dialer
	b *bench
}

func (d *benchDialer) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	c, err := d.connect(ctx, patience())
	if err != nil {
		return nil, link.NewOpError("dial", d.path, err)
	}
	s, err := d.greet(ctx, c, p, 0, patience())
	if err != nil {
		return nil, link.NewOpError("dial", d.path, err)
	}
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	if d.b.clients == nil {
		d.b.clients = map[link.Conn]*conn{}
	}
	d.b.clients[s] = c
	return s, nil
}

// reset breaks the connection below a client's session: the client leaves something unread, and dies.
func (b *bench) reset(c link.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.servers {
		_ = s.raw.Control(func(fd uintptr) { sys.Send(fd, []byte("unread")) })
	}
	b.clients[c].abort()
}
