package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// How a call can fail, beside the errors of package link that the session ended with. All are wrapped in a
// *link.OpError that names the endpoint.
var (
	// ErrNotReady: the client has no session; Refresh connects it. Nothing was tried.
	ErrNotReady = errors.New("the client is not ready")
	// ErrAborted: Abort ended the call, or is still in force.
	ErrAborted = errors.New("aborted")
	// ErrTimeout: the call's deadline passed. It matches context.DeadlineExceeded and link.ErrTimeout too.
	ErrTimeout error = timeoutError{}
	// ErrClosed: the client is closed.
	ErrClosed = link.ErrClosed
	// ErrMalformed: the answer's payload is not what its method defines; the session was ended.
	ErrMalformed = errors.New("malformed answer")
)

type timeoutError struct{}

func (timeoutError) Error() string   { return "the deadline of the call passed" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
func (timeoutError) Is(target error) bool {
	return target == context.DeadlineExceeded || target == link.ErrTimeout
}

// StatusError is an answer that says no: the transport status of the response.
type StatusError struct{ Status wire.Status }

func (e *StatusError) Error() string {
	switch e.Status {
	case wire.StatusUnsupported:
		return "the provider does not serve this method (UNSUPPORTED)"
	case wire.StatusInternalError:
		return "the provider failed to answer (INTERNAL_ERROR)"
	case wire.StatusLimitExceeded:
		return "the message exceeds the provider's limit (LIMIT_EXCEEDED)"
	}
	return "the provider answered " + e.Status.String()
}

// GrowthError says that a message cannot be made to fit: what it needs, what was agreed and where growth ends.
type GrowthError struct {
	What    string // "request payload of 4096 bytes", ...
	Agreed  uint64
	Ceiling uint64 // the client's; 0 where the provider's decided
	Err     error
}

func (e *GrowthError) Error() string {
	if e.Ceiling == 0 {
		return fmt.Sprintf("%s: %d agreed, and the provider grants no more: %v", e.What, e.Agreed, e.Err)
	}
	return fmt.Sprintf("%s: %d agreed, the client's own ceiling is %d: raise it in its Config", e.What, e.Agreed, e.Ceiling)
}

// Unwrap returns what ended the growth: the refusal, or the limit.
func (e *GrowthError) Unwrap() error { return e.Err }

// stopError marks an error that ends the call: it is not retried. It never leaves the package.
type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }

func stop(err error) error { return &stopError{err} }

// errWake is the cause that this package interrupts a Conn with: whoever wakes looks at its own state.
var errWake = errors.New("woken")
