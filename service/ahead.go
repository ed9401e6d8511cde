package service

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// A request that is sent ahead goes out while its caller has not yet looked at the answer to the one before. That is
// only done in sessions with one slot, whose holder has both halves of the Conn and nobody else to read for.

// spare reports whether the holder of the slot may use it once more: nobody waits for it, and the session goes on.
func (s *session) spare() bool { return s.only != nil && s.word.Load()&onlyBarred == 0 }

// sendAhead sends the next request on a slot that has just got its answer.
func (c *Client[Req, View, M]) sendAhead(ctx context.Context, t *try, r Req) error {
	x := t.x
	if err := over(ctx, x.bound.era); err != nil {
		return err
	}
	if x.bound.deadline.Expired() {
		return stop(ErrTimeout)
	}
	return c.request(ctx, t, r, true)
}

// ask is the first half of exchange: it sends the n bytes that were encoded.
func (x *call) ask(ctx context.Context, h wire.Header, n int) error {
	s := x.s
	s.lastID++
	x.id = s.lastID
	err := x.commit(ctx, h, n)
	if err != nil && !gone(err) { // a provider that closed may have said why
		return x.unsent(ctx, err)
	}
	x.sent = true
	x.out, x.in = uint64(n)+wire.HeaderSize, 0
	return nil
}
