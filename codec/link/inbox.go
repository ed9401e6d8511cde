package link

import "github.com/plugin-ipc/netipc/codec/wire"

// Inbox judges received messages that lie whole in memory, as Check does, for the receiving half of a transport that is
// not made of packets. It never changes.
type Inbox struct {
	kind           wire.Kind
	payload, items uint32 // of limits
	limits         Limits
}

// NewInbox returns the inbox of a side that receives messages of a kind.
func NewInbox(receives wire.Kind, l Limits) Inbox {
	payload, items := l.of(receives)
	return Inbox{receives, payload, items, l}
}

// Largest returns the size of the largest message that was agreed on, in bytes, header included.
func (i *Inbox) Largest() uint64 { return wire.HeaderSize + uint64(i.payload) }

// Judge is Check. The error is a *ProtocolError.
func (i *Inbox) Judge(msg []byte) (wire.Header, error) {
	h, err := wire.DecodeHeader(msg)
	// What most messages are is seen at one glance.
	if err == nil && h.Kind == i.kind && !h.IsBatch() && h.ItemCount <= i.items &&
		h.PayloadLen <= i.payload && uint64(h.PayloadLen) == uint64(len(msg)-wire.HeaderSize) && h.PayloadLen <= maxPayload {
		return h, nil
	}
	return Check(msg, i.kind, i.limits)
}
