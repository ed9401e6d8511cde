package service_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// scripted is a dialer that fails as it is told; nil: it lets the call through.
func scripted(next *error) *tapped {
	return &tapped{dial: func(_ context.Context, _ link.Proposal, through func() (link.Conn, error)) (link.Conn, error) {
		if *next != nil {
			return nil, *next
		}
		return through()
	}}
}

// TestStatesOfFailures: what a failure to connect makes of the state (spec 08), from every state, and the way back.
func TestStatesOfFailures(t *testing.T) {
	refused := func(s wire.Status) error {
		return link.NewOpError("dial", "number", &link.RefusedError{Status: s})
	}
	failures := map[string]struct {
		err  error
		want service.State
	}{
		"nothing there":           {link.NewOpError("dial", "number", link.ErrNotFound), service.StateNotFound},
		"AUTH_FAILED":             {refused(wire.StatusAuthFailed), service.StateAuthFailed},
		"UNSUPPORTED":             {refused(wire.StatusUnsupported), service.StateIncompatible},
		"INCOMPATIBLE":            {refused(wire.StatusIncompatible), service.StateIncompatible},
		"BAD_ENVELOPE":            {refused(wire.StatusBadEnvelope), service.StateDisconnected},
		"LIMIT_EXCEEDED":          {refused(wire.StatusLimitExceeded), service.StateDisconnected},
		"INTERNAL_ERROR":          {refused(wire.StatusInternalError), service.StateDisconnected},
		"protocol":                {link.NewOpError("dial", "number", &link.ProtocolError{Err: errors.New("nonsense")}), service.StateDisconnected},
		"reset":                   {link.NewOpError("dial", "number", link.ErrReset), service.StateDisconnected},
		"handshake took too long": {link.NewOpError("dial", "number", link.ErrTimeout), service.StateDisconnected},
	}
	for from, first := range failures {
		for to, second := range failures {
			synctest.Test(t, func(t *testing.T) {
				next := first.err
				c, _ := newTapped(t, service.Config{}, scripted(&next), increment)
				want := func(when string, state service.State, err error) {
					t.Helper()
					st := c.Status()
					if st.State != state || c.Ready() != (state == service.StateReady) || err != nil && st.LastError != err {
						t.Errorf("%s, then %s: %s: %v, ready %v, last error %v", from, to, when, st.State, c.Ready(), st.LastError)
					}
				}
				refresh := func(err error, changed bool) {
					t.Helper()
					if ch, got := c.Refresh(t.Context()); ch != changed || got != err {
						t.Errorf("%s, then %s: %v, %v", from, to, ch, got)
					}
				}
				refresh(first.err, first.want != service.StateDisconnected)
				want("first", first.want, first.err)
				if _, err := call(t.Context(), c, 1); !errors.Is(err, service.ErrNotReady) || !errors.Is(err, first.err) {
					t.Errorf("a call: %v", err)
				}
				<-time.After(time.Minute)
				next = second.err
				refresh(second.err, first.want != second.want)
				want("second", second.want, second.err)
				<-time.After(time.Minute)
				next = nil
				refresh(nil, true)
				want("good again", service.StateReady, nil)
				refresh(nil, false)
				if got, err := call(t.Context(), c, 1); err != nil || got != 2 {
					t.Errorf("a call: %d, %v", got, err)
				}
			})
		}
	}
}

