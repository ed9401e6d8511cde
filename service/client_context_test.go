package service_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// silent reads requests and answers none.
func silent(_ int, conn link.Conn) {
	var m link.Message
	for conn.Recv(&m, nil) == nil {
	}
}

// TestErrorsOfCalls: how a call can end early, where it can be waiting, and what the error is and is not.
func TestErrorsOfCalls(t *testing.T) {
	kinds := map[string]error{
		"ErrNotReady": service.ErrNotReady, "ErrAborted": service.ErrAborted, "ErrTimeout": service.ErrTimeout, "ErrClosed": service.ErrClosed,
		"ErrMalformed": service.ErrMalformed, "Canceled": context.Canceled, "DeadlineExceeded": context.DeadlineExceeded,
		"link.ErrTimeout": link.ErrTimeout, "link.ErrPeerClosed": link.ErrPeerClosed, "link.ErrReset": link.ErrReset,
		"link.ErrProtocol": link.ErrProtocol, "link.ErrCut": link.ErrCut, "net.ErrClosed": net.ErrClosed, "io.EOF": io.EOF, "os.ErrDeadlineExceeded": os.ErrDeadlineExceeded,
	}
	timeout := []string{"DeadlineExceeded", "ErrTimeout", "link.ErrTimeout", "os.ErrDeadlineExceeded"}
	closed := []string{"ErrClosed", "net.ErrClosed"}
	ends := map[string]struct {
		ctx  func() (context.Context, func(*numberClient)) // the call's context, and what ends the call
		want []string
	}{
		"cancel": {func() (context.Context, func(*numberClient)) {
			ctx, cancel := context.WithCancel(context.Background())
			return ctx, func(*numberClient) { cancel() }
		}, []string{"Canceled"}},
		"cancel with a cause": {func() (context.Context, func(*numberClient)) {
			ctx, cancel := context.WithCancelCause(context.Background())
			return ctx, func(*numberClient) { cancel(io.EOF) }
		}, []string{"Canceled"}},
		"own deadline": {func() (context.Context, func(*numberClient)) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			return ctx, func(*numberClient) { <-ctx.Done(); cancel() }
		}, timeout},
		"the client's timeout": {func() (context.Context, func(*numberClient)) {
			return context.Background(), func(*numberClient) { <-time.After(30 * time.Second) }
		}, timeout},
		"abort": {func() (context.Context, func(*numberClient)) {
			return context.Background(), func(c *numberClient) { c.Abort() }
		}, []string{"ErrAborted"}},
		"close": {func() (context.Context, func(*numberClient)) {
			return context.Background(), func(c *numberClient) { c.Close() }
		}, closed},
	}
	wheres := map[string]func(t *testing.T) (*numberClient, int){ // how many calls it takes; the last is looked at
		"reading":         func(t *testing.T) (*numberClient, int) { return stage{serve: silent}.open(t, service.Config{}, nil), 1 },
		"behind a reader": func(t *testing.T) (*numberClient, int) { return stage{serve: silent}.open(t, service.Config{}, nil), 2 },
		"for a place": func(t *testing.T) (*numberClient, int) {
			return stage{serve: silent}.open(t, service.Config{Proposal: link.Proposal{Depth: 2}}, nil), 3
		},
		"sending": func(t *testing.T) (*numberClient, int) { // 17 requests fill the way
			return stage{serve: func(_ int, conn link.Conn) { hold(t) }}.open(t, service.Config{}, nil), 17
		},
		"for the send lock": func(t *testing.T) (*numberClient, int) {
			return stage{serve: func(_ int, conn link.Conn) { hold(t) }}.open(t, service.Config{}, nil), 18
		},
		"connecting": func(t *testing.T) (*numberClient, int) {
			return stage{serve: func(n int, conn link.Conn) {}}.open(t, service.Config{}, hangingDialer()), 1
		},
		"behind one who connects": func(t *testing.T) (*numberClient, int) {
			return stage{serve: func(n int, conn link.Conn) {}}.open(t, service.Config{}, hangingDialer()), 2
		},
	}
	for how, end := range ends {
		for where, open := range wheres {
			t.Run(where+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, n := open(t)
					connect(t, c)
					others, cancelOthers := context.WithCancel(context.Background())
					defer cancelOthers()
					ctx, finish := end.ctx()
					began := time.Now()
					var calls []<-chan result
					for range n - 1 {
						calls = append(calls, begin(others, c, 1))
						synctest.Wait()
					}
					last := begin(ctx, c, 1)
					synctest.Wait()
					finish(c)
					// At once: what ends the call is the only thing that takes time.
					at := time.Now()
					r := <-last
					if late := time.Since(at); late != 0 {
						t.Errorf("it took %v (%v in all)", late, at.Sub(began))
					}
					var got []string
					for name, kind := range kinds {
						if errors.Is(r.err, kind) {
							got = append(got, name)
						}
					}
					slices.Sort(got)
					if !slices.Equal(got, end.want) {
						t.Errorf("%v is %v, want %v", r.err, got, end.want)
					}
					var op *link.OpError
					if !errors.As(r.err, &op) || op.Endpoint != "number" || op.Timeout() != errors.Is(r.err, service.ErrTimeout) {
						t.Errorf("%#v", r.err)
					}
					cancelOthers()
					for _, done := range calls {
						<-done
					}
					synctest.Wait()
					settled(t, c)
				})
			})
		}
	}
}

