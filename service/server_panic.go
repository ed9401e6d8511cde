package service

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/plugin-ipc/netipc/codec/link"
)

// PanicError is a panic of a handler, or its runtime.Goexit: the Err of an event of kind link.EventPanic.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // of the handler's goroutine, as debug.Stack returns it
}

func (e *PanicError) Error() string { return fmt.Sprintf("the handler panicked: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

var errGoexit = errors.New("runtime.Goexit")

// panicked notes a panic, on the stack of which it is called.
func (s *serverSession) panicked(v any) error {
	err := &PanicError{Value: v, Stack: debug.Stack()}
	s.mu.Lock()
	s.n.panics++
	s.mu.Unlock()
	s.c.cfg.Logger.Error("netipc: handler panicked",
		slog.String("service", s.c.listener.Endpoint()),
		slog.Uint64("session", s.info.SessionID),
		slog.Any("panic", v),
		slog.String("stack", string(err.Stack)))
	s.emit(link.EventPanic, err)
	return err
}
