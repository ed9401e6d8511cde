package v3peer

import (
	"errors"
	"fmt"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// ErrBadMessage: a message is not what should come here.
var ErrBadMessage = errors.New("not the message that should come")

// Caller makes requests of one session, one after the other.
type Caller struct {
	session *Session
	in, out []byte
	last    uint64 // message id
}

// NewCaller returns a caller. Nobody else uses the session.
func NewCaller(s *Session) *Caller {
	return &Caller{session: s, in: make([]byte, len(s.in.area)), out: make([]byte, len(s.out.area))}
}

// Request is room for the payload of the next request.
func (c *Caller) Request() []byte { return c.out[wire.HeaderSize:] }

// Call sends a request whose payload is the first n bytes of Request, and returns the payload of its answer, valid
// until the next Call. Errors: ErrBadMessage, and those of the End.
func (c *Caller) Call(code uint16, n int) ([]byte, error) {
	c.last++
	request := wire.Header{Kind: wire.KindRequest, Code: code, PayloadLen: uint32(n), ItemCount: 1, MessageID: c.last}
	request.Put(c.out)
	if err := c.session.Publish(c.out[:wire.HeaderSize+n]); err != nil {
		return nil, err
	}
	n, err := c.session.Consume(c.in)
	if err != nil {
		return nil, err
	}
	answer, err := wire.DecodeHeader(c.in[:n])
	if err != nil {
		return nil, err
	}
	if answer.Kind != wire.KindResponse || answer.Code != code || answer.MessageID != c.last ||
		answer.Status != wire.StatusOK || int64(answer.PayloadLen) != int64(n-wire.HeaderSize) {
		return nil, fmt.Errorf("%w: %+v in %d bytes answers %+v", ErrBadMessage, answer, n, request)
	}
	return c.in[wire.HeaderSize:n], nil
}
