package posix

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

func TestConformance(t *testing.T) {
	needsSockets(t)
	linktest.Run(t, harness())
}

// harness makes this transport known to the conformance suite.
func harness() linktest.Harness {
	open := func(tb testing.TB, cfg ListenConfig) (link.Listener, link.Dialer) {
		cfg.Config = fresh(tb)
		return &openListener{listening(tb, cfg)}, &openDialer{dialing(tb, cfg.Config)}
	}
	return linktest.Harness{
		Name:    "posix",
		New:     func(tb testing.TB) (link.Listener, link.Dialer) { return open(tb, ListenConfig{}) },
		Profile: wire.ProfileBaseline,
		NewLimited: func(tb testing.TB, handshake time.Duration) (link.Listener, link.Dialer) {
			return open(tb, ListenConfig{HandshakeTimeout: handshake})
		},
		Raw: func(tb testing.TB, l link.Listener) linktest.Raw {
			return linktest.RawOf(connected(tb, configOf(l.Endpoint())))
		},
		RawServer: func(tb testing.TB) (func() linktest.Raw, link.Dialer) {
			cfg := fresh(tb)
			l := listening(tb, ListenConfig{Config: cfg})
			return func() linktest.Raw { return linktest.RawOf(accepted(tb, l).conn) }, dialing(tb, cfg)
		},
		Pipe: func(tb testing.TB) (link.Packets, link.Packets, func()) {
			x, y := packetPair(tb)
			return x, y, x.abort
		},
		Reset: func(c link.Conn) { c.(*openConn).socket.abort() },
	}
}

func configOf(place string) Config {
	return Config{RunDir: filepath.Dir(place), Service: strings.TrimSuffix(filepath.Base(place), socketEnding)}
}

// openConn is a session whose connection can be got at.
type openConn struct {
	link.Conn
	socket *conn
}

type openListener struct{ *Listener }

func (l *openListener) Accept(ctx context.Context) (link.Incoming, error) {
	in, err := l.Listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return &openIncoming{in.(*incoming)}, nil
}

type openIncoming struct{ *incoming }

func (in *openIncoming) Handshake(ctx context.Context, s link.Settings) (link.Conn, error) {
	c, err := in.incoming.Handshake(ctx, s)
	if err != nil {
		return nil, err
	}
	return &openConn{c, in.conn}, nil
}

type openDialer struct{ *Dialer }

func (d *openDialer) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	c, err := d.connect(ctx, patience())
	if err != nil {
		return nil, link.NewOpError("dial", d.path, err)
	}
	s, err := d.greet(ctx, c, p, 0, patience())
	if err != nil {
		return nil, link.NewOpError("dial", d.path, err)
	}
	return &openConn{s, c}, nil
}