// hold waits until the test is over.
func hold(t *testing.T) { <-t.Context().Done() }

// hangingDialer lets the first session be made, and keeps all others waiting.
func hangingDialer() *tapped {
	dials := 0
	return &tapped{dial: func(ctx context.Context, _ link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
		if dials++; dials == 1 {
			return next()
		}
		<-ctx.Done()
		return nil, link.NewOpError("dial", "number", ctx.Err())
	}}
}

// lagging is a context with a deadline that it is never done for.
type lagging struct {
	context.Context
	at time.Time
}

func (l lagging) Deadline() (time.Time, bool) { return l.at, true }
func (l lagging) Done() <-chan struct{}       { return nil }
func (l lagging) Err() error                  { return nil }
func (l lagging) Value(any) any               { return nil }

// TestDeadlineWithoutDone: a context of the user's own that only says when. Wherever a call waits, it ends then.
func TestDeadlineWithoutDone(t *testing.T) {
	for name, tc := range map[string]struct {
		depth, n int
		tap      *tapped
	}{"reading": {0, 1, nil}, "behind a reader": {0, 2, nil}, "for a place": {2, 3, nil}, "behind one who connects": {0, 2, hangingDialer()}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				serve := silent
				if tc.tap != nil {
					serve = func(int, link.Conn) {}
				}
				c := stage{serve: serve}.open(t, service.Config{Proposal: link.Proposal{Depth: tc.depth}}, tc.tap)
				connect(t, c)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				for range tc.n - 1 {
					begin(ctx, c, 1)
					synctest.Wait()
				}
				began := time.Now()
				r := <-begin(lagging{context.Background(), began.Add(time.Second)}, c, 1)
				if d := time.Since(began); d != time.Second || !errors.Is(r.err, service.ErrTimeout) {
					t.Errorf("%v after %v", r.err, d)
				}
			})
		})
	}
}

// TestDeadlineInThePast: no I/O, and nothing changes.
func TestDeadlineInThePast(t *testing.T) {
	c, _ := newPair(t, service.Config{}, increment)
	connect(t, c)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer cancel()
	before := c.Status()
	if _, err := call(ctx, c, 1); !errors.Is(err, service.ErrTimeout) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Refresh(ctx); !errors.Is(err, service.ErrTimeout) {
		t.Errorf("Refresh: %v", err)
	}
	if st := c.Status(); st.BytesOut != before.BytesOut || st.State != service.StateReady || st.Errors != 1 || st.Connects != 1 {
		t.Errorf("status %+v", st)
	}
	settled(t, c)
}

