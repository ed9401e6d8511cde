//go:build linux || freebsd

package local_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/stringreverse"
)

// ends are the five ways in which a call can end before its time, and how callers tell them apart.
var ends = []struct {
	name string
	is   error
	how  manner // of the server
}{
	{"deadline", service.ErrTimeout, silent},
	{"cancellation", context.Canceled, silent},
	{"abort", service.ErrAborted, silent},
	{"peer closed", link.ErrPeerClosed, leaves},
	{"protocol error", link.ErrProtocol, nonsensed},
}

// TestErrorsToldApart: at every point of a call, each of the five ends is exactly its own error, none of the other
// four and no broken connection either (but see want), and the client is usable afterwards: at once after its caller's own reasons, after a Refresh when it was the provider's doing.
func TestErrorsToldApart(t *testing.T) {
	for at, name := range points {
		t.Run(name, func(t *testing.T) {
			for end := range ends {
				t.Run(ends[end].name, func(t *testing.T) {
					t.Run("Call", func(t *testing.T) { cell{point(at), end, false}.run(t) })
					if point(at) <= atHandshake {
						t.Run("Refresh", func(t *testing.T) { cell{point(at), end, true}.run(t) })
					}
				})
			}
		})
	}
}

// cell is one end at one point, in Refresh or in a call.
type cell struct {
	at      point
	end     int
	refresh bool
}

func (c cell) run(t *testing.T) {
	// A deadline has to pass, but not before the point is reached: then it is a longer one's turn.
	for timeout := 20 * time.Millisecond; ; timeout *= 2 {
		if timeout > patience {
			t.Fatal("the point is never reached")
		}
		if c.try(t, timeout) {
			return
		}
	}
}

// signalling is a dialer that says when somebody dials.
type signalling struct {
	link.Dialer
	s *scripted
}

func (d signalling) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	d.s.mu.Lock()
	f := d.s.fault
	d.s.mu.Unlock()
	if f != nil && f.at == atConnect && f.how == silent {
		d.s.reached <- struct{}{}
	}
	return d.Dialer.Dial(ctx, p)
}

// try reports whether the deadline, if that is what ends the call, did so at the right point.
func (c cell) try(t *testing.T, timeout time.Duration) bool {
	t.Helper()
	end := ends[c.end]
	s := newScripted(t)
	client := stringreverse.NewClient(signalling{dialer(t, s.runDir), s}, service.Config{
		Proposal:        link.Proposal{RequestPayload: link.GrowthCeiling},
		ReconnectWindow: time.Millisecond,
	})
	defer client.Close()
	if !c.refresh {
		c.usable(t, client, true)
	}
	before := client.Status()
	s.misbehave(c.at, end.how)
	if !c.refresh && c.at <= atHandshake {
		s.drop() // so that the call has to connect
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if end.name == "deadline" {
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	ended := make(chan error, 1)
	go func() { ended <- c.do(ctx, client) }()
	switch end.name {
	case "cancellation":
		linktest.Await(t, "the point", s.reached)
		cancel()
	case "abort":
		linktest.Await(t, "the point", s.reached)
		client.Abort()
	}
	err := linktest.Await(t, "the end of the call", ended)
	if end.name == "deadline" && len(s.reached) == 0 {
		return false
	}
	for _, e := range append([]error{link.ErrReset}, sentinels()...) {
		if errors.Is(err, e) != (e == c.want()) {
			t.Errorf("%v: errors.Is says %v to %v", err, errors.Is(err, e), e)
		}
	}
	if end.name == "abort" {
		client.ClearAbort()
	}
	s.behave()

	own := end.how == silent
	after := client.Status()
	if ready := own && !c.refresh; client.Ready() != ready || (after.State == service.StateReady) != ready {
		t.Errorf("state %v after %v", after.State, err)
	}
	c.usable(t, client, !own || c.refresh)
	switch n := client.Status().Connects - before.Connects; {
	case own && !c.refresh && c.at >= atChunks && n != 0:
		t.Errorf("%d sessions more: that one caller left must not end it", n)
	case !(own && c.at >= atChunks) && n == 0:
		t.Error("no new session")
	}
	return true
}

func sentinels() (all []error) {
	for _, e := range ends {
		all = append(all, e.is)
	}
	return all
}

// want is the error that the cell is to end with. A peer that leaves in the middle of a message has not closed in
// good order: what it had sent is lost, and the connection counts as broken (spec 02).
func (c cell) want() error {
	if is := ends[c.end].is; is != link.ErrPeerClosed || c.at != atChunks {
		return is
	}
	return link.ErrReset
}

// do is what is going to fail.
func (c cell) do(ctx context.Context, client *stringreverse.Client) error {
	if c.refresh {
		_, err := client.Refresh(ctx)
		return err
	}
	n := 10
	switch c.at {
	case atSend:
		n = longRequest
	case atChunks:
		n = 3 * scriptedPacket
	}
	_, err := client.Call(ctx, strings.Repeat("x", n))
	return err
}

// usable: the client works, perhaps after a Refresh, without which it says that it is not ready.
func (c cell) usable(t *testing.T, client *stringreverse.Client, refresh bool) {
	t.Helper()
	if refresh {
		if _, err := client.Call(t.Context(), "ab"); !errors.Is(err, service.ErrNotReady) {
			t.Errorf("before Refresh: %v, want ErrNotReady", err)
		}
		if _, err := client.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if got, err := client.Call(t.Context(), "ab"); err != nil || got != "ba" {
			t.Fatalf("afterwards: %q, %v", got, err)
		}
	}
}

// TestRefusedUnheard: a server that refuses without reading the HELLO, and closes, may do so before or after the
// client says it. The refusal is not lost (15-m).
func TestRefusedUnheard(t *testing.T) {
	runDir := shortDir(t)
	l := listenRaw(t, runDir)
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			_, _ = c.Write(link.AppendRefusal(nil, wire.StatusInternalError))
			shut(c)
			defer c.Close()
		}
	}()
	d := dialer(t, runDir)
	for range 100 {
		_, err := d.Dial(t.Context(), link.Proposal{})
		var refused *link.RefusedError
		if !errors.As(err, &refused) || refused.Status != wire.StatusInternalError {
			t.Fatal(err)
		}
	}
}
