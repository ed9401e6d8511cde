package link_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

func TestErrors(t *testing.T) {
	why := errors.New("why")
	for _, c := range []struct {
		err  error
		is   []error
		text string
	}{
		{&link.ProtocolError{Err: why}, []error{link.ErrProtocol, why}, "protocol violation: why"},
		{
			&link.ProtocolError{Header: wire.Header{Kind: wire.KindRequest, Code: 3, MessageID: 9}, Err: why},
			[]error{link.ErrProtocol, why}, "protocol violation: REQUEST code 3 id 9: why",
		},
		{&link.RefusedError{Status: wire.StatusAuthFailed}, []error{link.ErrRefused}, "the server refused the session: AUTH_FAILED"},
		{&link.RefusedError{Status: wire.StatusBadEnvelope, Err: why}, []error{link.ErrRefused, why}, "handshake refused with BAD_ENVELOPE: why"},
		{&link.LimitError{What: "request payload", Need: 2, Agreed: 1}, []error{link.ErrTooLarge}, "request payload of 2 exceeds the agreed limit of 1"},
		{link.NewOpError("dial", "/run/x.sock", link.ErrNotFound), []error{link.ErrNotFound}, "dial /run/x.sock: no provider at the endpoint"},
	} {
		for _, is := range c.is {
			if !errors.Is(c.err, is) {
				t.Errorf("%v is not %v", c.err, is)
			}
		}
		if errors.Is(c.err, link.ErrClosed) {
			t.Errorf("%v is %v", c.err, link.ErrClosed)
		}
		if c.err.Error() != c.text {
			t.Errorf("%q, want %q", c.err, c.text)
		}
	}
	if err := link.NewOpError("dial", "x", nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}

// Callers that know the standard library's errors need no others for the two most common ends of a wait.
func TestErrorsOfTheStandardLibrary(t *testing.T) {
	timeout := link.NewOpError("receive", "x", link.ErrTimeout)
	var n interface{ Timeout() bool }
	if !errors.Is(timeout, os.ErrDeadlineExceeded) || !errors.As(timeout, &n) || !n.Timeout() {
		t.Errorf("%v is no timeout to others", timeout)
	}
	closed := link.NewOpError("receive", "x", fmt.Errorf("beneath: %w", link.ErrClosed))
	if !errors.Is(closed, net.ErrClosed) || !errors.As(closed, &n) || n.Timeout() {
		t.Errorf("%v is not what others call closed", closed)
	}
}

func TestEventKinds(t *testing.T) {
	seen := map[string]bool{}
	for k := link.EventConnect; k <= link.EventPanic; k++ {
		if s := k.String(); s == "" || s == "none" || s == "unknown" || seen[s] {
			t.Errorf("kind %d is called %q", k, s)
		} else {
			seen[s] = true
		}
	}
	if got := (link.EventPanic + 1).String(); got != "unknown" {
		t.Errorf("a kind that is none is called %q", got)
	}
}
