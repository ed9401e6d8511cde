package shm

import (
	"runtime/debug"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// Reserve implements link.Conn. The buffer is this process's own: what lies in the region the peer could change while it
// is being written and read again.
func (c *Conn) Reserve(n int) ([]byte, error) {
	if err := c.unsendable(); err != nil {
		return nil, err
	}
	return c.out.Reserve(n)
}

// Cancel implements link.Conn.
func (c *Conn) Cancel() { c.out.Cancel() }

// unsendable says why nothing can be sent any more, nil if it can. What the peer has left behind can still be received.
func (c *Conn) unsendable() error {
	bits := c.signs.bits.Load()
	switch {
	case bits&(signClosed|signGone) == 0:
		return nil
	case bits&signClosed != 0:
		return c.opError("send", link.ErrClosed)
	}
	return c.opError("send", link.ErrReset)
}

// Commit implements link.Conn. It never waits.
func (c *Conn) Commit(h wire.Header, n int, _ *link.Deadline) (err error) {
	payload, err := c.prepare(&h, n)
	if err != nil {
		return err
	}
	c.asks(h.MessageID)
	if err := c.send(&h, payload); err != nil {
		return c.opError("send", err)
	}
	return nil
}

// send publishes a message and wakes the peer.
func (c *Conn) send(h *wire.Header, payload []byte) (err error) {
	if !c.enter(&c.out.use) {
		return link.ErrClosed
	}
	defer c.finish(&c.out.use, debug.SetPanicOnFault(true), &err)
	c.post(h, payload)
	return c.wake()
}

// post publishes a message, and lets go of where it was made.
func (c *Conn) post(h *wire.Header, payload []byte) {
	c.out.publish(h, payload)
	c.out.size.note(wire.HeaderSize + h.PayloadLen)
	c.out.Sent()
}

// Exchange implements link.Conn. Between the two, the wake of the peer may be owed for a moment (spec 03): a message that
// comes meanwhile shows that the peer was awake. Whatever else happens, it is woken before.
func (c *Conn) Exchange(h wire.Header, n int, m *link.Message, d *link.Deadline, sent func() error) (went bool, err error) {
	payload, err := c.prepare(&h, n)
	if err != nil {
		return false, err
	}
	m.Release()
	went, err = c.exchange(&h, payload, m, d, sent)
	if err == nil {
		return true, nil
	}
	if !went {
		return false, c.opError("send", err)
	}
	c.asks(h.MessageID) // the answer may come yet
	return true, c.received(err)
}

func (c *Conn) exchange(h *wire.Header, payload []byte, m *link.Message, d *link.Deadline, sent func() error) (went bool, err error) {
	if !c.enter(&c.in.use) {
		return false, link.ErrClosed
	}
	defer c.finish(&c.in.use, debug.SetPanicOnFault(true), &err)
	c.sit()
	c.post(h, payload)
	owed := c.in.seated && c.in.brisk && c.in.err == nil
	if !owed {
		if err := c.wake(); err != nil {
			return false, err
		}
	}
	if sent != nil {
		if err := c.tell(sent, owed); err != nil {
			return true, stopped{err}
		}
	}
	if c.in.err != nil {
		return true, c.in.err
	}
	if err := c.await(d, owed); err != nil {
		return true, err
	}
	return true, c.take(m, true, h.MessageID)
}

// tell calls the caller's function between the two halves of an exchange. If that does not go on, the wake that is owed is
// made: also where the function panics.
func (c *Conn) tell(sent func() error, owed bool) error {
	goesOn := false
	defer func() {
		if owed && !goesOn {
			_ = c.wake() // a peer that cannot be woken is none
		}
	}()
	err := sent()
	goesOn = err == nil
	return err
}

// prepare returns the payload that is to be sent under h, if it may be. The errors are what Commit returns.
func (c *Conn) prepare(h *wire.Header, n int) ([]byte, error) {
	if c.signs.bits.Load()&^signRecv != 0 {
		err := c.unsendable()
		if err == nil {
			err = c.opError("send", c.signs.interrupted(link.SideSend, signSend))
		}
		if err != nil {
			c.out.Cancel()
			return nil, err
		}
	}
	payload, err := c.out.TakePayload(h, n)
	if err != nil {
		return nil, c.misused(err)
	}
	if c.asked.Load() {
		c.out.Sent()
		return nil, c.opError("send", tooMany(h.MessageID))
	}
	return payload, nil
}

// wake wakes the peer, if it sleeps.
//
// Step of the model: wake.
func (c *Conn) wake() error {
	if errno := sys.FutexWake(raw(c.out.signal)); errno != 0 {
		c.signs.lose(ErrCut)
		return ErrCut
	}
	return nil
}
