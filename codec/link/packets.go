package link

import (
	"errors"
	"syscall"
)

// Packets is a connected, message-preserving pipe: what a transport made of packets provides, and
// NewClientSession and NewServerSession turn into a Conn. One reader and one writer at a time, which may be two
// goroutines.
type Packets interface {
	// ReadPacket waits for a packet and appends its first room bytes to b, growing b by what is there, not
	// by room. size is the packet's true size. Errors: ErrPeerClosed, ErrReset, ErrTimeout, ErrClosed,
	// ErrInterrupted; no packet is lost by the last three, and b's spare capacity may hold anything. What
	// was queued before the peer closed, or before a reset, is delivered first.
	ReadPacket(b []byte, room int, d *Deadline) (out []byte, size int, err error)
	// WritePacket sends one packet, whole or not at all. Errors as ReadPacket's.
	WritePacket(b []byte, d *Deadline) error
	// Interrupt makes the parked call of a side, or else the next one there, return ErrInterrupted, once.
	Interrupt(side Side)
	// Close unblocks both sides with ErrClosed and frees the descriptor once they have left. Like
	// Interrupt, it may be called by anybody at any time, and again.
	Close() error
	SyscallConn() (syscall.RawConn, error)
}

// ErrInterrupted is how a Packets says that Interrupt ended the wait. Conn returns the cause in its place.
var ErrInterrupted = errors.New("interrupted")
