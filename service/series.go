package service

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Series makes one call of several requests that follow one another, for methods whose answers come in parts: one
// deadline and one Abort bound all of them, and all answers live until its end. The zero value is a series that has not
// begun; its first request begins it, and after End it may begin anew, with the buffers that it has. It is for one goroutine
// and must not be copied once begun.
type Series struct {
	bound bound
	begun bool
	ahead try      // whose request is out already, if it is
	last  *session // that of the last answer
	parts []*link.Message
	used  int // of these
}

// Next makes the next request of a series and returns the answer, which lives until the end of the series; it occupies no
// place for requests under way. The time that the client's Timeout, or ctx, leaves a call is all that the whole series
// has. Errors are those of Call; after one the series goes on with the next request, or with the same again.
//
// Where a session has room for one request only, its caller does nothing while the provider works, and the provider does
// nothing while the caller works on the answer. So there, unless it is nil, foresee is called as soon as an answer has
// come, with its payload as it came: nobody has checked it. If it returns a request, that is sent at once, so that both work
// at the same time. It must be the next one, and stay valid until then; the caller must ask nothing else of this client
// meanwhile.
func (c *Client[Req, View, M]) Next(ctx context.Context, s *Series, r Req, foresee func(payload []byte) (next Req, ok bool)) (View, error) {
	var none View
	var t try
	if s.ahead.out {
		t, s.ahead = s.ahead, try{}
	} else {
		if err := c.c.enter(ctx, &t); err != nil {
			return none, err
		}
		if err := s.join(&t); err != nil {
			return none, c.c.lost(err)
		}
	}
	for {
		v, err := c.part(ctx, &t, s, r, foresee)
		if err == nil {
			return v, nil
		}
		if err := c.c.again(ctx, &t, err); err != nil {
			return none, err
		}
	}
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

// part is an attempt at one request, which may be out already.
func (c *Client[Req, View, M]) part(ctx context.Context, t *try, s *Series, r Req, foresee func([]byte) (Req, bool)) (v View, err error) {
	if t.x == nil {
		if err := t.take(ctx); err != nil {
			return v, err
		}
	}
	returned := false
	defer t.guard(&returned)
	if t.out {
		t.out = false
		err = t.x.hear(ctx)
	} else {
		err = c.request(ctx, t, r, false)
	}
	if err == nil {
		err = t.x.judge(c.header())
	}
	if err == nil {
		v, err = c.keep(ctx, t, s, foresee)
	}
	returned = true
	return v, err
}

// keep takes over the answer in the hands of t, and lets go of the slot unless the next request is out on it.
func (c *Client[Req, View, M]) keep(ctx context.Context, t *try, s *Series, foresee func([]byte) (Req, bool)) (View, error) {
	x := t.x
	s.last, s.bound.deadline = x.s, x.bound.deadline // which may have started to run
	payload := x.answer()
	x.msg.Swap(s.message())
	done := moved{1, x.out, x.in}
	if foresee != nil && x.s.spare() {
		if next, ok := foresee(payload); ok {
			t.out = c.sendAhead(ctx, t, next) == nil
		}
	}
	v, err := c.m.DecodeResponse(payload)
	switch {
	case err != nil:
		if t.out { // the session ends
			t.out = false
			x.out += done.out
			x.in = done.in
		}
		s.used--
		return v, x.malformed(err)
	case t.out:
		x.s.mu.Lock()
		x.s.add(done)
		x.s.mu.Unlock()
		s.ahead = *t
	default:
		x.answered = true
		x.giveBack()
	}
	t.x = nil
	return v, nil
}

// Ahead reports whether a request is out ahead.
func (s *Series) Ahead() bool { return s.ahead.out }

// message returns what one more answer can be kept in.
func (s *Series) message() *link.Message {
	if s.used == len(s.parts) {
		s.parts = append(s.parts, new(link.Message))
	}
	s.used++
	return s.parts[s.used-1]
}

// End ends the life of all answers. A request that is out ahead is given up: there is no room for another before its
// answer has come, so its session ends; the client stays READY, and its next call reconnects.
func (s *Series) End() {
	if s.ahead.out {
		s.ahead.x.s.leaveOnly()
	}
	for _, m := range s.parts[:s.used] {
		m.Release()
	}
	s.bound, s.begun, s.ahead, s.last, s.used = bound{}, false, try{}, nil, 0
}

// Distrust is for an answer that is well-formed and yet cannot be true: it ends the session that the last answer of the
// series came in, for all callers, whose requests are sent again in another one. It returns err as calls return theirs. The
// client stays READY; its next call reconnects.
func (s *Series) Distrust(err error) error {
	if s.last == nil {
		return err
	}
	err = link.NewOpError("call", s.last.c.dialer.Endpoint(), err)
	s.last.fail(err)
	return err
}

// Session returns what is known about the session that calls use now, and false while the client is not READY.
func (c Control) Session() (link.Info, bool) {
	if s := c.session(); s != nil {
		return s.conn.Info(), true
	}
	return link.Info{}, false
}

// Limits returns what Session says of the limits.
func (c Control) Limits() (link.Limits, bool) {
	if s := c.session(); s != nil {
		return s.limits, true
	}
	return link.Limits{}, false
}

// session returns the session that calls use now, nil while the client is not READY.
func (c Control) session() *session {
	if !c.c.ready.Load() {
		return nil
	}
	return c.c.current.Load()
}

// RequestCeiling returns how large requests may be made by growth, in bytes: Config.MaxRequestPayload.
func (c Control) RequestCeiling() uint32 { return c.c.cfg.MaxRequestPayload }
