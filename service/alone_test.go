package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// lonely configures a client with one place, as over shared memory.
var lonely = service.Config{Proposal: link.Proposal{Depth: 1, RequestItems: 512, RequestPayload: 1 << 14}}

func TestOnlyPlaceAllocatesNothing(t *testing.T) {
	c, _ := newPair(t, lonely, incrementInPlace)
	connect(t, c)
	for name, ctx := range contexts(t) {
		t.Run(name, func(t *testing.T) {
			one := func() {
				if got, err := call(ctx, c, 41); err != nil || got != 42 {
					t.Fatalf("%d, %v", got, err)
				}
			}
			for range 10 {
				one()
			}
			if n := testing.AllocsPerRun(200, one); n != 0 {
				t.Errorf("%v allocations a call, want 0", n)
			}
		})
	}
}

// TestOnlyPlaceInOrder: who waits for the only place gets it first come, first served.
func TestOnlyPlaceInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 20
		var order []uint64
		c := stage{serve: func(_ int, conn link.Conn) {
			var m link.Message
			for conn.Recv(&m, nil) == nil {
				<-time.After(time.Second)
				addOne(m.Payload)
				answer(conn, m.Header, wire.StatusOK, m.Payload)
			}
		}}.open(t, lonely, nil)
		connect(t, c)
		var all []<-chan result
		for v := range uint64(callers) {
			done := make(chan result, 1)
			go func() {
				err := c.Call(context.Background(), v, func(got uint64) error { order = append(order, got-1); return nil })
				done <- result{v + 1, err}
			}()
			all = append(all, done)
			synctest.Wait()
		}
		for v, done := range all {
			wantAnswer(t, "a caller", done, uint64(v)+1)
		}
		for i, v := range order {
			if v != uint64(i) {
				t.Fatalf("served in the order %d", order)
			}
		}
		settled(t, c)
	})
}

// TestOnlyPlaceCounts: whatever the sizes, and in whatever order, and also of sessions that are over.
func TestOnlyPlaceCounts(t *testing.T) {
	c := stage{serve: incrementing}.open(t, lonely, nil)
	connect(t, c)
	var calls, bytes uint64
	want := func(what string) {
		t.Helper()
		if st := c.Status(); st.Calls != calls || st.BytesOut != bytes || st.BytesIn != bytes {
			t.Fatalf("%s: %d calls, %d bytes out, %d in; want %d and %d", what, st.Calls, st.BytesOut, st.BytesIn, calls, bytes)
		}
	}
	for round := range 6 {
		for range round {
			if _, err := call(t.Context(), c, 1); err != nil {
				t.Fatal(err)
			}
			calls++
			bytes += wire.HeaderSize + 8
			want("a plain call")
		}
		n := 2 + round%2
		if err := c.CallBatch(t.Context(), make([]uint64, n), ignore); err != nil {
			t.Fatal(err)
		}
		calls++
		bytes += uint64(wire.HeaderSize + wire.BatchSize(n, 8))
		want("a batch")
	}
	l, err := c.Acquire(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	calls++
	bytes += wire.HeaderSize + 8
	want("a loan")
	c.Close()
	want("a loan whose session is over")
	l.Release()
	l.Release()
	want("the end")
	settled(t, c)
}

// TestRefreshWhileTheOnlyPlaceIsLent: nobody reads then, so Refresh looks whether the provider is there, and calls wait
// for it. A loan that ends meanwhile passes the place on.
func TestRefreshWhileTheOnlyPlaceIsLent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		c := stage{serve: func(n int, conn link.Conn) {
			if n > 0 {
				increment(nil, conn)
				return
			}
			var m link.Message
			for conn.Recv(&m, nil) == nil {
				addOne(m.Payload)
				answer(conn, m.Header, wire.StatusOK, m.Payload)
				if m.Payload[0] == 101 {
					<-leave
					return
				}
			}
		}}.open(t, lonely, nil)
		connect(t, c)
		l, err := c.Acquire(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if changed, err := c.Refresh(t.Context()); changed || err != nil {
			t.Errorf("a provider that is there: %v, %v", changed, err)
		}
		waiting := begin(t.Context(), c, 5)
		synctest.Wait()
		if changed, err := c.Refresh(t.Context()); changed || err != nil {
			t.Errorf("with somebody waiting: %v, %v", changed, err)
		}
		l.Release()
		wantAnswer(t, "the one who waited", waiting, 6)
		if l, err = c.Acquire(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		close(leave)
		synctest.Wait()
		if changed, err := c.Refresh(t.Context()); !changed || err != nil {
			t.Errorf("a provider that has left: %v, %v", changed, err)
		}
		if l.View() != 101 {
			t.Errorf("the loan is %d", l.View())
		}
		l.Release()
		if got, err := call(t.Context(), c, 7); err != nil || got != 8 {
			t.Errorf("afterwards: %d, %v", got, err)
		}
		synctest.Wait()
		settled(t, c)
		if n := c.Sessions(); n != 1 {
			t.Errorf("%d sessions live", n)
		}
	})
}

// TestInterruptedForNothing: a context that is used again and again ends while nobody calls. Whoever comes next, with
// another one, is not disturbed.
func TestInterruptedForNothing(t *testing.T) {
	for _, depth := range []int{1, 64} {
		c, p := newPair(t, service.Config{Proposal: link.Proposal{Depth: depth}}, increment)
		connect(t, c)
		for range rounds(200) {
			ctx, cancel := context.WithCancel(t.Context())
			for range 3 {
				if _, err := call(ctx, c, 1); err != nil {
					t.Fatal(err)
				}
			}
			cancel()
			if _, err := call(ctx, c, 1); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if got, err := call(context.Background(), c, 1); err != nil || got != 2 {
				t.Fatal(got, err)
			}
		}
		if st := c.Status(); st.Retries != 0 || p.sessions.Load() != 1 {
			t.Errorf("depth %d: %d sessions, status %+v", depth, p.sessions.Load(), st)
		}
		settled(t, c)
	}
}

// TestEachAtItsTime: callers who wait behind a reader, each with a time of its own, in any order.
func TestEachAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := stage{serve: silent}.open(t, service.Config{}, nil)
		connect(t, c)
		reader := begin(t.Context(), c, 1) // has the client's 30 s
		synctest.Wait()
		began := time.Now()
		var all []<-chan time.Duration
		times := []time.Duration{7 * time.Second, time.Second, 3 * time.Second, 3 * time.Second, 29 * time.Second, 2 * time.Second}
		for _, d := range times {
			done := make(chan time.Duration, 1)
			go func() {
				if _, err := call(lagging{context.Background(), began.Add(d)}, c, 1); !errors.Is(err, service.ErrTimeout) {
					t.Errorf("after %v: %v", d, err)
				}
				done <- time.Since(began)
			}()
			all = append(all, done)
			synctest.Wait()
		}
		for i, done := range all {
			if got := <-done; got != times[i] {
				t.Errorf("the one with %v left after %v", times[i], got)
			}
		}
		if r := <-reader; !errors.Is(r.err, service.ErrTimeout) {
			t.Error(r.err)
		}
		synctest.Wait()
		settled(t, c)
	})
}