// TestOneDeadlineForAll: waiting for a place, sending, receiving, reconnecting and receiving again share one time.
func TestOneDeadlineForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout = 10 * time.Second
		c := stage{serve: func(n int, conn link.Conn) {
			var m link.Message
			if n == 0 && conn.Recv(&m, nil) == nil {
				<-time.After(4 * time.Second)
				return
			}
			silent(n, conn)
		}}.open(t, service.Config{Timeout: timeout, Proposal: link.Proposal{Depth: 1}}, &tapped{
			dial: func(_ context.Context, _ link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
				<-time.After(3 * time.Second)
				return next()
			},
		})
		connect(t, c)
		began := time.Now()
		_, err := call(context.Background(), c, 1)
		if d := time.Since(began); d != timeout || !errors.Is(err, service.ErrTimeout) {
			t.Errorf("%v after %v", err, d)
		}
	})
}

// TestOthersDeadlineWhileConnecting: the one who makes the handshake runs out of time, in the words of the
// transport. The other one, who waits for it, has time.
func TestOthersDeadlineWhileConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		tap := &tapped{}
		tap.dial = func(ctx context.Context, _ link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
			dials++
			if at, ok := ctx.Deadline(); dials == 2 && ok {
				<-time.After(time.Until(at)) // a moment before the context notices
				return nil, link.NewOpError("dial", "number", link.ErrTimeout)
			}
			return next()
		}
		c := stage{serve: func(n int, conn link.Conn) {
			if n > 0 {
				increment(nil, conn)
			}
		}}.open(t, service.Config{}, tap)
		connect(t, c)
		short := begin(lagging{context.Background(), time.Now().Add(time.Second)}, c, 1)
		synctest.Wait()
		long := begin(context.Background(), c, 2)
		if r := <-short; !errors.Is(r.err, service.ErrTimeout) {
			t.Errorf("the one in a hurry: %v", r.err)
		}
		wantAnswer(t, "the other one", long, 3)
		if st := c.Status(); st.State != service.StateReady || errors.Is(st.LastError, link.ErrTimeout) {
			t.Errorf("status %+v", st)
		}
	})
}

// counted is a context of the user's own that knows who waits for its end.
type counted struct {
	context.Context
	mu    sync.Mutex
	n     int // registered now
	total int
	most  int
}

// Value hides that there is a context of package context inside, which would be registered with instead.
func (c *counted) Value(any) any { return nil }

func (c *counted) AfterFunc(f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	c.total++
	c.most = max(c.most, c.n)
	inner := context.AfterFunc(c.Context, f)
	var once sync.Once
	return func() bool {
		once.Do(func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.n--
		})
		return inner()
	}
}

func (c *counted) registered() (now, most, total int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n, c.most, c.total
}

