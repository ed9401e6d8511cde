package linktest

import (
	"context"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

// sentinels are the ways in which a call can end badly. No error is two of them.
var sentinels = []error{
	link.ErrClosed, link.ErrTimeout, link.ErrPeerClosed, link.ErrReset, link.ErrProtocol, link.ErrRefused,
	link.ErrNotFound, link.ErrAddrInUse, link.ErrTooLarge, link.ErrInFlight, link.ErrMisuse, link.ErrNotHello, context.Canceled, context.DeadlineExceeded,
	errCause, errAborted,
}

// errCause is what the suite interrupts with.
var errCause = errors.New("the cause of an interrupt")

// errAborted is what it aborts with: to Level 1 an abort is an interrupt like any other.
var errAborted = errors.New("aborted")

// wantOnly checks that an error is of one kind and of no other.
func wantOnly(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: error %v, want %q", what, err, want)
	}
	for _, s := range sentinels {
		if s != want && errors.Is(err, s) {
			t.Errorf("%s: error %v is %q, as it should be, but %q too", what, err, want, s)
		}
	}
}

// wantGone checks that an error tells that the peer is not there any more, in one way or another.
func wantGone(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) {
		t.Fatalf("%s: error %v, want %q or %q", what, err, link.ErrPeerClosed, link.ErrReset)
	}
}

// wantExpired checks that an error tells that a context's time was over, in the words of either package.
func wantExpired(t testing.TB, what string, err error) {
	t.Helper()
	if errors.Is(err, context.Canceled) || !errors.Is(err, link.ErrTimeout) && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%s: error %v, want %q or %q", what, err, link.ErrTimeout, context.DeadlineExceeded)
	}
}
