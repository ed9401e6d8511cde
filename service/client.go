package service

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Client calls one method of one service (spec 08, 16). It is safe for concurrent use: calls are pipelined on
// one session, and each gets its own answer. Creating one does no I/O; Refresh connects.
//
// A call is sent at least once. If the session breaks, the client reconnects and sends it again, once.
type Client[Req, View any, M Method[Req, View]] struct {
	Control
	m M
}

// NewClient returns a client for the endpoint of d. It does no I/O and needs no provider.
func NewClient[Req, View any, M Method[Req, View]](d link.Dialer, cfg Config) *Client[Req, View, M] {
	return &Client[Req, View, M]{Control: Control{newCore(d, cfg)}}
}

// Call sends r and passes the answer to use, on the caller's goroutine, under no lock. The view dies when use
// returns; copy to keep. r must stay valid until Call returns: it may be sent twice.
//
// It waits at most until ctx ends, or for the client's Timeout if ctx has no deadline. Errors: ErrNotReady
// (at once, without I/O), ErrTimeout, context.Canceled, ErrAborted, ErrClosed, *StatusError, *GrowthError,
// ErrMalformed, what EncodeRequest and use return, and the errors of package link for a session that broke and
// could not be replaced. A call that ends early disturbs no other. A panic of use, or of the method's code, passes
// through and leaves the client as it was. While use runs it occupies a place for requests under way: with a Depth
// of 1, as over shared memory, it must not call the same client.
func (c *Client[Req, View, M]) Call(ctx context.Context, r Req, use func(View) error) error {
	var t try
	v, err := c.do(ctx, &t, r)
	if err != nil {
		return err
	}
	defer t.x.giveBack()
	return use(v)
}

// do gets the answer to r. On success t.x holds it.
func (c *Client[Req, View, M]) do(ctx context.Context, t *try, r Req) (View, error) {
	if err := c.c.enter(ctx, t); err != nil {
		var none View
		return none, err
	}
	for {
		v, err := c.attempt(ctx, t, r)
		if err == nil {
			t.x.answered = true
			return v, nil
		}
		if err := c.c.again(ctx, t, err); err != nil {
			var none View
			return none, err
		}
	}
}

// attempt is one request in one session.
func (c *Client[Req, View, M]) attempt(ctx context.Context, t *try, r Req) (v View, err error) {
	var none View
	if err := t.take(ctx); err != nil {
		return none, err
	}
	returned := false
	defer t.guard(&returned)
	v, err = c.exchange(ctx, t, r)
	returned = true
	return v, err
}

// exchange is an attempt that has its slot.
func (c *Client[Req, View, M]) exchange(ctx context.Context, t *try, r Req) (View, error) {
	var none View
	if err := c.request(ctx, t, r, false); err != nil {
		return none, err
	}
	if err := t.x.judge(c.header()); err != nil {
		return none, err
	}
	v, err := c.m.DecodeResponse(t.x.answer())
	if err != nil {
		return none, t.x.malformed(err)
	}
	return v, nil
}

// request sends r and, unless it is sent ahead, waits for the answer.
func (c *Client[Req, View, M]) request(ctx context.Context, t *try, r Req, ahead bool) error {
	h := c.header()
	for {
		buf, err := t.x.reserve(ctx, c.m.RequestSize(r))
		if err != nil {
			return err
		}
		n, err := c.m.EncodeRequest(buf, r)
		if err != nil {
			t.x.unreserve()
			return stop(err)
		}
		if ahead {
			err = t.x.ask(ctx, h, n)
		} else {
			err = t.x.transact(ctx, h, n)
		}
		if err != errAgain {
			return err
		}
	}
}

func (c *Client[Req, View, M]) header() wire.Header {
	return wire.Header{Kind: wire.KindRequest, Code: uint16(c.m.Code()), ItemCount: 1}
}

// Acquire is Call for those who want to keep the answer for a while: the view lives until the lease is
// released. Until then it occupies one of the session's places for requests under way.
func (c *Client[Req, View, M]) Acquire(ctx context.Context, r Req) (Lease[View], error) {
	var t try
	v, err := c.do(ctx, &t, r)
	if err != nil {
		return Lease[View]{}, err
	}
	return Lease[View]{view: v, x: t.x, loan: t.x.lend()}, nil
}

// Lease is an answer on loan. It is a value; copies are the same loan. Valid until Release.
type Lease[View any] struct {
	view View
	x    *call
	loan uint64
}

// View returns the answer, borrowed until Release; copy to keep.
func (l Lease[View]) View() View { return l.view }

// Release ends the loan. A second Release, of this value or of a copy, does nothing.
func (l Lease[View]) Release() {
	if l.x != nil && l.x.claim(l.loan) {
		l.x.giveBack()
	}
}

// lend counts the call and identifies the loan.
func (x *call) lend() uint64 {
	s := x.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(x)
	s.leases++
	x.lease = s.leases
	return x.lease
}

// claim reports, to exactly one asker, that the loan is the slot's own.
func (x *call) claim(lease uint64) bool {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if x.lease != lease {
		return false
	}
	x.lease = 0
	return true
}
