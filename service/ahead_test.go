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

// next makes the next call of a series, and then sends ahead, if it has one.
func next(ctx context.Context, c *numberClient, s *service.Series, v uint64, ahead ...uint64) (uint64, error) {
	return c.Next(ctx, s, v, func(payload []byte) (uint64, bool) {
		if len(ahead) == 0 {
			return 0, false
		}
		return ahead[0], true
	})
}

func wantNext(t *testing.T, c *numberClient, s *service.Series, v uint64, ahead ...uint64) {
	t.Helper()
	if got, err := next(t.Context(), c, s, v, ahead...); err != nil || got != v+1 {
		t.Fatalf("the answer to %d: %d, %v", v, got, err)
	}
	if s.Ahead() != (len(ahead) > 0) {
		t.Fatalf("ahead: %v, want %v", s.Ahead(), ahead)
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
	defer s.End()
	for v := uint64(1); v < 20; v += 2 {
		wantNext(t, c, &s, v, v+1)
		for n := v; n <= v+1; n++ { // and nobody waits for the answer to the second yet
			if got := <-numbers; got != n {
				t.Fatalf("the provider has got %d, want %d", got, n)
			}
		}
		wantNext(t, c, &s, v+1)
	}
	s.End() // there is nothing to give up
	wantNext(t, c, &s, 100)
	if st := c.Status(); st.Calls != 21 || st.Connects != 1 || st.Retries != 0 || st.Errors != 0 || st.BytesOut != st.BytesIn || st.BytesIn != 21*(8+wire.HeaderSize) {
		t.Errorf("status %+v", st)
	}
	settled(t, c)
}

// TestAheadSeesThePayload: what is foreseen may depend on what has come.
func TestAheadSeesThePayload(t *testing.T) {
	c, _ := newPair(t, lonely, increment)
	connect(t, c)
	var s service.Series
	defer s.End()
	v := uint64(1)
	for range 10 {
		got, err := c.Next(t.Context(), &s, v, func(payload []byte) (uint64, bool) {
			return 2 * binary.NativeEndian.Uint64(payload), true
		})
		if err != nil || got != v+1 {
			t.Fatalf("%d, %v", got, err)
		}
		v = 2 * got
	}
}

// TestAheadAllocatesNothing: a series that has made as many requests before has all buffers.
func TestAheadAllocatesNothing(t *testing.T) {
	c, _ := newPair(t, lonely, incrementInPlace)
	connect(t, c)
	var s service.Series
	ctx, two := t.Context(), func([]byte) (uint64, bool) { return 2, true }
	one := func() {
		_, err := c.Next(ctx, &s, 1, two)
		_, err2 := c.Next(ctx, &s, 2, nil)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		s.End()
	}
	one()
	if n := testing.AllocsPerRun(200, one); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// TestAheadWhereItWouldWait: it is not sent, and the next call is as ever.
func TestAheadWhereItWouldWait(t *testing.T) {
	notSent := func(t *testing.T, c *numberClient, ctx context.Context, first func(), ahead uint64, want error) {
		t.Helper()
		var s service.Series
		defer s.End()
		got, err := c.Next(ctx, &s, 1, func([]byte) (uint64, bool) {
			first()
			return ahead, true
		})
		if err != nil || got != 2 {
			t.Fatalf("%d, %v", got, err)
		}
		if s.Ahead() {
			t.Error("sent")
		}
		if got, err := next(ctx, c, &s, 2); !errors.Is(err, want) || want == nil && got != 3 {
			t.Errorf("%d, %v, want %v", got, err, want)
		}
		settled(t, c)
	}
	t.Run("room for more", func(t *testing.T) {
		c, _ := newPair(t, service.Config{Proposal: link.Proposal{Depth: 2}}, increment)
		connect(t, c)
		notSent(t, c, t.Context(), func() { t.Error("asked what comes next") }, 2, nil)
	})
	t.Run("somebody waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := newPair(t, lonely, func(_ *provider, conn link.Conn) {
				var m link.Message
				for conn.Recv(&m, nil) == nil {
					<-time.After(time.Second)
					addOne(m.Payload)
					answer(conn, m.Header, wire.StatusOK, m.Payload)
				}
			})
			connect(t, c)
			other := make(chan result, 1)
			time.AfterFunc(time.Second/2, func() {
				got, err := call(t.Context(), c, 10)
				other <- result{got, err}
			})
			notSent(t, c, t.Context(), func() { t.Error("asked what comes next") }, 2, nil)
			wantAnswer(t, "the other", other, 11)
		})
	})
	t.Run("context over", func(t *testing.T) {
		c, _ := newPair(t, lonely, increment)
		connect(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		notSent(t, c, ctx, cancel, 2, context.Canceled)
	})
	t.Run("aborted", func(t *testing.T) {
		c, _ := newPair(t, lonely, increment)
		connect(t, c)
		notSent(t, c, t.Context(), c.Abort, 2, service.ErrAborted)
	})
	t.Run("closed", func(t *testing.T) {
		c, _ := newPair(t, lonely, increment)
		connect(t, c)
		notSent(t, c, t.Context(), func() { c.Close() }, 2, service.ErrClosed)
	})
	t.Run("not to be encoded", func(t *testing.T) {
		c, _ := newPair(t, lonely, increment)
		connect(t, c)
		notSent(t, c, t.Context(), func() {}, unencodable, nil)
	})
}