// TestNoRegistrationStays: a parent that lives for long, and many short sessions, or many short contexts.
func TestNoRegistrationStays(t *testing.T) {
	parent := func(t *testing.T) *counted {
		ctx, cancel := context.WithCancel(context.Background())
		t.Cleanup(cancel)
		return &counted{Context: ctx}
	}
	t.Run("many sessions", func(t *testing.T) {
		ctx := parent(t)
		c := stage{serve: func(_ int, conn link.Conn) {
			var m link.Message
			for i := 0; i < 5 && conn.Recv(&m, nil) == nil; i++ {
				answer(conn, m.Header, wire.StatusOK, m.Payload)
			}
		}}.open(t, service.Config{}, nil)
		connect(t, c)
		for i := range rounds(2000) {
			if _, err := call(ctx, c, 1); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
			if n, _, _ := ctx.registered(); n > 1 {
				t.Fatalf("%d registrations after %d calls", n, i)
			}
		}
		c.Close()
		if n, _, _ := ctx.registered(); n != 0 {
			t.Errorf("%d registrations when the client is closed", n)
		}
	})
	t.Run("many clients", func(t *testing.T) {
		ctx := parent(t)
		for range rounds(500) {
			c := stage{serve: incrementing}.open(t, service.Config{}, nil)
			connect(t, c)
			for range 3 {
				if _, err := call(ctx, c, 1); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
		}
		if n, most, _ := ctx.registered(); n != 0 || most != 1 {
			t.Errorf("%d registrations, %d at most", n, most)
		}
	})
	t.Run("one is kept", func(t *testing.T) {
		ctx := parent(t)
		c := stage{serve: incrementing}.open(t, service.Config{}, nil)
		connect(t, c)
		for range 100 {
			if _, err := call(ctx, c, 1); err != nil {
				t.Fatal(err)
			}
		}
		if n, _, total := ctx.registered(); n != 1 || total > 2 {
			t.Errorf("%d registrations, %d in all", n, total)
		}
		settled(t, c)
	})
	t.Run("a context a call", func(t *testing.T) {
		ctx := parent(t)
		c := stage{serve: incrementing}.open(t, service.Config{}, nil)
		connect(t, c)
		for range rounds(2000) {
			one, cancel := context.WithCancel(ctx)
			if _, err := call(one, c, 1); err != nil {
				t.Fatal(err)
			}
			if n, _, _ := ctx.registered(); n > 1 { // the child's own
				t.Fatalf("%d registrations", n)
			}
			cancel()
		}
		if n, _, _ := ctx.registered(); n != 0 {
			t.Errorf("%d registrations", n)
		}
		settled(t, c)
	})
	t.Run("more contexts than are kept", func(t *testing.T) {
		c := stage{serve: incrementing}.open(t, service.Config{}, nil)
		connect(t, c)
		all := make([]*counted, 600)
		for i := range all {
			all[i] = parent(t)
		}
		for range 4 {
			for _, ctx := range all {
				for range 2 {
					if _, err := call(ctx, c, 1); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		now := 0
		for _, ctx := range all {
			n, _, _ := ctx.registered()
			now += n
		}
		if now > 257 {
			t.Errorf("%d registrations", now)
		}
		settled(t, c)
		c.Close()
		for _, ctx := range all {
			if n, _, _ := ctx.registered(); n != 0 {
				t.Errorf("%d registrations when the client is closed", n)
			}
		}
	})
}

// TestManyContextsOneDone: contexts that differ and end together, such as children with values.
func TestManyContextsOneDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := stage{serve: silent}.open(t, service.Config{}, nil)
		connect(t, c)
		parent, cancel := context.WithCancel(context.Background())
		type key int
		var calls []<-chan result
		for i := range 8 {
			calls = append(calls, begin(context.WithValue(parent, key(i), i), c, 1))
			synctest.Wait()
		}
		cancel()
		for _, done := range calls {
			if r := <-done; !errors.Is(r.err, context.Canceled) {
				t.Errorf("got %v", r.err)
			}
		}
		settled(t, c)
	})
}

// TestFirstComeFirstServed: with one place, and a queue for it, nobody is passed over.
func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []uint64
		c := stage{serve: func(_ int, conn link.Conn) {
			var m link.Message
			for conn.Recv(&m, nil) == nil {
				order = append(order, binary.NativeEndian.Uint64(m.Payload))
				answer(conn, m.Header, wire.StatusOK, m.Payload)
			}
		}}.open(t, service.Config{Proposal: link.Proposal{Depth: 1}}, nil)
		connect(t, c)
		lease, err := c.Acquire(t.Context(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for g := range uint64(64) {
			wg.Go(func() {
				for range 3 {
					if _, err := call(context.Background(), c, g); err != nil {
						t.Error(err)
					}
				}
			})
			synctest.Wait()
		}
		lease.Release()
		wg.Wait()
		for i, g := range order[1:65] {
			if g != uint64(i) {
				t.Fatalf("the %d-th to be served was %d: %v", i, g, order)
			}
		}
		// Who comes back queues up behind the others: between two turns of one there is never a third of another.
		turns := map[uint64]int{}
		for _, g := range order[1:] {
			turns[g]++
			for other := range uint64(64) {
				if turns[g]-turns[other] > 2 {
					t.Fatalf("%d has had %d turns, %d only %d", g, turns[g], other, turns[other])
				}
			}
		}
	})
}

// TestHugeDepth: the number of places is the user's choice.
func TestHugeDepth(t *testing.T) {
	const depth = 1 << 14
	c := stage{serve: incrementing}.open(t, service.Config{Proposal: link.Proposal{Depth: depth}}, nil)
	connect(t, c)
	var wg sync.WaitGroup
	for g := range uint64(200) {
		wg.Go(func() {
			for i := range uint64(5) {
				if got, err := call(context.Background(), c, g<<8|i); err != nil || got != g<<8|i+1 {
					t.Errorf("%d, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	settled(t, c)
}