// TestStateWhileConnecting: CONNECTING for the first session, READY while one is replaced; and a caller who leaves
// says nothing about the provider.
func TestStateWhileConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tap := &tapped{}
		hold := false
		tap.dial = func(ctx context.Context, _ link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
			if hold {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return next()
		}
		c, p := newTapped(t, service.Config{}, tap, increment)
		hold = true
		try := func(during, after service.State) {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error)
			go func() {
				changed, err := c.Refresh(ctx)
				if changed {
					t.Error("it says that something changed")
				}
				done <- err
			}()
			synctest.Wait()
			if st := c.Status(); st.State != during || c.Ready() != (during == service.StateReady) {
				t.Errorf("meanwhile %v", st.State)
			}
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if st := c.Status(); st.State != after || c.Ready() != (after == service.StateReady) {
				t.Errorf("afterwards %v", st.State)
			}
		}
		try(service.StateConnecting, service.StateDisconnected)
		hold = false
		connect(t, c)
		p.stop()
		hold = true
		try(service.StateReady, service.StateReady)
		hold = false
		if changed, err := c.Refresh(t.Context()); !changed || !errors.Is(err, link.ErrNotFound) {
			t.Errorf("%v, %v", changed, err)
		}
		hold = true
		try(service.StateConnecting, service.StateNotFound)
		p.start()
	})
}

// TestBackoff: after AUTH_FAILED and INCOMPATIBLE Refresh waits for 1 s, doubling up to 60 s. Other failures, and a
// session, begin anew.
func TestBackoff(t *testing.T) {
	for _, status := range []wire.Status{wire.StatusAuthFailed, wire.StatusIncompatible} {
		synctest.Test(t, func(t *testing.T) {
			next := error(&link.RefusedError{Status: status})
			dials := 0
			tap := scripted(&next)
			dial := tap.dial
			tap.dial = func(ctx context.Context, p link.Proposal, through func() (link.Conn, error)) (link.Conn, error) {
				dials++
				return dial(ctx, p, through)
			}
			c, _ := newTapped(t, service.Config{}, tap, increment)
			tried := func() bool {
				t.Helper()
				before := dials
				if _, err := c.Refresh(t.Context()); err != next && err != nil {
					t.Errorf("got %v", err)
				}
				return dials != before
			}
			series := func(pauses ...time.Duration) {
				t.Helper()
				for _, pause := range pauses {
					if !tried() {
						t.Fatal("it did not try")
					}
					<-time.After(pause - 1)
					if tried() {
						t.Fatalf("it tried again before %v", pause)
					}
					<-time.After(1)
				}
			}
			const s = time.Second
			series(s, 2*s, 4*s, 8*s, 16*s, 32*s, 60*s, 60*s)
			refusal := next
			next = link.ErrNotFound
			for range 2 {
				if !tried() {
					t.Error("after another failure it must try at once")
				}
			}
			next = refusal
			series(s, 2*s)
			next = nil
			if !tried() || !c.Ready() {
				t.Error("it must come back")
			}
		})
	}
}

// TestBroken: a session breaks, and the one that replaces it too. The last error says why, and so does the event.
func TestBroken(t *testing.T) {
	var ends []error
	cfg := service.Config{OnEvent: func(e link.Event) {
		if e.Kind == link.EventDisconnect {
			ends = append(ends, e.Err)
		}
	}}
	good := false
	c := stage{serve: func(_ int, conn link.Conn) {
		var m link.Message
		if good {
			increment(nil, conn)
		} else if conn.Recv(&m, nil) == nil {
			answer(conn, m.Header, wire.StatusInternalError, nil)
		}
	}}.open(t, cfg, nil)
	connect(t, c)
	_, err := call(t.Context(), c, 1)
	var status *service.StatusError
	if !errors.As(err, &status) {
		t.Fatal(err)
	}
	st := c.Status()
	if st.State != service.StateBroken || !errors.As(st.LastError, &status) || c.Ready() {
		t.Errorf("status %+v", st)
	}
	if len(ends) != 2 || !errors.As(ends[1], &status) {
		t.Errorf("the sessions ended with %v", ends)
	}
	if st.Errors != 1 || st.Calls != 0 || st.Retries != 1 || st.Connects != 2 || st.Reconnects != 1 {
		t.Errorf("status %+v", st)
	}
	settled(t, c)
	if _, err := call(t.Context(), c, 1); !errors.Is(err, service.ErrNotReady) || !errors.As(err, &status) {
		t.Errorf("got %v", err)
	}
	good = true
	if changed, err := c.Refresh(t.Context()); !changed || err != nil {
		t.Errorf("%v, %v", changed, err)
	}
	if got, err := call(t.Context(), c, 1); err != nil || got != 2 {
		t.Errorf("%d, %v", got, err)
	}
}

