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
	items    uint32 // of limits
	limits   Limits
	buf      []byte // header and payload
	reserved int    // payload bytes and 1, 0 if none
}

// NewOutbox returns the outbox of a side that sends messages of a kind.
func NewOutbox(sends wire.Kind, l Limits) Outbox {
	_, items := l.of(sends)
	return Outbox{kind: sends, items: items, limits: l}
}

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
	payload, err := o.TakePayload(&h, n)
	if err != nil {
		return nil, err
	}
	msg := o.buf[:wire.HeaderSize+len(payload)]
	h.Put(msg)
	return msg, nil
}

// TakePayload is Take for a transport that writes the header itself: h gets its PayloadLen, and the payload alone is
// returned.
func (o *Outbox) TakePayload(h *wire.Header, n int) ([]byte, error) {
	// What most messages are is seen at one glance.
	if uint(n) >= uint(o.reserved) || h.Kind != o.kind || h.ItemCount > o.items || h.IsBatch() {
		if err := o.check(h, n); err != nil {
			o.reserved = 0
			return nil, err
		}
	}
	o.reserved = 0
	h.PayloadLen = uint32(n)
	return o.buf[wire.HeaderSize : wire.HeaderSize+n], nil
}

// check says what is wrong with a message that is to be sent, if anything is.
func (o *Outbox) check(h *wire.Header, n int) error {
	switch {
	case n < 0 || n >= o.reserved:
		return fmt.Errorf("%w: %d bytes committed of %d reserved", ErrMisuse, n, o.reserved-1)
	case h.Kind != o.kind:
		return fmt.Errorf("%w: %v sent where %v is due", ErrMisuse, h.Kind, o.kind)
	}
	return checkSend(*h, o.limits)
}

// Sent says that what Take returned is no longer needed.
func (o *Outbox) Sent() { invariants.Poison(o.buf) }

// Free gives the buffer to the garbage collector.
func (o *Outbox) Free() { o.buf, o.reserved = nil, 0 }
