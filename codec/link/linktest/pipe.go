package linktest

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/link"
)

var _ link.Packets = (*end)(nil)

// pipe is a connection in memory: two ends and one queue of packets in each direction. One lock guards it all;
// whoever waits does so on a wait of its own, so a packet wakes one goroutine.
type pipe struct {
	mu      sync.Mutex
	packet  int // largest packet in bytes; a larger one is refused, as a socket refuses it
	ends    [2]end
	isReset bool
}

// end is one end of a pipe.
type end struct {
	pipe   *pipe
	peer   *end
	in     queue   // packets on their way to this end
	waits  [2]wait // by link.Side
	closed bool
}

func newPipe(packet, capacity int) (a, b *end) {
	p := &pipe{packet: packet}
	a, b = &p.ends[0], &p.ends[1]
	for _, e := range []*end{a, b} {
		e.pipe, e.in = p, newQueue(capacity)
		for i := range e.waits {
			e.waits[i].init(&p.mu)
		}
	}
	a.peer, b.peer = b, a
	return a, b
}

// ReadPacket implements link.Packets.
func (e *end) ReadPacket(b []byte, room int, d *link.Deadline) (out []byte, size int, err error) {
	e.pipe.mu.Lock()
	defer e.pipe.mu.Unlock()
	w := &e.waits[link.SideRecv]
	for {
		switch {
		case e.closed:
			return b, 0, link.ErrClosed
		case w.takeInterrupt():
			return b, 0, link.ErrInterrupted
		case e.in.n > 0:
			packet := e.in.pop()
			e.peer.waits[link.SideSend].wake()
			return append(b, packet[:min(room, len(packet))]...), len(packet), nil
		case e.pipe.isReset:
			return b, 0, link.ErrReset
		case e.peer.closed:
			return b, 0, link.ErrPeerClosed
		}
		if !w.wait(d) {
			return b, 0, link.ErrTimeout
		}
	}
}

// WritePacket implements link.Packets.
func (e *end) WritePacket(b []byte, d *link.Deadline) error {
	e.pipe.mu.Lock()
	defer e.pipe.mu.Unlock()
	if len(b) > e.pipe.packet {
		return fmt.Errorf("packet of %d bytes: the pipe takes %d", len(b), e.pipe.packet)
	}
	w := &e.waits[link.SideSend]
	for {
		switch {
		case e.closed:
			return link.ErrClosed
		case w.takeInterrupt():
			return link.ErrInterrupted
		case e.pipe.isReset:
			return link.ErrReset
		case e.peer.closed:
			return link.ErrPeerClosed
		case !e.peer.in.full():
			e.peer.in.push(b)
			e.peer.waits[link.SideRecv].wake()
			return nil
		}
		if !w.wait(d) {
			return link.ErrTimeout
		}
	}
}

// Interrupt implements link.Packets.
func (e *end) Interrupt(side link.Side) {
	e.pipe.mu.Lock()
	defer e.pipe.mu.Unlock()
	e.waits[side].interrupt()
}

// Close implements link.Packets. Closing with packets unread resets the connection, as a socket does.
func (e *end) Close() error {
	e.pipe.mu.Lock()
	defer e.pipe.mu.Unlock()
	if !e.closed {
		e.closed = true
		e.pipe.isReset = e.pipe.isReset || e.in.n > 0 && !e.peer.closed
		e.pipe.wakeAll()
	}
	return nil
}

// reset breaks the connection: both ends are told so, after what was queued.
func (e *end) reset() {
	e.pipe.mu.Lock()
	defer e.pipe.mu.Unlock()
	e.pipe.isReset = true
	e.pipe.wakeAll()
}

func (p *pipe) wakeAll() {
	for i := range p.ends {
		for j := range p.ends[i].waits {
			p.ends[i].waits[j].wake()
		}
	}
}

// SyscallConn implements link.Packets: there is no descriptor.
func (e *end) SyscallConn() (syscall.RawConn, error) { return nil, errors.ErrUnsupported }