// TestRefreshNoticesBesideALease: an answer on loan is no sign of life.
func TestRefreshNoticesBesideALease(t *testing.T) {
	c, p := newPair(t, service.Config{}, increment)
	connect(t, c)
	lease, err := c.Acquire(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	p.stop()
	p.start()
	if changed, err := c.Refresh(t.Context()); !changed || err != nil {
		t.Errorf("%v, %v", changed, err)
	}
	if v := lease.View(); v != 2 {
		t.Errorf("the lease says %d", v)
	}
	lease.Release()
	settled(t, c)
	if n := c.Sessions(); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// TestRefreshNoticesBehindAnUnwantedAnswer: what the provider said before it went is not what it is now.
func TestRefreshNoticesBehindAnUnwantedAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := stage{serve: func(n int, conn link.Conn) {
			var ms [3]link.Message
			for i := range ms {
				if n > 0 || conn.Recv(&ms[i], nil) != nil {
					increment(nil, conn)
					return
				}
			}
			<-release
			for i := range ms {
				answer(conn, ms[i].Header, wire.StatusOK, ms[i].Payload)
			}
		}}.open(t, service.Config{}, nil)
		connect(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 {
			begin(ctx, c, 1)
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(release)
		synctest.Wait()
		if changed, err := c.Refresh(t.Context()); !changed || err != nil {
			t.Errorf("%v, %v", changed, err)
		}
		settled(t, c)
	})
}

// TestRefreshBesideACall: Refresh tries once. A call that waits for that attempt has its own time to reconnect.
func TestRefreshBesideACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		dials := 0
		tap := &tapped{dial: func(_ context.Context, _ link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
			if dials++; dials == 2 {
				<-hold
			}
			return next()
		}}
		c, p := newTapped(t, service.Config{}, tap, increment)
		connect(t, c)
		p.stop()
		refreshed := make(chan error)
		go func() { _, err := c.Refresh(t.Context()); refreshed <- err }()
		synctest.Wait()
		called := begin(t.Context(), c, 1)
		synctest.Wait()
		close(hold)
		if err := <-refreshed; !errors.Is(err, link.ErrNotFound) {
			t.Errorf("Refresh: %v", err)
		}
		synctest.Wait()
		p.start()
		wantAnswer(t, "the call", called, 2)
		settled(t, c)
	})
}

// TestWaitingForAPlaceWhileTheSessionIsReplaced: all places are on loan, and a newer session has any number.
func TestWaitingForAPlaceWhileTheSessionIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		dials := 0
		tap := &tapped{dial: func(_ context.Context, _ link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
			if dials++; dials == 2 {
				<-hold
			}
			return next()
		}}
		c := stage{serve: incrementing}.open(t, service.Config{Proposal: link.Proposal{Depth: 2}}, tap)
		connect(t, c)
		lend := func() service.Lease[uint64] {
			l, err := c.Acquire(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		first := lend()
		grows := make(chan error)
		go func() { grows <- c.CallBatch(t.Context(), make([]uint64, 5), ignore) }()
		synctest.Wait()
		second := lend()
		waiting := begin(t.Context(), c, 3)
		synctest.Wait()
		close(hold)
		if err := <-grows; err != nil {
			t.Error(err)
		}
		wantAnswer(t, "the one who waited", waiting, 4)
		if st := c.Status(); st.Retries != 0 || st.Connects != 2 {
			t.Errorf("status %+v", st)
		}
		first.Release()
		if n := c.Sessions(); n != 2 {
			t.Errorf("%d sessions while an answer is on loan", n)
		}
		second.Release()
		if n := c.Sessions(); n != 1 {
			t.Errorf("%d sessions in the end", n)
		}
		settled(t, c)
	})
}

