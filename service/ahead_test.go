package service_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// next makes the next call of a series.
func next(ctx context.Context, c *numberClient, s *service.Series, v uint64) (uint64, error) {
	lease, err := c.AcquireIn(ctx, s, v)
	if err != nil {
		return 0, err
	}
	defer lease.Release()
	return lease.View(), nil
}

func wantNext(t *testing.T, c *numberClient, s *service.Series, v uint64) {
	t.Helper()
	if got, err := next(t.Context(), c, s, v); err != nil || got != v+1 {
		t.Fatalf("the answer to %d: %d, %v", v, got, err)
	}
}

// noticing returns a provider's session that says which numbers have come, before it answers them.
func noticing(numbers chan<- uint64) func(int, link.Conn) {
	return func(_ int, conn link.Conn) {
		var m link.Message
		for conn.Recv(&m, nil) == nil {
			numbers <- binary.NativeEndian.Uint64(m.Payload)
			addOne(m.Payload)
			if answer(conn, m.Header, wire.StatusOK, m.Payload) != nil {
				return
			}
		}
	}
}

func TestAhead(t *testing.T) {
	numbers := make(chan uint64, 100)
	c := stage{serve: noticing(numbers)}.open(t, lonely, nil)
	connect(t, c)
	var s service.Series
	if c.Ahead(t.Context(), &s, 1) {
		t.Fatal("a series that has not begun has no bounds, and yet a request was sent")
	}
	for v := uint64(1); v < 20; v++ {
		wantNext(t, c, &s, v)
		if got := <-numbers; got != v {
			t.Fatalf("the provider has got %d, want %d", got, v)
		}
		v++
		if !c.Ahead(t.Context(), &s, v) {
			t.Fatalf("%d was not sent ahead", v)
		}
		if got := <-numbers; got != v { // and nobody waits for the answer yet
			t.Fatalf("the provider has got %d, want %d", got, v)
		}
		if c.Ahead(t.Context(), &s, v) {
			t.Fatal("there is one ahead already")
		}
		wantNext(t, c, &s, v)
	}
	s.End() // there is nothing to give up
	wantNext(t, c, &s, 100)
	if st := c.Status(); st.Calls != 21 || st.Connects != 1 || st.Retries != 0 || st.Errors != 0 {
		t.Errorf("status %+v", st)
	}
	settled(t, c)
}

