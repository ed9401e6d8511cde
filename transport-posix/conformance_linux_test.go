package posix

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/shm"
	"github.com/plugin-ipc/netipc/transport-posix/shmtest"
)

// The suite over shared memory: in one process, and with either side in a second one.
func TestConformanceSharedMemory(t *testing.T) {
	linktest.Run(t, sharing(harness()))
}

func TestConformanceSharedMemoryServerElsewhere(t *testing.T) {
	linktest.Run(t, sharing(harnessElsewhere(startAgent(t), true)))
}

func TestConformanceSharedMemoryClientElsewhere(t *testing.T) {
	linktest.Run(t, sharing(harnessElsewhere(startAgent(t), false)))
}

// sharing makes the sessions of a harness ones over shared memory.
func sharing(h linktest.Harness) linktest.Harness {
	h.Name += ", shared memory"
	h.Proposal.Supported, h.Settings.Supported = both, both
	h.Profile = wire.ProfileSHMHybrid
	h.Nature = linktest.Nature{
		Whole:   true,
		Depth:   1,    // nothing says that a request was consumed (spec 16)
		NoReset: true, // the socket only shows that the peer is gone: nothing on it could be left unread
	}
	h.Pipe, h.Faulty = nil, nil
	raw, rawServer := h.Raw, h.RawServer
	h.Raw = func(tb testing.TB, l link.Listener) linktest.Raw {
		return &placed{raw(tb, l), configOf(l.Endpoint())}
	}
	h.RawServer = func(tb testing.TB) (func() linktest.Raw, link.Dialer) {
		accept, d := rawServer(tb)
		return func() linktest.Raw { return &placed{accept(), configOf(d.Endpoint())} }, d
	}
	h.Medium = medium
	return h
}

// placed is a Raw that knows where its service is.
type placed struct {
	linktest.Raw
	cfg Config
}

// medium is the region of a session that a Raw has.
func medium(tb testing.TB, r linktest.Raw, server bool, ack wire.HelloAck) linktest.Raw {
	tb.Helper()
	var p *shmtest.Peer
	path := shm.Path(r.(*placed).cfg.RunDir, r.(*placed).cfg.Service, ack.SessionID)
	g, err := shm.GeometryFor(link.LimitsOf(ack))
	if err == nil && server {
		p, err = shmtest.Create(path, g.RequestCapacity, g.ResponseCapacity)
	} else if err == nil {
		p, err = shmtest.Attach(path)
	}
	if err != nil {
		tb.Fatal(err)
	}
	m := &rawRegion{socket: r, peer: p}
	m.ctx, m.leave = context.WithCancel(context.Background())
	m.watch.Go(func() {
		_, _ = r.Recv() // nothing comes here until the end
		m.leave()
	})
	tb.Cleanup(func() { m.Close() })
	return m
}

// rawRegion speaks through a region, and sees by the socket that the other end has closed.
type rawRegion struct {
	socket linktest.Raw
	ctx    context.Context // ends with the session
	leave  context.CancelFunc
	watch  sync.WaitGroup

	mu   sync.RWMutex // held to read while the region is used
	peer *shmtest.Peer
}

func (m *rawRegion) Send(message []byte) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.ctx.Err() != nil {
		return link.ErrPeerClosed
	}
	m.peer.Publish(message, uint32(len(message)))
	return nil
}

func (m *rawRegion) Recv() ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.peer == nil {
		return nil, link.ErrClosed
	}
	return m.peer.Await(m.ctx)
}

func (m *rawRegion) Close() error {
	m.leave()
	err := m.socket.Close()
	m.watch.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.peer != nil {
		err = errors.Join(err, m.peer.Close())
		m.peer = nil
	}
	return err
}
