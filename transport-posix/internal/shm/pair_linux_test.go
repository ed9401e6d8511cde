package shm

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// line is one end of what stands for the socket of a handshake: nothing comes over it but its end.
type line struct {
	here, there *wireEnd
}

type wireEnd struct {
	once   sync.Once
	breaks sync.Once
	closed chan struct{}
	broken chan struct{} // closed instead, by reset
	spoken chan struct{} // a packet for the other end
}

func newLine() (a, b *line) {
	x, y := newEnd(), newEnd()
	return &line{x, y}, &line{y, x}
}

func newEnd() *wireEnd {
	return &wireEnd{closed: make(chan struct{}), broken: make(chan struct{}), spoken: make(chan struct{}, 1)}
}

func (l *line) ReadPacket(b []byte, _ int, _ *link.Deadline) ([]byte, int, error) {
	select {
	case <-l.here.closed:
		return b, 0, link.ErrClosed
	case <-l.there.spoken:
		return append(b, 0), 1, nil
	case <-l.there.broken:
		return b, 0, link.ErrReset
	case <-l.there.closed:
		return b, 0, link.ErrPeerClosed
	}
}

func (l *line) WritePacket([]byte, *link.Deadline) error {
	l.here.spoken <- struct{}{}
	return nil
}

func (l *line) Interrupt(link.Side) {}

func (l *line) Close() error {
	l.here.once.Do(func() { close(l.here.closed) })
	return nil
}

func (l *line) reset() { l.here.breaks.Do(func() { close(l.here.broken) }) }

func (l *line) SyscallConn() (syscall.RawConn, error) { return nil, syscall.ENOTSUP }

// pair is both ends of one session, each with a mapping of its own.
type pair struct {
	client, server *Conn
	lines          [2]*line // the client's, the server's
	path           string
}

var testLimits = link.Limits{RequestPayload: 1 << 16, RequestItems: 16, ResponsePayload: 1 << 20, ResponseItems: 16, Packet: 4096}

func openPair(t testing.TB, l link.Limits) pair {
	t.Helper()
	g, err := GeometryFor(l)
	if err != nil {
		t.Fatal(err)
	}
	p := pair{path: filepath.Join(t.TempDir(), Name("s", 1))}
	made, err := Create(p.path, g)
	if err != nil {
		t.Fatal(err)
	}
	there, err := Attach(context.Background(), p.path)
	if err != nil {
		t.Fatal(err)
	}
	p.lines[0], p.lines[1] = newLine()
	p.client = NewClientConn(there, p.lines[0], link.Info{Endpoint: "here", Limits: l})
	p.server = NewServerConn(made, p.lines[1], link.Info{Endpoint: "here", Limits: l})
	t.Cleanup(func() {
		p.client.Close()
		p.server.Close()
	})
	return p
}

func request(id uint64) wire.Header {
	return wire.Header{Kind: wire.KindRequest, Code: 1, ItemCount: 1, MessageID: id}
}

func response(h wire.Header) wire.Header {
	h.Kind = wire.KindResponse
	return h
}

// echo answers requests with themselves until the session ends.
func echo(c *Conn) error {
	var m link.Message
	err := c.Recv(&m, nil)
	for err == nil {
		var b []byte
		if b, err = c.Reserve(len(m.Payload)); err == nil {
			n := copy(b, m.Payload)
			_, err = c.Exchange(response(m.Header), n, &m, nil)
		}
	}
	return err
}

// soak returns how many rounds to go: few, or with NETIPC_SOAK=1 many.
func soak(few, many int) int {
	if os.Getenv("NETIPC_SOAK") == "1" {
		return many
	}
	return few
}
