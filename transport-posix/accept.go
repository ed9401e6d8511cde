package posix

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// Accept implements link.Listener. A client that has left again is passed over, and where the process or the
// system lacks descriptors or memory it waits until that is better. Errors: link.ErrClosed, ctx's.
func (l *Listener) Accept(ctx context.Context) (link.Incoming, error) {
	in, err := l.next(ctx)
	if err != nil {
		return nil, link.NewOpError("accept", l.Endpoint(), err)
	}
	return in, nil
}

func (l *Listener) next(ctx context.Context) (*incoming, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	stop := context.AfterFunc(ctx, l.accept.interrupt)
	defer stop()
	wait := time.Duration(0)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := l.accept.run(nil)
		switch {
		case err == nil:
			return l.incoming(l.accepted)
		case errors.Is(err, link.ErrInterrupted), errors.Is(err, syscall.ECONNABORTED):
			continue // perhaps an earlier call's interrupt, or a client that did not wait
		case !passing(err):
			return nil, err
		}
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		if err := rest(ctx, wait, l.done); err != nil {
			return nil, err
		}
	}
}

// tryAccept is the attempt of half.
func (l *Listener) tryAccept(fd uintptr) (over bool) {
	l.accept.tried = true
	l.accepted, l.accept.err = sys.Accept(int(fd))
	if errors.Is(l.accept.err, syscall.EAGAIN) {
		return l.accept.park()
	}
	return true
}

// incoming takes over a client's descriptor.
func (l *Listener) incoming(fd int) (*incoming, error) {
	c, err := newConn(fd, l.Endpoint())
	if err != nil {
		return nil, err
	}
	return &incoming{conn: c, peer: c.peer(), cfg: &l.cfg, ids: &l.ids, path: l.Endpoint()}, nil
}
