package posix

import (
	"fmt"
	"sync"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// reader is the receiving half of a conn.
type reader struct {
	half
	hurry
	inbox  sys.Inbox
	packet uint32 // bytes, agreed; 0 during the handshake

	// Of the call under way: its arguments, and what came of it.
	buf  []byte
	room int
	size int
}

// ReadPacket implements link.Packets.
func (c *conn) ReadPacket(b []byte, room int, d *link.Deadline) (out []byte, size int, err error) {
	r := &c.in
	if r.pending() {
		return b, 0, link.ErrInterrupted
	}
	r.buf, r.room, r.size = b, room, 0
	err = r.run(d)
	out, r.buf = r.buf, nil
	return out, r.size, err
}

// tryRead is the attempt of the reading half. What the caller's buffer has no room for goes to a pooled one
// first, so that the buffer grows by what came, and a session that waits holds no memory.
func (c *conn) tryRead(fd uintptr) (over bool) {
	r := &c.in
	woken := r.tried
	r.tried = true
	first := r.buf[len(r.buf):cap(r.buf)]
	first = first[:min(len(first), r.room)]
	if len(first) < min(r.room, leastInPlace) {
		first = nil
	}
	var rest *spill
	if more := min(r.room, r.largest()) - len(first); more > 0 {
		rest = takeSpill(more)
		defer rest.giveBack()
	}
	n, errno := r.receive(fd, first, rest.bytes(), woken)
	if errno == syscall.ECONNRESET && !c.broken.Swap(true) {
		n, errno = r.inbox.Recv(fd, first, rest.bytes()) // what was queued before the reset
	}
	switch {
	case errno == syscall.EAGAIN:
		return r.park()
	case errno == syscall.ECONNRESET:
		r.err = link.ErrReset
	case errno != 0:
		r.err = fmt.Errorf("recvmsg: %w", errno)
	case n == 0 && sys.HungUp(fd):
		r.err = c.ended()
	default:
		r.err = r.take(n, len(first), rest.bytes())
	}
	return true
}

// largest returns the size of the largest packet that is received whole, in bytes: what was agreed, or what a
// peer's send buffer usually holds, which is not far more and lets Level 1 say what is wrong with it.
func (r *reader) largest() int { return int(max(min(r.packet, 1<<30), usualPacket)) }

// take appends a packet of n bytes, the beginning of which lies behind the end of the buffer already.
func (r *reader) take(n, inPlace int, rest []byte) error {
	r.size = n
	n = min(n, r.room)
	if n > inPlace+len(rest) {
		return &link.ProtocolError{Status: wire.StatusBadEnvelope, Err: fmt.Errorf("packet of %d bytes where %d are agreed", r.size, r.packet)}
	}
	inPlace = min(n, inPlace)
	r.buf = append(r.buf[:len(r.buf)+inPlace], rest[:n-inPlace]...)
	return nil
}

// leastInPlace is the room in a caller's buffer, in bytes, below which a packet is copied there: that costs less than
// to tell the kernel about two buffers.
const leastInPlace = 256

// ended says why nothing more will come.
func (c *conn) ended() error {
	switch {
	case c.closed.Load():
		return link.ErrClosed
	case c.broken.Load():
		return link.ErrReset
	}
	return link.ErrPeerClosed
}

// usualPacket is the send buffer of a Unix socket on Linux, in bytes, unless somebody changed it.
const usualPacket = 212992

// spill is a buffer for that part of one packet which a caller's buffer has no room for. Nil is an empty one.
type spill struct {
	pool *sync.Pool
	all  []byte
	use  []byte
}

// Spills come in two sizes, so that short messages do not carry around large buffers.
var smallSpills, largeSpills sync.Pool

const smallSpill = 4096

func takeSpill(n int) *spill {
	pool, size := &smallSpills, smallSpill
	if n > smallSpill {
		pool, size = &largeSpills, max(n, usualPacket)
	}
	s, _ := pool.Get().(*spill)
	if s == nil || len(s.all) < n {
		s = &spill{pool: pool, all: make([]byte, size)}
	}
	s.use = s.all[:n]
	return s
}

func (s *spill) bytes() []byte {
	if s == nil {
		return nil
	}
	return s.use
}

func (s *spill) giveBack() { s.pool.Put(s) }
