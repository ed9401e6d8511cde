package applookup

import (
	"math"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/service"
)

// ServiceName is the name under which providers offer the method.
const ServiceName = "apps-lookup"

// Method is APPS_LOOKUP as clients know it.
type Method struct{}

var _ service.Method[applookup.Request, applookup.ResponseView] = Method{}

// Code implements service.Method.
func (Method) Code() codec.Method { return codec.MethodAppsLookup }

// RequestSize implements service.Method.
func (Method) RequestSize(r applookup.Request) int { return r.Size() }

// EncodeRequest implements service.Method.
func (Method) EncodeRequest(dst []byte, r applookup.Request) (int, error) {
	return applookup.EncodeRequest(dst, r)
}

// DecodeResponse implements service.Method.
func (Method) DecodeResponse(b []byte) (applookup.ResponseView, error) {
	return applookup.DecodeResponse(b)
}

// Responder is APPS_LOOKUP as servers know it.
type Responder struct{}

var _ service.Responder[applookup.RequestView, applookup.Builder] = Responder{}

// Code implements service.Responder.
func (Responder) Code() codec.Method { return codec.MethodAppsLookup }

// Batchable implements service.Responder: a request may have any number of keys, so there are no batches.
func (Responder) Batchable() bool { return false }

// DecodeRequest implements service.Responder.
func (Responder) DecodeRequest(b []byte) (applookup.RequestView, error) {
	return applookup.DecodeRequest(b)
}

// Begin implements service.Responder. The session knows the limit, and grow says when it is reached.
func (Responder) Begin(out *applookup.Builder, req applookup.RequestView, dst []byte, grow codec.Grow) error {
	return out.Reset(dst, grow, math.MaxInt, req)
}

// Finish implements service.Responder.
func (Responder) Finish(out *applookup.Builder) (int, error) { return out.Finish() }
