package link

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// How a wait can end, and why a session cannot begin or go on. Callers branch with errors.Is.
var (
	// ErrClosed: this side closed the session or the listener.
	ErrClosed = net.ErrClosed
	// ErrTimeout: the deadline passed.
	ErrTimeout = os.ErrDeadlineExceeded
	// ErrPeerClosed: the peer closed the session in good order; what it had sent was delivered.
	ErrPeerClosed = errors.New("the peer closed the session")
	// ErrReset: the connection broke; what was under way is lost.
	ErrReset = errors.New("the connection broke")
	// ErrProtocol: the peer violated the protocol; the session is over (see ProtocolError).
	ErrProtocol = errors.New("protocol violation")
	// ErrRefused: the server answered the handshake with a refusal (see RefusedError).
	ErrRefused = errors.New("the server refused the session")
	// ErrNotFound: nothing answers at the endpoint.
	ErrNotFound = errors.New("no provider at the endpoint")
	// ErrAddrInUse: a live server has the endpoint.
	ErrAddrInUse = errors.New("a live server has this endpoint")
	// ErrTooLarge: the message exceeds a limit that the peers agreed on (see LimitError).
	ErrTooLarge = errors.New("exceeds the agreed limit")
	// ErrCut: sending ended in the middle of a message, so the session is over; the reason is wrapped beside it.
	ErrCut = errors.New("message cut")
	// ErrInFlight: the message id is in flight already, or as many requests are as the session takes.
	ErrInFlight = errors.New("in flight")
	// ErrNotHello: the first packet does not belong to this protocol.
	ErrNotHello = errors.New("not a HELLO")
	// ErrMisuse: a call out of order, such as a Commit without a Reserve.
	ErrMisuse = errors.New("calls out of order")
)

// ProtocolError says how the peer violated the protocol. It matches ErrProtocol and the error inside.
type ProtocolError struct {
	Header wire.Header // of the offending message; zero if it had none
	Status wire.Status // what a server answers a request like this with
	Err    error
}

func (e *ProtocolError) Error() string {
	if e.Header.Kind == 0 {
		return fmt.Sprintf("%v: %v", ErrProtocol, e.Err)
	}
	return fmt.Sprintf("%v: %v code %d id %d: %v", ErrProtocol, e.Header.Kind, e.Header.Code, e.Header.MessageID, e.Err)
}

// Is matches ErrProtocol.
func (e *ProtocolError) Is(target error) bool { return target == ErrProtocol }

// Unwrap returns what was wrong.
func (e *ProtocolError) Unwrap() error { return e.Err }

func violation(h wire.Header, s wire.Status, err error) error {
	return &ProtocolError{Header: h, Status: s, Err: err}
}

// RefusedError is a handshake's refusal, on either side. It matches ErrRefused.
type RefusedError struct {
	Status wire.Status
	Err    error // the reason, where this side found it; nil where the peer did
}

func (e *RefusedError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%v: %v", ErrRefused, e.Status)
	}
	return fmt.Sprintf("handshake refused with %v: %v", e.Status, e.Err)
}

// Is matches ErrRefused.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

func refused(s wire.Status, err error) error { return &RefusedError{Status: s, Err: err} }

// LimitError says which limit a message exceeds. It matches ErrTooLarge. From Reserve and Commit it means that
// nothing was sent and the session goes on; inside a *ProtocolError, that the peer sent too much.
type LimitError struct {
	What   string // "request payload", "response items", ...
	Need   uint64
	Agreed uint64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s of %d %v of %d", e.What, e.Need, ErrTooLarge, e.Agreed)
}

// Is matches ErrTooLarge.
func (e *LimitError) Is(target error) bool { return target == ErrTooLarge }

// OpError says what was tried, where, and how it failed. Transports wrap what they return in it.
type OpError struct {
	Op       string // "dial", "listen", "accept", "handshake", "send", "receive", "drain"
	Endpoint string // path or pipe name
	Err      error
}

func (e *OpError) Error() string { return e.Op + " " + e.Endpoint + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *OpError) Unwrap() error { return e.Err }

// Timeout implements net.Error's method.
func (e *OpError) Timeout() bool { return errors.Is(e.Err, ErrTimeout) }

// NewOpError wraps err, mapping nil to nil.
func NewOpError(op, endpoint string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Endpoint: endpoint, Err: err}
}
