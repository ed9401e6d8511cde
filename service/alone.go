package service

import (
	"context"
	"errors"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Where there is one slot only (spec 16: version 3 of shared memory), whoever holds it has both halves of the Conn:
// the turn comes with the slot, and so does the part of who reads, until the slot is given back or lent out. So a call
// is two uncontended locks and one Exchange.

// exchange is transact for the holder of the only slot.
func (x *call) exchange(ctx context.Context, h wire.Header, n int) error {
	s := x.s
	h.MessageID = x.id
	var sent bool
	err := over(ctx, x.bound.era)
	if err == nil {
		sent, err = s.conn.Exchange(h, n, &x.msg, &x.bound.deadline, nil)
	} else {
		s.conn.Cancel()
	}
	x.sends = false
	if err == nil {
		x.sent = true
		x.out, x.in = uint64(n)+wire.HeaderSize, uint64(len(x.msg.Payload))+wire.HeaderSize
		if x.msg.Header.Status == wire.StatusLimitExceeded {
			s.mu.Lock()
			s.outgrown = true
			s.mu.Unlock()
		}
		return nil
	}
	return x.unanswered(ctx, n, sent, err)
}

// unanswered goes on after an exchange that has failed.
func (x *call) unanswered(ctx context.Context, n int, sent bool, err error) error {
	s := x.s
	refused := !sent && gone(err) // a provider that closed may have said why: what it had sent can still be read
	s.mu.Lock()
	s.parted(x)
	x.state = callIdle
	if sent || refused {
		x.state = callWaiting
	}
	s.mu.Unlock()
	if !sent && !refused {
		return x.unsent(ctx, err)
	}
	x.sent = true
	x.out = uint64(n) + wire.HeaderSize
	switch {
	case refused, errors.Is(err, errWake):
		return x.await(ctx)
	case errors.Is(err, link.ErrTimeout):
		if err := x.depart(stop(ErrTimeout)); err != nil {
			return err
		}
		return s.cause()
	}
	s.fail(err)
	return s.cause()
}
