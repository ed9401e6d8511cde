package shm

import (
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// signs are what a call of this side has to notice, beside a message, wherever it is: spinning, asleep in a futex of its
// own, or in a dormitory. They are raised from any goroutine and touch no memory of the region, which may be gone.
type signs struct {
	bits   atomic.Uint32
	causes [2]atomic.Pointer[error] // of interrupts, by link.Side
	gone   atomic.Pointer[error]    // why the peer is gone; set before signGone
	beat   atomic.Uint32            // futex word of this process: moves whenever a sign is raised
	woken  chan struct{}            // one token: look again
}

const (
	signClosed uint32 = 1 << iota // this side closes
	signGone                      // the peer has, or the region is lost
	signSend                      // an interrupt of the sending half has not met its call yet
	signRecv                      // ... of the receiving half

	heeded = signClosed | signGone | signRecv // by who waits for a message
)

// raise sets a sign, and then wakes whoever sleeps: who has read beat before finds it changed, and who has not finds the
// sign. It reports whether the sign is new.
//
// Steps of the model: raise/sign, raise/beat, raise/wake.
func (s *signs) raise(bit uint32) bool {
	before := s.bits.Or(bit)
	s.beat.Add(1)
	sys.FutexWakeOwn(raw(&s.beat))
	s.nudge()
	return before&bit == 0
}

// nudge leaves a token for a sleeper in a dormitory. One that is there already serves as well.
func (s *signs) nudge() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// interrupt makes the call of a side that waits, or else the next one, return cause.
func (s *signs) interrupt(side link.Side, cause error) {
	s.causes[side].Store(&cause)
	if side == link.SideSend {
		s.raise(signSend)
	} else {
		s.raise(signRecv)
	}
}

// interrupted consumes an interrupt and returns its cause; nil if there is none.
func (s *signs) interrupted(side link.Side, bit uint32) error {
	if s.bits.And(^bit)&bit == 0 {
		return nil
	}
	if c := s.causes[side].Load(); c != nil && *c != nil {
		return *c
	}
	return link.ErrInterrupted
}

// lose says that the peer is gone, and why. The first reason stays.
func (s *signs) lose(why error) {
	s.gone.CompareAndSwap(nil, &why)
	s.raise(signGone)
}
