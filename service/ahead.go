package service

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// Where a session has room for one request only, its caller does nothing while the provider works, and the provider
// does nothing while the caller works on the answer. A series may send its next request before it looks at what the
// one before has brought, so that both work at once.

// Ahead sends the request that the next AcquireIn of the series will make, with the same r, which stays valid until
// then. It waits neither for the answer nor for anybody else: where it would have to, where there is room for more
// requests, or where something is wrong, it does nothing, and AcquireIn does all. It reports whether it has sent it. If
// so, AcquireIn or End follows, and until then the request occupies the place that the session has for one: nothing else
// may be asked of this client.
func (c *Client[Req, View, M]) Ahead(ctx context.Context, s *Series, r Req) bool {
	t := try{s: c.c.current.Load(), bound: s.bound}
	if !s.begun || s.sent || !c.c.ready.Load() || t.s == nil || t.s.only == nil {
		return false
	}
	if over(ctx, t.bound.era) != nil || t.bound.deadline.Expired() {
		return false
	}
	if t.x = t.s.grabOnly(ctx, &t.bound); t.x == nil {
		return false
	}
	if err := c.sendAhead(ctx, &t, r); err != nil {
		if _, gone := err.(*departed); !gone {
			t.x.giveBack()
		}
		return false
	}
	s.ahead, s.sent = t, true
	return true
}

func (c *Client[Req, View, M]) sendAhead(ctx context.Context, t *try, r Req) error {
	returned := false
	defer t.guard(&returned)
	err := c.request(ctx, t, r, true)
	returned = true
	return err
}

// catchUp waits for the answer to what was sent ahead; if there is none, the call goes on as any other.
func (c *Client[Req, View, M]) catchUp(ctx context.Context, t *try, r Req) (View, error) {
	v, err := c.heard(ctx, t)
	if err == nil {
		t.x.answered = true
		return v, nil
	}
	if err := c.c.again(ctx, t, err); err != nil {
		var none View
		return none, err
	}
	return c.persist(ctx, t, r)
}

func (c *Client[Req, View, M]) heard(ctx context.Context, t *try) (v View, err error) {
	returned := false
	defer t.guard(&returned)
	if err = t.x.hear(ctx); err == nil {
		v, err = c.answer(t)
	}
	returned = true
	return v, err
}

// End gives up a request that was sent ahead and whose answer nobody wants any more. There is no room for another
// before that has come, so the session ends; the client stays READY, and its next call reconnects. Without one, it
// does nothing.
func (s *Series) End() {
	if s.sent {
		s.sent = false
		s.ahead.x.s.leaveOnly()
	}
}

// ask is the first half of exchange: it sends the n bytes that were encoded.
func (x *call) ask(ctx context.Context, h wire.Header, n int) error {
	s := x.s
	s.lastID++
	x.id = s.lastID
	h.MessageID = x.id
	err := over(ctx, x.bound.era)
	if err == nil {
		err = s.conn.Commit(h, n, &x.bound.deadline)
	} else {
		s.conn.Cancel()
	}
	x.sends = false
	if err != nil && !gone(err) { // a provider that closed may have said why
		return x.unsent(ctx, err)
	}
	x.sent = true
	x.out = uint64(n) + wire.HeaderSize
	return nil
}
