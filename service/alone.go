package service

import (
	"context"
	"errors"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Where there is one slot only (spec 16: version 3 of shared memory), whoever holds it has both halves of the Conn. So
// a call is one step to take the slot, one Exchange, and one step to give it back. Those steps are atomic ones on the
// session's word, as long as nothing else is the matter; then the slot is barred, and all goes through the lock.
const (
	onlyHeld   uint64 = 1 << iota // the slot is in somebody's hands, or on its way there
	onlyBarred                    // callers wait, or somebody else reads, or the session takes no more of them
	onlyCall                      // above: calls that are not in session.moved yet, each of which counts session.run
)

// takeOnly is take where there is one slot.
func (s *session) takeOnly(ctx context.Context, b *bound) (*call, error) {
	w := s.word.Load()
	if w&(onlyHeld|onlyBarred) != 0 || !s.word.CompareAndSwap(w, w|onlyHeld) {
		return s.queueOnly(ctx, b)
	}
	x := s.only
	if ctx.Done() != x.done || b.era != x.bound.era {
		s.mu.Lock()
		s.adopt(ctx, b)
		s.mu.Unlock()
	}
	x.bound.deadline, x.sent = b.deadline, false
	return x, nil
}

// adopt makes the slot that of a caller with another context, or of another era. Its holder is the caller. s.mu is held.
func (s *session) adopt(ctx context.Context, b *bound) {
	x := s.only
	x.bound.era = b.era
	if done := ctx.Done(); done != x.done {
		x.done = done
		if s.err == nil {
			s.watches.change(s, ctx, x)
		}
	}
}

// queueOnly waits for the slot.
func (s *session) queueOnly(ctx context.Context, b *bound) (x *call, err error) {
	s.mu.Lock()
	if err := s.refuses(); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	s.queued++
	s.bar()
	s.offerOnly()
	s.mu.Unlock()
	alarm := s.c.alarm(ctx, &b.deadline)
	select {
	case x = <-s.free:
	case <-s.gone:
	case <-ctx.Done():
	case <-b.era.over:
	case <-alarm.C():
	}
	alarm.stop()
	s.mu.Lock()
	s.queued--
	if x == nil && len(s.free) > s.queued { // it came too late
		x = <-s.free
		err = reason(ctx, b)
	}
	if refused := s.refuses(); refused != nil {
		err = refused
	}
	if x != nil && err == nil {
		s.adopt(ctx, b)
		s.mu.Unlock()
		x.bound.deadline, x.sent = b.deadline, false
		return x, nil
	}
	if x != nil {
		s.word.And(^onlyHeld)
	}
	last := s.offerOnly()
	s.mu.Unlock()
	if last {
		s.fail(errRetired)
	}
	if err == nil {
		err = reason(ctx, b)
	}
	return nil, err
}

// giveBackOnly is giveBack where there is one slot.
func (s *session) giveBackOnly() {
	x := s.only
	step := ^onlyHeld + 1 // minus one
	if m := (moved{1, x.out, x.in}); x.answered && m == s.run {
		step += onlyCall
	} else if x.answered || x.out != 0 {
		step += s.another(m)
	}
	x.out, x.in, x.answered = 0, 0, false
	if x.watch != nil && !x.watch.keep {
		s.mu.Lock()
		s.watches.release(s, x)
		x.done = nil
		s.mu.Unlock()
	}
	if s.word.Add(step)&onlyBarred == 0 {
		return
	}
	s.mu.Lock()
	if s.settled {
		s.settle()
	}
	last := s.offerOnly()
	s.mu.Unlock()
	if last {
		s.fail(errRetired)
	}
}

// another counts a call that is not like the one before, and returns what the word has to count of it.
func (s *session) another(m moved) (step uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.only.answered {
		s.count(s.only)
		return 0
	}
	s.settle()
	s.run = m
	return onlyCall
}

// settle moves calls from the word to s.moved, or where that goes. s.mu is held.
func (s *session) settle() {
	if calls := s.word.Load() / onlyCall; calls > 0 {
		s.word.Add(-(calls * onlyCall))
		s.add(moved{calls, calls * s.run.out, calls * s.run.in})
	}
}

// offerOnly hands the slot, if it is free, to who has waited for longest, or to whoever comes. It reports whether it
// was the last caller of a retired session that has given it back. s.mu is held.
func (s *session) offerOnly() (last bool) {
	if s.leader != nil || s.err != nil || s.word.Load()&onlyHeld != 0 {
		return false
	}
	switch {
	case s.retired != nil:
		return true
	case s.queued > 0:
		s.word.Or(onlyHeld)
		s.free <- s.only
	default:
		s.word.And(^onlyBarred)
	}
	return false
}

// bar makes callers go through the lock. s.mu is held.
func (s *session) bar() {
	if s.only != nil {
		s.word.Or(onlyBarred)
	}
}

// barReader makes the slot's holder, if there is one, not read. It reports false where that cannot be: the holder is
// about to. s.mu is held.
func (s *session) barReader() bool {
	return s.word.Or(onlyBarred)&onlyHeld == 0 || s.only.lease != 0
}

// inUse reports whether a caller has a slot. s.mu is held, and if there is one slot only, it is barred.
func (s *session) inUse() bool { return s.active > 0 || s.word.Load()&onlyHeld != 0 }

// interruptOnly is interrupt where there is one slot. If its holder has left already, the next one is interrupted for
// nothing, between two messages, and tries again: it cannot be in the middle of one before it has adopted the slot.
// s.mu is held.
func (s *session) interruptOnly(done <-chan struct{}) {
	if s.only.leaves(done) {
		s.only.nudge()
		s.conn.Interrupt(link.SideRecv, errWake)
		s.conn.Interrupt(link.SideSend, errWake)
	}
}

// leaveOnly gives the slot back without the answer, and that is the session's end.
func (s *session) leaveOnly() {
	s.mu.Lock()
	s.only.state = callIdle
	why := errAllAbandoned
	if s.retired != nil {
		why = errRetired
	}
	s.mu.Unlock()
	s.fail(why)
	s.giveBackOnly()
}

// exchange is transact for the holder of the only slot.
func (x *call) exchange(ctx context.Context, h wire.Header, n int) error {
	s := x.s
	s.lastID++
	x.id = s.lastID
	h.MessageID = x.id
	var sent bool
	err := over(ctx, x.bound.era)
	if err == nil {
		sent, err = s.conn.Exchange(h, n, &x.msg, &x.bound.deadline, nil)
	} else {
		s.conn.Cancel()
	}
	x.sends = false
	if err != nil {
		return x.unanswered(ctx, n, sent, err)
	}
	x.sent = true
	x.out, x.in = uint64(n)+wire.HeaderSize, uint64(len(x.msg.Payload))+wire.HeaderSize
	if x.msg.Header.Status == wire.StatusLimitExceeded {
		s.mu.Lock()
		s.outgrown = true
		s.mu.Unlock()
	}
	return nil
}

// unanswered goes on after an exchange that has failed.
func (x *call) unanswered(ctx context.Context, n int, sent bool, err error) error {
	s := x.s
	refused := !sent && gone(err) // a provider that closed may have said why: what it had sent can still be read
	if !sent && !refused {
		return x.unsent(ctx, err)
	}
	x.sent = true
	x.out = uint64(n) + wire.HeaderSize
	switch {
	case refused, errors.Is(err, errWake):
		return x.hear(ctx)
	case errors.Is(err, link.ErrTimeout):
		if err := x.depart(stop(ErrTimeout)); err != nil {
			return err
		}
		return s.cause()
	}
	s.fail(err)
	return s.cause()
}

// hear waits for the answer to what is out already.
func (x *call) hear(ctx context.Context) error {
	s := x.s
	s.mu.Lock()
	x.state, x.at, x.late = callWaiting, 0, false
	s.mu.Unlock()
	if err := x.await(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	x.state = callIdle
	s.mu.Unlock()
	return nil
}