// TestCloseWaits: when Close returns, no session is being closed any more, whoever began it.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, hold := make(chan struct{}), make(chan struct{})
		closed := false
		tap := &tapped{conn: func(conn link.Conn) link.Conn {
			return &closing{conn, func() {
				close(begun)
				<-hold
				closed = true
			}}
		}}
		c, p := newTapped(t, service.Config{}, tap, increment)
		connect(t, c)
		p.stop()
		called := begin(t.Context(), c, 1) // finds the session dead, and closes it
		<-begun
		done := make(chan struct{})
		go func() {
			c.Close()
			if !closed {
				t.Error("Close returned before the session was closed")
			}
			close(done)
		}()
		synctest.Wait()
		close(hold)
		<-done
		<-called
		p.start()
	})
}

// TestCloseAndAbortFromUse: a callback may do with the client what anybody may.
func TestCloseAndAbortFromUse(t *testing.T) {
	c, _ := newPair(t, service.Config{Proposal: link.Proposal{Depth: 1}}, increment)
	connect(t, c)
	for _, do := range []func(){c.Abort, c.ClearAbort, func() { c.Refresh(t.Context()) }, func() { c.Close() }, func() { c.Close() }} {
		if err := c.Call(t.Context(), 1, func(uint64) error { do(); return nil }); err != nil && !errors.Is(err, service.ErrAborted) && !errors.Is(err, service.ErrClosed) {
			t.Error(err)
		}
		c.ClearAbort()
	}
	settled(t, c)
}

// TestCloseByMany: each Close waits, not only the first.
func TestCloseByMany(t *testing.T) {
	for range rounds(200) {
		c, _ := newPair(t, service.Config{}, increment)
		connect(t, c)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { call(context.Background(), c, 1) })
			wg.Go(func() {
				c.Close()
				if n := c.Sessions(); n != 0 {
					t.Errorf("%d sessions live after Close", n)
				}
			})
		}
		wg.Wait()
		settled(t, c)
	}
}

// TestCloseWhileConnecting: the handshake is called off; one that succeeds all the same leaves nothing behind.
func TestCloseWhileConnecting(t *testing.T) {
	for _, stubborn := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			hold := make(chan struct{})
			closed := 0
			tap := &tapped{
				dial: func(ctx context.Context, _ link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
					<-ctx.Done()
					if stubborn {
						<-hold
						return next()
					}
					return nil, ctx.Err()
				},
				conn: func(conn link.Conn) link.Conn { return &closing{conn, func() { closed++ }} },
			}
			net := linktest.NewNetwork()
			p := (&provider{net: net, name: "number", serve: increment}).start()
			defer p.stop()
			tap.Dialer = net.Dialer("number")
			if stubborn { // it ignores the context that it was given
				d := net.Dialer("number")
				inner := tap.dial
				tap.dial = func(ctx context.Context, p link.Proposal, _ func() (link.Conn, error)) (link.Conn, error) {
					return inner(ctx, p, func() (link.Conn, error) { return d.Dial(context.Background(), p) })
				}
			}
			c := service.NewClient[uint64, uint64, number](tap, service.Config{})
			errs := make(chan error, 3)
			for range 3 {
				go func() { _, err := c.Refresh(context.Background()); errs <- err }()
			}
			synctest.Wait()
			done := make(chan struct{})
			go func() {
				c.Close()
				if stubborn && closed != 1 {
					t.Errorf("%d sessions were closed when Close returned", closed)
				}
				close(done)
			}()
			synctest.Wait()
			close(hold)
			<-done
			for range 3 {
				if err := <-errs; !errors.Is(err, service.ErrClosed) {
					t.Errorf("got %v", err)
				}
			}
			if st := c.Status(); st.State != service.StateDisconnected || st.Connects != 0 || c.Ready() {
				t.Errorf("status %+v", st)
			}
		})
	}
}
