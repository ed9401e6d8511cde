package service

import (
	"context"

	"github.com/plugin-ipc/netipc/codec"
)

// Method is what a client knows about one method: how to write a request and read a response. A zero-size
// struct implements it. Encoding and decoding are pure: no I/O, no allocation on the good path.
type Method[Req, View any] interface {
	// Code is the method's number.
	Code() codec.Method
	// RequestSize is the size of the encoded request in bytes, or a little more.
	RequestSize(r Req) int
	// EncodeRequest writes r to the start of dst and returns its size.
	EncodeRequest(dst []byte, r Req) (int, error)
	// DecodeResponse validates b whole and returns a view that borrows it.
	DecodeResponse(b []byte) (View, error)
}

// Responder is what a server knows about one method: how to read a request and build an answer. A zero-size
// struct implements it. B is the builder, one a session, reused from request to request.
type Responder[ReqView, B any] interface {
	Code() codec.Method
	// Batchable says whether requests may come in batches (spec 07 says it of each method).
	Batchable() bool
	// DecodeRequest validates b whole and returns a view that borrows it.
	DecodeRequest(b []byte) (ReqView, error)
	// Begin makes out ready to build the answer to req in dst, which grow enlarges.
	Begin(out *B, req ReqView, dst []byte, grow codec.Grow) error
	// Finish returns the size of the answer, which lies at the start of the buffer last given to out.
	Finish(out *B) (int, error)
}

// Handler answers one request. req is borrowed: valid until the handler returns; copy to keep. What is put
// into out goes straight into the send buffer. ctx ends when the session or the server is closed at once,
// not while Shutdown waits. An error, or a panic, answers INTERNAL_ERROR and ends the session.
//
// Sessions call the handler concurrently with one another, each its own requests one after the other.
type Handler[ReqView, B any] func(ctx context.Context, req ReqView, out *B) error
