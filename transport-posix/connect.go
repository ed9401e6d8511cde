package posix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// connect makes a connection. The kernel does not wait when the server's queue is full, nor tell when it no
// longer is, so that is tried again, less and less often.
func (d *Dialer) connect(ctx context.Context, limit *link.Deadline) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	fd, err := sys.Socket()
	if err != nil {
		return nil, err
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		if err = sys.Connect(fd, d.path); !errors.Is(err, syscall.EAGAIN) {
			break
		}
		if err = pause(ctx, wait, limit); err != nil {
			break
		}
	}
	if err != nil {
		sys.Close(fd)
		return nil, whyNotConnected(err, d.cfg)
	}
	return newConn(fd, d.path)
}

// pause waits for a while, for ctx, or for the deadline. Errors: ctx's, link.ErrTimeout.
func pause(ctx context.Context, wait time.Duration, d *link.Deadline) error {
	left, bounded := d.Left()
	if bounded && left == 0 {
		return link.ErrTimeout
	}
	if bounded {
		wait = min(wait, left)
	}
	return rest(ctx, wait, nil)
}

// whyNotConnected puts what the kernel said into words that tell what to do.
func whyNotConnected(err error, cfg DialConfig) error {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: %w; start the provider of %s, and see that it uses the run directory %s", link.ErrNotFound, err, cfg.Service, cfg.RunDir)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w: uid %d may not connect; run as the provider's user or root, or let the provider configure a wider Mode", err, os.Geteuid())
	case errors.Is(err, syscall.EPROTOTYPE):
		return fmt.Errorf("%w: what listens there is a socket of another type, so not a provider of %s", err, cfg.Service)
	case errors.Is(err, link.ErrTimeout):
		return fmt.Errorf("%w: the provider takes in no clients, its queue stayed full for %v", err, cfg.HandshakeTimeout)
	}
	return err
}
