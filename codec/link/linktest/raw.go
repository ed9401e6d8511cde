package linktest

import (
	"context"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Raw is one end of a connection with no handshake and no checks on it: for playing peers that misbehave. It has
// one sender and one receiver at a time.
type Raw interface {
	// Send sends one packet.
	Send(packet []byte) error
	// Recv waits for a packet. It fails when the other end has closed, and when none comes for so long that
	// the test is stuck.
	Recv() ([]byte, error)
	// Close closes the end. Again does nothing.
	Close() error
}

// RawOf makes a Raw of a transport's pipe.
func RawOf(p link.Packets) Raw { return raw{p} }

type raw struct{ packets link.Packets }

func (r raw) Send(packet []byte) error { return r.packets.WritePacket(packet, patience()) }

func (r raw) Recv() ([]byte, error) {
	b, size, err := r.packets.ReadPacket(nil, maxRawPacket, patience())
	if err == nil && size > maxRawPacket {
		panic("linktest: packet beyond maxRawPacket")
	}
	return b, err
}

func (r raw) Close() error { return r.packets.Close() }

// maxRawPacket is more than any transport sends in one packet, in bytes.
const maxRawPacket = 64 << 20

// RawClient connects to an endpoint of a Network without a handshake.
func (n *Network) RawClient(tb testing.TB, name string) Raw {
	tb.Helper()
	p, err := n.Connect(name)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	return RawOf(p)
}

// RawServer makes an endpoint of a Network whose server is the test itself: accept returns the next client's
// connection, before any handshake.
func (n *Network) RawServer(tb testing.TB, name string, cfg ListenConfig) (accept func() Raw) {
	tb.Helper()
	l, err := n.Listen(name, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return func() Raw {
		in, err := l.Accept(context.Background())
		if err != nil {
			tb.Error(err) // may be called beside the test's goroutine
			return closed{err}
		}
		tb.Cleanup(func() { in.Close() })
		return RawOf(in.(*incoming).end)
	}
}

// closed is a Raw that never was.
type closed struct{ err error }

func (c closed) Send([]byte) error     { return c.err }
func (c closed) Recv() ([]byte, error) { return nil, c.err }
func (c closed) Close() error          { return nil }
