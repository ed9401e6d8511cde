package service

import (
	"context"
	"sync"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// session is one Conn shared by many callers, pipelined without a goroutine of its own (spec 16, "leader and
// followers"). A caller takes one of the slots, sends while it holds the turn, and then reads for all if nobody
// does, else waits until whoever reads has its answer.
//
// Lock order: core.mu before session.mu. Neither is held during I/O.
type session struct {
	c    *core
	conn link.Conn

	free chan *call    // slots nobody uses; who waits here is served first come, first served
	turn chan struct{} // the send lock: taken by putting a token in
	dead chan struct{} // closed when err is set
	gone chan struct{} // closed when retired or err is set: nobody else gets a slot

	closed chan struct{} // closed when the Conn is

	mu        sync.Mutex
	calls     []*call // all slots
	lastID    uint64
	leader    *call // who reads, nil if nobody
	sending   *call // who sends, nil if nobody
	abandoned int   // slots whose caller left and whose answer has not come
	queued    int   // callers who wait for a slot
	active    int   // slots in callers' hands
	outgrown  bool  // an answer did not fit; the provider ends such a session
	retired   error // why it takes no more callers, and the last one closes it; nil if it does
	err       error // why the session is over
	drainer   call  // leads in the place of a caller (drain.go)
	watches   watches

	rx link.Message // belongs to the leader

	noSuccessor error // why the attempt to replace it failed; guarded by core.mu
}

// call is one slot: a caller's place in a session, with the buffer of its answer.
type call struct {
	// These belong to the caller.
	s     *session
	msg   link.Message
	bound bound // its era is set once a turn, under session.mu
	watch *watch
	sends bool // it has the send lock and a reserved buffer
	sent  bool // something of the request has left

	wake chan struct{} // one token: look at your state again

	// These belong to session.mu.
	id    uint64
	state callState
	done  <-chan struct{} // of the caller's context
	turns uint64          // how often the slot was given back; tells leases of an earlier turn
}

type callState uint8

const (
	callIdle      callState = iota // no request under way
	callSending                    // in Commit; the answer may come already
	callWaiting                    // sent
	callAnswered                   // the answer is in msg
	callAbandoned                  // the caller left; the slot is free when the answer has come
)

func newSession(c *core, conn link.Conn) *session {
	depth := max(1, conn.Info().Depth)
	s := &session{
		c:      c,
		conn:   conn,
		free:   make(chan *call, depth),
		turn:   make(chan struct{}, 1),
		dead:   make(chan struct{}),
		gone:   make(chan struct{}),
		closed: make(chan struct{}),
		calls:  make([]*call, depth),
	}
	s.drainer.s = s
	for i := range s.calls {
		s.calls[i] = &call{s: s, wake: make(chan struct{}, 1)}
		s.free <- s.calls[i]
	}
	return s
}

// take waits for a slot. The error is a stopError when the wait ended for the caller's own reasons, errRetired
// when the session takes no more callers, else why it is over.
func (s *session) take(ctx context.Context, b *bound) (*call, error) {
	var x *call
	select {
	case x = <-s.free:
	default:
		x = s.queue(ctx, b)
	}
	s.mu.Lock()
	err := s.refuses()
	if err != nil || x == nil {
		s.mu.Unlock()
		if err == nil {
			return nil, reason(ctx, b)
		}
		if x != nil {
			s.free <- x
		}
		return nil, err
	}
	s.active++
	x.done = ctx.Done()
	x.bound, x.sent = *b, false
	x.watch = s.watches.enter(s, ctx)
	s.mu.Unlock()
	return x, nil
}

// queue waits for a slot while none is free. Nil: the wait ended otherwise.
func (s *session) queue(ctx context.Context, b *bound) (x *call) {
	s.mu.Lock()
	s.queued++
	s.ensureReader()
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
	s.dismissReader()
	s.mu.Unlock()
	return x
}

// refuses says why the session takes no more callers, nil if it does. s.mu is held.
func (s *session) refuses() error {
	if s.err == nil && s.retired != nil {
		return errRetired
	}
	return s.err
}

// reason tells why a wait that did not end well ended, as a stopError: for the caller's own reasons.
func reason(ctx context.Context, b *bound) error {
	if err := over(ctx, b.era); err != nil {
		return err
	}
	return stop(ErrTimeout)
}

// cause returns why the session is over, nil while it is not.
func (s *session) cause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// giveBack returns a slot whose request is answered, or never went out.
func (x *call) giveBack() {
	s := x.s
	x.msg.Release()
	s.mu.Lock()
	s.leave(x)
	x.state = callIdle
	last := s.retired != nil && s.active == 0
	s.mu.Unlock()
	s.free <- x
	if last {
		s.fail(errRetired)
	}
}

// leave takes the caller out of the session's books. s.mu is held.
func (s *session) leave(x *call) {
	s.active--
	x.turns++
	x.done = nil
	s.watches.leave(s, x.watch)
	x.watch = nil
}

// abandon is giveBack for a caller that will not wait for an answer that is still due. It reports whether the
// session can go on without that slot. s.mu is held.
func (s *session) abandon(x *call) bool {
	s.leave(x)
	x.state = callAbandoned
	s.abandoned++
	s.passOn()
	return s.abandoned < len(s.calls)
}

// passOn sees to it that somebody reads, if that is needed, after somebody has left off. s.mu is held.
func (s *session) passOn() {
	if s.leader != nil || s.err != nil {
		return
	}
	for _, x := range s.calls {
		if x.state == callWaiting {
			x.nudge()
			return
		}
	}
	s.ensureReader()
}

// nudge makes a parked caller look at its state; a token that is there already serves as well.
func (x *call) nudge() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// deliver gives the message in rx to whom it belongs. s.mu is held.
func (s *session) deliver() {
	s.c.n.bytesIn.Add(uint64(len(s.rx.Payload)) + wire.HeaderSize)
	s.outgrown = s.outgrown || s.rx.Header.Status == wire.StatusLimitExceeded
	for _, x := range s.calls {
		if x.id != s.rx.Header.MessageID {
			continue
		}
		switch x.state {
		case callAbandoned:
			s.rx.Release()
			s.abandoned--
			x.state = callIdle
			s.free <- x
			return
		case callSending, callWaiting:
			x.msg.Swap(&s.rx)
			x.state = callAnswered
			if x != s.leader {
				x.nudge()
			}
			return
		}
	}
}

// fail ends the session, once: everybody in it finds out why. It waits until both halves of the Conn are free.
func (s *session) fail(err error) {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = err
		close(s.dead)
		if s.retired == nil {
			close(s.gone)
		} else if err == errRetired {
			err = s.retired
		}
		s.watches.stop()
	}
	s.mu.Unlock()
	if first {
		s.conn.Close()
		s.c.ended(s, err)
	}
}

// retire takes no more callers and lets the session end when its last one is done, which may be now.
func (s *session) retire(why error) {
	s.mu.Lock()
	if s.retired == nil && s.err == nil {
		s.retired = why
		close(s.gone)
	}
	last := s.active == 0
	s.mu.Unlock()
	if last {
		s.fail(errRetired)
	}
}

// interrupt wakes whoever is parked in the Conn and has to leave: those with that Done channel, or, if it is nil,
// those whose era has ended. The lock is held throughout: a sender who is not meant must not be interrupted in the
// middle of a message, and this one cannot become another before the lock is free.
func (s *session) interrupt(done <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leader != nil && s.leader.leaves(done) {
		s.conn.Interrupt(link.SideRecv, errWake)
	}
	if s.sending != nil && s.sending.leaves(done) {
		s.conn.Interrupt(link.SideSend, errWake)
	}
}

func (x *call) leaves(done <-chan struct{}) bool {
	if done != nil {
		return x.done == done
	}
	return x.bound.era != nil && x.bound.era.ended.Load()
}
