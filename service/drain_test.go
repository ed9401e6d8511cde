package service_test

import (
	"context"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// TestAbandonedAnswersDoNotBlockSending: answers that nobody wants fill the way back, so the provider stops
// reading, so requests cannot go out. Somebody must read while they are sent, or this ends at the deadline.
func TestAbandonedAnswersDoNotBlockSending(t *testing.T) {
	const depth = 64
	abandoned := make(chan struct{})
	seen := make(chan struct{}, depth)
	c, p := newPair(t, service.Config{Proposal: link.Proposal{Depth: depth, RequestItems: 512, RequestPayload: 1 << 14, Packet: 64}},
		func(_ *provider, conn link.Conn) {
			var ms [depth]link.Message
			for i := range depth - 1 {
				if conn.Recv(&ms[i], nil) != nil {
					return
				}
				seen <- struct{}{}
			}
			<-abandoned
			// From here on as a plain server: answer in order, read the next when the last answer is out.
			for i := range depth - 1 {
				if answer(conn, ms[i].Header, wire.StatusOK, ms[i].Payload) != nil {
					return
				}
			}
			increment(nil, conn)
		})
	connect(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error)
	batch := make([]uint64, 300)
	for range depth - 1 {
		go func() { errs <- c.CallBatch(ctx, batch, func(int, uint64) error { return nil }) }()
	}
	for range depth - 1 {
		<-seen
	}
	cancel()
	for range depth - 1 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	close(abandoned)
	sum := 0
	if err := c.CallBatch(t.Context(), batch, func(_ int, v uint64) error { sum += int(v); return nil }); err != nil || sum != len(batch) {
		t.Fatalf("%d, %v", sum, err)
	}
	if n := p.sessions.Load(); n != 1 {
		t.Fatalf("%d sessions, want 1", n)
	}
}
