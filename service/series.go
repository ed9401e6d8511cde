package service

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Series makes one call of several requests that follow one another, for methods whose answers come in parts: one
// deadline and one Abort bound all of them. The zero value is a series that has not begun; its first request begins
// it. It is for one goroutine.
type Series struct {
	bound bound
	begun bool
	sent  bool // a request ahead
	ahead try  // which
}

// AcquireIn is Acquire for the next request of a series. The time that the client's Timeout, or ctx, leaves a call is
// all that the whole series has.
func (c *Client[Req, View, M]) AcquireIn(ctx context.Context, s *Series, r Req) (Lease[View], error) {
	t, v, err := c.next(ctx, s, r)
	if err != nil {
		return Lease[View]{}, err
	}
	s.bound.deadline = t.x.bound.deadline // may have started to run
	return Lease[View]{view: v, x: t.x, loan: t.x.lend()}, nil
}

// next makes the next request of a series, or waits for the answer to the one that is ahead.
func (c *Client[Req, View, M]) next(ctx context.Context, s *Series, r Req) (t try, v View, err error) {
	if s.sent {
		t, s.sent = s.ahead, false
		v, err = c.catchUp(ctx, &t, r)
		return t, v, err
	}
	if err := c.c.enter(ctx, &t); err != nil {
		return t, v, err
	}
	if err := s.join(&t); err != nil {
		return t, v, c.c.lost(err)
	}
	v, err = c.persist(ctx, &t, r)
	return t, v, err
}

// join puts a request under the bounds of the series. One that has not waited so far has not looked at the clock
// either; from the second request on it is looked at before each.
func (s *Series) join(t *try) error {
	if !s.begun {
		s.bound, s.begun = t.bound, true
		return nil
	}
	if s.bound.era.ended.Load() {
		return stop(ErrAborted)
	}
	if s.bound.deadline.Expired() {
		return stop(ErrTimeout)
	}
	t.bound = s.bound
	return nil
}

// Keep is Release for who keeps the answer: the view lives on in m, without a copy, until m is released, swapped or
// filled again. What m held before is over. A second Keep, or one after Release, leaves m as it is.
func (l *Lease[View]) Keep(m *link.Message) {
	if l.x == nil || !l.x.claim(l.loan) {
		return
	}
	l.x.msg.Swap(m)
	l.kept = true
	l.x.giveBack()
}

// Distrust is Release for an answer that is well-formed and yet cannot be true, one that was kept included: it ends the
// session that the answer came in, for all callers, whose requests are sent again in another one. It returns err as calls
// return theirs. The client stays READY; its next call reconnects.
func (l Lease[View]) Distrust(err error) error {
	if l.x == nil {
		return err
	}
	s := l.x.s
	err = link.NewOpError("call", s.c.dialer.Endpoint(), err)
	switch {
	case l.kept:
		s.fail(err)
	case l.x.claim(l.loan):
		l.x.giveBack()
		s.fail(err)
	}
	return err
}

// Session returns what is known about the session that calls use now, and false while the client is not READY.
func (c Control) Session() (link.Info, bool) {
	if s := c.c.current.Load(); s != nil && c.c.ready.Load() {
		return s.conn.Info(), true
	}
	return link.Info{}, false
}

// RequestCeiling returns how large requests may be made by growth, in bytes: Config.MaxRequestPayload.
func (c Control) RequestCeiling() uint32 { return c.c.cfg.MaxRequestPayload }
