package posix

import (
	"os"
	"sync/atomic"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

var _ link.Packets = (*conn)(nil)

// conn is a connected socket: the link.Packets of this transport.
type conn struct {
	file   *os.File
	raw    syscall.RawConn
	closed atomic.Bool
	// broken: the kernel has reported a reset, which it does once, to whichever half comes first, and before
	// it hands out what is queued.
	broken atomic.Bool
	in     reader
	out    writer
}

// newConn takes over a connected descriptor.
func newConn(fd int, path string) (*conn, error) {
	f := os.NewFile(uintptr(fd), path)
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, err
	}
	c := &conn{file: f, raw: raw}
	c.in.half = half{io: raw.Read, tell: f.SetReadDeadline, try: c.tryRead, closed: &c.closed}
	c.out.half = half{io: raw.Write, tell: f.SetWriteDeadline, try: c.tryWrite, closed: &c.closed}
	return c, nil
}

// Interrupt implements link.Packets. A call that is about to continue a message which has begun is let go on
// as long as it need not wait, because stopping it would end the session; the interrupt then meets the next.
func (c *conn) Interrupt(side link.Side) {
	if side == link.SideSend {
		c.out.interrupt()
	} else {
		c.in.interrupt()
	}
}

// Close implements link.Packets. What was sent, the peer can still receive, and then sees the end rather than
// a reset: nothing is left unread here, and nothing more can come in (spec 02, 15-i, 15-l).
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	_ = c.raw.Control(func(fd uintptr) {
		if sys.Shutdown(int(fd)) == nil {
			drain(fd)
		}
	})
	return c.file.Close()
}

// drain throws away what is queued. The peer can send no more, so that ends.
func drain(fd uintptr) {
	var in sys.Inbox
	var b [1]byte
	for {
		switch n, errno := in.Recv(fd, b[:], nil); {
		case errno == syscall.ECONNRESET: // reported before what is queued
		case errno != 0, n == 0:
			return
		}
	}
}

// SyscallConn implements link.Packets. The descriptor is non-blocking from then on.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	_ = c.raw.Control(c.in.loan.give)
	return c.raw, nil
}

// control runs a function on the descriptor.
func (c *conn) control(f func(fd int) error) error {
	var failed error
	if err := c.raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return link.ErrClosed
	}
	return failed
}

// peer returns who is at the other end.
func (c *conn) peer() (p link.Peer) {
	_ = c.control(func(fd int) error {
		pid, uid, gid, err := sys.Credentials(fd)
		p = link.Peer{Known: err == nil, PID: pid, UID: uid, GID: gid}
		return nil
	})
	return p
}

// packetSize returns the size of packets to propose: the configured one, if that is not 0, else what the send
// buffer holds. sendBuffer is what to ask the kernel for first, 0 to leave it.
func (c *conn) packetSize(configured uint32, sendBuffer int) (size uint32, err error) {
	err = c.control(func(fd int) error {
		if sendBuffer > 0 {
			_ = sys.SetSendBuffer(fd, sendBuffer) // best effort; what came of it is asked for next
		}
		have, err := sys.SendBuffer(fd)
		size = uint32(max(have, packetOverhead) - packetOverhead)
		return err
	})
	if configured != 0 {
		size = configured
	}
	return size, err
}

// agree prepares for packets of the agreed size: the send buffer is raised to hold one (spec 15-bb). Best
// effort: a packet that does not fit later says so.
func (c *conn) agree(packet uint32) {
	c.in.packet = packet
	_ = c.control(func(fd int) error {
		need := int(min(uint64(packet)+packetOverhead, 1<<31-1))
		if have, err := sys.SendBuffer(fd); err != nil || have >= need {
			return err
		}
		return sys.SetSendBuffer(fd, need)
	})
}
