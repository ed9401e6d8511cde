package shm

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Recv implements link.Conn.
func (c *Conn) Recv(m *link.Message, d *link.Deadline) error {
	m.Release()
	if c.in.err != nil {
		if c.signs.bits.Load()&signClosed != 0 { // which is the last word, whatever was before
			return c.opError("receive", link.ErrClosed)
		}
		return c.in.err
	}
	if err := c.receive(m, d); err != nil {
		return c.received(err)
	}
	return nil
}

func (c *Conn) receive(m *link.Message, d *link.Deadline) (err error) {
	if !c.enter(&c.in.use) {
		return link.ErrClosed
	}
	defer c.finish(&c.in.use, debug.SetPanicOnFault(true), &err)
	c.sit()
	if err := c.await(d, false); err != nil {
		return err
	}
	asked, id := c.asked.Load(), uint64(0)
	if asked {
		id = c.askedID
	}
	if err := c.take(m, asked, id); err != nil {
		return err
	}
	if asked {
		c.asked.Store(false)
	}
	return nil
}

// received makes of an error what Recv returns, and remembers it, unless another wait may end better.
func (c *Conn) received(err error) error {
	if err == c.in.err {
		return err
	}
	switch e := err.(type) {
	case passing:
		return c.opError("receive", e.error)
	case stopped:
		return e.error
	}
	c.in.err = c.opError("receive", err)
	return c.in.err
}

var (
	errLength   = errors.New("length of the message in the shared memory")
	errNotAsked = errors.New("answer to a request that is not in flight")
)

// take copies out the message that has come, once, and judges the copy. Of one that is too long it copies the header,
// which says what it was to be. asked and id say what a client waits for.
func (c *Conn) take(m *link.Message, asked bool, id uint64) error {
	length := c.in.length.Load()
	c.in.have = c.in.seen // consumed, whatever it is, and those before it, which it has overwritten
	if length == 0 || uint64(length) > uint64(len(c.in.area)) {
		return violated(fmt.Errorf("%w: %d bytes, the area has %d", errLength, length, len(c.in.area)))
	}
	c.in.size.note(length)
	size := int(length)
	if uint64(length) > c.in.Largest() {
		size = wire.HeaderSize
	}
	buf := m.Buffer()
	if cap(buf) < size {
		buf = make([]byte, size, max(size, 256))
	}
	buf = buf[:size]
	copy(buf, c.in.area)
	h, err := c.in.Judge(buf)
	if err != nil {
		return err
	}
	if size != int(length) { // its header says less than there is
		return &link.ProtocolError{Header: h, Status: wire.StatusBadEnvelope, Err: codec.FieldError("header", "payload_len", codec.ErrBadLayout)}
	}
	if c.client && (!asked || id != h.MessageID) {
		return &link.ProtocolError{Header: h, Status: wire.StatusBadEnvelope, Err: errNotAsked}
	}
	m.Set(h, buf)
	return nil
}

var errDrained = fmt.Errorf("%w: nothing is received after Drain", link.ErrMisuse)

// Drain implements link.Conn.
func (c *Conn) Drain(d *link.Deadline) error {
	if c.in.err == nil {
		c.in.err = c.opError("receive", errDrained)
	}
	err := c.discard(d)
	if errors.Is(err, ErrCut) {
		return nil // the connection is broken
	}
	if p, ok := err.(passing); ok {
		err = p.error
	}
	return c.opError("drain", err)
}

// discard passes over messages until the peer is gone: nil.
func (c *Conn) discard(d *link.Deadline) (err error) {
	if !c.enter(&c.in.use) {
		return link.ErrClosed
	}
	defer c.finish(&c.in.use, debug.SetPanicOnFault(true), &err)
	c.stand()
	for !d.Expired() {
		err := c.sleep(d)
		switch {
		case err == nil:
			c.in.have = c.in.seen
			if c.signs.bits.Load()&(signGone|signClosed) == signGone {
				return nil
			}
		case c.signs.bits.Load()&(signGone|signClosed) == signGone:
			if _, interrupted := err.(passing); !interrupted {
				return nil
			}
			return err
		case errors.Is(err, link.ErrProtocol): // counts that make no sense: only the end counts now
			c.in.have = c.in.seq.Load()
		default:
			return err
		}
	}
	return passing{link.ErrTimeout}
}
