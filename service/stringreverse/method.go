package stringreverse

import (
	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/stringreverse"
	"github.com/plugin-ipc/netipc/service"
)

// Method is STRING_REVERSE as clients know it.
type Method struct{}

var _ service.Method[string, codec.StrView] = Method{}

// Code implements service.Method.
func (Method) Code() codec.Method { return codec.MethodStringReverse }

// RequestSize implements service.Method.
func (Method) RequestSize(s string) int { return stringreverse.Size(len(s)) }

// EncodeRequest implements service.Method.
func (Method) EncodeRequest(dst []byte, s string) (int, error) {
	return stringreverse.EncodeRequest(dst, s)
}

// DecodeResponse implements service.Method.
func (Method) DecodeResponse(b []byte) (codec.StrView, error) {
	return stringreverse.DecodeResponse(b)
}

// Responder is STRING_REVERSE as servers know it.
type Responder struct{}

var _ service.Responder[codec.StrView, stringreverse.Builder] = Responder{}

// Code implements service.Responder.
func (Responder) Code() codec.Method { return codec.MethodStringReverse }

// Batchable implements service.Responder: requests may come in batches.
func (Responder) Batchable() bool { return true }

// DecodeRequest implements service.Responder.
func (Responder) DecodeRequest(b []byte) (codec.StrView, error) {
	return stringreverse.DecodeRequest(b)
}

// Begin implements service.Responder.
func (Responder) Begin(out *stringreverse.Builder, _ codec.StrView, dst []byte, grow codec.Grow) error {
	return out.Reset(dst, grow)
}

// Finish implements service.Responder.
func (Responder) Finish(out *stringreverse.Builder) (int, error) { return out.Finish() }
