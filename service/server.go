package service

import (
	"context"
	"errors"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Server answers one method of one service (spec 08). Each session has a goroutine of its own, which begins with
// the handshake and then answers requests one after the other, in order. All methods are safe for concurrent
// use, in any state and any number of times.
//
// What goes wrong in one session ends that session and no other: a violation of the protocol, an answer that
// does not fit, an error, a panic or a runtime.Goexit of the handler. The client is told with the status that
// the specification has for it. A request for another method is answered UNSUPPORTED, a batch of a method that
// is not Batchable BAD_ENVELOPE.
type Server[ReqView, B any, R Responder[ReqView, B]] struct{ c *serverCore }

// NewServer returns a server for the clients of l, which belongs to it from then on: Shutdown and Close close
// it, also if Serve never ran. Only R has to be named, the other types follow from h:
//
//	s := service.NewServer[asn.Responder](l, service.ServerConfig{}, lookup)
func NewServer[R Responder[ReqView, B], ReqView, B any](l link.Listener, cfg ServerConfig, h Handler[ReqView, B]) *Server[ReqView, B, R] {
	var r R
	return &Server[ReqView, B, R]{newServerCore(l, cfg, r.Code(), r.Batchable(), func() answerer {
		return &responding[ReqView, B, R]{handle: h}
	})}
}

// Serve takes in clients and blocks until the server has ended and its sessions with it. Nil: because it was
// told to, by Shutdown, by Close, or by the end of ctx, which is the same as Close. Otherwise why no more
// clients could be taken in; the server is closed then. ErrServing: another Serve runs.
//
// The contexts of handlers derive from ctx.
func (s *Server[ReqView, B, R]) Serve(ctx context.Context) error { return s.c.serve(ctx) }

// Shutdown stops taking in clients, ends handshakes and idle sessions at once, and waits for calls in progress:
// their answers are sent, then their sessions end. When ctx ends first, the rest is closed as Close does it,
// and Shutdown returns the cause of ctx. It must not be called from a handler, which it would wait for.
func (s *Server[ReqView, B, R]) Shutdown(ctx context.Context) error { return s.c.shutdown(ctx) }

// Close ends everything at once: the listener, handshakes, sessions, and the contexts of handlers. It waits for
// what that ends, but not for long for handlers that do not heed their context: after a second it returns
// ErrHandlersRunning. They hold nothing of the server's but their goroutine, which ends when they return.
func (s *Server[ReqView, B, R]) Close() error { return s.c.close() }

// Status returns what is known now.
func (s *Server[ReqView, B, R]) Status() ServerStatus { return s.c.status() }

// Sessions lists the sessions, oldest first.
func (s *Server[ReqView, B, R]) Sessions() []SessionStatus { return s.c.list() }

// Why a server ends, or does not begin.
var (
	// ErrServing: the server is being served already.
	ErrServing = errors.New("the server is being served already")
	// ErrServerClosed is why sessions end, and the cause of their contexts, when the server does.
	ErrServerClosed = errors.New("the server is closed")
	// ErrHandlersRunning: the server is closed, but handlers have not returned yet.
	ErrHandlersRunning = errors.New("handlers are still running")
	// ErrTooManySessions: all seats of the server are taken.
	ErrTooManySessions = errors.New("too many sessions")
	// ErrSilent: the client was sent away because it did not finish its handshake while others waited.
	ErrSilent = errors.New("no handshake while others waited")
)
