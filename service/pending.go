package service

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// session is one Conn shared by many callers, pipelined without a goroutine of its own (spec 16, "leader and
// followers"). A caller takes one of the slots, sends while it holds the turn, and then reads for all if nobody
// does, else waits until whoever reads has its answer.
//
// Taking a slot and giving it back are one uncontended lock each, and a caller who finds the turn free has it with
// the slot. Where there is one slot only, its holder is the one who sends and the one who reads, and does both in
// one step (alone.go).
//
// Lock order: core.mu before session.mu. Neither is held during I/O.
type session struct {
	c      *core
	conn   link.Conn
	limits link.Limits // conn's

	free chan *call    // slots on their way to who waits for one, first come, first served
	turn chan struct{} // the turn on its way to who waits for it, likewise
	dead chan struct{} // closed when err is set
	gone chan struct{} // closed when retired or err is set: nobody else gets a slot

	closed chan struct{} // closed when the Conn is

	only *call         // the only slot, nil where there are more
	word atomic.Uint64 // who has it (alone.go)

	mu        sync.Mutex
	calls     []*call // all slots
	idle      []*call // those that nobody has and that are on their way to nobody
	lastID    uint64
	leader    *call // who reads, nil if nobody
	turnOf    *call // who may reserve and send, nil if nobody; &drainer: it is on its way
	sending   *call // who has the turn and uses it, nil if nobody
	abandoned int   // slots whose caller left and whose answer has not come
	queued    int   // callers who wait for a slot, or have not noticed yet that they have one
	lined     int   // callers who wait for the turn, likewise
	active    int   // slots in callers' hands
	leases    uint64
	outgrown  bool  // an answer did not fit; the provider ends such a session
	retired   error // why it takes no more callers, and the last one closes it; nil if it does
	err       error // why the session is over
	drainer   call  // leads in the place of a caller (drain.go)
	watches   watches
	clock     clock
	moved     moved // not in core.n yet
	settled   bool  // what moves from now on goes there at once
	run       moved // what each call counts that the word counts

	rx link.Message // belongs to the leader

	noSuccessor error // why the attempt to replace it failed; guarded by core.mu
}

// moved counts what a session has done.
type moved struct{ calls, out, in uint64 }

// call is one slot: a caller's place in a session, with the buffer of its answer.
type call struct {
	// These belong to the caller.
	s        *session
	msg      link.Message
	bound    bound  // written once a turn, under session.mu
	sends    bool   // it has a reserved buffer
	hasTurn  bool   // it is session.turnOf
	leads    bool   // it is session.leader, since it has sent
	sent     bool   // something of the request has left
	answered bool   // the answer is good, and not counted yet
	out, in  uint64 // bytes that are not counted yet

	wake chan struct{} // one token: look at your state again

	// These belong to session.mu.
	id    uint64
	state callState
	done  <-chan struct{} // of the caller's context
	at    link.Deadline   // when the caller's time is up, if the session's clock has to tell; 0: it has not
	late  bool            // it has told
	watch *watch          // kept from one turn to the next as long as the context stays the same
	lease uint64          // which one it is lent out with; 0: none
}

type callState uint8

const (
	callIdle      callState = iota // no request under way
	callSending                    // it has the turn; the answer may come already
	callWaiting                    // sent
	callAnswered                   // the answer is in msg
	callAbandoned                  // the caller left; the slot is free when the answer has come
)

func newSession(c *core, conn link.Conn) *session {
	info := conn.Info()
	depth := max(1, info.Depth)
	s := &session{
		c:      c,
		conn:   conn,
		limits: info.Limits,
		free:   make(chan *call, depth),
		turn:   make(chan struct{}, 1),
		dead:   make(chan struct{}),
		gone:   make(chan struct{}),
		closed: make(chan struct{}),
		calls:  make([]*call, depth),
		idle:   make([]*call, depth),
	}
	s.drainer.s = s
	for i := range s.calls {
		s.calls[i] = &call{s: s, wake: make(chan struct{}, 1)}
		s.idle[depth-1-i] = s.calls[i]
	}
	if depth == 1 {
		s.only, s.idle = s.calls[0], nil
	}
	return s
}

