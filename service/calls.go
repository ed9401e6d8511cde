package service

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// The steps of one request in one session: reserve, transact (send and await), judge. An error that is a stopError
// ends the call; any other says that the session, or its limits, did not serve, and the call may try again.

// reserve waits for the turn to send and returns room for n bytes of payload. On success transact or unreserve
// follows.
func (x *call) reserve(ctx context.Context, n int) ([]byte, error) {
	s := x.s
	if n < 0 {
		return nil, stop(fmt.Errorf("%w: a request of %d bytes", link.ErrMisuse, n))
	}
	if !x.hasTurn && s.only == nil {
		if err := x.line(ctx); err != nil {
			return nil, err
		}
	}
	buf, err := s.conn.Reserve(n)
	if err != nil {
		if gone(err) {
			return nil, err // nothing was sent; what the provider had sent is for others to read
		}
		return nil, x.sessionError(err)
	}
	x.sends = true
	return buf, nil
}

// line waits in line for the turn.
func (x *call) line(ctx context.Context) error {
	s := x.s
	s.mu.Lock()
	if s.turnOf == nil {
		s.giveTurn(x)
		s.mu.Unlock()
		return nil
	}
	s.lined++
	s.mu.Unlock()
	alarm := s.c.alarm(ctx, &x.bound.deadline)
	got := false
	select {
	case <-s.turn:
		got = true
	case <-s.dead:
	case <-ctx.Done():
	case <-x.bound.era.over:
	case <-alarm.C():
	}
	alarm.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lined--
	if got {
		s.giveTurn(x)
		return nil
	}
	if len(s.turn) > s.lined { // it came too late
		<-s.turn
		s.turnOf = nil
	}
	if s.err != nil {
		return s.err
	}
	return reason(ctx, &x.bound)
}

// giveTurn gives the turn to x, whose request has its id from now on. s.mu is held.
func (s *session) giveTurn(x *call) {
	s.turnOf, s.sending = x, x
	x.hasTurn = true
	s.lastID++
	x.id, x.state = s.lastID, callSending
	s.ensureReader()
}

// takeTurn takes it away and hands it to who has waited for longest. s.mu is held.
func (s *session) takeTurn(x *call) {
	x.hasTurn = false
	s.turnOf, s.sending = nil, nil
	if s.lined > 0 {
		s.turnOf = &s.drainer
		s.turn <- struct{}{}
	}
	s.dismissReader()
}

// gone reports whether an error says that the provider has ended the session.
func gone(err error) bool {
	return errors.Is(err, link.ErrPeerClosed) || errors.Is(err, link.ErrReset)
}

// unreserve gives up the buffer that reserve gave. The turn goes with the slot.
func (x *call) unreserve() {
	x.s.conn.Cancel()
	x.sends = false
}

// transact sends the n bytes that were encoded, and waits for the answer; it is in x.msg then. errAgain: nothing was
// sent, for no reason of this caller's; reserve and encode once more. After a departed error the slot is no longer
// the caller's.
func (x *call) transact(ctx context.Context, h wire.Header, n int) error {
	if x.s.only != nil {
		return x.exchange(ctx, h, n)
	}
	if err := x.send(ctx, h, n); err != nil {
		return err
	}
	return x.await(ctx)
}

// send sends the n bytes that were encoded.
func (x *call) send(ctx context.Context, h wire.Header, n int) error {
	s := x.s
	err := x.commit(ctx, h, n)
	s.mu.Lock()
	sent := err == nil || gone(err)
	switch {
	case x.state != callSending: // answered already
	case sent:
		// A provider that closed may have said why: what it had sent can still be read.
		x.state = callWaiting
	default:
		x.state = callIdle
	}
	s.takeTurn(x)
	if sent {
		s.add(moved{out: uint64(n) + wire.HeaderSize})
		if x.state == callWaiting && s.leader == nil && s.err == nil {
			s.leader, x.leads = x, true
		}
	}
	s.mu.Unlock()
	if sent {
		x.sent = true
		return nil
	}
	return x.unsent(ctx, err)
}

// commit sends the n bytes that were encoded, under the id of x, unless the caller has to leave.
func (x *call) commit(ctx context.Context, h wire.Header, n int) error {
	h.MessageID = x.id
	err := over(ctx, x.bound.era)
	if err == nil {
		err = x.s.conn.Commit(h, n, &x.bound.deadline)
	} else {
		x.s.conn.Cancel()
	}
	x.sends = false
	return err
}

// unsent says what becomes of a call whose request did not go out, or not whole.
func (x *call) unsent(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, link.ErrCut):
		x.sent = true
		why := over(ctx, x.bound.era)
		if why == nil && errors.Is(err, link.ErrTimeout) {
			why = stop(ErrTimeout)
		}
		if why != nil {
			x.s.fail(errCutShort)
			return why
		}
	case errors.Is(err, errWake):
		if why := over(ctx, x.bound.era); why != nil {
			return why
		}
		return errAgain
	case errors.Is(err, link.ErrTimeout):
		return stop(ErrTimeout)
	}
	return x.sessionError(err)
}

