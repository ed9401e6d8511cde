package service_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// TestAbortEndsConnecting: many callers wait for one handshake. Abort ends them all at once: none of them begins
// a handshake of its own.
func TestAbortEndsConnecting(t *testing.T) {
	for range 20 { // who sees what first is a matter of chance
		synctest.Test(t, func(t *testing.T) {
			dials := 0
			tap := &tapped{dial: func(ctx context.Context, _ link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
				if dials++; dials == 1 {
					return next()
				}
				<-ctx.Done()
				return nil, ctx.Err()
			}}
			c, p := newTapped(t, service.Config{}, tap, increment)
			connect(t, c)
			p.stop()
			var calls []<-chan result
			for range 8 {
				calls = append(calls, begin(context.Background(), c, 1))
			}
			synctest.Wait()
			began := time.Now()
			c.Abort()
			for _, done := range calls {
				if r := <-done; !errors.Is(r.err, service.ErrAborted) {
					t.Errorf("got %v", r.err)
				}
			}
			if d := time.Since(began); d != 0 {
				t.Errorf("it took %v", d)
			}
			if st := c.Status(); st.State != service.StateReady {
				t.Errorf("an abort says nothing about the provider, and yet: %v", st.State)
			}
			p.start()
		})
	}
}

// TestAbortBeforeConnecting: a caller is about to connect when Abort comes.
func TestAbortBeforeConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *numberClient
		dials := 0
		tap := &tapped{}
		tap.dial = func(ctx context.Context, _ link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
			if dials++; dials == 1 {
				return next()
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		tap.conn = func(conn link.Conn) link.Conn { return &closing{conn, func() { c.Abort() }} }
		c, p := newTapped(t, service.Config{}, tap, increment)
		connect(t, c)
		p.stop()
		began := time.Now()
		if _, err := call(context.Background(), c, 1); !errors.Is(err, service.ErrAborted) {
			t.Errorf("got %v", err)
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("it took %v", d)
		}
		p.start()
	})
}

// closing is a session that says when it is being closed.
type closing struct {
	link.Conn
	hook func()
}

func (c *closing) Close() error { c.hook(); return c.Conn.Close() }

// TestAbortAndClearAtOnce: whoever was blocked is sent away, and says why; whoever comes later is not.
func TestAbortAndClearAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := stage{serve: func(n int, conn link.Conn) {
			var m link.Message
			for n == 0 && conn.Recv(&m, nil) == nil { // and never an answer
			}
			increment(nil, conn)
		}}.open(t, service.Config{Proposal: link.Proposal{Depth: 3}}, nil)
		connect(t, c)
		var calls []<-chan result
		for range 8 { // one reads, two wait for it, and five wait for a place
			calls = append(calls, begin(context.Background(), c, 1))
		}
		synctest.Wait()
		began := time.Now()
		c.Abort()
		c.ClearAbort()
		later := begin(context.Background(), c, 2)
		for i, done := range calls {
			if r := <-done; !errors.Is(r.err, service.ErrAborted) || errors.Is(r.err, service.ErrTimeout) {
				t.Errorf("call %d: %v", i, r.err)
			}
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("it took %v", d)
		}
		wantAnswer(t, "the call after ClearAbort", later, 3)
	})
}

// TestAbortAndClearByMany: however Abort and ClearAbort meet, after the last of them calls work as it says.
func TestAbortAndClearByMany(t *testing.T) {
	c, _ := newPair(t, service.Config{Proposal: link.Proposal{Depth: 2}}, increment)
	connect(t, c)
	for range rounds(500) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(c.Abort)
			wg.Go(c.ClearAbort)
			wg.Go(func() {
				if _, err := call(context.Background(), c, 1); err != nil && !errors.Is(err, service.ErrAborted) {
					t.Errorf("meanwhile: %v", err)
				}
			})
		}
		wg.Wait()
		c.ClearAbort()
		for range 6 { // some have to wait for a place, on channels
			wg.Go(func() {
				if got, err := call(context.Background(), c, 1); err != nil || got != 2 {
					t.Errorf("cleared: %d, %v", got, err)
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
	}
}

// TestAbortDoesNotCutWhoCameAfter: a large request of a caller who came after ClearAbort is not interrupted by
// the Abort before.
func TestAbortDoesNotCutWhoCameAfter(t *testing.T) {
	c, p := newPair(t, service.Config{Proposal: link.Proposal{RequestItems: 512, RequestPayload: 1 << 14, Packet: 64}}, increment)
	connect(t, c)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				c.Abort()
				c.ClearAbort()
			}
		}
	})
	batch := make([]uint64, 300)
	good := 0
	for range rounds(1000) {
		switch err := c.CallBatch(context.Background(), batch, ignore); {
		case err == nil:
			good++
		case !errors.Is(err, service.ErrAborted):
			t.Errorf("got %v", err)
		}
	}
	close(stop)
	wg.Wait()
	t.Logf("%d of %d went through, %d sessions", good, rounds(1000), p.sessions.Load())
	settled(t, c)
}
