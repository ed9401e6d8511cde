package linktest

import (
	"context"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

var dialTests = []subtest{
	{"EndpointIsNamed", anywhere, endpointIsNamed},
	{"NobodyListens", anywhere, nobodyListens},
	{"ContextOver", anywhere, dialContextOver},
	{"Cancelled", anywhere, dialCancelled},
	{"DeadlinePasses", anywhere, dialDeadline},
	{"AcceptCancelled", anywhere, acceptCancelled},
	{"AcceptUnblockedByClose", anywhere, acceptUnblocked},
	{"AcceptAfterClose", anywhere, acceptAfterClose},
	{"SessionsOutliveTheListener", anywhere, sessionsOutlive},
	{"ClosedIncoming", anywhere, closedIncoming},
	{"ListenerClosesTwice", anywhere, listenerClosesTwice},
}

func endpointIsNamed(t *testing.T, h Harness) {
	l, d := h.New(t)
	if l.Endpoint() == "" || l.Endpoint() != d.Endpoint() {
		t.Errorf("the listener is at %q, the dialer goes to %q", l.Endpoint(), d.Endpoint())
	}
}

func nobodyListens(t *testing.T, h Harness) {
	l, d := h.New(t)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := d.Dial(patiently(t), h.Proposal)
	wantOnly(t, "dial", err, link.ErrNotFound)
}

func dialContextOver(t *testing.T, h Harness) {
	_, d := h.New(t)
	ctx, cancel := context.WithCancel(patiently(t))
	cancel()
	_, err := d.Dial(ctx, h.Proposal)
	wantOnly(t, "dial", err, context.Canceled)
}

// dialCancelled cancels while nobody answers the handshake, whether the call has got that far or not.
func dialCancelled(t *testing.T, h Harness) {
	_, d := h.New(t)
	ctx, cancel := context.WithCancel(patiently(t))
	result := dial(ctx, t, d, h.Proposal)
	cancel()
	wantOnly(t, "dial", Await(t, "Dial", result).err, context.Canceled)
}

func dialDeadline(t *testing.T, h Harness) {
	_, d := h.New(t)
	ctx, cancel := context.WithTimeout(patiently(t), 2*time.Millisecond)
	defer cancel()
	_, err := d.Dial(ctx, h.Proposal)
	wantExpired(t, "dial", err)
}

func acceptCancelled(t *testing.T, h Harness) {
	l, d := h.New(t)
	ctx, cancel := context.WithCancel(patiently(t))
	accepted := going(t, func() error { _, err := l.Accept(ctx); return err })
	cancel()
	wantOnly(t, "accept", Await(t, "Accept", accepted), context.Canceled)
	connect(t, l, d, h.Proposal, h.Settings) // the listener goes on
}

func acceptUnblocked(t *testing.T, h Harness) {
	l, _ := h.New(t)
	accepted := going(t, func() error { _, err := l.Accept(patiently(t)); return err })
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, "accept", Await(t, "Accept", accepted), link.ErrClosed)
}

func acceptAfterClose(t *testing.T, h Harness) {
	l, _ := h.New(t)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := l.Accept(patiently(t))
	wantOnly(t, "accept", err, link.ErrClosed)
}

func sessionsOutlive(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	if err := p.listener.Close(); err != nil {
		t.Fatal(err)
	}
	p.works(t, 1)
}

func closedIncoming(t *testing.T, h Harness) {
	l, d := h.New(t)
	result := dial(patiently(t), t, d, h.Proposal)
	in, err := l.Accept(patiently(t))
	if err != nil {
		t.Fatal(err)
	}
	in.Peer()
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	wantGone(t, "dial", Await(t, "Dial", result).err)
}

func listenerClosesTwice(t *testing.T, h Harness) {
	l, _ := h.New(t)
	for range 2 {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