// TestAheadAllocatesNothing: neither does AcquireIn after it.
func TestAheadAllocatesNothing(t *testing.T) {
	c, _ := newPair(t, lonely, incrementInPlace)
	connect(t, c)
	var s service.Series
	wantNext(t, c, &s, 1)
	one := func() {
		if !c.Ahead(t.Context(), &s, 2) {
			t.Fatal("not sent")
		}
		wantNext(t, c, &s, 2)
	}
	one()
	if n := testing.AllocsPerRun(200, one); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// TestAheadWhereItWouldWait: it does nothing, and the next call is as ever.
func TestAheadWhereItWouldWait(t *testing.T) {
	t.Run("room for more", func(t *testing.T) {
		c, _ := newPair(t, service.Config{Proposal: link.Proposal{Depth: 2}}, increment)
		connect(t, c)
		var s service.Series
		wantNext(t, c, &s, 1)
		if c.Ahead(t.Context(), &s, 2) {
			t.Error("sent")
		}
		wantNext(t, c, &s, 2)
		settled(t, c)
	})
	t.Run("place taken", func(t *testing.T) {
		c, _ := newPair(t, lonely, increment)
		connect(t, c)
		var s service.Series
		wantNext(t, c, &s, 1)
		other, err := c.Acquire(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if c.Ahead(t.Context(), &s, 2) {
			t.Error("sent")
		}
		other.Release()
		wantNext(t, c, &s, 2)
		settled(t, c)
	})
	t.Run("context over", func(t *testing.T) {
		c, _ := newPair(t, lonely, increment)
		connect(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		var s service.Series
		if _, err := next(ctx, c, &s, 1); err != nil {
			t.Fatal(err)
		}
		cancel()
		if c.Ahead(ctx, &s, 2) {
			t.Error("sent")
		}
		if _, err := next(ctx, c, &s, 2); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		settled(t, c)
	})
	t.Run("not ready", func(t *testing.T) {
		c, _ := newPair(t, lonely, increment)
		connect(t, c)
		var s service.Series
		wantNext(t, c, &s, 1)
		c.Close()
		if c.Ahead(t.Context(), &s, 2) {
			t.Error("sent")
		}
		if _, err := next(t.Context(), c, &s, 2); !errors.Is(err, service.ErrClosed) {
			t.Errorf("%v, want ErrClosed", err)
		}
	})
	t.Run("not to be encoded", func(t *testing.T) {
		c, _ := newPair(t, lonely, increment)
		connect(t, c)
		var s service.Series
		wantNext(t, c, &s, 1)
		if c.Ahead(t.Context(), &s, unencodable) {
			t.Error("sent")
		}
		wantNext(t, c, &s, 2)
		settled(t, c)
	})
}

// TestAheadGivenUp: the session ends, and the client is as good as before.
func TestAheadGivenUp(t *testing.T) {
	numbers := make(chan uint64, 100)
	c := stage{serve: noticing(numbers)}.open(t, lonely, nil)
	connect(t, c)
	var s service.Series
	wantNext(t, c, &s, 1)
	if !c.Ahead(t.Context(), &s, 2) {
		t.Fatal("not sent")
	}
	s.End()
	s.End()
	settled(t, c)
	wantNext(t, c, &s, 3)
	if st := c.Status(); st.Connects != 2 || st.Calls != 2 {
		t.Errorf("status %+v, want 2 connects and 2 calls", st)
	}
	settled(t, c)
}

// TestAheadBreaks: what was sent ahead into a session that ends is sent again, once.
func TestAheadBreaks(t *testing.T) {
	for breaks, want := range []error{nil, nil, link.ErrPeerClosed} {
		c := stage{serve: func(n int, conn link.Conn) {
			if n > breaks {
				increment(nil, conn)
				return
			}
			var m link.Message
			for k := n; conn.Recv(&m, nil) == nil && k == 0; k++ { // the first request of the first session
				addOne(m.Payload)
				if answer(conn, m.Header, wire.StatusOK, m.Payload) != nil {
					return
				}
			}
		}}.open(t, lonely, nil)
		connect(t, c)
		var s service.Series
		wantNext(t, c, &s, 1)
		if !c.Ahead(t.Context(), &s, 2) {
			t.Fatal("not sent")
		}
		got, err := next(t.Context(), c, &s, 2)
		if breaks == 0 && (err != nil || got != 3) || breaks > 0 && !errors.Is(err, link.ErrPeerClosed) {
			t.Errorf("%d sessions break: %d, %v, want %v", breaks+1, got, err, want)
		}
		settled(t, c)
	}
}

// TestAheadEndsEarly: whatever ends a call ends one whose request is ahead, also where it came before anybody waited.
func TestAheadEndsEarly(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(c *numberClient, cancel func())
		want error
	}{
		"canceled": {func(_ *numberClient, cancel func()) { cancel() }, context.Canceled},
		"aborted":  {func(c *numberClient, _ func()) { c.Abort() }, service.ErrAborted},
		"late":     {func(*numberClient, func()) { time.Sleep(time.Hour) }, service.ErrTimeout},
		"closed":   {func(c *numberClient, _ func()) { c.Close() }, service.ErrClosed},
	} {
		for _, first := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg := lonely
					cfg.Timeout = time.Minute
					c := stage{serve: func(_ int, conn link.Conn) {
						var m link.Message
						for conn.Recv(&m, nil) == nil {
							if v := binary.NativeEndian.Uint64(m.Payload); v == 2 {
								continue
							}
							addOne(m.Payload)
							answer(conn, m.Header, wire.StatusOK, m.Payload)
						}
					}}.open(t, cfg, nil)
					connect(t, c)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					var s service.Series
					if _, err := next(ctx, c, &s, 1); err != nil {
						t.Fatal(err)
					}
					if !c.Ahead(ctx, &s, 2) {
						t.Fatal("not sent")
					}
					done := make(chan error, 1)
					wait := func() {
						_, err := next(ctx, c, &s, 2)
						done <- err
					}
					if first {
						tc.end(c, cancel)
						synctest.Wait()
						wait()
					} else {
						go wait()
						synctest.Wait()
						tc.end(c, cancel)
					}
					if err := <-done; !errors.Is(err, tc.want) {
						t.Errorf("%v, want %v", err, tc.want)
					}
					settled(t, c)
				})
			})
		}
	}
}

