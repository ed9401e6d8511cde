package posix

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// ErrPacketTooLarge: the agreed packet size is more than the socket takes, because somebody configured it so
// and the system does not give a send buffer that large. The session is over.
var ErrPacketTooLarge = errors.New("the agreed packet size exceeds what the socket takes")

// writer is the sending half of a conn.
type writer struct {
	half
	packet []byte // of the call under way
}

// WritePacket implements link.Packets.
func (c *conn) WritePacket(b []byte, d *link.Deadline) error {
	w := &c.out
	if wire.HasMagic(b) && w.pending() { // between messages: nothing is cut
		return link.ErrInterrupted
	}
	w.packet = b
	err := w.run(d)
	w.packet = nil
	return err
}

// tryWrite is the attempt of the writing half.
func (c *conn) tryWrite(fd uintptr) (over bool) {
	w := &c.out
	w.tried = true
	switch errno := sys.Send(fd, w.packet); errno {
	case 0:
		w.err = nil
	case syscall.EAGAIN:
		return w.park()
	case syscall.EMSGSIZE:
		w.err = tooLarge(fd, len(w.packet))
	case syscall.ECONNRESET, syscall.EPIPE:
		if errno == syscall.ECONNRESET {
			c.broken.Store(true)
		}
		w.err = link.ErrReset
		if c.closed.Load() {
			w.err = link.ErrClosed
		}
	default:
		w.err = fmt.Errorf("sendto: %w", errno)
	}
	return true
}

func tooLarge(fd uintptr, n int) error {
	have, _ := sys.SendBuffer(int(fd))
	return fmt.Errorf("%w: packet of %d bytes, SO_SNDBUF of %d holds %d: configure a smaller Packet, or raise net.core.wmem_max: %w",
		ErrPacketTooLarge, n, have, max(0, have-packetOverhead), syscall.EMSGSIZE)
}