// TestAheadGivenUp: the session ends, and the client is as good as before.
func TestAheadGivenUp(t *testing.T) {
	c, _ := newPair(t, lonely, increment)
	connect(t, c)
	var s service.Series
	wantNext(t, c, &s, 1, 2)
	s.End()
	s.End()
	settled(t, c)
	wantNext(t, c, &s, 3)
	if st := c.Status(); st.Connects != 2 || st.Calls != 2 {
		t.Errorf("status %+v, want 2 connects and 2 calls", st)
	}
	settled(t, c)
}

// TestAheadOfNonsense: an answer that cannot be decoded ends the session, and the request that went out ahead with it.
func TestAheadOfNonsense(t *testing.T) {
	c := stage{serve: func(n int, conn link.Conn) {
		var m link.Message
		for conn.Recv(&m, nil) == nil {
			addOne(m.Payload)
			payload := m.Payload
			if n == 0 {
				payload = payload[:1]
			}
			answer(conn, m.Header, wire.StatusOK, payload)
		}
	}}.open(t, lonely, nil)
	connect(t, c)
	var s service.Series
	defer s.End()
	wantNext(t, c, &s, 1, 2)
	wantNext(t, c, &s, 2)
	if st := c.Status(); st.Connects != 2 || st.Calls != 2 || st.Retries != 1 {
		t.Errorf("status %+v", st)
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
		wantNext(t, c, &s, 1, 2)
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
		"late":     {func(*numberClient, func()) { <-time.After(time.Hour) }, service.ErrTimeout},
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
					defer s.End()
					if _, err := next(ctx, c, &s, 1, 2); err != nil || !s.Ahead() {
						t.Fatal(err)
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

// TestSeriesKeeps: the answers of a series live until it ends, whatever comes after them.
func TestSeriesKeeps(t *testing.T) {
	for _, depth := range []int{1, 4} {
		c0, _ := newPair(t, service.Config{Proposal: link.Proposal{Depth: depth}}, increment)
		connect(t, c0)
		c := &service.Client[uint64, []byte, numbersKept]{Control: c0.Control}
		var s service.Series
		for round := range uint64(3) {
			var views [10][]byte
			for v := range uint64(len(views)) {
				view, err := c.Next(t.Context(), &s, round+v, func([]byte) (uint64, bool) { return round + v + 1, v < 9 })
				if err != nil {
					t.Fatal(err)
				}
				views[v] = view
			}
			if _, err := call(t.Context(), c0, 7); err != nil { // it occupies no place
				t.Fatal(err)
			}
			for v, b := range views {
				if got := binary.NativeEndian.Uint64(b); got != round+uint64(v)+1 {
					t.Errorf("answer %d is %d by now", v, got)
				}
			}
			s.End()
		}
		settled(t, c0)
	}
}

// TestDistrust: it ends the session that the last answer came in, and no other.
func TestDistrust(t *testing.T) {
	c, _ := newPair(t, lonely, increment)
	connect(t, c)
	var s service.Series
	lie := errors.New("a lie")
	if err := s.Distrust(lie); err != lie {
		t.Errorf("of nobody: %v", err)
	}
	wantNext(t, c, &s, 1, 2)
	var op *link.OpError
	for range 2 {
		if err := s.Distrust(lie); !errors.Is(err, lie) || !errors.As(err, &op) {
			t.Errorf("%v, want %v of an endpoint", err, lie)
		}
	}
	s.End()
	settled(t, c)
	wantNext(t, c, &s, 3)
	if st := c.Status(); st.Connects != 2 {
		t.Errorf("%d connects, want 2: the session that lied is over", st.Connects)
	}
	s.End()
}

// TestAheadOfCodeThatPanics: it passes through, and the client is as good as before.
func TestAheadOfCodeThatPanics(t *testing.T) {
	c0, _ := newPair(t, lonely, increment)
	connect(t, c0)
	encode := &service.Client[uint64, uint64, panicky]{Control: c0.Control}
	decode := &service.Client[uint64, uint64, unreadable]{Control: c0.Control}
	var s service.Series
	for name, f := range map[string]func(){
		"foresee": func() { c0.Next(t.Context(), &s, 1, func([]byte) (uint64, bool) { panic("foresee") }) },
		"encode":  func() { encode.Next(t.Context(), &s, 1, func([]byte) (uint64, bool) { return 2, true }) },
		"decode":  func() { decode.Next(t.Context(), &s, 1, func([]byte) (uint64, bool) { return 2, true }) },
	} {
		for range 3 {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic", name)
					}
				}()
				f()
			}()
			s.End()
			settled(t, c0)
			wantNext(t, c0, &s, 2)
			s.End()
		}
	}
}

// panicky panics when it is to encode anything but 1.
type panicky struct{ number }

func (m panicky) EncodeRequest(dst []byte, v uint64) (int, error) {
	if v != 1 {
		panic("EncodeRequest")
	}
	return m.number.EncodeRequest(dst, v)
}

type unreadable struct{ number }

func (unreadable) DecodeResponse([]byte) (uint64, error) { panic("DecodeResponse") }
