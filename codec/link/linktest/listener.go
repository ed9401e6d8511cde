package linktest

import (
	"context"
	"errors"
	"sync"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/link"
)

var _ link.Listener = (*listener)(nil)

// listener is an endpoint of a Network.
type listener struct {
	network *Network
	name    string
	cfg     ListenConfig

	mu     sync.Mutex
	came   sync.Cond
	queue  []*end // connected, not accepted yet
	closed bool
}

func newListener(n *Network, name string, cfg ListenConfig) *listener {
	l := &listener{network: n, name: name, cfg: cfg}
	l.came.L = &l.mu
	return l
}

// connect makes a connection and queues it for Accept. It returns the client's end.
func (l *listener) connect() (*end, error) {
	client, server := newPipe(int(l.cfg.Packet), l.cfg.Buffer)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, link.NewOpError("dial", l.name, link.ErrNotFound)
	}
	l.queue = append(l.queue, server)
	l.came.Signal()
	return client, nil
}

// Accept implements link.Listener.
func (l *listener) Accept(ctx context.Context) (link.Incoming, error) {
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.came.Broadcast()
	})
	defer stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed:
			return nil, link.NewOpError("accept", l.name, link.ErrClosed)
		case ctx.Err() != nil:
			return nil, link.NewOpError("accept", l.name, ctx.Err())
		case len(l.queue) > 0:
			in := &incoming{listener: l, end: l.queue[0]}
			l.queue = l.queue[1:]
			return in, nil
		}
		l.came.Wait()
	}
}

// Close implements link.Listener. Who had connected and was not accepted loses the connection.
func (l *listener) Close() error {
	l.network.remove(l)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, e := range l.queue {
		e.Close()
	}
	l.queue = nil
	l.came.Broadcast()
	return nil
}

// Endpoint implements link.Listener.
func (l *listener) Endpoint() string { return l.name }

// SyscallConn implements link.Listener: there is no descriptor.
func (l *listener) SyscallConn() (syscall.RawConn, error) {
	return nil, link.NewOpError("syscall", l.name, errors.ErrUnsupported)
}
