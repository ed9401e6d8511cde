package linktest

import (
	"sync"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Fault is what becomes of a packet on its way.
type Fault uint8

// The faults.
const (
	Pass      Fault = iota // nothing: it arrives
	Truncate               // only its first half arrives
	Drop                   // it does not arrive
	Duplicate              // it arrives twice, where the transport has room
	Reorder                // the next packet arrives before it; without a next one, it does not arrive
	Stall                  // it, and what comes after it, waits for Resume
	Reset                  // the connection breaks instead
)

func (f Fault) String() string {
	if names := [...]string{"pass", "truncate", "drop", "duplicate", "reorder", "stall", "reset"}; int(f) < len(names) {
		return names[f]
	}
	return "?"
}

var _ link.Packets = (*Faulty)(nil)

// Faulty is a pipe on which the packets that its end sends meet faults. What its end receives it passes on as it
// comes: for faults in both directions both ends are wrapped. The packets' own transport decides about deadlines,
// backpressure and closing as ever.
type Faulty struct {
	link.Packets
	reset func()

	mu          sync.Mutex
	plan        func(n int, packet []byte) Fault
	n           int    // packets sent so far
	decided     bool   // about packet n
	fault       Fault  // of packet n
	held        []byte // by Reorder, nil if none
	stalled     bool
	closed      bool
	interrupted bool // the sender's interrupt, seen from here: the pipe's own may come late
	wait        wait
}

// NewFaulty wraps the end of a pipe. plan is asked once for each packet, the first of which is number 0, and
// must not keep it; nil passes all. reset breaks the connection below, so that the other end gets link.ErrReset;
// nil, where the transport cannot: then Reset closes the end.
func NewFaulty(p link.Packets, reset func(), plan func(n int, packet []byte) Fault) *Faulty {
	f := &Faulty{Packets: p, reset: reset, plan: plan}
	f.wait.init(&f.mu)
	return f
}

// Resume ends a stall.
func (f *Faulty) Resume() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stalled = false
	f.wait.wake()
}

// WritePacket implements link.Packets. A packet that could not be sent, for want of room or time, does not use up
// the fault that was planned for it: the next one gets it.
func (f *Faulty) WritePacket(b []byte, d *link.Deadline) error {
	fault := f.decide(b)
	if err := f.passStall(d); err != nil {
		return err
	}
	if err := f.suffer(b, fault, d); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	f.decided = false
	return nil
}

// decide returns what is to become of packet n.
func (f *Faulty) decide(b []byte) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.decided {
		return f.fault
	}
	f.decided, f.fault = true, Pass
	if f.plan != nil {
		f.fault = f.plan(f.n, b)
	}
	switch {
	case f.fault == Stall:
		f.stalled, f.fault = true, Pass
	case f.fault == Reorder && f.held != nil:
		f.fault = Pass // one at a time
	}
	return f.fault
}

// suffer sends a packet with its fault.
func (f *Faulty) suffer(b []byte, fault Fault, d *link.Deadline) error {
	switch fault {
	case Drop:
		return nil
	case Truncate:
		return f.pass(b[:len(b)/2], d)
	case Reorder:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.held = append([]byte{}, b...)
		return nil
	case Reset:
		if f.reset == nil {
			return f.Close()
		}
		f.reset()
		return link.ErrReset
	}
	if err := f.pass(b, d); err != nil {
		return err
	}
	if fault == Duplicate {
		f.extra(b, d)
		return nil
	}
	f.mu.Lock()
	held := f.held
	f.mu.Unlock()
	if held != nil && f.extra(held, d) {
		f.mu.Lock()
		f.held = nil
		f.mu.Unlock()
	}
	return nil
}

// extra sends a packet that the sender does not know of, if there is room, and reports whether there was. An
// interrupt is not for it.
func (f *Faulty) extra(b []byte, d *link.Deadline) bool {
	err := f.Packets.WritePacket(b, d)
	if err == link.ErrInterrupted {
		f.Packets.Interrupt(link.SideSend)
	}
	return err == nil
}

// passStall waits as long as the pipe is stalled.
func (f *Faulty) passStall(d *link.Deadline) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.stalled {
		switch {
		case f.closed:
			return link.ErrClosed
		case f.interrupted:
			f.interrupted = false
			return link.ErrInterrupted
		case !f.wait.wait(d):
			return link.ErrTimeout
		}
	}
	return nil
}

// pass sends a packet. An interrupt that has ended a stall already does not count a second time.
func (f *Faulty) pass(b []byte, d *link.Deadline) error {
	for {
		err := f.Packets.WritePacket(b, d)
		if err != link.ErrInterrupted || f.takeInterrupt() {
			return err
		}
	}
}

func (f *Faulty) takeInterrupt() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.interrupted
	f.interrupted = false
	return was
}

// Interrupt implements link.Packets.
func (f *Faulty) Interrupt(side link.Side) {
	if side == link.SideSend {
		f.mu.Lock()
		f.interrupted = true
		f.wait.wake()
		f.mu.Unlock()
	}
	f.Packets.Interrupt(side)
}

// Close implements link.Packets.
func (f *Faulty) Close() error {
	f.mu.Lock()
	f.closed = true
	f.wait.wake()
	f.mu.Unlock()
	return f.Packets.Close()
}

// SyscallConn implements link.Packets.
func (f *Faulty) SyscallConn() (syscall.RawConn, error) { return f.Packets.SyscallConn() }
