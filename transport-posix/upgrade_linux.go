package posix

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/shm"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// maxSkips bounds how many session ids are passed over for one session.
const maxSkips = 1000

// offered are the profiles that this transport can do.
const offered = wire.ProfileBaseline | sharedMemory

// region is the shared memory of a session that begins: the server's, until the session has taken it over.
type region struct{ *shm.Region }

// prepare makes the region of a session that ack agrees on (spec 03, 15-p). Where somebody who lives has one of that
// name, the session takes the next id.
func (in *incoming) prepare(ack *wire.HelloAck) (*region, error) {
	if uid := uint32(os.Geteuid()); in.peer.Known && in.peer.UID != uid && in.peer.UID != 0 {
		return nil, fmt.Errorf("regions of shared memory are for their owner, uid %d, and the client runs as uid %d", uid, in.peer.UID)
	}
	g, err := shm.GeometryFor(link.LimitsOf(*ack))
	if err != nil {
		return nil, err
	}
	for range maxSkips {
		r, err := shm.Create(shm.Path(in.cfg.RunDir, in.cfg.Service, ack.SessionID), g)
		if err == nil {
			return &region{r}, nil
		}
		if !errors.Is(err, link.ErrAddrInUse) {
			return nil, err
		}
		ack.SessionID = in.ids.next()
	}
	return nil, fmt.Errorf("%w: the names of %d regions in %s are taken; `netipc status` says by whom", link.ErrAddrInUse, maxSkips, in.cfg.RunDir)
}

// serve makes the session, which owns the region from then on.
func (r *region) serve(c *conn, info link.Info) link.Conn {
	return shm.NewServerConn(r.Region, c, info)
}

// drop takes back a region of which no client will learn. Nil has nothing to take back.
func (r *region) drop() {
	if r != nil {
		_ = r.Remove() // what stays, the next start removes
		_ = r.Close()
	}
}

// attach makes the session whose region the server has made. Error: ErrCannotAttach; link.ErrPeerClosed where the
// server has gone instead.
func (d *Dialer) attach(ctx context.Context, c *conn, info link.Info) (link.Conn, error) {
	r, err := d.mapped(ctx, c, info)
	if err != nil {
		c.Close()
		return nil, err
	}
	info.Depth = 1 // there is no sign that a request was consumed (spec 16)
	return shm.NewClientConn(r, c, info), nil
}

func (d *Dialer) mapped(ctx context.Context, c *conn, info link.Info) (*shm.Region, error) {
	path := shm.Path(d.cfg.RunDir, d.cfg.Service, info.SessionID)
	r, err := shm.AttachWhile(ctx, path, d.cfg.AttachTimeout, c.connected)
	switch {
	case errors.Is(err, link.ErrPeerClosed):
		return nil, fmt.Errorf("%w before its shared memory was there", link.ErrPeerClosed)
	case err != nil:
		return nil, err
	}
	if uid := r.UID(); !trusted(uid, info.Peer) {
		return nil, errors.Join(fmt.Errorf("%w: %s belongs to uid %d, the server runs as uid %d", ErrCannotAttach, path, uid, info.Peer.UID), r.Close())
	}
	return r, nil
}

// trusted reports whether a region of a user can be the server's: it is made by whom the socket says, by root, or by
// ourselves, from whom no file mode protects. In a directory where others may write, anybody could make such a file.
func trusted(uid uint32, server link.Peer) bool {
	return !server.Known || uid == server.UID || uid == 0 || uid == uint32(os.Geteuid())
}

// connected returns link.ErrPeerClosed once the peer has left.
func (c *conn) connected() error {
	return c.control(func(fd int) error {
		if sys.HungUp(uintptr(fd)) {
			return link.ErrPeerClosed
		}
		return nil
	})
}

// sweep removes the regions that dead servers have left. The lock is held and nobody serves. What cannot be removed
// is in nobody's way: a session whose name is taken takes the next.
func (p *place) sweep(c Config) { _, _ = shm.Sweep(c.RunDir, c.Service) }
