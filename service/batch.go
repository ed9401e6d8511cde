package service

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// CallBatch sends several requests as one message and passes the answers to use, in order. No request at all
// is no call; one is sent as a plain message (spec 01). Views die when CallBatch returns; copy to keep. What
// Call says of errors, deadlines and validity holds here too; a provider answers all of a batch, or none.
func (c *Client[Req, View, M]) CallBatch(ctx context.Context, rs []Req, use func(i int, v View) error) error {
	switch len(rs) {
	case 0:
		return nil
	case 1:
		return c.Call(ctx, rs[0], func(v View) error { return use(0, v) })
	}
	var t try
	if err := c.c.enter(ctx, &t); err != nil {
		return err
	}
	for {
		err := c.attemptBatch(ctx, &t, rs)
		if err == nil {
			break
		}
		if err := c.c.again(ctx, &t, err); err != nil {
			return err
		}
	}
	t.x.answered = true
	defer t.x.giveBack()
	answers := t.x.msg.Batch()
	for i := range rs {
		v, err := c.m.DecodeResponse(answers.Item(i))
		if err != nil {
			return err // judged good a moment ago
		}
		if err := use(i, v); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client[Req, View, M]) attemptBatch(ctx context.Context, t *try, rs []Req) error {
	if err := t.take(ctx); err != nil {
		return err
	}
	returned := false
	defer t.guard(&returned)
	err := c.exchangeBatch(ctx, t, rs)
	returned = true
	return err
}

// exchangeBatch is an attempt that has its slot.
func (c *Client[Req, View, M]) exchangeBatch(ctx context.Context, t *try, rs []Req) error {
	size := 0
	for _, r := range rs {
		size += wire.BatchSize(1, c.m.RequestSize(r))
	}
	h := wire.Header{
		Kind:      wire.KindRequest,
		Flags:     wire.FlagBatch,
		Code:      uint16(c.m.Code()),
		ItemCount: uint32(len(rs)),
	}
	for {
		buf, err := t.x.reserve(ctx, size)
		if err != nil {
			return err
		}
		n, err := c.encodeBatch(buf, rs)
		if err != nil {
			t.x.unreserve()
			return stop(err)
		}
		err = t.x.transact(ctx, h, n)
		if err == nil {
			break
		}
		if err != errAgain {
			return err
		}
	}
	if err := t.x.judge(h); err != nil {
		return err
	}
	// All of them before the first is used: what use has seen cannot be taken back and asked for again.
	answers := t.x.msg.Batch()
	for i := range rs {
		if _, err := c.m.DecodeResponse(answers.Item(i)); err != nil {
			return t.x.malformed(err)
		}
	}
	return nil
}

func (c *Client[Req, View, M]) encodeBatch(buf []byte, rs []Req) (int, error) {
	var b wire.BatchBuilder
	if err := b.Reset(buf, len(rs)); err != nil {
		return 0, err
	}
	for _, r := range rs {
		room, err := b.Next()
		if err != nil {
			return 0, err
		}
		n, err := c.m.EncodeRequest(room, r)
		if err != nil {
			return 0, err
		}
		if err := b.Done(n); err != nil {
			return 0, err
		}
	}
	return b.Finish(), nil
}
