package link

import (
	"fmt"

	"github.com/plugin-ipc/netipc/codec/internal/invariants"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Outbox is the sending half of a Conn as far as it needs no transport: the buffer that Reserve lends, and what is
// checked before a message leaves. It has one user at a time.
type Outbox struct {
	kind     wire.Kind
	limits   Limits
	buf      []byte // header and payload
	reserved int    // payload bytes and 1, 0 if none
}

// NewOutbox returns the outbox of a side that sends messages of a kind.
func NewOutbox(sends wire.Kind, l Limits) Outbox { return Outbox{kind: sends, limits: l} }

// Reserve does what Conn.Reserve says. The error is a *LimitError.
func (o *Outbox) Reserve(n int) ([]byte, error) {
	if err := checkRoom(o.kind, n, o.limits); err != nil {
		return nil, err
	}
	end := wire.HeaderSize + n
	if end > cap(o.buf) {
		bigger := make([]byte, end, max(end, 256))
		copy(bigger, o.buf)
		invariants.Poison(o.buf)
		o.buf = bigger
	}
	o.buf = o.buf[:end]
	o.reserved = n + 1
	return o.buf[wire.HeaderSize:end:end], nil
}

// Cancel does what Conn.Cancel says.
func (o *Outbox) Cancel() {
	o.reserved = 0
	invariants.Poison(o.buf)
}

// Take ends the reservation and returns the message of n bytes that is to be sent under h: header and payload,
// borrowed until Sent or the next Reserve. Errors: *LimitError, ErrMisuse.
func (o *Outbox) Take(h wire.Header, n int) ([]byte, error) {
	reserved := o.reserved - 1
	o.reserved = 0
	switch {
	case n < 0 || n > reserved:
		return nil, fmt.Errorf("%w: %d bytes committed of %d reserved", ErrMisuse, n, reserved)
	case h.Kind != o.kind:
		return nil, fmt.Errorf("%w: %v sent where %v is due", ErrMisuse, h.Kind, o.kind)
	}
	if err := checkSend(h, o.limits); err != nil {
		return nil, err
	}
	msg := o.buf[:wire.HeaderSize+n]
	h.PayloadLen = uint32(n)
	h.Put(msg)
	return msg, nil
}

// Sent says that what Take returned is no longer needed.
func (o *Outbox) Sent() { invariants.Poison(o.buf) }

// Free gives the buffer to the garbage collector.
func (o *Outbox) Free() { o.buf, o.reserved = nil, 0 }
