package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// TestReaderAfterTheLeaderLeft: while one caller sends and another reads, an answer that nobody wants is due. The
// one who reads gets its answer and goes. Somebody must read on, or the provider cannot write the unwanted answer,
// so it does not read, so the request never gets out.
func TestReaderAfterTheLeaderLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := make(chan struct{})
		c, p := newPair(t, service.Config{Proposal: link.Proposal{Depth: 3, RequestItems: 512, RequestPayload: 1 << 14, Packet: 64}},
			func(_ *provider, conn link.Conn) {
				var unwanted, leader link.Message
				if conn.Recv(&unwanted, nil) != nil || conn.Recv(&leader, nil) != nil {
					return
				}
				<-step
				addOne(leader.Payload)
				if answer(conn, leader.Header, wire.StatusOK, leader.Payload) != nil {
					return
				}
				<-step
				if answer(conn, unwanted.Header, wire.StatusOK, unwanted.Payload) != nil {
					return
				}
				increment(nil, conn)
			})
		connect(t, c)
		batch := make([]uint64, 300)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { left <- c.CallBatch(ctx, batch, func(int, uint64) error { return nil }) }()
		synctest.Wait()
		led := begin(t.Context(), c, 7)
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		synctest.Wait()
		sent := make(chan error)
		go func() { sent <- c.CallBatch(t.Context(), batch, func(int, uint64) error { return nil }) }()
		synctest.Wait() // in the middle of its request: nobody reads it yet
		step <- struct{}{}
		wantAnswer(t, "the one who read", led, 8)
		synctest.Wait()
		step <- struct{}{}
		if err := <-sent; err != nil {
			t.Errorf("the sender: %v", err)
		}
		synctest.Wait()
		settled(t, c)
		if n := p.sessions.Load(); n != 1 {
			t.Errorf("%d sessions, want 1", n)
		}
	})
}

// TestUnwantedAnswerMakesRoom: all places are taken, by a caller who works with its answer and by a request whose
// caller has left. When the unwanted answer is there, whoever waits for a place gets it.
func TestUnwantedAnswerMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c, p := newPair(t, service.Config{Proposal: link.Proposal{Depth: 2}}, func(_ *provider, conn link.Conn) {
			var late, m link.Message
			if conn.Recv(&late, nil) != nil || conn.Recv(&m, nil) != nil {
				return
			}
			addOne(m.Payload)
			if answer(conn, m.Header, wire.StatusOK, m.Payload) != nil {
				return
			}
			<-release
			if answer(conn, late.Header, wire.StatusOK, late.Payload) != nil {
				return
			}
			increment(nil, conn)
		})
		connect(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		left := begin(ctx, c, 1)
		synctest.Wait()
		lease, err := c.Acquire(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if r := <-left; !errors.Is(r.err, context.Canceled) {
			t.Fatal(r.err)
		}
		waiting := begin(t.Context(), c, 3)
		synctest.Wait()
		close(release)
		wantAnswer(t, "the one who waited for a place", waiting, 4)

		// The same with the answer there before anybody waits: nothing reads it until somebody needs the place.
		synctest.Wait()
		lease.Release()
		settled(t, c)
		if n := p.sessions.Load(); n != 1 || c.Abandoned() != 0 {
			t.Errorf("%d sessions, %d places abandoned", n, c.Abandoned())
		}
	})
}
