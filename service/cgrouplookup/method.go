package cgrouplookup

import (
	"math"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/internal/lookup"
)

// ServiceName is the name under which providers offer the method.
const ServiceName = "cgroups-lookup"

// Method is CGROUPS_LOOKUP as clients know it.
type Method struct{}

var _ lookup.Method[string, cgrouplookup.Request, cgrouplookup.ResponseView] = Method{}

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

// Check says what is wrong with paths, as EncodeRequest would.
func (Method) Check(paths cgrouplookup.Request) error { return paths.Check() }

// Item says what became of path, which item i must name, and how large the item is, and at least would be, in bytes.
func (Method) Item(v cgrouplookup.ResponseView, i int, path string) (f lookup.Fate, size, least int) {
	it := v.Item(i)
	size, least = it.Size()
	switch status := it.Status(); {
	case !it.Path().Equal(path):
		f = lookup.Wrong
	case status == cgrouplookup.StatusPayloadExceeded:
		f = lookup.Exceeded
	case status == cgrouplookup.StatusOversizedItem:
		f = lookup.Oversized
	}
	return f, size, least
}

// Oversized returns an answer that nobody has sent: the item of path is too large.
func (Method) Oversized(path string) (cgrouplookup.ResponseView, error) {
	r := cgrouplookup.Response{Items: []cgrouplookup.Item{{Status: cgrouplookup.StatusOversizedItem, Path: path}}}
	size, err := r.Size()
	if err != nil {
		return cgrouplookup.ResponseView{}, err
	}
	b := make([]byte, size)
	if _, err := r.Encode(b); err != nil {
		return cgrouplookup.ResponseView{}, err
	}
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
