package cgrouplookup

import (
	"math"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/service"
)

// ServiceName is the name under which providers offer the method.
const ServiceName = "cgroups-lookup"

// Method is CGROUPS_LOOKUP as clients know it.
type Method struct{}

var _ service.Method[cgrouplookup.Request, cgrouplookup.ResponseView] = Method{}

// Code implements service.Method.
func (Method) Code() codec.Method { return codec.MethodCgroupsLookup }

// RequestSize implements service.Method.
func (Method) RequestSize(r cgrouplookup.Request) int { return r.Size() }

// EncodeRequest implements service.Method.
func (Method) EncodeRequest(dst []byte, r cgrouplookup.Request) (int, error) {
	return cgrouplookup.EncodeRequest(dst, r)
}

// DecodeResponse implements service.Method.
func (Method) DecodeResponse(b []byte) (cgrouplookup.ResponseView, error) {
	return cgrouplookup.DecodeResponse(b)
}

// Responder is CGROUPS_LOOKUP as servers know it.
type Responder struct{}

var _ service.Responder[cgrouplookup.RequestView, cgrouplookup.Builder] = Responder{}

// Code implements service.Responder.
func (Responder) Code() codec.Method { return codec.MethodCgroupsLookup }

// Batchable implements service.Responder: a request may have any number of keys, so there are no batches.
func (Responder) Batchable() bool { return false }

// DecodeRequest implements service.Responder.
func (Responder) DecodeRequest(b []byte) (cgrouplookup.RequestView, error) {
	return cgrouplookup.DecodeRequest(b)
}

// Begin implements service.Responder. The session knows the limit, and grow says when it is reached.
func (Responder) Begin(out *cgrouplookup.Builder, req cgrouplookup.RequestView, dst []byte, grow codec.Grow) error {
	return out.Reset(dst, grow, math.MaxInt, req)
}

// Finish implements service.Responder.
func (Responder) Finish(out *cgrouplookup.Builder) (int, error) { return out.Finish() }
