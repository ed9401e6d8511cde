package posix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

var _ link.Listener = (*Listener)(nil)

// Listener is the server's end of an endpoint.
type Listener struct {
	cfg   ListenConfig
	place *place
	file  *os.File
	raw   syscall.RawConn
	ids   sessionIDs

	closed atomic.Bool
	done   chan struct{} // closed with it
	once   sync.Once

	mu       sync.Mutex // one Accept at a time
	accept   half
	accepted int // descriptor, of the attempt under way
}

// Listen begins to serve. Of any number of servers that start at once, exactly one succeeds; what a dead one
// has left is removed silently, its regions of shared memory too. It waits a fraction of a second where another server is starting or ending;
// ctx ends that. Errors: link.ErrAddrInUse, where a live server has the endpoint or where that cannot be told;
// link.ErrBadServiceName, ErrBadRunDir, ErrPathTooLong, ErrBadConfig, ErrUnsupported; what the system says.
func Listen(ctx context.Context, cfg ListenConfig) (*Listener, error) {
	cfg = cfg.withDefaults()
	p, err := newPlace(cfg.Config)
	switch {
	case err != nil:
		return nil, link.NewOpError("listen", cfg.RunDir, err)
	case !sys.Supported:
		return nil, link.NewOpError("listen", p.socket, ErrUnsupported)
	}
	if err := cfg.validate(); err != nil {
		return nil, link.NewOpError("listen", p.socket, err)
	}
	l, err := open(ctx, cfg, p)
	if err != nil {
		p.leave()
		return nil, link.NewOpError("listen", p.socket, whyNotListening(err, cfg))
	}
	return l, nil
}

// open goes through the steps of a place.
func open(ctx context.Context, cfg ListenConfig, p *place) (*Listener, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.take(ctx); err != nil {
		return nil, err
	}
	p.sweep(cfg.Config)
	if err := p.bind(cfg.Mode); err != nil {
		return nil, err
	}
	if err := p.publish(ctx); err != nil {
		return nil, err
	}
	l := &Listener{cfg: cfg, place: p, done: make(chan struct{})}
	l.file = os.NewFile(uintptr(p.fd), p.socket)
	p.fd = -1
	raw, err := l.file.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, l.file.Close())
	}
	l.raw = raw
	l.accept = half{io: raw.Read, tell: l.file.SetReadDeadline, try: l.tryAccept, closed: &l.closed}
	return l, nil
}

// whyNotListening puts what the kernel said into words that tell what to do.
func whyNotListening(err error, cfg ListenConfig) error {
	switch {
	case errors.Is(err, link.ErrAddrInUse):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; make the run directory %s first", err, cfg.RunDir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; uid %d needs to write to the run directory %s, and to own the service's files in it", err, os.Geteuid(), cfg.RunDir)
	}
	return err
}

// Endpoint implements link.Listener: the path of the socket.
func (l *Listener) Endpoint() string { return l.place.socket }

// SyscallConn implements link.Listener. Accepting there takes clients away from Accept.
func (l *Listener) SyscallConn() (syscall.RawConn, error) { return l.raw, nil }

// Close implements link.Listener: it removes the socket from the file system, if it is still the one that
// Listen put there, unblocks Accept, and gives the endpoint free. Who has connected and was not accepted loses
// the connection.
func (l *Listener) Close() (err error) {
	l.once.Do(func() { err = l.shut() })
	return link.NewOpError("close", l.Endpoint(), err)
}

func (l *Listener) shut() error {
	withdrawn := l.place.withdraw()
	l.closed.Store(true)
	close(l.done)
	return errors.Join(withdrawn, l.file.Close(), l.place.unlock())
}