// numbersKept is a method whose view is borrowed.
type numbersKept struct{ number }

func (numbersKept) DecodeResponse(b []byte) ([]byte, error) { return b, nil }

// TestKeep: an answer that was kept lives until its message dies, whatever comes after it.
func TestKeep(t *testing.T) {
	for _, depth := range []int{1, 4} {
		c0, _ := newPair(t, service.Config{Proposal: link.Proposal{Depth: depth}}, increment)
		connect(t, c0)
		c := &service.Client[uint64, []byte, numbersKept]{Control: c0.Control}
		var s service.Series
		var kept [10]link.Message
		var views [len(kept)][]byte
		for v := range kept {
			lease, err := c.AcquireIn(t.Context(), &s, uint64(v))
			if err != nil {
				t.Fatal(err)
			}
			views[v] = lease.View()
			lease.Keep(&kept[v])
			var none link.Message
			lease.Keep(&none)
			lease.Release()
			if none.Payload != nil {
				t.Fatal("kept twice")
			}
			if v%2 == 0 {
				c.Ahead(t.Context(), &s, uint64(v+1))
			}
		}
		for v, b := range views {
			if got := binary.NativeEndian.Uint64(b); got != uint64(v+1) {
				t.Errorf("answer %d is %d by now", v, got)
			}
		}
		settled(t, c0)
	}
}

// TestKeepAndDistrust: an answer that was kept can still be found out.
func TestKeepAndDistrust(t *testing.T) {
	c, _ := newPair(t, lonely, increment)
	connect(t, c)
	var s service.Series
	lease, err := c.AcquireIn(t.Context(), &s, 1)
	if err != nil {
		t.Fatal(err)
	}
	var m link.Message
	lease.Keep(&m)
	if !c.Ahead(t.Context(), &s, 2) {
		t.Fatal("not sent")
	}
	lie := errors.New("a lie")
	if err := lease.Distrust(lie); !errors.Is(err, lie) {
		t.Errorf("%v, want %v", err, lie)
	}
	s.End()
	settled(t, c)
	wantNext(t, c, &s, 3)
	if st := c.Status(); st.Connects != 2 {
		t.Errorf("%d connects, want 2: the session that lied is over", st.Connects)
	}
}

// TestAheadOfCodeThatPanics: it passes through, and the client is as good as before.
func TestAheadOfCodeThatPanics(t *testing.T) {
	c0, _ := newPair(t, lonely, increment)
	connect(t, c0)
	c := &service.Client[uint64, uint64, panicky]{Control: c0.Control}
	var s service.Series
	wantNext(t, c0, &s, 1)
	for range 3 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			c.Ahead(t.Context(), &s, 2)
		}()
		settled(t, c0)
		wantNext(t, c0, &s, 2)
	}
}

type panicky struct{ number }

func (panicky) EncodeRequest([]byte, uint64) (int, error) { panic("EncodeRequest") }