// take waits for a slot. The error is a stopError when the wait ended for the caller's own reasons, errRetired
// when the session takes no more callers, else why it is over.
func (s *session) take(ctx context.Context, b *bound) (*call, error) {
	if s.only != nil {
		return s.takeOnly(ctx, b)
	}
	s.mu.Lock()
	if err := s.refuses(); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	last := len(s.idle) - 1
	if last < 0 || s.queued > 0 {
		return s.queue(ctx, b) // unlocks
	}
	x := s.idle[last]
	s.idle = s.idle[:last]
	s.begin(ctx, b, x)
	s.mu.Unlock()
	return x, nil
}

// begin gives a slot to a caller, and the turn with it if nobody has that. s.mu is held.
func (s *session) begin(ctx context.Context, b *bound, x *call) {
	s.active++
	done := ctx.Done()
	x.done = done
	x.bound, x.sent = *b, false
	x.at, x.late = 0, false
	if x.watch == nil || x.watch.done != done {
		s.watches.change(s, ctx, x)
	}
	if s.turnOf == nil {
		s.giveTurn(x)
	}
}

// queue waits for a slot while none is free. s.mu is held on entry and released.
func (s *session) queue(ctx context.Context, b *bound) (x *call, err error) {
	s.queued++
	s.offer()
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
	for len(s.free) > s.queued { // for one who has left, or has got another
		s.idle = append(s.idle, <-s.free)
	}
	s.dismissReader()
	err = s.refuses()
	if x != nil && err == nil {
		s.begin(ctx, b, x)
		s.mu.Unlock()
		return x, nil
	}
	if x != nil {
		s.put(x)
	}
	s.mu.Unlock()
	if err == nil {
		err = reason(ctx, b)
	}
	return nil, err
}

// put makes a slot free, or hands it to who has waited for longest. s.mu is held.
func (s *session) put(x *call) {
	x.state = callIdle
	if s.queued > len(s.free) {
		s.free <- x
	} else {
		s.idle = append(s.idle, x)
	}
}

// offer hands idle slots to who waits for one. s.mu is held.
func (s *session) offer() {
	for len(s.idle) > 0 && s.queued > len(s.free) {
		last := len(s.idle) - 1
		s.free <- s.idle[last]
		s.idle = s.idle[:last]
	}
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
	if s.only != nil {
		s.giveBackOnly()
		return
	}
	s.mu.Lock()
	s.leave(x)
	s.put(x)
	last := s.retired != nil && s.active == 0
	s.mu.Unlock()
	if last {
		s.fail(errRetired)
	}
}

// leave takes the caller out of the session's books. s.mu is held.
func (s *session) leave(x *call) {
	s.active--
	s.count(x)
	if x.hasTurn {
		s.takeTurn(x)
	}
	if w := x.watch; w != nil && (!w.keep || w.over || s.err != nil) {
		s.watches.release(s, x)
	}
}

// count adds to the session's counts what x has not added yet. s.mu is held.
func (s *session) count(x *call) {
	m := moved{out: x.out, in: x.in}
	if x.answered {
		m.calls = 1
	}
	x.out, x.in, x.answered = 0, 0, false
	s.add(m)
}

// add adds to the session's counts. s.mu is held.
func (s *session) add(m moved) {
	if s.settled {
		s.c.n.add(m)
		return
	}
	s.moved.calls += m.calls
	s.moved.out += m.out
	s.moved.in += m.in
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
	s.add(moved{in: uint64(len(s.rx.Payload)) + wire.HeaderSize})
	s.outgrown = s.outgrown || s.rx.Header.Status == wire.StatusLimitExceeded
	for _, x := range s.calls {
		if x.id != s.rx.Header.MessageID {
			continue
		}
		switch x.state {
		case callAbandoned:
			s.rx.Release()
			s.abandoned--
			s.put(x)
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
		s.clock.stop()
		s.bar()
		for _, x := range s.calls {
			x.nudge()
		}
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
	s.bar()
	last := !s.inUse()
	s.mu.Unlock()
	if last {
		s.fail(errRetired)
	}
}

// interrupt wakes whoever waits for an answer, or is parked in the Conn, and has to leave: those with that Done channel, or, if it is nil,
// those whose era has ended. The lock is held throughout: a sender who is not meant must not be interrupted in the
// middle of a message, and this one cannot become another before the lock is free.
func (s *session) interrupt(done <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.watches.kept[done]; w != nil {
		w.over = true
	}
	if s.only != nil {
		s.interruptOnly(done)
		return
	}
	for _, x := range s.calls {
		if (x.state == callSending || x.state == callWaiting) && x.leaves(done) {
			x.nudge()
		}
	}
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
