package link

import (
	"fmt"
	"math"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// checkHeader judges the header of a received message as far as it can be judged before the payload is there
// (spec 01, "What a receiver checks, always").
func checkHeader(h wire.Header, want wire.Kind, l Limits) error {
	payload, items := l.of(want)
	switch {
	case h.Kind != want:
		return violation(h, wire.StatusBadEnvelope, fmt.Errorf("%w: %v where %v is due", wire.ErrBadKind, h.Kind, want))
	case h.PayloadLen > payload:
		return violation(h, wire.StatusLimitExceeded, &LimitError{What: direction(want) + " payload", Need: uint64(h.PayloadLen), Agreed: uint64(payload)})
	case h.ItemCount > items:
		return violation(h, wire.StatusLimitExceeded, &LimitError{What: direction(want) + itemsSuffix, Need: uint64(h.ItemCount), Agreed: uint64(items)})
	case uint64(h.PayloadLen)+wire.HeaderSize > maxMessage:
		return violation(h, wire.StatusLimitExceeded, codec.FieldError("header", "payload_len", codec.ErrOverflow))
	case carriesBatch(h) && h.ItemCount == 0:
		return violation(h, wire.StatusBadEnvelope, codec.FieldError("batch", "item_count", codec.ErrBadCount))
	}
	return nil
}

// maxPayload is the largest payload in bytes whose message maxMessage allows.
const maxPayload = maxMessage - wire.HeaderSize

// maxMessage is the largest message in bytes, header included: its length is a u32 on the wire and an int here.
const maxMessage = min(1<<32-1, math.MaxInt)

// carriesBatch tells whether a batch directory is due. An answer with an error has no items; deployed peers
// set the flag on it all the same (vectors D5), and the status must not be lost over that.
func carriesBatch(h wire.Header) bool {
	return h.IsBatch() && (h.Kind != wire.KindResponse || h.Status == wire.StatusOK)
}

// checkPayload judges a whole message whose header has passed: the directory of a batch.
func checkPayload(h wire.Header, payload []byte) error {
	if !carriesBatch(h) {
		return nil
	}
	if _, err := wire.DecodeBatch(payload, h.ItemCount); err != nil {
		return violation(h, wire.StatusBadEnvelope, err)
	}
	return nil
}

// malformed is the violation of a message whose header cannot be read. It says what can be seen of it.
func malformed(msg []byte, err error) error {
	p, _ := wire.PeekHeader(msg)
	return violation(p.Header, wire.StatusBadEnvelope, err)
}

// Check judges a message that lies whole in memory, for transports that are not made of packets: all that a
// receiver checks, and that the message is as long as its header says (spec 15-p). The error is a
// *ProtocolError.
func Check(msg []byte, want wire.Kind, l Limits) (wire.Header, error) {
	h, err := wire.DecodeHeader(msg)
	if err != nil {
		return h, malformed(msg, err)
	}
	if err := checkHeader(h, want, l); err != nil {
		return h, err
	}
	if uint64(h.PayloadLen) != uint64(len(msg)-wire.HeaderSize) {
		return h, violation(h, wire.StatusBadEnvelope, codec.FieldError("header", "payload_len", codec.ErrBadLayout))
	}
	return h, checkPayload(h, msg[wire.HeaderSize:])
}

// checkRoom judges a payload of n bytes before it is sent; the error is a *LimitError.
func checkRoom(k wire.Kind, n int, l Limits) error {
	payload, _ := l.of(k)
	if limit := min(uint64(payload), maxPayload); n < 0 || uint64(n) > limit {
		return &LimitError{What: direction(k) + " payload", Need: uint64(max(n, 0)), Agreed: limit}
	}
	return nil
}

// checkSend judges a header before it is sent: *LimitError, or ErrMisuse for a batch of no items, which the
// peer would take for a violation.
func checkSend(h wire.Header, l Limits) error {
	_, items := l.of(h.Kind)
	switch {
	case h.ItemCount > items && h.Status == wire.StatusOK:
		return &LimitError{What: direction(h.Kind) + itemsSuffix, Need: uint64(h.ItemCount), Agreed: uint64(items)}
	case carriesBatch(h) && h.ItemCount == 0:
		return fmt.Errorf("%w: a batch of no items", ErrMisuse)
	}
	return nil
}

// WhatRequestItems is the What of the *LimitError for a batch of more requests than agreed.
const WhatRequestItems = "request" + itemsSuffix

const itemsSuffix = " items"

func direction(k wire.Kind) string {
	if k == wire.KindRequest {
		return "request"
	}
	return "response"
}
