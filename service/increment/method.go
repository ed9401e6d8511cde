package increment

import (
	"errors"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/increment"
	"github.com/plugin-ipc/netipc/service"
)

// Method is INCREMENT as clients know it.
type Method struct{}

var _ service.Method[uint64, uint64] = Method{}

// Code implements service.Method.
func (Method) Code() codec.Method { return codec.MethodIncrement }

// RequestSize implements service.Method.
func (Method) RequestSize(uint64) int { return increment.Size }

// EncodeRequest implements service.Method.
func (Method) EncodeRequest(dst []byte, v uint64) (int, error) {
	return increment.EncodeRequest(dst, v)
}

// DecodeResponse implements service.Method. Nothing is borrowed.
func (Method) DecodeResponse(b []byte) (uint64, error) { return increment.DecodeResponse(b) }

// Responder is INCREMENT as servers know it.
type Responder struct{}

var _ service.Responder[uint64, Answer] = Responder{}

// Answer is where a handler puts its number.
type Answer struct {
	dst []byte
	err error
}

// ErrNoAnswer: a handler has returned without an answer.
var ErrNoAnswer = errors.New("increment: the handler has not set an answer")

// Set answers v. The last one counts.
func (a *Answer) Set(v uint64) { _, a.err = increment.EncodeResponse(a.dst, v) }

// Code implements service.Responder.
func (Responder) Code() codec.Method { return codec.MethodIncrement }

// Batchable implements service.Responder: requests may come in batches.
func (Responder) Batchable() bool { return true }

// DecodeRequest implements service.Responder. Nothing is borrowed.
func (Responder) DecodeRequest(b []byte) (uint64, error) { return increment.DecodeRequest(b) }

// Begin implements service.Responder.
func (Responder) Begin(out *Answer, _ uint64, dst []byte, grow codec.Grow) (err error) {
	if len(dst) < increment.Size {
		if dst, err = grow(increment.Size); err != nil {
			return err
		}
	}
	*out = Answer{dst: dst, err: ErrNoAnswer}
	return nil
}

// Finish implements service.Responder.
func (Responder) Finish(out *Answer) (int, error) { return increment.Size, out.err }
