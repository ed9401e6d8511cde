package service_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

func TestMain(m *testing.M) { linktest.Main(m) }

// rounds is n, or less where the race detector or -short make everything slow.
func rounds(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

func TestManyGoroutinesOneSession(t *testing.T) {
	c, p := newPair(t, service.Config{}, increment)
	connect(t, c)
	var wg sync.WaitGroup
	for g := range uint64(64) {
		wg.Go(func() {
			for i := range uint64(rounds(500)) {
				v := g<<32 | i
				if got, err := call(context.Background(), c, v); err != nil || got != v+1 {
					t.Errorf("%x: got %x, %v", v, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := p.sessions.Load(); n != 1 {
		t.Fatalf("%d sessions, want 1", n)
	}
	if st := c.Status(); st.Calls != uint64(64*rounds(500)) || st.Errors != 0 || st.Retries != 0 {
		t.Fatalf("status %+v", st)
	}
}

// TestSomeCancel: who leaves early disturbs nobody else, and costs no session.
func TestSomeCancel(t *testing.T) {
	c, p := newPair(t, service.Config{}, increment)
	connect(t, c)
	var wg sync.WaitGroup
	var left atomic.Int64
	for g := range uint64(64) {
		wg.Go(func() {
			for i := range uint64(rounds(300)) {
				v := g<<32 | i
				if g%8 != 0 {
					if got, err := call(context.Background(), c, v); err != nil || got != v+1 {
						t.Errorf("%x: got %x, %v", v, got, err)
						return
					}
					continue
				}
				ctx, cancel := context.WithCancel(context.Background())
				if rand.N(4) == 0 {
					cancel()
				} else {
					time.AfterFunc(rand.N(30*time.Microsecond), cancel)
				}
				got, err := call(ctx, c, v)
				switch {
				case err == nil && got == v+1:
				case errors.Is(err, context.Canceled):
					left.Add(1)
				default:
					t.Errorf("%x: got %x, %v", v, got, err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if n := p.sessions.Load(); n != 1 {
		t.Fatalf("%d sessions, want 1", n)
	}
	if left.Load() == 0 {
		t.Fatal("nobody left early: the test tested nothing")
	}
	t.Logf("%d calls were cancelled", left.Load())
}

// TestAnsweredInReverse: the first answer comes after the second request was read.
func TestAnsweredInReverse(t *testing.T) {
	c, _ := newPair(t, service.Config{}, func(_ *provider, conn link.Conn) {
		var first, second link.Message
		for conn.Recv(&first, nil) == nil && conn.Recv(&second, nil) == nil {
			addOne(first.Payload)
			addOne(second.Payload)
			if answer(conn, second.Header, wire.StatusOK, second.Payload) != nil ||
				answer(conn, first.Header, wire.StatusOK, first.Payload) != nil {
				return
			}
		}
	})
	connect(t, c)
	for range rounds(200) {
		var wg sync.WaitGroup
		for v := range uint64(2) {
			wg.Go(func() {
				if got, err := call(context.Background(), c, v); err != nil || got != v+1 {
					t.Errorf("%d: got %d, %v", v, got, err)
				}
			})
		}
		wg.Wait()
	}
}

// TestAbandonedAnswersAreDiscarded: a call times out; its answer comes later, and the next call gets its own.
func TestAbandonedAnswersAreDiscarded(t *testing.T) {
	release := make(chan struct{})
	c, p := newPair(t, service.Config{}, func(_ *provider, conn link.Conn) {
		var m link.Message
		for n := 0; conn.Recv(&m, nil) == nil; n++ {
			if n == 0 {
				<-release
			}
			addOne(m.Payload)
			answer(conn, m.Header, wire.StatusOK, m.Payload)
		}
	})
	connect(t, c)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := call(ctx, c, 100)
	if !errors.Is(err, service.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, link.ErrTimeout) || errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	close(release)
	if got, err := call(t.Context(), c, 1); err != nil || got != 2 {
		t.Fatalf("got %d, %v", got, err)
	}
	if n := p.sessions.Load(); n != 1 {
		t.Fatalf("%d sessions, want 1", n)
	}
}

// TestAllSlotsAbandonedEndsTheSession, and the next call makes another.
func TestAllSlotsAbandonedEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no call times out before it has sent its request
		c, p := newPair(t, service.Config{Proposal: link.Proposal{Depth: 3}}, func(p *provider, conn link.Conn) {
			if p.sessions.Load() > 1 {
				increment(p, conn)
				return
			}
			var m link.Message
			for conn.Recv(&m, nil) == nil { // and never an answer
			}
		})
		connect(t, c)
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if _, err := call(ctx, c, 1); !errors.Is(err, service.ErrTimeout) {
				t.Fatalf("got %v", err)
			}
			cancel()
		}
		if got, err := call(t.Context(), c, 1); err != nil || got != 2 || p.sessions.Load() != 2 {
			t.Fatalf("got %d, %v, %d sessions", got, err, p.sessions.Load())
		}
	})
}

func TestAbort(t *testing.T) {
	started := make(chan struct{}, 64)
	c, _ := newPair(t, service.Config{}, func(_ *provider, conn link.Conn) {
		var m link.Message
		for conn.Recv(&m, nil) == nil {
			if m.Payload[0] == 0 {
				started <- struct{}{}
				continue // no answer
			}
			addOne(m.Payload)
			answer(conn, m.Header, wire.StatusOK, m.Payload)
		}
	})
	connect(t, c)
	errs := make(chan error, 8)
	for range 8 {
		go func() { _, err := call(context.Background(), c, 0); errs <- err }()
	}
	for range 8 {
		<-started
	}
	c.Abort()
	for range 8 {
		if err := <-errs; !errors.Is(err, service.ErrAborted) {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := call(t.Context(), c, 1); !errors.Is(err, service.ErrAborted) {
		t.Fatalf("in force: %v", err)
	}
	if _, err := c.Refresh(t.Context()); !errors.Is(err, service.ErrAborted) {
		t.Fatalf("Refresh: %v", err)
	}
	c.ClearAbort()
	if got, err := call(t.Context(), c, 1); err != nil || got != 2 {
		t.Fatalf("cleared: %d, %v", got, err)
	}
}

func TestCloseEndsCalls(t *testing.T) {
	started := make(chan struct{}, 8)
	c, _ := newPair(t, service.Config{}, func(_ *provider, conn link.Conn) {
		var m link.Message
		for conn.Recv(&m, nil) == nil {
			started <- struct{}{}
		}
	})
	connect(t, c)
	errs := make(chan error, 8)
	for range 8 {
		go func() { _, err := call(context.Background(), c, 0); errs <- err }()
	}
	for range 8 {
		<-started
	}
	c.Close()
	c.Close()
	for range 8 {
		if err := <-errs; !errors.Is(err, service.ErrClosed) {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := call(t.Context(), c, 1); !errors.Is(err, service.ErrClosed) {
		t.Fatalf("closed: %v", err)
	}
	if _, err := c.Refresh(t.Context()); !errors.Is(err, service.ErrClosed) {
		t.Fatalf("Refresh: %v", err)
	}
}

// TestReconnectIsShared: a session that breaks under many callers is replaced once.
func TestReconnectIsShared(t *testing.T) {
	c, p := newPair(t, service.Config{}, func(p *provider, conn link.Conn) {
		if p.sessions.Load() > 1 {
			increment(p, conn)
			return
		}
		var m link.Message
		for range 32 {
			conn.Recv(&m, nil)
		}
	})
	connect(t, c)
	var wg sync.WaitGroup
	for v := range uint64(32) {
		wg.Go(func() {
			if got, err := call(context.Background(), c, v); err != nil || got != v+1 {
				t.Errorf("%d: got %d, %v", v, got, err)
			}
		})
	}
	wg.Wait()
	if n := p.sessions.Load(); n != 2 {
		t.Fatalf("%d sessions, want 2", n)
	}
	if st := c.Status(); st.Retries != 32 {
		t.Fatalf("%d retries, want 32", st.Retries)
	}
}