var (
	errAgain    = errors.New("send again")
	errCutShort = fmt.Errorf("%w: its sender had to leave", link.ErrCut)
)

// sessionError tells an error that leaves the session intact from one that ends it.
func (x *call) sessionError(err error) error {
	var limit *link.LimitError
	var over *stopError
	switch {
	case errors.As(err, &limit), errors.As(err, &over):
		return err
	case errors.Is(err, link.ErrMisuse):
		return stop(err)
	}
	x.s.fail(err)
	return x.s.cause()
}

// await waits for the answer; it is in x.msg then. After a stopError the slot is no longer the caller's.
func (x *call) await(ctx context.Context) error {
	s := x.s
	if x.leads {
		x.leads = false
		if done, err := x.lead(ctx); done {
			return err
		}
	}
	for parked := false; ; parked = true {
		s.mu.Lock()
		switch {
		case x.state == callAnswered:
			s.passOn()
			s.mu.Unlock()
			return nil
		case s.err != nil:
			x.state = callIdle // whoever still reads must leave msg alone
			s.mu.Unlock()
			return s.err // written once, before now
		case s.leader == nil:
			s.leader = x
			s.mu.Unlock()
			if done, err := x.lead(ctx); done {
				return err
			}
			continue
		}
		late := x.late
		if !parked {
			s.clock.watch(s, ctx, x)
		}
		s.mu.Unlock()
		why := over(ctx, x.bound.era)
		if why == nil && late {
			why = stop(ErrTimeout)
		}
		if why != nil {
			if err := x.depart(why); err != nil {
				return err
			}
			continue
		}
		// Whatever there may be to do from now on, an answer, leadership, or to leave, comes with a token.
		<-x.wake
	}
}

// lead reads for all until x has its answer, or must leave. done: that is how the wait ended.
func (x *call) lead(ctx context.Context) (done bool, err error) {
	s := x.s
	for {
		// The watch was set up before: a context that ends from here on interrupts Recv.
		if err := over(ctx, x.bound.era); err != nil {
			err = x.depart(err)
			return err != nil, err
		}
		err := s.conn.Recv(&s.rx, &x.bound.deadline)
		if err == nil {
			s.mu.Lock()
			s.deliver()
			if x.state == callAnswered {
				s.leader = nil
				s.passOn()
				s.mu.Unlock()
				return true, nil
			}
			s.mu.Unlock()
			runtime.Gosched()
			continue
		}
		switch {
		case errors.Is(err, errWake):
		case errors.Is(err, link.ErrTimeout):
			err = x.depart(stop(ErrTimeout))
			return err != nil, err
		default:
			s.fail(err)
			s.mu.Lock()
			s.leader = nil
			s.mu.Unlock()
			return false, nil // await looks again
		}
	}
}

// depart leaves without the answer, for the caller's own reason, which it returns; nil if the answer has come
// after all.
func (x *call) depart(why error) error {
	s := x.s
	s.mu.Lock()
	if s.leader == x {
		s.leader = nil
	}
	if x.state == callAnswered || s.err != nil {
		s.mu.Unlock()
		return nil // await looks again
	}
	if s.only != nil {
		s.mu.Unlock()
		s.leaveOnly()
		s.c.event(link.EventAbandon, s, why)
		return &departed{why}
	}
	ok := s.abandon(x)
	last := s.retired != nil && s.active == 0
	s.mu.Unlock()
	switch {
	case last:
		s.fail(errRetired)
	case !ok:
		s.fail(errAllAbandoned)
	}
	s.c.event(link.EventAbandon, s, why)
	return &departed{why}
}

// departed is a stopError whose caller has given its slot away already.
type departed struct{ err error }

func (e *departed) Error() string { return e.err.Error() }

var (
	errAllAbandoned = errors.New("every slot of the session waits for an answer that nobody wants any more")
	errRetired      = errors.New("the session takes no more calls")
)

// judge checks an answer before it is decoded (spec 08): the code, the status, and of a batch the flag and the
// number of items. The answer to a single request may be a batch of one.
func (x *call) judge(h wire.Header) error {
	got := &x.msg.Header
	batch := h.IsBatch() || got.IsBatch()
	switch {
	case got.Code != h.Code:
		return x.malformed(codec.FieldError("answer", "code", codec.ErrBadLayout))
	case got.Status != wire.StatusOK:
		return &StatusError{got.Status}
	case batch && (!got.IsBatch() || got.ItemCount != h.ItemCount):
		return x.malformed(codec.FieldError("answer", "item_count", codec.ErrBadCount))
	}
	return nil
}

// answer returns the payload of a single answer that judge has passed, borrowed as msg is.
func (x *call) answer() []byte {
	if x.msg.Header.IsBatch() {
		return x.msg.Batch().Item(0)
	}
	return x.msg.Payload
}

// malformed ends the session over an answer that is not what it should be.
func (x *call) malformed(err error) error {
	err = fmt.Errorf("%w: %w", ErrMalformed, err)
	x.s.fail(err)
	return err
}
